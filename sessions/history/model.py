"""The typed picture of imported history.

Two layers: what single files say (`Config`, `Summary`, `State` ...; each knows its path), and what follows from all of
them together (`Campaign`, `Trial`). Keys of rewards and hyper-parameters stay as they were written; mapping them to
today's names is the business of the floor that knows those names.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SCHEMA = 1
SCORED, CRASHED, UNSCORED = "scored", "crashed", "unscored"
SEARCH, FINAL, RUN = "search", "final", "run"

Params = Mapping[str, Any]


@dataclass(frozen=True)
class Tag:
    """The parts of `automl_<date>_<time>_<stage>_i<trial>_<unix time>`, the name the older tools gave a launch."""

    campaign: str
    stage: str
    number: int
    stamp: int


@dataclass(frozen=True)
class Config:
    """One experiment configuration: a JSON file, or one entry of a file that holds several."""

    path: str
    entry: int = 0
    tag: str = ""
    campaign: str = ""
    stage: str = ""
    number: int | None = None
    stamp: int | None = None
    env: str = ""
    reward: Params = field(default_factory=dict)
    hp: Params = field(default_factory=dict)
    env_overrides: Params = field(default_factory=dict)
    checkpoint: str = ""
    freeze_preprocessor: bool | None = None
    other: Params = field(default_factory=dict)


@dataclass(frozen=True)
class Summary:
    """What a finished launch left in `experiments/<tag>/summary.yaml`, or a run in `experiment_meta.json`."""

    path: str
    tag: str = ""
    campaign: str = ""
    number: int | None = None
    stamp: int | None = None
    stage: str = ""
    env: str = ""
    reward: Params = field(default_factory=dict)
    hp: Params = field(default_factory=dict)
    metrics: Params = field(default_factory=dict)
    started: str = ""
    completed: str = ""
    duration_h: float | None = None
    status: str = ""
    run_dir: str = ""


@dataclass(frozen=True)
class IndexEntry:
    """One line of a campaign's `index.yaml`."""

    path: str
    tag: str
    campaign: str
    number: int | None
    env: str
    status: str
    completed: str
    metrics: Params


@dataclass(frozen=True)
class HistoryEntry:
    """One item of `hp_search_history` in a state file."""

    number: int | None
    reward: Params
    hp: Params
    metrics: Params
    score: float | None


@dataclass(frozen=True)
class Best:
    """`best_results` of a state file: in stage mode the result of the long run after the search."""

    env: str
    reward: Params
    hp: Params
    metrics: Params
    checkpoint: str


@dataclass(frozen=True)
class State:
    """One version of a state file (a file with conflict markers holds several)."""

    path: str
    version: str
    campaign: str
    status: str = ""
    mode: str = ""
    phase: str = ""
    stage: str = ""
    iteration: int | None = None
    started: str = ""
    elapsed_h: float | None = None
    budget_h: float | None = None
    curriculum: Params = field(default_factory=dict)
    trials: tuple[HistoryEntry, ...] = ()
    best: tuple[Best, ...] = ()


@dataclass(frozen=True)
class Report:
    """The figures of a campaign's `report.md`."""

    path: str
    campaign: str
    status: str = ""
    mode: str = ""
    elapsed_h: float | None = None
    budget_h: float | None = None
    iterations: int | None = None


@dataclass(frozen=True)
class LogTrial:
    """One launch as a captured log tells it; `metrics` are rounded as printed."""

    tag: str
    campaign: str
    number: int | None
    launched: str
    metrics: Params = field(default_factory=dict)
    elapsed_s: float | None = None


@dataclass(frozen=True)
class Log:
    """A captured log: its launches, its problems, and how it ends."""

    path: str
    campaign: str = ""
    lines: int = 0
    trials: tuple[LogTrial, ...] = ()
    errors: tuple[str, ...] = ()
    error_count: int = 0
    tail: tuple[str, ...] = ()


@dataclass(frozen=True)
class RewardEntry:
    """One file of a reward library: a component, a full set of weights, or a rejected idea."""

    path: str
    shelf: str
    name: str
    status: str = ""
    env: str = ""
    description: str = ""
    notes: str = ""
    reward: Params = field(default_factory=dict)
    hp: Params = field(default_factory=dict)
    metrics: Params = field(default_factory=dict)
    other: Params = field(default_factory=dict)


@dataclass(frozen=True)
class Document:
    """Text that is kept to be searched: experiment records, notes, reports, data of unknown kind."""

    path: str
    title: str
    text: str


@dataclass(frozen=True)
class Unreadable:
    """A file that was not read in full; `read` says how much of it is in the import."""

    path: str
    reason: str
    read: str = "nothing"


@dataclass(frozen=True)
class Finding:
    """A duplicate, a contradiction or a gap: what kind, about what, said by which files, in one sentence."""

    kind: str
    about: str
    message: str
    paths: tuple[str, ...] = ()


@dataclass(frozen=True)
class FileEntry:
    """One file of the source, as it was when it was read."""

    path: str
    kind: str
    size: int
    sha256: str
    encoding: str = "utf-8"


@dataclass(frozen=True)
class Trial:
    """One trial of a search, the long run after it (`kind` final), or a single run; from every file that speaks of it.

    `legacy_score` is the number the older tools computed from training curves, under one of several formulas
    (`score_formula` names the one that gives this value); it is never comparable with score v1. A crashed trial has
    none: what its file claims is in `discarded_score`.
    """

    uid: str
    campaign: str
    number: int | None
    kind: str
    outcome: str
    env: str = ""
    stage: str = ""
    tag: str = ""
    reward: Params = field(default_factory=dict)
    hp: Params = field(default_factory=dict)
    env_overrides: Params = field(default_factory=dict)
    metrics: Params = field(default_factory=dict)
    legacy_score: float | None = None
    score_formula: str = ""
    discarded_score: float | None = None
    started: str = ""
    completed: str = ""
    duration_h: float | None = None
    run_dir: str = ""
    claimed_by: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    imported: str = ""


@dataclass(frozen=True)
class Campaign:
    """One search of the older tools. `status` is ours, `recorded_status` what the files say."""

    id: str
    status: str
    recorded_status: str = ""
    mode: str = ""
    env: str = ""
    started: str = ""
    elapsed_h: float | None = None
    budget_h: float | None = None
    trials: int = 0
    crashed: int = 0
    finals: int = 0
    configs: int = 0
    launched_without_result: int = 0
    best_trial: str = ""
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class History:
    """Everything that one tree holds."""

    campaigns: tuple[Campaign, ...] = ()
    trials: tuple[Trial, ...] = ()
    configs: tuple[Config, ...] = ()
    library: tuple[RewardEntry, ...] = ()
    logs: tuple[Log, ...] = ()
    documents: tuple[Document, ...] = ()
    files: tuple[FileEntry, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    duplicates: tuple[Finding, ...] = ()
    contradictions: tuple[Finding, ...] = ()
    gaps: tuple[Finding, ...] = ()
    empty: tuple[str, ...] = ()
