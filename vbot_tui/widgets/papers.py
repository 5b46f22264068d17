"""Pages about one run as text: evaluations and checkpoints, settings with origins, what changed between two steps."""

import math
from collections.abc import Sequence

from sessions.breakdown import Breakdown
from vbot_tui import text
from vbot_tui.glyphs import Glyphs
from vbot_tui.lines import Line, line
from vbot_tui.model import EvalView, Papers, Setting

READING: Line = (("Reading its files.", "dim"),)
OWN = ("override", "search")
NAME, VALUE, BAR_MIN = 14, 9, 12


def evals(papers: Papers | None, width: int, glyphs: Glyphs) -> list[Line]:
    """Return every evaluation with the bar of its score, the best marked, and the checkpoints."""
    if papers is None:
        return [READING]
    head = f"{'STEP':>7} {'PROTOCOL':<14} {'CASES':>5} {'SCORE':>7} {'SUCC':>5} {'FELL':>5} {'POINTS':>7}"
    best = best_of(papers.evals)
    bar = max(0, width - len(head) - 9)
    body = [_eval(item, item in best, bar, glyphs) for item in papers.evals]
    if not body:
        body = [line(("No evaluation yet.", "dim"))]
    steps = "  ".join(text.count(step) for step in papers.checkpoints) or "none yet"
    return [
        line((head, "dim")), *body, (),
        line((f"{len(papers.checkpoints)} checkpoints", "title")),
        *[line(part) for part in text.wrap(f"at steps {steps}", width)],
    ]  # fmt: skip


def best_of(evals: Sequence[EvalView]) -> list[EvalView]:
    """Return the best evaluation under each protocol: scores of different ones cannot be compared."""
    best: dict[str, EvalView] = {}
    for item in evals:
        if item.canonical and math.isfinite(item.score):
            known = best.get(item.protocol)
            if known is None or (item.score, -item.step) > (known.score, -known.step):
                best[item.protocol] = item
    return list(best.values())


def _eval(item: EvalView, best: bool, bar: int, glyphs: Glyphs) -> Line:
    full = round(min(1.0, max(0.0, item.score)) * bar) if math.isfinite(item.score) else 0
    cells = (
        f"{text.count(item.step):>7} {text.fit(text.clean(item.protocol), 14, '<', glyphs.more)} {item.episodes:>5}"
        f" {text.number(item.score):>7} {text.percent(item.success):>5} {text.percent(item.fell):>5}"
        f" {text.number(item.points, 2):>7} "
    )
    note = " best" if best else "" if item.canonical else " sample"
    return line((cells, ""), (glyphs.bar * full, "good"), (note, "accent" if best else "dim"))


def config(papers: Papers | None, width: int) -> list[Line]:
    """Return every setting with its origin: first what was searched or set, then the rest; then the run's facts."""
    if papers is None:
        return [READING]
    out: list[Line] = [line((papers.trouble, "bad"))] if papers.trouble else []
    own = [item for item in papers.settings if item.origin in OWN]
    rest = [item for item in papers.settings if item.origin not in OWN]
    room = max(20, width - 1)
    if own:
        out += [line(("Searched or set", "title")), *[_setting(item, room, "accent") for item in own], ()]
    if rest:
        out += [line(("As the task, the preset or the program has it", "title"))]
        out += [_setting(item, room, "") for item in rest] + [()]
    for name, value in papers.facts:
        parts = text.wrap(text.clean(value), max(10, width - 9))
        out += [line((f"{name if index == 0 else '':<9}", "dim"), part) for index, part in enumerate(parts)]
    return out


def _setting(item: Setting, width: int, role: str) -> Line:
    origin = text.fit(item.origin, 9)
    value = text.fit(text.clean(item.value), max(8, (width - 10) * 2 // 5))
    key = text.fit(text.clean(item.key), width - 11 - text.width(value))
    return line((key + " ", role), (value + " ", "key" if role else ""), (origin, "dim"))


def waterfall(peak: Breakdown | None, now: Breakdown | None, why: str, width: int, glyphs: Glyphs) -> list[Line]:
    """Return how the pay per step went from one breakdown to another: one falling or rising bar per term.

    Args:
        peak: The earlier one.
        now: The later one.
        why: What makes the earlier step the peak.
        width: Cells.
        glyphs: Shapes.
    """
    if peak is None or now is None:
        return [line(("No update yet: the terms appear with the first one.", "dim"))]
    changes = term_changes(peak, now)
    start, end = peak.terms_sum, now.terms_sum
    head = line(
        (f"step {text.count(peak.step)} ", "title"), (f"({why}) ", "dim"), (text.signed(start, 4), ""),
        ("  to  ", "dim"),
        (f"step {text.count(now.step)} ", "title"), (text.signed(end, 4), ""),
        (f"   {glyphs.delta} ", "dim"), (text.signed(end - start, 4), "good" if end >= start else "bad"),
    )  # fmt: skip
    name = min(max([len(term) for term, _ in changes] + [NAME]), max(NAME, width - VALUE - BAR_MIN - 2))
    bar = max(4, width - name - VALUE - 2)
    stops = [start]
    for _, change in changes:
        stops.append(stops[-1] + change)
    low, high = min([*stops, 0.0]), max([*stops, 0.0])
    body = [_level("then", start, (name, bar), (low, high), glyphs)]
    for (term, change), before in zip(changes, stops, strict=False):
        body.append(_fall(term, change, before, (name, bar), (low, high), glyphs))
    return [head, *body, _level("now", end, (name, bar), (low, high), glyphs)]


def term_changes(peak: Breakdown, now: Breakdown) -> list[tuple[str, float]]:
    """Return how much each term changed, largest first; a term that one side lacks, or that is NaN, counts as 0."""
    before = {part.term: part.value for part in peak.terms if math.isfinite(part.value)}
    after = {part.term: part.value for part in now.terms if math.isfinite(part.value)}
    terms = sorted(before.keys() | after.keys())
    changes = [(term, after.get(term, 0.0) - before.get(term, 0.0)) for term in terms]
    return sorted(changes, key=lambda item: (-abs(item[1]), item[0]))


def _place(value: float, bar: int, ends: tuple[float, float]) -> int:
    low, high = ends
    if not (math.isfinite(value) and high > low):
        return 0
    return min(bar, max(0, round((value - low) / (high - low) * bar)))


def _level(label: str, value: float, cells: tuple[int, int], ends: tuple[float, float], glyphs: Glyphs) -> Line:
    name, bar = cells
    left, right = sorted((_place(0.0, bar, ends), _place(value, bar, ends)))
    shown = text.fit(text.signed(value), VALUE, ">")
    return line(
        (text.fit(label, name) + " " + shown + " ", "title"), " " * left, (glyphs.bar * (right - left), "accent")
    )


def _fall(
    term: str, change: float, before: float, cells: tuple[int, int], ends: tuple[float, float], glyphs: Glyphs
) -> Line:
    name, bar = cells
    left, right = sorted((_place(before, bar, ends), _place(before + change, bar, ends)))
    label = text.fit(text.clean(term), name, "<", glyphs.more) + " " + text.fit(text.signed(change), VALUE, ">") + " "
    role = "good" if change > 0 else "bad" if change < 0 else "dim"
    return line((label, "" if change else "dim"), " " * left, (glyphs.bar * max(right - left, int(change != 0)), role))
