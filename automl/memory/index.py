"""All runs and studies at once: digests kept in the workspace, read again only where a file's stamp says so.

The kept copy (`view/memory.json`) is only a saving of time: lost, old, copied from elsewhere or unwritable, it changes
nothing but the wait. A run is asked for its lock only while its own last word is not final.
"""

import contextlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from automl.diagnosis import CACHE_NAME as FLAGS_NAME
from automl.diagnosis import CACHE_VERSION as FLAGS_VERSION
from automl.diagnosis import flags_of
from automl.flags import Flag
from automl.memory.digest import Mark, RunDigest, StudyDigest, TrialDigest, read_run, read_study, run_mark, study_mark
from automl.mutes import muted
from sessions.errors import VbotError
from sessions.files import read_json, to_json, write_atomic
from sessions.locks import is_held
from sessions.runs import RunDir
from sessions.workspace import Workspace

FILE_NAME = "memory.json"
VERSION = 2
Digest = TypeVar("Digest", RunDigest, StudyDigest)
JUDGE_BYTES = 1_000_000  # curves that one call may read to learn flags nobody has computed yet


@dataclass(frozen=True)
class FlagNote:
    """A flag that a run raised, with its evidence in words."""

    name: str
    title: str
    evidence: str


@dataclass(frozen=True)
class RunNow:
    """A run as it is now; `flags` is None while nobody has judged its curves."""

    digest: RunDigest
    state: str
    flags: tuple[str, ...] | None

    @property
    def id(self) -> str:
        """Its id."""
        return self.digest.id


@dataclass(frozen=True)
class StudyNow:
    """A study as it is now."""

    digest: StudyDigest
    state: str

    @property
    def id(self) -> str:
        """Its id."""
        return self.digest.id


class Index:
    """Digests of everything in a workspace.

    Attributes:
        reads: how often each kind of reading was done: "run", "study", "lock", "curves".
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.reads: Counter[str] = Counter()
        self._path = workspace.view / FILE_NAME
        self._kept = _load(self._path)
        self._fresh: dict[str, dict[str, Any]] = {"runs": {}, "studies": {}, "flags": {}}
        self._changed = False
        self._judged_bytes = 0

    @cached_property
    def runs(self) -> tuple[RunNow, ...]:
        """All runs, oldest first."""
        return tuple(self._run(run) for run in self.workspace.run_dirs())

    @cached_property
    def studies(self) -> tuple[StudyNow, ...]:
        """All studies, oldest first."""
        return tuple(self._study(path) for path in self.workspace.study_dirs())

    @cached_property
    def by_id(self) -> Mapping[str, RunNow]:
        """Runs by their id."""
        return {run.id: run for run in self.runs}

    def flag_notes(self, run: str) -> tuple[FlagNote, ...] | None:
        """The flags of an ended run with their evidence; None when its curves would be too much to read just now."""
        known = self._flag_notes(run)
        if known is not None:
            return known
        directory = RunDir(self.workspace.runs / run)
        size = sum(path.stat().st_size for path in directory.event_files())
        if self._judged_bytes + size > JUDGE_BYTES:
            return None
        self._judged_bytes += size
        self.reads["curves"] += 1
        try:
            notes = tuple(flag_note(flag) for flag in flags_of(directory))
        except (VbotError, OSError):
            notes = ()
        if self.by_id[run].digest.ended:
            self._keep_flags(run, notes)
        return notes

    def save(self) -> None:
        """Keep what was read, if the workspace can be written."""
        gone = self._kept["runs"].keys() - self._fresh["runs"].keys() if "runs" in self.__dict__ else ()
        if not (self._changed or gone) or not self._path.parent.is_dir():
            return
        whole = {name: {**self._kept[name], **self._fresh[name]} for name in ("runs", "studies", "flags")}
        for run in gone:
            whole["runs"].pop(run, None)
            whole["flags"].pop(run, None)
        with contextlib.suppress(OSError):
            write_atomic(self._path, to_json({"version": VERSION, **whole}) + "\n", durable=False)
        self._changed = False

    def _run(self, run: RunDir) -> RunNow:
        mark = run_mark(run.path)
        digest = self._restored("runs", RunDigest, run.id, mark)
        if digest is None:
            self.reads["run"] += 1
            digest = read_run(run)
            if digest.ended:  # a living one changes until the next look
                self._remember("runs", run.id, mark, digest)
        alive = False
        if not digest.ended:
            self.reads["lock"] += 1
            alive = run.is_alive()
        notes = self._flag_notes(run.id) if digest.ended else None
        return RunNow(digest, digest.state(alive), self._flag_names(run.id, notes))

    def _study(self, path: Path) -> StudyNow:
        mark = study_mark(path)
        digest = self._restored("studies", StudyDigest, path.name, mark)
        if digest is None:
            self.reads["study"] += 1
            digest = read_study(path)
            self._remember("studies", path.name, mark, digest)
        attended = digest.ended is None and is_held(path / "lock")
        return StudyNow(digest, digest.state(attended))

    def _restored(self, table: str, cls: type[Digest], key: str, mark: Mark) -> Digest | None:
        row = self._kept[table].get(key)
        if not isinstance(row, dict) or row.get("mark") != list(mark):
            return None
        self._fresh[table][key] = row
        try:
            return _digest(cls, row["digest"])
        except (TypeError, KeyError, AttributeError):
            return None

    def _remember(self, table: str, key: str, mark: Mark, digest: RunDigest | StudyDigest) -> None:
        self._fresh[table][key] = {"mark": list(mark), "digest": asdict(digest)}
        self._changed = True

    def _flag_notes(self, run: str) -> tuple[FlagNote, ...] | None:
        row = self._fresh["flags"].get(run) or self._kept["flags"].get(run)
        if not isinstance(row, dict) or row.get("mark") != list(run_mark(self.workspace.runs / run)):
            return None
        try:
            return tuple(FlagNote(**note) for note in row["notes"])
        except (TypeError, KeyError):
            return None

    def _keep_flags(self, run: str, notes: tuple[FlagNote, ...]) -> None:
        mark = list(run_mark(self.workspace.runs / run))
        self._fresh["flags"][run] = {"mark": mark, "notes": [asdict(note) for note in notes]}
        self._changed = True

    def _flag_names(self, run: str, notes: tuple[FlagNote, ...] | None) -> tuple[str, ...] | None:
        known = tuple(note.name for note in notes) if notes is not None else self._flags_elsewhere.get(run)
        if not known:
            return known
        silent = muted(RunDir(self.workspace.runs / run))
        return tuple(name for name in known if name not in silent)

    @cached_property
    def _flags_elsewhere(self) -> Mapping[str, tuple[str, ...]]:
        """What the scheduler journalled and what lists kept: names only, and for ended runs only."""
        found = {
            trial.run: trial.flags
            for study in self.studies
            for trial in study.digest.trials
            if trial.run and trial.state in ("finished", "stopped", "killed", "diverged")
        }
        return {**found, **_listed_flags(self.workspace.view / FLAGS_NAME)}


def flag_note(flag: Flag) -> FlagNote:
    """A flag in words."""
    evidence = ", ".join(f"{label.strip()} {value:.4g}" for label, value in flag.evidence.items())
    return FlagNote(flag.name, flag.title, f"{evidence} in {flag.window}" if evidence else flag.window)


def _digest(cls: type[Digest], row: Mapping[str, Any]) -> Digest:
    if cls is StudyDigest:
        trials = tuple(TrialDigest(**{**trial, "flags": tuple(trial["flags"])}) for trial in row["trials"])
        return cls(**{**row, "trials": trials})
    return cls(**row)


def _listed_flags(path: Path) -> dict[str, tuple[str, ...]]:
    try:
        data = read_json(path)
        if data["version"] != FLAGS_VERSION:
            return {}
        return {str(run): tuple(map(str, row["flags"])) for run, row in data["runs"].items()}
    except (VbotError, OSError, KeyError, TypeError, AttributeError):
        return {}


def _load(path: Path) -> dict[str, dict[str, Any]]:
    empty: dict[str, dict[str, Any]] = {"runs": {}, "studies": {}, "flags": {}}
    try:
        data = read_json(path)
        if data["version"] != VERSION:
            return empty
        return {name: dict(data[name]) for name in empty}
    except (VbotError, OSError, KeyError, TypeError, ValueError):
        return empty
