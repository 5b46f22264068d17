"""rsl_rl: its on-policy runner over an environment of ours."""

import time
from typing import Any

import numpy as np
import torch
from rsl_rl.runners import OnPolicyRunner
from tensordict import TensorDict

from vbot_rl.bench.peers.world import World
from vbot_rl.bench.workload import LEARNING_RATE, Workload


class TaskEnv:
    """All simulations as rsl_rl's vector environment."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.num_envs, self.num_actions = world.num_envs, world.act_dim
        self.max_episode_length = world.max_steps
        self.episode_length_buf = torch.zeros(world.num_envs, dtype=torch.long)
        self.device = "cpu"
        self.cfg: dict[str, Any] = {}

    def get_observations(self) -> Any:
        """What the robots see now."""
        return self._wrap(self.world.observe())

    def reset(self) -> Any:
        """The observations; the world is reset by its own episodes only."""
        return self.get_observations(), {}

    def step(self, actions: Any) -> Any:
        """One control step."""
        step = self.world.step(actions.numpy())
        done = torch.from_numpy(step.terminated | step.truncated)
        extras = {"time_outs": torch.from_numpy(step.truncated & ~step.terminated), "log": {}}
        return self._wrap(step.obs), torch.from_numpy(step.reward), done, extras

    def _wrap(self, obs: Any) -> Any:
        return TensorDict({"policy": torch.from_numpy(obs)}, batch_size=[self.num_envs])


def train(work: Workload) -> list[float]:
    """Wall time of each update."""
    torch.set_num_threads(work.threads)
    torch.manual_seed(work.seed)
    runner = OnPolicyRunner(TaskEnv(World(work)), settings(work), log_dir=None, device="cpu")
    stamps = [time.perf_counter()]
    update = runner.alg.update

    def stamped() -> Any:
        losses = update()
        stamps.append(time.perf_counter())
        return losses

    runner.alg.update = stamped
    runner.learn(work.all_updates)
    return list(np.diff(stamps))


def settings(work: Workload) -> dict[str, Any]:
    """The runner's configuration for the work."""
    net = {
        "class_name": "MLPModel",
        "hidden_dims": list(work.hidden),
        "activation": "elu",
        "obs_normalization": False,
    }
    spread = {"class_name": "GaussianDistribution", "init_std": 0.8, "std_type": "scalar"}
    return {
        "num_steps_per_env": work.horizon,
        "save_interval": 10**9,
        "obs_groups": {"actor": ["policy"], "critic": ["policy"]},
        "actor": {**net, "distribution_cfg": spread},
        "critic": dict(net),
        "algorithm": {
            "class_name": "PPO",
            "num_learning_epochs": work.epochs,
            "num_mini_batches": work.minibatches,
            "clip_param": 0.2,
            "gamma": 0.99,
            "lam": 0.95,
            "value_loss_coef": 1.0,
            "entropy_coef": 0.003,
            "learning_rate": LEARNING_RATE,
            "max_grad_norm": 1.0,
            "use_clipped_value_loss": False,
            "schedule": "fixed",
            "desired_kl": None,
            "rnd_cfg": None,
            "symmetry_cfg": None,
        },
        "logger": "tensorboard",
        "run_name": "",
    }
