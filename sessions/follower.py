"""The one thread that reads the workspace while it grows, and keeps the store current.

Truth is what `stat` says, once a second. File-system events (watchdog) are hints that make it look sooner; their
handler only remembers a name, because a handler that reads triggers itself, and one that waits can block the end of the
program. Without hints (network file system, no watches left) everything works, up to a second later. Backlogs are read
in slices of a few milliseconds, live runs first.
"""

import logging
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from sessions.files import Clock
from sessions.run_follow import RunFollow
from sessions.runs import RunDir
from sessions.store import RunView, Snapshot, Store
from sessions.workspace import Workspace

POLL_S = 1.0
SLICE_S = 0.008
REST_S = 0.004  # given to other threads after each slice
GATHER_S = 0.02  # several hints in this time make one look
PUBLISH_S = 0.1  # while reading a backlog
REST_ROUNDS = 30  # a run at rest is looked at fully in one of so many polls
EAGER_RUNS = 100
EAGER_BYTES = 32 << 20
MISSED_HINTS = 3

log = logging.getLogger(__name__)


Watch = Callable[[str, Callable[[str], None]], Callable[[], None]]
"""Gets a folder and a function to call with the names of runs in it that changed; returns a function that ends it."""


def watch_with_watchdog(folder: str, hint: Callable[[str], None]) -> Callable[[], None]:
    """Hints from the kernel: calls `hint` with the name of the run whose files changed.

    Raises:
        OSError: There are no watches or no instances left, or the folder does not exist.
    """
    from watchdog import events
    from watchdog.observers import Observer

    prefix = folder.rstrip("/") + "/"

    class Handler(events.FileSystemEventHandler):
        def dispatch(self, event: events.FileSystemEvent) -> None:
            for path in (event.src_path, event.dest_path):
                text = path if isinstance(path, str) else bytes(path).decode(errors="surrogateescape")
                if text.startswith(prefix):
                    hint(text[len(prefix) :].split("/", 1)[0])

    kinds: list[type[events.FileSystemEvent]] = [
        events.FileModifiedEvent,
        events.FileCreatedEvent,
        events.FileMovedEvent,
        events.FileDeletedEvent,
        events.DirCreatedEvent,
        events.DirMovedEvent,
        events.DirDeletedEvent,
    ]
    # A folder that is made and filled at once may get its watch twice; watchdog warns and goes on.
    warnings.filterwarnings("ignore", message="Callback with id", category=RuntimeWarning)
    observer = Observer()
    try:
        observer.schedule(Handler(), folder, recursive=True, event_filter=kinds)
        observer.start()
    except BaseException:
        observer.on_thread_stop()
        raise

    def end() -> None:
        observer.stop()
        observer.join(timeout=2.0)

    return end


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
        eager_runs: So many of the newest runs have their curves read unasked.
    """

    def __init__(
        self,
        workspace: Workspace,
        on_change: Callable[[], None] | None = None,
        store: Store | None = None,
        *,
        clock: Clock = time.time,
        ticks: Clock = time.monotonic,
        watch: Watch | None = watch_with_watchdog,
        settle_dead: bool = True,
        poll_s: float = POLL_S,
        eager_runs: int = EAGER_RUNS,
    ) -> None:
        self.store = store or Store()
        self._workspace = workspace
        self._on_change = on_change
        self._clock = clock
        self._ticks = ticks
        self._watch = watch
        self._settle_dead = settle_dead
        self._poll_s = poll_s
        self._eager_runs = eager_runs
        self._follows: dict[str, RunFollow] = {}
        self._folder_stamps: dict[str, object] = {}
        self._hints: deque[str] = deque(maxlen=100_000)  # the handler appends, the thread pops: no lock needed
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._end_watch: Callable[[], None] | None = None
        self._round = 0
        self._slices = 0
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
        """Look at everything in the calling thread and return the result; for programs that print and end."""
        self._poll()
        if curves:
            for name in [*self._follows]:
                while self._follows[name].has_backlog():
                    self._follows[name].read_curves(None, self._ticks)
                    self._changed.add(name)
        self._publish()
        return self.store.snapshot()

    def _run(self) -> None:
        try:
            self._start_watch()
            next_poll = self._ticks()
            published = self._ticks()
            while not self._stopping.is_set():
                self._wake.clear()
                self._guarded(self._take_hints)
                if self._ticks() >= next_poll:
                    self._guarded(self._poll)
                    next_poll = self._ticks() + self._poll_s
                busy = self._guarded(self._read_slice)
                if not busy or self._ticks() - published >= PUBLISH_S:
                    self._guarded(self._publish)
                    published = self._ticks()
                if busy:
                    self._stopping.wait(REST_S)
                elif self._wake.wait(max(0.0, next_poll - self._ticks())):
                    self._stopping.wait(GATHER_S)
        finally:
            if self._end_watch is not None:
                self._end_watch()

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
        return bool(name) and not name.startswith(".") and (self._workspace.runs / name).is_dir()

    def _poll(self) -> bool:
        names = set(self._workspace.run_ids())
        for name in [*self._follows]:
            if name not in names:
                self._drop(name)
        self._round += 1
        for index, name in enumerate(sorted(names, reverse=True)):
            if self._stopping.is_set():
                return False
            follow = self._follows.get(name)
            due = follow is None or not follow.at_rest or (index + self._round) % REST_ROUNDS == 0
            if due or (follow is not None and self._folder_stamps.get(name) != follow.folder_stamp):
                self._look(name, polled=True)
        return True

    def _drop(self, name: str) -> None:
        if self._follows.pop(name, None) is not None:
            self._folder_stamps.pop(name, None)
            self._gone.add(name)
            self._backlog.discard(name)

    def _look(self, name: str, polled: bool = False) -> None:
        follow = self._follows.get(name)
        new = follow is None
        if follow is None:
            series = self.store.series(name, wanted=False)
            follow = self._follows[name] = RunFollow(RunDir(self._workspace.runs / name), series, self._settle_dead)
        self._gone.discard(name)
        self._folder_stamps[name] = follow.folder_stamp
        found = follow.look(self._clock)
        if found.changed or new:
            self._changed.add(name)
        if follow.has_backlog():
            self._backlog.add(name)
        if polled and found.written and not new and self._end_watch is not None:
            self._count_missed_hint()

    def _count_missed_hint(self) -> None:
        """Polling found what no event told; a few in a row mean that events do not arrive."""
        self._missed_hints += 1
        if self._missed_hints >= MISSED_HINTS:
            self._notices["missed"] = (
                f"file-system events do not arrive for all runs; looking every {self._poll_s:g} s instead"
            )

    def _read_slice(self) -> bool:
        """Read for one slice; returns whether there is more to read."""
        waiting = self._waiting()
        if not waiting:
            return False
        name = waiting[self._turn(len(waiting))]
        if self._follows[name].read_curves(SLICE_S, self._ticks):
            self._changed.add(name)
        if not self._follows[name].has_backlog():
            self._backlog.discard(name)
        return len(waiting) > 1 or bool(self._waiting())

    def _turn(self, count: int) -> int:
        self._slices += 1
        return self._slices % count

    def _waiting(self) -> list[str]:
        """Runs with something to read: the live ones if any, else those asked for, else the newest small ones."""
        if not self._backlog:
            return []
        backlog = sorted(self._backlog, reverse=True)
        live = [name for name in backlog if self._follows[name].alive]
        if live:
            return live
        wanted = self.store.wanted()
        asked = [name for name in backlog if name in wanted]
        if asked:
            return asked
        newest = set(sorted(self._follows, reverse=True)[: self._eager_runs])
        return [name for name in backlog if name in newest and self._follows[name].event_bytes() <= EAGER_BYTES][:1]

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
