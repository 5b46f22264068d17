"""Who is quiet, what is learned from, and that a bare policy is what acts."""

import numpy as np
import pytest

from tests.vbot_rl.test_ppo import run_toy
from vbot_rl.config import PpoCfg
from vbot_rl.ppo import Ppo
from vbot_rl.quiet import ROLLOUTS, Quiet
from vbot_sim.errors import ConfigError


def test_without_a_share_nobody_is_quiet_and_nothing_is_drawn() -> None:
    quiet, rng = Quiet(0.0, 0.0, 4, 2), np.random.default_rng(0)
    quiet.next_rollout(rng)
    assert not quiet.mask.any()
    assert rng.random() == np.random.default_rng(0).random()
    assert quiet.learned().tolist() == list(range(8))


def test_only_the_others_are_learned_from() -> None:
    quiet = Quiet(0.5, 0.0, 3, 2)
    quiet.mask = np.array([False, True, False])
    # samples are t * 3 + simulation
    assert quiet.learned().tolist() == [0, 2, 3, 5]


def test_with_some_noise_left_all_are_learned_from() -> None:
    quiet = Quiet(0.5, 0.25, 3, 2)
    quiet.mask = np.array([False, True, False])
    assert quiet.learned().tolist() == list(range(6))
    assert quiet.noise.tolist() == [1.0, 0.25, 1.0]


def test_the_share_holds_in_the_long_run_and_a_quiet_time_lasts_three_rollouts() -> None:
    quiet, rng = Quiet(0.3, 0.0, 1000, 1), np.random.default_rng(1)
    shares, began = [], 0
    for rollout in range(400):
        before = quiet.mask
        quiet.next_rollout(rng)
        if rollout >= 100:
            shares.append(quiet.mask.mean())
            began += int((quiet.mask & ~before).sum())
    assert np.mean(shares) == pytest.approx(0.3, abs=0.01)
    assert sum(shares) * 1000 / began == pytest.approx(ROLLOUTS, rel=0.03)


def test_somebody_is_always_learned_from() -> None:
    quiet, rng = Quiet(0.5, 0.0, 1, 2), np.random.default_rng(0)
    for _ in range(50):
        quiet.next_rollout(rng)
        assert quiet.learned().tolist() == [0, 1]


def ppo(**changes: object) -> Ppo:
    cfg = PpoCfg(
        horizon=16, hidden=(16, 16), epochs=4, minibatches=2, gamma=0.0, learning_rate=3e-3, entropy_coef=0.0,
        symmetry="none", **changes,
    )  # fmt: skip
    return Ppo(cfg, 1, 1, num_envs=32, seed=0)


def test_who_is_quiet_does_what_the_policy_says() -> None:
    learner = ppo(quiet_share=0.5)
    x = np.linspace(-1, 1, 32, dtype=np.float32)[:, None]
    actions = learner.act(x).copy()
    assert learner._quiet.mask.sum() in range(4, 20)  # a sixth of 32 enters at first
    exact = np.isclose(actions, learner._mean, atol=0.0)[:, 0]
    assert exact.tolist() == learner._quiet.mask.tolist()


def test_who_is_quiet_with_some_noise_has_so_much_less_of_it() -> None:
    loud, quiet = ppo(), ppo(quiet_share=0.5, quiet_noise=0.25)
    x = np.linspace(-1, 1, 32, dtype=np.float32)[:, None]
    quiet.act(x)
    loud.rng.random(32)  # what the other one drew to say who is quiet
    loud.act(x)
    noise = [learner._actions - learner._mean for learner in (loud, quiet)]
    assert noise[1] == pytest.approx(noise[0] * quiet._quiet.noise[:, None], rel=1e-5)
    # the probability is that of the noise before it was made less, so the first ratio is 1 with its own deviation
    assert np.array_equal(loud._rows[0, :, 3], quiet._rows[0, :, 3])


def test_the_first_ratio_of_a_quiet_sample_is_one() -> None:
    learner = ppo(quiet_share=0.5, quiet_noise=0.25)
    x = np.linspace(-1, 1, 32, dtype=np.float32)[:, None]
    learner.act(x)
    learner._finish_rollout(x)
    kl, clipped, *_ = learner._tile(0, learner._rows[0].copy(), 32, learner._sums[0])
    assert (abs(kl) < 1e-4, clipped) == (True, 0.0)


@pytest.mark.parametrize("noise", [0.0, 0.25])
def test_a_task_is_learned_with_quiet_simulations(noise: float) -> None:
    rewards = run_toy(ppo(quiet_share=0.5, quiet_noise=noise), 60)
    assert np.mean(rewards[-5:]) > -0.1 > np.mean(rewards[:5])


@pytest.mark.parametrize(("values", "words"), [
    ({"quiet_share": 0.6}, "quiet_share must be from 0 to 0.5"),
    ({"quiet_noise": 1.5}, "quiet_noise must be from 0 to 1"),
])  # fmt: skip
def test_shares_that_make_no_sense_are_refused(values: dict[str, float], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        PpoCfg(**values)


def test_who_is_quiet_survives_a_checkpoint() -> None:
    straight, other = ppo(quiet_share=0.5), ppo(quiet_share=0.5)
    run_toy(straight, 3, seed=1)
    other.load_state_dict(straight.state_dict())
    assert other._quiet.mask.tolist() == straight._quiet.mask.tolist()
    run_toy(straight, 2, seed=2)
    run_toy(other, 2, seed=2)
    assert np.array_equal(straight.net.params.flat, other.net.params.flat)
