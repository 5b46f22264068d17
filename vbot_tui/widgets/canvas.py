"""A grid of dots that becomes text: braille where the terminal has it, one marker per cell where it has not."""

from vbot_tui.lines import Line, Span

_BRAILLE = 0x2800
_DOTS = ((0x40, 0x80), (0x04, 0x20), (0x02, 0x10), (0x01, 0x08))
"""Bit of a dot by its row, counted from below, and its column."""


class Canvas:
    """Dots with roles; (0, 0) is the lowest left dot. A cell has the role of what was drawn in it last."""

    def __init__(self, cells: int, rows: int, *, braille: bool) -> None:
        self.cells, self.rows = max(1, cells), max(1, rows)
        self._braille = braille
        self._per_cell = (2, 4) if braille else (1, 1)
        self.columns, self.height = self.cells * self._per_cell[0], self.rows * self._per_cell[1]
        self._masks = [[0] * self.cells for _ in range(self.rows)]
        self._marks: list[list[Span]] = [[(" ", "")] * self.cells for _ in range(self.rows)]

    def dot(self, x: int, y: int, role: str, marker: str = "*") -> None:
        """Set one dot; outside the grid nothing happens."""
        if 0 <= x < self.columns and 0 <= y < self.height:
            across, up = self._per_cell
            row, column = self.rows - 1 - y // up, x // across
            self._masks[row][column] |= _DOTS[y % up][x % across] if self._braille else 1
            self._marks[row][column] = (marker, role)

    def line(self, start: tuple[int, int], end: tuple[int, int], role: str, marker: str = "*") -> None:
        """Draw a straight line between two dots."""
        (x, y), (to_x, to_y) = start, end
        count = max(abs(to_x - x), abs(to_y - y), 1)
        for index in range(count + 1):
            self.dot(round(x + (to_x - x) * index / count), round(y + (to_y - y) * index / count), role, marker)

    def column(self, x: int, low: int, high: int, role: str, marker: str = "*") -> None:
        """Draw a vertical line."""
        for y in range(max(0, low), min(self.height - 1, high) + 1):
            self.dot(x, y, role, marker)

    def pin(self, x: int, y: int, role: str, marker: str) -> None:
        """Put a marker over the cell of a dot, whatever is drawn there."""
        across, up = self._per_cell
        row, column = self.rows - 1 - y // up, x // across
        if 0 <= row < self.rows and 0 <= column < self.cells:
            self._masks[row][column] = 0
            self._marks[row][column] = (marker, role)

    def rule(self, x: int, char: str) -> None:
        """Draw a vertical line of characters behind everything, through the column of a dot."""
        column = x // self._per_cell[0]
        if 0 <= column < self.cells:
            for row in range(self.rows):
                if not self._masks[row][column]:
                    self._marks[row][column] = (char, "dim")

    def lines(self) -> list[Line]:
        """Return the rows as text, neighbours of one role joined."""
        return [self._row(masks, marks) for masks, marks in zip(self._masks, self._marks, strict=True)]

    def _row(self, masks: list[int], marks: list[Span]) -> Line:
        out: list[Span] = []
        for mask, (marker, role) in zip(masks, marks, strict=True):
            char = chr(_BRAILLE + mask) if mask and self._braille else marker
            if out and (out[-1][1] == role or char == " "):
                out[-1] = (out[-1][0] + char, out[-1][1])
            else:
                out.append((char, role))
        return tuple(out)
