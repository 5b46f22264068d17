"""Where episodes start: drawn at random for training, or given for evaluation."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vbot_sim.robot import DEFAULT_JOINTS_RAD
from vbot_sim.schema import SpawnCfg

F64 = NDArray[np.float64]


@dataclass(frozen=True)
class Spawns:
    """Start states of k episodes."""

    position_m: F64  # [k, 2]
    yaw_rad: F64  # [k]
    target_m: F64  # [k, 2]
    height_m: F64  # [k]
    joint_offset_rad: F64  # [k, 12]

    def __len__(self) -> int:
        return len(self.yaw_rad)

    def take(self, ids: NDArray[np.integer] | slice) -> "Spawns":
        """Return the start states of some episodes."""
        return Spawns(
            self.position_m[ids],
            self.yaw_rad[ids],
            self.target_m[ids],
            self.height_m[ids],
            self.joint_offset_rad[ids],
        )

    def qpos(self) -> F64:
        """Return the generalised positions [k, 19]."""
        qpos = np.zeros((len(self), 19))
        qpos[:, :2] = self.position_m
        qpos[:, 2] = self.height_m
        qpos[:, 3] = np.cos(self.yaw_rad / 2.0)
        qpos[:, 6] = np.sin(self.yaw_rad / 2.0)
        qpos[:, 7:] = np.asarray(DEFAULT_JOINTS_RAD) + self.joint_offset_rad
        return qpos

    def distance_m(self) -> F64:
        """Return the distance to the target [k]."""
        difference = self.target_m - self.position_m
        return np.hypot(difference[:, 0], difference[:, 1])


def _on_annulus(rng: np.random.Generator, count: int, low: float, high: float, by_area: bool) -> F64:
    """Draw points [count, 2] about the origin, uniform in area or in radius."""
    share, angle = rng.random(count), rng.uniform(-np.pi, np.pi, count)
    radius = np.sqrt(low**2 + share * (high**2 - low**2)) if by_area else low + share * (high - low)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def draw_spawns(rng: np.random.Generator, count: int, cfg: SpawnCfg) -> Spawns:
    """Draw the start states of `count` episodes."""
    target = _on_annulus(rng, count, 0.0, cfg.target_radius_m, by_area=True)
    position = target + _on_annulus(rng, count, cfg.radius_min_m, cfg.radius_max_m, cfg.distribution == "area")
    if cfg.clip_radius_m is not None:
        radius = np.maximum(np.hypot(position[:, 0], position[:, 1]), 1e-9)
        position *= np.minimum(1.0, cfg.clip_radius_m / radius)[:, None]
    return Spawns(
        position_m=position,
        yaw_rad=rng.uniform(-np.pi, np.pi, count),
        target_m=target,
        height_m=np.full(count, cfg.height_m),
        joint_offset_rad=rng.standard_normal((count, 12)) * cfg.joint_noise_rad,
    )
