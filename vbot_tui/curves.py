"""Curves as charts need them: kept up to date point by point, smoothed, and laid out over steps or over time.

A chart is redrawn often and its data grows little, so what was copied, smoothed or summed once is kept. Owned by the
screen's thread alone; the store behind it has its own lock.
"""

import math
from array import array
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sessions.series import Series, SeriesSet

TIME_PARTS = ("perf/rollout_s", "perf/update_s", "perf/eval_s")
"""What a training spends its time on; their sum over the updates is the time worked, pauses left out."""
GROUPS = ("eval", "episode", "reward", "task", "ppo", "perf")
_BELONGS = {"end": "episode", "value": "ppo"}


@dataclass(frozen=True)
class Axis:
    """How steps lie on the horizontal axis: as they are, or at the time at which they were reached."""

    steps: Sequence[int] = ()
    places: Sequence[float] = ()

    def place(self, step: float) -> float:
        """Return where a step lies on the axis."""
        if not self.steps:
            return float(step)
        index = bisect_left(self.steps, step)
        if index >= len(self.steps):
            return float(self.places[-1])
        high_step, high = self.steps[index], self.places[index]
        low_step, low = (self.steps[index - 1], self.places[index - 1]) if index else (0, 0.0)
        return low + (high - low) * (step - low_step) / max(1, high_step - low_step)

    def step(self, place: float) -> float:
        """Return the step that lies at a place; beyond the last one there is none, so infinity."""
        if not self.steps:
            return place
        index = bisect_left(self.places, place)
        if index >= len(self.steps):
            return math.inf if place > self.places[-1] else float(self.steps[-1])
        high_step, high = self.steps[index], self.places[index]
        low_step, low = (self.steps[index - 1], self.places[index - 1]) if index else (0, 0.0)
        return low_step + (high_step - low_step) * (place - low) / max(1e-12, high - low)


STEPS = Axis()


class Smooth:
    """A moving average that forgets exponentially, free of the pull to its start; NaN stays a gap."""

    def __init__(self, weight: float) -> None:
        self.weight = weight
        self.series = Series()
        self._sum = 0.0
        self._mass = 0.0

    def extend(self, source: Series) -> None:
        """Take in the points that came since the last call."""
        for index in range(len(self.series), len(source)):
            value = source.values[index]
            if math.isfinite(value):
                self._sum = self.weight * self._sum + (1.0 - self.weight) * value
                self._mass = self.weight * self._mass + (1.0 - self.weight)
                value = self._sum / self._mass
            self.series.steps.append(source.steps[index])
            self.series.values.append(value)


class CurveCache:
    """The curves of runs that are looked at.

    Args:
        source: Gives the growing curves of a run.
    """

    def __init__(self, source: Callable[[str], SeriesSet]) -> None:
        self._source = source
        self._series: dict[tuple[str, str], Series] = {}
        self._smooth: dict[tuple[str, str, float], Smooth] = {}
        self._seams: dict[str, int] = {}

    def tags(self, run: str) -> tuple[str, ...]:
        """Return the tags of a run."""
        return self._source(run).tags() if run else ()

    def get(self, run: str, tag: str) -> Series:
        """Return a curve with everything that is known by now."""
        live = self._source(run)
        seams = len(live.seams)
        if self._seams.setdefault(run, seams) != seams or self._outgrown(run, tag, live):
            self._forget(run)
            self._seams[run] = seams
        kept = self._series.setdefault((run, tag), Series())
        new = live.get(tag, len(kept))
        kept.steps.extend(new.steps)
        kept.values.extend(new.values)
        return kept

    def smooth(self, run: str, tag: str, weight: float) -> Series:
        """Return a curve smoothed; weight 0 is the curve itself, 0.9 averages about ten points."""
        raw = self.get(run, tag)
        if weight <= 0:
            return raw
        kept = self._smooth.setdefault((run, tag, weight), Smooth(weight))
        kept.extend(raw)
        return kept.series

    def band(self, run: str, tag: str) -> tuple[Series, Series] | None:
        """Return the lower and the upper edge of what a curve stands for, where it stands for several."""
        del run, tag
        return None

    def time_axis(self, run: str) -> Axis:
        """Return the axis of seconds worked, as the run's own timing tells."""
        parts = [self.get(run, tag) for tag in TIME_PARTS]
        spent: dict[int, float] = {}
        for part in parts:
            for step, value in part:
                spent[step] = spent.get(step, 0.0) + (value if math.isfinite(value) and value > 0 else 0.0)
        steps, places, total = array("q"), array("d"), 0.0
        for step in sorted(spent):
            total += spent[step]
            steps.append(step)
            places.append(total)
        return Axis(steps, places)

    def _outgrown(self, run: str, tag: str, live: SeriesSet) -> bool:
        """Return whether more is kept than there is: the files turned out to be other ones."""
        kept = self._series.get((run, tag))
        return kept is not None and live.last_step(tag) < kept.last_step

    def _forget(self, run: str) -> None:
        """Start anew where a run was resumed from an earlier step."""
        self._series = {key: kept for key, kept in self._series.items() if key[0] != run}
        self._smooth = {key: smooth for key, smooth in self._smooth.items() if key[0] != run}


def group_of(tag: str) -> str:
    """Return the group of charts that a tag belongs to."""
    head = tag.split("/", 1)[0]
    head = _BELONGS.get(head, head)
    return head if head in GROUPS else "other"


def grouped(tags: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return tags by group, in the order of the groups; the most telling tag of a group first."""
    out: dict[str, tuple[str, ...]] = {}
    for name in (*GROUPS, "other"):
        found = sorted((tag for tag in tags if group_of(tag) == name), key=_rank)
        if found:
            out[name] = tuple(found)
    return out


_FIRST = ("eval/score", "eval/success", "eval/fell", "episode/return", "episode/success", "episode/fell",
          "reward/total", "task/distance_m", "task/speed_mps", "ppo/kl", "ppo/entropy", "ppo/std",
          "perf/steps_per_s")  # fmt: skip


def _rank(tag: str) -> tuple[int, str]:
    return (_FIRST.index(tag) if tag in _FIRST else len(_FIRST), tag)
