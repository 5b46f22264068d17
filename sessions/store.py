"""What is known of all runs, as snapshots that any thread may hold.

One thread (the follower) puts new views in; everyone else takes a snapshot, which never changes, or a run's curves,
which grow under their own lock. No file is read here.
"""

import math
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from sessions.breakdown import Breakdown, reward_breakdown
from sessions.files import parse_utc
from sessions.series import SeriesSet

SPARKLINE_TAGS = ("episode/return", "reward/total", "eval/score")  # the first one with points


@dataclass(frozen=True, kw_only=True)
class RunView:
    """One run as a row of a table; `data_time` and times derived from it are seconds since 1970."""

    id: str
    label: str
    env: str = ""
    kind: str = ""
    study: str | None = None
    trial: int | None = None
    parent: str | None = None
    host: str = ""
    created: str = ""
    state: str = "queued"
    phase: str = ""
    alive: bool = False
    data_time: float | None = None
    env_steps: int = 0
    total_env_steps: int = 0
    steps_per_s: float = 0.0
    eta_s: float | None = None
    score: float | None = None
    score_step: int | None = None
    success: float | None = None
    sparkline: tuple[float, ...] = ()
    sparkline_tag: str = ""
    metrics: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    note_count: int = 0
    end_reason: str | None = None
    end_detail: str | None = None
    badges: tuple[str, ...] = ()  # damage found in its files, one phrase each
    loading: bool = False  # its curves are still being read
    data_version: int = 0  # changes whenever its curves do

    @property
    def fraction(self) -> float:
        """How much of the run is done, 0 to 1."""
        return min(1.0, self.env_steps / self.total_env_steps) if self.total_env_steps > 0 else 0.0

    def age_s(self, now: float) -> float | None:
        """Seconds since the run last wrote something; never negative, whatever the clock did."""
        return None if self.data_time is None else max(0.0, now - self.data_time)


@dataclass(frozen=True)
class Snapshot:
    """All runs at one moment, oldest first."""

    version: int
    runs: tuple[RunView, ...]
    notices: tuple[str, ...] = ()

    def get(self, run_id: str) -> RunView | None:
        """The view of a run."""
        return next((run for run in self.runs if run.id == run_id), None)


class Store:
    """The current snapshot, and the curves behind it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._views: dict[str, RunView] = {}
        self._series: dict[str, SeriesSet] = {}
        self._wanted: dict[str, None] = {}  # the one asked for last comes last
        self.on_wanted: Callable[[str], None] = lambda run_id: None  # called when a run's curves are asked for anew
        self._notices: tuple[str, ...] = ()
        self._snapshot = Snapshot(0, ())

    @property
    def version(self) -> int:
        """Raised with every change of any view."""
        return self._snapshot.version

    def snapshot(self) -> Snapshot:
        """All runs as they are now."""
        return self._snapshot

    def get(self, run_id: str) -> RunView | None:
        """The view of one run."""
        with self._lock:
            return self._views.get(run_id)

    def series(self, run_id: str, wanted: bool = True) -> SeriesSet:
        """The curves of a run; asking for them has them read soon, if they were not (unless `wanted` is false)."""
        with self._lock:
            new = wanted and run_id not in self._wanted
            if wanted:
                self._wanted.pop(run_id, None)
                self._wanted[run_id] = None
            found = self._series.setdefault(run_id, SeriesSet())
        if new:
            self.on_wanted(run_id)
        return found

    def breakdown(self, run_id: str, step: int | None = None, width: int = 20) -> Breakdown | None:
        """The reward breakdown of a run, at its newest step or a chosen one."""
        return reward_breakdown(self.series(run_id), step, width)

    def wanted(self) -> tuple[str, ...]:
        """The runs whose curves somebody asked for, the last one last."""
        with self._lock:
            return tuple(self._wanted)

    def unwant(self, run_id: str) -> None:
        """Nobody has asked for these curves for long: they need not be kept in memory."""
        with self._lock:
            self._wanted.pop(run_id, None)

    def put(self, views: Iterable[RunView], gone: Iterable[str] = (), notices: tuple[str, ...] | None = None) -> bool:
        """Replace views, drop those of deleted runs.

        Returns:
            Whether anything changed.
        """
        with self._lock:
            changed = False
            known = len(self._views)
            for view in views:
                if self._views.get(view.id) != view:
                    self._views[view.id] = view
                    changed = True
            for run_id in gone:
                changed = self._views.pop(run_id, None) is not None or changed
                known = -1
                self._series.pop(run_id, None)
                self._wanted.pop(run_id, None)
            if notices is not None and notices != self._notices:
                self._notices = notices
                changed = True
            if changed:
                if len(self._views) != known:
                    self._views = dict(sorted(self._views.items()))
                runs = tuple(self._views.values())
                self._snapshot = Snapshot(self._snapshot.version + 1, runs, self._notices)
            return changed


def label_of(run_id: str) -> str:
    """The readable part of a run id: without the time and the host; the id itself if it has no such parts."""
    parts = run_id.split("-")
    return "-".join(parts[2:-1]) if len(parts) >= 4 else run_id


def newest(*times: float | str | None) -> float | None:
    """The latest of some times, given as seconds or as ISO text."""
    seconds = [parse_utc(item) if isinstance(item, str) else item for item in times]
    known = [item for item in seconds if item is not None and math.isfinite(item)]
    return max(known, default=None)
