"""A line of the screen as data: spans of text, each with a role that the theme turns into a style.

Panels are pure functions from a view to such lines, so they are tested as text, and the widgets only paint.
"""

from collections.abc import Iterable

Span = tuple[str, str]
Line = tuple[Span, ...]

ROLES = ("dim", "good", "warn", "bad", "accent", "title", "key", "spark")
"""Every role; the empty string is plain text."""


def line(*spans: Span | str) -> Line:
    """Return a line; a bare string is a span without a role."""
    return tuple((span, "") if isinstance(span, str) else span for span in spans if span)


def plain(spans: Line) -> str:
    """Return the text of a line without its roles."""
    return "".join(text for text, _ in spans)


def screen(lines: Iterable[Line]) -> str:
    """Return the text of many lines, one per row, without trailing blanks."""
    return "\n".join(plain(item).rstrip() for item in lines)
