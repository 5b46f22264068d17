"""What a flag is, and what detectors are told about a run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Points = Sequence[tuple[int, float]]
"""A curve: env steps, rising, and what was measured there."""
Curves = Mapping[str, Points]


@dataclass(frozen=True)
class Flag:
    """A diagnosis with its evidence.

    Attributes:
        name: its key, as in lists and filters.
        title: what to call it on a screen.
        rule: what was looked for, in words.
        window: the steps that were looked at.
        evidence: the numbers found.
        confidence: 0.5 at the limit, 1 well beyond it.
        advice: the first thing to try.
        step: the env step to look at, where it shows best; None where no step is special.
        evaluation: the env step of the evaluation nearest to that, which has recorded poses; None before the first.
        alarm: whether something is wrong; a notice (False) only explains what curves look like.
    """

    name: str
    title: str
    rule: str
    window: str
    evidence: Mapping[str, float]
    confidence: float
    advice: str
    step: int | None = None
    evaluation: int | None = None
    alarm: bool = True


@dataclass(frozen=True)
class RunFacts:
    """What is known of a run besides its curves; None is unknown, and then no detector rests on it.

    Attributes:
        state: the run's state word.
        total_env_steps: how long it will be; 0 is unknown.
        silent_s: how long a live process has said nothing.
        learning_rate: the configured rate.
        loaded: what a warm start took over; empty for a fresh start.
        terms: reward terms whose configured scale is not 0.
        walking_pay: what walking to the target at 0.6 m/s would pay per control step.
        config_changed: whether config.yaml is no longer what the run was created with.
    """

    state: str = "running"
    total_env_steps: int = 0
    silent_s: float = 0.0
    learning_rate: float | None = None
    loaded: tuple[str, ...] = ()
    terms: tuple[str, ...] | None = None
    walking_pay: float | None = None
    config_changed: bool | None = None
