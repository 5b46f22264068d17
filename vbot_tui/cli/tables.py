"""Plain text tables and short numbers for verbs that list things."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

NUMBER = re.compile(r"-|-?[\d,.]+( ?(%|s|min|h|d))?")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell; a column of numbers is set flush right."""
    columns = list(zip(head, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    right = [all(NUMBER.fullmatch(cell) for cell in column[1:]) for column in columns]
    lines = []
    for row in (head, *rows):
        cells = [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def number(value: float | None, digits: int = 0) -> str:
    """A number with thousands separators, or a dash."""
    return "-" if value is None else f"{value:,.{digits}f}"


def percent(value: float | None) -> str:
    """A fraction as percent, or a dash."""
    return "-" if value is None else f"{value:.1%}"


def age(created: str | None, now: datetime | None = None) -> str:
    """How long ago a UTC time was, in its largest unit."""
    if not created:
        return "-"
    seconds = ((now or datetime.now(UTC)) - datetime.fromisoformat(created)).total_seconds()
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"
