"""Every term of the courses, paid for states whose value is worked out by hand."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.vbot_sim.builders import reward
from vbot_sim.catalogue import COURSE_TERMS, TERMS
from vbot_sim.courses import places
from vbot_sim.courses.presets import COURSES
from vbot_sim.courses.rewards import CourseInputs, CourseReward, registry
from vbot_sim.courses.schema import CoursePayCfg

DT_S = 0.02


def inputs(**given: Any) -> CourseInputs:
    """One robot, standing; given values instead of those at rest."""
    x = CourseInputs.zeros(1, DT_S, 10.0)
    for name, value in given.items():
        array = np.asarray(value)
        setattr(x, name, array[None] if array.ndim == getattr(x, name).ndim - 1 else np.full(1, value))
    return x


def raw(term: str, pay: CoursePayCfg | None = None, **given: Any) -> float:
    """Unweighted value of a term."""
    x = inputs(**given)
    x.pay = pay or CoursePayCfg()
    return float(np.asarray(registry(x.pay)[term].fn(x, reward({})))[0])


def paid(scales: dict[str, float], pay: CoursePayCfg | None = None, **given: Any) -> float:
    """Weighted sum of a step."""
    function = CourseReward(reward(scales), DT_S, pay or CoursePayCfg())
    out = np.zeros((len(function.names), 1), np.float32)
    x = inputs(**given)
    x.pay = function.pay
    return float(function.compute(x, out)[0])


SWINGING = np.array([3.0, 6.0, 0.5, -2.0])
FEET = np.array([1.0, 0.0, 1.0, 0.0])

CASES: dict[str, tuple[dict[str, Any], float]] = {
    "waypoint_approach": ({"previous_distance_m": 2.0, "distance_m": 1.97}, 0.03),
    "waypoint_facing": ({"bearing_error_rad": -0.5}, np.exp(-1.0)),
    "alive_upright": ({"gravity_z": -0.8, "time_s": 23.83 / 4}, 0.5 * 0.75),
    "zone_approach": ({"zone_gain_m": 0.02}, 0.2),
    "waypoint_bonus": ({"goal_weight": 30.0}, 30.0),
    "phase_bonus": ({"phases": 2.0}, 2.0),
    "milestone_bonus": ({"milestones": 15.0}, 15.0),
    "height_progress": ({"record_climb_m": 0.05}, 0.05),
    "height_approach": ({"height_neared_m": 0.1}, 0.1),
    # feet 2 and 4 are in the air, with 6 (counts as 5) and -2 (counts as 0) rad/s
    "foot_clearance": ({"contact": FEET, "calf_speed_radps": SWINGING, "clearance_factor": 20.0}, 20 * 0.2 * 5),
    "stance_ratio": ({"contact": np.array([1.0, 0.0, 0.0, 0.0])}, 0.67),
    "slope_orientation": ({"slope_error": 0.1}, np.exp(-0.2)),
    "gap_alignment": ({"gap_y": True, "x_m": -0.9}, 1 - 0.6 / 1.5),
    # 0.6 m away: near 0.4; level and still: steady 1
    "ball_contact": ({"gap_y": True, "ball_distance_m": 0.6}, 0.4 * 4.0),
    "celeb_walk_approach": ({"place_gain_m": 0.01}, 0.01),
    "celeb_walk_bonus": ({"at_place": True}, 1.0),
    "celeb_sit_reward": ({"celebration": 2, "above_ground_m": 0.1774}, 0.1),
    "celebration_bonus": ({"celebrated": True}, 1.0),
    "dof_pos": ({"joint_offset_rad": np.full(12, 0.5)}, 3.0),
    "impact_penalty": ({"acceleration_mps2": 35.0}, 4.0),
    "torque_saturation": ({"torque_share": np.array([-1.1, 0.8] + [0.0] * 10)}, 0.04),
    "height_oscillation": ({"climb_m": -0.05}, 0.02),  # 1.5 m/s is 0.03 m in 20 ms
    # feet 1 and 3 touch; only foot 1 is faster than 2 rad/s: 9 / 10
    "swing_contact_penalty": ({"contact": FEET, "calf_speed_radps": SWINGING, "swing_factor": 0.5}, 0.45),
    "drag_foot_penalty": ({"contact": np.ones(4), "calf_speed_radps": SWINGING}, 2.0),
    "stagnation_penalty": ({"standstill": 0.7}, 0.4),
    "crouch_penalty": ({"above_ground_m": 0.19}, 1.0),
    "roll": ({"gravity_y": -0.3}, 0.09),
    "trunk_touch": ({"touching": True}, 1.0),
    "score_clear": ({"terminated": True, "bonuses_paid": 40.0}, -40.0),
}


@pytest.mark.parametrize("term", COURSE_TERMS)
def test_each_term_by_hand(term: str) -> None:
    given, expected = CASES[term]
    assert raw(term, **given) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("term", sorted(set(COURSE_TERMS) - {"alive_upright", "waypoint_facing", "drag_foot_penalty"}))
def test_each_term_is_nothing_at_rest(term: str) -> None:
    feet = {"contact": np.ones(4)} if term in ("foot_clearance", "stance_ratio") else {}
    height = {"above_ground_m": 0.27}
    expected = 0.34 if term == "stance_ratio" else 0.0  # four feet: 1 - 0.33 * 2
    assert raw(term, **height, **feet) == pytest.approx(expected)


def test_every_term_has_unit_kind_help_and_a_formula() -> None:
    assert set(registry(CoursePayCfg())) == {*TERMS, *COURSE_TERMS}
    for info in COURSE_TERMS.values():
        assert info.kind in ("rate", "event", "difference") and info.unit and info.help.endswith(".")
    assert not set(TERMS) & set(COURSE_TERMS)


def test_approach_is_limited_per_10_ms() -> None:
    far = {"previous_distance_m": 2.0, "distance_m": 1.0}
    assert paid({"waypoint_approach": 280.0}, **far) == pytest.approx(2 * 2.5)
    assert paid({"waypoint_approach": 280.0}, previous_distance_m=1.0, distance_m=2.0) == pytest.approx(2 * -0.5)
    wide = CoursePayCfg(approach_bounds=(-0.5, 5.0))
    assert paid({"waypoint_approach": 280.0}, wide, **far) == pytest.approx(2 * 5.0)


def test_rates_are_per_10_ms_and_events_are_not() -> None:
    assert paid({"crouch_penalty": -1.5}, above_ground_m=0.1) == pytest.approx(-3.0)
    assert paid({"phase_bonus": 13.0}, phases=1.0) == pytest.approx(13.0)


def test_on_failure_the_price_replaces_all_pay_where_asked() -> None:
    scales = {"alive_upright": 1.0, "termination": -150.0, "score_clear": 0.3}
    given = {"terminated": True, "bonuses_paid": 100.0}
    assert paid(scales, CoursePayCfg(failure_replaces_pay=True), **given) == pytest.approx(-180.0)
    assert paid(scales, CoursePayCfg(), **given) == pytest.approx(-180.0 + 2.0)


def test_no_more_than_a_hundred_points_are_taken_back() -> None:
    assert paid({"score_clear": 0.3}, terminated=True, bonuses_paid=1000.0) == pytest.approx(-100.0)


def test_celebrating_crouches_for_nothing() -> None:
    assert raw("crouch_penalty", above_ground_m=0.15, celebration=2) == 0.0


def test_factors_along_the_course_by_hand() -> None:
    y = np.array([5.0, 0.0, -2.2, 13.0, 14.4, 16.0], np.float32)
    # flat; bumps; half before them; stairs; stairs' post margin over the valley's own; valley
    assert places.clearance_factor(y) == pytest.approx([1.0, 7.167, 7.167 / 2, 20.0, 20.0, 10.0])
    assert places.swing_factor(y) == pytest.approx([1.0, 0.21, 1.0, 0.5, 0.3, 0.3])
    error = places.slope_error(np.array([4.0, 13.0, 8.0], np.float32), np.array([0.259, -0.447, 0.0], np.float32))
    assert error[:2] == pytest.approx([0.0, 0.0], abs=1e-6) and np.isinf(error[2])


def test_the_old_scales_are_those_of_the_tables() -> None:
    head = COURSES["section011"]["head"].task.reward.scales
    assert (head["waypoint_approach"], head["zone_approach"], head["alive_upright"]) == (280.534, 74.727, 1.013)
    assert (head["crouch_penalty"], head["score_clear"]) == (-1.5, 0.3)
    long = COURSES["long_course"]["head"].task.reward
    assert (long.scales["waypoint_bonus"], long.scales["stop"], long.time_decay) == (50.046, 2.0, (1.0, 0.5))


def test_a_scale_of_nothing_is_not_computed() -> None:
    task = COURSES["section011"]["default"].task
    function = CourseReward(replace(task.reward), DT_S, CoursePayCfg())
    assert set(function.names) == {name for name, scale in task.reward.scales.items() if scale}
