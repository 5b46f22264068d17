"""Jump mode: every line in sight gets a letter, and the next key goes there."""

import string
from collections.abc import Sequence

from textual.app import ComposeResult
from textual.events import Key

from vbot_tui.lines import Line, plain
from vbot_tui.screens.base import CockpitModal, textual_bindings

LETTERS = string.ascii_lowercase + string.ascii_uppercase


class Jump(CockpitModal[int]):
    """Waits for one letter and hands back the place of its line; anything else drops it.

    Args:
        places: How many lines there are to choose from.
    """

    BINDINGS = textual_bindings("jump")
    CSS = "Jump { background: $background 0%; }"

    def __init__(self, places: int) -> None:
        super().__init__()
        self.places = min(places, len(LETTERS))

    def compose(self) -> ComposeResult:
        """Show nothing of its own."""
        return iter(())

    def on_key(self, event: Key) -> None:
        """Take the letter."""
        if event.key == "escape":
            return
        place = LETTERS.find(event.character) if event.character else -1
        event.stop()
        self.dismiss(place if 0 <= place < self.places else None)

    def action_drop(self) -> None:
        """Go nowhere."""
        self.dismiss(None)


def lettered(lines: Sequence[Line], first: int, places: Sequence[int]) -> list[Line]:
    """Return lines whose first cell shows a letter where they can be jumped to.

    Args:
        lines: What is shown.
        first: Index of the first line in sight.
        places: Indices of the lines that can be jumped to, in sight, in their order.
    """
    letters = dict(zip(places, LETTERS, strict=False))
    out = []
    for index, line in enumerate(lines):
        if index in letters and index >= first:
            out.append(((letters[index], "warn"), *_rest(line)))
        else:
            out.append(line)
    return out


def _rest(line: Line) -> Line:
    """Return a line without its first cell."""
    if not plain(line):
        return ()
    head, *tail = line
    return ((head[0][1:], head[1]), *tail) if len(head[0]) > 1 else tuple(tail)
