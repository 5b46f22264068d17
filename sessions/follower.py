"""The one thread that reads the workspace while it grows, and keeps the store current.

Truth is what `stat` says, once a second. File-system events (`sessions.watch`) are hints that make it look sooner; who
hears them only remembers a name, because reading there would make the next event, and waiting could block the end of
the program. Without hints (network file system, no watches left) everything works, up to a second later. Backlogs are
read in slices of a few milliseconds, live runs first.

Runs that have ended are known from an index of the last opening and sleep until somebody wants their curves; those that
the index does not know are read in the background, one after the other, and then sleep too.
"""

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from sessions import run_index, watch
from sessions.files import Clock
from sessions.run_follow import RunFollow
from sessions.runs import RunDir
from sessions.store import RunView, Snapshot, Store
from sessions.watch import Watch
from sessions.workspace import Workspace

POLL_S = 1.0
SLICE_S = 0.008
REST_S = 0.004  # given to other threads after each slice
GATHER_S = 0.005  # several hints in this time make one look; who watches has gathered already
PUBLISH_S = 0.1  # while reading a backlog
REST_ROUNDS = 30  # a run at rest is looked at fully in one of so many polls
WATCHED_ROUNDS = 120  # the same where events tell of changes
EAGER_RUNS = 100
EAGER_BYTES = 32 << 20
LAZY_REST = 4.0  # times as long as a slice took, where nobody waits for what is read
KEEP_AWAKE = 24  # so many runs that have ended keep their curves in memory, those asked for last
INDEX_S = 60.0  # between two writings of the index
FRESH_S = 0.1  # a folder that changed this lately may have changed again within the resolution of its time
MISSED_HINTS = 3
FRESH_LOOK = 0.75  # of the time between two polls: a run that was looked at since need not be looked at again

log = logging.getLogger(__name__)


class Follower:
    """Follows all runs of a workspace.

    Args:
        workspace: What to follow.
        on_change: Called from the follower's thread after the store changed; it must return at once (post, set a flag).
        store: Where views and curves go.
        clock: Wall time in seconds since 1970.
        ticks: Monotonic seconds.
        watch: Makes the source of hints; None means no hints.
        settle_dead: Complete the status of runs of this machine that died.
        poll_s: Seconds between looks at everything.
        eager_runs: So many of the newest runs have their curves read at once.
        keep: Write the index and the caches of curves; without, they are only read.
    """

    def __init__(
        self,
        workspace: Workspace,
        on_change: Callable[[], None] | None = None,
        store: Store | None = None,
        *,
        clock: Clock = time.time,
        ticks: Clock = time.monotonic,
        watch: Watch | None = watch.watch,
        settle_dead: bool = True,
        poll_s: float = POLL_S,
        eager_runs: int = EAGER_RUNS,
        keep: bool = False,
    ) -> None:
        self.store = store or Store()
        self.store.on_wanted = self.poke
        self._workspace = workspace
        self._on_change = on_change
        self._clock = clock
        self._ticks = ticks
        self._watch = watch
        self._settle_dead = settle_dead
        self._poll_s = poll_s
        self._eager_runs = eager_runs
        self._keep = keep
        self._runs = str(workspace.runs)  # text, because each hint is looked at
        self._index_path = workspace.view / "runs.index"
        self._index_due = 0.0
        self._index_stale = False
        self._active: set[str] = set()  # runs of which something is expected
        self._runs_stamp: object = None
        self._turn_of_rest = 0
        self._follows: dict[str, RunFollow] = {}
        self._folder_stamps: dict[str, object] = {}
        self._looked_at: dict[str, float] = {}
        self._known: dict[str, run_index.Known] = {}
        self._hints: deque[str] = deque(maxlen=100_000)  # the handler appends, the thread pops: no lock needed
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._end_watch: Callable[[], None] | None = None
        self._round = 0
        self._slices = 0
        self._lazy = False
        self._missed_hints = 0
        self._notices: dict[str, str] = {}
        self._changed: set[str] = set()
        self._gone: set[str] = set()
        self._backlog: set[str] = set()

    def start(self) -> None:
        """Begin to follow, in a thread of its own."""
        if self._thread is not None:
            raise RuntimeError("the follower was started already")
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> bool:
        """End the thread; safe to call at any time, from any thread, more than once.

        Returns:
            Whether it has ended.
        """
        self._stopping.set()
        self._wake.set()
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            return thread is None
        thread.join(timeout_s)
        return not thread.is_alive()

    def poke(self, run_id: str | None = None) -> None:
        """Have a run (or everything) looked at now; for changes this process made itself."""
        self._hints.append(run_id or "")
        self._wake.set()

    def read_once(self, curves: bool = True) -> Snapshot:
        """Look at everything in the calling thread and return the result; for programs that print and end.

        Args:
            curves: Read the curves of all runs. Without, none is read, and what the index knows is not looked into.
        """
        if not curves:
            self._known = run_index.load(self._index_path)
        self._poll()
        for name in [*self._follows] if curves else ():
            self._read_whole(name)
        self._publish()
        return self.store.snapshot()

    def read_unknown(self) -> Snapshot:
        """Read, after `read_once`, the curves of runs that the index does not know; very long ended ones are left."""
        for name in sorted(self._backlog):
            if name in self._active or self._follows[name].event_bytes() <= EAGER_BYTES:
                self._read_whole(name)
        self._publish()
        return self.store.snapshot()

    def read_run(self, run_id: str) -> None:
        """Read the curves of one run in the calling thread; for programs that print and end."""
        if run_id in self._follows:
            self._follows[run_id].wake()
            self._look(run_id)
            self._read_whole(run_id)
            self._publish()

    def _read_whole(self, name: str) -> None:
        while self._follows[name].has_backlog():
            self._follows[name].read_curves(None, self._ticks)
            self._changed.add(name)

    def _run(self) -> None:
        try:
            self._guarded(self._open_index)
            self._start_watch()
            next_poll = self._ticks()
            published = self._ticks()
            while not self._stopping.is_set():
                self._wake.clear()
                self._guarded(self._take_hints)
                if self._ticks() >= next_poll:
                    self._guarded(self._poll)
                    next_poll = self._ticks() + self._poll_s
                began = self._ticks()
                busy = self._guarded(self._read_slice)
                spent = self._ticks() - began
                if not busy or self._ticks() - published >= PUBLISH_S:
                    self._guarded(self._publish)
                    published = self._ticks()
                self._guarded(self._save_index)
                if busy:
                    self._stopping.wait(LAZY_REST * spent if self._lazy else REST_S)
                elif self._wake.wait(max(0.0, next_poll - self._ticks())):
                    self._stopping.wait(GATHER_S)
        finally:
            if self._end_watch is not None:
                self._end_watch()
            self._index_due = 0.0
            self._guarded(self._save_index)

    # --- the index

    def _open_index(self) -> bool:
        """Show at once what was known; the first poll then looks what is still true."""
        self._known = run_index.load(self._index_path)
        present = self._workspace.run_ids() if self._known else []
        views = [self._known[name].view for name in present if name in self._known]
        if self.store.put(views) and self._on_change is not None:
            with suppress(Exception):
                self._on_change()
        return bool(views)

    def _save_index(self) -> bool:
        if not self._keep or not self._index_stale or self._ticks() < self._index_due:
            return False
        self._index_due, self._index_stale = self._ticks() + INDEX_S, False
        known = {name: item for name, follow in self._follows.items() if (item := follow.known) is not None}
        with suppress(OSError):  # a full disk: the next opening reads everything anew
            run_index.save(self._index_path, known)
        return True

    def _guarded(self, job: Callable[[], bool]) -> bool:
        """Do a job; whatever goes wrong becomes a notice, because nobody would see the thread die."""
        try:
            done = job()
        except Exception as error:
            log.exception("following the workspace")
            self._notices["error"] = f"following the workspace failed once ({type(error).__name__}: {error})"
            return False
        return done

    def _start_watch(self) -> None:
        if self._watch is None:
            return
        try:
            self._end_watch = self._watch(str(self._workspace.runs), self._hint)
        except OSError as error:
            self._notices["watch"] = (
                f"no file-system events ({error.strerror or error}); looking every {self._poll_s:g} s instead"
            )

    def _hint(self, run_id: str) -> None:
        self._hints.append(run_id)
        self._wake.set()

    def _take_hints(self) -> bool:
        names: set[str] = set()
        while self._hints:
            names.add(self._hints.popleft())
        if names:
            self._missed_hints = 0
            self._notices.pop("missed", None)
        if "" in names:
            return self._poll()
        for name in names:
            if self._is_run(name):
                self._look(name)
            else:
                self._drop(name)
        return bool(names)

    def _is_run(self, name: str) -> bool:
        return bool(name) and not name.startswith(".") and os.path.isdir(f"{self._runs}/{name}")

    def _poll(self) -> bool:
        """Look at what may have changed: new and vanished runs, those of which something is expected, some others."""
        self._round += 1
        looked = self._look_for_runs()
        for name in sorted(self._active - looked, reverse=True):
            if self._stopping.is_set():
                return False
            if name in self._follows and self._ticks() - self._looked_at[name] >= FRESH_LOOK * self._poll_s:
                self._look(name, polled=True)
        for name in self._due_at_rest(looked):
            self._look(name, polled=True)
        self._put_to_sleep()
        return True

    def _look_for_runs(self) -> set[str]:
        """Look at runs that are new, forget those that are gone, where the folder of runs has changed."""
        stamp = self._stamp_of_runs()
        if stamp is not None and stamp == self._runs_stamp and self._round % REST_ROUNDS:
            return set()
        self._runs_stamp = stamp
        names = set(self._workspace.run_ids())
        for name in [name for name in self._follows if name not in names]:
            self._drop(name)
        new = names - self._follows.keys()
        for name in sorted(new, reverse=True):
            if self._stopping.is_set():
                break
            self._look(name, polled=True)
        return new

    def _stamp_of_runs(self) -> object:
        """What tells whether a run was added or removed; None where it cannot be told."""
        try:
            info = os.stat(self._workspace.runs)
        except OSError:
            return None
        return (info.st_mtime_ns, info.st_ino) if abs(time.time() - info.st_mtime) > FRESH_S else None

    def _due_at_rest(self, looked: set[str]) -> list[str]:
        """Runs at rest to look at: a share of them in turn; without events, also those whose folder has changed."""
        resting = [name for name in self._follows if name not in self._active and name not in looked]
        watched = self._end_watch is not None and self._missed_hints < MISSED_HINTS
        share = -(-len(resting) // (WATCHED_ROUNDS if watched else REST_ROUNDS))
        first = self._turn_of_rest % max(1, len(resting))
        self._turn_of_rest = first + share
        due = (resting[first:] + resting[:first])[:share]
        if watched:
            return due
        rest = (resting[first:] + resting[:first])[share:]
        return due + [name for name in rest if self._folder_stamps.get(name) != self._follows[name].folder_stamp]

    def _put_to_sleep(self) -> None:
        """Let go of the curves of ended runs that nobody has asked for lately."""
        if not self._keep:
            return
        for name in self.store.wanted()[:-KEEP_AWAKE]:
            self.store.unwant(name)
        wanted = set(self.store.wanted())
        for name, follow in self._follows.items():
            if name not in self._active and name not in wanted and not follow.asleep and name not in self._backlog:
                follow.sleep()

    def _drop(self, name: str) -> None:
        if self._follows.pop(name, None) is not None:
            self._folder_stamps.pop(name, None)
            self._looked_at.pop(name, None)
            self._gone.add(name)
            self._backlog.discard(name)
            self._active.discard(name)
            self._index_stale = True

    def _look(self, name: str, polled: bool = False) -> None:
        follow = self._follows.get(name)
        new = follow is None
        if follow is None:
            follow = self._follows[name] = self._begin(name)
        if follow.asleep and name in self.store.wanted():
            follow.wake()
        self._gone.discard(name)
        self._folder_stamps[name], self._looked_at[name] = follow.folder_stamp, self._ticks()
        found = follow.look(self._clock)
        if found.changed or (new and not (follow.asleep and self.store.get(name) is not None)):
            self._changed.add(name)
            self._index_stale = True
        (self._active.discard if follow.at_rest else self._active.add)(name)
        if follow.has_backlog():
            self._backlog.add(name)
        if polled and found.written and not new and self._end_watch is not None:
            self._count_missed_hint()

    def _begin(self, name: str) -> RunFollow:
        return RunFollow(
            RunDir(self._workspace.runs / name),
            self.store.series(name, wanted=False),
            self._settle_dead,
            self._known.pop(name, None),
            self._workspace.view / "curves" / f"{name}.bin" if self._keep else None,
        )

    def _count_missed_hint(self) -> None:
        """Polling found what no event told; a few in a row mean that events do not arrive."""
        self._missed_hints += 1
        if self._missed_hints >= MISSED_HINTS:
            self._notices["missed"] = (
                f"file-system events do not arrive for all runs; looking every {self._poll_s:g} s instead"
            )

    def _read_slice(self) -> bool:
        """Read for one slice, of as many runs as it has time for; returns whether there is more to read."""
        end = self._ticks() + SLICE_S
        ended = False
        while waiting := self._waiting():
            name = waiting[self._turn(len(waiting))]
            if self._follows[name].read_curves(max(0.0, end - self._ticks()), self._ticks):
                self._changed.add(name)
            if not self._follows[name].has_backlog():
                self._backlog.discard(name)
                self._index_stale = True
                ended = ended or name not in self._active
            if self._lazy or self._ticks() >= end:
                break
        if ended:
            self._put_to_sleep()
        return bool(self._waiting())

    def _turn(self, count: int) -> int:
        self._slices += 1
        return self._slices % count

    def _waiting(self) -> list[str]:
        """Runs with something to read: live ones, else those asked for, else the newest small ones, else any other."""
        self._lazy = False
        if not self._backlog:
            return []
        backlog = sorted(self._backlog, reverse=True)
        live = [name for name in backlog if self._follows[name].alive]
        if live:
            return live
        wanted = set(self.store.wanted())
        asked = [name for name in backlog if name in wanted]
        if asked:
            return asked
        newest = set(sorted(self._follows, reverse=True)[: self._eager_runs])
        eager = [name for name in backlog if name in newest and self._follows[name].event_bytes() <= EAGER_BYTES][:1]
        self._lazy = not eager
        return eager or (backlog[:1] if self._keep else [])

    def _publish(self) -> bool:
        names, self._changed = self._changed, set()
        gone, self._gone = self._gone, set()
        views: list[RunView] = [self._follows[name].view() for name in names if name in self._follows]
        changed = self.store.put(views, gone, tuple(self._notices.values()))
        if changed and self._on_change is not None:
            with suppress(Exception):  # the listener may be closing down; the next one finds the store current
                self._on_change()
        return changed


def read_workspace(workspace: Workspace, curves: bool = False) -> tuple[Snapshot, Store]:
    """All runs as they are now, without a thread and without writing anything."""
    follower = Follower(workspace, settle_dead=False)
    return follower.read_once(curves), follower.store
