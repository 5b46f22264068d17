"""The first picture, before anything heavy is loaded: the rows that were in sight when the cockpit was left.

Their ages are those of now, and the top line says that the cockpit is opening. The driver takes the terminal over from
here without clearing it, so the live table replaces this one in place. Light: nothing of Textual may be imported here.
"""

import os
import sys
import termios
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from vbot_tui import seat
from vbot_tui.glyphs import ASCII, UNICODE, Glyphs

_ENTER, _LEAVE = (
    "\x1b[?1049h\x1b[?25l",
    "\x1b[0m\x1b[H\x1b[J\x1b[?25h\x1b[?1049l",
)  # not every terminal has a second screen
_PLAIN, _DIM = "\x1b[0m", "\x1b[2m"
MIN_WIDTH, MIN_HEIGHT = 60, 16

_attributes: list[Any] | None = None
"""How the terminal was before the curtain; None while there is none."""


def raise_(root: Path, *, plain: bool = False) -> None:
    """Show the first picture; nothing where there is no terminal."""
    global _attributes
    descriptor = sys.stderr.fileno()
    if _attributes is not None or not (sys.stdin.isatty() and os.isatty(descriptor)):
        return
    with suppress(OSError, termios.error, ValueError):
        before = termios.tcgetattr(sys.stdin.fileno())
        quiet = termios.tcgetattr(sys.stdin.fileno())
        quiet[3] &= ~(termios.ECHO | termios.ICANON)
        termios.tcsetattr(sys.stdin.fileno(), termios.TCSANOW, quiet)
        _attributes = before
        size = os.get_terminal_size(descriptor)
        os.write(descriptor, _ENTER.encode())
        picture = draw(root, size.columns, size.lines, ASCII if plain else UNICODE, time.time())
        os.write(descriptor, picture.encode())


def draw(root: Path, width: int, height: int, glyphs: Glyphs, now: float) -> str:
    """Return what the terminal is sent: a line that says what happens, and the table as far as it is known."""
    lines = [f"{_PLAIN} vbot {glyphs.dot} opening"]
    if width >= MIN_WIDTH and height >= MIN_HEIGHT:
        lines += _table(root, width, height, glyphs, now)
    return "".join(f"\x1b[{row};1H{line}" for row, line in enumerate(lines, 1)) + _PLAIN


def _table(root: Path, width: int, height: int, glyphs: Glyphs, now: float) -> Sequence[str]:
    """Return the head of the table and its rows; nothing where no row was kept."""
    from vbot_tui.lines import plain
    from vbot_tui.widgets.trial_rows import columns, header, row_line

    left, kept = seat.load(root / "view" / seat.FILE)
    rows = seat.rows_of(kept[:height])
    if not rows:
        return ()
    layout = columns(width, rows)
    shown = rows[: max(3, min(len(rows), (height - 4) * 11 // 20 - 1))]
    marked = set(left.marked)
    return [
        f"{_DIM}{plain(header(layout, glyphs))}{_PLAIN}",
        *(
            plain(row_line(row, layout, now, glyphs, cursor=row.key == left.selected, marked=row.key in marked))
            for row in shown
        ),
    ]


def taken_over() -> "list[Any] | None":
    """Leave the terminal to the caller; returns how it was before the curtain, None if there was none."""
    global _attributes
    before, _attributes = _attributes, None
    return before


def lower() -> None:
    """Give the terminal back as it was, if nobody has taken it over."""
    before = taken_over()
    if before is not None:
        with suppress(OSError, termios.error):
            os.write(sys.stderr.fileno(), _LEAVE.encode())
            termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, before)
