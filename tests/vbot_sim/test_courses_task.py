"""Simulations of the courses: targets that move on, ends, observations, levels, and exact continuation."""

from dataclasses import replace
from typing import Any

import mujoco
import numpy as np
import pytest

from tests.vbot_sim.builders import STANCE, idle, task
from vbot_sim import protocols, scoring
from vbot_sim.config import ENV_IDS, presets, task_cfg
from vbot_sim.courses import sensing
from vbot_sim.courses.presets import COURSES
from vbot_sim.courses.schema import CourseCfg, FieldCfg, SensingCfg, StartCfg
from vbot_sim.courses.spawns import CourseSpawns, standing
from vbot_sim.courses.stretches import where_ended
from vbot_sim.courses.task import CourseEnds, CourseTask
from vbot_sim.errors import ConfigError
from vbot_sim.model import build_model
from vbot_sim.randomization import RandomizationCfg
from vbot_sim.schema import TaskCfg
from vbot_sim.settings import from_dict, override, to_dict
from vbot_sim.tasks import build_task, mirror_of, observation_size
from vbot_sim.terrain.ground import height_map
from vbot_sim.vector_task import VectorTask

COURSE_ENVS = ENV_IDS[1:]


def cfg(section: str = "section011", preset: str = "default", **course: Any) -> TaskCfg:
    """A course without variation, with some of its settings changed."""
    base = COURSES[section][preset].task
    assert base.course is not None
    return replace(base, randomization=RandomizationCfg(), course=replace(base.course, **course))


def world(section: str = "section011", n: int = 2, preset: str = "default", **course: Any) -> CourseTask:
    """Simulations of it."""
    built = build_task(cfg(section, preset, **course), n, seed=5)
    assert isinstance(built, CourseTask)
    return built


def stand_at(
    task: CourseTask, places: list[tuple[float, float]], yaw: float | np.ndarray = np.pi / 2, near: float = 9.0
) -> None:
    """Start every simulation standing at a place."""
    n = len(places)
    at = np.asarray(places, np.float64)
    rng = np.random.default_rng(0)
    spawns = standing(rng, task.ground, at, np.full(n, yaw), at.copy(), np.full(n, near), np.zeros(n, np.intp), 0.0)
    task.reset(spawns)


@pytest.mark.parametrize("env", COURSE_ENVS)
def test_every_preset_steps_and_its_terms_add_up(env: str) -> None:
    rng = np.random.default_rng(0)
    for name in presets(env):
        made = build_task(task_cfg(env, name), 6, seed=1)
        obs = made.reset()
        assert obs.shape == (6, observation_size(task_cfg(env, name)))
        for _ in range(12):
            step = made.step(rng.standard_normal((6, 12)).astype(np.float32))
            assert np.isfinite(step.obs).all() and np.isfinite(step.reward).all()
            assert step.terms.sum(axis=0) == pytest.approx(step.reward, abs=1e-4)


@pytest.mark.parametrize("env", COURSE_ENVS)
def test_every_preset_survives_a_file_and_can_be_changed(env: str) -> None:
    for name in presets(env):
        made = task_cfg(env, name)
        assert from_dict(TaskCfg, to_dict(made)) == made
        assert override(made, "course.relief_seed", 7).course.relief_seed == 7


def test_a_flat_task_is_built_as_it_was() -> None:
    assert type(build_task(task(), 1, seed=0)) is VectorTask
    with pytest.raises(ConfigError, match="has no course"):
        CourseTask(task(), 1, seed=0)


def test_standing_on_a_goal_reaches_it_and_the_target_moves_on() -> None:
    made = world("section011", 1)
    stand_at(made, [(-3.0, 0.0)])
    assert made.targets()[0] == pytest.approx([-3.0, 0.0])
    step = made.step(idle(1))
    assert made.targets()[0] == pytest.approx([0.0, 0.0])
    paid = dict(zip(made.term_names, step.terms[:, 0], strict=True))
    assert paid["waypoint_bonus"] == pytest.approx(40.0)
    ahead = step.obs[0, made.layout.privileged + 48 : made.layout.privileged + 50]
    assert ahead * 12 == pytest.approx([0.0, -3.0], abs=0.05)  # the new target lies 3 m to the right
    following = dict(zip(made.term_names, made.step(idle(1)).terms[:, 0], strict=True))
    assert abs(following["forward_velocity"]) < 0.2 and following["waypoint_bonus"] == 0.0


def test_distances_start_anew_with_the_target() -> None:
    base = cfg("section011")
    scales = dict(base.reward.scales) | {"waypoint_approach": 1.0}
    made = CourseTask(replace(base, reward=replace(base.reward, scales=scales)), 1, seed=0)
    stand_at(made, [(-3.0, 0.0)])
    made.step(idle(1))
    step = made.step(idle(1))
    row = made.term_names.index("waypoint_approach")
    assert abs(step.terms[row, 0]) < 0.03  # not the three metres to the next goal


def test_leaving_the_course_and_standing_still_end_the_episode() -> None:
    made = world("section013", 2)
    stand_at(made, [(0.0, 26.3), (0.0, 26.3)])
    made._qpos[0, 1] = 24.4
    step = made.step(idle(2))
    assert step.terminated.tolist() == [True, False]
    assert step.episodes is not None and step.episodes.out_of_bounds[0] and not step.episodes.fell[0]
    ends: list[CourseEnds] = []
    for _ in range(round(6.0 / 0.02)):
        step = made.step(idle(2))
        if step.episodes is not None and 1 in step.done_ids:
            assert isinstance(step.episodes, CourseEnds)
            ends.append(step.episodes)
    assert len(ends) == 1 and ends[0].stagnant.any() and not ends[0].fell.any()
    assert ends[0].place_m[-1, 1] == pytest.approx(26.3, abs=0.1)


def test_a_robot_that_sits_on_the_last_platform_has_finished() -> None:
    made = world("section013", 1, route="straight")
    stand_at(made, [(1.5, 30.45)])
    made.step(idle(1))
    place = height_map("section013", made.course.relief_seed)
    made._qpos[0, :3] = 0.0, 32.33, place.height_m(np.zeros(1), np.array([32.33]), np.full(1, 9.0))[0] + 0.28
    made.step(idle(1))
    assert made.journey.arrived[0]
    low = np.tile(np.array([0.0, 0.55, -0.75], np.float32) / 0.5, 4)[None]
    for _ in range(60):
        step = made.step(low)
        if step.episodes is not None:
            break
    assert step.episodes is not None and isinstance(step.episodes, CourseEnds)
    assert step.episodes.success[0] and not step.episodes.fell[0] and step.episodes.progress[0] == 1.0
    assert step.terminated[0] and not step.truncated[0]  # nothing comes after it
    assert step.episodes.points[0] == 20.0  # random ground 10, final platform 5, celebration 5


def test_starts_along_the_way_stand() -> None:
    made = world("section012", 64, start=StartCfg(along_share=1.0))
    made.reset()
    assert len(set(made.journey.leg.tolist())) > 8
    assert not {10, 14} & set(made.journey.leg.tolist())  # these would begin on the steep stairs
    fallen = sum(len(made.step(idle(64)).done_ids) for _ in range(25))
    assert fallen < 4


def test_feet_are_where_the_engine_says() -> None:
    base = task(physics={"collision": "full"})
    model = build_model(base.physics, base.control)
    data = mujoco.MjData(model)
    rng = np.random.default_rng(2)
    data.qpos[:3] = rng.uniform(-1, 1, 3)
    data.qpos[3:7] = rng.standard_normal(4)
    data.qpos[3:7] /= np.linalg.norm(data.qpos[3:7])
    data.qpos[7:] = STANCE + rng.uniform(-0.5, 0.5, 12)
    mujoco.mj_kinematics(model, data)
    expected = [data.geom(f"{leg}_foot").xpos for leg in ("FR", "FL", "RR", "RL")]
    found = sensing.feet_m(data.qpos[None].astype(np.float32))[0]
    assert found == pytest.approx(np.array(expected), abs=1e-5)


def test_the_scan_sees_the_steps_ahead() -> None:
    made = world("section012", 1)
    stand_at(made, [(2.0, 12.0)])
    scan = made.obs[0, -55:].reshape(11, 5)
    level = made._q[0, 2] - 0.2774
    ahead = np.arange(-0.35, 0.66, 0.1)
    # steps begin at y = 12.3296 with a rise of 0.1 each 0.2 m; the stair foot is at 1.2941
    steps = np.clip(np.floor((12.0 + ahead - 12.3296) / 0.2) + 1, 0, 10)
    clear = (np.abs((12.0 + ahead - 12.3296) / 0.2 % 1 - 0.5) < 0.4) & (ahead > -0.16)  # not at an edge nor on waves
    expected = (1.2941 + 0.1 * steps - level) / 0.5
    assert scan[clear, 2] == pytest.approx(expected[clear], abs=0.02)


def test_a_mirrored_robot_sees_the_mirror_image() -> None:
    for layout, scan in (("navigation", True), ("section", False), ("section", True)):
        sees = SensingCfg(layout=layout, scan=scan)  # type: ignore[arg-type]
        made = world("section013", 2, sensing=sees)
        stand_at(made, [(1.5, 26.3), (-1.5, 26.3)], yaw=np.pi / 2)
        for _ in range(3):
            actions = np.random.default_rng(3).standard_normal((1, 12)).astype(np.float32) * 0.3
            mirror = mirror_of(made.cfg)
            step = made.step(np.concatenate([actions, mirror.action(actions)]))
        # random ground is not symmetric, but neither robot is near it, and both aim at the ball on their own side
        middle = slice(made.layout.privileged, made.layout.privileged + 45)
        seen, image = step.obs[1], mirror.observation(step.obs[0])
        assert seen[middle] == pytest.approx(image[middle], abs=0.05)
        assert np.array_equal(mirror.observation(mirror.observation(step.obs)), step.obs)


@pytest.mark.parametrize("layout", ["navigation", "section"])
@pytest.mark.parametrize("privileged", [True, False])
def test_who_looks_straight_at_a_goal_has_no_side(layout: str, privileged: bool) -> None:
    """Headings 0, 15, 25 and -40 degrees off the goal: from 20 degrees on there is a side."""
    sees = SensingCfg(layout=layout, privileged=privileged)  # type: ignore[arg-type]
    made = world("section013", 4, sensing=sees)
    places = [(1.5, 26.3)] * 4
    stand_at(made, places)
    to_goal = made._target - np.asarray(places)
    stand_at(made, places, yaw=np.arctan2(to_goal[:, 1], to_goal[:, 0]) + np.radians([0.0, 15.0, 25.0, -40.0]))
    assert mirror_of(made.cfg).sided(made.obs).tolist() == [False, False, True, True]


def test_what_only_the_critic_sees_comes_first() -> None:
    made = world("section011", 1)
    stand_at(made, [(0.0, -2.5)])
    own = made.obs[0, : sensing.OWN_DIM]
    feet = (0.021 + 0.015) / 0.2  # centre of a foot that was put down with its clearance
    assert own[:4] == pytest.approx([feet] * 4, abs=0.02)
    assert own[5:7] == pytest.approx([0.0, 1.0])
    assert made.privileged_dim == 7 and made.noisy == slice(7, 40)
    blind = sensing.Layout.of(SensingCfg(scan=False))
    assert (blind.privileged, blind.size) == (62, 116)


def test_the_old_observation_starts_with_zeros_and_then_feels_the_ground() -> None:
    made = world("section011", 1, preset="head")
    stand_at(made, [(0.0, -2.5)])
    assert made.obs.shape == (1, 69) and not made.obs[0, 50:].any()
    for _ in range(250):
        step = made.step(idle(1))
    assert step.obs[0, 50:54].tolist() == [1.0] * 4
    assert step.obs[0, 54:57] * 20 == pytest.approx([0.0, 0.0, 9.81], abs=0.6)
    assert step.obs[0, 48] == pytest.approx((made._q[0, 2] - 0.5) / 1.2, abs=1e-5)
    assert np.abs(step.obs[0, 57:]).max() < 0.9


def test_levels_rise_with_success_and_fall_with_failure() -> None:
    made = world(n=4, preset="field")
    rounds = made.rounds
    assert rounds is not None
    made.reset()
    rounds.kind[:], rounds.level[:], rounds.graded[:] = 1, [3, 3, 0, 10], True
    rounds.reached[:] = [1, 0, 0, 1]
    rounds.start_distance_m[:] = 4.0
    rounds.nearest_m[:] = [0.3, 3.5, 3.5, 0.3]
    rounds.grade(np.arange(4), np.zeros(4, np.bool_))
    assert rounds.level[:3].tolist() == [4, 2, 0] and 0 <= rounds.level[3] <= 10
    rounds.level[:2] = 3
    rounds.reached[:] = [1, 0, 0, 0]
    rounds.nearest_m[1] = 1.0  # three quarters of the way: stays
    rounds.grade(np.arange(2), np.array([True, False]))  # a fall after the target does not count as success
    assert rounds.level[:2].tolist() == [3, 3]


def test_who_goes_down_does_so_at_a_level_of_its_own() -> None:
    made = world(n=64, preset="field", field=replace(FieldCfg(), free_share=0.0, down_share=0.5))
    rounds = made.rounds
    assert rounds is not None
    made.reset()
    first = made.qpos()[:, 1] > 2.0  # on the landing
    assert np.array_equal(first, rounds.descends) and 16 < first.sum() < 48
    made.reset()
    assert np.array_equal(made.qpos()[:, 1] > 2.0, first)


def test_an_episode_at_any_level_decides_nothing() -> None:
    made = world(n=64, preset="field", field=replace(FieldCfg(), any_share=1.0, first_levels=1))
    rounds = made.rounds
    assert rounds is not None
    made.reset()
    stairs = rounds.kind == 1
    assert rounds.level.max() == 0 and len(set(rounds._level[rounds.lane][stairs])) > 5
    rounds.reached[:], rounds.nearest_m[:] = 1, 0.1
    rounds.grade(np.arange(64), np.zeros(64, np.bool_))
    assert rounds.level.max() == 0


def test_starts_on_the_field_stand_in_the_lane_of_their_level() -> None:
    made = world(n=64, preset="field", field=replace(FieldCfg(), any_share=0.0))
    made.reset()
    rounds = made.rounds
    assert rounds is not None
    assert np.array_equal(rounds._kind[rounds.lane], rounds.kind)
    assert np.array_equal(rounds._level[rounds.lane], rounds.level)
    assert not rounds.outside(made._whereabouts(made._q, made._v, np.zeros(64, np.bool_))).any()
    kinds = ("flat", "stairs", "stairs_down", "ramp", "ramp_down", "bumps")
    assert set(made.gauges()) == {f"course/level_{kind}" for kind in kinds}


def test_levels_of_those_who_go_down_are_told_apart() -> None:
    made = world(n=4, preset="field")
    rounds = made.rounds
    assert rounds is not None
    rounds.kind[:], rounds.level[:], rounds.descends[:] = 1, [5, 7, 1, 2], [False, False, True, True]
    assert rounds.mean_levels() == {"stairs": 6.0, "stairs_down": 1.5}


def test_on_the_field_a_reached_target_can_be_followed_by_another() -> None:
    always = replace(FieldCfg(), go_on_share=1.0, flat_share=1.0, stairs_share=0.0, ramp_share=0.0, bumps_share=0.0)
    made = world(n=1, preset="field", field=always)
    made.reset()
    target = made.targets()[0].copy()
    made._qpos[0, :2] = target
    step = made.step(idle(1))
    assert step.episodes is None and np.hypot(*(made.targets()[0] - target)) > 0.3
    assert dict(zip(made.term_names, step.terms[:, 0], strict=True))["waypoint_bonus"] == pytest.approx(30.0)


def touched(**changes: Any) -> list[Any]:
    """Two steps of a robot that is put on its target on flat ground, which has no other target for it."""
    only = replace(FieldCfg(), go_on_share=0.0, flat_share=1.0, stairs_share=0.0, ramp_share=0.0, bumps_share=0.0)
    task = cfg("section011", "field", field=only)
    at_once = {"success_speed_mps": 10.0, "success_hold_s": 0.04}
    made = build_task(replace(task, episode=replace(task.episode, **at_once, **changes)), 1, seed=5)
    made.reset()
    made._qpos[0, :2] = made.targets()[0]  # type: ignore[attr-defined]
    return [(step.terminated[0], step.truncated[0], step.episodes) for step in (made.step(idle(1)), made.step(idle(1)))]


def test_touching_the_last_target_ends_an_episode_for_good_and_is_no_fall() -> None:
    first, second = touched()
    assert first[2] is None
    assert second[:2] == (True, False)
    assert second[2].success[0] and not second[2].fell[0]


def test_a_success_that_is_not_final_only_cuts_the_episode_off() -> None:
    assert touched(success_final=False)[1][:2] == (False, True)


@pytest.mark.parametrize("preset", ["default", "field"])
def test_a_saved_course_continues_bit_for_bit(preset: str) -> None:
    made, other = world("section012", 8, preset), world("section012", 8, preset)
    rng = np.random.default_rng(1)
    actions = rng.standard_normal((60, 8, 12)).astype(np.float32)
    made.reset()
    for a in actions[:30]:
        made.step(a)
    other.load_state_dict(made.state_dict())
    for a in actions[30:]:
        mine, theirs = made.step(a), other.step(a)
        assert np.array_equal(mine.obs, theirs.obs) and np.array_equal(mine.reward, theirs.reward)


# ------------------------------------------------------------------ judging


@pytest.mark.parametrize("section", COURSES)
def test_competition_is_the_official_start_on_unknown_ground(section: str) -> None:
    how = protocols.protocol("competition")
    trained = COURSES[section]["field"].task
    judged = protocols.evaluation_task(trained, how)
    assert judged.course is not None and judged.course.world == section
    assert judged.course.relief_seed != trained.course.relief_seed  # type: ignore[union-attr]
    assert judged.termination.trunk_contact and judged.randomization == RandomizationCfg()
    spawns = protocols.cases(how, trained, 64, seed=3)
    assert isinstance(spawns, CourseSpawns)
    x, y = spawns.position_m.T
    bounds = {"section011": (-3, -2), "section012": (7.33, 8.33), "section013": (25.7, 26.5)}
    low, high = bounds.get(section, (-2.6, -2.4))
    assert low <= y.min() and y.max() <= high and np.abs(x).max() <= 2.0
    again = protocols.cases(how, trained, 64, seed=3)
    assert np.array_equal(spawns.position_m, again.position_m)


def test_strict_judges_with_all_geoms_fine_steps_and_stiff_contacts() -> None:
    judged = protocols.evaluation_task(cfg("section012"), protocols.protocol("strict"))
    physics = judged.physics
    assert (physics.collision, physics.timestep_s, physics.cone) == ("full", 0.002, "elliptic")
    assert physics.contact_time_s == 0.005 and judged.randomization.obs_noise == 1.0
    made = build_task(judged, 2, seed=1)
    made.reset(protocols.cases(protocols.protocol("strict"), cfg("section012"), 2, 1))
    for _ in range(25):
        step = made.step(idle(2))
    assert not step.terminated.any() and step.speed_mps.max() < 0.3


def test_the_training_protocol_of_the_field_covers_its_levels() -> None:
    how = protocols.protocol("training")
    trained = COURSES["section011"]["field"].task
    spawns = protocols.cases(how, trained, 200, seed=1)
    made = build_task(protocols.evaluation_task(trained, how), 200, seed=1)
    made.reset(spawns)
    assert isinstance(made, CourseTask) and made.rounds is not None
    assert made.targets() == pytest.approx(spawns.target_m.astype(np.float32))
    stairs = made.rounds._kind[made.rounds.lane] == 1
    assert set(made.rounds._level[made.rounds.lane][stairs]) == set(range(11))


def outcome(**given: Any) -> scoring.Outcome:
    values = {"cause": "success", "success_time_s": 30.0, "fence": True, "fell": False, "out_of_bounds": False}
    return scoring.Outcome(**{**values, "earned": 20.0, "progress": 1.0, **given})  # type: ignore[arg-type]


def test_points_and_score_of_a_course_by_hand() -> None:
    lost = outcome(cause="tilt", fell=True, success_time_s=None, earned=18.0, progress=0.5)
    half = outcome(cause="time_limit", success_time_s=None, earned=10.0, progress=0.25)
    found = scoring.summarize([outcome(), lost, half], 120.0, course_points=20.0)
    assert (found.points_mean, found.points_max, found.score_version) == (10.0, 20.0, 2)
    assert found.score == pytest.approx(0.5 + 0.2 * 1.75 / 3 + 0.2 * (1 - 30 / 120) / 3)


def test_where_episodes_ended_is_counted_by_the_metre() -> None:
    fell = outcome(fell=True, cause="tilt")
    stuck = outcome(success_time_s=None, cause="time_limit")
    found = where_ended([12.4, 12.9, -0.2, 7.8], [fell, stuck, stuck, outcome()])
    assert [(s.y_m, s.fell, s.stuck) for s in found] == [(-1.0, 0, 1), (12.0, 1, 1)]


def test_a_course_needs_its_own_start_states() -> None:
    with pytest.raises(AssertionError, match="its own kind of spawns"):
        flat = protocols.cases(protocols.protocol("competition"), task(), 2, 1)
        world("section011", 2).reset(flat)


def test_the_collision_set_of_every_course_reaches_the_legs() -> None:
    for env in COURSE_ENVS:
        for preset in presets(env).values():
            assert preset.task.physics.collision == "legs"
    assert CourseCfg().world == "section011"
