"""A page of charts as text: small multiples of a group of tags, or one large chart with the values at a cursor.

The same page shows one run or up to eight over one another; each keeps its colour and its marker. Pure functions over
curves that somebody else keeps.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sessions.metrics import describe
from vbot_tui import text
from vbot_tui.curves import STEPS, Axis, CurveCache, grouped
from vbot_tui.glyphs import Glyphs
from vbot_tui.lines import CURVES, Line, Span
from vbot_tui.widgets.chart import LABEL, SCALES, Plot, chart, x_axis, x_span
from vbot_tui.widgets.head import clip

SMALL_WIDTH, SMALL_HEIGHT = 38, 6
WEIGHTS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98)
CURSOR_STEPS = 60
"""Presses of a key from one end of a chart to the other."""


@dataclass(frozen=True)
class Shown:
    """One run on a page of charts."""

    run: str
    name: str
    place: int = 0
    """Which colour and marker are its own."""

    @property
    def role(self) -> str:
        """The role of its curves."""
        return CURVES[self.place % len(CURVES)]

    def marker(self, glyphs: Glyphs) -> str:
        """The shape that tells it apart without colour."""
        return glyphs.markers[self.place % len(glyphs.markers)]


@dataclass(frozen=True)
class Look:
    """How charts are looked at; changed by keys only."""

    group: str = ""
    chosen: int = 0
    big: bool = False
    scale: str = "linear"
    weight: float = 0.0
    time: bool = False
    span: tuple[float, float] | None = None
    cursor: float | None = None

    def smoother(self, by: int) -> "Look":
        """Return the look with more or less smoothing."""
        place = WEIGHTS.index(self.weight) + by
        return replace(self, weight=WEIGHTS[min(len(WEIGHTS) - 1, max(0, place))])

    def next_scale(self) -> "Look":
        """Return the look on the next vertical scale."""
        return replace(self, scale=SCALES[(SCALES.index(self.scale) + 1) % len(SCALES)])

    def other_axis(self) -> "Look":
        """Return the look over the other horizontal axis; places on the old one mean nothing there."""
        return replace(self, time=not self.time, span=None, cursor=None)

    def moved(self, by: int, whole: tuple[float, float]) -> "Look":
        """Return the look with the cursor moved; the window follows it."""
        left, right = self.span or whole
        start = right if self.cursor is None else self.cursor
        cursor = min(whole[1], max(whole[0], start + by * (right - left) / CURSOR_STEPS))
        shift = min(0.0, cursor - left) + max(0.0, cursor - right)
        return replace(self, cursor=cursor, span=(left + shift, right + shift) if self.span else None)

    def zoomed(self, factor: float, whole: tuple[float, float]) -> "Look":
        """Return the look at a shorter or longer stretch around the cursor."""
        left, right = self.span or whole
        middle = (left + right) / 2 if self.cursor is None else self.cursor
        half = (right - left) * factor / 2
        if half * 2 >= whole[1] - whole[0]:
            return replace(self, span=None)
        half = max(half, (whole[1] - whole[0]) / 10_000)
        left = min(max(whole[0], middle - half), whole[1] - 2 * half)
        return replace(self, span=(left, left + 2 * half))


def tags_of(curves: CurveCache, runs: Sequence[Shown]) -> dict[str, tuple[str, ...]]:
    """Return all tags that any of the runs has, by group."""
    return grouped(sorted({tag for item in runs for tag in curves.tags(item.run)}))


def chosen_tag(groups: dict[str, tuple[str, ...]], look: Look) -> tuple[str, str]:
    """Return the group and the tag that the look is at; empty strings where there is nothing."""
    if not groups:
        return "", ""
    group = look.group if look.group in groups else next(iter(groups))
    tags = groups[group]
    return group, tags[min(look.chosen, len(tags) - 1)]


def plots(curves: CurveCache, runs: Sequence[Shown], tag: str, look: Look, glyphs: Glyphs) -> list[Plot]:
    """Return the curves of one tag: smoothed lines over their raw dots."""
    out: list[Plot] = []
    lines: list[Plot] = []
    for item in runs:
        axis = axis_of(curves, item, look)
        raw = curves.get(item.run, tag)
        if look.weight > 0:
            out.append(Plot(raw, "dim", ".", axis, dots=True))
        out += [Plot(edge, "dim", ":", axis) for edge in curves.band(item.run, tag) or ()]
        lines.append(Plot(curves.smooth(item.run, tag, look.weight), item.role, item.marker(glyphs), axis))
    return [*out, *lines]


def axis_of(curves: CurveCache, item: Shown, look: Look) -> Axis:
    """Return the horizontal axis of a run."""
    return curves.time_axis(item.run) if look.time else STEPS


def whole_span(curves: CurveCache, runs: Sequence[Shown], tag: str, look: Look) -> tuple[float, float]:
    """Return the first and last place of a tag."""
    return x_span([Plot(curves.get(item.run, tag), axis=axis_of(curves, item, look)) for item in runs])


def page(curves: CurveCache, runs: Sequence[Shown], look: Look, width: int, height: int, glyphs: Glyphs) -> list[Line]:
    """Return the page of charts in at most ``height`` lines."""
    groups = tags_of(curves, runs)
    group, tag = chosen_tag(groups, look)
    if not tag:
        return [(("No curve yet: the first ones come with the first update.", "dim"),)]
    head = _head(groups, group, look, width, glyphs)
    if look.big:
        return [head, *_big(curves, runs, tag, look, width, height - 1, glyphs)]
    return [head, *_grid(curves, runs, groups[group], look, width, height - 1, glyphs)]


def _head(groups: dict[str, tuple[str, ...]], group: str, look: Look, width: int, glyphs: Glyphs) -> Line:
    """Return the line with all groups, and how they are looked at."""
    spans: list[Span] = [
        (f"[{name}]" if name == group else f" {name} ", "title" if name == group else "dim") for name in groups
    ]
    how = [look.scale, "time worked" if look.time else "steps"]
    if look.weight:
        how.append(f"smooth {look.weight:g}")
    right = f" {glyphs.dot} ".join(how)
    room = width - sum(text.width(part) for part, _ in spans)
    if room > len(right):
        spans.append((text.fit(right, room, ">"), "dim"))
    return tuple(spans)


def _grid(
    curves: CurveCache, runs: Sequence[Shown], tags: Sequence[str], look: Look, width: int, height: int, glyphs: Glyphs
) -> list[Line]:
    across = max(1, min(len(tags), (width + 1) // SMALL_WIDTH))
    down = -(-len(tags) // across)
    fit = max(1, min(down, (height - 1) // SMALL_HEIGHT))
    cell, tall = (width - (across - 1)) // across, max(2, min(14, (height - 1) // fit))
    at = min(look.chosen, len(tags) - 1) // across
    top = max(0, min(at - fit // 2, down - fit))
    out: list[Line] = []
    span = look.span or _common_span(curves, runs, tags, look)
    for row in range(top, min(down, top + fit)):
        block = [
            _small(curves, runs, tags[index], replace(look, span=span), (cell, tall), glyphs, index == look.chosen)
            for index in range(row * across, min(len(tags), (row + 1) * across))
        ]
        out += [beside([item[line] for item in block], cell) for line in range(tall)]
    out.append(beside([x_axis(span, cell, time=look.time)] * across, cell))
    return out


def _common_span(curves: CurveCache, runs: Sequence[Shown], tags: Sequence[str], look: Look) -> tuple[float, float]:
    """Return one span for all charts of a group, so that what lies above one another happened together."""
    ends = [whole_span(curves, runs, tag, look) for tag in tags if any(len(curves.get(item.run, tag)) for item in runs)]
    return (min(low for low, _ in ends), max(high for _, high in ends)) if ends else (0.0, 1.0)


def beside(cells: Sequence[Line], width: int) -> Line:
    """Return lines side by side, each padded to a width, a blank between."""
    out: list[Span] = []
    for index, item in enumerate(cells):
        used = sum(text.width(part) for part, _ in item)
        out.extend(item)
        if index < len(cells) - 1:
            out.append((" " * (max(0, width - used) + 1), ""))
    return tuple(out)


def _small(
    curves: CurveCache, runs: Sequence[Shown], tag: str, look: Look, size: tuple[int, int], glyphs: Glyphs, chosen: bool
) -> list[Line]:
    """Return one small chart with its title."""
    width, height = size
    mark = (glyphs.cursor if chosen else " ", "accent")
    values = _values(curves, runs, tag, look, glyphs)
    tail: list[Span] = []
    room = width - 3 - min(len(tag), width // 2)
    for value, role in values:
        if len(value) + 1 > room:
            break
        tail.append((f" {value}", role))
        room -= len(value) + 1
    used = sum(text.width(part) for part, _ in tail)
    title = text.fit(text.clean(tag), width - used - 1, "<", glyphs.more)
    drawn = chart(
        plots(curves, runs, tag, look, glyphs), width, height - 1, glyphs,
        scale=look.scale, span=look.span, cursor=look.cursor,
    )  # fmt: skip
    return [(mark, (title, "key" if chosen else ""), *tail), *drawn]


def value_at(curves: CurveCache, item: Shown, tag: str, look: Look) -> tuple[float, float]:
    """Return the step that the cursor is at in a run and the raw value in force there; the newest without a cursor."""
    series = curves.get(item.run, tag)
    if look.cursor is None:
        return float(series.last_step), series.last
    step = axis_of(curves, item, look).step(look.cursor)
    if math.isinf(step):
        return float(series.last_step), series.last
    return step, series.at(whole_step(step))


def whole_step(step: float) -> int:
    """Return the step that a place stands for; what rounding took from it is given back."""
    return math.floor(step + 1e-9 * max(1.0, abs(step)))


def _values(curves: CurveCache, runs: Sequence[Shown], tag: str, look: Look, glyphs: Glyphs) -> list[Span]:
    out: list[Span] = []
    for item in runs:
        number = figure(value_at(curves, item, tag, look)[1])
        out.append((f"{item.marker(glyphs)}{number}" if len(runs) > 1 else number, item.role))
    return out


def figure(value: float) -> str:
    """Return a measured number in a few characters, whatever it is."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+inf" if value > 0 else "-inf"
    return "0" if value == 0 else f"{value:.4g}" if 1e-3 <= abs(value) < 1e5 else f"{value:.2e}"


def _big(
    curves: CurveCache, runs: Sequence[Shown], tag: str, look: Look, width: int, height: int, glyphs: Glyphs
) -> list[Line]:
    """Return one large chart, what it shows, and the value of each run at the cursor."""
    known = describe(tag)
    unit = f" [{known.unit}]" if known.unit else ""
    title = clip([(text.clean(tag), "title"), (unit, ""), (f"  {text.clean(known.help)}", "dim")], width, glyphs)
    span = look.span or whole_span(curves, runs, tag, look)
    values = [clip(_value_line(curves, item, tag, look, glyphs), width, glyphs) for item in runs]
    rows = max(2, height - 2 - len(values))
    drawn = chart(
        plots(curves, runs, tag, look, glyphs), width, rows, glyphs, scale=look.scale, span=span, cursor=look.cursor
    )
    return [title, *drawn, x_axis(span, width, time=look.time), *values]


def _value_line(curves: CurveCache, item: Shown, tag: str, look: Look, glyphs: Glyphs) -> Line:
    """Return what a run's curve is at the cursor, and between which numbers it has moved."""
    step, value = value_at(curves, item, tag, look)
    series = curves.get(item.run, tag)
    low, high = series.extent()
    where = "now" if look.cursor is None else "here"
    ends = f"lowest {figure(low)}  highest {figure(high)}  {text.count(len(series))} points"
    return (
        (" " * (LABEL - 2) + f"{item.marker(glyphs)} ", item.role),
        (text.fit(text.clean(item.name), 12), ""),
        (f" {where} ", "dim"),
        (text.fit(figure(value), 10), "accent"),
        (f" at {text.count(step)}  {ends}", "dim"),
    )
