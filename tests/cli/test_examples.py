"""The examples in examples/ train: a few updates, enough to see that weights move and nothing is misread."""

import importlib.util
import warnings
from pathlib import Path

import gymnasium
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]


def example(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the libraries themselves
        spec.loader.exec_module(module)
    return module


@pytest.fixture
def one_thread():
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_stable_baselines_is_told_how_an_episode_ended():
    module = example("stable_baselines3_ppo")
    world = module.TaskVecEnv(gymnasium.make_vec(module.ENV, num_envs=2, max_episode_steps=3))
    world.reset()
    for _ in range(3):
        world.step_async(np.zeros((2, 12), np.float32))
        obs, _, done, infos = world.step_wait()
    assert done.all()
    assert [info["TimeLimit.truncated"] for info in infos] == [True, True]
    assert infos[0]["terminal_observation"].shape == (54,)
    assert not np.array_equal(infos[0]["terminal_observation"], obs[0])


@pytest.mark.filterwarnings("ignore")  # of the library itself
def test_stable_baselines_trains(one_thread):
    module = example("stable_baselines3_ppo")
    model = module.train(2 * 8 * 16, num_envs=8, horizon=16, seed=0, verbose=0)
    assert model.num_timesteps == 2 * 8 * 16
    assert model.policy.log_std.detach().numpy() != pytest.approx(np.log(module.FIRST_STD), abs=1e-9)


@pytest.mark.filterwarnings("ignore")  # of the library itself
def test_skrl_trains(one_thread, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # it makes a folder for its records
    module = example("skrl_ppo")
    agent = module.train(2 * 8 * 16, num_envs=8, horizon=16, seed=0, quiet=True)
    moved = agent.policy.log_std.detach().numpy()
    assert np.isfinite(moved).all()
    assert moved != pytest.approx(np.log(module.FIRST_STD), abs=1e-9)
