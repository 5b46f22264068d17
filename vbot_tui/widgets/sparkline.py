"""A sparkline as one string: the whole picture is one segment on the wire.

NaN and infinities are gaps. Where there are more values than cells, each cell shows the value of its bucket that is
farthest from its left neighbour, so that a spike survives.
"""

import math
from collections.abc import Sequence
from functools import lru_cache


def sparkline(
    values: Sequence[float],
    cells: int,
    ramp: str,
    gap: str = " ",
    low: float | None = None,
    high: float | None = None,
) -> str:
    """Return the picture of ``values``, right-aligned in exactly ``cells`` cells.

    Args:
        values: Oldest first; any float.
        cells: Width of the result.
        ramp: One character per level, lowest first.
        gap: Drawn where there is no finite value.
        low: Value of the lowest level; the smallest finite value by default.
        high: Value of the highest level; the largest finite value by default.
    """
    return _drawn(tuple(values), cells, ramp, gap, low, high) if cells > 0 else ""


@lru_cache(maxsize=1024)
def _drawn(values: tuple[float, ...], cells: int, ramp: str, gap: str, low: float | None, high: float | None) -> str:
    """Return the picture; most of those on a screen are the same as a moment ago."""
    drawn = thin(values, cells)
    usable = [value for value in drawn if math.isfinite(value)]
    if not usable:
        return gap * cells
    bottom = min(usable) if low is None else low
    top = max(usable) if high is None else high
    text = "".join(_cell(value, bottom, top, ramp, gap) for value in drawn)
    return text.rjust(cells, gap)


def _cell(value: float, bottom: float, top: float, ramp: str, gap: str) -> str:
    if not math.isfinite(value):
        return gap
    reach = top - bottom
    if not math.isfinite(reach):  # the ends are so far apart that their distance overflows
        value, bottom, reach = value / 2, bottom / 2, top / 2 - bottom / 2
    if reach <= 0:
        return ramp[0]
    level = int((value - bottom) / reach * len(ramp))
    return ramp[min(len(ramp) - 1, max(0, level))]


def thin(values: Sequence[float], cells: int) -> list[float]:
    """Return at most ``cells`` of the values, keeping the extremes."""
    if len(values) <= cells:
        return list(values)
    kept: list[float] = []
    before = math.nan
    for index in range(cells):
        bucket = values[index * len(values) // cells : (index + 1) * len(values) // cells]
        usable = [value for value in bucket if math.isfinite(value)]
        if not usable:
            kept.append(math.nan)
            continue
        anchor = before if math.isfinite(before) else sum(usable) / len(usable)
        before = max((usable[-1], min(usable), max(usable)), key=lambda value: abs(value - anchor))
        kept.append(before)
    return kept
