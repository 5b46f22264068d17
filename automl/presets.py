"""Studies that are shipped: the first one, and the predecessor's search spaces with its own reward as the start.

The spaces are data. Ranges of reward scales are absolute, as they were; what the predecessor called `approach_scale`
and `stop_scale` are `approach` and `stop` here.
"""

from dataclasses import replace
from pathlib import Path

from automl import course_curriculum
from automl.course_spaces import course_space
from automl.local import usable_cores
from automl.pipeline import PipelineSpec, Stage, load_work
from automl.space import Choice, Dimension, Range
from automl.spec import FIRST_ENV, ConfirmCfg, FinalCfg, StudySpec, default_spec
from vbot_sim.config import presets, task_cfg
from vbot_sim.errors import ConfigError
from vbot_sim.settings import leaves, nearest

HP_SPACE: dict[str, Dimension] = {
    "ppo.learning_rate": Range(5e-5, 2e-4, log=True),
    "ppo.entropy_coef": Range(1e-3, 2e-2, log=True),
}

# What decides most in PPO, each key on the scale on which it works.
PPO_SPACE: dict[str, Dimension] = {
    "ppo.learning_rate": Range(2e-4, 3e-3, log=True),
    "ppo.entropy_coef": Range(1e-4, 1e-2, log=True),
    "ppo.gamma": Range(0.97, 0.998, one_minus=True),
    "ppo.gae_lambda": Range(0.85, 0.99, one_minus=True),
    "ppo.clip": Choice((0.1, 0.2, 0.3)),
    "ppo.epochs": Choice((3, 5, 8)),
    "ppo.init_std": Range(0.4, 1.0, log=True),
}

_SECTION001: dict[str, tuple[float, float]] = {
    "position_tracking": (0.5, 3.0),
    "fine_position_tracking": (4.0, 12.0),
    "heading_tracking": (0.3, 1.2),
    "forward_velocity": (1.0, 2.5),
    "distance_progress": (0.5, 3.0),
    "alive_bonus": (0.05, 0.3),
    "approach": (15.0, 50.0),
    "arrival_bonus": (50.0, 200.0),
    "inner_fence_bonus": (10.0, 80.0),
    "stop": (2.0, 10.0),
    "zero_ang_bonus": (4.0, 16.0),
    "near_target_speed": (-4.0, -0.5),
    "departure_penalty": (-15.0, -1.0),
    "boundary_penalty": (-5.0, -0.5),
    "orientation": (-0.15, -0.01),
    "lin_vel_z": (-0.6, -0.05),
    "action_rate": (-0.03, -0.001),
}

_FLAT_SPACE: dict[str, Dimension] = {
    **{f"task.reward.scales.{name}": Range(low, high) for name, (low, high) in _SECTION001.items()},
    "task.reward.scales.termination": Choice((-150.0, -100.0, -75.0, -50.0)),
}
_OLD_PRESET = "head"

FINAL_STEPS = 8_000_000
NAMES = ("first", "ppo", "hp", "reward", "stage")
PIPELINES = ("courses",)


def shipped(name: str, env: str = FIRST_ENV) -> StudySpec:
    """A shipped study.

    Raises:
        ConfigError: there is none of this name, or none for this environment.
    """
    if name not in NAMES:
        raise ConfigError(f"There is no study preset '{name}'.{nearest(name, (*NAMES, 'full'))}")
    if name == "first":
        return default_spec(env)
    if name == "ppo":
        return StudySpec(label=name, env=env, space=PPO_SPACE)
    preset = _OLD_PRESET if _OLD_PRESET in presets(env) else "default"
    old = StudySpec(label=name, env=env, preset=preset, space=HP_SPACE)
    if name == "hp":
        return old
    space = reward_space(env, preset)
    if not space:
        raise ConfigError(f"No reward space is shipped for {env}; write a study file.")
    if name == "reward":
        return replace(old, mode="reward", space=space)
    whole = {**HP_SPACE, **space}
    return replace(old, mode="stage", space=whole, confirm=ConfirmCfg(3, 2), final=FinalCfg(FINAL_STEPS))


def reward_space(env: str, preset: str = _OLD_PRESET) -> dict[str, Dimension]:
    """The predecessor's ranges of an environment's reward, as far as the preset has these settings."""
    wanted = _FLAT_SPACE if env == FIRST_ENV else course_space(env.removeprefix("vbot_navigation_"))
    known = {f"task.{path}" for path in leaves(task_cfg(env, preset))}
    return {path: dimension for path, dimension in wanted.items() if path in known}


def named_work(name: Path) -> StudySpec | PipelineSpec:
    """A study or pipeline by its file, or a shipped pipeline by its name.

    Raises:
        ConfigError: there is neither.
    """
    if str(name) in PIPELINES and not name.exists():
        return course_curriculum.courses(usable_cores())
    if len(name.parts) == 1 and not name.suffix and not name.exists():
        raise ConfigError(f"There is no study file and no shipped pipeline '{name}'.{nearest(str(name), PIPELINES)}")
    return load_work(name)


def shipped_pipeline(env: str = FIRST_ENV) -> PipelineSpec:
    """The predecessor's curriculum of the flat task: spawns farther and farther away, smaller and smaller steps.

    Raises:
        ConfigError: none is shipped for this environment.
    """
    if env != FIRST_ENV:
        raise ConfigError(
            f"No curriculum is shipped for {env}; there is one for {FIRST_ENV}, or write a file with stages."
        )
    search = replace(shipped("stage", env), max_trials=8, confirm=ConfirmCfg(2, 1), final=FinalCfg(FINAL_STEPS // 2))
    rings = (("near", 2.0, 5.0, 0.7), ("middle", 5.0, 8.0, 0.6), ("far", 8.0, 12.0, 0.9))
    return PipelineSpec(
        label="curriculum",
        stages=tuple(
            Stage(name, replace(search, label=name, sets=_ring(low, high)), promote={"success": gate})
            for name, low, high, gate in rings
        ),
    )


def _ring(low_m: float, high_m: float) -> dict[str, float]:
    return {"task.spawn.radius_min_m": low_m, "task.spawn.radius_max_m": high_m}
