"""What the learner does: detectors of rates, spreads and estimates that went wrong."""

import math
from itertools import pairwise

from automl.flags.conditions import Above, Below, Condition
from automl.flags.detector import Detector, Found
from automl.flags.types import Points
from automl.flags.window import Window, less, mean, ratio, smoothed

RATE = "ppo/learning_rate"
FLOOR_OF_PLANS = 0.05  # where linear and cosine schedules end
JUMP = 1.25  # a planned schedule moves less than this between two updates
SUCCESS = "episode/success"


def _peak_then_decline(w: Window) -> Found:
    peak = w.peak(SUCCESS)
    best = peak[1] if peak else None
    now = w.mean(SUCCESS)
    return Found(
        (
            Above("best running mean of episodes that succeeded", best, 0.3, 0.25),
            Above("lost since", less(best, now), 0.2, 0.12),
            Below("what is left, as a share of the best", ratio(now, best), 0.7, 0.8),
            *_evaluated(w),
        ),
        (("at step", float(peak[0]) if peak else None), ("now", now)),
        peak[0] if peak else None,
    )


def _evaluated(w: Window) -> tuple[Condition, ...]:
    """Once there are two evaluations, they have to have lost too.

    Episodes in training are played with noise and may all be in the same phase; where evaluations of fixed cases are
    as good as ever, nothing was lost.
    """
    known = [value for _, value in w.curves.get("eval/success", ()) if math.isfinite(value)]
    if len(known) < 2:
        return ()
    return (Above("best evaluation, less the latest", max(known) - known[-1], 0.1, 0.05),)


def _lr_spike(w: Window) -> Found:
    start = w.first(RATE)
    top = max(w.curves.get(RATE, ()), key=lambda point: point[1], default=None)
    return Found(
        (Above("highest rate, in times the first", ratio(top[1] if top else None, start), 3.0, 2.5),),
        (("first", start), ("highest", top[1] if top else None), ("now", w.last(RATE))),
        top[0] if top else None,
        f"the whole run to step {w.last_step:,}",
    )


def _lr_collapse(w: Window) -> Found:
    start, now, total = w.first(RATE), w.mean(RATE), w.facts.total_env_steps
    lowest = _least_left(w.curves.get(RATE, ()), start, total) if start and total > 0 else None
    return Found(
        (
            Below("lowest rate, as a share of what a planned decay leaves", lowest[1] if lowest else None, 0.2, 0.3),
            Above("largest factor between two updates", _largest_jump(w.curves.get(RATE, ())), JUMP, 1.0),
            Below("rate now, as a share of the first", ratio(now, start), 0.3, 0.4),
        ),
        (("first", start), ("now", now), ("KL of an update", w.mean("ppo/kl"))),
        lowest[0] if lowest else None,
        f"the whole run to step {w.last_step:,}",
    )


def _least_left(points: Points, start: float, total: int) -> tuple[int, float] | None:
    """Where a rate was lowest against a planned decay, and what share of that it was."""
    left = ((step, value / (start * _lowest_plan(step / total))) for step, value in points)
    return min(left, key=lambda point: point[1], default=None)


def _lowest_plan(done: float) -> float:
    """The lowest share of the first rate that a linear or a cosine schedule leaves at this progress."""
    left = min(1.0 - done, 0.5 * (1.0 + math.cos(math.pi * done)))
    return FLOOR_OF_PLANS + (1.0 - FLOOR_OF_PLANS) * max(left, 0.0)


def _largest_jump(points: Points) -> float | None:
    """The largest factor, up or down, between two records of a rate."""
    values = [value for _, value in points if math.isfinite(value) and value > 0]
    factors = [max(a / b, b / a) for a, b in pairwise(values)]
    return max(factors, default=None)


def _std_collapse(w: Window) -> Found:
    start, now = w.first("ppo/std"), w.mean("ppo/std")
    return Found(
        (
            Below("spread of the actions, as a share of its start", ratio(now, start), 0.4, 0.5),
            Below("episodes that succeeded", w.mean(SUCCESS), 0.5, 0.6),
        ),
        (("first", start), ("now", now), ("entropy", w.mean("ppo/entropy"))),
    )


def _value_blow_up(w: Window) -> Found:
    half = w.last_step // 2
    early = mean(value for step, value in w.curves.get("ppo/value_loss", ()) if step <= half)
    return Found(
        (
            Below("share of the returns that the critic explains", w.mean("ppo/explained_variance"), 0.05, 0.2),
            Above("error of the critic", w.mean("ppo/value_loss"), 5.0, 2.0),
        ),
        (
            ("error in the first half", early),
            ("mean return", w.mean("value/return_mean")),
            ("its estimate", w.mean("value/mean")),
        ),
    )


def _poisoned_warm_start(w: Window) -> Found:
    taken = {"optimizer", "schedule"} & set(w.facts.loaded)
    gain = _gain(w)
    return Found(
        (
            Above("parts of the old learner that were loaded", float(len(taken)) if taken else None, 0.5, 0.5),
            Below("first rate, as a share of the configured", ratio(w.first(RATE), w.facts.learning_rate), 0.5, 0.7),
            Below("episodes that succeeded, won since the start", gain, 0.1, 0.15),
            Below("episodes that succeeded", w.mean(SUCCESS), 0.9, 0.95),
        ),
        (("first rate", w.first(RATE)), ("rate now", w.mean(RATE)), ("KL of an update", w.mean("ppo/kl"))),
    )


def _gain(w: Window) -> float | None:
    means = smoothed(w.curves.get(SUCCESS, ()))
    return less(w.mean(SUCCESS), means[0][1]) if means else None


DETECTORS: tuple[Detector, ...] = (
    Detector(
        "peak_then_decline",
        "peak, then decline",
        "it was better before: success fell by more than a fifth of all episodes from its best, evaluations too",
        "go on from the checkpoint at the peak with a third of the rate, or stop there",
        _peak_then_decline,
    ),
    Detector(
        "lr_spike",
        "learning-rate spike",
        "the adaptive schedule raised the learning rate to several times its start",
        "use schedule linear or constant, or lower kl_target (0.01 to 0.02) and learning_rate_max",
        _lr_spike,
    ),
    Detector(
        "lr_collapse",
        "learning-rate collapse",
        "the adaptive schedule lowered the learning rate far below what any planned decay would leave",
        "use schedule linear or constant, or raise kl_target (0.01 to 0.02) and learning_rate_min",
        _lr_collapse,
    ),
    Detector(
        "std_collapse",
        "exploration collapse",
        "the spread of the actions shrank to a fraction of its start before the task was learned",
        "raise entropy_coef or std_floor; look for a penalty that fines noise (action_rate); go back to the peak",
        _std_collapse,
    ),
    Detector(
        "value_blow_up",
        "value blow-up",
        "the critic explains nothing of the returns and its error is large",
        "lower the largest bonus or reward_scale, keep normalize_values on, lower the learning rate",
        _value_blow_up,
    ),
    Detector(
        "poisoned_warm_start",
        "poisoned warm start",
        "it took over the optimizer or the rate of another run, starts far below its own rate and gains nothing",
        "load weights and normalizer only, and let optimizer and schedule start anew",
        _poisoned_warm_start,
    ),
)
