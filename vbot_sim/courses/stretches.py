"""Where along a course episodes ended: a histogram over the metres of its length."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from vbot_sim.scoring import Outcome


@dataclass(frozen=True)
class Stretch:
    """One metre along a course, from `y_m` on, and how many episodes ended there without success."""

    y_m: float
    fell: int
    stuck: int  # stood still, ran out of time, or left the course


def where_ended(y_m: Sequence[float], outcomes: Sequence[Outcome]) -> tuple[Stretch, ...]:
    """Return the metres in which episodes without success ended, along the course.

    Args:
        y_m: where each episode ended.
        outcomes: what each came to.
    """
    fell: Counter[int] = Counter()
    stuck: Counter[int] = Counter()
    for y, outcome in zip(y_m, outcomes, strict=True):
        if not outcome.success:
            (fell if outcome.fell else stuck)[math.floor(y)] += 1
    return tuple(Stretch(float(y), fell[y], stuck[y]) for y in sorted({*fell, *stuck}))
