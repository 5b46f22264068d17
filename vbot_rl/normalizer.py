"""Running mean and variance: of observations (what the networks see) and of returns (what the critic predicts).

Statistics are float64; they change once per update, never inside a rollout, so that old and new log-probabilities of a
sample are computed from the same input. What does not belong here: anything per episode or per task.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
DoubleArray = NDArray[np.float64]

EPSILON = 1e-4  # added to variances: a constant input becomes zero instead of noise


class RunningMoments:
    """Mean and population variance of everything merged so far, over the first axis, by Chan's parallel formula."""

    def __init__(self, size: int, max_count: float = float("inf")) -> None:
        self.count = 0.0
        self.mean: DoubleArray = np.zeros(size)
        self.var: DoubleArray = np.ones(size)
        self._max_count = max_count

    def merge(self, batch: FloatArray) -> None:
        """Take in a batch [n, size]; rows that are not finite are left out."""
        if not np.isfinite(batch).all():
            batch = batch[np.isfinite(batch).all(axis=1)]
        n = len(batch)
        if n == 0:
            return
        mean = batch.mean(axis=0, dtype=np.float64)
        var = batch.var(axis=0, dtype=np.float64)
        if self.count == 0:
            self.mean, self.var, self.count = mean, var, float(n)
            return
        total = self.count + n
        delta = mean - self.mean
        self.var = (self.var * self.count + var * n + delta**2 * (self.count * n / total)) / total
        self.mean = self.mean + delta * (n / total)
        self.count = min(total, self._max_count)

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to continue."""
        return {"count": self.count, "mean": self.mean.copy(), "var": self.var.copy()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict``."""
        self.count = float(state["count"])
        self.mean = np.array(state["mean"], np.float64)
        self.var = np.array(state["var"], np.float64)


class ObservationNormalizer:
    """Maps observations to about zero mean and unit variance, clipped; it stands still while a rollout lasts."""

    def __init__(self, size: int, clip: float, enabled: bool = True) -> None:
        self.moments = RunningMoments(size)
        self._clip = np.float32(clip)
        self._enabled = enabled
        self._refresh()

    def _refresh(self) -> None:
        used = self._enabled and self.moments.count > 0
        size = self.moments.mean.shape
        self.shift = self.moments.mean.astype(np.float32) if used else np.zeros(size, np.float32)
        self.scale = (
            (1.0 / np.sqrt(self.moments.var + EPSILON)).astype(np.float32) if used else np.ones(size, np.float32)
        )

    def apply(self, obs: FloatArray, out: FloatArray) -> None:
        """Write the normalised ``obs`` [n, size] to ``out`` [n, size]."""
        np.subtract(obs, self.shift, out=out)
        np.multiply(out, self.scale, out=out)
        np.clip(out, -self._clip, self._clip, out=out)

    def update(self, batch: FloatArray) -> None:
        """Take in the raw observations [n, size] of a finished rollout."""
        if self._enabled:
            self.moments.merge(batch)
            self._refresh()

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to continue."""
        return self.moments.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict``."""
        self.moments.load_state_dict(state)
        self._refresh()


class ValueNormalizer:
    """Scales returns to unit variance for the critic, which makes learning independent of the size of rewards.

    When the statistics move, the critic's last layer is rescaled so that its predictions in reward units stay the same.
    """

    def __init__(self, enabled: bool = True, memory: float = 10.0) -> None:
        self.moments = RunningMoments(1)
        self._enabled = enabled
        self._memory = memory

    @property
    def mean(self) -> float:
        """Mean return, in reward units."""
        return float(self.moments.mean[0]) if self._enabled and self.moments.count else 0.0

    @property
    def std(self) -> float:
        """Standard deviation of returns, in reward units; 1 before the first batch."""
        return float(np.sqrt(self.moments.var[0] + 1e-8)) if self._enabled and self.moments.count else 1.0

    def update(self, returns: FloatArray, last_layer: FloatArray) -> None:
        """Take in ``returns`` [n] and rescale ``last_layer`` [1, h + 1] of the critic in place."""
        if not self._enabled:
            return
        old_mean, old_std = self.mean, self.std
        # Old returns come from old policies: they count for at most `memory` batches.
        self.moments.count = min(self.moments.count, self._memory * returns.size)
        fresh = self.moments.count == 0
        self.moments.merge(returns.reshape(-1, 1))
        if fresh:  # nothing was learned yet: the nearly silent first critic stays as it is
            return
        last_layer *= np.float32(old_std / self.std)
        last_layer[0, -1] += np.float32((old_mean - self.mean) / self.std)

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to continue."""
        return self.moments.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict``."""
        self.moments.load_state_dict(state)
