"""Adam over one flat float32 vector, and clipping by norm."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


def clip_norm(grad: FloatArray, limit: float) -> float:
    """Scale ``grad`` in place to at most ``limit``; the norm it had."""
    norm = math.sqrt(float(grad @ grad))
    if norm > limit:
        grad *= np.float32(limit / norm)
    return norm


class Adam:
    """Adam with bias correction (Kingma and Ba 2015), in place and without allocating."""

    def __init__(self, size: int, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-5) -> None:
        self.steps = 0
        self.first = np.zeros(size, np.float32)
        self.second = np.zeros(size, np.float32)
        self._scratch = np.zeros(size, np.float32)
        self.beta1, self.beta2, self.eps = beta1, beta2, eps

    def step(self, params: FloatArray, grad: FloatArray, learning_rate: float) -> None:
        """Move ``params`` against ``grad``."""
        self.steps += 1
        b1, b2, tmp = self.beta1, self.beta2, self._scratch
        self.first *= np.float32(b1)
        np.multiply(grad, np.float32(1 - b1), out=tmp)
        self.first += tmp
        self.second *= np.float32(b2)
        np.multiply(grad, grad, out=tmp)
        tmp *= np.float32(1 - b2)
        self.second += tmp
        np.multiply(self.second, np.float32(1 / (1 - b2**self.steps)), out=tmp)
        np.sqrt(tmp, out=tmp)
        tmp += np.float32(self.eps)
        np.divide(self.first, tmp, out=tmp)
        tmp *= np.float32(learning_rate / (1 - b1**self.steps))
        params -= tmp

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to continue."""
        return {"steps": self.steps, "first": self.first.copy(), "second": self.second.copy()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict``."""
        self.steps = int(state["steps"])
        self.first[...] = state["first"]
        self.second[...] = state["second"]
