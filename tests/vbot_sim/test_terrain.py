"""The courses as physics sees them: rays meet the heights of the tables, and a robot stands on every element."""

from dataclasses import replace
from functools import cache
from typing import Any

import mujoco
import numpy as np
import pytest

from tests.vbot_sim.builders import STANCE, task
from vbot_sim.courses.placing import feet_ground, place
from vbot_sim.courses.schema import CourseCfg
from vbot_sim.model import build_model
from vbot_sim.robot import STANDING_HEIGHT_M
from vbot_sim.terrain import field, relief
from vbot_sim.terrain.ground import CELL_Y_M, VOID_M, build_ground, height_map
from vbot_sim.terrain.parts import NOWHERE, Ball, Box, Relief
from vbot_sim.terrain.sections import PLANKS

WITHIN_M = 0.005
WORLDS = ("section011", "section012", "section013", "long_course", "field")

#: Heights of the tables, worked out by hand: place (x, y) and height, by element.
TABLES: dict[str, tuple[tuple[str, float, float, float], ...]] = {
    "section011": (
        ("start platform", 1.0, -2.5, 0.0),
        ("gap floor", -4.0, 1.75, 0.0),
        ("foot of the ramp", 0.0, 2.01, 0.01 * np.tan(np.radians(15))),
        ("middle of the ramp", 2.0, 4.415, 2.415 * np.tan(np.radians(15))),
        ("top of the ramp", 0.0, 6.82, 4.82 * np.tan(np.radians(15))),
        ("platform", 0.0, 7.83, 1.2941),
        ("side wall", 5.25, 0.0, 2.4532),
        ("back wall", 0.0, -3.75, 2.4532),
    ),
    "section012": (
        ("platform of the first section", 0.0, 7.83, 1.2941),
        ("stair foot", 0.0, 12.1, 1.2941),
        *((f"right step {k + 1}", 2.0, 12.43 + 0.2 * k, 1.3941 + 0.1 * k) for k in range(10)),
        *((f"left step {k + 1}", -3.0, 12.43 + 0.2 * k, 1.4441 + 0.15 * k) for k in range(10)),
        *((f"right step down {k + 1}", 2.0, 21.43 + 0.2 * k, 2.2941 - 0.1 * k) for k in range(10)),
        *((f"left step down {k + 1}", -3.0, 21.43 + 0.2 * k, 2.7941 - 0.15 * k) for k in range(10)),
        ("right landing", 2.0, 14.45, 2.2941),
        ("right landing down", 2.0, 21.2, 2.2941),
        ("abutment", -3.0, 14.63, 2.7941),
        ("narrow abutment", -3.0, 15.1, 2.7941),
        ("round of the abutment", -1.1, 14.93, 2.7941),
        *((f"plank {k + 1}", -3.0, y, z + hz) for k, (y, z, _, hz) in enumerate(PLANKS)),
        ("railing", -1.6806, 17.83, 3.1477),
        ("bridge post", -1.6806, 15.22, 3.2411),
        ("valley slope", -1.0, 15.5, 1.9),  # 2.294 - (15.5 - 14.58) tan 23.2 = 1.900
        ("valley floor", -1.0, 17.83, 1.2941),
        ("valley slope up", -1.0, 20.1592, 1.9),  # the mirror image of y = 15.5
        ("middle stone", 2.0, 17.83, 1.55),
        ("stone on the slope", 3.5, 15.8399, 1.95),
        ("exit platform", 0.0, 24.33, 1.2941),
    ),
    "section013": (
        ("entry", 0.0, 26.33, 1.2941),
        ("foot of the ramp", 0.0, 27.33, 1.2941),
        ("top of the ramp", 0.0, 27.8, 1.2941 + 0.47 * np.tan(np.radians(21.77))),
        ("final platform", 1.5, 32.33, 1.4941),
        ("gold ball", 0.0, 31.2296, 1.5941),
        ("gold ball left", -3.0, 31.2296, 1.5941),
        ("gold ball right", 3.0, 31.2296, 1.5941),
        ("end wall", 0.0, 34.33, 3.8337),
    ),
}
TABLES["long_course"] = tuple(row for rows in tuple(TABLES.values()) for row in rows)

#: Where a robot is put down to stand: place, and the direction it faces. On stairs each foot has a tread of its own.
STANDS: dict[str, tuple[tuple[str, float, float, float], ...]] = {
    "section011": (
        ("start", 0.0, -2.5, 0.0),
        ("bumps", 0.0, 0.3, 1.57),
        ("ramp", -2.0, 4.5, 1.57),
        ("platform", 0.0, 7.83, 0.0),
    ),
    "section012": (
        ("waves", 0.0, 10.3, 1.57),
        ("stair foot", 2.0, 12.05, 0.0),
        ("right stairs", 2.0, 13.202, 1.57),
        ("left stairs", -3.0, 13.202, 1.57),
        ("right stairs down", 2.0, 22.202, 1.57),
        ("left stairs down", -3.0, 21.857, -1.57),
        ("right landing", 2.0, 14.5, 0.0),
        ("abutment", -3.0, 14.75, 0.0),
        ("bridge", -3.0, 17.8, 1.57),
        ("valley slope", -0.5, 15.4, 1.57),
        ("valley floor", -0.5, 17.83, 1.57),
        ("under the bridge", -3.0, 17.83, 1.57),
        ("stone in the middle", 2.0, 17.83, 1.57),
        ("exit", 0.0, 24.33, 0.0),
    ),
    "section013": (
        ("entry", 0.0, 26.3, 1.57),
        ("ramp", 1.0, 27.6, 1.57),
        ("random ground", 0.0, 29.3, 1.57),
        ("gold ball", 0.0, 31.2296, 1.57),
        ("final platform", 1.5, 32.5, 0.0),
    ),
    "field": tuple(
        (f"{lane.kind} {lane.value:g}", lane.x_m, 2.0, 1.57)
        for lane in field.lanes()
        if lane.value in (0.0, 0.1, 0.17, 15.0, 25.0, 0.277)
    ),
}


@cache
def scene(world: str) -> tuple[Any, Any]:
    """Terrain alone, for rays."""
    ground = build_ground(world, 1)
    text = f"<mujoco><asset>{ground.assets_xml()}</asset><worldbody>{ground.bodies_xml(0)}</worldbody></mujoco>"
    model = mujoco.MjModel.from_xml_string(text)
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    return model, data


def ray_down(world: str, x: float, y: float, from_z: float = 9.0) -> float:
    """Height at which a ray from above meets the ground."""
    model, data = scene(world)
    down = np.array([0.0, 0.0, -1.0])
    geom = np.zeros(1, np.int32)
    distance = mujoco.mj_ray(model, data, np.array([x, y, from_z]), down, None, 1, -1, geom)
    return from_z - distance if distance >= 0 else NOWHERE


@pytest.mark.parametrize("world", TABLES)
def test_rays_meet_the_heights_of_the_tables(world: str) -> None:
    wrong = {
        name: (x, y, ray_down(world, x, y), height)
        for name, x, y, height in TABLES[world]
        if abs(ray_down(world, x, y) - height) > WITHIN_M
    }
    assert wrong == {}


@pytest.mark.parametrize("world", WORLDS)
def test_the_computed_surface_is_what_rays_meet_everywhere(world: str) -> None:
    ground = build_ground(world, 1)
    x_min, x_max, y_min, y_max = ground.bounds()
    rng = np.random.default_rng(5)
    x, y = rng.uniform(x_min, x_max, 1500), rng.uniform(y_min, y_max, 1500)
    met = np.array([ray_down(world, a, b) for a, b in zip(x, y, strict=True)])
    computed = ground.surface_m(x, y)
    assert np.array_equal(np.isneginf(met), np.isneginf(computed))
    there = ~np.isneginf(met)
    assert np.abs(met[there] - computed[there]).max() < WITHIN_M


def test_the_table_of_heights_follows_the_surface() -> None:
    ground, table = build_ground("long_course", 1), height_map("long_course", 1)
    rng = np.random.default_rng(6)
    x, y = rng.uniform(-5, 5, 4000), rng.uniform(-3.5, 34, 4000)
    exact = np.maximum(ground.surface_m(x, y), VOID_M)
    error = np.abs(table.height_m(x, y, np.full(4000, 9.0)) - exact)
    assert np.quantile(error, 0.95) < WITHIN_M  # the rest lies within a cell of an edge
    flat_y = np.array([-2.5, 7.83, 12.1, 24.33, 32.9])
    assert table.height_m(np.zeros(5), flat_y, np.full(5, 3.0)) == pytest.approx(
        [0.0, 1.2941, 1.2941, 1.2941, 1.4941], abs=1e-4
    )


def test_under_the_bridge_the_ground_is_the_valley() -> None:
    table = height_map("section012", 1)
    place = (np.array([-3.0]), np.array([17.8212]))
    assert table.height_m(*place, np.array([2.9])) == pytest.approx(2.5947, abs=1e-3)
    assert table.height_m(*place, np.array([1.55])) == pytest.approx(1.2941, abs=1e-3)


def test_a_tilted_box_by_hand() -> None:
    box = Box((1.0, 2.0, 0.5), (0.0, 0.0, 0.0), tilt_deg=30.0)
    cos, sin = np.cos(np.pi / 6), 0.5
    middle = box.height_m(np.zeros(1), np.array([-0.5 * sin]))  # the middle of the upper face
    assert middle[0] == pytest.approx(0.5 * cos)
    raised = 2.0 * cos - 0.5 * sin
    assert box.height_m(np.zeros(1), np.array([raised]))[0] == pytest.approx(0.5 * cos + 2.0 * sin)
    end = box.height_m(np.zeros(1), np.array([raised + 0.25]))[0]  # half way down the end face
    assert end == pytest.approx(0.5 * cos + 2.0 * sin - 0.25 * cos / sin)
    assert box.height_m(np.array([1.1]), np.zeros(1))[0] == NOWHERE


def test_a_cap_by_hand() -> None:
    ball = Ball(0.75, (0.0, 0.0, 0.8441))
    assert ball.height_m(np.array([0.0, 0.45]), np.zeros(2)) == pytest.approx([1.5941, 0.8441 + 0.6])
    on_platform = np.sqrt(0.75**2 - (1.4941 - 0.8441) ** 2)
    assert on_platform == pytest.approx(0.374, abs=1e-3)  # the radius of the cap that shows


def test_relief_interpolates_flat_triangles() -> None:
    ground = Relief("r", (1.0, 1.0), (0.0, 0.0, 0.0), 2.0, np.array([[0.0, 1.0], [0.0, 0.5]]))
    x, y = np.array([0.5, -0.5, 0.0]), np.array([-0.5, 0.5, 0.0])
    # right of the rising diagonal: 0 + .75 (1 - 0) + .25 (.5 - 1) = .625; left: 0 + .75 (0 - 0) + .25 (.5 - 0) = .125
    assert ground.height_m(x, y) == pytest.approx([2 * 0.625, 2 * 0.125, 2 * 0.25])


def test_bumps_have_the_recorded_statistics_and_every_seed_is_another_field() -> None:
    heights = 0.277056 * relief.bumps(3, 5.0, 1.5)
    low, middle, high = np.quantile(heights, (0.1, 0.5, 0.9))
    assert 0.02 <= low <= 0.04 and 0.055 <= middle <= 0.07 and 0.11 <= high <= 0.14
    assert (heights.min(), heights.max()) == (0.0, pytest.approx(0.277056))
    assert heights.shape == (31, 101)
    assert np.array_equal(relief.bumps(3, 5.0, 1.5), relief.bumps(3, 5.0, 1.5))
    assert np.abs(relief.bumps(4, 5.0, 1.5) - relief.bumps(3, 5.0, 1.5)).mean() > 0.1


def test_lanes_lie_apart_and_grow_harder() -> None:
    lanes = field.lanes()
    assert np.diff([lane.x_m for lane in lanes]).min() > 2 * field.HALF_WIDTH_M
    for kind in field.KINDS:
        values = [lane.value for lane in lanes if lane.kind == kind]
        assert values == sorted(values)
    assert field.levels("stairs") == 11 and field.levels("bumps") == 5
    tenth = next(lane for lane in lanes if lane.kind == "stairs" and lane.value == 0.10)
    assert (tenth.top_m, tenth.target_y_m, tenth.end_y_m) == (1.0, 4.0, 5.0)
    assert ray_down("field", tenth.x_m, 1.3) == pytest.approx(0.2)  # the second step
    assert ray_down("field", tenth.x_m, 4.0) == pytest.approx(1.0)


def course_model(world: str, **physics: Any) -> Any:
    """A model of a task on a course."""
    base = task(physics={"collision": "legs", **physics})
    course = CourseCfg(ground="field") if world == "field" else CourseCfg(section=world)  # type: ignore[arg-type]
    return build_model(base.physics, base.control, course)


HIPS = ((0.18453, -0.1485), (0.18453, 0.1485), (-0.18453, -0.1485), (-0.18453, 0.1485))  # forward and left
THIGH_M, CALF_M = 0.1985, 0.214


def leg_angles(forward: float, down: float) -> tuple[float, float]:
    """Thigh and calf angles that put a foot so far ahead of and below its hip."""
    reach = min(np.hypot(forward, down), THIGH_M + CALF_M - 1e-3)
    calf = -np.arccos((reach**2 - THIGH_M**2 - CALF_M**2) / (2 * THIGH_M * CALF_M))
    inner = np.arctan2(CALF_M * np.sin(-calf), THIGH_M + CALF_M * np.cos(calf))
    return inner - np.arctan2(forward, down), calf


def standing(table: Any, x: float, y: float, yaw: float, near: float) -> Any:
    """Trunk pose and joints of a robot that stands with its trunk half as steep as the ground and its feet on it."""
    spot = (np.array([x]), np.array([y]), np.array([yaw]), np.array([near]))
    heights = feet_ground(table, *spot)[0] + 0.021
    slope = np.arctan2(heights[:2].mean() - heights[2:].mean(), 0.369) / 2.0
    trunk_z = heights.mean() + 0.26
    joints = []
    for (along, _), height in zip(HIPS, heights, strict=True):
        hip_x, hip_z = along * np.cos(slope), trunk_z + along * np.sin(slope)
        ahead, below = along - hip_x, hip_z - height  # the foot stays where the table of the ground was asked
        joints += [
            0.0,
            *leg_angles(ahead * np.cos(slope) - below * np.sin(slope), below * np.cos(slope) + ahead * np.sin(slope)),
        ]
    half = slope / 2.0
    return trunk_z, np.array([np.cos(half), 0.0, -np.sin(half), 0.0]), joints


@pytest.mark.parametrize("world", STANDS)
@pytest.mark.parametrize("collision", ["legs", "full"])
def test_a_robot_placed_on_each_element_stands(world: str, collision: str) -> None:
    model = course_model(world, collision=collision)
    data, table = mujoco.MjData(model), height_map(world, 1)
    fallen = {}
    for name, x, y, yaw in STANDS[world]:
        mujoco.mj_resetData(model, data)
        z, pitched, joints = standing(table, x, y, yaw, 1.6 if name.startswith("under") else 9.0)
        data.qpos[:3] = x, y, z
        mujoco.mju_mulQuat(data.qpos[3:7], np.array([np.cos(yaw / 2), 0.0, 0.0, np.sin(yaw / 2)]), pitched)
        data.qpos[7:] = data.ctrl[:] = joints
        mujoco.mj_step(model, data, round(1.5 / model.opt.timestep))
        upright = 1.0 - 2.0 * (data.qpos[4] ** 2 + data.qpos[5] ** 2)
        above = data.qpos[2] - table.height_m(data.qpos[:1], data.qpos[1:2], data.qpos[2:3])[0]
        moved, speed = np.hypot(data.qpos[0] - x, data.qpos[1] - y), np.abs(data.qvel[:6]).max()
        if upright < 0.8 or not 0.1 < above < 0.45 or speed > 0.3 or moved > 0.25:
            fallen[name] = (upright, above, speed, moved)
    assert fallen == {}


def test_a_robot_is_placed_parallel_to_the_ground() -> None:
    table = height_map("section011", 1)
    z, quaternion = place(
        table, np.array([0.0, 2.0]), np.array([-2.5, 4.5]), np.array([0.3, np.pi / 2]), np.full(2, 9.0)
    )
    assert z[0] == pytest.approx(STANDING_HEIGHT_M + 0.015, abs=1e-4)
    assert quaternion[0] == pytest.approx([np.cos(0.15), 0.0, 0.0, np.sin(0.15)], abs=1e-4)
    w, x, y, tail = quaternion[1]
    forward_z = 2.0 * (x * tail - w * y)
    assert np.degrees(np.arcsin(forward_z)) == pytest.approx(15.0, abs=1.5)  # nose up on the ramp


def test_capsules_cover_the_legs() -> None:
    legs, full = course_model("section013"), course_model("section013", collision="full")
    names = [legs.geom(k).name for k in range(legs.ngeom)]
    assert sum(name.endswith("_capsule") for name in names) == 8
    assert legs.body_mass.sum() == pytest.approx(full.body_mass.sum())
    data = mujoco.MjData(full)
    data.qpos[7:] = STANCE
    mujoco.mj_kinematics(full, data)
    other = mujoco.MjData(legs)
    other.qpos[:] = data.qpos
    mujoco.mj_kinematics(legs, other)
    for part in ("upper", "middle", "lower"):
        box, capsule = data.geom(f"FL_calf_{part}").xpos, other.geom("FL_calf_capsule")
        axis = capsule.xmat.reshape(3, 3)[:, 2]
        away = box - capsule.xpos
        assert np.linalg.norm(away - (away @ axis) * axis) < 0.013  # the capsule's radius


def test_contacts_are_as_stiff_as_asked() -> None:
    assert course_model("section013").geom_solref[:, 0] == pytest.approx(0.02)
    stiff = build_model(replace(task().physics, contact_time_s=0.005), task().control, CourseCfg())
    assert stiff.geom_solref[:, 0] == pytest.approx(0.005)


def test_the_grid_is_finer_than_a_foot() -> None:
    assert CELL_Y_M < 2 * 0.021
