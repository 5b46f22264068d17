"""Advantages by hand, the time limit bootstrap by hand, and a toy task that must be learned."""

import numpy as np
import pytest

from vbot_rl.config import PpoCfg
from vbot_rl.policy import Policy
from vbot_rl.ppo import Ppo, explained_variance, gae, mirrored
from vbot_sim.errors import ConfigError
from vbot_sim.symmetry import Mirror, SignedPermutation


def column(*values: float) -> np.ndarray:
    return np.array(values, np.float32)[:, None]


def test_gae_by_hand() -> None:
    # gamma 0.5, lambda 0.5; values 1, 2, 4 and 8 after the rollout; no end.
    # delta_2 = 3 + 0.5*8 - 4 = 3          A_2 = 3
    # delta_1 = 2 + 0.5*4 - 2 = 2          A_1 = 2 + 0.25*3    = 2.75
    # delta_0 = 1 + 0.5*2 - 1 = 1          A_0 = 1 + 0.25*2.75 = 1.6875
    out = gae(column(1, 2, 3), column(1, 2, 4, 8), column(0, 0, 0), 0.5, 0.5, np.empty((3, 1), np.float32))
    assert out[:, 0].tolist() == [1.6875, 2.75, 3.0]


def test_gae_lets_nothing_flow_across_an_end() -> None:
    # The episode ends at step 1: delta_1 = 2 - 2 = 0, A_1 = 0; A_0 = 1 + 0.5*2 - 1 + 0.25*0 = 1
    out = gae(column(1, 2, 3), column(1, 2, 4, 8), column(0, 1, 0), 0.5, 0.5, np.empty((3, 1), np.float32))
    assert out[:, 0].tolist() == [1.0, 0.0, 3.0]


def test_explained_variance() -> None:
    returns = np.array([1.0, 2.0, 3.0, 4.0], np.float32)
    assert explained_variance(returns, returns) == 1.0
    assert explained_variance(returns, np.zeros(4, np.float32)) == 0.0
    assert explained_variance(np.ones(4, np.float32), returns) == 0.0
    assert explained_variance(returns, -returns) == pytest.approx(-3.0)  # var(2 r) / var(r) = 4


def linear_critic(ppo: Ppo, slope: float, bias: float) -> None:
    """V(x) = slope * x0 + bias: one ELU unit on its straight side."""
    for weight in ppo.net.params.critic.weights:
        weight[...] = 0.0
    ppo.net.params.critic.weights[0][0, 0] = 1.0  # h = elu(x0) = x0 for x0 >= 0
    ppo.net.params.critic.weights[1][0, 0] = slope
    ppo.net.params.critic.weights[1][0, -1] = bias


def toy(**changes: object) -> Ppo:
    settings = {
        "horizon": 3, "epochs": 1, "minibatches": 1, "gamma": 0.5, "gae_lambda": 0.5, "hidden": (4,),
        "normalize_observations": False, "normalize_values": False, "schedule": "constant",
    }  # fmt: skip
    return Ppo(PpoCfg(**({"symmetry": "none"} | settings | changes)), 1, 1, num_envs=2, seed=0)


def obs(*values: float) -> np.ndarray:
    return np.array(values, np.float32)[:, None]


def test_a_time_limit_is_bootstrapped_on_the_final_observation_and_a_fall_is_not() -> None:
    ppo = toy()
    linear_critic(ppo, slope=2.0, bias=1.0)
    no, none = np.zeros(2, bool), np.zeros((0, 1), np.float32)
    ppo.act(obs(1, 1))
    ppo.record(np.array([1, 1], np.float32), no, no, np.array([], int), none)
    ppo.act(obs(2, 2))
    # Both episodes end: simulation 0 by its time limit at x = 10 (V = 21), simulation 1 by a fall at x = 10.
    ppo.record(
        np.array([1, 1], np.float32), np.array([False, True]), np.array([True, False]), np.array([0, 1]), obs(10, 10)
    )
    ppo.act(obs(0, 0))
    ppo.record(np.array([1, 1], np.float32), no, no, np.array([], int), none)
    ppo._finish_rollout(obs(3, 3))
    # V = 3, 5, 1 and 7 after. Step 2: delta = 1 + 0.5*7 - 1 = 3.5 for both.
    # Simulation 0, step 1: r = 1 + 0.5*21 = 11.5, delta = 11.5 - 5 = 6.5; step 0: 1 + 0.5*5 - 3 + 0.25*6.5 = 2.125
    # Simulation 1, step 1: delta = 1 - 5 = -4;                            step 0: 0.5 + 0.25*(-4) = -0.5
    assert ppo._advantages[:, 0].tolist() == [2.125, 6.5, 3.5]
    assert ppo._advantages[:, 1].tolist() == [-0.5, -4.0, 3.5]


def test_an_end_that_is_both_counts_as_a_fall() -> None:
    ppo = toy(horizon=1)
    linear_critic(ppo, slope=0.0, bias=4.0)
    ppo.act(obs(1, 1))
    both = np.array([True, False])
    ppo.record(np.array([1, 1], np.float32), both, both, np.array([0]), obs(1))
    ppo._finish_rollout(obs(1, 1))
    assert ppo._advantages[0].tolist() == [1 - 4, 1 + 0.5 * 4 - 4]


def run_toy(ppo: Ppo, updates: int, seed: int = 0) -> list[float]:
    """Reward -(a - x)^2 for an observation x in [-1, 1]: the policy must learn a = x."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (ppo.num_envs, 1)).astype(np.float32)
    means = []
    for update in range(updates):
        total = 0.0
        while not ppo.full:
            action = ppo.act(x)
            reward = -((action - x)[:, 0] ** 2)
            done = rng.random(ppo.num_envs) < 0.1
            ids = np.flatnonzero(done)
            final = x[ids].copy()
            ppo.record(reward, done, np.zeros_like(done), ids, final)
            x = rng.uniform(-1, 1, (ppo.num_envs, 1)).astype(np.float32)
            total += float(reward.mean())
        ppo.update(x, update / updates)
        means.append(total / ppo.cfg.horizon)
    return means


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("schedule", ["constant", "linear", "cosine", "kl_adaptive"])
def test_a_toy_task_is_learned(schedule: str, threads: int) -> None:
    cfg = PpoCfg(
        horizon=16,
        hidden=(16, 16),
        schedule=schedule,
        learning_rate=3e-3,
        gamma=0.0,
        entropy_coef=0.0,
        symmetry="none",
    )
    means = run_toy(Ppo(cfg, 1, 1, num_envs=64, seed=1, threads=threads), 60)
    assert means[0] < -0.5
    assert means[-1] > -0.1, means


def test_two_threads_act_as_one_does() -> None:
    x = np.random.default_rng(0).standard_normal((1030, 54)).astype(np.float32)
    one, two = (Ppo(PpoCfg(horizon=1, symmetry="none"), 54, 12, 1030, 4, threads) for threads in (1, 2))
    assert two.act(x) == pytest.approx(one.act(x), abs=1e-5)


SIDES = SignedPermutation(np.array([0]), np.array([-1.0], np.float32))


def one_sided(symmetry: str, threads: int = 1) -> Ppo:
    """A learner that only ever saw x in [0.2, 1], where the action x earns most."""
    cfg = PpoCfg(
        horizon=16, hidden=(16, 16), learning_rate=3e-3, gamma=0.0, entropy_coef=0.0, schedule="constant",
        symmetry=symmetry,
    )  # fmt: skip
    ppo = Ppo(cfg, 1, 1, num_envs=64, seed=1, threads=threads, mirror=Mirror(SIDES, SIDES))
    rng, no, ids = np.random.default_rng(0), np.zeros(64, bool), np.array([], int)
    for _ in range(60):
        while not ppo.full:
            x = rng.uniform(0.2, 1.0, (64, 1)).astype(np.float32)
            ppo.record(-((ppo.act(x) - x)[:, 0] ** 2), no, no, ids, x[:0])
        ppo.update(x, 0.0)
    return ppo


def mean_actions(ppo: Ppo, *values: float) -> list[float]:
    return Policy.of(ppo).act(obs(*values))[:, 0].tolist()


@pytest.mark.parametrize(("symmetry", "threads"), [("augment", 1), ("augment", 2), ("alternate", 1), ("alternate", 2)])
def test_with_symmetry_what_was_learned_on_one_side_holds_on_the_other(symmetry: str, threads: int) -> None:
    ppo = one_sided(symmetry, threads)
    right, left = mean_actions(ppo, 0.6, -0.6)
    assert right == pytest.approx(0.6, abs=0.1) and left == pytest.approx(-right, abs=0.05)
    assert ppo.obs_norm.moments.mean == pytest.approx(0.0, abs=1e-6)  # its statistics have no side either
    right, left = mean_actions(one_sided("none"), 0.6, -0.6)
    assert right == pytest.approx(0.6, abs=0.1) and abs(left + right) > 0.2


def test_what_a_minibatch_learns_from() -> None:
    ids = np.array([4, 0, 2])
    for symmetry, own, images in (
        ("none", [4, 0, 2], []),
        ("augment", [4, 0, 2], [14, 10, 12]),
        ("alternate", [4, 0], [12]),
    ):
        found = mirrored(ids, symmetry, 10)
        assert [part.tolist() for part in found] == [own, images], symmetry


@pytest.mark.parametrize(
    ("symmetry", "side", "expected"), [("augment", 0, 0.5), ("alternate", 0, 0.5), ("augment", None, 0)]
)
def test_what_has_no_side_is_not_mirrored(symmetry: str, side: int | None, expected: float) -> None:
    """At x = 0, its own mirror image, going right is paid more than anything else; a symmetric policy stays at 0."""
    cfg = PpoCfg(
        horizon=16, hidden=(16, 16), learning_rate=3e-3, gamma=0.0, entropy_coef=0.0, schedule="constant",
        symmetry=symmetry, init_std=0.3,
    )  # fmt: skip
    ppo = Ppo(cfg, 1, 1, num_envs=64, seed=1, mirror=Mirror(SIDES, SIDES, side, 0.1))
    x, no, ids = np.zeros((64, 1), np.float32), np.zeros(64, bool), np.array([], int)
    for _ in range(60):
        while not ppo.full:
            ppo.record(-((ppo.act(x) - 0.5)[:, 0] ** 2), no, no, ids, x[:0])
        ppo.update(x, 0.0)
    assert mean_actions(ppo, 0.0)[0] == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("symmetry", ["augment", "alternate"])
def test_statistics_are_of_what_was_acted_on(symmetry: str) -> None:
    ppo = Ppo(PpoCfg(horizon=4, epochs=1, minibatches=1, symmetry=symmetry), 1, 1, 8, 0, mirror=Mirror(SIDES, SIDES))
    ppo.net.params.actor.weights[-1][0, -1] = 3.0  # always to the right: images are far from this policy
    for _ in range(4):
        x = np.ones((8, 1), np.float32)
        ppo.act(x)
        ppo.record(np.ones(8, np.float32), np.zeros(8, bool), np.zeros(8, bool), np.array([], int), x[:0])
    stats = ppo.update(x, 0.0)
    assert abs(stats.kl) < 1e-6 and stats.clip_fraction == 0.0


def test_symmetry_needs_to_know_the_mirror() -> None:
    with pytest.raises(ConfigError, match=r"ppo\.symmetry=none"):
        Ppo(PpoCfg(symmetry="augment"), 1, 1, 8, 0)


def test_the_first_minibatch_has_ratio_one() -> None:
    ppo = toy(normalize_observations=True, horizon=8)
    run_toy(ppo, 3)
    while not ppo.full:
        x = np.random.default_rng(ppo._t).standard_normal((2, 1)).astype(np.float32)
        ppo.act(x)
        ppo.record(np.ones(2, np.float32), np.zeros(2, bool), np.zeros(2, bool), np.array([], int), x[:0])
    stats = ppo.update(x, 0.0)  # one epoch, one minibatch: only the first ratio is measured
    assert abs(stats.kl) < 1e-6
    assert stats.clip_fraction == 0.0


def test_the_kl_stop_ends_the_epochs() -> None:
    ppo = toy(epochs=10, horizon=8, learning_rate=0.05, kl_stop=1e-4)
    run_toy(ppo, 1)
    x = obs(0.1, 0.2)
    for _ in range(8):
        ppo.act(x)
        ppo.record(np.array([1, -1], np.float32), np.zeros(2, bool), np.zeros(2, bool), np.array([], int), x[:0])
    assert ppo.update(x, 0.0).epochs_done < 10


def test_the_std_stays_between_floor_and_ceiling() -> None:
    ppo = toy(horizon=8, init_std=0.8, std_floor=0.3, std_ceiling=0.9, entropy_coef=100.0, learning_rate=0.1, epochs=5)
    run_toy(ppo, 10)
    assert np.exp(ppo.net.params.log_std) == pytest.approx(0.9, rel=1e-5)
    ppo = toy(horizon=8, init_std=0.8, std_floor=0.3, std_ceiling=0.9, entropy_coef=-100.0, learning_rate=0.1, epochs=5)
    run_toy(ppo, 10)
    assert np.exp(ppo.net.params.log_std) == pytest.approx(0.3, rel=1e-5)


def test_the_std_follows_a_ceiling_that_comes_down() -> None:
    ppo = toy(horizon=8, init_std=0.8, std_ceiling=0.8, std_ceiling_end=0.2, entropy_coef=100.0, learning_rate=0.1)
    run_toy(ppo, 4)  # its last update is at 3 / 4 of the run
    assert np.exp(ppo.net.params.log_std) == pytest.approx(0.8 * 0.25**0.75, rel=1e-5)


def test_a_frozen_normalizer_stays_frozen() -> None:
    ppo = toy(normalize_observations=True, freeze_normalizer=True)
    run_toy(ppo, 3)
    assert ppo.obs_norm.moments.count == 0


@pytest.mark.parametrize("threads", [1, 2])
def test_state_continues_bit_by_bit(threads: int) -> None:
    cfg = PpoCfg(horizon=8, hidden=(16, 16), symmetry="none")
    straight, half = (Ppo(cfg, 1, 1, num_envs=32, seed=3, threads=threads) for _ in range(2))
    run_toy(straight, 4, seed=1)
    run_toy(half, 4, seed=1)
    state = half.state_dict()
    other = Ppo(cfg, 1, 1, num_envs=32, seed=99, threads=threads)
    other.load_state_dict(state)
    run_toy(straight, 3, seed=2)
    run_toy(other, 3, seed=2)
    assert np.array_equal(straight.net.params.flat, other.net.params.flat)
    assert straight.learning_rate == other.learning_rate
