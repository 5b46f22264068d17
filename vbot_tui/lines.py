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
    old, new = plain(before), plain(after)
    if text.width(old) != len(old) or text.width(new) != len(new):
        return [(0, width)]
    old, new = old.ljust(width), new.ljust(width)
    if [(len(part), role) for part, role in before] == [(len(part), role) for part, role in after]:
        changed = [index for index in range(width) if old[index] != new[index]]
    else:
        was, now = _roles(before, width), _roles(after, width)
        changed = [index for index in range(width) if old[index] != new[index] or was[index] != now[index]]
    out: list[tuple[int, int]] = []
    for index in changed:
        if out and index - sum(out[-1]) <= JOIN_CELLS:
            out[-1] = (out[-1][0], index + 1 - out[-1][0])
        else:
            out.append((index, 1))
    return out


def _roles(spans: Line, width: int) -> list[str]:
    """Return the role of every cell; what lies beyond the spans has none."""
    roles: list[str] = []
    for part, role in spans:
        roles.extend([role] * len(part))
    return roles + [""] * (width - len(roles))
