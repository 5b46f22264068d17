"""The scheduler: an engine on a thread of its own, with the study's lock, its inbox and its listeners.

It never runs on a user interface's loop. Everything it knows is in the log, so ending it at any moment loses nothing:
the next one folds the log, adopts the trials that live and continues those that died.
"""

import contextlib
import os
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from automl.clock import Clock, SystemClock
from automl.commands import Command, command_from_dict, with_id
from automl.engine import Engine, Suggester
from automl.executor import Executor
from automl.journal import Journal
from automl.local import LocalExecutor, usable_cores
from automl.statefile import write_papers
from automl.studies import existing_log, load_unchanged
from automl.suggest import suggest
from automl.view import StudyView, build_view
from sessions.code_version import code_version
from sessions.errors import LockedError, VbotError
from sessions.files import append_line, read_json, write_atomic
from sessions.locks import Lock, describe_holder
from sessions.workspace import Workspace
from vbot_sim.errors import SimError

PASS_S = 0.5
TROUBLE_PASS_S = 2.0
COUNT_S = 1.0
ELAPSED_FILE = "elapsed"

Listener = Callable[[StudyView], None]


class Scheduler:
    """Runs one study. `start` and `stop` belong to one thread; all else may be called from any.

    Args:
        workspace: where the study is.
        study: its id.
        executor: where trials run; processes of this machine if left out. It is closed with the scheduler.
        clock: what time it is.
        pass_s: time between two looks at the runs.
        suggester: gives the next configuration.
    """

    def __init__(
        self,
        workspace: Workspace,
        study: str,
        executor: Executor | None = None,
        clock: Clock | None = None,
        pass_s: float = PASS_S,
        suggester: Suggester = suggest,
    ) -> None:
        self.path = workspace.study(study)
        self.study = self.path.name
        self._executor = executor or LocalExecutor(workspace)
        self._clock = clock or SystemClock()
        self._pass_s = pass_s
        self._suggester = suggester
        self._commands: deque[Command] = deque()
        self._listeners: list[Listener] = []
        self._stopping = threading.Event()
        self._idle = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock: Lock | None = None
        self._engine: Engine | None = None
        self._view: StudyView | None = None
        self._papers_of: object = None
        self._stuck: set[Path] = set()
        self._counted_s = 0.0
        self.released = False

    def start(self) -> None:
        """Take the study, recover what its log tells, and begin to schedule.

        Raises:
            LockedError: another scheduler has the study; the message names it.
            CorruptFileError: the log is damaged; nothing was changed.
            WorkFailed: the disk is full.
        """
        self._lock = _take_study(self.path, self.study)
        try:
            self._journal = Journal(existing_log(self.path))
            self._spec = load_unchanged(self.path, self._journal.read())
            self._slots = min(self._spec.slots or usable_cores(), usable_cores())
            self._engine = Engine(
                self.study,
                self._spec,
                self._journal,
                self._executor,
                self._clock,
                self._slots,
                _host_facts(),
                suggester=self._suggester,
                spent_s=_counted(self.path / ELAPSED_FILE),
                code=code_version,
            )
            if self._journal.cut_bytes:
                self._log(f"cut {self._journal.cut_bytes} bytes of an unfinished write from the log")
        except BaseException:
            self._lock.release()
            raise
        self._publish("")
        self._thread = threading.Thread(target=self._run, name=f"scheduler {self.study}", daemon=True)
        self._thread.start()

    def stop(self, handover: bool = False) -> None:
        """End the scheduler and let go of the study; its trials go on. Nothing happens the second time."""
        if self._thread is None or self._engine is None:
            return
        self._stopping.set()
        self._executor.wake()
        self._thread.join()
        self._thread = None
        with contextlib.suppress(VbotError):  # a full disk must not keep anyone from leaving
            self._engine.stop("handed over" if handover or self.released else "stopped")
        self._journal.close()
        self._executor.close()
        if self._lock is not None:
            self._lock.release()

    def snapshot(self) -> StudyView:
        """The study as the last pass saw it."""
        if self._view is None:
            raise RuntimeError("the scheduler has not been started")
        return self._view

    def subscribe(self, listener: Listener) -> None:
        """Have a function called with every new snapshot, on the scheduler's thread; it must return at once."""
        self._listeners.append(listener)

    def wait_idle(self, timeout_s: float | None = None) -> bool:
        """Wait until the study has ended or was asked for by another process; False when time is up first."""
        return self._idle.wait(timeout_s)

    def send(self, command: Command) -> str:
        """Ask for something; the id of the command, under which the log will hold the answer."""
        command = with_id(command)
        self._idle.clear()
        self._commands.append(command)
        self._executor.wake()
        return command.id

    def answer_to(self, command_id: str) -> str | None:
        """The answer to a command, None while it has not been read."""
        return self._engine.state.commands.get(command_id) if self._engine else None

    def start_trial(self, params: dict[str, Any] | None = None, who: str = "person", why: str = "") -> str:
        """Ask for one more trial; searched keys that are left out are suggested."""
        return self.send(Command("start_trial", who, why or "asked for one more trial", params=params))

    def kill(self, trial: int, who: str = "person", why: str = "") -> str:
        """Ask a trial to end; asking a second time kills it at once."""
        return self.send(Command("kill_trial", who, why or "killed by hand", trial=trial))

    def pause(self, who: str = "person", why: str = "") -> str:
        """Start no new trials."""
        return self.send(Command("pause_study", who, why or "paused by hand"))

    def resume(self, who: str = "person", why: str = "") -> str:
        """Start trials again."""
        return self.send(Command("resume_study", who, why or "resumed by hand"))

    # --- the thread

    def _run(self) -> None:
        engine = self._engine
        assert engine is not None
        told = ""
        while not self._stopping.is_set():
            trouble = ""
            try:
                self._pass(engine)
            except (VbotError, SimError, OSError) as error:
                trouble = str(error)
            except Exception as error:  # a study must not end because one pass went wrong
                trouble = f"unexpected {type(error).__name__}: {error}; see {self.path / 'scheduler.log'}"
                if trouble != told:
                    self._log(traceback.format_exc())
            told = trouble
            self._publish(trouble)
            if engine.released_by is not None:
                self.released = True
                self._idle.set()
                return
            if engine.state.ended is not None and not self._commands:
                self._idle.set()
            else:
                self._idle.clear()
            self._executor.wait(TROUBLE_PASS_S if trouble else min(self._pass_s, engine.seconds_to_deadline()))

    def _pass(self, engine: Engine) -> None:
        while self._commands:
            engine.obey(self._commands[0])
            self._commands.popleft()
        for path, command in self._inbox():
            if command is not None:
                engine.obey(command)
            try:
                path.unlink(missing_ok=True)
            except OSError as error:  # what cannot be thrown away is not looked at again
                self._stuck.add(path)
                self._log(f"{path.name} stays in the inbox: {error.strerror}")
        if engine.released_by is None:
            engine.step()
        self._write_papers(engine)
        self._count(engine)

    def _count(self, engine: Engine) -> None:
        """Keep the seconds spent between events too, so that a killed scheduler costs the budget no more than one."""
        if engine.state.ended is None and abs(engine.elapsed_s - self._counted_s) >= COUNT_S:
            self._counted_s = engine.elapsed_s
            with contextlib.suppress(OSError):  # the log counts as well, in coarser steps
                write_atomic(self.path / ELAPSED_FILE, f"{self._counted_s:.1f}\n", durable=False)

    def _write_papers(self, engine: Engine) -> None:
        """Write state.yaml and report.md when a trial or the study has ended since they were last written."""
        state = engine.state
        mark = (state.finish_order, state.ended, state.pause)
        if mark == self._papers_of:
            return
        self._papers_of = mark
        try:
            write_papers(self.path, self.study, self._spec, state)
        except OSError as error:  # they are copies: a study must not wait for them
            self._log(f"state.yaml and report.md were not written: {error}")

    def _inbox(self) -> Iterator[tuple[Path, Command | None]]:
        """Commands of other processes, oldest first; what is none is put aside by its caller and said in the log."""
        for path in sorted((self.path / "inbox").glob("*.json")):
            if path in self._stuck:
                continue
            try:
                yield path, replace(command_from_dict(read_json(path)), id=path.stem)
            except (VbotError, SimError, OSError) as error:
                self._log(f"refused {path.name}: {error}")
                yield path, None

    def _publish(self, trouble: str) -> None:
        engine = self._engine
        assert engine is not None
        version = self._view.version + 1 if self._view else 1
        self._view = build_view(
            self.study,
            self._spec,
            engine.state,
            engine.reports,
            attended=True,
            slots=self._slots,
            heartbeat=self._clock.utc(),
            trouble=trouble,
            elapsed_s=engine.elapsed_s,
            version=version,
        )
        for listener in self._listeners:
            try:
                listener(self._view)
            except Exception:  # a listener's fault must not stop the study
                self._log(traceback.format_exc())

    def _log(self, text: str) -> None:
        with contextlib.suppress(OSError):
            for line in text.splitlines():
                append_line(self.path / "scheduler.log", f"{self._clock.utc()} {line}", durable=False)


def _take_study(path: Path, study: str) -> Lock:
    lock_path = path / "lock"
    lock = Lock.try_acquire(lock_path, f"the scheduler of study {study}")
    if lock is None:
        holder = describe_holder(lock_path)
        raise LockedError(f"study {study} is scheduled by {holder} already; use that one, or stop it first", holder)
    return lock


def _counted(path: Path) -> float:
    """The seconds that the scheduler before had counted when it wrote last; 0 where that cannot be read."""
    try:
        seconds = float(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0.0
    return seconds if 0.0 <= seconds < float("inf") else 0.0


def _host_facts() -> dict[str, Any]:
    return {
        "pid": os.getpid(),
        "host": os.uname().nodename,
        "code_version": code_version(),
        "unix_time": round(time.time(), 3),
    }
