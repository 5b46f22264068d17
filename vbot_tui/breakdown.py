"""What the robot is being paid for: the reward of one update, split into its terms and checked against the total.

The trainer logs each term's weighted mean contribution per control step and, computed on its own path, the total. Both
come in one event, so they have one step, and their difference must vanish.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PREFIX = "reward/"
TOTAL = "reward/total"
TOLERANCE = 1e-4

Points = Sequence[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class TermShare:
    """One reward term at the step shown."""

    name: str
    value: float
    share: float
    """Of the sum of all absolute values; NaN where the value is no number."""
    change: float
    """Against the reference step; NaN where there is none."""
    history: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The reward of one step by terms, largest first."""

    step: int
    terms: tuple[TermShare, ...]
    summed: float
    logged: float
    reference_step: int | None

    @property
    def gap(self) -> float:
        """Sum of the terms minus the logged total."""
        return self.summed - self.logged

    @property
    def adds_up(self) -> bool | None:
        """Whether the sum equals the logged total within 1e-4 relative; None where no total was logged at the step."""
        if not math.isfinite(self.logged):
            return None if math.isnan(self.logged) else False
        return abs(self.gap) <= TOLERANCE * max(1e-9, abs(self.logged), _largest(self.terms))


def _largest(terms: Sequence[TermShare]) -> float:
    """Return the size of the largest term: the scale that rounding errors of a sum live on."""
    return max((abs(term.value) for term in terms if math.isfinite(term.value)), default=0.0)


def at(points: Points, step: int) -> float:
    """Return the newest value at exactly this step, or NaN."""
    for seen, value in reversed(points):
        if seen == step:
            return value
        if seen < step:
            break
    return math.nan


def reference(points: Points) -> int | None:
    """Return the step a quarter of the history back, which changes are measured against."""
    if len(points) < 4:
        return None
    return points[len(points) - 1 - len(points) // 4][0]


def breakdown(series: Mapping[str, Points]) -> Breakdown | None:
    """Return the newest reward breakdown of a run, or None before its first update.

    Args:
        series: The run's scalars by tag, oldest first; tags other than ``reward/...`` are ignored.
    """
    named = {tag[len(PREFIX) :]: points for tag, points in series.items() if tag.startswith(PREFIX) and tag != TOTAL}
    named = {name: points for name, points in named.items() if points}
    if not named:
        return None
    step = max(points[-1][0] for points in named.values())
    longest = max(named.values(), key=len)
    back = reference(longest)
    values = {name: at(points, step) for name, points in named.items()}
    whole = sum(abs(value) for value in values.values() if math.isfinite(value))
    terms = [
        TermShare(
            name=name,
            value=value,
            share=abs(value) / whole if whole > 0 and math.isfinite(value) else math.nan,
            change=value - at(named[name], back) if back is not None else math.nan,
            history=tuple(point[1] for point in named[name]),
        )
        for name, value in values.items()
    ]
    terms.sort(key=lambda term: (not math.isfinite(term.value), -abs(term.value) if term.value == term.value else 0.0))
    return Breakdown(
        step=step,
        terms=tuple(terms),
        summed=math.fsum(value for value in values.values() if math.isfinite(value))
        if all(map(math.isfinite, values.values()))
        else math.nan,
        logged=at(series.get(TOTAL, ()), step),
        reference_step=back,
    )
