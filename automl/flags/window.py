"""Numbers taken from a run's curves: over its latest fifth, the fifth before, and the whole run.

Shares of episodes are weighted by how many episodes ended in each update, so that a window with few ends, or one in
which all simulations end in step, is not judged by its emptiest update.
"""

import math
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from automl.flags.types import Curves, Points, RunFacts

WINDOW_SHARE = 0.2
MIN_RECORDS = 5
SMOOTH = 5  # updates of a running mean
COUNT = "episode/count"
NOTHING_KNOWN = RunFacts()


@dataclass(frozen=True)
class Window:
    """The curves of a run, which of their steps are looked at, and what else is known of the run."""

    curves: Curves
    first_step: int
    last_step: int
    records: int
    facts: RunFacts = NOTHING_KNOWN

    @property
    def words(self) -> str:
        """The window for a person."""
        return f"steps {self.first_step:,} to {self.last_step:,} ({self.records} updates)"

    # --- means

    def mean(self, tag: str) -> float | None:
        """Mean of a tag over the window, unknown values left out."""
        return self._mean_between(tag, self.first_step, self.last_step + 1)

    def before(self, tag: str) -> float | None:
        """Mean of a tag over the fifth of the run before the window."""
        return self._mean_between(tag, self.last_step * (1 - 2 * WINDOW_SHARE), self.first_step)

    def fall_of(self, tag: str) -> float | None:
        """How much a tag fell from the fifth before to the window."""
        return less(self.before(tag), self.mean(tag))

    def _mean_between(self, tag: str, begin: float, end: float) -> float | None:
        points = self.curves.get(tag, ())
        part = points[bisect_left(points, (begin,)) : bisect_left(points, (end,))]
        if not tag.startswith(("episode/", "end/")) or tag == COUNT or COUNT not in self.curves:
            return mean(value for _, value in part)
        counts = self._counts
        pairs = [(value, counts.get(step, 0.0)) for step, value in part if math.isfinite(value)]
        total = sum(weight for _, weight in pairs)
        return sum(value * weight for value, weight in pairs) / total if total > 0 else None

    @cached_property
    def _counts(self) -> dict[int, float]:
        return {step: value for step, value in self.curves[COUNT] if math.isfinite(value)}

    # --- shares of what is paid

    def income_share(self, terms: Collection[str]) -> float | None:
        """What part of all that was paid (penalties apart) was paid by these reward terms."""
        return _share(self.income, terms)

    def cost_share(self, terms: Collection[str]) -> float | None:
        """What part of all penalties these reward terms took."""
        return _share(self.costs, terms)

    @cached_property
    def income(self) -> dict[str, float]:
        """What each term paid per control step, of those that paid."""
        return {term: value for term, value in self._terms() if value > 0}

    @cached_property
    def costs(self) -> dict[str, float]:
        """What each term took per control step, of those that took."""
        return {term: -value for term, value in self._terms() if value < 0}

    def _terms(self) -> Iterator[tuple[str, float]]:
        for tag in self.curves:
            if tag.startswith("reward/") and tag != "reward/total" and (found := self.mean(tag)) is not None:
                yield tag.removeprefix("reward/"), found

    def pays(self, terms: Collection[str]) -> bool:
        """Whether the reward has any of these terms at all."""
        return any(f"reward/{term}" in self.curves for term in terms)

    @cached_property
    def fall_price(self) -> float | None:
        """What one fall cost, from what falls cost in all; 0 where they are free, None where nobody fell."""
        steps = self._episodes("episode/fell")
        if not steps:
            return None
        paid = dict(self.curves.get("reward/termination", ()))
        cost = sum(-paid.get(step, 0.0) * samples for step, samples, _ in steps)
        return cost / falls if (falls := sum(fallen for _, _, fallen in steps)) > 0 else None

    def _episodes(self, tag: str) -> list[tuple[int, int, float]]:
        """Step, control steps and number of episodes with `tag` for each update of the window."""
        if COUNT not in self.curves:
            return []
        counts, before, found = self._counts, 0, []
        for step, value in self.curves.get(tag, ()):
            if step >= self.first_step and math.isfinite(value):
                found.append((step, step - before, value * counts.get(step, 0.0)))
            before = step
        return found

    # --- the run as a whole

    @property
    def progress(self) -> float | None:
        """Where the run stands, from 0 to 1; None where its length is not known."""
        total = self.facts.total_env_steps
        return min(1.0, self.last_step / total) if total > 0 else None

    def first(self, tag: str) -> float | None:
        """The first known value of a tag."""
        return next((value for _, value in self.curves.get(tag, ()) if math.isfinite(value)), None)

    def last(self, tag: str) -> float | None:
        """The latest known value of a tag."""
        return next((value for _, value in reversed(self.curves.get(tag, ())) if math.isfinite(value)), None)

    def peak(self, tag: str) -> tuple[int, float] | None:
        """Where a tag's running mean was highest, and how high."""
        return max(smoothed(self.curves.get(tag, ())), key=lambda point: point[1], default=None)


def latest_window(curves: Curves, facts: RunFacts | None = None) -> Window | None:
    """The latest fifth of a run; None while there is too little to judge."""
    steps = sorted({step for points in curves.values() for step, _ in points})
    if len(steps) < MIN_RECORDS:
        return None
    first = steps[-1] - steps[-1] * WINDOW_SHARE
    recent = steps[bisect_left(steps, first) :]
    if len(recent) < 3:
        recent = steps[-3:]
    return Window(curves, recent[0], steps[-1], len(recent), facts or NOTHING_KNOWN)


def smoothed(points: Points, width: int = SMOOTH) -> list[tuple[int, float]]:
    """Running means over `width` points, each at the step of its last point; unknown values are left out."""
    known = [(step, value) for step, value in points if math.isfinite(value)]
    sums = [0.0]
    for _, value in known:
        sums.append(sums[-1] + value)
    return [(known[end - 1][0], (sums[end] - sums[end - width]) / width) for end in range(width, len(known) + 1)]


def mean(values: Iterable[float]) -> float | None:
    """The mean of what is finite; None of nothing."""
    finite = [value for value in values if math.isfinite(value)]
    return sum(finite) / len(finite) if finite else None


def less(a: float | None, b: float | None) -> float | None:
    """`a - b`, if both are known."""
    return a - b if a is not None and b is not None else None


def ratio(a: float | None, b: float | None) -> float | None:
    """`a / b`, if both are known and `b` is not 0."""
    return a / b if a is not None and b is not None and b != 0 else None


def _share(parts: dict[str, float], terms: Collection[str]) -> float | None:
    total = sum(parts.values())
    return sum(parts.get(term, 0.0) for term in terms) / total if total > 0 else None
