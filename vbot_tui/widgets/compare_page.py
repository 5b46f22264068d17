"""Runs beside one another as text: the settings that differ, what each was paid for, and seeds that were folded."""

import math
from collections.abc import Sequence

from sessions.breakdown import Breakdown
from vbot_tui import text
from vbot_tui.glyphs import Glyphs
from vbot_tui.lines import Line, Span, line
from vbot_tui.model import Papers
from vbot_tui.widgets.chart_page import Shown

CELL = 8
LACKS = "-"


def differing(papers: Sequence[Papers]) -> list[tuple[str, tuple[str, ...]]]:
    """Return the keys that are not the same in all runs, with the value of each run."""
    tables = [{item.key: item.value for item in own.settings} for own in papers]
    keys = sorted({key for table in tables for key in table})
    rows = [(key, tuple(table.get(key, LACKS) for table in tables)) for key in keys]
    return [(key, values) for key, values in rows if len(set(values)) > 1]


def differences(runs: Sequence[tuple[Shown, Papers | None]], width: int, glyphs: Glyphs) -> list[Line]:
    """Return the page of differing settings; runs whose papers are not read yet are waited for."""
    known = [(item, own) for item, own in runs if own is not None]
    if len(known) < len(runs):
        return [line(("Reading the settings.", "dim"))]
    found = differing([own for _, own in known])
    same = len({item.key for _, own in known for item in own.settings}) - len(found)
    if not found:
        return [line(f"No difference: all {same} settings are the same.")]
    cell = max(CELL, min(14, (width - 30) // len(known) - 1))
    name = max(12, width - (cell + 1) * len(known))
    heads: list[Span] = [(text.fit(f"{len(found)} settings differ, {same} do not", name, "<", glyphs.more), "dim")]
    heads += [(" " + text.fit(f"{item.marker(glyphs)} {text.clean(item.name)}", cell, ">", glyphs.more), item.role)
              for item, _ in known]  # fmt: skip
    return [tuple(heads), *[_row(key, values, name, cell, glyphs) for key, values in found]]


def _row(key: str, values: tuple[str, ...], name: int, cell: int, glyphs: Glyphs) -> Line:
    label = text.clean(key)
    if text.width(label) > name:
        label = glyphs.more + label[-(name - 1) :]
    cells = "".join(" " + text.fit(text.clean(value), cell, ">", glyphs.more) for value in values)
    return line(text.fit(label, name), (cells, "accent"))


Paid = tuple[Shown, Breakdown | None, Breakdown | None]
"""A run with what it is paid for at one step and, where one was chosen, at an earlier one."""


def reward(paid: Sequence[Paid], width: int, glyphs: Glyphs) -> list[Line]:
    """Return what each run is paid for per step, term by term, the term in which they differ most first.

    With a second step chosen, how that changed since then stands under it.
    """
    known = [item for item in paid if item[1] is not None]
    if not known:
        return [line(("No update yet: the terms appear with the first one.", "dim"))]
    terms = sorted({part.term for _, now, _ in known if now is not None for part in now.terms})
    values = {term: [_value(now, term) for _, now, _ in known] for term in terms}
    order = sorted(terms, key=lambda term: (-_spread(values[term]), term))
    cell = max(CELL, min(12, (width - 20) // len(known) - 1))
    name = max(12, width - (cell + 1) * len(known))
    steps = {now.step for _, now, _ in known if now is not None}
    where = f"per step at {' '.join(text.count(step) for step in sorted(steps)[:2])}" if len(steps) < 3 else "per step"
    out = [
        _heads(known, where, name, cell, glyphs),
        _row_of("sum", [_sum(now) for _, now, _ in known], name, cell, "title"),
    ]
    out += [_row_of(term, values[term], name, cell, "") for term in order]
    if any(before is not None for _, _, before in known):
        then = next(before.step for _, _, before in known if before is not None)
        sums = [_sum(now) - _sum(before) for _, now, before in known]
        out += [(), _heads(known, f"change since {text.count(then)}", name, cell, glyphs)]
        out.append(_row_of("sum", sums, name, cell, "title"))
        changes = {term: [_value(now, term) - _value(before, term) for _, now, before in known] for term in terms}
        ranked = sorted(terms, key=lambda term: (-max(map(_size, changes[term])), term))
        out += [_row_of(term, changes[term], name, cell, "") for term in ranked]
    return out


def _heads(known: Sequence[Paid], where: str, name: int, cell: int, glyphs: Glyphs) -> Line:
    heads: list[Span] = [(text.fit(where, name, "<", glyphs.more), "dim")]
    heads += [(" " + text.fit(f"{item.marker(glyphs)} {text.clean(item.name)}", cell, ">", glyphs.more), item.role)
              for item, _, _ in known]  # fmt: skip
    return tuple(heads)


def _row_of(label: str, values: Sequence[float], name: int, cell: int, role: str) -> Line:
    cells = "".join(" " + text.fit(text.signed(value), cell, ">") for value in values)
    return line((text.fit(text.clean(label), name), role), (cells, role or "accent"))


def _value(shown: Breakdown | None, term: str) -> float:
    parts = shown.terms if shown is not None else ()
    return next((part.value for part in parts if part.term == term), math.nan)


def _sum(shown: Breakdown | None) -> float:
    return shown.terms_sum if shown is not None else math.nan


def _size(value: float) -> float:
    return abs(value) if math.isfinite(value) else 0.0


def _spread(values: Sequence[float]) -> float:
    usable = [value if math.isfinite(value) else 0.0 for value in values]
    return max(usable) - min(usable)


def seeds(groups: Sequence[tuple[Shown, Sequence[tuple[str, str, float]]]], width: int, glyphs: Glyphs) -> list[Line]:
    """Return the groups of runs that are the same up to their seed: median, spread and the worst seed of each.

    Args:
        groups: How a group is shown, and of each member its name, its seed and its score.
        width: Cells.
        glyphs: Shapes.
    """
    head = f"  {'GROUP':<14} {'N':>3} {'MEDIAN':>7} {'LOWEST':>7} {'HIGHEST':>7}  WORST SEED"
    out: list[Line] = [line((text.fit(head, width), "dim"))]
    for item, members in groups:
        scores = sorted(score for _, _, score in members if math.isfinite(score))
        middle = _median(scores)
        low, high = (scores[0], scores[-1]) if scores else (math.nan, math.nan)
        worst = next((f"{name}, seed {seed}" for name, seed, score in members if score == low), text.MISSING)
        numbers = f"{len(members):>3} {text.number(middle):>7} {text.number(low):>7} {text.number(high):>7}  "
        name = text.fit(text.clean(item.name), 14, "<", glyphs.more)
        room = max(4, width - 17 - len(numbers))
        out.append(line((f"{item.marker(glyphs)} ", item.role), (name + " ", ""), (numbers, "accent"),
                        (text.fit(text.clean(worst), room, "<", glyphs.more).rstrip(), "dim")))  # fmt: skip
    return out


def _median(scores: Sequence[float]) -> float:
    if not scores:
        return math.nan
    middle = len(scores) // 2
    return scores[middle] if len(scores) % 2 else (scores[middle - 1] + scores[middle]) / 2
