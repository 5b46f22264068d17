"""Early stopping by asynchronous successive halving: pure decisions over journalled rung scores.

Rungs are shares of a trial's steps. A trial goes on past a rung when its promise is in the best 1/eta of all seen there
so far; otherwise it pauses with its checkpoint, and is promoted when later trials turn out to be worse. Nobody pauses
who stands where a trial stood that became one of the best: some tasks are learned late. A score that is not a number
never goes on. The promise (`state.Rung.promise`) is the score plus the share of the way covered, because early on
nobody arrives.
"""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from automl.state import TrialState
from vbot_sim.settings import require


@dataclass(frozen=True)
class AshaCfg:
    """When to compare trials.

    Attributes:
        enabled: off by default: documented runs stand at 0.3 % success for a third of their length and end at 58 %,
            so halving is only fair on rungs late enough, which depends on the task.
        eta: at each rung the best 1/eta go on.
        rungs: shares of a trial's steps at which trials are compared.
        min_peers: nobody is paused at a rung before so many trials have been there.
        wait: whether at the first rung, which is cheap to reach, trials pause until so many have been there; else the
            first ones of a study run far before there is anybody to compare them with.
        reference: the curve of a run known to end well, as (share of the steps, promise) pairs; a trial that is not
            below it goes on. Trials of the study that ended well are such references too.
    """

    enabled: bool = False
    eta: float = 2.0
    rungs: tuple[float, ...] = (0.4, 0.7)
    min_peers: int = 4
    wait: bool = False
    reference: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot halve."""
        require(self.eta > 1, f"early_stop.eta must be greater than 1, got {self.eta}.")
        ordered = list(self.rungs) == sorted(set(self.rungs)) and all(0 < share < 1 for share in self.rungs)
        require(ordered, f"early_stop.rungs must rise between 0 and 1, got {list(self.rungs)}.")
        require(self.min_peers >= 2, f"early_stop.min_peers must be at least 2, got {self.min_peers}.")


def rung_of(cfg: AshaCfg, step: int, seen_steps: Iterable[int], total_steps: int) -> int | None:
    """Index of the rung that an evaluation at `step` decides: the highest one reached that no earlier one reached."""
    reached = [index for index, share in enumerate(cfg.rungs) if step >= share * total_steps]
    if not reached:
        return None
    earlier = max(seen_steps, default=-1)
    return None if earlier >= cfg.rungs[reached[-1]] * total_steps else reached[-1]


def score_at(cfg: AshaCfg, trial: TrialState, rung: int, total_steps: int) -> float | None:
    """A trial's promise at a rung: that of its first evaluation at or after it; None if it has none or is no number."""
    threshold = cfg.rungs[rung] * total_steps
    past = (known for known in trial.rungs if known.step >= threshold)
    at = min(past, key=lambda known: known.step, default=None)
    return at.promise if at is not None else None


def rung_scores(cfg: AshaCfg, trials: Iterable[TrialState], rung: int, total_steps: int) -> list[float]:
    """The promise at this rung of every trial that reached it."""
    scores = (score_at(cfg, trial, rung, total_steps) for trial in trials)
    return [score for score in scores if score is not None]


def forgiven(cfg: AshaCfg, trials: Iterable[TrialState], rung: int, total_steps: int) -> float:
    """The lowest promise at a rung from which a trial is known to have become one of the best; infinite if unknown.

    Of n finished trials the best n / eta^2 count, at least one, as soon as there are two to compare.
    """
    ended = [trial for trial in trials if trial.state == "finished" and trial.score is not None]
    ended.sort(key=lambda trial: (-(trial.score or 0.0), trial.number))
    best = ended[: max(1, math.floor(len(ended) / cfg.eta**2))] if len(ended) >= 2 else []
    return min([*rung_scores(cfg, best, rung, total_steps), reference_at(cfg, rung)])


def reference_at(cfg: AshaCfg, rung: int) -> float:
    """The promise of the reference curve at a rung, between its points on a straight line; infinite without one."""
    points, share = sorted(cfg.reference), cfg.rungs[rung]
    for (low, low_score), (high, high_score) in itertools.pairwise(points):
        if low <= share <= high:
            return low_score + (high_score - low_score) * (share - low) / (high - low or 1.0)
    return math.inf


def decide(
    cfg: AshaCfg, score: float | None, peers: Sequence[float], forgiven_from: float = math.inf, rung: int = 1
) -> str:
    """Say "continue", "pause" or "prune" for a trial with this promise at a rung.

    Args:
        cfg: when to compare.
        score: what the trial has at the rung.
        peers: what the others have that have been there.
        forgiven_from: see `forgiven`.
        rung: its index; at the first one trials may have to wait for others.
    """
    if score is None or not math.isfinite(score):
        return "prune"
    ranking = sorted([*peers, score], reverse=True)
    if score >= forgiven_from:
        return "continue"
    if len(ranking) < cfg.min_peers:
        return "pause" if cfg.wait and rung == 0 else "continue"
    places = max(1, math.floor(len(ranking) / cfg.eta))
    return "continue" if score >= ranking[places - 1] else "pause"


def decide_trial(cfg: AshaCfg, trials: Mapping[int, TrialState], number: int, rung: int, total: int) -> str:
    """The decision for a trial whose evaluation at the rung is in `trials` already."""
    others = [trial for trial in trials.values() if trial.number != number]
    score = score_at(cfg, trials[number], rung, total)
    return decide(cfg, score, rung_scores(cfg, others, rung, total), forgiven(cfg, others, rung, total), rung)


def promotable(cfg: AshaCfg, trials: Mapping[int, TrialState], total: int) -> TrialState | None:
    """The paused trial that shall go on next: one that by now is among the best of its rung, the highest rung first."""
    if not cfg.enabled:
        return None
    ready = [
        trial
        for trial in trials.values()
        if trial.halved_at is not None
        and trial.state == "paused"
        and decide_trial(cfg, trials, trial.number, trial.halved_at, total) == "continue"
    ]
    return max(ready, key=lambda trial: _promise(cfg, trial, total), default=None)


def _promise(cfg: AshaCfg, trial: TrialState, total: int) -> tuple[int, float, int]:
    rung = trial.halved_at or 0
    return rung, score_at(cfg, trial, rung, total) or 0.0, -trial.number
