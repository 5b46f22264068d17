"""Middle and spread of repeated measurements: pure functions of numbers."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """Median and quartiles."""

    median: float
    low: float  # lower quartile
    high: float  # upper quartile

    @property
    def iqr(self) -> float:
        """Distance of the quartiles."""
        return self.high - self.low


def spread(values: Sequence[float]) -> Spread:
    """Median and quartiles (linear between the values) of at least one number."""
    if len(values) == 1:
        return Spread(values[0], values[0], values[0])
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(median, low, high)


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Ratio round by round: both sides met the same disturbances then."""
    return [a / b for a, b in zip(ours, theirs, strict=True)]
