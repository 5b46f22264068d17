import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode
from gymnasium.wrappers.vector import RecordEpisodeStatistics

import vbot_sim.gym_env
from vbot_sim.config import ENV_IDS, task_cfg
from vbot_sim.errors import ConfigError
from vbot_sim.registration import register_environments
from vbot_sim.vector_task import VectorTask

ENV = "vbot_navigation_section001"


def make_vec(**settings):
    return gymnasium.make_vec(ENV, **settings)


def until_an_episode_ends(envs, limit=800):
    envs.action_space.seed(0)
    for _ in range(limit):
        outcome = envs.step(envs.action_space.sample())
        if (outcome[2] | outcome[3]).any():
            return outcome
    raise AssertionError("no episode ended")


def test_gymnasiums_own_check_passes_without_a_warning():
    with warnings.catch_warnings(record=True) as said:
        check_env(gymnasium.make(ENV, render_mode="rgb_array").unwrapped)
    assert [str(warning.message) for warning in said] == []


def test_stable_baselines_check_passes_without_a_warning():
    from stable_baselines3.common.env_checker import check_env as check

    with warnings.catch_warnings(record=True) as said:
        check(gymnasium.make(ENV).unwrapped)
    assert [str(warning.message) for warning in said] == []


def test_every_environment_is_registered_once():
    register_environments()
    assert set(ENV_IDS) <= set(gymnasium.registry)


def test_a_course_has_its_own_observations():
    envs = gymnasium.make_vec("vbot_navigation_section013", num_envs=2)
    obs, _ = envs.reset(seed=3)
    assert obs.shape == (2, 7 + 54 + 55) == envs.observation_space.shape
    assert np.isfinite(envs.step(np.zeros((2, 12), np.float32))[0]).all()


def test_make_vec_gives_the_vector_environment_itself():
    envs = make_vec(num_envs=3)
    assert isinstance(envs, vbot_sim.gym_env.VbotVectorEnv)
    assert envs.num_envs == 3
    assert envs.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    assert envs.observation_space.shape == (3, 54)
    assert envs.action_space.shape == (3, 12)


def test_an_action_of_one_is_the_whole_range_of_the_task():
    envs = make_vec(num_envs=2, seed=3)
    task = VectorTask(task_cfg(ENV), 2, seed=3)
    assert envs.action_range == task_cfg(ENV).control.action_clip == 4.0
    obs, _ = envs.reset()
    assert np.array_equal(obs, task.reset())
    action = np.linspace(-1.0, 1.0, 24, dtype=np.float32).reshape(2, 12)
    ours = task.step(4.0 * action)
    obs, reward, *_ = envs.step(action)
    assert np.array_equal(obs, ours.obs)
    assert np.array_equal(reward, ours.reward)


def test_the_same_seed_gives_the_same_episodes_and_another_others():
    envs = make_vec(num_envs=2)
    first, again, other = (envs.reset(seed=seed)[0] for seed in (7, 7, 8))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_what_was_returned_stays_as_it_was():
    envs = make_vec(num_envs=2)
    kept, _ = envs.reset(seed=1)
    before = kept.copy()
    envs.step(envs.action_space.sample())
    assert np.array_equal(kept, before)


def test_a_finished_episode_hands_over_its_last_observation_and_how_it_ended():
    envs = make_vec(num_envs=4)
    envs.reset(seed=0)
    obs, _, terminated, truncated, infos = until_an_episode_ends(envs)
    done = terminated | truncated
    assert np.array_equal(infos["_final_obs"], done)
    assert np.array_equal(infos["_final_info"], done)
    for k in range(4):
        if done[k]:
            assert infos["final_obs"][k] in envs.single_observation_space
            assert not np.array_equal(infos["final_obs"][k], obs[k])  # obs is the next episode's first
            assert infos["final_info"]["cause"][k] in ("tilt", "trunk_contact", "joint_speed", "time_limit")
            assert infos["final_info"]["length_s"][k] > 0
        else:
            assert infos["final_obs"][k] is None


def test_gymnasiums_statistics_count_the_same_length_as_the_task():
    envs = RecordEpisodeStatistics(make_vec(num_envs=4))
    envs.reset(seed=0)
    *_, terminated, truncated, infos = until_an_episode_ends(envs)
    k = int(np.flatnonzero(terminated | truncated)[0])
    assert infos["episode"]["l"][k] == round(infos["final_info"]["length_s"][k] / 0.02)
    assert infos["episode"]["r"][k] == pytest.approx(infos["final_info"]["return"][k], rel=1e-4)


def test_a_limit_in_steps_is_a_time_limit():
    envs = make_vec(num_envs=2, max_episode_steps=5)
    envs.reset(seed=0)
    ends = [envs.step(np.zeros((2, 12), np.float32))[3].tolist() for _ in range(5)]
    assert ends == [[False, False]] * 4 + [[True, True]]


def test_a_single_environment_returns_the_last_observation_of_an_episode():
    env = gymnasium.make(ENV).unwrapped
    env.reset(seed=0)
    env.action_space.seed(0)
    done = False
    while not done:
        obs, _, terminated, truncated, info = env.step(env.action_space.sample())
        done = terminated or truncated
    assert info["length_s"] > 0
    fresh, _ = env.reset()
    assert not np.array_equal(obs, fresh)


def test_a_picture_has_the_robot_in_it():
    env = gymnasium.make(ENV, render_mode="rgb_array").unwrapped
    env.reset(seed=0)
    picture = env.render()
    assert picture.shape == (360, 480, 3)
    assert (picture.reshape(-1, 3).max(axis=0) > picture.reshape(-1, 3).min(axis=0)).all()
    env.close()
    assert gymnasium.make(ENV).unwrapped.render() is None


def test_an_unknown_way_to_render_is_refused():
    with pytest.raises(ConfigError, match="human"):
        make_vec(render_mode="human")
    with pytest.raises(ConfigError, match="rgb_array"):
        vbot_sim.gym_env.VbotEnv(ENV, render_mode="human")


def test_an_unknown_option_of_reset_is_refused():
    with pytest.raises(ConfigError, match="reset_mask"):
        make_vec().reset(options={"reset_mask": np.array([True])})
