"""The work that every side of a comparison does: the same physics, task, network and update.

Light on purpose (standard library only at import): the process that compares loads neither numpy nor a peer.
"""

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from vbot_rl.config import Resolved, RunCfg, run_cfg

FIRST_ENV = "vbot_navigation_section001"
Control = Literal["100hz", "default"]
CONTROLS: tuple[Control, ...] = ("100hz", "default")
LEARNING_RATE = 1e-3


@dataclass(frozen=True)
class Workload:
    """One measurement's work; every side gets the same."""

    control: Control = "100hz"  # "default" keeps the control rate of the task
    env: str = FIRST_ENV
    num_envs: int = 1024
    horizon: int = 24
    epochs: int = 5
    minibatches: int = 4
    hidden: tuple[int, ...] = (256, 128, 64)
    threads: int = 1
    warmup: int = 2  # updates before the first that counts
    updates: int = 5  # updates that count
    seed: int = 1

    @property
    def batch(self) -> int:
        """Env steps of one update."""
        return self.num_envs * self.horizon

    @property
    def all_updates(self) -> int:
        """Updates that are run."""
        return self.warmup + self.updates

    def resolved(self) -> Resolved:
        """The config of this work; evaluations and checkpoints lie beyond its end."""
        sets: dict[str, Any] = {
            "train.num_envs": self.num_envs,
            "train.threads": self.threads,
            "train.seed": self.seed,
            "train.total_env_steps": 10 * self.batch * (self.all_updates + 1),
            "train.evaluations": 5,
            "train.checkpoint_interval_s": 1e9,
            "ppo.horizon": self.horizon,
            "ppo.epochs": self.epochs,
            "ppo.minibatches": self.minibatches,
            "ppo.hidden": list(self.hidden),
            "ppo.schedule": "constant",
            "ppo.learning_rate": LEARNING_RATE,
            "ppo.kl_stop": None,
            "ppo.symmetry": "none",  # no peer has it
        }
        if self.control == "100hz":
            sets["task.control.rate_hz"] = 100.0
        return run_cfg(self.env, sets=sets)

    def config(self) -> RunCfg:
        """The config without the origins of its values."""
        return self.resolved().cfg

    def to_json(self) -> dict[str, Any]:
        """As plain data, for another process."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Workload":
        """What `to_json` gave."""
        return cls(**{**data, "hidden": tuple(data["hidden"])})

    def shorter(self, updates: int) -> "Workload":
        """The same with fewer updates."""
        return replace(self, updates=updates, warmup=1)


@dataclass(frozen=True)
class Measured:
    """What one process measured."""

    side: str
    steps_per_s: float  # env steps; of the side "physics" physics steps
    rss_mb: float
    update_s: tuple[float, ...] = field(default=())  # wall time of each update that counted, rollout included

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Measured":
        """What `dataclasses.asdict` gave."""
        return cls(**{**data, "update_s": tuple(data["update_s"])})
