"""Early stopping by asynchronous successive halving: a pure decision over journalled rung scores.

Rungs are shares of a trial's steps. A trial goes on past a rung when its score is in the best 1/eta of all scores seen
there so far. A score that is not a number never goes on.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from automl.state import TrialState


@dataclass(frozen=True)
class AshaCfg:
    """When to compare trials.

    Attributes:
        enabled: off by default: documented runs stand at 0.3 % success for a third of their length and end at 58 %,
            so halving is only fair on rungs late enough, which depends on the task.
        eta: at each rung the best 1/eta go on.
        rungs: shares of a trial's steps at which trials are compared.
        min_peers: nobody is stopped at a rung before so many trials have been there.
    """

    enabled: bool = False
    eta: float = 2.0
    rungs: tuple[float, ...] = (0.4, 0.7)
    min_peers: int = 4


def rung_of(cfg: AshaCfg, step: int, seen_steps: Iterable[int], total_steps: int) -> int | None:
    """Index of the rung that an evaluation at `step` decides: the highest one reached that no earlier one reached."""
    reached = [index for index, share in enumerate(cfg.rungs) if step >= share * total_steps]
    if not reached:
        return None
    earlier = max(seen_steps, default=-1)
    return None if earlier >= cfg.rungs[reached[-1]] * total_steps else reached[-1]


def rung_scores(cfg: AshaCfg, trials: Iterable[TrialState], rung: int, total_steps: int) -> list[float]:
    """What every trial that reached this rung scored there; its first evaluation at or after the rung counts."""
    threshold = cfg.rungs[rung] * total_steps
    scores = []
    for trial in trials:
        at = min(
            (known for known in trial.rungs if known.step >= threshold), key=lambda known: known.step, default=None
        )
        if at is not None and at.score is not None and math.isfinite(at.score):
            scores.append(at.score)
    return scores


def decide(cfg: AshaCfg, score: float | None, peers: Sequence[float]) -> str:
    """Say "continue" or "prune" for a trial with this score at a rung where its peers (itself left out) have been."""
    if score is None or not math.isfinite(score):
        return "prune"
    ranking = sorted([*peers, score], reverse=True)
    if len(ranking) < cfg.min_peers:
        return "continue"
    places = max(1, math.floor(len(ranking) / cfg.eta))
    return "continue" if score >= ranking[places - 1] else "prune"
