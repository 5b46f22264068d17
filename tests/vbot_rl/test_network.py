"""The hand-written passes against torch autograd, and the layout they rely on."""

import numpy as np
import pytest
import torch

from vbot_rl import network
from vbot_rl.config import PpoCfg
from vbot_rl.network import ActorCritic, Shape, init_params
from vbot_rl.ppo import Ppo, TileSums

SHAPE = Shape(obs_dim=6, act_dim=3, hidden=(16, 8))


def with_one(x: np.ndarray) -> np.ndarray:
    return np.hstack([x, np.ones((len(x), 1))]).astype(np.float32)


def torch_tower(weights: tuple[torch.Tensor, ...], x: torch.Tensor) -> torch.Tensor:
    for i, weight in enumerate(weights):
        x = x @ weight[:, :-1].T + weight[:, -1]
        if i < len(weights) - 1:
            x = torch.nn.functional.elu(x)
    return x


def leaf_tensors(weights: tuple[np.ndarray, ...]) -> tuple[torch.Tensor, ...]:
    return tuple(torch.tensor(w, dtype=torch.float64, requires_grad=True) for w in weights)


def random_net(seed: int = 0, tile_rows: int = 256) -> ActorCritic:
    net = ActorCritic.create(SHAPE, 0.7, seed, tile_rows=tile_rows)
    net.params.flat[...] += 0.3 * np.random.default_rng(seed).standard_normal(SHAPE.size).astype(np.float32)
    net.params.log_std[...] = np.log(0.7)
    return net


def test_sizes_by_hand() -> None:
    # actor 16x7 + 8x17 + 3x9 = 112 + 136 + 27, log_std 3; critic 112 + 136 + 1x9
    assert SHAPE.actor_size == 112 + 136 + 27 + 3
    assert SHAPE.size == 278 + 257


def test_views_cover_the_flat_vector_once() -> None:
    params = SHAPE.views(np.arange(SHAPE.size, dtype=np.float32))
    parts = [w.ravel() for w in params.actor.weights] + [params.log_std] + [w.ravel() for w in params.critic.weights]
    assert np.array_equal(np.concatenate(parts), params.flat)
    assert np.shares_memory(params.log_std, params.flat)


def test_a_fresh_policy_is_silent_and_has_the_asked_std() -> None:
    params = init_params(SHAPE, 0.5, np.random.default_rng(3))
    assert np.allclose(np.exp(params.log_std), 0.5)
    first = params.actor.weights[0][:, :-1]
    assert np.allclose(first.T @ first, 2.0 * np.eye(6), atol=1e-5)  # orthogonal columns, gain sqrt(2)
    assert np.abs(params.actor.weights[-1]).max() < 0.011


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("rows", [1, 5, 7, 16])
def test_forward_matches_torch(monkeypatch: pytest.MonkeyPatch, fast: bool, rows: int) -> None:
    monkeypatch.setattr(network, "FAST_EXPM1", fast)
    net = random_net(tile_rows=5)
    x = with_one(np.random.default_rng(1).standard_normal((rows, 6)))
    mean, value = np.empty((rows, 3), np.float32), np.empty(rows, np.float32)
    net.mean_actions(x, mean)
    net.values(x, value)
    plain = torch.tensor(x[:, :-1], dtype=torch.float64)
    expected = torch_tower(leaf_tensors(net.params.actor.weights), plain).detach().numpy()
    expected_value = torch_tower(leaf_tensors(net.params.critic.weights), plain).detach().numpy()[:, 0]
    assert np.allclose(mean, expected, atol=2e-6)
    assert np.allclose(value, expected_value, atol=2e-6)


def test_ppo_gradients_match_torch_autograd() -> None:
    cfg = PpoCfg(horizon=10, minibatches=1, hidden=(16, 8), clip=0.2, value_coef=0.7, symmetry="none")
    ppo = Ppo(cfg, 6, 3, num_envs=4, seed=0)
    ppo.net = random_net()
    rng = np.random.default_rng(5)
    m = 40
    tile = np.zeros((m, 6 + 1 + 3 + 4), np.float32)
    tile[:, :7] = with_one(rng.standard_normal((m, 6)))
    means, noise = np.empty((m, 3), np.float32), rng.standard_normal((m, 3))
    ppo.net.mean_actions(tile[:, :7].copy(), means)
    part = np.where(np.arange(m) % 3 == 0, 0.25, 1.0)  # of the noise: every third sample is a quiet one
    tile[:, 7:10] = means + 0.7 * part[:, None] * noise
    logp = -0.5 * (noise**2).sum(1) - 3 * np.log(0.7 * np.sqrt(2 * np.pi))
    tile[:, 10] = logp + 0.4 * rng.standard_normal(m)  # the old ones: ratios on both sides of the clip
    tile[:, 11] = rng.standard_normal(m)
    tile[:, 12] = rng.standard_normal(m)
    tile[:, 13] = 1.0 / part
    sums, stats = TileSums(SHAPE), np.zeros(4)
    for rows in (tile[:25], tile[25:]):
        stats += ppo._tile(0, rows, m, sums)
        sums.empty = False

    actor, critic = leaf_tensors(ppo.net.params.actor.weights), leaf_tensors(ppo.net.params.critic.weights)
    log_std = torch.tensor(ppo.net.params.log_std, dtype=torch.float64, requires_grad=True)
    t = torch.tensor(tile, dtype=torch.float64)
    parts = torch.tensor(part)[:, None]
    policy = torch.distributions.Normal(torch_tower(actor, t[:, :6]), log_std.exp() * parts)
    log_ratio = (policy.log_prob(t[:, 7:10]) + parts.log()).sum(1) - t[:, 10]  # both without the constant of the part
    ratio = log_ratio.exp()
    policy_loss = -torch.minimum(ratio * t[:, 11], ratio.clamp(0.8, 1.2) * t[:, 11]).mean()
    value_loss = 0.5 * (torch_tower(critic, t[:, :6])[:, 0] - t[:, 12]).square().mean()
    (policy_loss + 0.7 * value_loss).backward()

    for ours, theirs in zip(sums.grads.actor.weights + sums.grads.critic.weights, actor + critic, strict=True):
        assert np.allclose(ours, theirs.grad.numpy(), atol=3e-6), np.abs(ours - theirs.grad.numpy()).max()
    assert np.allclose(sums.grads.log_std, log_std.grad.numpy(), atol=3e-6)
    kl, clipped, policy_sum, value_sum = stats / m
    assert kl == pytest.approx(((ratio - 1) - log_ratio).mean().item(), rel=1e-4)
    assert clipped == pytest.approx(((ratio - 1).abs() > 0.2).double().mean().item())
    assert policy_sum == pytest.approx(policy_loss.item(), rel=1e-4)
    assert value_sum == pytest.approx(value_loss.item(), rel=1e-4)


def test_the_same_seed_gives_the_same_weights() -> None:
    assert np.array_equal(random_net(4).params.flat, random_net(4).params.flat)
    assert not np.array_equal(random_net(4).params.flat, random_net(5).params.flat)


def test_what_is_privileged_reaches_the_critic_alone() -> None:
    shape = Shape(obs_dim=6, act_dim=3, hidden=(16, 8), privileged=2)
    assert shape.actor_size == 16 * 5 + 8 * 17 + 3 * 9 + 3
    net = ActorCritic.create(shape, 0.7, seed=4)
    net.params.flat[...] += np.float32(0.2)
    x = with_one(np.random.default_rng(2).standard_normal((5, 6)))
    other = x.copy()
    other[:, :2] += 1.0
    mean, value, mean_2, value_2 = (np.empty(size, np.float32) for size in ((5, 3), 5, (5, 3), 5))
    for given, m, v in ((x, mean, value), (other, mean_2, value_2)):
        net.mean_actions(given, m)
        net.values(given, v)
    assert np.array_equal(mean, mean_2) and np.abs(value - value_2).min() > 0
    plain = torch.tensor(x[:, 2:-1], dtype=torch.float64)
    expected = torch_tower(leaf_tensors(net.params.actor.weights), plain).detach().numpy()
    assert np.allclose(mean, expected, atol=2e-6)


def test_the_actors_gradient_leaves_out_what_is_privileged() -> None:
    shape = Shape(obs_dim=4, act_dim=2, hidden=(5,), privileged=1)
    net, into = ActorCritic.create(shape, 0.7, seed=1), shape.zeros()
    x = with_one(np.random.default_rng(3).standard_normal((6, 4)))
    g = np.random.default_rng(4).standard_normal((2, 6)).astype(np.float32)
    net.actors[0].forward(net.params.actor, x)
    net.actors[0].backward(net.params.actor, x, g.copy(), into.actor, True)
    weights = leaf_tensors(net.params.actor.weights)
    out = torch_tower(weights, torch.tensor(x[:, 1:-1], dtype=torch.float64))
    (out * torch.tensor(g.T, dtype=torch.float64)).sum().backward()
    for mine, theirs in zip(into.actor.weights, weights, strict=True):
        assert np.allclose(mine, theirs.grad.numpy(), atol=1e-5)
