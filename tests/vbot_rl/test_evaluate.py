"""Evaluations: fixed cases, deterministic, repeatable; their files; the recorded episode."""

import json

import numpy as np
import pytest

from sessions.errors import NotFoundError
from sessions.runs import best_score
from tests.vbot_rl.helpers import ENV, new_run, small
from vbot_rl.evaluate import evaluate, evaluate_all, evaluate_run, load_policy
from vbot_rl.policy import Policy
from vbot_rl.poses import PoseRecorder
from vbot_rl.ppo import Ppo
from vbot_rl.trainer import Trainer
from vbot_sim.symmetry import MIRROR

TASK = small().cfg.task


def still_policy(seed: int = 0) -> Policy:
    """Mean action exactly zero: the robot stands in its default pose."""
    ppo = Ppo(small().cfg.ppo, 54, 12, 4, seed, mirror=MIRROR)
    ppo.net.params.actor.weights[-1][...] = 0.0
    return Policy.of(ppo)


@pytest.fixture(scope="module")
def standing():
    recorder = PoseRecorder()
    return evaluate(still_policy(), TASK, n=4, seed=5, env=ENV, step=77, poses=recorder), recorder.poses()


def test_a_robot_that_stands_neither_falls_nor_arrives(standing):
    result, _ = standing
    assert (result.success, result.fell, result.score, result.points_mean) == (0.0, 0.0, 0.0, 0.0)
    assert result.causes == {"time_limit": 1.0}
    assert all(8.0 <= episode.spawn_distance_m <= 12.0 for episode in result.episodes)
    assert all(episode.length_s == 10.0 for episode in result.episodes)
    low, high = result.success_low, result.success_high
    # Wilson for 0 of 4 at z = 1.96: 0 and z^2 / (n + z^2) = 3.8416 / 7.8416
    assert low == 0.0 and high == pytest.approx(3.8416 / 7.8416, abs=1e-4)


def test_whoever_watches_is_told_how_many_episodes_are_over():
    told = []
    result = evaluate(still_policy(), TASK, n=2, seed=5, told=lambda over, episodes: told.append((over, episodes)))
    assert result is not None
    assert told[0] == (0, 2) and told[-1] == (2, 2)
    assert told == sorted(told)


def test_the_file_says_which_cases_it_was(standing, tmp_path):
    result, _ = standing
    path = result.write(tmp_path)
    assert path.name == "competition-77-n4-s5.json"
    data = json.loads(path.read_text())
    assert len(data["episodes"]) == 4 and data["canonical"] is False
    assert data["protocol_id"] == "competition-v1" and data["score_version"] == 1


def test_poses_hold_one_episode(standing):
    result, poses = standing
    steps = round(result.episodes[0].length_s / poses.dt_s)
    assert poses.qpos.shape == (steps, 19)
    assert poses.terms.shape == (steps, len(poses.term_names))
    assert poses.terms.sum() == pytest.approx(result.episodes[0].reward, abs=0.05)
    import io

    loaded = np.load(io.BytesIO(poses.to_bytes()))
    assert np.array_equal(loaded["qpos"], poses.qpos) and loaded["target_m"].shape == (2,)


@pytest.mark.parametrize("protocol", ["competition", "training"])
def test_the_same_policy_gets_the_same_result(protocol):
    ppo = Ppo(small().cfg.ppo, 54, 12, 4, 3, mirror=MIRROR)
    ppo.net.params.actor.weights[-1][...] *= 100.0  # it moves and falls
    one, other = (evaluate(Policy.of(ppo), TASK, protocol, n=6, seed=1) for _ in range(2))
    assert one.episodes == other.episodes


def test_it_can_be_abandoned():
    assert evaluate(still_policy(), TASK, n=2, keep_going=lambda: False) is None


def test_a_run_is_evaluated_from_its_checkpoints(tmp_path):
    resolved = small()
    run = new_run(tmp_path, resolved)
    with pytest.raises(NotFoundError):
        evaluate_run(run)
    Trainer(run, resolved.cfg, say=lambda _: None).train()
    result = evaluate_run(run, n=3, seed=2)
    assert (run.eval_dir / result.file_name).is_file() and result.step == run.checkpoints()[-1][0]
    assert best_score(run.evals()) is None  # other cases never rank
    policy, cfg, step = load_policy(run, run.checkpoints()[0][0])
    assert step == run.checkpoints()[0][0] and cfg == resolved.cfg
    assert policy.act(np.zeros((2, 54), np.float32)).shape == (2, 12)


def test_all_checkpoints_are_ranked_by_score(tmp_path):
    resolved = small()
    run = new_run(tmp_path, resolved)
    Trainer(run, resolved.cfg, say=lambda _: None).train()
    results = evaluate_all(run)
    assert len(results) == len(run.checkpoints())
    assert [r.score for r in results] == sorted((r.score for r in results), reverse=True)
    assert best_score(run.evals()).score == results[0].score
