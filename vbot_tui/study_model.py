"""A study as its own screen sees it: immutable pictures, made by ``vbot_tui.insight`` and only read by widgets.

Nothing here knows Textual, files or threads.
"""

import math
from dataclasses import dataclass, field

NAN = math.nan


@dataclass(frozen=True, slots=True)
class Searched:
    """One searched key: where its values may lie, and what it did.

    Attributes:
        path: dotted path in the run's config.
        low: what stands at the lower end, as it is printed; for a choice its first value.
        high: what stands at the upper end.
        how: linear, log, factor, 1-x or choice.
        preset: the preset's own value, as printed.
        preset_place: where that lies, 0 to 1; NaN where it lies outside.
        importance: share of the differences in score, NaN while unknown.
        lean: rank correlation of value and score, NaN while unknown.
    """

    path: str
    low: str
    high: str
    how: str
    preset: str = ""
    preset_place: float = NAN
    importance: float = NAN
    lean: float = NAN

    @property
    def name(self) -> str:
        """The last part of the path: what a person calls it."""
        return self.path.rsplit(".", 1)[-1]


@dataclass(frozen=True, slots=True)
class RungPoint:
    """One evaluation of a trial: env step, score (NaN for none) and what was decided on seeing it."""

    step: int
    score: float
    decision: str


@dataclass(frozen=True, slots=True)
class Tried:
    """One trial of a study.

    Attributes:
        values: of the searched keys, in their order, as printed.
        places: where these lie between the ends, 0 to 1; NaN where that is unknown.
        why: why it stands where it stands, in words.
        standing: its score, or while it has none what its newest evaluation gave.
    """

    number: int
    run_id: str
    state: str
    origin: str
    standing: float
    best_step: int | None
    env_steps: int
    total_env_steps: int
    rungs: tuple[RungPoint, ...]
    values: tuple[str, ...]
    places: tuple[float, ...]
    why: str
    flags: tuple[str, ...] = ()
    excluded: bool = False

    @property
    def name(self) -> str:
        """What a person calls it."""
        return f"T{self.number}"

    @property
    def live(self) -> bool:
        """Whether something may still happen to it."""
        return self.state in ("running", "queued", "paused")


@dataclass(frozen=True, slots=True)
class RungRow:
    """One point at which trials are compared.

    Attributes:
        step: env steps at which it lies.
        scores: of all trials that reached it, best first.
        cut: the lowest score that goes on by now; NaN while too few have been there.
        waiting: numbers of the trials that are paused there.
    """

    step: int
    scores: tuple[float, ...]
    cut: float
    waiting: tuple[int, ...]
    needed: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """One item of the queue: what will start, and why it is there."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a study's history: when (hours of scheduling), what, by whom."""

    time: float
    hours: float
    text: str
    role: str = ""


@dataclass(frozen=True, slots=True)
class Forecast:
    """When a study will end: seconds from now, in the middle and between which it probably lies; NaN while unknown."""

    middle_s: float = NAN
    low_s: float = NAN
    high_s: float = NAN
    by: str = ""
    """What ends it: ``trials`` or ``budget``."""


@dataclass(frozen=True, slots=True)
class StudyPage:
    """Everything that the study screen shows."""

    id: str
    env: str = ""
    preset: str = ""
    mode: str = ""
    sampler: str = ""
    seed: int = 0
    state: str = ""
    reason: str = ""
    keys: tuple[Searched, ...] = ()
    trials: tuple[Tried, ...] = ()
    halving: bool = False
    rungs: tuple[RungRow, ...] = ()
    queue: tuple[Waiting, ...] = ()
    best: tuple[tuple[float, int, float], ...] = ()
    """Every ended trial with a score as (hours of scheduling, number, score), in the order of ending."""
    history: tuple[Happening, ...] = ()
    elapsed_s: float = 0.0
    budget_s: float = NAN
    max_trials: int = 0
    trial_env_steps: int = 0
    slots: int = 0
    forecast: Forecast = field(default_factory=Forecast)
    insight: str = ""
    """What stands in the way of knowing importances, or from how many trials they are."""
    trouble: str = ""

    def trial(self, number: int) -> Tried | None:
        """Return the trial with this number."""
        return next((item for item in self.trials if item.number == number), None)

    @property
    def ranked(self) -> tuple[Tried, ...]:
        """The trials with a standing, best first."""
        scored = [item for item in self.trials if math.isfinite(item.standing)]
        return tuple(sorted(scored, key=lambda item: (-item.standing, item.number)))
