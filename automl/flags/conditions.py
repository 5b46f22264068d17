"""Conditions on a number, each with two limits: one to raise a flag, a laxer one to keep it."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Above:
    """A number that has to exceed a limit; once met, it may come back to `keep`."""

    label: str
    value: float | None
    limit: float
    keep: float

    def margin(self, raised: bool) -> float | None:
        """How far beyond the limit in force, as a share of the limit; None when not met or not known."""
        if self.value is None or not math.isfinite(self.value):
            return None
        limit = self.keep if raised else self.limit
        scale = max(abs(limit), 1e-9)
        return (self.value - limit) / scale if self.value > limit else None


@dataclass(frozen=True)
class Below:
    """A number that has to stay under a limit; once met, it may rise to `keep`."""

    label: str
    value: float | None
    limit: float
    keep: float

    def margin(self, raised: bool) -> float | None:
        """How far beyond the limit in force, as a share of the limit; None when not met or not known."""
        if self.value is None or not math.isfinite(self.value):
            return None
        limit = self.keep if raised else self.limit
        scale = max(abs(limit), 1e-9)
        return (limit - self.value) / scale if self.value < limit else None


@dataclass(frozen=True)
class Between:
    """A number that has to lie inside an interval; once met, it may leave it as far as `keep`."""

    label: str
    value: float | None
    limits: tuple[float, float]
    keep: tuple[float, float]

    def margin(self, raised: bool) -> float | None:
        """How far inside the interval in force, as a share of its half; None when not met or not known."""
        if self.value is None or not math.isfinite(self.value):
            return None
        low, high = self.keep if raised else self.limits
        inside = min(self.value - low, high - self.value)
        return inside / ((high - low) / 2) if inside > 0 else None


Condition = Above | Below | Between
