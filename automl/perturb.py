"""The predecessor's search as a baseline: jitter around the one best trial.

Learner settings are multiplied by exp(N(0, 0.3)); each other key is changed with a chance of 0.3, a number by a factor
between 0.75 and 1.25, a choice by drawing anew. Everything stays inside its range.
"""

import math
import random
from collections.abc import Mapping

from automl.space import Choice, Dimension, Factor
from automl.state import Params, Value

LEARNER = "ppo."
SPREAD = 0.3
CHANCE = 0.3
FACTOR = (0.75, 1.25)


def perturbed(space: Mapping[str, Dimension], best: Params, draw: random.Random) -> Params:
    """A neighbour of the best configuration. The same draws give the same neighbour."""
    return {path: _moved(path, dimension, best.get(path), draw) for path, dimension in space.items()}


def _moved(path: str, dimension: Dimension, value: Value | None, draw: random.Random) -> Value:
    if value is None:
        value = dimension.around if dimension.around is not None else 0.0
    learner = path.startswith(LEARNER)
    changes = learner or draw.random() < CHANCE
    if isinstance(dimension, Choice):
        return draw.choice(dimension.choices) if changes and not learner else value
    if not changes or isinstance(value, str | bool):
        return value
    factor = math.exp(draw.gauss(0.0, SPREAD)) if learner else draw.uniform(*FACTOR)
    return _inside(dimension, value * factor)


def _inside(dimension: Dimension, value: float) -> Value:
    assert not isinstance(dimension, Choice)
    around = float(dimension.around or 1.0) if isinstance(dimension, Factor) else 1.0
    low, high = sorted((dimension.low * around, dimension.high * around))
    kept = float(f"{min(max(value, low), high):.6g}")
    whole = not isinstance(dimension, Factor) and dimension.integer
    return round(kept) if whole else kept
