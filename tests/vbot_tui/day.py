"""The table of a day's work in keys, as the papers have it."""

import re
from dataclasses import dataclass
from pathlib import Path

PAPER = Path(__file__).parents[2] / "docs" / "cockpit.md"
LINE = re.compile(r"^\| ([^|`]+) \| ([^|]+) \| (\d+) \| (\d+) \|$", re.MULTILINE)
TEXT = "text"


@dataclass(frozen=True)
class Activity:
    """One row: what is done, the keys pressed for it, their number as written, and the most there may be."""

    keys: tuple[str, ...]
    count: int
    target: int


def activities() -> dict[str, Activity]:
    """Every row by its name; typed text is the key ``text``."""
    return {
        name.strip(): Activity(keys_in(cell), int(count), int(target))
        for name, cell, count, target in LINE.findall(PAPER.read_text())
    }


def keys_in(cell: str) -> tuple[str, ...]:
    """Return the keys of a cell in their order; words that are no keys explain."""
    return tuple(key or TEXT for key, _ in re.findall(r"`([^`]+)`|\b(text)\b", cell))
