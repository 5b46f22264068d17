"""The curves of a run in memory: compact columns per tag, appended by one thread and read by others.

Every number is kept as it came, NaN and infinities included. A tag whose step goes back belongs to a run that was
resumed from an earlier checkpoint: the newer numbers are the curve, and the ones they replace are kept aside. Reducing
a curve to a screen's width keeps its extremes.
"""

import math
import threading
from array import array
from bisect import bisect_left
from collections.abc import Container, Iterable, Iterator, Sequence

from sessions.event_file import Record

FANOUT = 16  # how many entries of one pyramid level make one of the next


class Series:
    """One curve: steps that never go back, and their values."""

    def __init__(self, points: Iterable[tuple[int, float]] = ()) -> None:
        self.steps = array("q")
        self.values = array("d")
        self.replaced: list[tuple[array[int], array[float]]] = []  # what a resumed run measured anew, oldest first
        self._levels: list[tuple[array[float], array[float]]] = []
        for step, value in points:
            self.append(step, value)

    def __len__(self) -> int:
        return min(len(self.steps), len(self.values))

    def __iter__(self) -> Iterator[tuple[int, float]]:
        return iter(zip(self.steps, self.values, strict=True))

    @property
    def last(self) -> float:
        """The newest value, NaN while there is none."""
        return self.values[-1] if self.values else math.nan

    @property
    def last_step(self) -> int:
        """The newest step, 0 while there is none."""
        return self.steps[-1] if self.steps else 0

    def append(self, step: int, value: float) -> None:
        """Add a point; a step before the last one replaces the curve from there."""
        if self.steps and step < self.steps[-1]:
            self.rewind(step)
        self.steps.append(step)
        self.values.append(value)

    def rewind(self, step: int) -> None:
        """Put aside the points at and after a step."""
        cut = bisect_left(self.steps, step)
        if cut < len(self.steps):
            self.replaced.append((self.steps[cut:], self.values[cut:]))
            del self.steps[cut:]
            del self.values[cut:]
            self._levels.clear()

    def copy(self, start: int = 0) -> "Series":
        """An independent copy of the curve from a point on, without what was replaced."""
        twin = Series()
        twin.steps = self.steps[start:]
        twin.values = self.values[start:]
        return twin

    def tail(self, count: int) -> list[tuple[int, float]]:
        """The newest points, oldest of them first."""
        return list(zip(self.steps[-count:], self.values[-count:], strict=True)) if count > 0 else []

    def at(self, step: int) -> float:
        """The value in force at a step: that of the newest point not after it, NaN before the first."""
        index = bisect_left(self.steps, step + 1) - 1
        return self.values[index] if index >= 0 else math.nan

    def extent(self, start: int = 0, stop: int | None = None) -> tuple[float, float]:
        """Smallest and largest number among the points `start:stop`, NaN passed over; (NaN, NaN) if there is none."""
        stop = len(self.values) if stop is None else min(stop, len(self.values))
        if stop - start <= 4 * FANOUT:
            return _extent(self.values[start:stop])
        self._raise_pyramid()
        low, high = math.nan, math.nan
        level = -1
        while start < stop:  # climb: single entries at both ends of each level, whole groups on the next
            lows, highs = (self.values, self.values) if level < 0 else self._levels[level]
            groups = level + 1 < len(self._levels)
            first = min(stop, -(-start // FANOUT) * FANOUT) if groups else stop
            last = max(first, stop // FANOUT * FANOUT) if groups else stop
            for begin, end in ((start, first), (last, stop)):
                low = _extent(array("d", [low, *lows[begin:end]]))[0]
                high = _extent(array("d", [high, *highs[begin:end]]))[1]
            start, stop = first // FANOUT, last // FANOUT
            level += 1
            if not groups:
                break
        return low, high

    def _raise_pyramid(self) -> None:
        """Extend the levels of minima and maxima over the points that came since the last call; whole groups only."""
        lows, highs = self.values, self.values
        level = 0
        while len(lows) >= FANOUT:
            if level == len(self._levels):
                self._levels.append((array("d"), array("d")))
            next_lows, next_highs = self._levels[level]
            for begin in range(len(next_lows) * FANOUT, len(lows) // FANOUT * FANOUT, FANOUT):
                next_lows.append(_extent(lows[begin : begin + FANOUT])[0])
                next_highs.append(_extent(highs[begin : begin + FANOUT])[1])
            lows, highs = next_lows, next_highs
            level += 1

    def levels(self) -> "list[tuple[array[float], array[float]]]":
        """The pyramid: minima and maxima of groups of 16, of groups of those, and so on; whole groups only."""
        self._raise_pyramid()
        return self._levels

    def set_levels(self, levels: "list[tuple[array[float], array[float]]]") -> None:
        """Take over a pyramid that was made from these very points."""
        self._levels = levels

    def sample(self, width: int) -> tuple[float, ...]:
        """At most `width` values for a sparkline: one per stretch of the curve, its extremes among them."""
        return sample(self, width)


def sample(series: Series, width: int) -> tuple[float, ...]:
    """Reduce a curve to `width` values, in each stretch the one that stands out most from the value shown before it."""
    count = len(series)
    if width <= 0 or count == 0:
        return ()
    if count <= width:
        return tuple(series.values[:count])
    bottom, top = series.extent(0, count)
    picked: list[float] = []
    for index in range(width):
        start, stop = index * count // width, (index + 1) * count // width
        low, high = series.extent(start, stop)
        if index == width - 1:
            choice = series.values[stop - 1]  # the end of the line is where the run is now
        elif math.isnan(low):
            choice = math.nan
        else:
            before = picked[-1] if picked and math.isfinite(picked[-1]) else series.values[start]
            choice = low if before - low > high - before else high
        if high == top and top not in picked:
            choice = high
        elif low == bottom and bottom not in picked:
            choice = low
        picked.append(choice)
    return tuple(picked)


def _extent(values: Sequence[float]) -> tuple[float, float]:
    if not values:
        return math.nan, math.nan
    low, high = min(values), max(values)
    if not math.isnan(sum(values)):
        return low, high
    numbers = [value for value in values if value == value]
    return (min(numbers), max(numbers)) if numbers else (math.nan, math.nan)


class SeriesSet:
    """All curves of a run. One thread extends it; any thread takes copies."""

    def __init__(self) -> None:
        self._curves: dict[str, Series] = {}
        self._columns: dict[tuple[str, ...], list[Series]] = {}
        self._lock = threading.Lock()
        self._last_step = -(1 << 63)
        self.version = 0
        self.last_wall_time: float | None = None
        self.seams: list[int] = []  # steps from which the run was resumed

    def extend(self, records: Sequence[Record]) -> None:
        """Add records in the order they were written."""
        if not records:
            return
        with self._lock:
            for record in records:
                self._add(record)
            self.version += 1

    @classmethod
    def thawed(cls, curves: dict[str, Series], newest_step: int, last_wall_time: float | None) -> "SeriesSet":
        """A set made of whole curves."""
        out = cls()
        out._curves = curves
        out._last_step = newest_step
        out.last_wall_time = last_wall_time
        return out

    def adopt(self, other: "SeriesSet") -> None:
        """Take over what another set holds, which must not be used afterwards."""
        with self._lock:
            self._curves, self._columns = other._curves, {}
            self._last_step, self.last_wall_time = other._last_step, other.last_wall_time
            self.seams[:] = other.seams
            self.version += 1

    def frozen(self) -> dict[str, Series]:
        """The curves themselves; only for the thread that extends them."""
        return self._curves

    @property
    def newest_step(self) -> int:
        """The newest step of all curves."""
        return self._last_step

    def clear(self) -> None:
        """Forget everything: the files turned out to be other ones."""
        with self._lock:
            self._curves.clear()
            self._columns.clear()
            self.seams.clear()
            self._last_step = -(1 << 63)
            self.last_wall_time = None
            self.version += 1

    def _add(self, record: Record) -> None:
        step = record.step
        wall = record.wall_time
        if math.isfinite(wall) and (self.last_wall_time is None or wall > self.last_wall_time):
            self.last_wall_time = wall
        curves = self._columns.get(record.tags)
        if curves is None:
            curves = self._columns[record.tags] = [self._curves.setdefault(tag, Series()) for tag in record.tags]
        if step >= self._last_step:
            self._last_step = step
            for curve, number in zip(curves, record.numbers, strict=True):
                curve.steps.append(step)
                curve.values.append(number)
        else:
            self._add_behind(curves, record)

    def _add_behind(self, curves: list[Series], record: Record) -> None:
        """A step below the newest: another tag at its own pace, or a resumed run measuring anew."""
        if any(curve.steps and record.step < curve.steps[-1] for curve in curves):
            self.seams.append(record.step)
        for curve, number in zip(curves, record.numbers, strict=True):
            curve.append(record.step, number)

    def tags(self) -> tuple[str, ...]:
        """All tags, sorted."""
        with self._lock:
            return tuple(sorted(self._curves))

    def __contains__(self, tag: str) -> bool:
        return tag in self._curves

    def get(self, tag: str, start: int = 0) -> Series:
        """A copy of one curve from a point on; an unknown tag has an empty one."""
        with self._lock:
            curve = self._curves.get(tag)
            return curve.copy(start) if curve is not None else Series()

    def last(self, but: Container[str] = ()) -> dict[str, float]:
        """The newest value of every tag, but for some."""
        with self._lock:
            return {tag: curve.last for tag, curve in self._curves.items() if tag not in but}

    def last_step(self, tag: str) -> int:
        """The newest step of a tag, 0 for an unknown one."""
        with self._lock:
            curve = self._curves.get(tag)
            return curve.last_step if curve is not None else 0

    def at(self, tag: str, step: int) -> float:
        """The value of a tag in force at a step, NaN before its first."""
        with self._lock:
            curve = self._curves.get(tag)
            return curve.at(step) if curve is not None else math.nan

    def sample(self, tag: str, width: int) -> tuple[float, ...]:
        """A sparkline's values of one tag, without copying the curve."""
        with self._lock:
            curve = self._curves.get(tag)
            return curve.sample(width) if curve is not None else ()

    def mapping(self) -> dict[str, list[tuple[int, float]]]:
        """All curves as (step, value) pairs by tag."""
        return {tag: self.points(tag) for tag in self.tags()}

    def points(self, tag: str) -> list[tuple[int, float]]:
        """A curve as (step, value) pairs."""
        return list(self.get(tag))
