"""What the screens see: immutable pictures of studies and trials, made by the core and only read by widgets.

Nothing here knows Textual, files or threads.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from sessions.breakdown import Breakdown
from vbot_tui.launch_model import Plan
from vbot_tui.shelf_model import Shelf
from vbot_tui.study_model import StudyPage

NAN = math.nan
LIVE_STATES = ("running", "queued", "paused")
STALE_FLOOR_S = 30.0
STALE_INTERVALS = 3.0


@dataclass(frozen=True, slots=True)
class FlagView:
    """One diagnosis: what was seen, by which rule, and what to do first."""

    name: str
    title: str
    rule: str
    window: str
    evidence: tuple[tuple[str, float], ...]
    confidence: float
    advice: str
    step: int | None = None  # where it shows best
    evaluation: int | None = None  # the evaluation nearest to that, whose poses can be played


@dataclass(frozen=True, slots=True)
class NoteView:
    """One note of a person."""

    time: float
    author: str
    text: str
    run_id: str = ""
    step: int | None = None


@dataclass(frozen=True, slots=True)
class TrialRow:
    """One line of the trial table."""

    run_id: str
    study_id: str = ""
    number: int | None = None
    label: str = ""
    state: str = "queued"
    phase: str = ""
    env_steps: int = 0
    total_env_steps: int = 0
    steps_per_s: float = NAN
    eta_s: float = NAN
    score: float = NAN
    success: float = NAN
    spark: tuple[float, ...] = ()
    spark_name: str = ""
    flags: tuple[FlagView, ...] = ()
    updated: float = NAN
    interval_s: float = NAN
    notes: int = 0
    end_reason: str = ""
    end_detail: str = ""
    params: tuple[tuple[str, str], ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The identity that the cursor follows."""
        return self.run_id or f"{self.study_id}#{self.number}"

    @property
    def name(self) -> str:
        """What a person calls it: ``T3`` in a study, else the label."""
        return f"T{self.number}" if self.number is not None else self.label or self.run_id

    @property
    def live(self) -> bool:
        """Whether the trial still has something to do."""
        return self.state in LIVE_STATES

    @property
    def progress(self) -> float:
        """The fraction of the steps done; NaN where the total is unknown."""
        return min(1.0, self.env_steps / self.total_env_steps) if self.total_env_steps > 0 else NAN

    def age_s(self, now: float) -> float:
        """Seconds since the last data."""
        return max(0.0, now - self.updated)

    def stale(self, now: float) -> bool:
        """Whether a running trial has been silent for too long (three usual intervals, at least 30 s)."""
        usual = self.interval_s if math.isfinite(self.interval_s) else 0.0
        return self.state == "running" and self.age_s(now) > max(STALE_FLOOR_S, STALE_INTERVALS * usual)


@dataclass(frozen=True, slots=True)
class StudyHead:
    """The one-line picture of a study."""

    id: str
    env: str = ""
    state: str = "running"
    driver: str = "here"
    """Who decides: ``here``, ``elsewhere`` or ``nobody``."""
    slots_busy: int = 0
    slots: int = 0
    trials: int = 0
    finished: int = 0
    max_trials: int = 0
    best_trial: int | None = None
    best_score: float = NAN
    created: float = NAN
    reason: str = ""
    """Why it is paused or has ended."""
    trouble: str = ""
    """What keeps its scheduler from working right now."""


@dataclass(frozen=True, slots=True)
class FirstStudy:
    """What the first-study key would start, for the empty screen."""

    env: str
    trials: int
    trial_env_steps: int
    slots: int
    searched: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Detail:
    """Everything about the selected trial that the lower half shows."""

    key: str = ""
    breakdown: Breakdown | None = None
    before: Breakdown | None = None
    """The reward a quarter of the history ago, which changes are measured against."""
    log: tuple[str, ...] = ()
    log_path: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a run, and where its value came from."""

    key: str
    value: str
    origin: str = ""
    help: str = ""


@dataclass(frozen=True, slots=True)
class EvalView:
    """One evaluation on fixed cases."""

    step: int
    protocol: str
    canonical: bool
    episodes: int
    score: float = NAN
    success: float = NAN
    fell: float = NAN
    points: float = NAN


@dataclass(frozen=True, slots=True)
class Papers:
    """What lies in a run's directory besides its curves: read only for runs that are opened."""

    run_id: str
    settings: tuple[Setting, ...] = ()
    evals: tuple[EvalView, ...] = ()
    checkpoints: tuple[int, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence about something that just happened. ``level`` is info, good, warn or bad."""

    time: float
    level: str
    text: str


@dataclass(frozen=True, slots=True)
class View:
    """One consistent picture of the workspace."""

    version: int = 0
    ready: bool = False
    workspace: str = ""
    rows: tuple[TrialRow, ...] = ()
    studies: tuple[StudyHead, ...] = ()
    study: StudyHead | None = None
    notes: tuple[NoteView, ...] = ()
    detail: Detail = field(default_factory=Detail)
    papers: tuple[Papers, ...] = ()
    """Of the runs that are opened."""
    page: StudyPage | None = None
    """Of the study whose screen is open."""
    plan: Plan | None = None
    """What the newest draft means."""
    shelf: Shelf | None = None
    """The shelf that is open."""
    first: FirstStudy | None = None
    notice: Notice | None = None
    busy: str = ""
    """What the core is doing right now on behalf of a key, in a few words."""

    def row(self, key: str) -> TrialRow | None:
        """Return the row with this identity."""
        return next((row for row in self.rows if row.key == key), None)

    def papers_of(self, key: str) -> Papers | None:
        """Return the papers of an opened run."""
        return next((item for item in self.papers if item.run_id == key), None)


Place = tuple[int, float, float, str]
"""Where a row stands in the usual order."""
_RANKS = {"running": 0, "paused": 1, "queued": 2}


def place_of(row: TrialRow) -> Place:
    """Return the place of a row: the living first (newest on top), then the dead by score, best first."""
    age = -float(row.number) if row.number is not None else 0.0
    if row.live:
        return (_RANKS[row.state], 0.0, age, row.key)
    scored = math.isfinite(row.score)
    return (3 if scored else 4, -row.score if scored else 0.0, age, row.key)


def ordered(rows: Mapping[str, TrialRow] | list[TrialRow]) -> tuple[TrialRow, ...]:
    """Return rows as the table shows them."""
    items = list(rows.values()) if isinstance(rows, Mapping) else list(rows)
    return tuple(sorted(items, key=place_of))
