"""Scripted paths against distances and times worked out by hand."""

import numpy as np
import pytest

from automl.audit import behaviours as act
from automl.audit.gait import QUANTITIES, gait
from tests.automl.audit.pairs import task

FOUR_METRES = {"spawn.radius_min_m": 4.0, "spawn.radius_max_m": 4.0}


def cases(**more):
    return act.spawn_cases(task("default", FOUR_METRES | more))


def test_a_way_is_speeding_up_cruising_and_braking():
    # To 1.5 m/s at 1.5 m/s2: 1 s and 0.75 m. From it at 3 m/s2: 0.5 s and 0.375 m. The rest of 6 m, 4.875 m: 3.25 s.
    time_s = np.array([[1.0], [4.25], [4.5], [4.75], [9.0]])
    went = act.travelled(time_s, np.array([6.0]), 1.5)[:, 0]
    # Half way through the braking: 5.625 + 1.5 x 0.25 - 0.5 x 3 x 0.0625 = 5.90625.
    assert went == pytest.approx([0.75, 5.625, 5.90625, 6.0, 6.0])


def test_a_short_way_is_walked_more_slowly():
    # Top speed v on 0.5 m: v2/3 + v2/6 = 0.5, so v = 1 m/s; two thirds of a second up, one third down.
    went = act.travelled(np.array([[2 / 3], [1.0]]), np.array([0.5]), 1.8)[:, 0]
    assert went == pytest.approx([1 / 3, 0.5])


def test_a_sprint_does_not_brake():
    # To 3 m/s at 1.5 m/s2: 2 s and 3 m; then 3 m in each second.
    went = act.travelled(np.array([[2.0], [3.0]]), np.array([50.0]), 3.0, brakes=False)[:, 0]
    assert went == pytest.approx([3.0, 6.0])


def test_the_walk_in_ends_where_it_should_and_stays():
    track = act.walk_to("in", cases(), 10.0, 0.4, 1.0)
    assert track.radial_m[-1] == pytest.approx([0.4] * act.CASES)
    assert (np.diff(track.radial_m, axis=0) <= 1e-12).all()
    assert -np.diff(track.radial_m, axis=0).min() / act.STEP_S == pytest.approx(1.0)


def test_bearings_are_turned_away_at_two_radians_a_second():
    spawned = cases()
    track = act.walk_to("in", spawned, 10.0, 0.4, 1.0)
    assert track.bearing_rad[24] == pytest.approx(np.maximum(spawned.bearing_rad - 2.0 * 0.5, 0.0))
    assert sorted(spawned.bearing_rad) == pytest.approx([np.pi * k / 12 for k in (1, 3, 5, 7, 9, 11)])


def test_a_pass_is_straight_through_and_back():
    track = act.pass_through("pass", 10.0, 1.0)
    # 1 m/s from 1 m before the target: at it after 1 s, a metre behind it after 2 s, turning until 2 + pi / 2 s.
    assert track.radial_m[49, 0] == pytest.approx(0.0, abs=1e-9)
    assert track.radial_m[99, 0] == pytest.approx(-1.0)
    assert track.radial_m[170, 0] == pytest.approx(-1.0)
    assert track.bearing_rad[10, 0] == 0.0
    assert track.bearing_rad[80, 0] == pytest.approx(np.pi)


def test_one_that_comes_in_stops_just_inside():
    track = act.enter("in", 5.0, 1.6, 0.48, "exploring")
    assert track.radial_m[-1, 0] == pytest.approx(0.48)
    # 1.12 m, the last 1/6 m of it braking from 1 m/s at 3 m/s2: at 1 s it has gone 0.95333 + 0.04667 - 0.00327 m.
    assert track.radial_m[49, 0] == pytest.approx(1.6 - 0.996733, abs=1e-5)


def test_a_retreat_stops_before_the_edge():
    track = act.retreat("away", cases(), 20.0, 12.5)
    assert track.radial_m[-1] == pytest.approx([12.0] * act.CASES)


def test_spawns_follow_the_task():
    spread = act.spawn_cases(task("default", {"spawn.radius_min_m": 2.0, "spawn.radius_max_m": 8.0}))
    # Uniform in the radius: sixths of 2 to 8 m have their middles at 2.5, 3.5, ... 7.5 m.
    assert spread.distance_m == pytest.approx([2.5, 3.5, 4.5, 5.5, 6.5, 7.5], abs=0.35)
    assert np.linalg.norm(spread.outward, axis=1) == pytest.approx(np.ones(act.CASES))


@pytest.mark.parametrize("skill", ["walking", "exploring"])
def test_the_measured_gait_costs_more_the_faster_it_walks(skill):
    body = gait(skill)
    assert set(body.costs) == set(QUANTITIES)
    speeds = np.array([0.0, 1.0])
    for name in ("torque_sq", "joint_speed_sq", "action_change_sq", "vertical_speed_sq"):
        standing, walking = body.at(name, speeds)
        assert 0.0 < standing < walking
    assert body.hold_speed_mps.max() < 0.3


def test_exploring_shakes_more_than_walking():
    assert gait("exploring").hold_speed_mps.mean() > 5 * gait("walking").hold_speed_mps.mean()
    assert gait("exploring").at("roll_pitch_rate_sq", np.array([0.0])) > 1.0
