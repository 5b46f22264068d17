"""Where episodes on a course or on the training field start, standing on whatever is under their feet."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vbot_sim.courses.placing import place
from vbot_sim.courses.routes import Start
from vbot_sim.robot import DEFAULT_JOINTS_RAD
from vbot_sim.spawns import F64, Spawns
from vbot_sim.terrain.ground import HeightMap

ABOVE_M = 0.6
"""A robot at a start of known height stands on what is lower than this above it."""


@dataclass(frozen=True)
class CourseSpawns(Spawns):
    """Start states of k episodes on uneven ground."""

    orientation: F64  # [k, 4] w x y z
    leg: NDArray[np.integer]  # [k] leg of the route to begin with

    def take(self, ids: NDArray[np.integer] | slice) -> "CourseSpawns":
        """Return the start states of some episodes."""
        return CourseSpawns(*(getattr(self, name)[ids] for name in self.__dataclass_fields__))

    def qpos(self) -> F64:
        """Return the generalised positions [k, 19]."""
        qpos = np.zeros((len(self), 19))
        qpos[:, :2] = self.position_m
        qpos[:, 2] = self.height_m
        qpos[:, 3:7] = self.orientation
        qpos[:, 7:] = np.asarray(DEFAULT_JOINTS_RAD) + self.joint_offset_rad
        return qpos


def standing(
    rng: np.random.Generator,
    ground: HeightMap,
    position_m: F64,
    yaw_rad: F64,
    target_m: F64,
    near_z_m: F64,
    leg: NDArray[np.integer],
    joint_noise_rad: float,
) -> CourseSpawns:
    """Return robots that stand at the given places [k, 2]."""
    height, orientation = place(ground, position_m[:, 0], position_m[:, 1], yaw_rad, near_z_m)
    noise = rng.standard_normal((len(yaw_rad), 12)) * joint_noise_rad
    return CourseSpawns(position_m, yaw_rad, target_m, height, noise, orientation, leg)


def official(rng: np.random.Generator, count: int, start: Start, ground: HeightMap, joint_noise: float) -> CourseSpawns:
    """Draw official starts; targets are left to the route."""
    position = np.stack([rng.uniform(*start.x_m, count), rng.uniform(*start.y_m, count)], axis=1)
    yaw = start.yaw_rad + rng.uniform(-start.yaw_spread_rad, start.yaw_spread_rad, count)
    near = np.full(count, start.z_m + ABOVE_M)
    return standing(rng, ground, position, yaw, position.copy(), near, np.zeros(count, np.intp), joint_noise)


def heading(from_m: NDArray[np.floating], to_m: NDArray[np.floating]) -> F64:
    """Return the headings [k] that look from one place at another; +y where they are the same."""
    away = to_m - from_m
    still = np.hypot(away[:, 0], away[:, 1]) < 1e-6
    return np.where(still, math.pi / 2, np.arctan2(away[:, 1], away[:, 0]))
