"""stable-baselines3: its PPO over a vector environment of ours."""

import time
from typing import Any

import numpy as np
import torch
from gymnasium.spaces import Box
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import VecEnv

from vbot_rl.bench.peers.world import ACTION_LIMIT, OBS_LIMIT, World
from vbot_rl.bench.workload import LEARNING_RATE, Workload


class TaskVecEnv(VecEnv):
    """All simulations as one `VecEnv`; a finished episode's true last observation goes into its info."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._actions: Any = None
        super().__init__(
            world.num_envs,
            Box(-OBS_LIMIT, OBS_LIMIT, (world.obs_dim,), np.float32),
            Box(-ACTION_LIMIT, ACTION_LIMIT, (world.act_dim,), np.float32),
        )

    def reset(self) -> Any:
        """The observations; the world is reset by its own episodes only."""
        return self.world.observe()

    def step_async(self, actions: Any) -> None:
        """Keep the actions for `step_wait`."""
        self._actions = actions

    def step_wait(self) -> Any:
        """One control step."""
        step = self.world.step(self._actions)
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        for k, i in enumerate(step.done_ids):
            cut = bool(step.truncated[i] and not step.terminated[i])
            infos[i] = {"terminal_observation": step.final_obs[k], "TimeLimit.truncated": cut}
        return step.obs, step.reward, step.terminated | step.truncated, infos

    def close(self) -> None:
        """Nothing is held."""

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        """No simulation has wrappers of its own."""
        return [False] * self.num_envs

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> list[Any]:
        """No simulation has methods of its own."""
        return [None] * self.num_envs

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """No simulation has attributes of its own."""
        return [None] * self.num_envs

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """No simulation has attributes of its own."""


class _Stamps(BaseCallback):
    def __init__(self) -> None:
        super().__init__()
        self.stamps: list[float] = []

    def _on_step(self) -> bool:
        return True

    def _on_rollout_start(self) -> None:
        self.stamps.append(time.perf_counter())


def train(work: Workload) -> list[float]:
    """Wall time of each update."""
    torch.set_num_threads(work.threads)
    torch.manual_seed(work.seed)
    model = PPO(
        "MlpPolicy",
        TaskVecEnv(World(work)),
        learning_rate=LEARNING_RATE,
        n_steps=work.horizon,
        batch_size=work.batch // work.minibatches,
        n_epochs=work.epochs,
        max_grad_norm=1.0,
        ent_coef=0.003,
        policy_kwargs={"net_arch": list(work.hidden), "activation_fn": torch.nn.ELU, "log_std_init": -0.22},
        device="cpu",
    )
    stamps = _Stamps()
    model.learn(work.batch * work.all_updates, callback=stamps)
    return list(np.diff([*stamps.stamps, time.perf_counter()]))
