"""A policy that only acts: frozen weights, frozen normaliser, deterministic actions."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vbot_rl.network import ActorCritic, Shape
from vbot_rl.normalizer import ObservationNormalizer
from vbot_rl.ppo import Ppo

FloatArray = NDArray[np.float32]


class Policy:
    """Observations in, mean actions out; independent of the learner it came from."""

    def __init__(
        self, shape: Shape, weights: FloatArray, normalizer: dict[str, Any], clip: float, normalize: bool
    ) -> None:
        self.net = ActorCritic(shape, shape.views(np.array(weights, np.float32)))
        self.normalizer = ObservationNormalizer(shape.obs_dim, clip, normalize)
        self.normalizer.load_state_dict(normalizer)
        self._x = np.ones((0, shape.obs_dim + 1), np.float32)
        self._actions = np.zeros((0, shape.act_dim), np.float32)

    @classmethod
    def of(cls, ppo: Ppo) -> "Policy":
        """A copy of what a learner knows now."""
        cfg = ppo.cfg
        return cls(
            ppo.net.shape,
            ppo.net.params.flat,
            ppo.obs_norm.state_dict(),
            cfg.observation_clip,
            cfg.normalize_observations,
        )

    @classmethod
    def from_checkpoint(cls, state: dict[str, Any]) -> "Policy":
        """The policy in a checkpoint."""
        net, learner = state["net"], state["ppo"]
        shape = Shape(int(net["obs_dim"]), int(net["act_dim"]), tuple(int(h) for h in net["hidden"]), _privileged(net))
        clip, normalize = float(net["observation_clip"]), bool(net["normalize_observations"])
        return cls(shape, learner["weights"], learner["obs_norm"], clip, normalize)

    def act(self, obs: FloatArray) -> FloatArray:
        """Deterministic actions [n, act_dim] for ``obs`` [n, obs_dim]; valid until the next call."""
        n, d = obs.shape
        if len(self._x) != n:
            self._x = np.ones((n, d + 1), np.float32)
            self._actions = np.zeros((n, self.net.shape.act_dim), np.float32)
        self.normalizer.apply(obs, self._x[:, :d])
        self.net.mean_actions(self._x, self._actions)
        return self._actions


def _privileged(net: dict[str, Any]) -> int:
    return int(net.get("privileged", 0))  # checkpoints from before the courses have none


def net_description(ppo: Ppo) -> dict[str, Any]:
    """What a checkpoint says about its network, so that a policy can be built without the run's config."""
    shape, cfg = ppo.net.shape, ppo.cfg
    return {
        "obs_dim": shape.obs_dim,
        "act_dim": shape.act_dim,
        "hidden": list(shape.hidden),
        "privileged": shape.privileged,
        "activation": "elu",
        "observation_clip": cfg.observation_clip,
        "normalize_observations": cfg.normalize_observations,
        "layout": "actor layers [out, in + 1] with bias last, log_std, critic layers",
    }
