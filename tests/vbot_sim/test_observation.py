import math
from typing import Any

import numpy as np
import pytest

from vbot_sim.kinematics import trunk_motion
from vbot_sim.observation import NOISY, noise_amplitudes, write_observation
from vbot_sim.schema import EpisodeCfg, ObservationCfg


def observe(qpos: Any, qvel: Any, target: Any, **obs: Any) -> np.ndarray:
    q, v = np.asarray([qpos], np.float32), np.asarray([qvel], np.float32)
    out = np.full((1, 54), np.nan, np.float32)
    joints, action = q[:, 7:], np.arange(12, dtype=np.float32)[None] / 10
    motion = trunk_motion(q, v, np.asarray([target], np.float32))
    write_observation(out, motion, joints, v[:, 6:], action, ObservationCfg(**obs), EpisodeCfg())
    return out[0]


def pose(x: float = 0.0, y: float = 0.0, yaw: float = 0.0) -> list[float]:
    return [x, y, 0.26, math.cos(yaw / 2), 0, 0, math.sin(yaw / 2), *([0.1, 0.2, 0.3] * 4)]


def speeds(vx: float = 0.0, vy: float = 0.0, yaw_rate: float = 0.0) -> list[float]:
    return [vx, vy, 0.0, 0.0, 0.0, yaw_rate, *([2.0] * 12)]


def test_every_number_is_written_at_its_index() -> None:
    row = observe(pose(), speeds(0.5, -0.1, 0.4), (3.0, 4.0))
    assert np.isfinite(row).all()
    assert row[0:3] == pytest.approx([1.0, -0.2, 0.0], abs=1e-6)  # x 2
    assert row[3:6] == pytest.approx([0.0, 0.0, 0.1], abs=1e-6)  # x 0.25
    assert row[6:9] == pytest.approx([0.0, 0.0, -1.0])
    assert row[9:21] == pytest.approx([0.1, 0.2, 0.3] * 4)
    assert row[21:33] == pytest.approx([0.1] * 12)  # x 0.05
    assert row[33:45] == pytest.approx(np.arange(12) / 10)
    assert row[45:47] == pytest.approx([1.2, 1.6], abs=1e-6)  # 1 m/s towards (3, 4), x 2
    assert row[47] == pytest.approx(0.25 * math.atan2(4, 3), abs=1e-6)
    assert row[48:50] == pytest.approx([3 / 12, 4 / 12], abs=1e-6)
    assert row[50] == pytest.approx(math.atan2(4, 3) / math.pi, abs=1e-6)
    assert row[51] == pytest.approx(5 / 12)
    assert row[52:54].tolist() == [0.0, 0.0]


def test_the_task_looks_the_same_from_every_side() -> None:
    for angle in (0.7, 2.0, -2.9):
        c, s = math.cos(angle), math.sin(angle)
        here = observe(pose(2.0, 1.0, 0.3), speeds(0.5, -0.2, 0.3), (4.0, -1.0))
        turned = observe(
            pose(2 * c - s, 2 * s + c, 0.3 + angle),
            speeds(0.5 * c + 0.2 * s, 0.5 * s - 0.2 * c, 0.3),
            (4 * c + s, 4 * s - c),
        )
        assert turned == pytest.approx(here, abs=2e-6)


def test_inside_the_circle() -> None:
    still = observe(pose(), speeds(0.1), (0.3, 0.0))
    assert still[52:54].tolist() == [1.0, 1.0]
    assert observe(pose(), speeds(0.2), (0.3, 0.0))[52:54].tolist() == [1.0, 0.0]
    assert still[45] == pytest.approx(0.6)  # 0.3 m/s x 2: the command shrinks with the distance
    assert observe(pose(), speeds(), (0.3, 0.0), command_zero_inside=True)[45] == 0.0


def test_small_bearings_ask_for_no_turn_and_bearings_fade_inside() -> None:
    seven_degrees = math.radians(7)
    row = observe(pose(yaw=-seven_degrees), speeds(), (5.0, 0.0))
    assert row[47] == 0.0 and row[50] == pytest.approx(7 / 180, abs=1e-6)
    inside = observe(pose(), speeds(), (0.0, 0.25))
    assert inside[50] == pytest.approx(0.5 * 0.5, abs=1e-6)  # 90 degrees at half the reach radius


def test_far_targets_saturate() -> None:
    row = observe(pose(), speeds(), (20.0, 0.0), position_scale_m=5.0)
    assert row[48] == 1.0 and row[51] == 1.0


def test_noise_amplitudes_are_in_observation_units() -> None:
    full = noise_amplitudes(1.0)
    assert len(full) == NOISY == 33
    assert full[[0, 3, 6, 9, 21]] == pytest.approx([0.1 * 2, 0.2 * 0.25, 0.05, 0.03, 1.5 * 0.05])
    assert noise_amplitudes(0.5) == pytest.approx(full / 2)
