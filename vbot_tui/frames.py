"""Frames that carry only the cells that changed.

Textual's partial update sends each line from the widget's left edge up to the last changed cell, even where only one
digit at the right changed. Over SSH those bytes are what a frame costs, so the stretches are cut on both sides here.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate
from textual.geometry import Region, Size

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
        self._size = Size(0, 0)
        self._parts: list[str] = []
        self._places: dict[Widget, tuple[Region, Region]] = {}  # content and whole, of this frame's widgets

    def takes(self, widget: "Widget") -> bool:
        """Whether cells of this widget can be drawn now; if not, it has to ask for a repaint."""
        app = self._app
        if app.is_headless or not app._running or app._driver is None:
            return False
        screen = app.screen
        if screen._layout_required or widget._layout_required or widget.screen is not screen:
            return False
        if self._screen is not screen or self._size != app.size:
            self._forget()
            self._screen, self._size = screen, app.size
        if widget not in self._places:
            if not self._places:
                app.call_later(self.flush)
            self._places[widget] = widget.content_region, widget.region
        return self._places[widget][0].bottom <= app.size.height

    def draw(
        self, widget: "Widget", y: int, stretches: Sequence[tuple[int, int]], sent: Callable[[int, int], str]
    ) -> None:
        """Draw cells of a row of a widget that the pen takes.

        Args:
            widget: Whose row it is.
            y: The row, within the widget's content.
            stretches: First cell and number of cells of each part.
            sent: What the terminal is sent for the cells from one to before another.
        """
        where, whole = self._places[widget]
        for start, cells in stretches:
            stop = min(start + cells, where.width)
            if not (0 <= y < where.height and start < stop):
                continue
            self._parts.append(f"\x1b[{where.y + y + 1};{where.x + start + 1}H{sent(start, stop)}")
            widget._styles_cache.set_dirty(Region(start, y + where.y - whole.y, cells, 1))

    def _forget(self) -> None:
        self._parts.clear()
        self._places.clear()

    def flush(self) -> None:
        """Send what was drawn; not onto another screen, which was painted in the meantime."""
        parts, app = "".join(self._parts), self._app
        self._forget()
        if parts and self._screen is app.screen and self._size == app.size and app._driver is not None and app._running:
            app._begin_update()
            app._driver.write(parts + Control.move_to(*app.cursor_position).segment.text)
            app._end_update()
