"""The live trial table: fixed columns, one paint per changed row, a cursor that follows the trial.

Textual's own table repaints every visible row on any change, so this one does not build on it.
"""

from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from vbot_tui.glyphs import UNICODE, Glyphs
from vbot_tui.lines import Line, differences
from vbot_tui.model import TrialRow
from vbot_tui.widgets.line_view import LineView
from vbot_tui.widgets.trial_rows import Column, columns, header, row_line

KEPT = 256
NEAR = 64
"""Rows around the cursor's last place that are looked at before all others."""


class TrialTable(LineView, can_focus=True):
    """Rows of trials under a header that stays."""

    class Chosen(Message):
        """The cursor is on another trial now."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(self, *, glyphs: Glyphs = UNICODE, id: str | None = None) -> None:
        super().__init__(id=id)
        self.glyphs = glyphs
        self.rows: tuple[TrialRow, ...] = ()
        self.cursor_key = ""
        self.now = 0.0
        self.marked: frozenset[str] = frozenset()
        self._at = 0
        self._top = 0
        self._painted: dict[int, tuple[bool, Line]] = {}
        self._drawn: dict[str, tuple[TrialRow, tuple[int, bool, bool], Line]] = {}
        self._layout: tuple[Column, ...] = columns(80)
        self._head: tuple[object, Line] = (None, ())  # the titles, and the columns that they are of
        self._letters = ""

    @property
    def cursor(self) -> int:
        """The index of the selected row; 0 where nothing is selected."""
        return max(0, self._find())

    def _find(self) -> int:
        """Return where the selected row is, looking near its last place first; -1 where it is not."""
        rows, key, last = self.rows, self.cursor_key, self._at
        if last < len(rows) and rows[last].key == key:
            return last
        near = range(max(0, last - NEAR), min(len(rows), last + NEAR))
        found = next((index for index in near if rows[index].key == key), -1)
        if found < 0:
            found = next((index for index, row in enumerate(rows) if row.key == key), -1)
        self._at = max(0, found)
        return found

    @property
    def selected(self) -> TrialRow | None:
        """The selected trial."""
        return self.rows[self.cursor] if self.rows else None

    @property
    def in_sight(self) -> tuple[TrialRow, ...]:
        """The trials from the first visible one on."""
        return self.rows[self._top : self._top + KEPT]

    @property
    def page(self) -> int:
        """How many trials are visible at once."""
        return max(1, self.size.height - 1)

    def set_rows(self, rows: tuple[TrialRow, ...], now: float, marked: frozenset[str] = frozenset()) -> None:
        """Show these trials, some of them marked; the cursor stays on its trial wherever that went."""
        index = self.cursor
        others = [row.number is None for row in rows[:1]] != [row.number is None for row in self.rows[:1]]
        self.rows, self.now, self.marked = rows, now, marked
        if others:
            self._lay_out()
        if rows and self._find() < 0:
            self._select(min(index, len(rows) - 1))
        self._follow()
        self._repaint()

    def move_to(self, index: int) -> None:
        """Put the cursor on the row with this index."""
        if self.rows:
            self._select(min(len(self.rows) - 1, max(0, index)))
            self._follow()
            self._repaint()

    def letter(self, letters: str) -> tuple[int, int]:
        """Show letters at the left edge of the rows in sight, or none.

        Returns:
            The index of the first row in sight, and how many have a letter.
        """
        count = min(len(letters), self.page, len(self.rows) - self._top)
        self._letters = letters[:count]
        self._repaint()
        return self._top, count

    def move(self, rows: int) -> None:
        """Move the cursor down by this many rows."""
        self.move_to(self.cursor + rows)

    def _select(self, index: int) -> None:
        key, self._at = self.rows[index].key, index
        if key != self.cursor_key:
            self.cursor_key = key
            self.post_message(self.Chosen(key))

    def _follow(self) -> None:
        cursor = self.cursor
        last = max(0, len(self.rows) - self.page)
        self._top = min(last, max(cursor - self.page + 1, min(self._top, cursor)))

    def _repaint(self) -> None:
        """Send the rows whose text differs from what is on the screen."""
        if len(self._drawn) > KEPT:
            self._drawn.clear()
        size, cursor = self.size, self.cursor if self.rows else -1
        for y in range(size.height):
            marked, new = y > 0 and self._top + y - 1 == cursor, self._line_at(y)
            before = self._painted.get(y)
            self._painted[y] = marked, new
            if before is None or before[0] != marked:
                self.repaint(y, [(0, size.width)], new, cursor=marked)
            elif before[1] is not new and before[1] != new:
                self.repaint(y, differences(before[1], new, size.width), new, cursor=marked)

    def on_resize(self) -> None:
        """Choose the columns for the new width."""
        self.virtual_size = Size(self.size.width, self.size.height)
        self._lay_out()
        self._follow()

    def _lay_out(self) -> None:
        """Choose the columns for the width and for what is listed."""
        self._layout = columns(self.size.width, self.rows)
        self._painted.clear()
        self._drawn.clear()
        self.refresh()

    def _line_at(self, y: int) -> Line:
        if y == 0:
            if self._head[0] is not self._layout:
                self._head = self._layout, header(self._layout, self.glyphs)
            return self._head[1]
        index = self._top + y - 1
        if index >= len(self.rows):
            return ()
        row, marked, cursor = self.rows[index], self.rows[index].key in self.marked, index == self.cursor
        look = (int(self.now), marked, cursor)
        drawn = self._drawn.get(row.key)
        if drawn is None or drawn[0] is not row or drawn[1] != look:
            made = row_line(row, self._layout, self.now, self.glyphs, cursor=cursor, marked=marked)
            drawn = self._drawn[row.key] = row, look, made
        if y - 1 < len(self._letters):
            (edge, _), *rest = drawn[2]
            return ((self._letters[y - 1], "warn"), (edge[1:], ""), *rest) if len(edge) > 1 else (
                (self._letters[y - 1], "warn"), *rest
            )  # fmt: skip
        return drawn[2]

    def _is_cursor(self, y: int) -> bool:
        return y > 0 and bool(self.rows) and self._top + y - 1 == self.cursor

    def render_line(self, y: int) -> Strip:
        """Paint one row of the window."""
        marked, spans = self._is_cursor(y), self._line_at(y)
        self._painted[y] = marked, spans
        return self.paint(spans, cursor=marked)
