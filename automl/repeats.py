"""Trials with the same settings and different seeds, taken together: a sweep compares means, not lucky seeds."""

import statistics
from dataclasses import dataclass

from automl.confirm import DIVERGED_SCORE, NOT_SEARCHED, half_width
from automl.state import Params, StudyState, TrialState


@dataclass(frozen=True)
class Group:
    """All seeds of one configuration.

    Attributes:
        params: the configuration.
        trials: their numbers.
        scores: their scores; one that diverged counts as 0, one that crashed not at all.
        mean: of `scores`.
        half_width: half of the 95 % interval of the mean, by Student's t; None for a single seed.
    """

    params: Params
    trials: tuple[int, ...]
    scores: tuple[float, ...]
    mean: float
    half_width: float | None


def repeated(state: StudyState) -> list[Group]:
    """The configurations of a search that were trained with several seeds, best mean first; empty if none was."""
    found: dict[tuple[tuple[str, object], ...], list[TrialState]] = {}
    for _, trial in sorted(state.trials.items()):
        if trial.origin not in NOT_SEARCHED:
            found.setdefault(tuple(sorted(trial.params.items())), []).append(trial)
    if all(len(members) < 2 for members in found.values()):
        return []
    groups = [group for members in found.values() if (group := _group(members)) is not None]
    return sorted(groups, key=lambda group: (-group.mean, group.trials))


def _group(members: list[TrialState]) -> Group | None:
    scored = [(trial.number, score) for trial in members if (score := _score(trial)) is not None]
    if not scored:
        return None
    scores = [score for _, score in scored]
    numbers = tuple(number for number, _ in scored)
    return Group(members[0].params, numbers, tuple(scores), statistics.fmean(scores), half_width(scores))


def _score(trial: TrialState) -> float | None:
    return DIVERGED_SCORE if trial.state == "diverged" else trial.score
