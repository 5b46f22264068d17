"""Keeps the memory current while a study runs: the brief after every trial that ends, the record when the study ends.

It listens to a scheduler's snapshots, which must not wait for files, so the writing is done on a thread of its own;
requests that come while it writes become one. A full disk is no reason to stop a study: the next ending tries again.
"""

import contextlib
import threading

from automl.memory import records
from automl.memory.brief import refresh
from automl.view import StudyView
from sessions.errors import VbotError
from sessions.runs import FINAL_STATES, RunDir
from sessions.workspace import Workspace

ENDED = ("finished", "stopped")


class Keeper:
    """Call it with every snapshot (`scheduler.subscribe(keeper)`), `close` it when the scheduler has stopped."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._seen: tuple[str, int] | None = None
        self._wanted: str | None = None
        self._records: set[str] = set()
        self._wake = threading.Condition()
        self._closing = False
        self._thread: threading.Thread | None = None

    def __call__(self, view: StudyView) -> None:
        """Look at a snapshot; returns at once."""
        final = sum(trial.state in FINAL_STATES for trial in view.trials)
        state = (view.state, final)
        if state == self._seen:
            return
        self._seen = state
        with self._wake:
            self._wanted = view.id
            if view.state in ENDED:
                self._records.add(view.id)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="memory", daemon=True)
                self._thread.start()
            self._wake.notify()

    def close(self, timeout_s: float = 10.0) -> None:
        """Write what is still wanted, and end."""
        with self._wake:
            self._closing = True
            thread = self._thread
            self._wake.notify()
        if thread is not None:
            thread.join(timeout_s)

    def _run(self) -> None:
        while True:
            with self._wake:
                while self._wanted is None and not self._closing:
                    self._wake.wait()
                if self._wanted is None:
                    return
                self._wanted = None
                ended, self._records = self._records, set()
            for study in ended:
                with contextlib.suppress(VbotError, OSError):
                    records.add_study(self._workspace, study)
            remember(self._workspace)


def remember(workspace: Workspace, run: RunDir | None = None) -> None:
    """Bring WAKE_UP.md up to date and, for a run that has ended, the record; never in the way of what ended."""
    if run is not None:
        with contextlib.suppress(VbotError, OSError):
            records.add_run(workspace, run)
    with contextlib.suppress(VbotError, OSError):
        refresh(workspace)
