"""Keeps the picture of the study whose screen is open: reads its log when it grew, and asks the optimizer beside.

Runs on the core's thread and never waits: the optimizer is a process of its own, looked at in passing.
"""

import json
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from automl.journal import Event, read_journal
from automl.spec import StudySpec, load
from automl.state import StudyState, fold
from automl.studies import LOG_FILE, SPEC_FILE
from automl.view import StudyView
from sessions.errors import VbotError
from sessions.workspace import Workspace
from vbot_tui.insight import Asked, study_page
from vbot_tui.insight_job import command
from vbot_tui.study_model import StudyPage

Mark = tuple[int, int]
AGAIN_S = 1.0


@dataclass(frozen=True)
class _Log:
    """A study's log as it was read last."""

    mark: Mark
    spec: StudySpec
    events: tuple[Event, ...]
    state: StudyState


@dataclass(frozen=True)
class _Question:
    """A process that is asked about a study, and for which state of its log."""

    study: str
    about: tuple[int, int]
    process: subprocess.Popen[str]


class StudyDesk:
    """The pictures of studies of one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._logs: dict[str, _Log] = {}
        self._asked: dict[str, tuple[tuple[int, int], Asked]] = {}
        self._question: _Question | None = None
        self._open = ""
        self._drawn: tuple[float, StudyPage] | None = None

    def open(self, study: str) -> None:
        """Keep the picture of this study up to date; an empty name closes it. May be called from any thread."""
        self._open, self._drawn = study, None

    def opened(self, view_of: Callable[[str], StudyView | None]) -> StudyPage | None:
        """Return the picture of the open study, made anew at most once a second; None where none is open."""
        study, drawn, now = self._open, self._drawn, time.monotonic()
        if not study:
            return None
        if drawn is None or drawn[1].id != study or now - drawn[0] >= AGAIN_S:
            drawn = self._drawn = now, self.page(study, view_of(study))
        return drawn[1]

    def page(self, study: str, view: StudyView | None, *, ask: bool = True) -> StudyPage:
        """Return the newest picture of a study; what is wrong with its files is in ``trouble``.

        Args:
            study: its id.
            view: the same study with the reports of its runs; None where its files are damaged.
            ask: Have the optimizer asked where its answer is out of date.
        """
        try:
            log = self._read(study)
        except (VbotError, OSError, ValueError) as error:
            return StudyPage(study, trouble=str(error))
        if view is None:
            return StudyPage(study, trouble="its log cannot be read")
        self._listen()
        about = _about(log.state)
        known = self._asked.get(study)
        if ask and (known is None or known[0] != about):
            self._ask(study, about)
        return study_page(log.spec, log.state, log.events, view, known[1] if known else Asked())

    @property
    def waiting(self) -> bool:
        """Whether an answer of the optimizer is still awaited."""
        return self._question is not None

    def close(self) -> None:
        """Ask nothing any more."""
        if self._question is not None:
            self._question.process.kill()
            self._question.process.communicate()
            self._question = None

    def _read(self, study: str) -> _Log:
        directory = self._workspace.study(study)
        path = directory / LOG_FILE
        found = path.stat()
        mark = (found.st_size, found.st_mtime_ns)
        known = self._logs.get(study)
        if known is None or known.mark != mark:
            spec = known.spec if known else load(directory / SPEC_FILE)
            events = read_journal(path).events
            known = self._logs[study] = _Log(mark, spec, events, fold(events))
        return known

    def _ask(self, study: str, about: tuple[int, int]) -> None:
        if self._question is not None:
            return
        process = subprocess.Popen(
            command(self._workspace.root, study), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, cwd="/", start_new_session=True,
        )  # fmt: skip
        self._question = _Question(study, about, process)

    def _listen(self) -> None:
        """Take the answer if the process has ended."""
        question = self._question
        if question is None or question.process.poll() is None:
            return
        self._question = None
        said, _ = question.process.communicate()
        asked = Asked(trouble="could not be computed; vbot automl report says why")
        with suppress(ValueError, KeyError, TypeError):
            asked = heard(json.loads(said))
        self._asked[question.study] = (question.about, asked)


def heard(said: Mapping[str, Any]) -> Asked:
    """Return the answer of the optimizer as it was printed."""
    return Asked(int(said["finished"]), said["importance"], said["lean"], said["following"])


def _about(state: StudyState) -> tuple[int, int]:
    """Return what an answer depends on: how many trials there are, and how many are through."""
    return len(state.trials), sum(trial.is_final for trial in state.trials.values())


def read_once(root: Workspace, study: str, view: StudyView) -> StudyPage:
    """Return the picture of a study with the optimizer's answer, waited for: for pages without a screen."""
    from vbot_tui.insight_job import answer

    desk = StudyDesk(root)
    page = desk.page(study, view, ask=False)
    if page.trouble:
        return page
    log = desk._read(study)
    return study_page(log.spec, log.state, log.events, view, heard(answer(str(root.root), study)))
