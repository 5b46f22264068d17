"""skrl: its PPO agent and sequential trainer over an environment of ours."""

import time
from typing import Any

import numpy as np
import torch
from gymnasium.spaces import Box
from skrl.agents.torch.ppo import PPO, PPO_CFG
from skrl.envs.wrappers.torch.base import Wrapper
from skrl.memories.torch import RandomMemory
from skrl.models.torch import DeterministicMixin, GaussianMixin, Model
from skrl.trainers.torch import SequentialTrainer
from torch import nn

from vbot_rl.bench.peers.world import ACTION_LIMIT, OBS_LIMIT, World
from vbot_rl.bench.workload import LEARNING_RATE, Workload


class TaskWrapper(Wrapper):
    """All simulations as skrl's environment."""

    def __init__(self, world: World) -> None:
        self.world = world
        super().__init__(world)

    @property
    def num_envs(self) -> int:
        """How many simulations."""
        return self.world.num_envs

    @property
    def num_agents(self) -> int:
        """One policy."""
        return 1

    @property
    def observation_space(self) -> Any:
        """What one robot sees."""
        return Box(-OBS_LIMIT, OBS_LIMIT, (self.world.obs_dim,), np.float32)

    @property
    def action_space(self) -> Any:
        """What one robot does."""
        return Box(-ACTION_LIMIT, ACTION_LIMIT, (self.world.act_dim,), np.float32)

    @property
    def state_space(self) -> None:
        """The critic sees what the policy sees."""

    @property
    def device(self) -> Any:
        """Where everything is."""
        return torch.device("cpu")

    def reset(self) -> Any:
        """The observations; the world is reset by its own episodes only."""
        return torch.from_numpy(self.world.observe()), {}

    def state(self) -> None:
        """The critic sees what the policy sees."""

    def step(self, actions: Any) -> Any:
        """One control step."""
        step = self.world.step(actions.detach().numpy())
        columns = (torch.from_numpy(x).view(-1, 1) for x in (step.reward, step.terminated, step.truncated))
        return torch.from_numpy(step.obs), *columns, {}

    def render(self, *args: Any, **kwargs: Any) -> None:
        """Nothing to see."""

    def close(self) -> None:
        """Nothing is held."""


def _network(inputs: int, hidden: tuple[int, ...], outputs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for width in hidden:
        layers += [nn.Linear(inputs, width), nn.ELU()]
        inputs = width
    return nn.Sequential(*layers, nn.Linear(inputs, outputs))


class _Policy(GaussianMixin, Model):
    def __init__(self, env: TaskWrapper, hidden: tuple[int, ...]) -> None:
        Model.__init__(self, observation_space=env.observation_space, action_space=env.action_space, device="cpu")
        GaussianMixin.__init__(self)
        self.net = _network(env.world.obs_dim, hidden, env.world.act_dim)
        self.log_std = nn.Parameter(torch.full((env.world.act_dim,), -0.22))

    def compute(self, inputs: Any, role: str = "") -> Any:
        return self.net(inputs["observations"]), {"log_std": self.log_std}


class _Value(DeterministicMixin, Model):
    def __init__(self, env: TaskWrapper, hidden: tuple[int, ...]) -> None:
        Model.__init__(self, observation_space=env.observation_space, action_space=env.action_space, device="cpu")
        DeterministicMixin.__init__(self)
        self.net = _network(env.world.obs_dim, hidden, 1)

    def compute(self, inputs: Any, role: str = "") -> Any:
        return self.net(inputs["observations"]), {}


def train(work: Workload) -> list[float]:
    """Wall time of each update."""
    torch.set_num_threads(work.threads)
    torch.manual_seed(work.seed)
    env = TaskWrapper(World(work))
    cfg = PPO_CFG(
        rollouts=work.horizon,
        learning_epochs=work.epochs,
        mini_batches=work.minibatches,
        learning_rate=LEARNING_RATE,
        grad_norm_clip=1.0,
        value_clip=0.0,
        value_loss_scale=1.0,
        entropy_loss_scale=0.003,
    )
    cfg.experiment.write_interval = 0
    cfg.experiment.checkpoint_interval = 0
    agent = PPO(
        models={"policy": _Policy(env, work.hidden), "value": _Value(env, work.hidden)},
        memory=RandomMemory(memory_size=work.horizon, num_envs=work.num_envs, device="cpu"),
        cfg=cfg,
        observation_space=env.observation_space,
        action_space=env.action_space,
        device="cpu",
    )
    stamps = [time.perf_counter()]
    update = agent.update

    def stamped(**times: int) -> None:
        update(**times)
        stamps.append(time.perf_counter())

    agent.update = stamped
    options = {
        "timesteps": work.horizon * work.all_updates,
        "headless": True,
        "disable_progressbar": True,
        "close_environment_at_exit": False,
    }
    SequentialTrainer(cfg=options, env=env, agents=agent).train()
    return list(np.diff(stamps))
