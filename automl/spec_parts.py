"""Sections of a study's spec that say where trials start and which of them are admissible."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from automl.state import TrialState
from vbot_sim.settings import require

WARM_PARTS = ("weights", "normalizer", "optimizer", "schedule")
LIMITED = ("fell",)  # what a limit can be put on: shares of the fixed cases


@dataclass(frozen=True)
class SeedConfig:
    """A configuration that is tried before anything is suggested; keys that are left out keep the preset's value.

    Attributes:
        params: values of searched keys.
        source: where it comes from, in words: a study and its trial, an entry of the library.
    """

    params: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""


@dataclass(frozen=True)
class WarmStartCfg:
    """What every trial starts from.

    Attributes:
        run: id of the run.
        step: env step of its checkpoint; None = the best one by score.
        parts: what is taken of it; nothing else is.
    """

    run: str
    step: int | None = None
    parts: tuple[str, ...] = ("weights", "normalizer")

    def __post_init__(self) -> None:
        """Refuse parts that no checkpoint has."""
        require(bool(self.run), "warm_start.run must name a run.")
        strange = [part for part in self.parts if part not in WARM_PARTS]
        require(not strange, f"warm_start.parts has {strange[:1]}; the parts are {', '.join(WARM_PARTS)}.")
        require("weights" in self.parts, "warm_start.parts must hold weights: without them nothing is started from.")


def check_limits(limits: Mapping[str, float]) -> None:
    """Refuse limits on what no evaluation measures.

    Raises:
        ConfigError: with what there is.
    """
    strange = [name for name in limits if name not in LIMITED]
    require(not strange, f"constraints has {strange[:1]}; limits can be put on {', '.join(LIMITED)}.")
    for name, limit in limits.items():
        require(0 <= limit < 1, f"constraints.{name} must be a share from 0 up to 1, got {limit}.")


def excess(limits: Mapping[str, float], trial: TrialState) -> dict[str, float]:
    """By how much a trial exceeds each limit; at most 0 is admissible. One that diverged exceeds them all."""
    return {name: _measured(name, trial) - limit for name, limit in limits.items()}


def _measured(name: str, trial: TrialState) -> float:
    known = getattr(trial, name)
    if known is None and trial.rungs:
        known = getattr(trial.rungs[-1], name)
    return 1.0 if known is None else float(known)
