"""A line of the screen as data: spans of text, each with a role that the theme turns into a style.

Panels are pure functions from a view to such lines, so they are tested as text, and the widgets only paint.
"""

from collections.abc import Iterable

from vbot_tui import text

Span = tuple[str, str]
Line = tuple[Span, ...]

CURVES = ("s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7")
"""Roles of curves, told apart by everybody."""
ROLES = ("dim", "good", "warn", "bad", "accent", "title", "key", "spark", *CURVES)
"""Every role; the empty string is plain text."""


def line(*spans: Span | str) -> Line:
    """Return a line; a bare string is a span without a role."""
    return tuple((span, "") if isinstance(span, str) else span for span in spans if span)


def plain(spans: Line) -> str:
    """Return the text of a line without its roles."""
    return "".join(part for part, _ in spans)


def screen(lines: Iterable[Line]) -> str:
    """Return the text of many lines, one per row, without trailing blanks."""
    return "\n".join(plain(item).rstrip() for item in lines)


JOIN_CELLS = 16
"""Equal cells between two differences that cost less to send again than to jump over."""


def differences(before: Line, after: Line, width: int) -> list[tuple[int, int]]:
    """Return the stretches (first cell, number of cells) in which two lines of a screen differ.

    A line with characters of another width than one cell is compared as a whole.
    """
    if before == after:
        return []
    old, new = _cells(before, width), _cells(after, width)
    if old is None or new is None:
        return [(0, width)]
    changed = [index for index in range(width) if old[index] != new[index]]
    out: list[tuple[int, int]] = []
    for index in changed:
        if out and index - sum(out[-1]) <= JOIN_CELLS:
            out[-1] = (out[-1][0], index + 1 - out[-1][0])
        else:
            out.append((index, 1))
    return out


def _cells(spans: Line, width: int) -> list[tuple[str, str]] | None:
    """Return one (character, role) per cell, or None where characters are not all one cell wide."""
    cells: list[tuple[str, str]] = []
    for part, role in spans:
        if not part.isascii() and text.width(part) != len(part):
            return None
        cells.extend((char, role) for char in part)
    return (cells + [(" ", "")] * (width - len(cells)))[:width]
