"""A study without a screen: schedule it in the foreground until it ends, or until somebody wants it or this process."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from types import FrameType

from automl.executor import Executor
from automl.memory.keeper import Keeper
from automl.scheduler import Scheduler
from automl.studies import study_view
from automl.view import StudyView
from sessions.workspace import Workspace

LOOK_S = 0.5
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run_study(
    workspace: Workspace,
    study: str,
    on_view: Callable[[StudyView], None] | None = None,
    executor: Executor | None = None,
    leave: "Leave | None" = None,
) -> StudyView:
    """Schedule a study until it has ended or this process is asked to leave; trials outlive the latter.

    SIGINT, SIGTERM and SIGHUP let go of the study and leave its trials alive. Call it on the main thread, or with
    `leave`.

    Args:
        workspace: where the study is.
        study: its id.
        on_view: called with every snapshot, on the scheduler's thread.
        executor: where trials run; processes of this machine if left out.
        leave: says when this process is asked to leave, instead of the signals.

    Returns:
        What the study's files say afterwards: "unattended" if it was left before its end.

    Raises:
        LockedError: another scheduler has the study.
    """
    scheduler = Scheduler(workspace, study, executor)
    if on_view is not None:
        scheduler.subscribe(on_view)
    keeper = Keeper(workspace)
    scheduler.subscribe(keeper)
    with leaving_on_signals() if leave is None else nullcontext(leave) as left:
        scheduler.start()
        try:
            while not left.is_set() and not scheduler.wait_idle(LOOK_S):
                pass
        finally:
            scheduler.stop()
            keeper.close()
    return study_view(workspace, study)


class Leave:
    """Whether somebody asked this process to leave.

    A plain flag: an event of `threading` takes a lock, and a second signal on top of the first waits for it for ever.
    """

    def __init__(self) -> None:
        self._asked = False

    def set(self) -> None:
        """Ask."""
        self._asked = True

    def is_set(self) -> bool:
        """Whether somebody asked."""
        return self._asked

    def wait(self, timeout_s: float) -> bool:
        """Sleep for a while, and say whether somebody asked."""
        deadline = time.monotonic() + timeout_s
        while not self._asked and (left := deadline - time.monotonic()) > 0:
            time.sleep(min(left, 0.1))
        return self._asked


@contextmanager
def leaving_on_signals() -> Iterator[Leave]:
    """A flag that the usual signals to end a program set, while the block lasts."""
    leave = Leave()

    def handler(number: int, frame: FrameType | None) -> None:
        leave.set()

    before = {number: signal.signal(number, handler) for number in SIGNALS}
    try:
        yield leave
    finally:
        for number, old in before.items():
            signal.signal(number, old)
