"""Returns of paid behaviours: weighted sums over time, kept apart by term so that they can be attributed and solved.

Three views, because a learner is not moved by one number only:

- episode: the plain sum until the episode ends, which is all there is before a critic has seen more than episode ends;
- rest: the plain sum over the same stretch of time for both behaviours, success not ending anything (it bootstraps);
- discounted: what a trained critic says at a decision, a truncated episode going on as it was;
- per second: income when episodes restart at once, which is what short episodes are worth to a batch of simulations.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from automl.audit.behaviours import STEP_S
from automl.audit.pay import Floats, Income, Ints
from vbot_sim.rewards import REGISTRY, RewardFunction, TermInputs
from vbot_sim.schema import RewardCfg

View = Literal["episode", "rest", "discounted", "per_second", "next_metre", "crossing"]

STEADY_ROWS = round(1.0 / STEP_S)
_FEWEST_S = 1.0


@dataclass(frozen=True)
class Worth:
    """A weighted sum of one behaviour's income.

    Attributes:
        income: the behaviour.
        weights: [T, N], what a step counts.
        tail: [N], what the steady income at the end counts beyond it (in steps).
        extra: further contributions by term, e.g. the price of a fall that the script does not contain.
        factor: on everything: one over seconds, for rates.
    """

    income: Income
    weights: Floats
    tail: Floats
    extra: Mapping[str, float] = field(default_factory=dict)
    factor: float = 1.0

    def by_term(self, names: tuple[str, ...]) -> dict[str, float]:
        """Return the mean over the cases, term by term."""
        terms = self.income.terms
        # No matrix product: its threads would wait for each other on a machine that is training.
        flat = np.einsum("ktn,tn->k", terms, self.weights.astype(np.float32)).astype(np.float64)
        if self.tail.any():
            flat = flat + terms[:, -STEADY_ROWS:].mean(axis=1, dtype=np.float64) @ self.tail
        flat = flat / terms.shape[2]
        return {name: (float(v) + self.extra.get(name, 0.0)) * self.factor for name, v in zip(names, flat, strict=True)}

    def total(self) -> float:
        """Return it as one number."""
        paid = self.income.total
        value = float(np.einsum("tn,tn->", paid, self.weights))
        if self.tail.any():
            value += float(paid[-STEADY_ROWS:].mean(axis=0) @ self.tail)
        return float((value / paid.shape[1] + sum(self.extra.values())) * self.factor)

    def per_second(self) -> float:
        """Return it per second that counts: divided by the time it sums over, discounted as it is."""
        steps = float(self.weights.sum(dtype=np.float64) + self.tail.sum()) / self.weights.shape[1]
        return float(self.total() / max(steps * STEP_S * self.factor, 1e-9))

    def of_scale(self, cfg: RewardCfg, name: str, scale: float) -> float:
        """Return the contribution of one term under another scale, paid anew by the world's function."""
        only = replace(cfg, scales={key: scale if key == name else 0.0 for key in cfg.scales})
        function = RewardFunction(only, STEP_S)
        if not function.terms:
            return 0.0
        x = _columns(self.income.inputs, self.income.columns)
        paid = function.compute(x, np.zeros((1, *x.distance_m.shape), np.float32))
        paid[~np.isfinite(paid)] = 0.0
        total = float((paid * self.weights).sum()) + float(paid[-STEADY_ROWS:].mean(axis=0) @ self.tail)
        return float((total / paid.shape[1] + self.extra.get(name, 0.0)) * self.factor)


def _columns(x: TermInputs, own: slice) -> TermInputs:
    """Return the inputs of some columns only."""
    cut: dict[str, Any] = {"spawn_distance_m": x.spawn_distance_m[own]}
    for name, value in vars(x).items():
        if isinstance(value, np.ndarray) and value.ndim == 2 and value.shape[1] > 1:
            cut[name] = value[:, own]
    return replace(x, **cut)


def _span(income: Income, start: Ints, end: Ints) -> NDArray[np.bool_]:
    row = np.arange(income.terms.shape[1])[:, None]
    span: NDArray[np.bool_] = (row >= start) & (row <= end)
    return span


def last_row(income: Income) -> Ints:
    """Return the last step of the episode in each case."""
    return np.full(income.terms.shape[2], income.terms.shape[1] - 1, np.int64)


def until(income: Income, event: Ints) -> Ints:
    """Return the step of an event, or the last one of the episode where it does not happen."""
    return np.where(event >= 0, event, last_row(income))


def summed(income: Income, start: Ints, end: Ints) -> Worth:
    """Sum the steps from `start` to `end`, both included."""
    weights = _span(income, start, end).astype(np.float32)
    return Worth(income, weights, np.zeros(len(end)))


def rate(income: Income, start: Ints, end: Ints, extra: Mapping[str, float] | None = None) -> Worth:
    """Return the income per second of simulated time, over all cases together; an extra is paid once per episode."""
    plain = summed(income, start, end)
    seconds = max(float(np.mean(end - start + 1)) * STEP_S, STEP_S)
    return replace(plain, factor=1.0 / seconds, extra=extra or {})


def discounted(income: Income, start: Ints, end: Ints, gamma: float, bootstraps: bool) -> Worth:
    """Discount the steps from `start` on; where nobody falls, the income at the end goes on for ever.

    Args:
        income: the behaviour.
        start: decision step of each case.
        end: last step of each case.
        gamma: discount per step of the audit.
        bootstraps: whether an end that is no fall goes on.
    """
    row = np.arange(income.terms.shape[1])[:, None]
    weights = np.where(_span(income, start, end), gamma ** np.maximum(row - start, 0), 0.0)
    goes_on = bootstraps & (income.dies < 0)
    tail = np.where(goes_on, gamma ** (end + 1 - start) / max(1.0 - gamma, 1e-9), 0.0)
    return Worth(income, weights, tail)


def arrival(income: Income, distance_m: float) -> Ints:
    """Return the first step at or inside a distance, 0 where there is none (a track that starts there)."""
    close = income.distance_m <= distance_m + 1e-3
    return np.where(close.any(axis=0), np.argmax(close, axis=0), 0).astype(np.int64)


def ratio(exploit: float, job: float) -> float:
    """Return how much an exploit earns per unit the job earns; losses are compared so that less loss is more.

    A job that costs, against an exploit that does not, is infinitely worse; the ratio is then given as 10.
    """
    if job > 0.0:
        return min(exploit / job, 10.0)
    if exploit >= 0.0:
        return 10.0 if exploit > job else 1.0
    return min(job / exploit, 10.0)


def is_bounded(name: str) -> bool:
    """Return whether a term's scale works inside a clip, so that its pay is not proportional to it."""
    return REGISTRY[name].bounds_per_tick is not None
