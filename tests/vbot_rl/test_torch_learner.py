"""The update in torch: the same new weights as the numpy learner's, and its checkpoints."""

import numpy as np
import pytest
import torch

from sessions.runs import StopRequest
from tests.vbot_rl.helpers import new_run, small
from vbot_rl.config import PpoCfg
from vbot_rl.ppo import Ppo
from vbot_rl.torch_learner import TorchPpo
from vbot_rl.trainer import Trainer
from vbot_sim.errors import ConfigError
from vbot_sim.symmetry import MIRROR


def cfg(**changes) -> PpoCfg:
    settings = {"horizon": 6, "hidden": (24, 16), "epochs": 3, "minibatches": 3, "schedule": "kl_adaptive"}
    return PpoCfg(**(settings | {"entropy_coef": 0.01, "value_coef": 0.7, "learning_rate": 3e-3} | changes))


def learners(settings: PpoCfg) -> tuple[Ppo, TorchPpo]:
    sizes = (54, 12, 40)
    return Ppo(settings, *sizes, seed=2, mirror=MIRROR), TorchPpo(settings, *sizes, seed=2, mirror=MIRROR, device="cpu")


def one_update(ppo: Ppo, seed: int):
    rng = np.random.default_rng(seed)
    obs = rng.standard_normal((ppo.num_envs, 54)).astype(np.float32)
    while not ppo.full:
        action = ppo.act(obs)
        done = rng.random(ppo.num_envs) < 0.2
        ids = np.flatnonzero(done)
        reward = (obs[:, 0] * action[:, 0]).astype(np.float32)
        obs = rng.standard_normal((ppo.num_envs, 54)).astype(np.float32)
        ppo.record(reward, np.zeros_like(done), done, ids, obs[ids])
    return ppo.update(obs, 0.3)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"symmetry": "augment"},
        {"symmetry": "alternate"},
        {"kl_stop": 1e-3},
        {"max_grad_norm": 0.05},
        {"std_floor": 0.7995, "init_std": 0.8},
        {"std_ceiling": 0.8, "std_ceiling_end": 0.7, "init_std": 0.8},
        {"quiet_share": 0.5, "symmetry": "alternate"},
        {"quiet_share": 0.5, "quiet_noise": 0.3, "symmetry": "alternate"},
    ],
    ids=[
        "plain",
        "symmetric",
        "alternating",
        "kl stop",
        "clipped gradient",
        "std floor",
        "less and less noise",
        "quiet",
        "less noise",
    ],
)
def test_one_update_gives_the_weights_of_the_numpy_learner(changes) -> None:
    plain, other = learners(cfg(**changes))
    before = plain.net.params.flat.copy()
    for seed in (0, 1):  # the second one with moments, and with normalised observations
        one, two = one_update(plain, seed), one_update(other, seed)
        assert np.abs(plain.net.params.flat - before).max() > 1e-3
        assert other.net.params.flat == pytest.approx(plain.net.params.flat, abs=1e-5)
        assert other.adam.second == pytest.approx(plain.adam.second, abs=1e-6)
        assert (one.epochs_done, one.learning_rate) == (two.epochs_done, two.learning_rate)
        for name in ("kl", "kl_last", "clip_fraction", "policy_loss", "value_loss", "grad_norm", "std"):
            assert getattr(two, name) == pytest.approx(getattr(one, name), rel=1e-3, abs=2e-5), name


def test_each_goes_on_from_the_other_s_state() -> None:
    plain, other = learners(cfg())
    one_update(plain, 0)
    one_update(other, 5)
    other.load_state_dict(plain.state_dict())
    one_update(plain, 1)
    one_update(other, 1)
    assert other.net.params.flat == pytest.approx(plain.net.params.flat, abs=1e-5)
    assert other.state_dict().keys() == plain.state_dict().keys()
    assert {type(v) for v in other.state_dict().values()} == {type(v) for v in plain.state_dict().values()}


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_the_run_is_refused_with_what_to_do(tmp_path) -> None:
    resolved = small(train__device="cuda")
    with pytest.raises(ConfigError, match=r"no CUDA device.*train\.device=cpu"):
        Trainer(new_run(tmp_path, resolved), resolved.cfg, say=lambda _: None)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_run_learns_on_a_gpu_and_goes_on_without(tmp_path) -> None:
    resolved = small(train__device="cuda")
    run, asked = new_run(tmp_path, resolved), iter([None] * 3)
    Trainer(run, resolved.cfg, stop=lambda: next(asked, StopRequest(who="x", why="y")), say=lambda _: None).train()
    rest = small()
    assert Trainer(run, rest.cfg, say=lambda _: None).train().env_steps == rest.cfg.train.total_env_steps
