"""Flags: is the robot cheating the reward, or is the run broken? Pure detectors over a run's curves.

A detector is a list of conditions on numbers taken from the latest fifth of a run; all have to hold. The same numbers
are the evidence, and how far they are beyond their limits is the confidence. A condition that was met is dropped only
at a second, laxer limit, so a flag does not flicker. Success is always the share of episodes that succeeded, never the
share of robots that happen to be inside the circle.

Thresholds were set on recorded runs (`automl/gallery`); the recordings are test assets.
"""

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

Points = Sequence[tuple[int, float]]
Curves = Mapping[str, Points]

WINDOW_SHARE = 0.2
MIN_RECORDS = 10
FIRST_JUDGED_STEP = 150_000  # before that a robot has not learned anything, good or bad
PASSIVE_TERMS = ("alive_bonus",)
SPEED_TERMS = ("forward_velocity",)
SLOW_DOWN_TERMS = ("near_target_speed",)
STALLED_S = 120.0


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
    """

    name: str
    title: str
    rule: str
    window: str
    evidence: Mapping[str, float]
    confidence: float
    advice: str


@dataclass(frozen=True)
class RunFacts:
    """What is known of a run besides its curves."""

    state: str = "running"
    total_env_steps: int = 0
    silent_s: float = 0.0


@dataclass(frozen=True)
class Above:
    """A number that has to exceed a limit; once met, it may come back to `keep`."""

    label: str
    value: float | None
    limit: float
    keep: float

    def margin(self, raised: bool) -> float | None:
        """How far beyond the limit in force, as a share of the limit; None when not met or not known."""
        if self.value is None or not math.isfinite(self.value):
            return None
        limit = self.keep if raised else self.limit
        scale = max(abs(limit), 1e-9)
        return (self.value - limit) / scale if self.value > limit else None


@dataclass(frozen=True)
class Below:
    """A number that has to stay under a limit; once met, it may rise to `keep`."""

    label: str
    value: float | None
    limit: float
    keep: float

    def margin(self, raised: bool) -> float | None:
        """How far beyond the limit in force, as a share of the limit; None when not met or not known."""
        if self.value is None or not math.isfinite(self.value):
            return None
        limit = self.keep if raised else self.limit
        scale = max(abs(limit), 1e-9)
        return (limit - self.value) / scale if self.value < limit else None


@dataclass(frozen=True)
class Between:
    """A number that has to lie inside an interval; once met, it may leave it as far as `keep`."""

    label: str
    value: float | None
    limits: tuple[float, float]
    keep: tuple[float, float]

    def margin(self, raised: bool) -> float | None:
        """How far inside the interval in force, as a share of its half; None when not met or not known."""
        if self.value is None or not math.isfinite(self.value):
            return None
        low, high = self.keep if raised else self.limits
        inside = min(self.value - low, high - self.value)
        return inside / ((high - low) / 2) if inside > 0 else None


Condition = Above | Below | Between


@dataclass(frozen=True)
class Window:
    """The curves of a run, and which of their steps are looked at."""

    curves: Curves
    first_step: int
    last_step: int
    records: int

    def mean(self, tag: str) -> float | None:
        """Mean of a tag over the window, unknown values left out."""
        return _mean(value for step, value in self.curves.get(tag, ()) if step >= self.first_step)

    def before(self, tag: str) -> float | None:
        """Mean of a tag over the fifth of the run before the window."""
        begin = self.last_step * (1 - 2 * WINDOW_SHARE)
        return _mean(value for step, value in self.curves.get(tag, ()) if begin <= step < self.first_step)

    def fall_of(self, tag: str) -> float | None:
        """How much a tag fell from the fifth before to the window."""
        before, now = self.before(tag), self.mean(tag)
        return before - now if before is not None and now is not None else None

    def income_share(self, terms: Collection[str]) -> float | None:
        """What part of all that was paid (penalties apart) was paid by these reward terms."""
        paid = {
            tag.removeprefix("reward/"): mean
            for tag in self.curves
            if tag.startswith("reward/") and tag != "reward/total" and (mean := self.mean(tag)) is not None and mean > 0
        }
        total = sum(paid.values())
        return sum(paid.get(term, 0.0) for term in terms) / total if total > 0 else None

    def cost_share(self, terms: Collection[str]) -> float | None:
        """What part of all penalties these reward terms took."""
        taken = {
            tag.removeprefix("reward/"): -mean
            for tag in self.curves
            if tag.startswith("reward/") and tag != "reward/total" and (mean := self.mean(tag)) is not None and mean < 0
        }
        total = sum(taken.values())
        return sum(taken.get(term, 0.0) for term in terms) / total if total > 0 else None


@dataclass(frozen=True)
class Detector:
    """One flag's rule."""

    name: str
    title: str
    rule: str
    advice: str
    conditions: Callable[[Window], tuple[Condition, ...]] = field(repr=False)


def latest_window(curves: Curves) -> Window | None:
    """The latest fifth of a run; None while there is too little to judge."""
    steps = sorted({step for points in curves.values() for step, _ in points})
    if len(steps) < MIN_RECORDS or steps[-1] < FIRST_JUDGED_STEP:
        return None
    first = steps[-1] - steps[-1] * WINDOW_SHARE
    recent = [step for step in steps if step >= first]
    if len(recent) < 3:
        recent = steps[-3:]
    return Window(curves, recent[0], steps[-1], len(recent))


def diagnose(
    curves: Curves, facts: RunFacts | None = None, raised: Collection[str] = (), muted: Collection[str] = ()
) -> tuple[Flag, ...]:
    """All flags a run raises.

    Args:
        curves: points (env step, value) by tag.
        facts: what else is known of the run.
        raised: names of flags that are up already; they stay up until their laxer limits are crossed.
        muted: names of flags nobody wants to hear of.
    """
    found = [_broken_numbers(curves, facts or RunFacts()), _silence(facts or RunFacts())]
    window = latest_window(curves)
    if window is not None:
        found += [_judge(detector, window, detector.name in raised) for detector in DETECTORS]
    return tuple(flag for flag in found if flag is not None and flag.name not in muted)


def _judge(detector: Detector, window: Window, raised: bool) -> Flag | None:
    conditions = detector.conditions(window)
    margins = [condition.margin(raised) for condition in conditions]
    met = [margin for margin in margins if margin is not None]
    if len(met) < len(margins):
        return None
    return Flag(
        detector.name,
        detector.title,
        detector.rule,
        f"steps {window.first_step:,} to {window.last_step:,} ({window.records} updates)",
        {condition.label: float(condition.value or 0.0) for condition in conditions},
        round(0.5 + 0.5 * min(1.0, min(met) / 0.5), 2),
        detector.advice,
    )


def _lazy_robot(window: Window) -> tuple[Condition, ...]:
    return (
        Below("episodes that touched the target", window.mean("episode/touched"), 0.2, 0.3),
        Below("episodes that fell", window.mean("episode/fell"), 0.5, 0.65),
        Below("speed m/s", window.mean("task/speed_mps"), 0.35, 0.45),
        Above("share of income paid for being alive", window.income_share(PASSIVE_TERMS), 0.5, 0.4),
    )


def _sprint_crash(window: Window) -> tuple[Condition, ...]:
    return (
        Above("episodes that fell", window.mean("episode/fell"), 0.3, 0.2),
        Below("episodes that succeeded", window.mean("episode/success"), 0.3, 0.4),
        Above("speed m/s", window.mean("task/speed_mps"), 0.8, 0.65),
        Above("share of income paid for speed", window.income_share(SPEED_TERMS), 0.5, 0.4),
    )


def _deceleration_moat(window: Window) -> tuple[Condition, ...]:
    nearest, last = window.mean("episode/min_distance_m"), window.mean("episode/final_distance_m")
    return (
        Below("episodes that touched the target", window.mean("episode/touched"), 0.35, 0.45),
        Below("episodes that fell", window.mean("episode/fell"), 0.5, 0.65),
        Between("nearest approach m", nearest, (0.5, 2.5), (0.45, 2.8)),
        Below("m gone back after that", None if nearest is None or last is None else last - nearest, 0.3, 0.4),
        Below("m won since one fifth of the run ago", window.fall_of("episode/min_distance_m"), 0.5, 0.7),
        Above("share of penalties for speed near the target", window.cost_share(SLOW_DOWN_TERMS), 0.08, 0.04),
    )


DETECTORS: tuple[Detector, ...] = (
    Detector(
        "lazy_robot",
        "lazy robot",
        "it hardly moves, rarely falls and rarely touches the target, and is paid mainly for being alive",
        "lower alive_bonus until a whole episode of it is worth less than arrival_bonus, or shorten the episode",
        _lazy_robot,
    ),
    Detector(
        "sprint_crash",
        "sprint-crash",
        "it runs fast, falls often and hardly ever succeeds, while most of its income is paid for speed",
        "lower speed_cap_mps (0.6 cured it before), or make a fall dearer with termination",
        _sprint_crash,
    ),
    Detector(
        "deceleration_moat",
        "deceleration moat",
        "it comes within about 2 m and stays there, upright and held off by the penalty on speed near the target",
        "reduce near_target_radius_m to 0.5, or let the allowed speed grow with distance (null radius)",
        _deceleration_moat,
    ),
)


def _broken_numbers(curves: Curves, facts: RunFacts) -> Flag | None:
    bad = {
        tag: next((step for step, value in points if not math.isfinite(value)), None) for tag, points in curves.items()
    }
    where = {tag: float(step) for tag, step in bad.items() if step is not None}
    if not where and facts.state != "diverged":
        return None
    window = f"first at step {int(min(where.values())):,}" if where else "the run's own last word"
    return Flag(
        "nan",
        "not a number",
        "a logged value is NaN or infinite, or the run ended as diverged",
        window,
        dict(sorted(where.items())[:5]),
        1.0,
        "lower ppo.learning_rate, and look which reward term was the first to blow up",
    )


def _silence(facts: RunFacts) -> Flag | None:
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


def _mean(values: Iterable[float]) -> float | None:
    finite = [value for value in values if math.isfinite(value)]
    return sum(finite) / len(finite) if finite else None


FLAG_NAMES: tuple[str, ...] = (*(detector.name for detector in DETECTORS), "nan", "stalled")
