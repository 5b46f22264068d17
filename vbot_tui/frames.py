"""Frames that carry only the cells that changed.

Textual's partial update sends each line from the widget's left edge up to the last changed cell, even where only one
digit at the right changed. Over SSH those bytes are what a frame costs, so the stretches are cut on both sides here.
"""

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate
from textual.geometry import Region
from textual.strip import Strip

if TYPE_CHECKING:
    from textual.app import App
    from textual.screen import Screen
    from textual.widget import Widget


class SharpUpdate(ChopsUpdate):
    """A partial update cut to its stretches."""

    @classmethod
    def of(cls, update: ChopsUpdate) -> "SharpUpdate":
        """Return the same update, cut."""
        return cls(update.chops, update.spans, update.chop_ends)

    def render_segments(self, console: Console) -> str:
        """Return the bytes for the terminal."""
        out: list[str] = []
        for y, start, stop in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                left, right = max(x, start), min(end, stop)
                if strip is None or left >= right:
                    continue
                part = strip if (left, right) == (x, end) else strip.crop(left - x, right - x)
                out.append(Control.move_to(left, y).segment.text)
                out.append(part.render(console))
        return "".join(out)


class Pen:
    """Cells that are sent at once, past the compositor, which would look at every widget to find them.

    A widget that knows which of its cells changed draws them here; whoever paints the whole screen later asks the
    widget again, so nothing is kept twice. Only for widgets that nothing can lie over but another screen.
    """

    def __init__(self, app: "App[Any]") -> None:
        self._app = app
        self._screen: Screen[Any] | None = None
        self._parts: list[str] = []

    def draw(self, widget: "Widget", y: int, start: int, cells: int, strip: Strip) -> bool:
        """Draw cells of a row of a widget.

        Args:
            widget: Whose row it is.
            y: The row, within the widget's content.
            start: The first cell.
            cells: How many.
            strip: The whole row.

        Returns:
            Whether that was possible; if not, the widget has to ask for a repaint.
        """
        app = self._app
        if app.is_headless or not app._running or app._driver is None:
            return False
        screen = widget.screen
        if screen is not app.screen or screen._layout_required or widget._layout_required:
            return False
        where, whole = widget.content_region, widget.region
        stop = min(start + cells, where.width)
        if not (0 <= y < where.height and where.bottom <= app.size.height and start < stop):
            return False
        part = strip.crop(start, stop)
        for line_filter in widget.get_line_filters():
            part = part.apply_filter(line_filter, widget.background_colors[1])
        if self._screen is not screen:
            self._parts.clear()
            self._screen = screen
        if not self._parts:
            app.call_later(self.flush)
        self._parts.append(Control.move_to(where.x + start, where.y + y).segment.text + part.render(app.console))
        widget._styles_cache.set_dirty(Region(start, y + where.y - whole.y, cells, 1))
        return True

    def flush(self) -> None:
        """Send what was drawn; not onto another screen, which was painted in the meantime."""
        parts, self._parts = self._parts, []
        app = self._app
        if parts and self._screen is app.screen and app._driver is not None and app._running:
            app._begin_update()
            app._driver.write("".join(parts) + Control.move_to(*app.cursor_position).segment.text)
            app._end_update()
