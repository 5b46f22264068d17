"""The desk where studies are driven: schedulers of this process, and letters to those of others.

Everything here runs on the core's thread (schedulers have their own). A study is driven here, elsewhere or by nobody;
a command finds its way in each case.
"""

import getpass
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl import handover, studies
from automl.commands import Command, Kind
from automl.local import LocalExecutor
from automl.scheduler import Scheduler
from automl.spec import StudySpec
from automl.state import StopOrder
from automl.view import StudyView
from sessions.errors import LockedError, VbotError
from sessions.files import read_json
from sessions.locks import is_held
from sessions.workspace import Workspace

if TYPE_CHECKING:
    from automl.memory.keeper import Keeper

ANSWER_S = 15.0
TAKE_OVER_S = 20.0
LAST_WORDS_S = 5.0
MEMORY_S = 0.5  # leaving does not wait longer for WAKE_UP.md; who goes on writes it again


@dataclass(frozen=True)
class Pending:
    """A command whose answer is awaited."""

    study: str
    command: str
    until: float


class Desk:
    """Studies of one workspace, and who drives them.

    Args:
        workspace: Where the studies are.
        make_scheduler: Makes the scheduler of a study.
        hand_over: Starts a driver without a screen for a study that was let go of; returns its pid.
    """

    def __init__(
        self,
        workspace: Workspace,
        make_scheduler: Callable[[Workspace, str], Scheduler] = Scheduler,
        hand_over: Callable[[Workspace, str], int] = handover.hand_over,
    ) -> None:
        self.on_change: Callable[[], None] = lambda: None
        self._workspace = workspace
        self._make_scheduler = make_scheduler
        self._start_driver = hand_over
        self._schedulers: dict[str, Scheduler] = {}
        self._keepers: dict[str, Keeper] = {}
        self._viewer = studies.StudyViewer(workspace)
        self._pending: list[Pending] = []
        self._wanted: dict[str, float] = {}
        self.damaged: dict[str, str] = {}
        self.who = login()

    def ids(self) -> list[str]:
        """Ids of all studies, newest first."""
        return studies.list_studies(self._workspace)[::-1]

    def view(self, study: str) -> StudyView | None:
        """The newest picture of a study; None where its files are damaged (then ``damaged`` says how)."""
        scheduler = self._schedulers.get(study)
        if scheduler is not None:
            return scheduler.snapshot()
        try:
            seen: StudyView = self._viewer.view(study)
        except Exception as error:  # whatever is wrong with a study's files, the others can still be shown
            self.damaged[study] = str(error)
            return None
        self.damaged.pop(study, None)
        return seen

    def driver(self, study: str) -> str:
        """Who decides for a study."""
        if study in self._schedulers:
            return "here"
        return "elsewhere" if is_held(self.lock(study)) else "nobody"

    def lock(self, study: str) -> Path:
        """The file whose lock tells whether somebody drives the study."""
        return self._workspace.studies / study / "lock"

    # --- driving

    def create(self, spec: StudySpec) -> str:
        """Make a study and drive it here."""
        study = studies.create_study(self._workspace, spec)
        self.drive(study)
        return study

    def drive(self, study: str) -> None:
        """Drive a study here. Raises LockedError when somebody else does."""
        from automl.memory.keeper import Keeper  # not before the first paint

        scheduler = self._make_scheduler(self._workspace, study)
        scheduler.subscribe(lambda view: self.on_change())
        keeper = Keeper(self._workspace)
        scheduler.subscribe(keeper)
        scheduler.start()
        self._schedulers[study], self._keepers[study] = scheduler, keeper

    def want(self, study: str) -> None:
        """Drive a study here as soon as its driver, if there is one, has let go of it."""
        if study in self._schedulers or study in self._wanted:
            return
        if self.driver(study) == "elsewhere":
            studies.send(
                self._workspace, study, Command("release", self.who, f"wanted by a cockpit (pid {os.getpid()})")
            )
        self._wanted[study] = time.monotonic() + TAKE_OVER_S

    def adopt(self) -> None:
        """Want every study that has not ended and whose driver is gone, or has no screen: what was left behind."""
        for study in self.ids():
            seen = self.view(study)
            if seen is None or seen.state in ("finished", "stopped"):
                continue
            if self.driver(study) == "nobody" or has_no_screen(self.lock(study)):
                self.want(study)

    def pursue(self) -> tuple[list[str], list[str]]:
        """Take the wanted studies that are free now.

        Returns:
            Those that are driven here since this call, and those that were not let go in time.
        """
        taken, given_up = [], []
        for study, until in list(self._wanted.items()):
            if self.driver(study) == "nobody":
                with suppress(LockedError):
                    self.drive(study)
                    taken.append(study)
            elif time.monotonic() > until:
                given_up.append(study)
        for study in (*taken, *given_up):
            del self._wanted[study]
        return taken, given_up

    def drop_released(self) -> list[str]:
        """Let go of studies that another process asked for."""
        gone = [study for study, scheduler in self._schedulers.items() if scheduler.released]
        for study in gone:
            self._schedulers.pop(study).stop()
            self._keepers.pop(study).close(MEMORY_S)
        return gone

    # --- commands

    def send(
        self, study: str, kind: Kind, why: str, trial: int | None = None, params: Mapping[str, Any] | None = None
    ) -> None:
        """Ask something of a study, whoever drives it; the answer comes later by ``answers``."""
        command = Command(kind, self.who, why, trial=trial, params=params)
        if study not in self._schedulers and self.driver(study) == "nobody":
            self.drive(study)
        scheduler = self._schedulers.get(study)
        sent = scheduler.send(command) if scheduler else studies.send(self._workspace, study, command)
        self._pending.append(Pending(study, sent, time.monotonic() + ANSWER_S))

    def answers(self) -> list[str]:
        """Sentences that studies have answered since the last call, and complaints about silence."""
        out, left = [], []
        for item in self._pending:
            reply = self._answer(item)
            if reply is not None:
                out.append(reply)
            elif time.monotonic() > item.until:
                out.append("no answer yet from the study's driver; the request stays in its inbox")
            else:
                left.append(item)
        self._pending = left
        return out

    @property
    def waiting(self) -> bool:
        """Whether an answer or a study is still awaited."""
        return bool(self._pending or self._wanted)

    def _answer(self, item: Pending) -> str | None:
        scheduler = self._schedulers.get(item.study)
        if scheduler is not None:
            return scheduler.answer_to(item.command)
        with suppress(VbotError, OSError):
            return studies.study_state(self._workspace, item.study).commands.get(item.command)
        return None

    def stop_single(self, run: str, why: str) -> None:
        """Kill a run that belongs to no study."""
        executor = LocalExecutor(self._workspace)
        try:
            executor.ask_to_stop(run, StopOrder("kill", self.who, why))
        finally:
            executor.close()

    # --- leaving

    def close(self, stop: str = "") -> list[str]:
        """Let go of all studies; those with work left go on under a detached scheduler.

        Args:
            stop: Id of a study that is to be stopped on the way out.

        Returns:
            What to tell the person, one sentence each.
        """
        words: list[str] = []
        if stop:
            with suppress(VbotError, OSError):
                self.send(stop, "stop_study", "stopped from the cockpit")
                words.append(f"Study {stop} stops; its trials write a checkpoint and end.")
        self._await_answers()
        for study, scheduler in self._schedulers.items():
            state = scheduler.snapshot().state
            going_on = state not in ("finished", "stopped") and not scheduler.released
            scheduler.stop(handover=going_on)
            if going_on:
                words.append(self._hand_over(study))
        for keeper in self._keepers.values():
            keeper.close(MEMORY_S)
        self._schedulers.clear()
        self._keepers.clear()
        return words

    def _await_answers(self) -> None:
        """Give the schedulers here a moment to journal what was asked last; a letter to others is on disk already."""
        end = time.monotonic() + LAST_WORDS_S
        asked = [item for item in self._pending if item.study in self._schedulers]
        while any(self._answer(item) is None for item in asked) and time.monotonic() < end:
            time.sleep(0.01)

    def _hand_over(self, study: str) -> str:
        try:
            pid = self._start_driver(self._workspace, study)
        except (VbotError, OSError) as error:
            return f"Handing over failed: {error}"
        return f"Study {study} goes on without a screen (pid {pid}); vbot-tui shows it again."


def has_no_screen(lock: Path) -> bool:
    """Return whether a study's driver is one that was started without a screen when a cockpit was left.

    The lock says that there is a driver; what kind it is may be guessed from its command line, because only manners
    depend on it: such a driver waits for somebody to come back, another cockpit or a person's own command does not.
    """
    with suppress(VbotError, OSError, ValueError, KeyError, TypeError):
        note = read_json(lock)
        if note["host"] == os.uname().nodename:
            words = Path(f"/proc/{int(note['pid'])}/cmdline").read_bytes().split(b"\0")
            return b"automl" in words and b"resume" in words
    return False


def login() -> str:
    """Return the name of the person at the keyboard."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "person"
