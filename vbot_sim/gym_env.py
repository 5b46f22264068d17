"""The task as Gymnasium sees it: a vector environment over one `VectorTask`, and a single environment.

Importing this module registers the ids, so `gymnasium.make_vec("vbot_navigation_section001", num_envs=1024)` works.
Actions are in [-1, 1] and span the task's own range (`action_range`); everything else is the task untouched.
"""

from dataclasses import replace
from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from vbot_sim.config import task_cfg
from vbot_sim.errors import ConfigError
from vbot_sim.registration import register_environments
from vbot_sim.schema import TaskCfg
from vbot_sim.tasks import build_task, observation_size
from vbot_sim.vector_task import CAUSES, EpisodeEnds, Step, VectorTask

FloatArray = NDArray[np.float32]

OBS_LIMIT = 4096.0
"""Bound of the observation space; the largest quantity, a clipped joint speed in a blow-up, is far below it."""
DEFAULT_ACTION_RANGE = 4.0
RENDER_SIZE = (480, 360)
_ENDS = ("success", "fell", "length_s", "return_", "touched", "min_distance_m", "final_distance_m")
_END_NAMES = {"return_": "return"}


def _task(env: str, preset: str, task: TaskCfg | None) -> TaskCfg:
    return task_cfg(env, preset) if task is None else task


def _observation_space(cfg: TaskCfg) -> Any:  # noqa: ANN401 (a Box; gymnasium's type of it does not name its arrays)
    return spaces.Box(-OBS_LIMIT, OBS_LIMIT, (observation_size(cfg),), np.float32)


def _action_space() -> Any:  # noqa: ANN401
    return spaces.Box(-1.0, 1.0, (VectorTask.act_dim,), np.float32)


def action_range(task: TaskCfg) -> float:
    """What an action of 1 means in the task's own units."""
    return task.control.action_clip or DEFAULT_ACTION_RANGE


def _bounded(obs: NDArray[np.floating]) -> FloatArray:
    """A copy of observations inside the space."""
    bounded: FloatArray = np.clip(obs, -OBS_LIMIT, OBS_LIMIT).astype(np.float32)
    return bounded


class VbotVectorEnv(VectorEnv[FloatArray, FloatArray, NDArray[Any]]):
    """Many simulations of one task, with same-step autoreset: `infos["final_obs"]` has what an episode ended with.

    Args:
        num_envs: how many simulations.
        env: environment id.
        preset: named settings of it.
        task: settings instead of a preset's.
        seed: of everything random, until `reset(seed=...)` gives another.
        threads: physics threads.
        render_mode: None; draw single environments instead.
        max_episode_steps: episode limit in control steps instead of the task's.
    """

    def __init__(
        self,
        num_envs: int = 1,
        env: str = "vbot_navigation_section001",
        preset: str = "default",
        task: TaskCfg | None = None,
        seed: int = 0,
        threads: int = 1,
        render_mode: str | None = None,
        max_episode_steps: int | None = None,
    ) -> None:
        if render_mode is not None:
            raise ConfigError(f"A vector environment draws nothing, so render_mode '{render_mode}' is not possible.")
        cfg = _task(env, preset, task)
        if max_episode_steps is not None:
            cfg = replace(cfg, episode=replace(cfg.episode, limit_s=max_episode_steps * cfg.control_dt_s))
        self.metadata = {
            "autoreset_mode": AutoresetMode.SAME_STEP,
            "render_modes": [],
            "render_fps": cfg.control.rate_hz,
        }
        self.cfg = cfg
        self.num_envs = num_envs
        self.action_range = action_range(cfg)
        self.single_observation_space = _observation_space(cfg)
        self.single_action_space = _action_space()
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._threads = threads
        self.task = build_task(cfg, num_envs, seed, threads)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[FloatArray, dict[str, Any]]:
        """Start new episodes everywhere; a seed makes everything random start anew with it."""
        super().reset(seed=seed)
        if options:
            raise ConfigError(f"reset knows no option '{next(iter(options))}'; all simulations are reset together.")
        if seed is not None:
            self.task = build_task(self.cfg, self.num_envs, seed, self._threads)
        return _bounded(self.task.reset()), {}

    def step(self, actions: FloatArray) -> tuple[FloatArray, NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]:
        """Advance every simulation; finished ones are reset in the same step."""
        step = self.task.step(np.asarray(actions, np.float32) * np.float32(self.action_range))
        infos: dict[str, Any] = {"distance_m": step.distance_m.copy(), "speed_mps": step.speed_mps.copy()}
        if step.episodes is not None:
            infos |= self._final(step, step.episodes)
        return _bounded(step.obs), step.reward.copy(), step.terminated.copy(), step.truncated.copy(), infos

    def _final(self, step: Step, ends: EpisodeEnds) -> dict[str, Any]:
        """What finished episodes ended with, each array with the mask of where it counts, as Gymnasium wants it."""
        ids, mask = step.done_ids, step.terminated | step.truncated
        final_obs = np.full(self.num_envs, None, object)
        for i, row in zip(ids, _bounded(step.final_obs), strict=True):
            final_obs[i] = row
        final_info: dict[str, Any] = {}
        for name, values in _described(ends).items():
            spread = (
                np.full(self.num_envs, None, object)
                if values.dtype == object
                else np.zeros(self.num_envs, values.dtype)
            )
            spread[ids] = values
            final_info |= {name: spread, f"_{name}": mask.copy()}
        return {"final_obs": final_obs, "_final_obs": mask.copy(), "final_info": final_info, "_final_info": mask.copy()}


def _described(ends: EpisodeEnds) -> dict[str, NDArray[Any]]:
    """How episodes ended, by name."""
    found = {_END_NAMES.get(name, name): np.asarray(getattr(ends, name)) for name in _ENDS}
    found["cause"] = np.array([CAUSES[int(cause)] for cause in ends.cause], object)
    return found


class VbotEnv(gymnasium.Env[FloatArray, FloatArray]):
    """One simulation of a task.

    Args:
        env: environment id.
        preset: named settings of it.
        task: settings instead of a preset's.
        seed: of everything random, until `reset(seed=...)` gives another.
        render_mode: "rgb_array" or None.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["rgb_array"], "render_fps": 50}  # type: ignore[misc]

    def __init__(
        self,
        env: str = "vbot_navigation_section001",
        preset: str = "default",
        task: TaskCfg | None = None,
        seed: int = 0,
        render_mode: str | None = None,
    ) -> None:
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise ConfigError(f"There is no render_mode '{render_mode}'; use 'rgb_array' or None.")
        self.cfg = _task(env, preset, task)
        self.metadata = {**type(self).metadata, "render_fps": self.cfg.control.rate_hz}  # type: ignore[misc]
        self.render_mode = render_mode
        self.action_range = action_range(self.cfg)
        self.observation_space = _observation_space(self.cfg)
        self.action_space = _action_space()
        self.task = build_task(self.cfg, 1, seed)
        self._painter: Any = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[FloatArray, dict[str, Any]]:
        """Start a new episode."""
        super().reset(seed=seed)
        if seed is not None:
            self.task = build_task(self.cfg, 1, seed)
        return _bounded(self.task.reset())[0], {}

    def step(self, action: FloatArray) -> tuple[FloatArray, float, bool, bool, dict[str, Any]]:
        """Advance by one control step."""
        step = self.task.step(np.asarray(action, np.float32)[None] * np.float32(self.action_range))
        info: dict[str, Any] = {"distance_m": float(step.distance_m[0]), "speed_mps": float(step.speed_mps[0])}
        obs = _bounded(step.obs)[0]
        if step.episodes is not None:
            obs = _bounded(step.final_obs)[0]
            info |= {
                name: values[0].item() if values.dtype != object else values[0]
                for name, values in _described(step.episodes).items()
            }
        return obs, float(step.reward[0]), bool(step.terminated[0]), bool(step.truncated[0]), info

    def render(self) -> NDArray[np.uint8] | None:
        """Draw the robot as it stands now."""
        if self.render_mode is None:
            return None
        from vbot_sim import rendering

        if self._painter is None:
            self._painter = rendering.open_painter(self.cfg, *RENDER_SIZE)
        qpos = self.task.qpos()[0]
        image: NDArray[np.uint8] = self._painter.paint(qpos, self.task.targets()[0], rendering.camera_on(qpos))
        return image

    def close(self) -> None:
        """Give back what drawing holds."""
        if self._painter is not None:
            self._painter.close()
            self._painter = None


register_environments()
