"""The mirror: exchanging left and right twice changes nothing, and the mirrored robot does the mirrored thing."""

from dataclasses import replace

import numpy as np
import pytest

from tests.vbot_sim.builders import task
from vbot_sim.config import PRESETS, task_cfg
from vbot_sim.robot import JOINTS
from vbot_sim.spawns import Spawns
from vbot_sim.symmetry import MIRROR
from vbot_sim.vector_task import VectorTask

ENV = "vbot_navigation_section001"


def test_twice_mirrored_is_unchanged() -> None:
    rng = np.random.default_rng(0)
    obs, action = rng.standard_normal((5, 54)).astype(np.float32), rng.standard_normal((5, 12)).astype(np.float32)
    assert np.array_equal(MIRROR.observation(MIRROR.observation(obs)), obs)
    assert np.array_equal(MIRROR.action(MIRROR.action(action)), action)
    assert not np.array_equal(MIRROR.observation(obs), obs)


def test_legs_change_sides_and_hips_turn_the_other_way() -> None:
    # FR (0, 1, 2) <-> FL (3, 4, 5), RR (6, 7, 8) <-> RL (9, 10, 11); the first of each leg is the hip
    mirrored = MIRROR.action(np.arange(1.0, 13.0, dtype=np.float32))
    assert mirrored.tolist() == [-4, 5, 6, -1, 2, 3, -10, 11, 12, -7, 8, 9]
    assert JOINTS[0] == "FR_hip_joint" and JOINTS[3] == "FL_hip_joint"


def test_what_is_not_a_joint_by_hand() -> None:
    obs = np.ones(54, np.float32)
    odd = np.flatnonzero(MIRROR.observation(obs) < 0).tolist()
    hips = [9, 12, 15, 18, 21, 24, 27, 30, 33, 36, 39, 42]
    # vy, roll rate, yaw rate, gravity y, command left, command yaw, target left, bearing
    assert odd == sorted([1, 3, 5, 7, 46, 47, 49, 50, *hips])


def test_a_target_straight_ahead_has_no_side() -> None:
    obs = np.zeros((5, 54), np.float32)
    obs[:, 50] = np.array([0.0, 19.0, 21.0, -21.0, 180.0]) / 180.0
    assert MIRROR.sided(obs).tolist() == [False, False, True, True, True]
    assert replace(MIRROR, side=None).sided(obs).all()


def mirrored_worlds(preset: str) -> tuple[VectorTask, VectorTask]:
    """The same start and its mirror image in the world's x-z plane, in which the target lies."""
    rng = np.random.default_rng(1)
    count, joints = 8, rng.standard_normal((8, 12)) * 0.05
    position, yaw = rng.uniform(1.0, 3.0, (count, 2)), rng.uniform(-3.0, 3.0, count)
    start = Spawns(position, yaw, np.zeros((count, 2)), np.full(count, 0.28), joints)
    other = replace(
        start,
        position_m=position * (1.0, -1.0),
        yaw_rad=-yaw,
        joint_offset_rad=MIRROR.action(joints).astype(np.float64),
    )
    cfg = task_cfg(ENV, preset)
    cfg = replace(cfg, randomization=task().randomization)
    worlds = VectorTask(cfg, count, seed=0), VectorTask(cfg, count, seed=0)
    worlds[0].reset(start)
    worlds[1].reset(other)
    return worlds


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_the_mirrored_robot_moves_and_earns_as_the_mirror_says(preset: str) -> None:
    one, other = mirrored_worlds(preset)
    assert np.array_equal(MIRROR.observation(one.obs), other.obs)
    actions = np.random.default_rng(2).standard_normal((6, 8, 12)).astype(np.float32) * 0.5
    for action in actions:
        step, mirrored = one.step(action), other.step(MIRROR.action(action))
        # Inertias differ by grams between the sides, and a contact that is made a step earlier or later makes more of
        # it: the robot in the middle is compared. A wrong sign or source gives 0.1 and more.
        assert middle_difference(MIRROR.observation(step.obs), mirrored.obs) < 0.01
        assert middle_difference(step.terms.T, mirrored.terms.T) < 0.01
    assert middle_difference(step.obs, mirrored.obs) > 0.1


def middle_difference(one: np.ndarray, other: np.ndarray) -> float:
    """The largest of all columns' median differences over the robots."""
    return float(np.median(np.abs(one - other), axis=0).max())
