"""The base of every widget here: a list of lines, painted through the Line API.

Only lines that changed since the last paint are sent, one segment per span. Nothing is measured and nothing animates.
"""

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from vbot_tui.frames import Pen
from vbot_tui.lines import ROLES, Line, differences, plain
from vbot_tui.text import width


class LineView(ScrollView, can_focus=False):
    """Lines of spans with roles; scrolls by method, never by mouse grabbing."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"role--{role}" for role in (*ROLES, "cursor")}
    DEFAULT_CSS = """
    LineView { overflow: hidden hidden; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.lines: tuple[Line, ...] = ()
        self._given: Sequence[Line] = ()
        self._styles: dict[tuple[str, bool], Style] = {}
        self._codes: dict[tuple[str, bool], tuple[str, str]] = {}

    def notify_style_update(self) -> None:
        """Forget the styles: the theme, or what the widget stands on, has changed."""
        self._styles.clear()
        self._codes.clear()
        super().notify_style_update()

    def set_lines(self, lines: Sequence[Line], *, follow: bool = False) -> None:
        """Show these lines; repaint the rows that differ.

        Args:
            lines: What to show; the very list that is shown already costs nothing.
            follow: Keep the last line in sight, unless somebody has scrolled away from it.
        """
        if lines is self._given and not follow:
            return
        self._given = lines
        at_end = self.scroll_offset.y >= len(self.lines) - self.size.height
        before, self.lines = self.lines, tuple(lines)
        if len(before) != len(self.lines):
            self.virtual_size = Size(self.size.width, len(self.lines))
        top, size = self.scroll_offset.y, self.size
        for y in range(size.height):
            old, new = _line(before, top + y), _line(self.lines, top + y)
            if old is not new and old != new:
                self.repaint(y, differences(old, new, size.width), new)
        if follow and at_end:
            self.scroll_lines(len(self.lines))

    def repaint(self, y: int, stretches: Sequence[tuple[int, int]], after: Line, *, cursor: bool = False) -> None:
        """Have stretches (first cell, number of cells) of a row painted: at once where that can be done."""
        pen: Pen | None = getattr(self.app, "pen", None)
        if stretches and pen is not None and pen.takes(self):
            pen.draw(self, y, stretches, partial(self._sent, after, cursor))
        else:
            for start, cells in stretches:
                self.refresh(Region(start, y, cells, 1))

    def clear_lines(self) -> None:
        """Show nothing, from the top."""
        self.set_lines(())
        self.scroll_to(y=0, animate=False, force=True, immediate=True)

    def scroll_lines(self, rows: int) -> None:
        """Move the window by this many lines."""
        last = max(0, len(self.lines) - self.size.height)
        target = min(last, max(0, self.scroll_offset.y + rows))
        self.scroll_to(y=target, animate=False, force=True, immediate=True)

    def render_line(self, y: int) -> Strip:
        """Paint one row of the window."""
        return self.paint(_line(self.lines, y + self.scroll_offset.y))

    def paint(self, spans: Line, *, cursor: bool = False) -> Strip:
        """Return the strip of a line, filled to the width of the widget."""
        segments = [Segment(text, self._style(role, cursor)) for text, role in spans]
        return Strip(segments).adjust_cell_length(self.size.width, self._style("", cursor))

    def _sent(self, spans: Line, cursor: bool, start: int, stop: int) -> str:
        """Return what the terminal is sent for the cells of a line from one to before another."""
        whole = plain(spans)
        if width(whole) != len(whole):
            return self._rendered(self.paint(spans, cursor=cursor).crop(start, stop))
        out: list[str] = []
        at = 0
        for text, role in (*spans, (" " * (stop - len(whole)), "")):
            piece = text[max(0, start - at) : max(0, stop - at)]
            if piece:
                before, after = self._codes_of(role, cursor)
                out.append(f"{before}{piece}{after}")
            at += len(text)
        return "".join(out)

    def _codes_of(self, role: str, cursor: bool) -> tuple[str, str]:
        """What the terminal is sent before and after text of a role; found once for a theme."""
        found = self._codes.get((role, cursor))
        if found is None:
            before, _, after = self._rendered(Strip([Segment("x", self._style(role, cursor))])).partition("x")
            found = self._codes[role, cursor] = before, after
        return found

    def _rendered(self, strip: Strip) -> str:
        for line_filter in self.get_line_filters():
            strip = strip.apply_filter(line_filter, self.background_colors[1])
        return strip.render(self.app.console)

    def _style(self, role: str, cursor: bool) -> Style:
        """The whole style of a role, on the cursor's row or on any other; each is made once for a theme."""
        found = self._styles.get((role, cursor))
        if found is None:
            base = self.get_component_rich_style("role--cursor") if cursor else self.rich_style
            found = self._styles[role, cursor] = base + self.role_style(role) if role else base
        return found

    def role_style(self, role: str) -> Style:
        """Return the part of a style that a role adds (no background)."""
        style = self.get_component_rich_style(f"role--{role}", partial=True)
        return style.from_color(style.color) + Style(bold=style.bold, reverse=style.reverse) if style.bgcolor else style


def _line(lines: Sequence[Line], index: int) -> Line:
    return lines[index] if 0 <= index < len(lines) else ()
