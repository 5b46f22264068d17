"""What differs from one simulation to the next: foot friction, masses, pushes and action delay.

Physical parameters live in the batch as values per simulation; they are drawn when an episode begins. Draws during an
episode are as many in each step whatever the robots do, so that evaluation cases do not influence each other.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vbot_sim.episode import IntArray, steps_for
from vbot_sim.robot import FOOT_GEOMS
from vbot_sim.schema import RandomizationCfg

Ids = IntArray


class PhysicsVariation:
    """Foot friction, body masses and the stiffness of the feet's contacts of each simulation."""

    def __init__(self, cfg: RandomizationCfg, batch: Any) -> None:  # noqa: ANN401 (mujoco has no type information)
        self.cfg = cfg
        self._batch = batch
        model = batch.model
        self._feet = np.asarray([model.geom(name).id for name in FOOT_GEOMS])
        self._friction = batch.expand("geom_friction") if cfg.foot_friction else None
        self._mass = batch.expand("body_mass") if cfg.mass_scale else None
        self._inertia = batch.expand("body_inertia") if cfg.mass_scale else None
        self._contact = batch.expand("geom_solref") if cfg.contact_time_s else None
        self._base_mass = model.body_mass.copy()
        self._base_inertia = model.body_inertia.copy()

    def draw(self, ids: Ids, rng: np.random.Generator) -> None:
        """Draw new parameters for the simulations `ids` (sorted)."""
        if self.cfg.foot_friction is not None and self._friction is not None:
            sliding = rng.uniform(*self.cfg.foot_friction, len(ids))
            self._friction[np.ix_(ids, self._feet, np.zeros(1, np.intp))] = sliding[:, None, None]
        if self.cfg.mass_scale is not None and self._mass is not None and self._inertia is not None:
            factor = rng.uniform(*self.cfg.mass_scale, (len(ids), len(self._base_mass)))
            self._mass[ids] = self._base_mass * factor
            self._inertia[ids] = self._base_inertia * factor[:, :, None]
            self._batch.set_const(ids)
        if self.cfg.contact_time_s is not None and self._contact is not None:
            constant = rng.uniform(*self.cfg.contact_time_s, len(ids))
            self._contact[np.ix_(ids, self._feet, np.zeros(1, np.intp))] = constant[:, None, None]

    def foot_friction(self) -> NDArray[np.float64]:
        """Return the sliding friction of the feet of each simulation [N]."""
        if self._friction is None:
            return np.full(self._batch.nsim, self._batch.model.geom_friction[self._feet[0], 0])
        friction: NDArray[np.float64] = self._friction[:, self._feet[0], 0].copy()
        return friction

    def state_dict(self) -> dict[str, NDArray[np.generic]]:
        """Return copies of the parameters that vary."""
        parts = {"friction": self._friction, "mass": self._mass, "inertia": self._inertia, "contact": self._contact}
        return {name: part.copy() for name, part in parts.items() if part is not None}

    def load_state_dict(self, state: dict[str, NDArray[np.generic]]) -> None:
        """Restore what `state_dict` returned."""
        if self._friction is not None:
            self._friction[:] = state["friction"]
        if self._contact is not None:
            self._contact[:] = state["contact"]
        if self._mass is not None and self._inertia is not None:
            self._mass[:] = state["mass"]
            self._inertia[:] = state["inertia"]
            self._batch.set_const()


class Pushes:
    """Sudden changes of planar velocity, in a random direction, at fixed times of a simulation's episodes."""

    def __init__(self, cfg: RandomizationCfg, dt_s: float) -> None:
        self.speed_mps = cfg.push_speed_mps
        self.interval_steps = max(1, steps_for(cfg.push_interval_s, dt_s))
        self.spread = cfg.push_spread

    def apply(self, qvel: NDArray[np.float64], episode_steps: NDArray[np.int32], rng: np.random.Generator) -> None:
        """Push the simulations whose time has come; `qvel` [N, 18] is changed in place."""
        if self.speed_mps == 0.0:
            return
        angle = rng.uniform(-np.pi, np.pi, len(qvel))
        ahead = np.arange(len(qvel)) * self.interval_steps // len(qvel) if self.spread else 0
        due = np.flatnonzero((episode_steps > 0) & ((episode_steps + ahead) % self.interval_steps == 0))
        qvel[due, 0] += self.speed_mps * np.cos(angle[due])
        qvel[due, 1] += self.speed_mps * np.sin(angle[due])


class ActionPipeline:
    """From the policy's actions to what the joints are asked for: clip, low-pass filter, delay."""

    def __init__(
        self, num_envs: int, clip: float | None, new_share: float, latency_steps: tuple[int, int], act_dim: int = 12
    ) -> None:
        self.clip = clip
        self.new_share = np.float32(new_share)
        self.latency_steps = latency_steps
        depth = latency_steps[1] + 1
        self.filtered = np.zeros((num_envs, act_dim), np.float32)
        self.change_sq = np.zeros(num_envs, np.float32)
        self._queue = np.zeros((depth, num_envs, act_dim), np.float32)
        self._delay = np.zeros(num_envs, np.int64)
        self._slot = 0
        self._scratch = np.zeros((num_envs, act_dim), np.float32)
        self._all = np.arange(num_envs)

    def begin(self, ids: Ids, rng: np.random.Generator) -> None:
        """Forget the past of the simulations `ids`, and draw their delay."""
        self.forget(ids)
        if self.latency_steps[1] > 0:
            self._delay[ids] = rng.integers(self.latency_steps[0], self.latency_steps[1] + 1, len(ids))

    def forget(self, ids: Ids) -> None:
        """Forget the past of the simulations `ids`, and keep their delay."""
        self.filtered[ids] = 0.0
        self._queue[:, ids] = 0.0

    def push(self, actions: NDArray[np.floating]) -> NDArray[np.float32]:
        """Take in the policy's actions [N, 12]; return what reaches the joints in this step."""
        step = self._scratch
        if self.clip is None:
            step[:] = actions
        else:
            np.clip(actions, -self.clip, self.clip, out=step, casting="same_kind")
        step -= self.filtered
        step *= self.new_share
        self.filtered += step
        np.einsum("ij,ij->i", step, step, out=self.change_sq)
        if self.latency_steps[1] == 0:
            return self.filtered
        self._slot = (self._slot + 1) % len(self._queue)
        self._queue[self._slot] = self.filtered
        applied: NDArray[np.float32] = self._queue[(self._slot - self._delay) % len(self._queue), self._all]
        return applied

    def state_dict(self) -> dict[str, Any]:
        """Return copies of everything remembered."""
        return {
            "filtered": self.filtered.copy(),
            "queue": self._queue.copy(),
            "delay": self._delay.copy(),
            "slot": self._slot,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned."""
        self.filtered[:] = state["filtered"]
        self._queue[:] = state["queue"]
        self._delay[:] = state["delay"]
        self._slot = int(state["slot"])
