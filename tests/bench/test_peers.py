"""Drivers of other trainers, where their libraries are installed."""

import numpy as np
import pytest

from vbot_rl.bench.peers.world import World
from vbot_rl.bench.workload import Workload
from vbot_sim.vector_task import VectorTask

TINY = Workload(num_envs=8, horizon=4, epochs=1, minibatches=2, hidden=(8,), warmup=1, updates=2)


def wild(rng: np.random.Generator) -> np.ndarray:
    return (rng.standard_normal((8, 12)) * 8).astype(np.float32)


def test_a_peers_world_is_the_task_itself_with_outputs_of_its_own():
    cfg = TINY.config()
    task = VectorTask(cfg.task, 8, TINY.seed)
    task.reset()
    task.set_random_episode_phase()
    world, rng = World(TINY), np.random.default_rng(0)
    np.testing.assert_array_equal(world.observe(), task.obs)
    kept = []
    for _ in range(30):
        actions = wild(rng)
        theirs, direct = world.step(actions), task.step(actions)
        kept.append((theirs.obs, direct.obs.copy()))
        np.testing.assert_array_equal(theirs.reward, direct.reward * np.float32(cfg.train.reward_scale))
        np.testing.assert_array_equal(theirs.final_obs, direct.final_obs)
    for theirs, copied in kept:  # still what it was, after all the steps that followed
        np.testing.assert_array_equal(theirs, copied)


def test_sb3_is_told_the_true_last_observation_of_an_episode():
    pytest.importorskip("stable_baselines3")
    from vbot_rl.bench.peers.sb3 import TaskVecEnv

    env, twin, rng = TaskVecEnv(World(TINY)), World(TINY), np.random.default_rng(1)
    ended = 0
    for _ in range(200):
        actions = wild(rng)
        env.step_async(actions)
        obs, _, dones, infos = env.step_wait()
        step = twin.step(actions)
        np.testing.assert_array_equal(np.flatnonzero(dones), step.done_ids)
        for k, i in enumerate(step.done_ids):
            np.testing.assert_array_equal(infos[i]["terminal_observation"], step.final_obs[k])
            assert not np.array_equal(infos[i]["terminal_observation"], obs[i])  # obs is already the next episode's
            assert infos[i]["TimeLimit.truncated"] == (not step.terminated[i])
            ended += 1
    assert ended > 0


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(("name", "library"), [("sb3", "stable_baselines3"), ("rsl_rl", "rsl_rl"), ("skrl", "skrl")])
def test_a_peer_does_the_updates_that_were_asked_for(name, library):
    pytest.importorskip(library)
    from vbot_rl.bench.peers import driver

    times = driver(name)(TINY)
    assert len(times) == TINY.all_updates
    assert min(times) > 0
