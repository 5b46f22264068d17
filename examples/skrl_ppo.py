"""Training on our task with skrl's PPO; skrl takes Gymnasium's vector environments as they are.

    python examples/skrl_ppo.py --env-steps 2000000

An action of 1 is the task's whole range, so the first noise is set to a quarter of it.
"""

import argparse
import math
from collections.abc import Sequence
from typing import Any

import gymnasium
import torch
from skrl.agents.torch.ppo import PPO, PPO_CFG
from skrl.envs.wrappers.torch import wrap_env
from skrl.memories.torch import RandomMemory
from skrl.models.torch import DeterministicMixin, GaussianMixin, Model
from skrl.resources.preprocessors.torch import RunningStandardScaler
from skrl.trainers.torch import SequentialTrainer
from skrl.utils import set_seed

import vbot_sim.gym_env  # noqa: F401 (registers the environments)

ENV = "vbot_navigation_section001"
FIRST_STD = 0.25


def tower(inputs: int, outputs: int) -> torch.nn.Sequential:
    """A small network."""
    return torch.nn.Sequential(
        torch.nn.Linear(inputs, 128),
        torch.nn.ELU(),
        torch.nn.Linear(128, 128),
        torch.nn.ELU(),
        torch.nn.Linear(128, outputs),
    )


class Actor(GaussianMixin, Model):
    """Observation to a Gaussian over actions."""

    def __init__(self, **spaces: Any) -> None:
        Model.__init__(self, **spaces)
        GaussianMixin.__init__(self, clip_actions=True)
        self.net = tower(self.num_observations, self.num_actions)
        self.log_std = torch.nn.Parameter(torch.full((self.num_actions,), math.log(FIRST_STD)))

    def compute(self, inputs: dict[str, Any], role: str = "") -> tuple[torch.Tensor, dict[str, Any]]:
        """Mean actions."""
        return self.net(inputs["observations"]), {"log_std": self.log_std}


class Critic(DeterministicMixin, Model):
    """Observation to value."""

    def __init__(self, **spaces: Any) -> None:
        Model.__init__(self, **spaces)
        DeterministicMixin.__init__(self)
        self.net = tower(self.num_observations, 1)

    def compute(self, inputs: dict[str, Any], role: str = "") -> tuple[torch.Tensor, dict[str, Any]]:
        """Values."""
        return self.net(inputs["observations"]), {}


def train(env_steps: int, num_envs: int, horizon: int, seed: int, quiet: bool = False) -> PPO:
    """Train and return the agent."""
    set_seed(seed)
    env = wrap_env(gymnasium.make_vec(ENV, num_envs=num_envs, seed=seed))
    spaces = {"observation_space": env.observation_space, "action_space": env.action_space, "device": "cpu"}
    cfg = PPO_CFG(
        rollouts=horizon,
        learning_epochs=4,
        mini_batches=4,
        learning_rate=1e-3,
        observation_preprocessor=RunningStandardScaler,
        observation_preprocessor_kwargs={"size": env.observation_space, "device": "cpu"},
        value_preprocessor=RunningStandardScaler,
        value_preprocessor_kwargs={"size": 1, "device": "cpu"},
    )
    cfg.experiment.write_interval = 0
    cfg.experiment.checkpoint_interval = 0
    agent = PPO(
        models={"policy": Actor(**spaces), "value": Critic(**spaces)},
        memory=RandomMemory(memory_size=horizon, num_envs=num_envs, device="cpu"),
        cfg=cfg,
        **spaces,
    )
    trainer_cfg = {
        "timesteps": env_steps // num_envs,
        "headless": True,
        "disable_progressbar": quiet,
        "close_environment_at_exit": False,
    }
    SequentialTrainer(env=env, agents=agent, cfg=trainer_cfg).train()
    return agent


def main(words: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env-steps", type=int, default=2_000_000)
    parser.add_argument("--num-envs", type=int, default=256)
    parser.add_argument("--horizon", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="skrl_ppo.pt")
    given = parser.parse_args(words)
    train(given.env_steps, given.num_envs, given.horizon, given.seed).save(given.out)
    print(f"saved {given.out}")


if __name__ == "__main__":
    main()
