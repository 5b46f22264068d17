"""The loop in one process: it learns, it says what it does, it continues bit by bit."""

import numpy as np
import pytest

from sessions.metrics import is_registered
from sessions.runs import StopRequest
from tests.vbot_rl.helpers import assert_same, decided, new_run, newest_state, records, small
from vbot_rl.config import run_cfg
from vbot_rl.rollout_meter import RolloutMeter
from vbot_rl.trainer import Trainer, short
from vbot_sim.vector_task import CAUSES


def train(run, resolved, **options):
    return Trainer(run, resolved.cfg, say=lambda _: None, **options).train()


@pytest.mark.parametrize(
    ("value", "text"), [(13_120.4, "13,120"), (-1234.5, "-1,234"), (999.96, "1000"), (0.0312345, "0.03123"), (0.0, "0")]
)
def test_numbers_of_the_log_have_no_exponent_where_they_are_read_as_steps(value, text):
    assert short(value) == text


def test_a_short_run_on_the_real_task_learns(tmp_path):
    resolved = run_cfg(
        "vbot_navigation_section001",
        sets={
            "train.total_env_steps": 180_000,
            "ppo.hidden": [64, 64],
            "train.evaluation_cases": 1,
            "train.evaluations": 5,
        },
    )
    run = new_run(tmp_path, resolved)
    train(run, resolved)
    rewards = [record.values["reward/total"] for record in records(run)]
    distances = [record.values["episode/final_distance_m"] for record in records(run)[-3:]]
    assert np.mean(rewards[-3:]) > np.mean(rewards[:3]) + 0.1, rewards
    assert all(np.isfinite(distances))


@pytest.mark.parametrize(("judge_from", "updates"), [(0.0, [3, 5, 8, 10, 12]), (0.5, [8, 9, 10, 11, 12])])
def test_evaluations_are_spread_evenly_over_the_part_that_is_judged(tmp_path, judge_from, updates):
    resolved = small(train__judge_from=judge_from)
    run = new_run(tmp_path, resolved)
    train(run, resolved)
    assert [item.step // (16 * 8) for item in run.evals()] == updates


def test_a_stop_between_updates_and_a_resume_continue_bit_by_bit(tmp_path):
    resolved = small(train__checkpoint_interval_s=1e6)
    straight, broken = new_run(tmp_path / "a", resolved), new_run(tmp_path / "b", resolved)
    train(straight, resolved)
    asked = iter([None] * 5)
    outcome = train(broken, resolved, stop=lambda: next(asked, StopRequest(who="x", why="y")))
    assert outcome.request is not None and outcome.env_steps < resolved.cfg.train.total_env_steps
    train(broken, resolved)
    assert decided(straight) == decided(broken)
    one, other = newest_state(straight), newest_state(broken)
    for state in (one, other):
        del state["events"], state["metrics"]
    assert_same(one, other)


def test_a_stop_within_an_evaluation_repeats_it_and_loses_no_record(tmp_path):
    resolved = small(train__checkpoint_interval_s=1e6)
    straight, broken = new_run(tmp_path / "a", resolved), new_run(tmp_path / "b", resolved)
    train(straight, resolved)
    count = 0

    def stop():
        nonlocal count
        count += 1
        return StopRequest(who="x", why="y") if count > 20 else None  # the first evaluation has hundreds of steps

    train(broken, resolved, stop=stop)
    assert newest_state(broken)["pending"] is not None and not broken.evals()
    train(broken, resolved)
    assert decided(straight) == decided(broken)
    assert [item.step for item in straight.evals()] == [item.step for item in broken.evals()]


def test_two_threads_train_and_resume_as_well(tmp_path):
    resolved = small(train__threads=2)
    one, other = new_run(tmp_path / "a", resolved), new_run(tmp_path / "b", resolved)
    train(one, resolved)
    train(other, resolved)
    assert decided(one) == decided(other)


def test_every_tag_has_a_meaning(tmp_path):
    run = new_run(tmp_path)
    train(run, small())
    tags = {tag for record in records(run) for tag in record.values}
    assert not [tag for tag in tags if not is_registered(tag)]
    learner = ("kl", "clip_fraction", "explained_variance", "std", "action_saturation", "learning_rate", "entropy_coef")
    phases = ("steps_per_s", "rollout_s", "physics_s", "env_s", "act_s", "update_s", "eval_s")
    wanted = {f"ppo/{name}" for name in learner} | {f"perf/{name}" for name in phases}
    wanted |= {f"end/{cause}" for cause in CAUSES}
    assert wanted | {"eval/score", "eval/success", "eval/fell", "episode/fell", "task/distance_m"} <= tags


def test_the_phases_of_a_rollout_add_up(tmp_path):
    run = new_run(tmp_path)
    train(run, small())
    for values in (record.values for record in records(run)):
        parts = [values[f"perf/{name}"] for name in ("physics_s", "env_s", "act_s")]
        assert min(parts) > 0 and sum(parts) == pytest.approx(values["perf/rollout_s"], rel=1e-4)


def test_status_follows_the_run(tmp_path):
    run = new_run(tmp_path)
    seen = []

    def stop():
        seen.append(run.status().phase)
        return None

    train(run, small(), stop=stop)
    assert {"training", "evaluating"} <= set(seen)


def test_the_mean_speed_is_that_of_training_alone(tmp_path):
    """All updates have as many steps, so the mean over time is the harmonic mean of their speeds."""
    run = new_run(tmp_path)
    train(run, small())
    speeds = [record.values["perf/steps_per_s"] for record in records(run)]
    means = [record.values["perf/mean_steps_per_s"] for record in records(run)]
    assert len(speeds) > 2 and means[0] == pytest.approx(speeds[0], rel=1e-5)
    assert means[-1] == pytest.approx(len(speeds) / sum(1.0 / speed for speed in speeds), rel=1e-5)


def test_a_scored_run_shows_its_best_score(tmp_path):
    resolved = small(train__evaluation_cases=None)
    run = new_run(tmp_path, resolved)
    train(run, resolved)
    scores = [item.score for item in run.evals()]
    assert len(scores) == 5 and all(item.canonical for item in run.evals())
    assert run.status().score == max(scores)


class FakeStep:
    """Two robots, two terms, one episode over."""

    reward = np.array([0.5, 1.5], np.float32)
    terms = np.array([[0.25, 1.0], [0.25, 0.5]], np.float32)
    distance_m = np.array([0.8, 3.0], np.float32)
    speed_mps = np.array([0.2, 1.0], np.float32)
    reached = np.array([False, False])
    episodes = None


def test_the_meter_by_hand():
    meter = RolloutMeter(("a", "b"), action_clip=4.0)
    meter.add(FakeStep(), np.array([[4.0, 0.0], [1.0, -5.0]], np.float32))
    values = meter.values()
    assert values["reward/a"] == pytest.approx(0.625) and values["reward/b"] == pytest.approx(0.375)
    assert values["reward/total"] == 1.0
    assert values["task/distance_m"] == pytest.approx(1.9)
    assert values["task/speed_near_mps"] == pytest.approx(0.2)
    assert values["task/near_fraction"] == 0.5
    assert values["ppo/action_saturation"] == 0.5
    assert values["episode/count"] == 0 and "episode/success" not in values
    assert meter.values()["reward/total"] == 0.0
