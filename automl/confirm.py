"""Winning honestly: the best trials are trained again with fresh seeds, and only the fresh seeds are believed.

A trial that came out on top of many was also lucky. Its own score is therefore left out of the mean; how far it lies
above that mean is the luck. Pure functions of the folded log.
"""

import itertools
import math
import statistics
from dataclasses import dataclass, replace

from automl.space import share_of_range
from automl.spec import StudySpec
from automl.state import StudyState, TrialState

ORIGIN = "confirm"
NOT_SEARCHED = (ORIGIN, "final")
EDGE = 0.05
DIVERGED_SCORE = 0.0

# 97.5 % points of Student's t by degrees of freedom; beyond the table the normal one is near enough.
_T = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131)
_NORMAL = 1.960


@dataclass(frozen=True)
class Confirmed:
    """What fresh seeds say of one trial's settings.

    Attributes:
        source: the trial that was confirmed.
        first: the score that it was chosen for.
        scores: scores of the fresh seeds; one that diverged counts as 0.
        diverged: how many of them diverged.
        mean: of `scores`.
        half_width: half of the 95 % interval of the mean, by Student's t; None for a single seed.
    """

    source: int
    first: float
    scores: tuple[float, ...]
    diverged: int
    mean: float
    half_width: float | None

    @property
    def luck(self) -> float:
        """How much of the first score was a lucky seed."""
        return self.first - self.mean


def search_trials(state: StudyState, spec: StudySpec | None = None) -> list[TrialState]:
    """Finished trials of the search itself, best first; the earlier one of equals first.

    With a spec, those that break one of its limits come behind all others.
    """
    found = [
        trial
        for trial in state.trials.values()
        if trial.origin not in NOT_SEARCHED and trial.state == "finished" and trial.score is not None
        if trial.excluded is None
    ]
    return sorted(found, key=lambda trial: (_breaks(spec, trial), -(trial.score or 0.0), trial.number))


def candidates(spec: StudySpec, state: StudyState) -> tuple[int, ...]:
    """The trials to confirm."""
    return tuple(trial.number for trial in search_trials(state, spec)[: spec.confirm.top])


def next_repeat(spec: StudySpec, state: StudyState, endless: bool = False) -> tuple[int, int] | None:
    """The next (trial, repeat) to train; the first repeat of each candidate comes before the second of any.

    Args:
        spec: what the study is asked to do.
        state: its folded log.
        endless: whether to go on behind the last repeat that was asked for, because there is time left.
    """
    made = {(trial.lineage.get("confirms"), trial.lineage.get("repeat")) for trial in _repeats(state)}
    repeats = itertools.count() if endless and state.confirming else range(spec.confirm.seeds)
    wanted = ((source, repeat) for repeat in repeats for source in state.confirming)
    return next((pair for pair in wanted if pair not in made), None)


def confirmed(state: StudyState) -> list[Confirmed]:
    """What fresh seeds said so far, best mean first."""
    found = []
    for source in state.confirming:
        mine = [trial for trial in _repeats(state) if trial.lineage.get("confirms") == source]
        diverged = sum(trial.state == "diverged" for trial in mine)
        scores = [trial.score for trial in mine if trial.state == "finished" and trial.score is not None]
        scores += [DIVERGED_SCORE] * diverged
        if scores:
            first = state.trials[source].score or 0.0
            half = half_width(scores)
            found.append(Confirmed(source, first, tuple(scores), diverged, statistics.fmean(scores), half))
    return sorted(found, key=lambda item: (-item.mean, item.source))


def half_width(scores: list[float]) -> float | None:
    """Half of the 95 % interval of the mean of these scores; None for fewer than two."""
    count = len(scores)
    if count < 2:
        return None
    factor = _T[count - 2] if count - 2 < len(_T) else _NORMAL
    return factor * statistics.stdev(scores) / math.sqrt(count)


def best_number(state: StudyState, spec: StudySpec | None = None) -> int | None:
    """The study's best trial: the one with the best confirmed mean, else the one with the highest score.

    With a spec, one that breaks a limit is the best only where all do.
    """
    ranking = confirmed(state)
    if ranking:
        return min(ranking, key=lambda item: _breaks(spec, state.trials[item.source])).source
    admitted = {number: trial for number, trial in state.trials.items() if not _breaks(spec, trial)}
    best = replace(state, trials=admitted).best() or state.best()
    return best.number if best else None


def _breaks(spec: StudySpec | None, trial: TrialState) -> bool:
    return spec is not None and not spec.admits(trial)


def told_apart(first: Confirmed, second: Confirmed) -> bool:
    """Whether the intervals of two means do not overlap."""
    if first.half_width is None or second.half_width is None:
        return False
    return first.mean - first.half_width > second.mean + second.half_width


def at_the_edge(spec: StudySpec, trial: TrialState) -> list[tuple[str, str]]:
    """The searched keys whose value lies in the outer 5 % of its range, and at which end."""
    found = []
    for path, dimension in spec.space.items():
        share = share_of_range(dimension, trial.params.get(path))
        if share is not None and not EDGE <= share <= 1 - EDGE:
            found.append((path, "lower" if share < EDGE else "upper"))
    return found


def _repeats(state: StudyState) -> list[TrialState]:
    return [trial for _, trial in sorted(state.trials.items()) if trial.origin == ORIGIN]
