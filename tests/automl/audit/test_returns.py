"""Returns of single-term rewards against sums worked out by hand."""

import numpy as np
import pytest

from automl.audit import stage as st
from automl.audit.returns import arrival, discounted, last_row, rate, ratio, summed, until
from tests.automl.audit.pairs import task
from vbot_sim.catalogue import scales

GAMMA = 0.99
FOUR_METRES = {"spawn.radius_min_m": 4.0, "spawn.radius_max_m": 4.0}


def stage(gamma=GAMMA, more=None, **weights):
    """A stage whose reward has only the given terms; the default task runs at 50 Hz, the audit's own step."""
    return st.build(task("default", FOUR_METRES | {"reward.scales": scales(**weights)} | (more or {})), gamma)


def whole(on, name):
    income = on.incomes[name]
    return summed(income, on.start(income), last_row(income)).total()


def test_a_constant_income_adds_up_over_the_episode():
    # 0.1 per 10 ms for 10 s is 100; in a second 10.
    on = stage(alive_bonus=0.1)
    idle = on.incomes[st.STAND]
    assert whole(on, st.STAND) == pytest.approx(100.0, rel=1e-5)
    assert rate(idle, on.start(idle), last_row(idle)).total() == pytest.approx(10.0, rel=1e-5)


def test_a_bootstrapped_constant_income_is_a_geometric_series():
    # 0.2 per step of 20 ms, for ever: 0.2 / (1 - 0.99) = 20.
    assert stage(alive_bonus=0.1).discounted(stage(alive_bonus=0.1).incomes[st.STAND]).total() == pytest.approx(20.0)


def test_gamma_counts_per_control_step_of_the_task():
    # At 100 Hz two control steps fit into one of the audit: 0.2 / (1 - 0.9801) = 10.0503.
    on = stage(alive_bonus=0.1, more={"control.rate_hz": 100.0})
    assert on.discounted(on.incomes[st.STAND]).total() == pytest.approx(0.2 / (1 - 0.9801), rel=1e-5)


def test_a_fall_is_the_end_of_the_return():
    on = stage(alive_bonus=0.1, termination=-7.0)
    run = on.incomes[st.SPRINT]
    # It still speeds up when it touches: 0.75 t^2 = 3.5 m at t = 2.1602 s, so in step 109.
    assert (run.dies == 108).all()
    assert summed(run, on.start(run), run.dies).total() == pytest.approx(109 * 0.2 - 7.0, rel=1e-5)
    expected = 0.2 * (1 - GAMMA**109) / (1 - GAMMA) - 7.0 * GAMMA**108
    assert on.discounted(run, run.dies).total() == pytest.approx(expected, rel=1e-5)


def test_a_bonus_is_paid_once_and_discounted_by_its_time():
    on = stage(arrival_bonus=100.0)
    job = on.job
    # At 2 m/s from 4 m to 0.5 m: 4/3 s and 4/3 m up, 2/3 m of braking end at 0.4 m, so it brakes from 1.0667 m on.
    # Cruise 1.6 m: 0.8 s. Braking over 0.5667 m: to 0.7746 m/s, 0.4085 s. In all 2.5418 s.
    assert on.speed_mps == 2.0
    assert (job.first_reach == 127).all()  # step 128 ends at 2.56 s
    assert whole(on, st.job_name(2.0)) == pytest.approx(100.0)
    assert on.discounted(job).total() == pytest.approx(100.0 * GAMMA**127, rel=1e-5)


def test_speed_pays_for_distance_whatever_the_speed():
    # 0.4 per m/s and 10 ms: 40 per metre; all but the last step outside the circle counts.
    on = stage(forward_velocity=0.4)
    for speed in (0.6, 1.0, 1.4):
        income = on.incomes[st.job_name(speed)]
        last_outside = income.distance_m[income.first_reach[0] - 1, 0]
        assert whole(on, st.job_name(speed)) == pytest.approx(40.0 * (4.0 - last_outside), rel=1e-3)


def test_terms_add_up_to_the_return():
    on = st.build(task("head", {}), GAMMA)
    for income in on.incomes.values():
        worth = on.discounted(income)
        assert sum(worth.by_term(on.names).values()) == pytest.approx(worth.total(), rel=1e-4, abs=1e-3)


def test_decay_is_worth_a_second_life():
    # Mean pay over the first half 0.875, over all 0.75: a life of half the length earns 7/6 per second.
    on = stage(alive_bonus=1.0, more={"reward.time_decay": [1.0, 0.5]})
    idle = on.incomes[st.STAND]
    half = rate(idle, on.start(idle), last_row(idle) // 2).total()
    assert half / rate(idle, on.start(idle), last_row(idle)).total() == pytest.approx(7 / 6, rel=2e-3)


def test_paying_one_term_anew_gives_what_it_was_paid():
    on = st.build(task("head", {}), GAMMA)
    for name in ("approach", "fine_position_tracking", "near_target_speed"):
        worth = on.discounted(on.job)
        cfg = on.task.reward
        assert worth.of_scale(cfg, name, cfg.scales[name]) == pytest.approx(worth.by_term(on.names)[name], rel=1e-4)
        assert worth.of_scale(cfg, name, 0.0) == 0.0


def test_the_clip_of_approach_is_inside_its_scale():
    # From 2.08 to 2.16 s it goes 0.75 (2.16^2 - 2.08^2) = 0.2544 m: 0.0318 m per 10 ms. A scale of 30 pays 0.954 of at
    # most 1 for that, and twice that scale is clipped to 1.
    on = stage(approach=30.0)
    run = on.incomes[st.SPRINT]
    fast = rate(run, run.dies - 4, run.dies - 1)
    cfg = on.task.reward
    assert fast.total() == pytest.approx(95.4, rel=1e-3)
    assert fast.of_scale(cfg, "approach", 60.0) == pytest.approx(100.0, rel=1e-3)
    assert fast.of_scale(cfg, "approach", 15.0) == pytest.approx(47.7, rel=1e-3)


def test_income_per_second_that_counts():
    on = stage(alive_bonus=0.1)
    idle = on.incomes[st.STAND]
    # 10 per second, however it is weighted.
    for worth in (
        summed(idle, on.start(idle), last_row(idle)),
        rate(idle, on.start(idle), last_row(idle)),
        discounted(idle, on.start(idle), last_row(idle), 0.9, True),
    ):
        assert worth.per_second() == pytest.approx(10.0, rel=1e-4)


@pytest.mark.parametrize(
    ("exploit", "job", "expected"),
    [(3.0, 4.0, 0.75), (-2.0, 4.0, -0.5), (-1.0, -2.0, 2.0), (-2.0, -1.0, 0.5), (0.0, 0.0, 1.0), (1.0, -1.0, 10.0)],
)
def test_ratios_of_gains_and_of_losses(exploit, job, expected):
    assert ratio(exploit, job) == expected


def test_events_that_do_not_happen_end_with_the_episode():
    on = stage(alive_bonus=0.1)
    idle = on.incomes[st.STAND]
    assert (until(idle, idle.first_reach) == 499).all()
    assert (arrival(on.incomes[st.COME_IN], 1.0) == 30 - 1).all()  # 0.6 m at 1 m/s: the end of step 30


def test_only_those_in_time_are_the_job():
    far = {"spawn.radius_min_m": 11.0, "spawn.radius_max_m": 11.0}
    on = st.build(task("head", far), GAMMA)
    assert on.speed_mps >= 1.4  # 10.5 m in 9 s
    assert np.all(on.job.first_reach >= 0)


def test_gait_costs_are_paid_per_ten_milliseconds():
    # A standing trunk's sum of squared joint speeds, 0.189 (measured), times 1000 control ticks.
    on = stage(dof_vel=-1.0)
    standing = act_cost(on, "joint_speed_sq")
    assert whole(on, st.STAND) == pytest.approx(-1000.0 * standing, rel=1e-4)


def test_changes_are_squared_per_ten_milliseconds_whatever_the_step():
    on = stage(dof_acc=-1.0)
    assert whole(on, st.STAND) == pytest.approx(-1000.0 * act_cost(on, "joint_speed_change_sq"), rel=1e-4)


def act_cost(on, name):
    from automl.audit.gait import gait

    skill = on.incomes[st.STAND].track.skill
    return float(gait(skill).costs[name][0])
