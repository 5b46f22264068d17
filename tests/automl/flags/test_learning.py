"""Detectors of the learner, with figures from runs that went wrong in the past where these are known."""

import pytest

from automl.flags import RunFacts, diagnose
from tests.automl.flags.curves import bend, flat, line, names

STEP = 10_000


def rates(*values: float) -> list[tuple[int, float]]:
    return [(STEP * (n + 1), value) for n, value in enumerate(values)]


def success(*values: float) -> dict[str, list[tuple[int, float]]]:
    return {"episode/success": rates(*values), "episode/fell": rates(*(0.1 for _ in values))}


RISE_AND_FALL = (0.0, 0.1, 0.3, 0.5, 0.6, 0.67, 0.67, 0.67, 0.6, 0.5, 0.3, 0.2, 0.2, 0.2, 0.2)


def test_success_that_was_better_before_is_named_with_its_peak():
    (flag,) = diagnose(success(*RISE_AND_FALL))
    assert flag.name == "peak_then_decline"
    # best running mean of five: (0.6 + 0.67 * 3 + 0.6) / 5 = 0.642, at the 9th record
    assert flag.evidence["best running mean of episodes that succeeded"] == pytest.approx(0.642)
    assert flag.step == 90_000


def test_where_evaluations_are_as_good_as_ever_nothing_was_lost():
    fixed_cases = {"eval/success": [(50_000, 0.6), (100_000, 0.9), (150_000, 0.88)]}
    assert names({**success(*RISE_AND_FALL), **fixed_cases}) == []
    worse = {"eval/success": [(50_000, 0.6), (100_000, 0.9), (150_000, 0.3)]}
    assert names({**success(*RISE_AND_FALL), **worse}) == ["peak_then_decline"]


def test_a_decline_of_occupancy_is_none():
    occupancy = {"task/reached": rates(*RISE_AND_FALL)}
    assert names({**success(*(0.8 for _ in RISE_AND_FALL)), **occupancy}) == []


@pytest.mark.parametrize(
    "curve", [(0.1, 0.2, 0.2, 0.2, 0.2, 0.2, 0.0, 0.0, 0.0, 0.0), (0.8, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.8, 0.8, 0.8)]
)
def test_little_to_lose_and_little_lost_are_no_decline(curve):
    assert names(success(*curve)) == []


def test_a_rate_that_rises_to_several_times_its_start_is_a_spike():
    # threshold 0.016 took the rate from 2.5e-4 to 1.8e-3 within 1,000 iterations, and back
    (flag,) = diagnose({"ppo/learning_rate": rates(2.5e-4, 6e-4, 1.8e-3, 1.8e-3, 1.2e-3, 8e-4, 5e-4, 2.5e-4)})
    assert flag.name == "lr_spike" and flag.step == 30_000
    assert flag.evidence["highest rate, in times the first"] == pytest.approx(7.2)


def test_a_warm_up_to_twice_the_start_is_no_spike():
    assert names({"ppo/learning_rate": rates(5e-4, 7e-4, 1e-3, 1e-3, 9e-4, 8e-4)}) == []


COLLAPSE = rates(*(max(1e-3 / 1.5**n, 1e-5) for n in range(15)))


def test_an_adaptive_rate_far_below_any_plan_has_collapsed():
    (flag,) = diagnose({"ppo/learning_rate": COLLAPSE}, RunFacts(total_env_steps=1_000_000))
    assert flag.name == "lr_collapse"
    # at 120,000 of a million 1e-5 is left of 1e-3; the cosine plan leaves 0.05 + 0.95 * (1 + cos(0.12 pi)) / 2 = 0.967
    lowest = flag.evidence["lowest rate, as a share of what a planned decay leaves"]
    assert lowest == pytest.approx(0.01 / 0.9, rel=0.1)


def test_without_the_length_of_the_run_a_low_rate_means_nothing():
    assert names({"ppo/learning_rate": COLLAPSE}) == []


@pytest.mark.parametrize("floor", [0.05, 0.01])
def test_a_planned_decay_is_no_collapse(floor):
    plan = rates(*(1e-3 * (floor + (1 - floor) * (1 - n / 40)) for n in range(40)))
    assert names({"ppo/learning_rate": plan}, facts=RunFacts(total_env_steps=400_000)) == []


def test_exploration_that_dies_before_the_task_is_learned_is_named():
    # 2.45 -> 0.72 was seen in the past: 29 % of the start
    curves = {"ppo/std": bend(2.45, 0.72), **flat(episode__success=0.1, episode__fell=0.1)}
    (flag,) = diagnose(curves)
    assert flag.name == "std_collapse"
    assert flag.evidence["spread of the actions, as a share of its start"] == pytest.approx(0.294, abs=0.001)


def test_a_spread_that_shrinks_because_the_task_is_learned_is_healthy():
    assert names({"ppo/std": bend(0.8, 0.2), **flat(episode__success=0.95)}) == []
    assert names({"ppo/std": bend(0.8, 0.5), **flat(episode__success=0.1)}) == []


def test_a_critic_that_explains_nothing_with_a_large_error_has_blown_up():
    assert names(flat(ppo__explained_variance=-0.4, ppo__value_loss=600.0)) == ["value_blow_up"]


@pytest.mark.parametrize(("explained", "loss"), [(0.9, 600.0), (-0.4, 0.3)])
def test_either_alone_is_no_blow_up(explained, loss):
    assert names(flat(ppo__explained_variance=explained, ppo__value_loss=loss)) == []


POISONED = {"ppo/learning_rate": line(1e-5), "episode/success": line(0.29), "episode/fell": line(0.1)}
TAKEN = RunFacts(
    learning_rate=1e-3, loaded=("weights", "normalizer", "optimizer", "schedule"), total_env_steps=1_000_000
)


def test_a_warm_start_that_keeps_the_old_rate_and_gains_nothing_is_poisoned():
    assert names(POISONED, facts=TAKEN) == ["poisoned_warm_start"]


@pytest.mark.parametrize(
    ("curves", "facts"),
    [
        (POISONED, RunFacts(learning_rate=1e-3, loaded=("weights", "normalizer"))),
        (POISONED, RunFacts(learning_rate=1e-5, loaded=("optimizer",))),
        (POISONED, RunFacts(loaded=("optimizer",))),
        ({**POISONED, "episode/success": bend(0.29, 0.6)}, TAKEN),
    ],
)
def test_without_the_old_optimizer_or_with_a_gain_it_is_not(curves, facts):
    assert "poisoned_warm_start" not in names(curves, facts=facts)
