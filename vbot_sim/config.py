"""Which environments there are, and the config of each: the one door to settings of the world.

Importing this loads neither numpy nor mujoco.
"""

from collections.abc import Mapping

from vbot_sim.errors import ConfigError, UnknownEnvError
from vbot_sim.presets import SECTION001, Preset
from vbot_sim.schema import (
    TICK_S,
    ControlCfg,
    EpisodeCfg,
    ObservationCfg,
    PhysicsCfg,
    RandomizationCfg,
    RewardCfg,
    SpawnCfg,
    TaskCfg,
    TerminationCfg,
)
from vbot_sim.settings import nearest

__all__ = [
    "ENV_IDS",
    "PRESETS",
    "TICK_S",
    "ControlCfg",
    "EpisodeCfg",
    "ObservationCfg",
    "PhysicsCfg",
    "Preset",
    "RandomizationCfg",
    "RewardCfg",
    "SpawnCfg",
    "TaskCfg",
    "TerminationCfg",
    "presets",
    "task_cfg",
]

ENV_IDS: tuple[str, ...] = (
    "vbot_navigation_section001",
    "vbot_navigation_section011",
    "vbot_navigation_section012",
    "vbot_navigation_section013",
    "vbot_navigation_long_course",
)
_FLAT, _PREFIX = "vbot_navigation_section001", "vbot_navigation_"
PRESETS: Mapping[str, Preset] = SECTION001


def presets(env: str) -> Mapping[str, Preset]:
    """Return the presets of an environment by name.

    Raises:
        UnknownEnvError: the id is not known.
    """
    if env == _FLAT:
        return PRESETS
    if env in ENV_IDS:
        from vbot_sim.courses.presets import COURSES

        return COURSES[env.removeprefix(_PREFIX)]
    raise UnknownEnvError(f"Unknown environment '{env}'.{nearest(env, ENV_IDS)}")


def task_cfg(env: str, preset: str = "default") -> TaskCfg:
    """Return the config of `env` under a preset.

    Raises:
        UnknownEnvError: no such environment.
        ConfigError: no such preset.
    """
    known = presets(env)
    if preset not in known:
        raise ConfigError(f"Unknown preset '{preset}' of {env}.{nearest(preset, known)}")
    return known[preset].task
