"""The lower half as text: reward breakdown, flags, notes, log. Pure functions from a view to lines."""

import math
from collections.abc import Mapping
from datetime import datetime, tzinfo
from types import MappingProxyType

from automl.flags import ALARMS
from sessions.breakdown import Breakdown, TermPart
from vbot_tui import text
from vbot_tui.glyphs import Glyphs, flag_letter
from vbot_tui.lines import Line, Span, line
from vbot_tui.model import FlagView, NoteView, Setting, TrialRow
from vbot_tui.widgets.sparkline import sparkline

VALUE, PERCENT, CHANGE = 9, 4, 9
BAR_MIN, BAR_MAX, SPARK_MAX, NAME_MIN = 6, 16, 24, 14
SCALE, ROOMY = 8, 80


def reward(
    shown: Breakdown | None,
    before: Breakdown | None,
    width: int,
    glyphs: Glyphs,
    *,
    scales: Mapping[str, str] = MappingProxyType({}),
    chosen: str = "",
    against: str = "",
) -> list[Line]:
    """Return the reward breakdown: a verdict on the sum, then one line per term, largest first.

    Args:
        shown: What is paid.
        before: What changes are measured against.
        width: Cells.
        glyphs: Shapes.
        scales: The scale of each term, where it is known.
        chosen: The term that is marked.
        against: What ``before`` is called; its step if left out.
    """
    if shown is None:
        return [line(("No update yet: the terms appear with the first one.", "dim"))]
    scale = SCALE if scales and width >= ROOMY else 0
    name, bar, spark = _reward_widths(shown, width - (scale + 1 if scale else 0))
    back = against or text.count(before.step if before else None)
    old = {part.term: part.value for part in before.terms} if before else {}
    titles = [
        text.fit("TERM", name),
        *([text.fit("SCALE", scale, ">")] if scale else []),
        text.fit("PER STEP", VALUE, ">"),
        text.fit("SHARE", PERCENT + 1 + bar, "<"),
        text.fit("HISTORY", spark),
        text.fit(f"{glyphs.delta} {back}", CHANGE, ">", glyphs.more),
    ]
    body = [
        _term(part, old.get(part.term, math.nan), (name, bar, spark), glyphs,
              text.fit(scales.get(part.term, text.MISSING), scale, ">", glyphs.more) + " " if scale else "",
              marked=part.term == chosen)
        for part in shown.terms
    ]  # fmt: skip
    return [_sum(shown), line((" ".join(titles), "dim")), *body]


def term_about(shown: Breakdown | None, chosen: str, settings: Mapping[str, Setting], width: int) -> list[Line]:
    """Return what the marked term is, its scale and where that comes from, in two lines."""
    part = next((item for item in shown.terms if item.term == chosen), None) if shown is not None else None
    if part is None:
        return [(), ()]
    own = settings.get(part.term)
    scale = f"scale {own.value} ({own.origin}), " if own is not None else ""
    paid = f"{text.signed(part.value)} per step, {text.percent(part.share)} of all that is paid and taken"
    first = text.fit(text.clean(f"{part.term}: {scale}{paid}"), width - 1).rstrip()
    meaning = text.clean(own.help) if own is not None and own.help else "no word on what it pays for"
    return [line((first, "accent")), line((text.fit(meaning, width - 1).rstrip(), "dim"))]


def _reward_widths(shown: Breakdown, width: int) -> tuple[int, int, int]:
    """Share what is left after the fixed columns among name, bar and history."""
    longest = max((len(part.term) for part in shown.terms), default=NAME_MIN)
    left = width - VALUE - PERCENT - CHANGE - 5
    name = min(longest, max(NAME_MIN, left - BAR_MIN - 10))
    bar = min(BAR_MAX, max(BAR_MIN, (left - name) // 2))
    return name, bar, max(0, min(SPARK_MAX, left - name - bar))


def _sum(shown: Breakdown) -> Line:
    step = f"at step {text.count(shown.step)}"
    terms = f"{len(shown.terms)} terms sum to "
    summed = text.signed(shown.terms_sum, 5)
    if math.isnan(shown.total):
        return line(terms, (summed, "title"), ("  no total logged", "warn"), (f"  {step}", "dim"))
    if shown.adds_up:
        return line(terms, (summed, "title"), (" = logged total", "good"), (f"  {step}", "dim"))
    logged = f"  LOGGED TOTAL {text.signed(shown.total, 5)}, gap {text.signed(shown.difference, 2)}"
    return line(terms, (summed, "title"), (logged, "bad"), (f"  {step}", "dim"))


def _term(
    term: TermPart, old: float, widths: tuple[int, int, int], glyphs: Glyphs, scale: str = "", *, marked: bool = False
) -> Line:
    name, bar, spark = widths
    odd = not math.isfinite(term.value)
    full = 0 if not math.isfinite(term.share) else round(term.share * bar)
    role = "bad" if odd else "good" if term.value > 0 else "warn" if term.value < 0 else "dim"
    value = _odd(term.value) if odd else text.signed(term.value)
    label = text.fit(text.clean(term.term), name, "<", glyphs.more) + " "
    plain_role = "bad" if odd else "" if term.value else "dim"
    return (
        (label + scale + text.fit(value, VALUE, ">") + text.fit(text.percent(term.share), PERCENT + 1, ">") + " ",
         "key" if marked else plain_role),
        (glyphs.bar * full, role),
        (glyphs.rest * (bar - full) + " ", "dim"),
        (sparkline(term.sparkline, spark, glyphs.ramp, glyphs.gap) + " ", "spark"),
        (text.fit(text.signed(term.value - old, 2), CHANGE, ">"), "dim"),
    )  # fmt: skip


def _odd(value: float) -> str:
    return "NaN" if math.isnan(value) else "+inf" if value > 0 else "-inf"


def flags(row: TrialRow | None, width: int, glyphs: Glyphs) -> list[Line]:
    """Return every flag of a trial with rule, evidence and what to do."""
    if row is None:
        return []
    if not row.flags:
        names = ", ".join(name.replace("_", " ") for name in ALARMS)
        watched = text.wrap(f"Watched: {names}.", max(10, width))
        return [line((f"No flag on {row.name}.", "good")), *[line((part, "dim")) for part in watched]]
    out: list[Line] = []
    for flag in row.flags:
        if out:
            out.append(())
        out.extend(_flag(flag, width))
    return out


def _flag(flag: FlagView, width: int) -> list[Line]:
    sure = f"  {text.percent(flag.confidence)} sure" if math.isfinite(flag.confidence) else ""
    title = f"{flag_letter(flag.name)} {text.clean(flag.title)}"
    fits = text.width(f"{title}{sure}  {flag.window}") <= width
    head = line((title, "warn"), (f"{sure}  {flag.window}" if fits else sure, "dim"))
    numbers = ", ".join(f"{name} {text.number(value)}" for name, value in flag.evidence)
    return [
        head,
        *([] if fits else _block("when", flag.window, width, "dim")),
        *_block("rule", flag.rule, width, ""),
        *_block("seen", numbers or "no numbers", width, "accent"),
        *_block("do", flag.advice, width, "good"),
        *(_block("look", f"at the evaluation of step {flag.evaluation:,}", width, "dim") if flag.evaluation else []),
    ]


def _block(label: str, content: str, width: int, role: str) -> list[Line]:
    indent = 5
    rows = text.wrap(text.clean(content), max(10, width - indent))
    heads = [label, *[""] * (len(rows) - 1)]
    return [((head.ljust(indent), "dim"), (row, role)) for head, row in zip(heads, rows, strict=True)]


def notes(items: tuple[NoteView, ...], names: dict[str, str], width: int, zone: tzinfo | None = None) -> list[Line]:
    """Return the notes, newest first; ``names`` gives the trial's short name by run id."""
    if not items:
        return [line(("No note yet. Press ", "dim"), ("n", "key"), (" to write what you think.", "dim"))]
    out: list[Line] = []
    places = {note: _place(note, names) for note in items}
    room = min(max(11, *map(text.width, places.values())), max(11, width // 4))
    for note in sorted(items, key=lambda item: -item.time if math.isfinite(item.time) else math.inf):
        out.extend(_note(note, text.fit(places[note], room), width, zone))
    return out


def _place(note: NoteView, names: dict[str, str]) -> str:
    """Return where a note stands: the trial, and the step in it."""
    where = text.clean(names.get(note.run_id, note.run_id))
    return f"{where}@{text.count(note.step)}" if note.step is not None and where else where


def _note(note: NoteView, where: str, width: int, zone: tzinfo | None) -> list[Line]:
    stamp = f"{datetime.fromtimestamp(note.time, zone):%m-%d %H:%M}" if math.isfinite(note.time) else "?"
    head = f"{stamp}  {where} "
    rows = text.wrap(text.clean(note.text), max(10, width - len(head)))
    first: Line = ((head[:13], "dim"), (head[13:], "accent"), (rows[0], ""))
    rest: list[Line] = [((" " * len(head) + row, ""),) for row in rows[1:]]
    return [first, *rest]


def info(row: TrialRow | None, width: int, glyphs: Glyphs) -> list[Line]:
    """Return what is fixed about a trial: its run, how it ended, and the settings it tries."""
    if row is None:
        return []
    state = f"{glyphs.state(row.state)} {row.state}{f', {row.phase}' if row.phase and row.live else ''}"
    out = [*_field("run", row.run_id, width), *_field("state", state, width)]
    if row.end_reason:
        out += _field("ended", f"{row.end_reason}: {row.end_detail}" if row.end_detail else row.end_reason, width)
    out += _field("steps", f"{row.env_steps:,} of {row.total_env_steps:,}", width)
    return [*out, *settings(row, width)]


def settings(row: TrialRow | None, width: int) -> list[Line]:
    """Return the searched settings of a trial."""
    if row is None or not row.params:
        return []
    cells = min(28, max(len(name) for name, _ in row.params))
    room = max(4, width - cells - 1)
    body = [line((text.fit(name, cells) + " ", "dim"), text.fit(value, room)) for name, value in row.params]
    return [(), line(("Settings searched", "title")), *body]


def _field(label: str, content: str, width: int) -> list[Line]:
    indent = 7
    rows = text.wrap(text.clean(content), max(10, width - indent))
    return [((f"{label if index == 0 else '':<{indent}}", "dim"), (row, "")) for index, row in enumerate(rows)]


def log(lines: tuple[str, ...], path: str) -> list[Line]:
    """Return the end of a log, oldest line first."""
    if not lines:
        return [line((f"Nothing in {path} yet." if path else "No log.", "dim"))]
    return [line(text.clean(item)) for item in lines]


def title(names: tuple[tuple[str, str, str], ...], active: str, subject: str, width: int, glyphs: Glyphs) -> Line:
    """Return the line between table and lower half: the subject, then the panes with their keys.

    Args:
        names: Pane id, key and label, in order.
        active: Id of the pane shown.
        subject: What the pane is about.
        width: Cells to fill.
        glyphs: Shapes.
    """
    spans: list[Span] = [(f"{glyphs.rule}{glyphs.rule} ", "dim"), (subject, "title"), (" ", "")]
    tabs: list[Span] = []
    for name, key, label in names:
        tabs.append((f" {key}", "key"))
        tabs.append((f" [{label}]" if name == active else f" {label} ", "title" if name == active else "dim"))
    used = sum(text.width(part) for part, _ in (*spans, *tabs))
    if not tabs:
        return (*spans, (glyphs.rule * max(0, width - used), "dim"))
    return (*spans, (glyphs.rule * max(0, width - used - 3), "dim"), *tabs, (f" {glyphs.rule}{glyphs.rule}", "dim"))
