"""The task as every peer gets it: started like ours, outputs copied out of its buffers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vbot_rl.bench.workload import Workload
from vbot_sim.vector_task import VectorTask

ACTION_LIMIT = 4.0
OBS_LIMIT = 10.0


@dataclass(frozen=True)
class Outcome:
    """One control step; the arrays belong to the receiver."""

    obs: NDArray[np.float32]
    reward: NDArray[np.float32]
    terminated: NDArray[np.bool_]
    truncated: NDArray[np.bool_]
    done_ids: NDArray[np.intp]
    final_obs: NDArray[np.float32]  # [K, 54] of done_ids, before the reset


class World:
    """The vectorised task of a workload."""

    def __init__(self, work: Workload) -> None:
        cfg = work.config()
        self.num_envs = work.num_envs
        self._scale = np.float32(cfg.train.reward_scale)
        self._task = VectorTask(cfg.task, work.num_envs, work.seed, work.threads)
        self.obs_dim, self.act_dim = self._task.obs_dim, self._task.act_dim
        self.max_steps = round(cfg.task.episode.limit_s / self._task.control_dt_s)
        self._task.reset()
        self._task.set_random_episode_phase()

    def observe(self) -> NDArray[np.float32]:
        """What the robots see now."""
        return self._task.obs.copy()

    def step(self, actions: NDArray[np.float32]) -> Outcome:
        """One control step."""
        step = self._task.step(actions)
        return Outcome(
            step.obs.copy(),
            step.reward * self._scale,
            step.terminated.copy(),
            step.truncated.copy(),
            step.done_ids,
            step.final_obs,
        )
