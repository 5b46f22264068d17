import math

import numpy as np
import pytest

from vbot_sim.config import task_cfg
from vbot_sim.model import build_model
from vbot_sim.robot import DEFAULT_JOINTS_RAD, FOOT_GEOMS, STANDING_HEIGHT_M
from vbot_tui import robot_view
from vbot_tui.robot_view import Dots

STANDING = (0.0, 0.0, STANDING_HEIGHT_M, 1.0, 0.0, 0.0, 0.0, *DEFAULT_JOINTS_RAD)


def blank(line):
    return not line.strip()


def test_feet_are_where_the_physics_has_them():
    import mujoco

    task = task_cfg("vbot_navigation_section001")
    model = build_model(task.physics, task.control)
    data = mujoco.MjData(model)
    rng = np.random.default_rng(3)
    for _ in range(5):
        quaternion = rng.standard_normal(4)
        pose = [*rng.standard_normal(3), *(quaternion / np.linalg.norm(quaternion)), *rng.uniform(-1.0, 1.0, 12)]
        data.qpos[:] = pose
        mujoco.mj_kinematics(model, data)
        for leg, geom in zip(robot_view.legs(pose), FOOT_GEOMS, strict=True):
            assert leg.foot == pytest.approx(data.geom(geom).xpos, abs=1e-9)
            assert leg.knee == pytest.approx(data.body(f"{leg.name}_calf").xpos, abs=1e-9)
            assert leg.hip == pytest.approx(data.body(f"{leg.name}_thigh").xpos, abs=1e-9)


def test_standing_all_feet_are_down_and_in_the_air_none():
    assert all(robot_view.contacts(STANDING).values())
    assert not any(robot_view.contacts((0.0, 0.0, 0.5, *STANDING[3:])).values())


def test_a_lifted_leg_is_shown_as_lifted():
    pose = list(STANDING)
    pose[7 + 4] += 0.5  # thigh of FL forward
    assert robot_view.feet_line(pose) == "FR ●  FL ○  RR ●  RL ●"


@pytest.mark.parametrize("yaw", [0.0, 1.0, -2.5, 3.0])
def test_heading_is_the_yaw_of_the_quaternion(yaw):
    pose = (0.0, 0.0, 0.3, math.cos(yaw / 2), 0.0, 0.0, math.sin(yaw / 2), *DEFAULT_JOINTS_RAD)
    assert robot_view.heading_rad(pose) == pytest.approx(yaw)


def test_dots_are_braille():
    dots = Dots(2, 1)
    dots.dot(0, 0)
    dots.dot(3, 3)
    dots.dot(99, 0)  # outside: nothing happens
    assert dots.lines() == ["⠁⢀"]


def test_a_line_sets_its_ends_and_what_lies_between():
    dots = Dots(1, 1)
    dots.line((0, 0), (0, 3))
    assert dots.lines() == ["⡇"]


def test_the_side_view_looks_the_same_wherever_the_robot_heads():
    def seen(yaw):
        pose = (0.0, 0.0, 0.3, math.cos(yaw / 2), 0.0, 0.0, math.sin(yaw / 2), *DEFAULT_JOINTS_RAD)
        return robot_view.side_view(pose, 40, 12)

    assert seen(0.0) == seen(math.pi)  # heading is always to the right


def test_the_side_view_has_the_size_asked_for_and_stands_on_the_ground():
    lines = robot_view.side_view(STANDING, 40, 12)
    assert len(lines) == 12
    assert {len(line) for line in lines} == {40}
    assert not blank(lines[-1])


def test_a_higher_trunk_is_drawn_higher():
    def first_row(height):
        lines = robot_view.side_view((0.0, 0.0, height, *STANDING[3:]), 40, 12)
        return next(k for k, line in enumerate(lines) if not blank(line))

    assert first_row(0.4) < first_row(STANDING_HEIGHT_M)


def test_from_above_the_robot_is_on_its_side_of_the_target():
    here = (-8.0, 0.0, *STANDING[2:])
    lines = robot_view.top_view(here, (0.0, 0.0), [], 30, 11)
    left = sum(not blank(line[:10]) for line in lines)
    right = sum(not blank(line[20:]) for line in lines)
    assert left > 0
    assert right == 0


def test_the_way_so_far_is_drawn():
    here = (-1.0, 0.0, *STANDING[2:])
    without = "".join(robot_view.top_view(here, (0.0, 0.0), [(-8.0, 0.0)], 30, 11))
    with_way = "".join(robot_view.top_view(here, (0.0, 0.0), [(-8.0, 0.0), (-1.0, 0.0)], 30, 11))
    assert len(with_way.replace(" ", "")) > len(without.replace(" ", "")) + 5
