"""Proximal policy optimisation in one file, top to bottom in call order: act, record, advantages, update.

One `Ppo` owns the weights, the optimiser, the normalisers, the rollout storage and the random generator of a run. It
knows nothing of physics, files or processes. The large arrays of the hot path are allocated once.
"""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from vbot_rl import schedules
from vbot_rl.config import PpoCfg, Symmetry
from vbot_rl.network import ActorCritic, Params, Shape
from vbot_rl.normalizer import ObservationNormalizer, ValueNormalizer
from vbot_rl.optimizer import Adam, clip_norm
from vbot_rl.quiet import Quiet
from vbot_sim.errors import ConfigError
from vbot_sim.symmetry import Mirror

FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
Ids = TypeVar("Ids", bound=Any)  # an integer array of numpy or of torch

LOG_2PI = math.log(2.0 * math.pi)
MAX_LOG_RATIO = 20.0  # e^20: far beyond any clip, yet finite


@dataclass(frozen=True)
class UpdateStats:
    """What one update did; every value is logged."""

    learning_rate: float
    kl: float  # k3 estimate, mean over all minibatches
    kl_last: float  # the same over the last epoch
    clip_fraction: float
    entropy: float
    entropy_coef: float
    std: float
    explained_variance: float
    policy_loss: float
    value_loss: float
    grad_norm: float
    value_mean: float
    return_mean: float
    advantage_std: float
    epochs_done: int


def gae(
    rewards: FloatArray, values: FloatArray, dones: FloatArray, gamma: float, lam: float, out: FloatArray
) -> FloatArray:
    """Generalised advantage estimates [T, N] into ``out``.

    Args:
        rewards: [T, N]; where a time limit cut an episode, gamma x V(final observation) is already added.
        values: [T + 1, N], the last row being the values of the observations after the rollout.
        dones: [T, N], 1 where an episode ended for any reason; nothing flows across.
        gamma: discount per control step.
        lam: the lambda of GAE.
        out: [T, N].
    """
    g, gl = np.float32(gamma), np.float32(gamma * lam)
    running = np.zeros(rewards.shape[1], np.float32)
    for t in range(len(rewards) - 1, -1, -1):
        alive = np.float32(1) - dones[t]
        running = rewards[t] + g * alive * values[t + 1] - values[t] + gl * alive * running
        out[t] = running
    return out


def explained_variance(returns: FloatArray, values: FloatArray) -> float:
    """Share of the variance of ``returns`` that ``values`` explain; 0 for constant returns."""
    total = float(returns.var(dtype=np.float64))
    return 0.0 if total < 1e-12 else 1.0 - float((returns - values).var(dtype=np.float64)) / total


def mirrored(ids: Ids, symmetry: Symmetry, count: int) -> tuple[Ids, Ids]:
    """Which samples and which mirror images (``count`` places further) a minibatch of ``ids`` learns from.

    "augment" takes all of both. "alternate" takes the first half as they are and of the others the image: as ``ids``
    are shuffled anew in each epoch, chance decides, and it costs no more than no images at all.
    """
    if symmetry == "augment":
        return ids, ids + count
    own = len(ids) if symmetry == "none" else (len(ids) + 1) // 2
    return ids[:own], ids[own:] + count


class TileSums:
    """What the tiles of one minibatch add up: gradients and statistics; one per thread."""

    def __init__(self, shape: Shape) -> None:
        self.grads: Params = shape.zeros()
        self.stats = np.zeros(4)  # kl, clipped, policy loss, value loss
        self.empty = True

    def clear(self) -> None:
        """Forget the previous minibatch."""
        self.stats[:] = 0.0
        self.grads.log_std[:] = 0.0
        self.empty = True


class Ppo:
    """A learner for ``num_envs`` simulations stepped together.

    Args:
        cfg: its settings.
        obs_dim: D, numbers in an observation.
        act_dim: A, numbers in an action.
        num_envs: N.
        seed: of weights, exploration noise and the order of samples.
        threads: matrix threads.
        mirror: what left and right exchanged does to observations and actions, for any ``cfg.symmetry`` but "none".
        privileged: how many of the first numbers of an observation are for the critic alone.
    """

    def __init__(
        self,
        cfg: PpoCfg,
        obs_dim: int,
        act_dim: int,
        num_envs: int,
        seed: int,
        threads: int = 1,
        mirror: Mirror | None = None,
        privileged: int = 0,
    ) -> None:
        self.cfg = cfg
        if cfg.symmetry != "none" and mirror is None:
            raise ConfigError(
                f"ppo.symmetry is '{cfg.symmetry}', but this task has no mirror maps; set ppo.symmetry=none."
            )
        self._mirror = mirror if cfg.symmetry != "none" else None
        self.num_envs, self.threads = num_envs, threads
        self._d, self._a = obs_dim, act_dim
        shape = Shape(obs_dim, act_dim, cfg.hidden, privileged)
        self.net = ActorCritic.create(shape, cfg.init_std, seed, threads)
        self.obs_norm = ObservationNormalizer(obs_dim, cfg.observation_clip, cfg.normalize_observations)
        self.value_norm = ValueNormalizer(cfg.normalize_values)
        self.adam = Adam(shape.size)
        self.learning_rate = cfg.learning_rate
        self.log_std_bounds = schedules.log_std_bounds(cfg, 0.0)
        self.rng = np.random.default_rng([seed, 1])
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None
        self._sums = [TileSums(shape) for _ in range(threads)]
        self._quiet = Quiet(cfg.quiet_share, cfg.quiet_noise, num_envs, cfg.horizon)
        self._allocate(shape)

    def _allocate(self, shape: Shape) -> None:
        t, n, d, a = self.cfg.horizon, self.num_envs, self._d, self._a
        # One row per sample, gathered in one go: x and its one, action, log-probability, advantage, normalised return,
        # what its noise has to be multiplied with to be that of everybody.
        self._width = d + 1 + a + 4
        # The mirror images, where wanted, follow the samples in the same order.
        self._samples = np.zeros((t * n * (2 if self._mirror else 1), self._width), np.float32)
        self._samples[:, d] = 1.0
        self._rows = self._samples[: t * n].reshape(t, n, self._width)
        self._raw = np.zeros((t, n, d), np.float32)
        self.rewards = np.zeros((t, n), np.float32)
        self._dones = np.zeros((t, n), np.float32)
        self._values = np.zeros((t + 1, n), np.float32)
        self._advantages = np.zeros((t, n), np.float32)
        self._noise = np.zeros((n, a), np.float32)
        self._mean = np.zeros((n, a), np.float32)
        self._actions = np.zeros((n, a), np.float32)
        self._last_x = np.ones((n, d + 1), np.float32)
        self._tiles = [np.empty((self.net.tile_rows, self._width), np.float32) for _ in range(self.threads)]
        self._finals: list[tuple[int, IntArray, FloatArray]] = []
        self._t = 0

    # ---- rollout

    def act(self, obs: FloatArray) -> FloatArray:
        """Sample actions [N, A] for ``obs`` [N, D] and store both; the result is valid until the next call."""
        t, d, a = self._t, self._d, self._a
        if t == 0:
            self._quiet.next_rollout(self.rng)
            self._rows[..., d + a + 4] = self._quiet.to_everybodys
        self._raw[t] = obs
        row = self._rows[t]
        self.obs_norm.apply(obs, row[:, :d])
        self._parallel(self.net.mean_actions, row[:, : d + 1], self._mean)
        log_std = self.net.params.log_std
        self.rng.standard_normal(out=self._noise, dtype=np.float32)
        np.multiply(self._noise, np.exp(log_std), out=self._actions)
        self._actions *= self._quiet.noise[:, None]
        self._actions += self._mean
        row[:, d + 1 : d + 1 + a] = self._actions
        row[:, d + 1 + a] = -0.5 * np.einsum("ij,ij->i", self._noise, self._noise) - self._log_z(log_std)
        return self._actions

    def _log_z(self, log_std: FloatArray) -> np.float32:
        return np.float32(log_std.sum() + 0.5 * LOG_2PI * self._a)

    def record(
        self,
        reward: FloatArray,
        terminated: BoolArray,
        truncated: BoolArray,
        done_ids: NDArray[np.integer[Any]],
        final_obs: FloatArray,
    ) -> None:
        """Store what the step after ``act`` gave.

        Args:
            reward: [N].
            terminated: [N], the episode is really over: nothing more could have been earned.
            truncated: [N], it was merely cut: what V says of its final observation is still to be earned.
            done_ids: [K] ids of the simulations whose episode ended, sorted.
            final_obs: [K, D] their last observations, from before the reset.
        """
        t = self._t
        self.rewards[t] = reward
        np.logical_or(terminated, truncated, out=self._dones[t], casting="unsafe")
        if len(done_ids):
            cut = truncated[done_ids] & ~terminated[done_ids]
            if cut.any():
                x = np.ones((int(cut.sum()), self._d + 1), np.float32)
                self.obs_norm.apply(final_obs[cut], x[:, : self._d])
                self._finals.append((t, np.asarray(done_ids, np.int64)[cut], x))
        self._t += 1

    @property
    def full(self) -> bool:
        """Whether the rollout has all its steps and wants an update."""
        return self._t == self.cfg.horizon

    # ---- advantages

    def _finish_rollout(self, last_obs: FloatArray) -> None:
        """Values of the whole rollout in one pass, the bootstrap of cut episodes, advantages."""
        horizon, d = self.cfg.horizon, self._d
        x = self._rows.reshape(-1, self._width)[:, : d + 1]
        self._parallel(self.net.values, x, self._values[:horizon].reshape(-1))
        self.obs_norm.apply(last_obs, self._last_x[:, :d])
        self.net.values(self._last_x, self._values[horizon])
        scale, shift = np.float32(self.value_norm.std), np.float32(self.value_norm.mean)
        self._values *= scale
        self._values += shift
        for t, ids, final_x in self._finals:
            value = np.empty(len(ids), np.float32)
            self.net.values(final_x, value)
            self.rewards[t, ids] += np.float32(self.cfg.gamma) * (value * scale + shift)
        self._finals.clear()
        gae(self.rewards, self._values, self._dones, self.cfg.gamma, self.cfg.gae_lambda, self._advantages)

    def _parallel(self, compute: Callable[[FloatArray, FloatArray, int], None], x: FloatArray, out: FloatArray) -> None:
        """Let ``compute`` fill ``out`` for ``x``, each thread a part; few rows are not worth waking a thread."""
        if self._pool is None or len(x) < self.threads * self.net.tile_rows:
            compute(x, out, 0)
            return
        bounds = np.linspace(0, len(x), self.threads + 1).astype(int)
        parts = enumerate(pairwise(bounds))
        for future in [self._pool.submit(compute, x[lo:hi], out[lo:hi], w) for w, (lo, hi) in parts]:
            future.result()

    # ---- update

    def update(self, last_obs: FloatArray, progress: float) -> UpdateStats:
        """Learn from the full rollout; ``progress`` in [0, 1] is where the run stands, for the schedules."""
        assert self.full, f"update after {self._t} of {self.cfg.horizon} steps"
        cfg, d, a = self.cfg, self._d, self._a
        with np.errstate(all="ignore"):  # numbers that are not finite are found and reported by the trainer
            self._finish_rollout(last_obs)
            values = self._values[: cfg.horizon].reshape(-1)
            advantages = self._advantages.reshape(-1)
            returns = advantages + values
            spread = float(advantages.std(dtype=np.float64))
            self.value_norm.update(returns, self.net.params.critic.weights[-1])
            rows = self._rows.reshape(-1, self._width)
            rows[:, d + a + 2] = (advantages - advantages.mean(dtype=np.float64)) / (spread + 1e-8)
            rows[:, d + a + 3] = (returns - self.value_norm.mean) / self.value_norm.std
            self.learning_rate = schedules.learning_rate(cfg, progress, self.learning_rate)
            coef = schedules.entropy_coef(cfg, progress)
            self.log_std_bounds = schedules.log_std_bounds(cfg, progress)
            raw = self._raw.reshape(-1, d)
            if self._mirror is not None:
                self._write_images(raw, self._mirror)
            means, kl_last, grad_norm, epochs = self._epochs(coef)
            if not cfg.freeze_normalizer:
                self.obs_norm.update(raw)
                if self._mirror is not None:  # statistics without a side
                    self.obs_norm.update(self._mirror.observation(raw))
            used, log_std = self.learning_rate, self.net.params.log_std
            self.learning_rate = schedules.after_update(cfg, used, means[0])
        self._t = 0
        return UpdateStats(
            learning_rate=used,
            kl=means[0],
            kl_last=kl_last,
            clip_fraction=means[1],
            entropy=float(log_std.sum() + 0.5 * (1.0 + LOG_2PI) * a),
            entropy_coef=coef,
            std=float(np.exp(log_std).mean()),
            explained_variance=explained_variance(returns, values),
            policy_loss=means[2],
            value_loss=means[3],
            grad_norm=grad_norm,
            value_mean=float(values.mean(dtype=np.float64)),
            return_mean=float(returns.mean(dtype=np.float64)),
            advantage_std=spread,
            epochs_done=epochs,
        )

    def _write_images(self, raw: FloatArray, mirror: Mirror) -> None:
        """Append the mirror image of every sample that has a side, of the others a copy.

        An image has the probability of its original, and the same worth.
        """
        d, a, count = self._d, self._a, len(raw)
        own, image = self._samples[:count], self._samples[count:]
        self.obs_norm.apply(mirror.observation(raw), image[:, :d])
        image[:, d + 1 : d + 1 + a] = mirror.action(own[:, d + 1 : d + 1 + a])
        image[:, d + 1 + a :] = own[:, d + 1 + a :]
        straight = ~mirror.sided(raw)
        image[straight] = own[straight]

    def _epochs(self, entropy_coef: float) -> tuple[list[float], float, float, int]:
        """All epochs over the samples: mean statistics, last epoch's KL, mean gradient norm, epochs done."""
        cfg, learned = self.cfg, self._quiet.learned()
        total, norms, batches, epochs, kl_epoch = np.zeros(4), 0.0, 0, 0, 0.0
        while epochs < cfg.epochs:
            epochs, kl_epoch = epochs + 1, 0.0
            for ids in np.array_split(self.rng.permutation(learned), cfg.minibatches):
                stats, norm = self._minibatch(ids, entropy_coef)
                total += stats
                norms += norm
                batches += 1
                kl_epoch += float(stats[0]) / cfg.minibatches
            if cfg.kl_stop is not None and kl_epoch > cfg.kl_stop:
                break
        return [float(v) for v in total / batches], kl_epoch, norms / batches, epochs

    def _minibatch(self, ids: IntArray, entropy_coef: float) -> tuple[NDArray[np.float64], float]:
        """One optimiser step on the samples ``ids``: mean statistics and the gradient norm before clipping."""
        own, images = mirrored(ids, self.cfg.symmetry, self.cfg.horizon * self.num_envs)
        tiles, batch = self._cut(own) + self._cut(images), len(own) + len(images)
        if self._pool is None:
            self._run_tiles(0, tiles, batch)
        else:
            jobs = [self._pool.submit(self._run_tiles, w, tiles[w :: self.threads], batch) for w in range(self.threads)]
            for job in jobs:
                job.result()
        grads, stats = self._sums[0].grads, self._sums[0].stats
        for other in self._sums[1:]:
            if not other.empty:
                grads.flat[...] += other.grads.flat
                stats += other.stats
        grads.log_std[...] -= np.float32(entropy_coef)  # d entropy / d log_std = 1
        norm = math.hypot(
            clip_norm(grads.actor_flat, self.cfg.max_grad_norm), clip_norm(grads.critic_flat, self.cfg.max_grad_norm)
        )
        self.adam.step(self.net.params.flat, grads.flat, self.learning_rate)
        log_std = self.net.params.log_std
        np.clip(log_std, *self.log_std_bounds, out=log_std)
        return stats / len(own), norm

    def _cut(self, ids: IntArray) -> list[IntArray]:
        """Tiles of nearly equal size, none above the cache's."""
        return np.array_split(ids, -(-len(ids) // self.net.tile_rows)) if len(ids) else []

    def _run_tiles(self, thread: int, tiles: list[IntArray], batch: int) -> None:
        sums, count = self._sums[thread], self.cfg.horizon * self.num_envs
        sums.clear()
        with np.errstate(all="ignore"):
            for ids in tiles:
                tile = self._tiles[thread][: len(ids)]
                np.take(
                    self._samples, ids, axis=0, out=tile, mode="clip"
                )  # mode clip: "raise" would go through a second buffer
                stats = self._tile(thread, tile, batch, sums)
                if ids[0] < count:  # images were never acted on: how far they are says nothing of the last policy
                    sums.stats += stats
                sums.empty = False

    def _tile(self, thread: int, tile: FloatArray, batch: int, sums: TileSums) -> tuple[float, float, float, float]:
        """Gradients of one tile [m, width] of a minibatch of ``batch`` samples into ``sums``; its statistics."""
        d, a, net, cfg = self._d, self._a, self.net, self.cfg
        x, action = tile[:, : d + 1], tile[:, d + 1 : d + 1 + a].T
        old_logp, adv, ret = tile[:, d + a + 1], tile[:, d + a + 2], tile[:, d + a + 3]
        log_std = net.params.log_std
        inv_std = np.exp(-log_std)[:, None] * tile[:, d + a + 4]

        mean = net.actors[thread].forward(net.params.actor, x)
        z = (action - mean) * inv_std  # [A, m]; the probability of a quiet sample lacks a constant, before and now
        z2 = z * z
        log_ratio = np.float32(-0.5) * z2.sum(axis=0) - self._log_z(log_std) - old_logp
        np.clip(log_ratio, -MAX_LOG_RATIO, MAX_LOG_RATIO, out=log_ratio)
        ratio = np.exp(log_ratio)
        lo, hi = np.float32(1 - cfg.clip), np.float32(1 + cfg.clip)
        surrogate = np.minimum(ratio * adv, np.clip(ratio, lo, hi) * adv)
        clipped = ((ratio > hi) & (adv > 0)) | ((ratio < lo) & (adv < 0))
        g_logp = np.where(clipped, np.float32(0), ratio * adv) * np.float32(-1.0 / batch)  # [m]
        sums.grads.log_std[...] += (z2 - np.float32(1)) @ g_logp
        g_mean = z * inv_std * g_logp
        net.actors[thread].backward(net.params.actor, x, g_mean, sums.grads.actor, sums.empty)

        error = net.critics[thread].forward(net.params.critic, x)[0] - ret
        g_value = (error * np.float32(cfg.value_coef / batch))[None, :]
        net.critics[thread].backward(net.params.critic, x, g_value, sums.grads.critic, sums.empty)

        return (
            float((ratio - np.float32(1) - log_ratio).sum()),
            float((np.abs(ratio - np.float32(1)) > np.float32(cfg.clip)).sum()),
            -float(surrogate.sum()),
            0.5 * float(error @ error),
        )

    # ---- state

    def rollout_dump(self) -> dict[str, FloatArray]:
        """The last rollout, for looking into what went wrong."""
        return {
            "observations": self._raw,
            "rows": self._rows,
            "rewards": self.rewards,
            "dones": self._dones,
            "values": self._values,
            "advantages": self._advantages,
        }

    def state_dict(self) -> dict[str, Any]:
        """Everything that decides the future of the learner; only between an update and the next ``act``."""
        assert self._t == 0, "a checkpoint inside a rollout would lose samples"
        return {
            "weights": self.net.params.flat.copy(),
            "optimizer": self.adam.state_dict(),
            "obs_norm": self.obs_norm.state_dict(),
            "value_norm": self.value_norm.state_dict(),
            "learning_rate": self.learning_rate,
            "rng": self.rng.bit_generator.state,
            "quiet": self._quiet.mask.copy(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict``, bit by bit (same thread count)."""
        self.net.params.flat[...] = state["weights"]
        self.adam.load_state_dict(state["optimizer"])
        self.obs_norm.load_state_dict(state["obs_norm"])
        self.value_norm.load_state_dict(state["value_norm"])
        self.learning_rate = float(state["learning_rate"])
        self.rng.bit_generator.state = state["rng"]
        if "quiet" in state:  # checkpoints from before there were quiet simulations
            self._quiet.mask = np.asarray(state["quiet"], np.bool_)
        self._t = 0
