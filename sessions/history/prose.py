"""Captured logs and `report.md`: figures out of text that was written for people."""

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import replace

from sessions.history import names
from sessions.history.model import Document, Log, LogTrial, Report

_MAX_ERRORS = 20
_MAX_LINE = 400
_MAX_SCANNED = 4000
_TAIL_LINES = 12
_STAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*")
_LAUNCH = re.compile(r"Launching training: (\S+)")
_RESULT = re.compile(r"Result: (?P<figures>.*\belapsed=(?P<elapsed>[\d.]+)s.*)")
_FIGURE = re.compile(r"(\w+)=(-?[\d.]+(?:e[-+]?\d+)?)(%?)")
_ERROR = re.compile(
    r"\[(?:ERROR|CRITICAL)\]|\bTraceback \(most recent|^\w*(?:Error|Exception):|\[WARNING\].*(?:fail|timed? ?out)", re.I
)
_FIGURE_NAMES = {
    "reward": "episode_reward_mean",
    "wp_idx": "wp_idx_mean",
    "reached": "success_rate",
    "success": "success_rate",
}
_REPORT_TITLE = re.compile(r"^# AutoML Report: *(\S+)", re.M)
_REPORT_BUDGET = re.compile(r"\*\*Budget\*\*: *([\d.]+) */ *([\d.]+)")


def log(path: str, text: str) -> Log:
    """What a captured log tells: launches with their results, errors (the first ones in full), and its last lines."""
    trials: list[LogTrial] = []
    errors: list[str] = []
    count = lines = 0
    tail: deque[str] = deque(maxlen=_TAIL_LINES)
    for line in text.split("\n"):
        if not line.strip():
            continue
        lines += 1
        line = line[:_MAX_SCANNED]
        tail.append(line[:_MAX_LINE])
        if launch := _LAUNCH.search(line):
            tag, stamp = names.parse_tag(launch[1]), _STAMP.match(line)
            campaign = tag.campaign if tag else names.campaign_in(line)
            number, when = (tag.number if tag else None), (stamp[0] if stamp else "")
            trials.append(LogTrial(launch[1], campaign, number, when))
        elif (result := _RESULT.search(line)) and trials:
            trials[-1] = replace(
                trials[-1], metrics=_figures(result["figures"]), elapsed_s=names.number_of(result["elapsed"])
            )
        elif _ERROR.search(line):
            count += 1
            errors.extend([line[:_MAX_LINE]] if len(errors) < _MAX_ERRORS else [])
    campaign = next((trial.campaign for trial in trials if trial.campaign), names.campaign_in(path))
    return Log(path, campaign, lines, tuple(trials), tuple(errors), count, tuple(tail))


def _figures(text: str) -> dict[str, float]:
    """The printed figures under the names they have in the records; percentages as fractions."""
    found = {}
    for name, digits, percent in _FIGURE.findall(text):
        value = names.number_of(digits)
        if name in _FIGURE_NAMES and value is not None:
            found[_FIGURE_NAMES[name]] = value / 100 if percent else value
    return found


def report(path: str, text: str) -> Report | None:
    """The figures of a campaign report, or None when the text is not one."""
    title = _REPORT_TITLE.search(text)
    if title is None:
        return None
    budget = _REPORT_BUDGET.search(text)
    return Report(
        path=path,
        campaign=names.campaign_in(title.group(1)) or names.campaign_in(path),
        status=_bold(text, "Status"),
        mode=_bold(text, "Mode"),
        elapsed_h=names.number_of(budget.group(1)) if budget else None,
        budget_h=names.number_of(budget.group(2)) if budget else None,
        iterations=names.count_of(_bold(text, "Iterations")),
    )


def _bold(text: str, name: str) -> str:
    match = re.search(rf"\*\*{name}\*\*: *(\S+)", text)
    return match.group(1) if match else ""


def document(path: str, text: str) -> Document:
    """A text to be searched, under its first heading or its file's name."""
    return Document(path, _title(path, text.split("\n")[:40]), text)


def _title(path: str, lines: Iterable[str]) -> str:
    for line in lines:
        if line.startswith("#") and line.strip("# \t"):
            return line.strip("# \t")[:200]
    return path.rsplit("/", 1)[-1]
