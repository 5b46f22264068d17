"""A plane of points as text: scatters and stepped curves with numbers at the left. Pure functions.

Charts over steps are drawn by ``chart``; here points have any two numbers.
"""

import math
from collections.abc import Iterable

from vbot_tui import text
from vbot_tui.glyphs import Glyphs
from vbot_tui.lines import Line
from vbot_tui.widgets.canvas import Canvas
from vbot_tui.widgets.chart import LABEL, Scale, Window, labels

Ends = tuple[float, float]


class Plane:
    """Points and lines in a rectangle of the plane.

    Args:
        width: Cells, the numbers at the left included.
        rows: Lines.
        across: Values at the left and the right edge.
        up: Values at the lower and the upper edge.
        glyphs: Shapes; without braille every dot is a marker.
    """

    def __init__(self, width: int, rows: int, across: Ends, up: Ends, glyphs: Glyphs) -> None:
        self._canvas = Canvas(max(4, width - LABEL), rows, braille=glyphs.braille)
        self._fine = glyphs.braille
        self._window = Window(*across, *up, Scale())
        self._rows = rows

    def dot(self, x: float, y: float, role: str, marker: str = "*") -> None:
        """Set a point; what is no number is left out."""
        place = self._place(x, y)
        if place is not None:
            self._canvas.dot(*place, role, marker)

    def blob(self, x: float, y: float, role: str, marker: str = "*") -> None:
        """Set a point that is seen at once: two by two dots."""
        place = self._place(x, y)
        if place is not None and not self._fine:
            self._canvas.dot(*place, role, marker)
        elif place is not None:
            left = min(place[0], self._canvas.columns - 2) // 2 * 2
            low = min(place[1], self._canvas.height - 2)
            for dot in ((left, low), (left + 1, low), (left, low + 1), (left + 1, low + 1)):
                self._canvas.dot(*dot, role, marker)

    def pin(self, x: float, y: float, role: str, marker: str) -> None:
        """Put a character over the cell of a point."""
        place = self._place(x, y)
        if place is not None:
            self._canvas.pin(*place, role, marker)

    def line(self, start: tuple[float, float], end: tuple[float, float], role: str, marker: str = "*") -> None:
        """Draw a straight line between two points."""
        first, last = self._place(*start), self._place(*end)
        if first is not None and last is not None:
            self._canvas.line(first, last, role, marker)

    def rule(self, x: float, char: str) -> None:
        """Draw a vertical line behind everything."""
        self._canvas.rule(self._window.column(x, self._canvas.columns), char)

    def lines(self) -> list[Line]:
        """Return the rows as text."""
        numbers = labels(self._window, self._rows)
        return [
            ((text.fit(numbers.get(index, ""), LABEL - 1, ">") + " ", "dim"), *body)
            for index, body in enumerate(self._canvas.lines())
        ]

    def _place(self, x: float, y: float) -> tuple[int, int] | None:
        if not math.isfinite(x):
            return None
        height = self._window.height(y, self._canvas.height)
        return None if height is None else (self._window.column(x, self._canvas.columns), height)


def ends(values: Iterable[float], least: float = 1e-9) -> Ends:
    """Return the smallest and the largest finite value, a little apart where they are equal; 0 to 1 without any."""
    usable = [value for value in values if math.isfinite(value)]
    if not usable:
        return 0.0, 1.0
    low, high = min(usable), max(usable)
    pad = max(least, 0.05 * abs(low), 0.01) if high - low < least else 0.0
    return low - pad, high + pad


def under(left: str, middle: str, right: str, width: int) -> Line:
    """Return the line of words under a plane: at its left edge, its middle and its right edge."""
    room = max(0, width - LABEL)
    if len(left) + len(middle) + len(right) + 2 > room:
        middle = ""
    left = left[: max(0, room - len(right) - 1)]
    before = max(1, (room - len(middle)) // 2 - len(left))
    after = max(1, room - len(left) - before - len(middle) - len(right))
    return ((" " * LABEL + text.fit(left + " " * before + middle + " " * after + right, room), "dim"),)
