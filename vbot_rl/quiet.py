"""Simulations that act with little noise or none for a while, nearly as a policy is judged.

With the noise of exploration hardly any robot ever stands still: noise starts every gait and frees every foot. A policy
that was never asked to do so by itself stands before the first step when it is judged. A quiet simulation goes where
the policy leads it. With a part of the noise left, its samples are learned from as any other, each with its own
standard deviation; without any there is nothing to learn from them, but the way out of where it got to is learned as
soon as its noise is back.
"""

import numpy as np
from numpy.typing import NDArray

ROLLOUTS = 3.0
"""How long a simulation stays quiet, on average."""


class Quiet:
    """Which of ``num_envs`` simulations are quiet in a rollout.

    Args:
        share: of the simulations, in the long run; at most a half.
        noise: the part of the noise that a quiet one keeps.
        num_envs: N.
        horizon: T, control steps of a rollout.
    """

    def __init__(self, share: float, noise: float, num_envs: int, horizon: int) -> None:
        self._noise = np.float32(noise)
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

    @property
    def noise(self) -> NDArray[np.float32]:
        """The part of the noise that each simulation has [N]."""
        return np.where(self.mask, self._noise, np.float32(1.0))

    @property
    def to_everybodys(self) -> NDArray[np.float32]:
        """What each simulation's noise is multiplied with to be like that of all others [N]; 1 where there is none."""
        if self._noise == 0.0:
            return np.ones(len(self.mask), np.float32)
        return np.where(self.mask, np.float32(1.0) / self._noise, np.float32(1.0))

    def learned(self) -> NDArray[np.int64]:
        """The samples that are learned from, as t * N + simulation, ascending."""
        ids = np.arange(self._horizon * len(self.mask)).reshape(self._horizon, -1)
        return (ids if self._noise > 0.0 else ids[:, ~self.mask]).reshape(-1)
