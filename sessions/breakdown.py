"""How the reward is earned: each term's part of it, at the newest step or at a chosen one."""

import math
from dataclasses import dataclass

from sessions.metrics import REWARD_TOTAL, reward_tag, reward_terms
from sessions.series import SeriesSet

TOLERANCE = 1e-4  # relative to the sum of the parts' sizes: float32 rounding stays far below it


@dataclass(frozen=True)
class TermPart:
    """One reward term in a breakdown."""

    term: str
    tag: str
    value: float  # weighted contribution per control step, signed
    share: float  # of the sum of all absolute contributions, 0 to 1
    sparkline: tuple[float, ...]


@dataclass(frozen=True)
class Breakdown:
    """What the robot was paid for."""

    step: int
    terms: tuple[TermPart, ...]  # largest absolute contribution first
    total: float  # as logged, computed apart from the terms; NaN when it was not logged
    terms_sum: float

    @property
    def difference(self) -> float:
        """Logged total less the sum of the terms."""
        return self.total - self.terms_sum

    @property
    def adds_up(self) -> bool:
        """Whether the terms make up the logged total within 1e-4 of what was paid and taken."""
        size = sum(abs(part.value) for part in self.terms)
        return abs(self.difference) <= TOLERANCE * max(size, abs(self.total), 1e-12)


def reward_breakdown(series: SeriesSet, step: int | None = None, width: int = 20) -> Breakdown | None:
    """The breakdown at a step (the newest one when None).

    Args:
        series: The curves of a run.
        step: Env step to look at; the values in force there are taken.
        width: Points of each term's sparkline.

    Returns:
        None while no reward term was logged.
    """
    terms = reward_terms(series.tags())
    if not terms:
        return None
    at = step if step is not None else max(series.last_step(reward_tag(term)) for term in terms)
    values = {term: series.at(reward_tag(term), at) for term in terms}
    size = sum(abs(value) for value in values.values() if math.isfinite(value))
    parts = [
        TermPart(
            term=term,
            tag=reward_tag(term),
            value=value,
            share=abs(value) / size if size and math.isfinite(value) else 0.0,
            sparkline=series.sample(reward_tag(term), width),
        )
        for term, value in values.items()
    ]
    parts.sort(key=lambda part: (-abs(part.value) if math.isfinite(part.value) else -math.inf, part.term))
    return Breakdown(
        at, tuple(parts), series.at(REWARD_TOTAL, at), math.fsum(values.values()) if _finite(values) else math.nan
    )


def _finite(values: dict[str, float]) -> bool:
    return all(math.isfinite(value) for value in values.values())
