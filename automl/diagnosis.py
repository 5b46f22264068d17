"""From a run's files to its flags: reads the curves, asks `automl.flags`, and remembers the answer for ended runs."""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from automl.flags import Flag, Points, RunFacts, diagnose
from sessions.errors import VbotError
from sessions.event_file import EventFileReader
from sessions.files import parse_utc, read_json, to_json, write_atomic
from sessions.runs import FINAL_STATES, RunDir, RunStatus
from sessions.workspace import Workspace

CACHE_NAME = "flags.json"
CACHE_VERSION = 1


def read_curves(run: RunDir) -> dict[str, Points]:
    """All scalars of a run by tag, in the order of their steps; where steps repeat, the later record counts."""
    curves: dict[str, dict[int, float]] = {}
    for path in run.event_files():
        for record in EventFileReader(path).read_new():
            for tag, number in zip(record.tags, record.numbers, strict=True):
                curves.setdefault(tag, {})[record.step] = number
    return {tag: tuple(sorted(points.items())) for tag, points in curves.items()}


def facts_of(status: RunStatus | None, alive: bool, now_s: float | None = None) -> RunFacts:
    """What the detectors want to know of a run besides its curves."""
    if status is None:
        return RunFacts(state="running" if alive else "queued")
    updated = parse_utc(status.updated)
    silent = now_s - updated if alive and now_s is not None and updated is not None else 0.0
    state = "running" if alive else status.state
    return RunFacts(state=state, total_env_steps=status.total_env_steps, silent_s=max(0.0, silent))


def flags_of(run: RunDir, now_s: float | None = None) -> tuple[Flag, ...]:
    """The flags a run raises, with their evidence."""
    alive = run.is_alive()
    return diagnose(read_curves(run), facts_of(run.status(), alive, now_s))


def flag_names(run: RunDir) -> tuple[str, ...]:
    """The names of the flags a run raises; none when its curves cannot be read."""
    try:
        return tuple(flag.name for flag in flags_of(run))
    except (VbotError, OSError):
        return ()


@dataclass
class _Entry:
    size: int
    flags: tuple[str, ...]


class FlagCache:
    """Flags of runs that have ended, kept in the workspace so that a thousand runs are listed at once.

    It is only a saving of time: a lost, old or unwritable cache changes nothing but the wait.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._path = workspace.view / CACHE_NAME
        self._entries = _load(self._path)
        self._changed = False

    def __contains__(self, run_id: str) -> bool:
        """Whether this run was judged before, as far as its id tells."""
        return run_id in self._entries

    def names(self, run: RunDir, state: str) -> tuple[str, ...]:
        """The flags of a run that is in this state now."""
        size = _event_bytes(run)
        known = self._entries.get(run.id)
        if known is not None and known.size == size and state in FINAL_STATES:
            return known.flags
        flags = flag_names(run)
        if state in FINAL_STATES:
            self._entries[run.id] = _Entry(size, flags)
            self._changed = True
        return flags

    def save(self) -> None:
        """Keep what was learned, if the workspace can be written."""
        if not self._changed or not self._path.parent.is_dir():
            return
        rows = {run: {"size": entry.size, "flags": list(entry.flags)} for run, entry in self._entries.items()}
        with contextlib.suppress(OSError):
            write_atomic(self._path, to_json({"version": CACHE_VERSION, "runs": rows}) + "\n", durable=False)


def _event_bytes(run: RunDir) -> int:
    total = 0
    for path in run.event_files():
        with contextlib.suppress(OSError):
            total += path.stat().st_size
    return total


def _load(path: Path) -> dict[str, _Entry]:
    try:
        data = read_json(path)
        rows: Iterable[tuple[str, Any]] = data["runs"].items() if data["version"] == CACHE_VERSION else ()
        return {run: _Entry(int(row["size"]), tuple(map(str, row["flags"]))) for run, row in rows}
    except (VbotError, OSError, KeyError, TypeError, ValueError, AttributeError):
        return {}
