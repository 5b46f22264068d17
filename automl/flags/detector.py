"""A detector: a rule in words, and the conditions on numbers that all have to hold for its flag."""

from collections.abc import Callable
from dataclasses import dataclass, field

from automl.flags.conditions import Condition
from automl.flags.types import Curves, Flag
from automl.flags.window import Window


@dataclass(frozen=True)
class Found:
    """What a rule looked at: conditions, numbers shown beside them, and where it shows best."""

    conditions: tuple[Condition, ...]
    shown: tuple[tuple[str, float | None], ...] = ()
    step: int | None = None
    window: str = ""


@dataclass(frozen=True)
class Detector:
    """One flag's rule.

    Attributes:
        name: the flag's key.
        title: what to call it on a screen.
        rule: what is looked for, in words.
        advice: the first thing to try.
        look: takes the numbers from a run's curves.
        alarm: whether the flag says that something is wrong.
        first_step: env step before which it is not judged.
    """

    name: str
    title: str
    rule: str
    advice: str
    look: Callable[[Window], Found] = field(repr=False)
    alarm: bool = True
    first_step: int = 0


def judge(detector: Detector, window: Window, raised: bool) -> Flag | None:
    """The flag of a detector, if all its conditions hold; `raised` says that it is up already."""
    if window.last_step < detector.first_step:
        return None
    found = detector.look(window)
    margins = [condition.margin(raised) for condition in found.conditions]
    met = [margin for margin in margins if margin is not None]
    if len(met) < len(margins):
        return None
    step = window.last_step if found.step is None else found.step
    evidence = {condition.label: float(condition.value or 0.0) for condition in found.conditions}
    return Flag(
        detector.name,
        detector.title,
        detector.rule,
        found.window or window.words,
        evidence | {label: value for label, value in found.shown if value is not None},
        round(0.5 + 0.5 * min(1.0, min(met) / 0.5), 2),
        detector.advice,
        step,
        evaluation_at(window.curves, step),
        detector.alarm,
    )


def evaluation_at(curves: Curves, step: int) -> int | None:
    """The evaluation to look at for what happened at `step`: the last one up to it, else the first after it."""
    steps = [at for at, _ in curves.get("eval/success", ())]
    return max((at for at in steps if at <= step), default=min(steps, default=None))
