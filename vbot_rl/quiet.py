"""Simulations that act without noise for a while, as a policy is judged, so that training meets what happens then.

With the noise of exploration hardly any robot ever stands still: noise starts every gait and frees every foot. A policy
that was never asked to do so by itself stands before the first step when it is judged. A quiet simulation goes where
the bare policy leads it; nothing is learned from these samples, but when its noise comes back, the way out of there is
learned as any other.
"""

import numpy as np
from numpy.typing import NDArray

ROLLOUTS = 3.0
"""How long a simulation stays quiet, on average."""


class Quiet:
    """Which of ``num_envs`` simulations are quiet in a rollout.

    Args:
        share: of the simulations, in the long run; at most a half.
        num_envs: N.
        horizon: T, control steps of a rollout.
    """

    def __init__(self, share: float, num_envs: int, horizon: int) -> None:
        self._leaves = 1.0 / ROLLOUTS
        self._enters = self._leaves * share / (1.0 - share)  # as many enter as leave where `share` are quiet
        self._horizon = horizon
        self.mask = np.zeros(num_envs, np.bool_)

    def next_rollout(self, rng: np.random.Generator) -> None:
        """Say anew who is quiet; without a share nothing is drawn."""
        if self._enters > 0.0:
            chance = rng.random(len(self.mask))
            self.mask = np.where(self.mask, chance >= self._leaves, chance < self._enters)
            self.mask[0] &= not self.mask.all()  # an update needs something to learn from

    def learned(self) -> NDArray[np.int64]:
        """The samples that are learned from, as t * N + simulation, ascending."""
        count = len(self.mask)
        ids = np.arange(self._horizon)[:, None] * count + np.flatnonzero(~self.mask)
        return ids.reshape(-1)
