"""A study as text: where it stands, why each trial stopped, rungs with cut-offs, its history. Pure functions."""

import itertools
import math
from collections.abc import Sequence
from datetime import datetime, tzinfo

from vbot_tui import text
from vbot_tui.glyphs import STATE_ROLES, STATE_WORDS, Glyphs, flag_letter
from vbot_tui.lines import Line, Span, line
from vbot_tui.study_model import Forecast, RungRow, Searched, StudyPage, Tried
from vbot_tui.widgets.chart_page import beside
from vbot_tui.widgets.plane import Plane, ends, under
from vbot_tui.widgets.sparkline import sparkline

WIDE = 120
ROOMY = 100
BAR = 20
CURVE = 10
CHART_MIN, CHART_MAX = 5, 14


# --- where it stands


def overview(page: StudyPage, width: int, height: int, glyphs: Glyphs) -> list[Line]:
    """Return where a study stands: time and trials, the best so far, what comes next, what its keys did."""
    if page.trouble and not page.trials:
        return [line((page.trouble, "bad"))]
    top = [progress(page, width, glyphs), time_left(page, width, glyphs), ()]
    if width >= WIDE:
        left = width // 2
        rows = min(CHART_MAX, max(CHART_MIN, height - len(top) - 5 - len(page.queue)))
        first = [
            *best_curve(page, left, rows, glyphs),
            (),
            *waiting(page, left, 6, glyphs),
            (),
            *lead(page, left, glyphs),
        ]
        second = keys(page, width - left - 2, 30, glyphs)
        return [*top, *columns(first, second, left)]
    rest = height - len(top)
    own = min(len(page.keys) + 1, max(4, rest // 3))
    queued = min(len(page.queue) + 1, 4)
    rows = max(CHART_MIN, min(CHART_MAX, rest - own - queued - 3))
    return [*top, *best_curve(page, width, rows, glyphs), *waiting(page, width, queued - 1, glyphs),
            *keys(page, width, max(own - 1, len(page.keys)), glyphs)]  # fmt: skip


def columns(left: Sequence[Line], right: Sequence[Line], width: int) -> list[Line]:
    """Return two pages side by side; the left one is padded to a width."""
    return [beside([one, other], width + 1) for one, other in itertools.zip_longest(left, right, fillvalue=())]


def progress(page: StudyPage, width: int, glyphs: Glyphs) -> Line:
    """Return how many trials are in which state."""
    counts: dict[str, int] = {}
    for item in page.trials:
        counts[item.state] = counts.get(item.state, 0) + 1
    order = ("running", "queued", "paused", "finished", "stopped", "killed", "failed", "diverged")
    spans: list[Span] = [(f"{len(page.trials)} of {max(page.max_trials, len(page.trials))} trials", "title")]
    present = [state for state in order if state in counts]
    spans += [(f"  {glyphs.state(state)} {counts[state]} {state}", STATE_ROLES.get(state, "")) for state in present]
    search = f"  {page.sampler}, {text.counted(len(page.keys), 'key')}, {page.slots} at a time"
    if sum(text.width(part) for part, _ in spans) + len(search) <= width:
        spans.append((search, "dim"))
    return tuple(spans)


def time_left(page: StudyPage, width: int, glyphs: Glyphs) -> Line:
    """Return the budget used, and when the study will end."""
    spent = text.span(page.elapsed_s)
    if math.isfinite(page.budget_s):
        share = min(1.0, page.elapsed_s / page.budget_s)
        full = round(share * BAR)
        head: list[Span] = [("budget ", "dim"), (glyphs.bar * full, "accent"), (glyphs.rest * (BAR - full), "dim"),
                            (f" {spent} of {text.span(page.budget_s)}", "")]  # fmt: skip
    else:
        head = [("worked ", "dim"), (spent, ""), (", no time limit", "dim")]
    words, role = ending(page)
    room = width - sum(text.width(part) for part, _ in head)
    return (*head, (text.fit(f"  {text.clean(words)}", max(0, room), "<", glyphs.more).rstrip(), role))


def ending(page: StudyPage) -> tuple[str, str]:
    """Return when the study ends, or why it has."""
    if page.state in ("finished", "stopped"):
        return f"{page.state}: {page.reason}", "accent"
    if page.state in ("paused", "stopping"):
        return f"{page.state} by {page.reason}", "warn"
    guess: Forecast = page.forecast
    if not math.isfinite(guess.middle_s):
        return "end not known before a trial runs", "dim"
    spread = ""
    if guess.high_s - guess.low_s > 0.1 * guess.middle_s:
        spread = f" ({text.span(guess.low_s)} to {text.span(guess.high_s)})"
    by = "" if guess.by == "trials" else " by its budget"
    return f"ends in about {text.span(guess.middle_s)}{spread}{by}", ""


def best_curve(page: StudyPage, width: int, rows: int, glyphs: Glyphs) -> list[Line]:
    """Return the best score so far over the hours of scheduling, each ended trial as a dot."""
    legend = text.fit("  line: the best, dots: every ended trial", max(0, width - 11), "<", glyphs.more)
    head: Line = (("Best so far", "title"), (legend.rstrip(), "dim"))
    if not page.best:
        return [head, line(("No trial has ended with a score yet.", "dim"))]
    last = max(page.elapsed_s / 3600.0, page.best[-1][0])
    plane = Plane(width, rows, (0.0, last or 1.0), ends([score for _, _, score in page.best]), glyphs)
    for at, _, score in page.best:
        plane.blob(at, score, "dim", ".")
    best = -math.inf
    steps = [(at, number, score) for at, number, score in page.best]
    before: tuple[float, float] | None = None
    champion = page.best[0]
    for at, number, score in steps:
        if score > best:
            if before is not None:
                plane.line(before, (at, best), "good", "-")
                plane.line((at, best), (at, score), "good", ":")
            best, before, champion = score, (at, score), (at, number, score)
    if before is not None:
        plane.line(before, (last, best), "good", "-")
        plane.pin(champion[0], best, "accent", glyphs.markers[0])
    words = f"T{champion[1]} {champion[2]:.3f}"
    return [head, *plane.lines(), under("0", f"best {words}", text.span(last * 3600.0), width)]


def waiting(page: StudyPage, width: int, most: int, glyphs: Glyphs) -> list[Line]:
    """Return what will start next, in its order."""
    if not page.queue:
        return [line(("Queue ", "title"), ("empty: nothing more will start by itself", "dim"))]
    out: list[Line] = []
    for index, item in enumerate(page.queue[:most] if len(page.queue) > most else page.queue):
        label = text.fit("Queue" if index == 0 else "", 6)
        what = text.fit(text.clean(item.what), max(8, len(item.what)))
        room = width - 7 - text.width(what)
        out.append(
            line((label, "title"), (what + " ", "accent"), text.fit(text.clean(item.why), room, "<", glyphs.more))
        )
    hidden = len(page.queue) - len(out)
    return [*out, line((f"      and {hidden} more", "dim"))] if hidden > 0 else out


def keys(page: StudyPage, width: int, most: int, glyphs: Glyphs) -> list[Line]:
    """Return what each searched key did: importance as a bar, and which way it works."""
    if not page.keys:
        return [line(("This study searches no key.", "dim"))]
    order = sorted(page.keys, key=lambda item: -item.importance if math.isfinite(item.importance) else 0.0)
    name = min(26, max(len(item.name) for item in order))
    head: Line = ((text.fit("What each key did", name + 1), "title"), (f" {page.insight}", "dim"))
    bar = max(4, min(24, width - name - 38))
    return [head, *[_key(item, name, bar, glyphs) for item in order[:most]]]


def _key(item: Searched, name: int, bar: int, glyphs: Glyphs) -> Line:
    known = math.isfinite(item.importance)
    full = round(item.importance * bar) if known else 0
    lean = ""
    if math.isfinite(item.lean):
        lean = "more is better" if item.lean > 0.3 else "less is better" if item.lean < -0.3 else "no clear way"
    return (
        (text.fit(item.name, name, "<", glyphs.more) + " ", ""),
        (text.fit(text.percent(item.importance), 4, ">") + " ", "accent" if known else "dim"),
        (glyphs.bar * full, "accent"), (glyphs.rest * (bar - full) + " ", "dim"),
        (text.fit(f"{item.low} to {item.high}", 16, "<", glyphs.more), "dim"), (" " + lean, ""),
    )  # fmt: skip


def lead(page: StudyPage, width: int, glyphs: Glyphs) -> list[Line]:
    """Return the best trials with their settings."""
    shown = page.ranked[:5]
    if not shown:
        return []
    out: list[Line] = [line(("Leading", "title"))]
    for item in shown:
        own = "  ".join(f"{key.name}={value}" for key, value in zip(page.keys, item.values, strict=True))
        out.append(line((f"{text.fit(item.name, 5)}", "accent"), f"{text.number(item.standing)}  ",
                        (text.fit(own, width - 13, "<", glyphs.more), "dim")))  # fmt: skip
    return out


# --- each trial


def trials(page: StudyPage, chosen: int, width: int, glyphs: Glyphs) -> list[Line]:
    """Return one line per trial, the best first: state, score, its evaluations as a sparkline, and why it stands so."""
    order = arranged(page)
    if not order:
        return [line(("No trial yet: the first one appears within seconds.", "dim"))]
    curve = f"{'EVALS':<{CURVE}} {'BY':<7} " if width >= ROOMY else ""
    head = f"  {'TRIAL':<6} {'STATE':<6} {'SCORE':>6} {'BEST AT':>7} {curve}FLAG WHY"
    out: list[Line] = [line((text.fit(head, width), "dim"))]
    for item in order:
        out += _tried(item, item.number == chosen, width, glyphs)
    return out


def arranged(page: StudyPage) -> tuple[Tried, ...]:
    """Return the trials in the order of the page: those with a standing best first, then the others by number."""
    ranked = page.ranked
    return (*ranked, *(item for item in page.trials if not math.isfinite(item.standing)))


def _tried(item: Tried, chosen: bool, width: int, glyphs: Glyphs) -> list[Line]:
    word = f"{glyphs.state(item.state)} {STATE_WORDS.get(item.state, item.state[:4])}"
    curve = sparkline([point.score for point in item.rungs], CURVE, glyphs.ramp, glyphs.gap, 0.0, 1.0)
    flags = "".join(flag_letter(name) for name in item.flags)
    at = text.count(item.best_step) if item.best_step is not None else text.MISSING
    head: list[Span] = [
        ((glyphs.cursor if chosen else " ") + " ", "accent"), (text.fit(item.name, 6) + " ", "key" if chosen else ""),
        (text.fit(word, 6) + " ", STATE_ROLES.get(item.state, "")),
        (f"{text.number(item.standing):>6} {at:>7} ", "accent" if math.isfinite(item.standing) else "dim"),
        *([(curve + " ", "spark"), (text.fit(item.origin, 7) + " ", "dim")] if width >= ROOMY else []),
        (text.fit(flags, 4) + " ", "warn"),
    ]  # fmt: skip
    indent = sum(text.width(part) for part, _ in head)
    words = text.clean(("left out of the ranking; " if item.excluded else "") + item.why)
    room = max(12, width - indent)
    rows = text.wrap(words, room)
    if not chosen or len(rows) == 1:
        return [(*head, (text.fit(words, room, "<", glyphs.more), ""))]
    return [(*head, (rows[0], "")), *[line(" " * indent + row) for row in rows[1:6]]]


# --- rungs


def rungs(page: StudyPage, chosen: int, width: int, height: int, glyphs: Glyphs) -> list[Line]:
    """Return the trials' evaluations over their steps, and the rungs at which the worse ones pause."""
    table = [_rung(index, row, width, glyphs) for index, row in enumerate(page.rungs)]
    note: list[Line] = []
    if not page.halving:
        note = [line(("Halving is off: every trial runs to its end.", "dim"))]
    title = "Evaluations of every trial  "
    legend = text.fit(_legend(page, chosen), width - len(title), "<", glyphs.more)
    head: Line = ((title, "title"), (legend.rstrip(), "dim"))
    points = [point for item in page.trials for point in item.rungs]
    if not points:
        return [head, line(("No evaluation yet.", "dim")), (), *table, *note]
    rows = max(CHART_MIN, height - 3 - len(table) - len(note) - (1 if table else 0))
    plane = Plane(width, rows, (0.0, float(page.trial_env_steps or points[-1].step)),
                  ends([point.score for point in points]), glyphs)  # fmt: skip
    for row in page.rungs:
        plane.rule(row.step, glyphs.wall)
    order = sorted(page.trials, key=lambda item: (item.number == chosen, item.live, item.standing))
    for item in order:
        _path(plane, item, chosen, glyphs)
    for row in page.rungs:
        if math.isfinite(row.cut):
            plane.pin(row.step, row.cut, "bad", "<")
    axis = under("0", "env steps", text.count(page.trial_env_steps), width)
    heads = [
        line((text.fit(f"  {'RUNG':<5} {'AT STEP':>8} {'BEEN':>5} {'GOES ON FROM':>13}  WAITING THERE", width), "dim"))
    ]
    return [head, *plane.lines(), axis, *(heads if table else []), *table, *note]


def _legend(page: StudyPage, chosen: int) -> str:
    item = page.trial(chosen)
    own = f", marked: {item.name}" if item else ""
    return f"bright: alive{own}" + (", <: goes on from there" if page.rungs else "")


def _path(plane: Plane, item: Tried, chosen: int, glyphs: Glyphs) -> None:
    role = "accent" if item.number == chosen else "good" if item.live else "dim"
    before: tuple[float, float] | None = None
    for point in item.rungs:
        here = (float(point.step), point.score)
        if not math.isfinite(point.score):
            before = None
            continue
        if before is None:
            plane.dot(*here, role, ".")
        else:
            plane.line(before, here, role, ".")
        before = here
    if before is not None and item.number == chosen:
        plane.pin(*before, "accent", glyphs.markers[0])


def _rung(index: int, row: RungRow, width: int, glyphs: Glyphs) -> Line:
    been = len(row.scores)
    cut = f"{row.cut:.3f}" if math.isfinite(row.cut) else f"{max(0, row.needed - been)} more first"
    names = " ".join(f"T{number}" for number in row.waiting) or "nobody"
    head = f"  {index + 1:<5} {text.count(row.step):>8} {been:>5} {cut:>13}  "
    return line(head, (text.fit(names, max(4, width - len(head)), "<", glyphs.more), "warn" if row.waiting else "dim"))


# --- history


def history(page: StudyPage, width: int, glyphs: Glyphs, zone: tzinfo | None = None) -> list[Line]:
    """Return what was decided, by whom and why, newest first."""
    out: list[Line] = []
    for item in page.history:
        stamp = f"{datetime.fromtimestamp(item.time, zone):%m-%d %H:%M:%S}" if math.isfinite(item.time) else "?"
        words = text.fit(text.clean(item.text), max(10, width - 16), "<", glyphs.more)
        out.append(line((text.fit(stamp, 15) + " ", "dim"), (words.rstrip(), item.role)))
    return out or [line(("Nothing has happened yet.", "dim"))]
