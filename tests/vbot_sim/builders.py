"""Small builders shared by the tests of the world."""

from dataclasses import replace
from typing import Any

import numpy as np

from vbot_sim.catalogue import scales
from vbot_sim.config import RandomizationCfg, RewardCfg, SpawnCfg, TaskCfg, task_cfg
from vbot_sim.robot import DEFAULT_JOINTS_RAD
from vbot_sim.spawns import Spawns

ENV = "vbot_navigation_section001"
STANCE = np.asarray(DEFAULT_JOINTS_RAD)
PLAIN = RandomizationCfg()


def task(preset: str = "default", **sections: Any) -> TaskCfg:
    """A task of the flat environment, in a world without variation, with some sections changed field by field."""
    cfg = replace(task_cfg(ENV, preset), randomization=PLAIN)
    changes = {name: replace(getattr(cfg, name), **fields) for name, fields in sections.items()}
    return replace(cfg, **changes)


def reward(given: dict[str, float], **shape: Any) -> RewardCfg:
    """A reward with the given scales only."""
    return RewardCfg(scales=scales(**given), **shape)


def spawns(*positions: tuple[float, float], yaw: float = 0.0, height: float = 0.28) -> Spawns:
    """Start states at the given positions, with the target at the origin."""
    count = len(positions)
    return Spawns(
        position_m=np.asarray(positions, np.float64).reshape(count, 2),
        yaw_rad=np.full(count, yaw),
        target_m=np.zeros((count, 2)),
        height_m=np.full(count, height),
        joint_offset_rad=np.zeros((count, 12)),
    )


def idle(num_envs: int) -> Any:
    """Actions that keep the default pose."""
    return np.zeros((num_envs, 12), np.float32)


NEAR = SpawnCfg(radius_min_m=1.0, radius_max_m=2.0, joint_noise_rad=0.0, height_m=0.28)
