"""Files in which git left its conflict markers: every version that the file holds, as its own text.

Conflicts may be nested and there may be several in one file; a version takes the same side (by nesting depth)
everywhere, which is how the two machines wrote them. Lines outside the markers belong to every version.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import TypeAlias

_MARK = re.compile(r"^(<{7}|\|{7}|={7}|>{7})(?:[ \t](.*))?$")
_MAX_DEPTH = 16
_MAX_CHOICES = 3
"""Depths at which both sides are tried; deeper ones take the upper side (2**3 versions are plenty)."""


_Lines: TypeAlias = "list[str | _Conflict]"


@dataclass
class _Conflict:
    upper: _Lines = field(default_factory=list)
    lower: _Lines = field(default_factory=list)
    upper_name: str = ""
    lower_name: str = ""
    part: int = 0  # 0 upper, 1 common ancestor (dropped), 2 lower


@dataclass(frozen=True)
class Version:
    """One reading of a conflicted file; `name` tells whose side it is."""

    name: str
    text: str


def has_conflict(text: str) -> bool:
    """True when the text holds at least an opening and a closing marker."""
    return "<<<<<<<" in text and ">>>>>>>" in text and bool(_open_then_close(text))


def _open_then_close(text: str) -> bool:
    opened = False
    for line in text.split("\n"):
        opened = opened or line.startswith("<<<<<<< ")
        if opened and line.startswith(">>>>>>> "):
            return True
    return False


def count_conflicts(text: str) -> int:
    """How many outermost conflicts the text holds."""
    return sum(isinstance(item, _Conflict) for item in _parse(text))


def versions(text: str) -> tuple[Version, ...]:
    """All different readings of a conflicted text, upper side first; the text itself when it has no conflict."""
    if not has_conflict(text):
        return (Version("", text),)
    items = _parse(text)
    depth = min(_depth(items), _MAX_CHOICES)
    found: dict[str, Version] = {}
    for sides in product((0, 1), repeat=depth):
        names: list[str] = []
        lines = list(_render(items, sides, 0, names))
        body = "\n".join(lines)
        found.setdefault(body, Version("/".join(dict.fromkeys(names)), body))
    return tuple(found.values())


def _parse(text: str) -> _Lines:
    """Nest the lines by their markers; a marker without a partner is dropped, an open conflict runs to the end."""
    top: list[str | _Conflict] = []
    stack: list[_Conflict] = []
    for line in text.split("\n"):
        mark = _MARK.match(line)
        if mark is None:
            _append(stack, top, line)
            continue
        kind, name = mark.group(1)[0], (mark.group(2) or "").strip()
        if kind == "<" and len(stack) < _MAX_DEPTH:
            conflict = _Conflict(upper_name=name)
            _append(stack, top, conflict)
            stack.append(conflict)
        elif kind == "=" and stack:
            stack[-1].part = 2
        elif kind == "|" and stack:
            stack[-1].part = 1
        elif kind == ">" and stack:
            stack.pop().lower_name = name
        elif kind == "=":
            _append(stack, top, line)
    return top


def _append(stack: list[_Conflict], top: _Lines, item: "str | _Conflict") -> None:
    if not stack:
        top.append(item)
    elif stack[-1].part == 0:
        stack[-1].upper.append(item)
    elif stack[-1].part == 2:
        stack[-1].lower.append(item)


def _depth(items: _Lines) -> int:
    inner = [max(_depth(item.upper), _depth(item.lower)) + 1 for item in items if isinstance(item, _Conflict)]
    return max(inner, default=0)


def _render(items: _Lines, sides: Sequence[int], depth: int, names: list[str]) -> Iterator[str]:
    for item in items:
        if isinstance(item, str):
            yield item
            continue
        lower = depth < len(sides) and sides[depth] == 1
        names.append((item.lower_name if lower else item.upper_name) or ("lower" if lower else "upper"))
        yield from _render(item.lower if lower else item.upper, sides, depth + 1, names)
