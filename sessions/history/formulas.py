"""The composite scores of the older tools, to tell which formula a stored number came from.

The formula changed several times and was never stored. Two legacy scores are comparable only under the same formula,
so each is recomputed from its metrics; the formula that gives it back exactly is its name.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

Metrics: TypeAlias = Mapping[str, float]
Formula: TypeAlias = Callable[[Metrics], float]

_TOLERANCE = 1e-9


def _ratio(value: float, full: float) -> float:
    return min(max(value / full, 0.0), 1.0)


def _reward_first(m: Metrics) -> float:
    shortness = 1 - _ratio(m["episode_length_mean"], 1000)
    survival = 1 - m["termination_rate"]
    return 0.4 * _ratio(m["episode_reward_mean"], 50) + 0.3 * m["success_rate"] + 0.2 * shortness + 0.1 * survival


def _navigation(full_length: float) -> Formula:
    def score(m: Metrics) -> float:
        value = 0.60 * m["success_rate"] + 0.25 * (1 - m["termination_rate"])
        shortness = 1 - _ratio(m["episode_length_mean"], full_length)
        return value + 0.10 * _ratio(m["episode_reward_mean"], 10) + 0.05 * shortness

    return score


def _waypoints(weights: tuple[float, float, float, float], wp: float, reward: float, length: float) -> Formula:
    def score(m: Metrics) -> float:
        value = weights[0] * _ratio(m["wp_idx_mean"], wp) + weights[1] * (1 - m["termination_rate"])
        value += weights[2] * _ratio(m["episode_reward_mean"], reward)
        return value + weights[3] * _ratio(m["episode_length_mean"], length)

    return score


def _stairs(m: Metrics) -> float:
    value = 0.45 * _ratio(m["wp_idx_mean"] - 1, 1) + 0.30 * _ratio(m["wp_idx_mean"] - 2, 1)
    return value + 0.15 * (1 - m["termination_rate"]) + 0.10 * _ratio(m["episode_reward_mean"], 30)


_EARLY, _LATE = (0.50, 0.25, 0.15, 0.10), (0.65, 0.20, 0.10, 0.05)
FORMULAS: Mapping[str, Formula] = {
    "reward-50": _reward_first,
    "success-4000": _navigation(4000),
    "success-1000": _navigation(1000),
    "waypoints-3": _waypoints(_EARLY, 3, 10, 4000),
    "waypoints-7": _waypoints(_LATE, 7, 50, 8000),
    "waypoints-9": _waypoints(_LATE, 9, 50, 8000),
    "waypoints-14": _waypoints(_LATE, 14, 50, 8000),
    "stairs": _stairs,
}
"""In the order in which they came into use; the number is what one ratio of the formula is divided by."""


def formula_of(metrics: Mapping[str, Any], score: float | None) -> str:
    """The name of the formula that gives `score` from `metrics`, or an empty string."""
    numbers = {key: float(value) for key, value in metrics.items() if isinstance(value, int | float)}
    if score is None or not all(math.isfinite(value) for value in numbers.values()):
        return ""
    for name, formula in FORMULAS.items():
        try:
            value = formula(numbers)
        except KeyError:
            continue
        if math.isclose(value, score, abs_tol=_TOLERANCE):
            return name
    return ""
