"""One run as the follower sees it: which of its files changed since the last look, and the row that follows from them.

Looking is cheap (a handful of `stat` calls and a look at the lock); reading happens only for what changed. Curves are
read in slices, because a backlog can be large. Nothing here raises on what is, or is no longer, on disk: trouble
becomes a badge.

A run that has ended can sleep: it is then one row and the stamps of its files, as the index keeps it. It wakes when a
file changes or when somebody wants its curves, which then come from its cache, if that is still true.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from sessions import curve_cache
from sessions.errors import VbotError
from sessions.event_file import EventFileReader
from sessions.files import Clock, read_jsonl
from sessions.locks import is_held
from sessions.run_index import Known, Stamp
from sessions.runs import (
    EvalSummary,
    RunDir,
    RunRecord,
    RunStatus,
    best_score,
    event_file_order,
    settle,
    state_now,
    this_host,
)
from sessions.series import SeriesSet
from sessions.store import SPARKLINE_TAGS, RunView, label_of, newest

SPARKLINE_POINTS = 40
LIST_S = 1.0  # every status changes the folder; a new event file comes once in a run's life
CACHE_FROM_BYTES = 256 << 10  # smaller event files are read faster than it is worth to keep a copy


@dataclass(frozen=True)
class Look:
    """What a look found."""

    changed: bool  # the row may be different
    written: bool  # because a file was written, not because a process ended


class RunFollow:
    """The followed state of one run; used by one thread."""

    def __init__(
        self,
        run: RunDir,
        series: SeriesSet,
        settle_dead: bool = True,
        known: Known | None = None,
        cache: Path | None = None,
    ) -> None:
        self.run = run
        self.series = series
        self.alive = False
        self._settle_dead = settle_dead
        self._folder = str(run.path)  # text, because a thousand runs are looked at every second
        self._watched = {
            name: f"{self._folder}/{name}" for name in ("run.json", "status.json", "evals", "notes.jsonl", "lock")
        }
        self._stamps: dict[str, Stamp] = {}
        self._record: RunRecord | None = None
        self._record_badge = ""
        self._status: RunStatus | None = None
        self._launched = False
        self._evals: list[EvalSummary] = []
        self._note_count = 0
        self._readers: dict[Path, tuple[EventFileReader, Stamp]] = {}
        self._listed: list[str] = []  # the files of the folder when its event files were looked for
        self._loaded = False
        self._trouble = ""
        self._files_due = False  # the folder has changed since its event files were listed
        self._listed_at = -LIST_S
        self._cache = cache
        self._cached_bytes = -1
        self._asleep: RunView | None = known.view if known else None
        self._before: RunView | None = None
        if known:
            self._stamps = dict(known.stamps)

    @property
    def asleep(self) -> bool:
        """Whether only the row is known, and good."""
        return self._asleep is not None

    def wake(self) -> None:
        """Have everything read at the next look; until the curves are there, the row keeps what it shows of them."""
        if self._asleep is not None:
            self._before, self._asleep = self._asleep, None
            self._stamps.clear()
            self._listed_at = -LIST_S

    def sleep(self) -> Known | None:
        """Forget everything but the row, if the run is at rest and all of it was read; returns what is left."""
        if self._asleep is None:
            if not self.at_rest or self._trouble or self.has_backlog():
                return None
            self.keep_curves()
            self._asleep, self._before = self._resting_view(), None
            self.series.clear()
            self._readers.clear()
            self._loaded = False
        return Known(dict(self._stamps), self._asleep)

    @property
    def known(self) -> Known | None:
        """What the index should keep of the run; None while something is expected of it, or unread."""
        if self._asleep is not None:
            return Known(self._stamps, self._asleep)
        if not self.at_rest or self._trouble or (self.has_backlog() and self._before is None):
            return None
        return Known(self._stamps, self._resting_view())

    def _resting_view(self) -> RunView:
        """The row as it is kept: without curves in memory, so that any that are read later are news."""
        return replace(self.view(), data_version=0)

    @property
    def at_rest(self) -> bool:
        """Whether nothing is expected to happen to this run."""
        if self._asleep is not None:
            return True
        return not self.alive and self._status is not None and self._status.state not in ("running", "queued")

    @property
    def folder_stamp(self) -> Stamp:
        """Changes when a file of the run is made or replaced, which is how every status is written."""
        return _stamp(self._folder)

    def look(self, clock: Clock) -> Look:
        """Find out what changed, and read the small files that did."""
        try:
            return self._look(clock)
        except OSError as error:
            before, self._trouble = self._trouble, f"cannot be read ({error.strerror})"
            return Look(changed=self._trouble != before, written=False)

    def _look(self, clock: Clock) -> Look:
        if self._asleep is not None:
            if self._undisturbed():
                return Look(changed=False, written=False)
            self.wake()
        was = (self.alive, self._launched, self._trouble)
        self._trouble = ""
        written = self._read_changed(clock())
        self._launched = os.path.exists(self._watched["lock"])
        self.alive = self._launched and is_held(self._watched["lock"])
        if not self.alive and self._launched and (self._status is None or self._status.state == "running"):
            # The last word of a process comes before it lets the lock go.
            written = self._read_changed(clock()) or written
            self._settle(clock)
        return Look(changed=written or was != (self.alive, self._launched, self._trouble), written=written)

    def _read_changed(self, now: float) -> bool:
        changed = False
        if self._record is None and self._is_new("run.json"):
            self._read_record()
            changed = True
        told = self._is_new("status.json")
        if told:
            self._status = self.run.status()
            changed = True
        if self._is_new("evals"):
            self._evals = self.run.evals()
            changed = True
        if self._is_new("notes.jsonl"):
            self._note_count = len(read_jsonl(self.run.notes_path).rows)
            changed = True
        self._files_due = self._has_changed("folder", self._folder) or self._files_due
        if self._files_due and (not told or not self._readers or now - self._listed_at >= LIST_S):
            self._files_due, self._listed_at = False, now
            self._find_event_files()
        for event_file in self._readers:
            changed = self._has_changed(event_file.name, str(event_file)) or changed
        return changed

    def _undisturbed(self) -> bool:
        """Whether a sleeping run's files are as they were, and nobody has taken it up again."""
        folder = self._folder
        for name, stamp in self._stamps.items():
            path = folder if name == "folder" else self._watched.get(name) or f"{folder}/{name}"
            if _stamp(path) != stamp:
                return False
        return not is_held(self._watched["lock"])

    def _is_new(self, name: str) -> bool:
        return self._has_changed(name, self._watched[name])

    def _has_changed(self, name: str, path: str) -> bool:
        stamp = _stamp(path)
        if self._stamps.get(name) == stamp:
            return False
        self._stamps[name] = stamp
        return True

    def _read_record(self) -> None:
        try:
            self._record = self.run.record()
            self._record_badge = ""
        except VbotError as error:
            self._record_badge = str(error)

    def _find_event_files(self) -> None:
        try:
            listed = os.listdir(self._folder)
        except (FileNotFoundError, NotADirectoryError):
            listed = []
        if listed == self._listed and self._readers:
            return  # every status changes the folder, and nearly none its event files
        self._listed = listed
        found = self.run.event_files()
        if any(path not in found for path in self._readers):
            self._forget_curves()
        for path in found:
            self._readers.setdefault(path, (EventFileReader(path), None))
        self._readers = dict(sorted(self._readers.items(), key=lambda item: event_file_order(item[0])))

    def _thaw_curves(self) -> None:
        """Begin with the cached curves, if every file that they came from still begins the same."""
        if self._cache is None or len(self.series.tags()) or self.event_bytes() < CACHE_FROM_BYTES:
            return
        kept = curve_cache.load(self._cache)
        if kept is None or set(kept.places) != {path.name for path in self._readers}:
            return
        fresh = {path: EventFileReader(path) for path in self._readers}
        if all(reader.resume(kept.places[path.name]) for path, reader in fresh.items()):
            self.series.adopt(kept.curves)
            self._readers = {path: (reader, None) for path, reader in fresh.items()}
            self._cached_bytes = sum(place.offset for place in kept.places.values())

    def keep_curves(self) -> None:
        """Write the cache, where there is something new to keep that took time to read."""
        if self._cache is None or self.event_bytes() < CACHE_FROM_BYTES or self.event_bytes() == self._cached_bytes:
            return
        places = {path.name: reader.place for path, (reader, _) in self._readers.items()}
        sound = {name: place for name, place in places.items() if place is not None}
        if len(sound) == len(places):
            self._cached_bytes = self.event_bytes()
            with suppress(OSError):
                curve_cache.save(self._cache, self.series, sound)

    def _forget_curves(self) -> None:
        self.series.clear()
        self._readers = {path: (EventFileReader(path), None) for path in self._readers if path.exists()}

    def _settle(self, clock: Clock) -> None:
        if not self._settle_dead or (self._record is not None and self._record.host not in ("", this_host())):
            return
        try:
            self._status = settle(self.run, clock)
        except OSError:
            return  # a full or read-only disk: the row says failed all the same, the file is completed later
        self._stamps["status.json"] = _stamp(self._watched["status.json"])

    def event_bytes(self) -> int:
        """Size of all event files as last seen."""
        stamps = (self._stamps.get(path.name) for path in self._readers)
        return sum(stamp[2] for stamp in stamps if stamp)

    def has_backlog(self) -> bool:
        """Whether event files hold something that was not read."""
        return any(self._unread(path, reader, seen) for path, (reader, seen) in self._readers.items())

    def _unread(self, path: Path, reader: EventFileReader, seen: Stamp) -> bool:
        stamp = self._stamps.get(path.name)
        return reader.has_backlog or (stamp is not None and stamp != seen)

    def read_curves(self, budget_s: float | None, clock: Callable[[], float]) -> bool:
        """Read what is new in the event files, oldest file first, for about the given time.

        Returns:
            Whether any curve changed.
        """
        end = None if budget_s is None else clock() + budget_s
        version = self.series.version
        if not self._loaded:
            self._thaw_curves()
        for path, (reader, seen) in list(self._readers.items()):
            if not self._unread(path, reader, seen):
                continue
            stamp = self._stamps.get(path.name)
            generation = reader.generation
            records = reader.read_new(None if end is None else max(0.0, end - clock()), clock)
            if reader.generation != generation:
                self._forget_curves()  # another file under the same name: the curves of all files start over
                return True
            self._readers[path] = (reader, stamp)
            self.series.extend(records)
            if reader.has_backlog or (end is not None and clock() >= end):
                break
        self._loaded = not self.has_backlog()
        return self.series.version != version

    def view(self) -> RunView:
        """The run as a row."""
        if self._asleep is not None:
            return self._asleep
        record, status = self._record, self._status
        best = best_score(self._evals)
        success = _first(status.success if status else None, self._evals[-1].success if self._evals else None)
        tag = next((name for name in SPARKLINE_TAGS if name in self.series), "")
        view = RunView(
            id=self.run.id,
            label=label_of(self.run.id),
            env=record.env if record else "",
            kind=record.kind if record else "",
            study=record.study if record else None,
            trial=record.trial if record else None,
            parent=record.parent if record else None,
            host=record.host if record else "",
            created=record.created if record else "",
            state=state_now(status, self.alive, self._launched),
            phase=status.phase if status and self.alive else "",
            alive=self.alive,
            data_time=newest(self.series.last_wall_time, status.updated if status else None),
            env_steps=status.env_steps if status else 0,
            total_env_steps=status.total_env_steps if status else 0,
            steps_per_s=status.steps_per_s if status and self.alive else 0.0,
            eta_s=status.eta_s if status and self.alive else None,
            score=best.score if best else (status.score if status else None),
            score_step=best.step if best else None,
            success=success,
            sparkline=self.series.sample(tag, SPARKLINE_POINTS) if tag else (),
            sparkline_tag=tag,
            metrics=MappingProxyType(self._metrics(status)),
            note_count=self._note_count,
            end_reason=None if self.alive or not status else self._end(status)[0],
            end_detail=None if self.alive or not status else self._end(status)[1],
            badges=self._badges(),
            loading=not self._loaded and self.has_backlog(),
            data_version=self.series.version,
        )
        return view if self._loaded or self._before is None else self._with_former_curves(view, self._before)

    @staticmethod
    def _with_former_curves(view: RunView, before: RunView) -> RunView:
        """The row of a run that has just woken: what was known of its curves stays until they are read."""
        return replace(
            view,
            sparkline=before.sparkline,
            sparkline_tag=before.sparkline_tag,
            metrics=MappingProxyType({**before.metrics, **view.metrics}),
            data_time=newest(before.data_time, view.data_time),
        )

    def _metrics(self, status: RunStatus | None) -> dict[str, float]:
        told = status.metrics if status else {}
        return {**self.series.last(but=told), **told}

    def _end(self, status: RunStatus) -> tuple[str | None, str | None]:
        if status.state != "running":
            return status.end_reason, status.end_detail
        host = self._record.host if self._record else ""
        if host not in ("", this_host()):
            return None, f"it was running on {host} when this copy was made"
        return "crashed", "the process died without a word; its status could not be completed"

    def _badges(self) -> tuple[str, ...]:
        damage = (reader.badge for reader, _ in self._readers.values())
        return tuple(text for text in (self._trouble, self._record_badge, *damage) if text)


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)


def _stamp(path: str) -> Stamp:
    try:
        info = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return info.st_mtime_ns, info.st_ino, info.st_size
