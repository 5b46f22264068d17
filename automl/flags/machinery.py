"""The run itself: numbers that are none, silence, a slow machine, a config that is not the one asked for."""

import math
from collections.abc import Callable
from itertools import pairwise

from automl.flags.conditions import Above, Below
from automl.flags.detector import Detector, Found, evaluation_at
from automl.flags.types import Curves, Flag, RunFacts
from automl.flags.window import COUNT, Window

STALLED_S = 120.0
SPEED = "perf/steps_per_s"
MIN_CYCLES = 2  # time limits that have to be seen before a rhythm is one


def _throughput_drop(w: Window) -> Found:
    values = sorted(value for _, value in w.curves.get(SPEED, ()) if math.isfinite(value))
    usual = values[int(0.75 * (len(values) - 1))] if values else None
    now = w.mean(SPEED)
    left = now / usual if now is not None and usual else None
    return Found(
        (Below("speed, as a share of the run's upper quartile", left, 0.35, 0.5),),
        (("steps/s now", now), ("upper quartile", usual), ("memory MB", w.last("perf/rss_mb"))),
    )


def _synchronised(w: Window) -> Found:
    ends = [value for _, value in w.curves.get(COUNT, ()) if math.isfinite(value)]
    total, most = sum(ends), sorted(ends, reverse=True)
    crowded = most[: max(1, len(most) // 5)]
    cycles = sum(1 for a, b in pairwise(ends) if a < 0.5 * b and b >= crowded[-1])
    return Found(
        (
            Above(
                "share of all ends in the fullest fifth of the updates",
                sum(crowded) / total if total else None,
                0.7,
                0.6,
            ),
            Above("waves of ends", float(cycles), MIN_CYCLES - 0.5, 0.5),
            Above("share of ends by the time limit", w.mean("end/time_limit"), 0.5, 0.4),
        ),
        (("ends in the fullest update", most[0] if most else None),),
        window=f"the whole run to step {w.last_step:,}",
    )


DETECTORS: tuple[Detector, ...] = (
    Detector(
        "throughput_drop",
        "throughput drop",
        "it runs at a third of the speed it had before",
        "look what else runs on the machine; more simulations than the memory holds make it swap",
        _throughput_drop,
    ),
    Detector(
        "synchronised_episodes",
        "episodes in step",
        "all simulations reach their limit in the same updates, so figures of a moment swing; no fault of the policy",
        "judge by evaluations; train.random_episode_phase staggers the starts",
        _synchronised,
        alarm=False,
    ),
)


def broken_numbers(curves: Curves, facts: RunFacts) -> Flag | None:
    """A value that is no number, or a run that ended as diverged."""
    bad = {
        tag: next((step for step, value in points if not math.isfinite(value)), None) for tag, points in curves.items()
    }
    where = {tag: float(step) for tag, step in bad.items() if step is not None}
    if not where and facts.state != "diverged":
        return None
    step = int(min(where.values())) if where else max((p[-1][0] for p in curves.values() if p), default=None)
    return Flag(
        "nan",
        "not a number",
        "a logged value is NaN or infinite, or the run ended as diverged",
        f"first at step {step:,}" if where else "the run's own last word",
        dict(sorted(where.items())[:5]),
        1.0,
        "lower ppo.learning_rate, and look which reward term was the first to blow up",
        step,
        None if step is None else evaluation_at(curves, step),
    )


def silence(curves: Curves, facts: RunFacts) -> Flag | None:
    """A live process that writes nothing."""
    if facts.state != "running" or facts.silent_s <= STALLED_S:
        return None
    return Flag(
        "stalled",
        "stalled",
        f"its process lives but has said nothing for more than {STALLED_S:g} s",
        f"the last {facts.silent_s:,.0f} s",
        {"silent s": facts.silent_s},
        min(1.0, 0.5 + 0.5 * (facts.silent_s / STALLED_S - 1)),
        "look at its train.log; kill and restart the trial if the machine is not asleep or overloaded",
    )


def config_drift(curves: Curves, facts: RunFacts) -> Flag | None:
    """A run that is not what its config says: the file was changed, or other reward terms are paid."""
    paid = {tag.removeprefix("reward/") for tag in curves if tag.startswith("reward/") and tag != "reward/total"}
    told = set(facts.terms) if facts.terms is not None and paid else paid
    extra, missing = sorted(paid - told), sorted(told - paid)
    if not (facts.config_changed or extra or missing):
        return None
    evidence = {f"{name} is paid, the config has no scale for it": 1.0 for name in extra[:3]}
    evidence |= {f"{name} has a scale and is not paid": 1.0 for name in missing[:3]}
    if facts.config_changed:
        evidence["config.yaml differs from the one the run was created with"] = 1.0
    return Flag(
        "config_drift",
        "config drift",
        "what the run does is not what its config.yaml says",
        "the whole run",
        evidence,
        1.0,
        "restore config.yaml, or start a new run with the settings that are wanted",
    )


CHECKS: dict[str, Callable[[Curves, RunFacts], Flag | None]] = {
    "nan": broken_numbers,
    "stalled": silence,
    "config_drift": config_drift,
}
