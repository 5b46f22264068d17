import numpy as np
import pytest

from tests.vbot_sim.builders import idle, task
from vbot_sim.errors import ConfigError
from vbot_sim.protocols import CANONICAL_CASES, CANONICAL_SEED, PROTOCOLS, cases, evaluation_task, outcomes, protocol
from vbot_sim.vector_task import VectorTask

COMPETITION, STRICT, TRAINING = (PROTOCOLS[name] for name in ("competition", "strict", "training"))


def test_competition_is_the_official_start() -> None:
    judged = evaluation_task(task(randomization={"obs_noise": 1.0}, termination={"trunk_contact": False}), COMPETITION)
    assert (judged.spawn.radius_min_m, judged.spawn.radius_max_m, judged.spawn.distribution) == (8.0, 12.0, "area")
    assert (judged.episode.limit_s, judged.episode.after_success_s, judged.episode.success_ends) == (10.0, 2.0, True)
    assert judged.randomization.obs_noise == 0.0
    assert judged.termination.trunk_contact and judged.termination.out_of_bounds_m == 12.5


def test_strict_is_harder_in_the_documented_ways() -> None:
    judged = evaluation_task(task(), STRICT)
    assert (judged.episode.limit_s, judged.physics.timestep_s, judged.physics.cone) == (15.0, 0.002, "elliptic")
    r = judged.randomization
    assert (r.foot_friction, r.mass_scale, r.push_speed_mps, r.push_interval_s, r.obs_noise) == (
        (0.4, 1.0),
        (0.8, 1.2),
        0.5,
        4.0,
        1.0,
    )


def test_training_keeps_the_task_s_own_world() -> None:
    cfg = task("t1_best", episode={"limit_s": 7.0})
    judged = evaluation_task(cfg, TRAINING)
    assert (judged.spawn, judged.physics, judged.episode.limit_s) == (cfg.spawn, cfg.physics, 7.0)


@pytest.mark.parametrize("name", sorted(PROTOCOLS))
def test_what_the_policy_knows_is_left_alone(name: str) -> None:
    cfg = task("head")
    judged = evaluation_task(cfg, PROTOCOLS[name])
    assert (judged.control, judged.observation, judged.reward) == (cfg.control, cfg.observation, cfg.reward)


def test_success_means_the_same_whatever_the_task_calls_success() -> None:
    judged = evaluation_task(task(episode={"reach_radius_m": 2.0, "success_hold_s": 0.1}), TRAINING)
    assert (judged.episode.reach_radius_m, judged.episode.success_hold_s) == (0.5, 0.5)


def test_cases_depend_on_the_seed_only() -> None:
    one, two, other = (cases(COMPETITION, task(), 64, seed) for seed in (5, 5, 6))
    assert np.array_equal(one.qpos(), two.qpos()) and not np.array_equal(one.qpos(), other.qpos())
    assert np.array_equal(one.qpos(), cases(COMPETITION, task("head"), 64, 5).qpos())


FIRST_CANONICAL_POSITION = (2.7873091730361303, 9.834545293136856)
CANONICAL_POSITION_SUM = 336.9809499564873


def test_the_canonical_cases_never_change() -> None:
    canonical = cases(COMPETITION, task())
    assert len(canonical) == CANONICAL_CASES == 256 and CANONICAL_SEED == 20260219
    assert canonical.position_m[0] == pytest.approx(FIRST_CANONICAL_POSITION, abs=1e-9)
    assert canonical.position_m.sum() == pytest.approx(CANONICAL_POSITION_SUM, abs=1e-6)


def test_spawns_are_uniform_in_area() -> None:
    distance = cases(COMPETITION, task(), 20_000, 1).distance_m()
    assert distance.min() >= 8.0 and distance.max() <= 12.0
    # half of the area between 8 and 12 m lies within sqrt((64 + 144) / 2) = 10.198 m
    assert np.mean(distance < np.sqrt(104.0)) == pytest.approx(0.5, abs=0.012)


def test_an_unknown_protocol_is_corrected() -> None:
    with pytest.raises(ConfigError, match=r"Unknown protocol 'competiton'\. Did you mean 'competition'\?"):
        protocol("competiton")


def test_a_robot_that_only_stands_gets_no_points() -> None:
    judged = evaluation_task(task(), COMPETITION)
    world = VectorTask(judged, 4, seed=0)
    world.reset(cases(COMPETITION, task(), 4, 0))
    step = world.step(idle(4))
    while step.episodes is None:
        step = world.step(idle(4))
    found = outcomes(step.episodes)
    assert [o.cause for o in found] == ["time_limit"] * 4 and sum(o.points for o in found) == 0
    assert step.episodes.length_s == pytest.approx([10.0] * 4)


def test_strict_evaluation_repeats_and_varies_between_cases() -> None:
    judged = evaluation_task(task(), STRICT)
    observed = []
    for _ in range(2):
        world = VectorTask(judged, 6, seed=11)
        world.reset(cases(STRICT, task(), 6, 11))
        for _ in range(5):
            obs = world.step(idle(6)).obs
        observed.append(obs.copy())
        assert len(set(world.variation.foot_friction().tolist())) == 6
    assert np.array_equal(observed[0], observed[1])
