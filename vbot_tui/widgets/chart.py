"""A line chart as text: many curves on one pair of axes, drawn so that no spike is lost. Pure functions.

Where a column of dots holds many points, their extremes are drawn, found through the series' own pyramid, so the cost
depends on the width and not on the data. NaN is a gap; infinities stick to the edge; the scale may be logarithmic on
both sides of zero, because rewards are signed.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from sessions.series import Series
from vbot_tui import text
from vbot_tui.curves import STEPS, Axis
from vbot_tui.glyphs import Glyphs
from vbot_tui.lines import Line, Span
from vbot_tui.widgets.canvas import Canvas

SCALES = ("linear", "log", "symlog")
LABEL = 7
"""Cells for the numbers at the left."""
DENSE = 4
"""Points per column of dots from which only the extremes of the column are drawn."""


@dataclass(frozen=True)
class Plot:
    """One curve of a chart and how it looks."""

    series: Series
    role: str = "s0"
    marker: str = "*"
    axis: Axis = STEPS
    dots: bool = False
    """Points only, no line between them."""


@dataclass(frozen=True)
class Scale:
    """The vertical scale. ``knee`` is where a symlog scale turns from linear to logarithmic."""

    name: str = "linear"
    knee: float = 1.0

    def up(self, value: float) -> float:
        """Return a value's height on the scale; NaN where it has none."""
        if self.name == "log":
            return math.log10(value) if value > 0 else math.nan
        if self.name == "symlog":
            return math.copysign(math.log10(1.0 + abs(value) / self.knee), value)
        return value

    def down(self, height: float) -> float:
        """Return the value at a height."""
        if self.name == "log":
            return float(10.0**height)
        if self.name == "symlog":
            return math.copysign((10.0 ** abs(height) - 1.0) * self.knee, height)
        return height


@dataclass(frozen=True)
class Window:
    """The part of the plane that a chart shows: places on the axis, heights on the scale."""

    left: float
    right: float
    bottom: float
    top: float
    scale: Scale

    def column(self, place: float, columns: int) -> int:
        """Return the column of dots of a place."""
        return round((place - self.left) / max(1e-12, self.right - self.left) * (columns - 1))

    def height(self, value: float, dots: int) -> int | None:
        """Return the dot of a value, None for one that the scale has no place for."""
        if math.isnan(value):
            return None
        if math.isinf(value):
            return dots - 1 if value > 0 else 0
        height = self.scale.up(value)
        if math.isnan(height):
            return None
        share = (height - self.bottom) / (self.top - self.bottom)
        return min(dots - 1, max(0, round(share * (dots - 1))))


def chart(
    plots: Sequence[Plot],
    width: int,
    rows: int,
    glyphs: Glyphs,
    *,
    scale: str = "linear",
    span: tuple[float, float] | None = None,
    cursor: float | None = None,
) -> list[Line]:
    """Return the chart in exactly ``rows`` lines of ``width`` cells: numbers at the left, curves beside them.

    Args:
        plots: The curves, drawn in this order.
        width: Cells, the numbers at the left included.
        rows: Lines; the horizontal axis is not among them (see ``x_axis``).
        glyphs: Shapes; without braille each cell shows the marker of its curve.
        scale: linear, log or symlog.
        span: First and last place shown; everything if left out.
        cursor: Place that a vertical line goes through.
    """
    left, right = span or x_span(plots)
    canvas = Canvas(width - LABEL, rows, braille=glyphs.braille)
    window = _window(plots, (left, right), scale)
    if window is None:
        return _nothing(plots, width, rows, scale)
    for plot in plots:
        _draw(canvas, plot, window)
    if cursor is not None and left <= cursor <= right:
        canvas.rule(window.column(cursor, canvas.columns), glyphs.wall)
    lines = [plot for plot in plots if not plot.dots and plot.role != "dim"]
    for plot in lines if len(lines) > 1 else ():
        _pin(canvas, plot, window)
    numbers = labels(window, rows)
    return [
        ((text.fit(numbers.get(index, ""), LABEL - 1, ">") + " ", "dim"), *body)
        for index, body in enumerate(canvas.lines())
    ]


def _nothing(plots: Sequence[Plot], width: int, rows: int, scale: str) -> list[Line]:
    """Return an empty chart that says why it is empty."""
    some = any(len(plot.series) for plot in plots)
    why = "no number yet"
    if some:
        why = "nothing above 0 on a log scale" if scale == "log" else "only NaN"
    middle: Line = ((" " * LABEL + text.fit(why, max(1, width - LABEL)), "dim"),)
    return [middle if index == rows // 2 else () for index in range(rows)]


def x_span(plots: Sequence[Plot]) -> tuple[float, float]:
    """Return the first and the last place of all curves together."""
    ends = [plot.axis.place(step) for plot in plots if len(plot.series) for step in
            (plot.series.steps[0], plot.series.last_step)]  # fmt: skip
    if not ends:
        return 0.0, 1.0
    low, high = min(ends), max(ends)
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def x_axis(span: tuple[float, float], width: int, *, time: bool = False) -> Line:
    """Return the line of numbers under a chart."""
    say = text.span if time else text.count
    left, middle, right = (say(place) for place in (span[0], (span[0] + span[1]) / 2, span[1]))
    before = max(1, (width - LABEL - len(middle)) // 2 - len(left))
    after = max(1, width - LABEL - len(left) - before - len(middle) - len(right))
    return ((" " * LABEL + left + " " * before + middle + " " * after + right, "dim"),)


def _window(plots: Sequence[Plot], span: tuple[float, float], scale: str) -> Window | None:
    """Return what the chart shows; None where no curve has a number that the scale has a place for."""
    lows, highs = [], []
    for plot in plots:
        start, stop = _range(plot, span)
        low, high = finite_extent(plot.series, start, stop, positive=scale == "log")
        if math.isfinite(low):
            lows.append(low)
            highs.append(high)
    if not lows:
        return None
    low, high = min(lows), max(highs)
    knee = max(abs(low), abs(high)) / 1000.0 or 1.0
    measure = Scale(scale, knee)
    bottom, top = measure.up(low), measure.up(high)
    if not top > bottom:
        pad = abs(bottom) * 0.1 or 1.0
        low_pad = 0.0 if low == 0.0 else pad  # what has always been nothing is no reason to go below it
        bottom, top = bottom - low_pad, top + pad
    return Window(*span, bottom, top, measure)


def finite_extent(series: Series, start: int, stop: int, *, positive: bool = False) -> tuple[float, float]:
    """Return the smallest and largest finite (and, if asked, positive) number among points; NaN if there is none."""
    low, high = series.extent(start, stop)
    if not (math.isinf(low) or math.isinf(high) or (positive and low <= 0)):
        return low, high
    usable = [value for value in series.values[start:stop] if math.isfinite(value) and (value > 0 or not positive)]
    return (min(usable), max(usable)) if usable else (math.nan, math.nan)


def _range(plot: Plot, span: tuple[float, float]) -> tuple[int, int]:
    """Return the points that lie in a span of the axis."""
    steps = plot.series.steps
    return bisect_left(steps, plot.axis.step(span[0])), bisect_right(steps, plot.axis.step(span[1]))


def _draw(canvas: Canvas, plot: Plot, window: Window) -> None:
    start, stop = _range(plot, (window.left, window.right))
    if stop - start > DENSE * canvas.columns:
        _draw_dense(canvas, plot, window, start, stop)
        return
    before: tuple[int, int] | None = None
    for index in range(start, stop):
        y = window.height(plot.series.values[index], canvas.height)
        if y is None:
            before = None
            continue
        here = window.column(plot.axis.place(plot.series.steps[index]), canvas.columns), y
        if before is None or plot.dots:
            canvas.dot(*here, plot.role, plot.marker)
        else:
            canvas.line(before, here, plot.role, plot.marker)
        before = here


def _pin(canvas: Canvas, plot: Plot, window: Window) -> None:
    """Put the marker of a curve on its last point in sight, so that curves are told apart without colour."""
    start, stop = _range(plot, (window.left, window.right))
    for index in range(stop - 1, max(start, stop - 50) - 1, -1):
        y = window.height(plot.series.values[index], canvas.height)
        if y is not None:
            x = window.column(plot.axis.place(plot.series.steps[index]), canvas.columns)
            canvas.pin(x, y, plot.role, plot.marker)
            return


def _draw_dense(canvas: Canvas, plot: Plot, window: Window, start: int, stop: int) -> None:
    """Draw the extremes of each column of dots, and join the columns."""
    values, steps = plot.series.values, plot.series.steps
    reach = (window.right - window.left) / canvas.columns
    before: tuple[int, int] | None = None
    first = start
    for x in range(canvas.columns):
        edge = plot.axis.step(window.left + reach * (x + 1))
        last = stop if x == canvas.columns - 1 else bisect_left(steps, edge, first, stop)
        if last == first:
            continue
        low, high = (window.height(value, canvas.height) for value in plot.series.extent(first, last))
        if high is None:
            before = None
        else:
            canvas.column(x, 0 if low is None else low, high, plot.role, plot.marker)
            entry = window.height(values[first], canvas.height)
            if before is not None and entry is not None and not plot.dots:
                canvas.line(before, (x, entry), plot.role, plot.marker)
            leave = window.height(values[last - 1], canvas.height)
            before = (x, leave) if leave is not None else None
        first = last


def labels(window: Window, rows: int) -> dict[int, str]:
    """Return the numbers at the left by row, row 0 on top; round ones on a linear scale."""
    if rows < 2:
        return {0: tick(window.scale.down(window.top))}
    if window.scale.name == "linear":
        marks = [(value, value) for value in nice(window.bottom, window.top, max(2, rows // 3))]
    else:
        heights = [window.bottom + (window.top - window.bottom) * share for share in (0.0, 0.5, 1.0)]
        marks = [(window.scale.down(height), height) for height in heights]
    out: dict[int, str] = {}
    for value, height in marks:
        share = (height - window.bottom) / (window.top - window.bottom)
        out[rows - 1 - round(share * (rows - 1))] = tick(value)
    return out


def nice(low: float, high: float, count: int) -> list[float]:
    """Return about ``count`` round numbers between two numbers, both ends included where they are round."""
    rough = (high - low) / max(1, count)
    size: float = 10.0 ** math.floor(math.log10(rough))
    step = size * next(factor for factor in (1, 2, 5, 10) if size * factor >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    out = []
    while first * step <= high + step * 1e-9:
        out.append(first * step)
        first += 1
    return out


def tick(value: float) -> str:
    """Return a number of an axis in at most six characters."""
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1000:
        return text.count(value)
    if size < 0.001:
        return f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e+")
    return f"{value:.3g}"


def legend(names: Sequence[tuple[str, str, str]]) -> Line:
    """Return marker and name of each curve (name, role, marker)."""
    out: list[Span] = []
    for name, role, marker in names:
        out.extend([(f"{marker} ", role), (f"{name}  ", "")])
    return tuple(out)
