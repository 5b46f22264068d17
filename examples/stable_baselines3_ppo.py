"""Training on our task with stable-baselines3's PPO, through its own vector interface.

    python examples/stable_baselines3_ppo.py --env-steps 2000000

stable-baselines3 wants a list of dictionaries where Gymnasium has arrays; `TaskVecEnv` is the bridge, and everything
else is the library as it comes. An action of 1 is the task's whole range, so the first noise is set to a quarter of it.
"""

import argparse
import math
from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import VecEnv, VecMonitor, VecNormalize

import vbot_sim.gym_env  # noqa: F401 (registers the environments)

ENV = "vbot_navigation_section001"
FIRST_STD = 0.25


class TaskVecEnv(VecEnv):
    """A Gymnasium vector environment with same-step autoreset as stable-baselines3 wants it."""

    def __init__(self, envs: gymnasium.vector.VectorEnv) -> None:
        self.envs = envs
        self._actions: Any = None
        super().__init__(envs.num_envs, envs.single_observation_space, envs.single_action_space)

    def reset(self) -> Any:
        """Start new episodes everywhere."""
        seed = self._seeds[0]  # one seed makes everything random start anew
        self._reset_seeds()
        return self.envs.reset(seed=seed)[0]

    def step_async(self, actions: np.ndarray) -> None:
        """Take the actions."""
        self._actions = actions

    def step_wait(self) -> Any:
        """Advance by one control step."""
        obs, reward, terminated, truncated, found = self.envs.step(self._actions)
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        for k in np.flatnonzero(terminated | truncated):
            infos[k]["terminal_observation"] = found["final_obs"][k]
            infos[k]["TimeLimit.truncated"] = bool(truncated[k])
            infos[k]["is_success"] = bool(found["final_info"]["success"][k])
        return obs, reward, terminated | truncated, infos

    def close(self) -> None:
        """Close the environments."""
        self.envs.close()

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """The same value for every simulation: they are one object."""
        return [getattr(self.envs, attr_name)] * len(list(self._get_indices(indices)))

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Nothing of a single simulation can be set."""
        raise NotImplementedError("all simulations are one object")

    def env_method(self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any) -> list[Any]:
        """Nothing of a single simulation can be called."""
        raise NotImplementedError("all simulations are one object")

    def env_is_wrapped(self, wrapper_class: type, indices: Any = None) -> list[bool]:
        """Single simulations have no wrappers."""
        return [False] * len(list(self._get_indices(indices)))


def train(env_steps: int, num_envs: int, horizon: int, seed: int, verbose: int = 1) -> PPO:
    """Train and return the model."""
    envs = TaskVecEnv(gymnasium.make_vec(ENV, num_envs=num_envs, seed=seed))
    world = VecNormalize(VecMonitor(envs), gamma=0.99)
    model = PPO(
        "MlpPolicy",
        world,
        n_steps=horizon,
        batch_size=num_envs * horizon // 4,
        n_epochs=4,
        learning_rate=1e-3,
        target_kl=0.03,
        policy_kwargs={"log_std_init": math.log(FIRST_STD)},
        device="cpu",
        seed=seed,
        verbose=verbose,
    )
    return model.learn(env_steps)


def main(words: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env-steps", type=int, default=2_000_000)
    parser.add_argument("--num-envs", type=int, default=256)
    parser.add_argument("--horizon", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="stable_baselines3_ppo.zip")
    given = parser.parse_args(words)
    train(given.env_steps, given.num_envs, given.horizon, given.seed).save(given.out)
    print(f"saved {given.out}")


if __name__ == "__main__":
    main()
