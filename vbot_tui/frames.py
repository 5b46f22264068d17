"""Frames that carry only the cells that changed.

Textual's partial update sends each line from the widget's left edge up to the last changed cell, even where only one
digit at the right changed. Over SSH those bytes are what a frame costs, so the stretches are cut on both sides here.
"""

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate


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
