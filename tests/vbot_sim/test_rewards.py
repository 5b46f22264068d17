"""Each term against numbers worked out by hand; the formulas are written out in the comments."""

import math
from typing import Any

import numpy as np
import pytest

from tests.vbot_sim.builders import reward
from vbot_sim.catalogue import TERMS
from vbot_sim.episode import EpisodeState
from vbot_sim.rewards import REGISTRY, RewardFunction, TermInputs
from vbot_sim.schema import EpisodeCfg, RewardCfg

DT = 0.01


def inputs(dt_s: float = DT, **values: Any) -> TermInputs:
    """One simulation with the given inputs; everything else is zero or false."""
    x = TermInputs.zeros(1, dt_s, 10.0)
    for name, value in values.items():
        current = getattr(x, name)
        setattr(x, name, np.asarray([value], current.dtype))
    return x


def raw(term: str, cfg: RewardCfg | None = None, **values: Any) -> float:
    value = REGISTRY[term].fn(inputs(**values), cfg or reward({}))
    return float(np.broadcast_to(value, (1,))[0])


def paid(scales: dict[str, float], dt_s: float = DT, shape: dict[str, Any] | None = None, **values: Any) -> float:
    function = RewardFunction(reward(scales, **(shape or {})), dt_s)
    out = np.zeros((len(function.terms), 1), np.float32)
    return float(function.compute(inputs(dt_s, **values), out)[0])


def test_every_term_is_described_and_has_a_function() -> None:
    assert list(REGISTRY) == list(TERMS)
    assert all(term.help.endswith(".") and term.unit and callable(term.fn) for term in REGISTRY.values())


def test_position_tracking() -> None:
    assert raw("position_tracking", distance_m=2.5) == pytest.approx(math.exp(-0.5))  # exp(-2.5 / 5)
    assert raw("position_tracking", reward({}, position_sigma_m=2.5), distance_m=2.5) == pytest.approx(math.exp(-1))


def test_fine_position_tracking_in_its_range() -> None:
    after = {"ever_reached": True}
    assert raw("fine_position_tracking", distance_m=1.0, **after) == pytest.approx(math.exp(-2.0))  # exp(-1 / 0.5)
    assert raw("fine_position_tracking", distance_m=2.5, **after) == 0.0  # the range is open at 2.5 m
    assert raw("fine_position_tracking", distance_m=2.49, **after) == pytest.approx(math.exp(-4.98))


def test_fine_position_tracking_waits_for_the_reach_only_when_asked_to() -> None:
    assert raw("fine_position_tracking", distance_m=0.52) == 0.0
    assert raw("fine_position_tracking", reward({}, fine_requires_reach=False), distance_m=0.52) == pytest.approx(
        math.exp(-1.04)
    )


def test_heading_tracking() -> None:
    assert raw("heading_tracking", bearing_error_rad=-0.25) == pytest.approx(math.exp(-0.5))  # exp(-0.25 / 0.5)
    assert raw("heading_tracking", bearing_error_rad=-0.25, inside=True) == 0.0
    assert raw("heading_tracking", reward({}, heading_inside=True), bearing_error_rad=3.0, inside=True) == 1.0


def test_forward_velocity_is_capped_both_ways() -> None:
    assert raw("forward_velocity", approach_speed_mps=0.4) == pytest.approx(0.4)
    assert raw("forward_velocity", approach_speed_mps=0.9) == pytest.approx(0.6)
    assert raw("forward_velocity", reward({}, speed_cap_mps=0.8), approach_speed_mps=0.9) == pytest.approx(0.8)
    assert raw("forward_velocity", approach_speed_mps=-3.0) == pytest.approx(-1.0)
    assert raw("forward_velocity", approach_speed_mps=0.4, inside=True) == 0.0


def test_distance_progress() -> None:
    assert raw("distance_progress", distance_m=2.0, spawn_distance_m=8.0) == pytest.approx(0.75)
    assert raw("distance_progress", distance_m=20.0, spawn_distance_m=8.0) == pytest.approx(-0.5)
    assert raw("distance_progress", distance_m=0.4, spawn_distance_m=8.0, inside=True) == 0.0


@pytest.mark.parametrize(
    ("switches", "outside_after_reach", "inside"),
    [
        ({"alive_outside_only": True, "alive_until_reach": False}, 1.0, 0.0),
        ({"alive_outside_only": False, "alive_until_reach": False}, 1.0, 1.0),
        ({"alive_outside_only": False, "alive_until_reach": True}, 0.0, 0.0),
    ],
)
def test_alive_bonus_switches(switches: dict[str, bool], outside_after_reach: float, inside: float) -> None:
    cfg = reward({}, **switches)
    assert raw("alive_bonus", cfg) == 1.0
    assert raw("alive_bonus", cfg, ever_reached=True) == outside_after_reach
    assert raw("alive_bonus", cfg, ever_reached=True, inside=True) == inside


def test_approach_pays_metres_within_its_bounds() -> None:
    step = {"previous_distance_m": 5.0, "distance_m": 4.99}
    assert paid({"approach": 30.0}, **step) == pytest.approx(0.3, abs=1e-4)  # 30 x 0.01 m
    assert paid({"approach": 300.0}, **step) == pytest.approx(1.0)  # clipped to 1 per 10 ms
    assert paid({"approach": 30.0}, previous_distance_m=4.0, distance_m=4.5) == 0.0  # never negative
    assert paid({"approach": 30.0}, inside=True, **step) == 0.0


def test_one_time_bonuses() -> None:
    assert raw("arrival_bonus", first_reach=True) == 1.0 and raw("arrival_bonus", inside=True) == 0.0
    assert raw("inner_fence_bonus", first_fence=True) == 1.0 and raw("inner_fence_bonus") == 0.0
    assert raw("success_bonus", first_success=True) == 1.0 and raw("success_bonus", inside=True) == 0.0


def test_stop_pays_slowness_and_steadiness() -> None:
    assert raw("stop", inside=True) == pytest.approx(2.0)  # 0.8 + 1.2
    moving = raw("stop", inside=True, speed_mps=0.2, yaw_rate_radps=-0.1)
    assert moving == pytest.approx(2.0 * math.exp(-1.0))  # (0.8 + 1.2) exp(-1)
    assert raw("stop", inside=False) == 0.0


def test_stop_is_gated_by_speed_and_by_its_budget() -> None:
    assert raw("stop", inside=True, speed_mps=0.3) == 0.0
    ungated = reward({}, stop_speed_gate_mps=None)
    assert raw("stop", ungated, inside=True, speed_mps=0.3) == pytest.approx(0.8 * math.exp(-2.25) + 1.2)
    assert raw("stop", inside=True, since_reach_s=0.49) == pytest.approx(2.0)
    assert raw("stop", inside=True, since_reach_s=0.5) == 0.0
    assert raw("stop", reward({}, stop_budget_s=None), inside=True, since_reach_s=9.0) == pytest.approx(2.0)


@pytest.mark.parametrize("dt_s", [0.01, 0.02])
def test_the_stop_budget_is_the_same_time_at_every_control_rate(dt_s: float) -> None:
    function = RewardFunction(reward({"stop": 1.0}), dt_s)
    episode = EpisodeState(EpisodeCfg(), 1, dt_s)
    episode.begin(slice(None), np.asarray([3.0], np.float32))
    x = TermInputs.zeros(1, dt_s, 10.0)
    total, out = 0.0, np.zeros((1, 1), np.float32)
    for _ in range(round(2.0 / dt_s)):
        episode.advance(np.asarray([0.2], np.float32), np.zeros(1, np.float32))
        x.take_episode(episode)
        total += float(function.compute(x, out)[0])
    assert total == pytest.approx(100.0)  # 2 per 10 ms for 0.5 s


def test_zero_ang_bonus_shares_the_gates_of_stop() -> None:
    assert raw("zero_ang_bonus", inside=True, yaw_rate_radps=0.04) == 1.0
    assert raw("zero_ang_bonus", inside=True, yaw_rate_radps=0.05) == 0.0
    assert raw("zero_ang_bonus", inside=True, speed_mps=0.31) == 0.0
    assert raw("zero_ang_bonus", inside=True, since_reach_s=0.6) == 0.0


def test_hold_still() -> None:
    assert raw("hold_still", inside=True, speed_mps=0.19, yaw_rate_radps=-0.49) == 1.0
    assert raw("hold_still", inside=True, speed_mps=0.2) == 0.0
    assert raw("hold_still", inside=True, yaw_rate_radps=0.5) == 0.0
    assert raw("hold_still", inside=False) == 0.0


def test_near_target_speed() -> None:
    # allowed at 0.8 m: 0.5 x 0.8 = 0.4 m/s; (0.7 - 0.4)^2 = 0.09
    assert raw("near_target_speed", distance_m=0.8, speed_mps=0.7) == pytest.approx(0.09, rel=1e-5)
    assert raw("near_target_speed", distance_m=0.8, speed_mps=0.3) == 0.0
    # far away the allowed speed is capped at 0.6 m/s: (1.6 - 0.6)^2
    assert raw("near_target_speed", distance_m=9.0, speed_mps=1.6) == pytest.approx(1.0, rel=1e-5)
    # at the target it is floored at 0.05 m/s
    assert raw("near_target_speed", distance_m=0.0, speed_mps=0.15) == pytest.approx(0.01, rel=1e-5)
    only_near = reward({}, near_target_radius_m=0.5)
    assert raw("near_target_speed", only_near, distance_m=0.8, speed_mps=0.7) == 0.0
    assert raw("near_target_speed", only_near, distance_m=0.4, speed_mps=0.7) == pytest.approx(0.25, rel=1e-5)


def test_boundary_penalty() -> None:
    assert raw("boundary_penalty", centre_distance_m=11.5) == pytest.approx(1.5)
    assert raw("boundary_penalty", centre_distance_m=9.9) == 0.0


def test_departure_penalty_needs_more_than_a_metre_per_second() -> None:
    lost = {"previous_distance_m": 0.30, "distance_m": 0.32}
    assert raw("departure_penalty", inside=True, **lost) == pytest.approx(0.02, abs=1e-6)
    assert raw("departure_penalty", inside=False, **lost) == 0.0
    assert raw("departure_penalty", inside=True, previous_distance_m=0.30, distance_m=0.309) == 0.0
    assert raw("departure_penalty", dt_s=0.02, inside=True, previous_distance_m=0.30, distance_m=0.319) == 0.0


@pytest.mark.parametrize(
    ("term", "field", "value", "expected"),
    [
        ("orientation", "tilt_sq", 0.3, 0.3),
        ("lin_vel_z", "vertical_speed_mps", -0.5, 0.25),
        ("ang_vel_xy", "roll_pitch_rate_sq", 1.7, 1.7),
        ("torques", "torque_sq", 210.0, 210.0),
        ("dof_vel", "joint_speed_sq", 12.0, 12.0),
        ("dof_acc", "joint_speed_change_sq", 4.0, 4.0),
        ("action_rate", "action_change_sq", 0.8, 0.8),
        ("hip_deviation", "hip_abs_rad", 0.6, 0.6),
    ],
)
def test_costs_of_motion_at_100_hz(term: str, field: str, value: float, expected: float) -> None:
    assert raw(term, **{field: value}) == pytest.approx(expected)


def test_time_cost_and_termination() -> None:
    assert raw("time_cost") == 1.0
    assert raw("termination", terminated=True) == 1.0 and raw("termination") == 0.0


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_kinds_scale_between_control_rates(name: str) -> None:
    """A constant motion earns the same per second at 50 and 100 Hz, and an event the same at once."""
    speed = 0.8  # m/s towards the target; for the departure penalty 1.6 m/s away from it
    away = name == "departure_penalty"

    def one_step(dt_s: float) -> float:
        change = 1.6 * dt_s if away else -speed * dt_s
        return paid(
            {name: 3.0},
            dt_s,
            {"fine_requires_reach": False, "stop_budget_s": None},
            inside=name in ("stop", "zero_ang_bonus", "hold_still", "departure_penalty"),
            previous_distance_m=1.0,
            distance_m=1.0 + change if name in ("approach", "departure_penalty") else 1.0,
            spawn_distance_m=4.0,
            approach_speed_mps=0.3,
            speed_mps=0.1 if name != "near_target_speed" else 0.9,
            vertical_speed_mps=0.3,
            centre_distance_m=10.5,
            tilt_sq=0.1,
            roll_pitch_rate_sq=0.4,
            torque_sq=9.0,
            joint_speed_sq=2.0,
            joint_speed_change_sq=(30.0 * dt_s) ** 2,  # a constant acceleration
            action_change_sq=(5.0 * dt_s) ** 2,
            hip_abs_rad=0.2,
            first_reach=True,
            first_fence=True,
            first_success=True,
            terminated=True,
        )

    at_100, at_50 = one_step(0.01), one_step(0.02)
    expected = 1.0 if REGISTRY[name].kind == "event" else 2.0
    assert at_100 != 0.0
    assert at_50 / at_100 == pytest.approx(expected, rel=1e-3)


def test_time_decay_touches_only_the_pay_for_the_job() -> None:
    decay = {"time_decay": (1.0, 0.5)}
    scales = {"position_tracking": 2.0}
    assert paid(scales, shape=decay, time_s=0.0) == pytest.approx(2.0)
    assert paid(scales, shape=decay, time_s=5.0) == pytest.approx(1.5)  # 1 - 0.5 x 5 / 10
    assert paid(scales, shape=decay, time_s=10.0) == pytest.approx(1.0)
    assert paid({"termination": -100.0}, shape=decay, time_s=10.0, terminated=True) == pytest.approx(-100.0)


def test_the_total_is_the_sum_of_the_terms_and_switched_off_terms_are_absent() -> None:
    function = RewardFunction(reward({"time_cost": -0.5, "position_tracking": 2.0, "stop": 0.0}), 0.02)
    out = np.zeros((2, 1), np.float32)
    total = function.compute(inputs(0.02, distance_m=5.0), out)
    assert function.names == ("position_tracking", "time_cost")
    assert out[:, 0] == pytest.approx([4.0 * math.exp(-1.0), -1.0])
    assert float(total[0]) == pytest.approx(4.0 * math.exp(-1.0) - 1.0)


def test_the_predecessor_s_hovering_at_the_rim() -> None:
    """Known figure: standing at 0.52 m earned 4.24 per step from the ungated fine term of scale 11.9952."""
    ungated = {"fine_requires_reach": False}
    assert paid({"fine_position_tracking": 11.9952}, shape=ungated, distance_m=0.52) == pytest.approx(4.24, abs=0.01)
    assert paid({"fine_position_tracking": 11.9952}, distance_m=0.52) == 0.0
