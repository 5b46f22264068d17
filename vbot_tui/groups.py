"""Runs that are the same up to their seed, folded: the median of their curves and the band around it. Pure.

Kept by the screen's thread like the curves themselves.
"""

import math
import statistics
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sessions.series import Series, SeriesSet
from vbot_tui.curves import Axis, CurveCache, Smooth
from vbot_tui.model import Papers

SEEDS = ("train.seed",)
PREFIX = "seeds of "
Band = tuple[Series, Series]


@dataclass(frozen=True)
class Group:
    """Runs with the same settings.

    Attributes:
        runs: their ids, in the order in which they were given.
        seeds: the seed of each.
    """

    runs: tuple[str, ...]
    seeds: tuple[str, ...]

    @property
    def id(self) -> str:
        """A name under which its curves are asked for."""
        return PREFIX + self.runs[0]


def seed_groups(papers: Sequence[Papers]) -> tuple[Group, ...]:
    """Return runs grouped by all their settings but the seed, in the order of the first run of each group."""
    found: dict[tuple[tuple[str, str], ...], list[Papers]] = {}
    for own in papers:
        same = tuple(sorted((item.key, item.value) for item in own.settings if item.key not in SEEDS))
        found.setdefault(same, []).append(own)
    return tuple(Group(tuple(own.run_id for own in members), tuple(map(_seed, members))) for members in found.values())


def _seed(own: Papers) -> str:
    return next((item.value for item in own.settings if item.key in SEEDS), "?")


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Return lower quartile, median and upper quartile of the finite ones among some numbers; NaN without any."""
    usable = sorted(value for value in values if math.isfinite(value))
    if not usable:
        return math.nan, math.nan, math.nan
    if len(usable) == 1:
        return usable[0], usable[0], usable[0]
    low, middle, high = statistics.quantiles(usable, n=4, method="inclusive")
    return low, middle, high


def fold(members: Sequence[Series]) -> tuple[Series, Series, Series]:
    """Return lower quartile, median and upper quartile of curves over their steps.

    The steps are those of the longest curve; a curve takes part as far as it goes, with the value in force there.
    """
    whole = [member for member in members if len(member)]
    out = (Series(), Series(), Series())
    if not whole:
        return out
    steps = max(whole, key=len).steps
    for step in steps:
        values = [member.at(step) for member in whole if member.last_step >= step]
        for series, value in zip(out, quartiles(values), strict=True):
            series.steps.append(step)
            series.values.append(value)
    return out


class GroupedCurves(CurveCache):
    """Curves of runs and of groups of runs; those of a group are medians.

    Args:
        source: Gives the growing curves of a run.
        groups: Members by the id of their group.
    """

    def __init__(self, source: Callable[[str], SeriesSet], groups: Mapping[str, tuple[str, ...]]) -> None:
        super().__init__(source)
        self._groups = dict(groups)
        self._folded: dict[tuple[str, str], tuple[array[int], tuple[Series, Series, Series]]] = {}

    def tags(self, run: str) -> tuple[str, ...]:
        """Return the tags of a run, or of all runs of a group."""
        if run not in self._groups:
            return super().tags(run)
        return tuple(sorted({tag for member in self._groups[run] for tag in super(GroupedCurves, self).tags(member)}))

    def get(self, run: str, tag: str) -> Series:
        """Return a curve, or the median of a group's."""
        return self._fold(run, tag)[1] if run in self._groups else super().get(run, tag)

    def smooth(self, run: str, tag: str, weight: float) -> Series:
        """Return a curve smoothed; medians change behind their end too, so they are smoothed anew."""
        if run not in self._groups or weight <= 0:
            return super().smooth(run, tag, weight)
        kept = Smooth(weight)
        kept.extend(self.get(run, tag))
        return kept.series

    def time_axis(self, run: str) -> Axis:
        """Return the axis of seconds worked; that of a group is its first run's."""
        return super().time_axis(self._groups[run][0] if run in self._groups else run)

    def band(self, run: str, tag: str) -> Band | None:
        """Return the quartiles of a group's curves; None for a single run."""
        if run not in self._groups:
            return None
        low, _, high = self._fold(run, tag)
        return low, high

    def _fold(self, group: str, tag: str) -> tuple[Series, Series, Series]:
        members = [super(GroupedCurves, self).get(run, tag) for run in self._groups[group]]
        sizes = array("q", (len(member) for member in members))
        known = self._folded.get((group, tag))
        if known is None or known[0] != sizes:
            known = self._folded[group, tag] = sizes, fold(members)
        return known[1]
