"""The learner's update in torch, for machines with a GPU; everything else of it is `vbot_rl.ppo.Ppo`.

Weights, moments and samples go to the device at the start of an update and come back at its end, so acting,
normalisers, schedules and checkpoints are those of the numpy learner, and a run may change its device when it resumes.
The arithmetic is the same in the same order of samples. torch is loaded by importing this module, and nowhere else in
training.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from vbot_rl.config import PpoCfg
from vbot_rl.launch import require_device
from vbot_rl.network import Shape
from vbot_rl.ppo import LOG_2PI, MAX_LOG_RATIO, Ppo, mirrored
from vbot_sim.symmetry import Mirror


class TorchPpo(Ppo):
    """A learner whose update runs on ``device`` ("cuda", or "cpu" for comparison).

    Raises:
        ConfigError: the device is not there.
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
        device: str = "cuda",
    ) -> None:
        require_device(device)
        self.device = torch.device(device)
        super().__init__(cfg, obs_dim, act_dim, num_envs, seed, threads, mirror, privileged)

    def _epochs(self, entropy_coef: float) -> tuple[list[float], float, float, int]:
        cfg, learned = self.cfg, self._quiet.learned()
        update = _Update(self, entropy_coef)
        totals, norms = torch.zeros(4, device=self.device), torch.zeros((), device=self.device)
        batches, epochs = 0, 0
        kl_epoch = torch.zeros((), device=self.device)
        while epochs < cfg.epochs:
            epochs, kl_epoch = epochs + 1, torch.zeros((), device=self.device)
            for ids in np.array_split(self.rng.permutation(learned), cfg.minibatches):
                stats, norm = update.minibatch(torch.from_numpy(ids).to(self.device))
                totals += stats
                norms += norm
                kl_epoch += stats[0] / cfg.minibatches
                batches += 1
            if cfg.kl_stop is not None and float(kl_epoch) > cfg.kl_stop:
                break
        update.bring_back()
        return [float(v) for v in totals / batches], float(kl_epoch), float(norms) / batches, epochs

    def to_device(self, array: Any) -> Tensor:  # noqa: ANN401 (any float32 array)
        """A copy of ``array`` on the device."""
        return torch.tensor(array, device=self.device)

    @property
    def samples(self) -> Tensor:
        """A copy of all samples of the rollout on the device, mirror images last."""
        return self.to_device(self._samples)


class _Update:
    """Weights, moments and samples on the device, for the length of one update."""

    def __init__(self, ppo: TorchPpo, entropy_coef: float) -> None:
        self._ppo, self._coef = ppo, entropy_coef
        self._flat = ppo.to_device(ppo.net.params.flat).requires_grad_()
        self._first, self._second = ppo.to_device(ppo.adam.first), ppo.to_device(ppo.adam.second)
        self._rows = ppo.samples
        self._count = ppo.cfg.horizon * ppo.num_envs

    def minibatch(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """One optimiser step on the samples ``ids``: mean statistics [4] and the gradient norm before clipping."""
        own, images = mirrored(ids, self._ppo.cfg.symmetry, self._count)
        loss, stats = self._loss(self._rows[torch.cat([own, images])], len(own))
        (grad,) = torch.autograd.grad(loss, self._flat)
        with torch.no_grad():
            norm = self._clip(grad)
            self._adam(grad)
            self._log_std(self._flat).clamp_(*self._ppo.log_std_bounds)
        return stats, norm

    def _loss(self, rows: Tensor, own: int) -> tuple[Tensor, Tensor]:
        """The loss over ``rows`` and the statistics of the first ``own`` of them, which are no mirror images."""
        cfg, shape = self._ppo.cfg, self._ppo.net.shape
        d, a = shape.obs_dim, shape.act_dim
        x, action = rows[:, : d + 1], rows[:, d + 1 : d + 1 + a]
        old_logp, adv, ret = rows[:, d + a + 1], rows[:, d + a + 2], rows[:, d + a + 3]
        mean, value = self._towers(shape, x)
        log_std = self._log_std(self._flat)
        z = (action - mean) * torch.exp(-log_std) * rows[:, d + a + 4, None]
        log_ratio = -0.5 * (z * z).sum(dim=1) - log_std.sum() - 0.5 * LOG_2PI * a - old_logp
        log_ratio = log_ratio.clamp(-MAX_LOG_RATIO, MAX_LOG_RATIO)
        ratio = log_ratio.exp()
        surrogate = torch.minimum(ratio * adv, ratio.clamp(1 - cfg.clip, 1 + cfg.clip) * adv)
        error = value - ret
        loss = 0.5 * cfg.value_coef * (error * error).mean() - surrogate.mean() - self._coef * log_std.sum()
        with torch.no_grad():
            over = (ratio - 1.0).abs() > cfg.clip
            parts = [ratio - 1.0 - log_ratio, over.float(), -surrogate, 0.5 * error * error]
            stats = torch.stack([part[:own].mean() for part in parts])
        return loss, stats

    def _towers(self, shape: Shape, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, _ = self._tower(shape.actor_layers, 0, x)
        value, _ = self._tower(shape.critic_layers, shape.actor_size, x)
        return mean, value[:, 0]

    def _tower(self, layers: list[tuple[int, int]], start: int, x: Tensor) -> tuple[Tensor, int]:
        for i, (out, inp) in enumerate(layers):
            weight = self._flat[start : start + out * inp].view(out, inp)
            start += out * inp
            # the input brings the constant of its biases along; the actor sees only its last numbers
            x = x[:, -inp:] @ weight.T if i == 0 else torch.nn.functional.linear(x, weight[:, :-1], weight[:, -1])
            if i + 1 < len(layers):
                x = torch.nn.functional.elu(x)
        return x, start

    def _log_std(self, flat: Tensor) -> Tensor:
        shape = self._ppo.net.shape
        return flat[shape.actor_size - shape.act_dim : shape.actor_size]

    def _clip(self, grad: Tensor) -> Tensor:
        """Scale actor's and critic's gradients to the limit, each by itself; the norm of both before."""
        limit, split = self._ppo.cfg.max_grad_norm, self._ppo.net.shape.actor_size
        norms = [part.norm() for part in (grad[:split], grad[split:])]
        for part, norm in zip((grad[:split], grad[split:]), norms, strict=True):
            part *= (limit / norm).clamp(max=1.0)
        return torch.hypot(*norms)

    def _adam(self, grad: Tensor) -> None:
        adam = self._ppo.adam
        adam.steps += 1
        self._first.mul_(adam.beta1).add_(grad, alpha=1 - adam.beta1)
        self._second.mul_(adam.beta2).addcmul_(grad, grad, value=1 - adam.beta2)
        spread = (self._second / (1 - adam.beta2**adam.steps)).sqrt_().add_(adam.eps)
        rate = self._ppo.learning_rate / (1 - adam.beta1**adam.steps)
        self._flat.addcdiv_(self._first, spread, value=-rate)

    def bring_back(self) -> None:
        """Write weights and moments back to the learner."""
        pairs = (
            (self._ppo.net.params.flat, self._flat.detach()),
            (self._ppo.adam.first, self._first),
            (self._ppo.adam.second, self._second),
        )
        for array, tensor in pairs:
            array[...] = tensor.cpu().numpy()
