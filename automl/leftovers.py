"""What a trial's process started and left behind: found by the run's name in the environment, and ended.

Every process of a trial inherits `vbot_rl.launch.RUN_VARIABLE`, so whoever settles a run knows its children even if
nobody was looking when their parent died. Pids are handles and nothing more: a process is signalled only through a
pidfd, after a second look at what it is.
"""

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

from sessions.locks import Lock
from sessions.runs import RunDir
from vbot_rl.launch import RUN_VARIABLE

MOST_ROUNDS = 5  # one that is being forked while its parent is ended is seen in the next round

Belongs = Callable[[int], bool]


def end_leftovers(run: RunDir, session: int | None = None) -> int:
    """Kill all that a dead trial left; how many there were.

    The run's lock is held meanwhile, so that nobody can start it again and be taken for a leftover. Where it cannot be
    had, only what is known by its session is ended.

    Args:
        run: the trial's run.
        session: the pid that its process had, where it is known to have ended and led a session: those who changed
            their environment are found by it. As long as somebody is in a session, its number is nobody else's.
    """
    lock = Lock.try_acquire(run.lock_path) if run.path.is_dir() else None
    mark = f"{RUN_VARIABLE}={os.path.abspath(run.path)}".encode()

    def belongs(pid: int) -> bool:
        if session is not None and pid != session and _session_of(pid) == (session, session):
            return True
        return lock is not None and mark in _entries(pid, "environ")

    with lock or contextlib.nullcontext():
        return _end_all(belongs)


def _end_all(belongs: Belongs) -> int:
    killed: set[int] = set()
    for _ in range(MOST_ROUNDS):
        found = {pid for pid in _pids() if pid not in killed and belongs(pid)}
        for pid in found:
            _kill(pid, belongs)
        killed |= found
        if not found:
            break
    return len(killed)


def end_holders(run: RunDir) -> None:
    """Kill processes that were started as this run and have its lock open: a fork that a dead trial left."""

    def holds(pid: int) -> bool:
        return names_run(pid, run.id) and _has_open(pid, run.lock_path)

    for pid in _pids():
        if holds(pid):
            _kill(pid, holds)


def names_run(pid: int, run: str) -> bool:
    """Whether a process was started for this run, by its command line."""
    return any(argument.rstrip(b"/").endswith(run.encode()) for argument in _entries(pid, "cmdline"))


def _pids() -> Iterator[int]:
    own = os.getpid()
    for entry in os.scandir("/proc"):
        if entry.name.isdigit() and int(entry.name) != own:
            yield int(entry.name)


def _entries(pid: int, name: str) -> list[bytes]:
    """The parts of a process's command line or environment; none where it is gone or somebody else's."""
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes().split(b"\0")
    except OSError:
        return []


def _session_of(pid: int) -> tuple[int, int] | None:
    """Process group and session of a process."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return int(fields[2]), int(fields[3])


def _has_open(pid: int, path: Path) -> bool:
    try:
        with os.scandir(f"/proc/{pid}/fd") as entries:
            links = [os.readlink(entry.path) for entry in entries]
    except OSError:  # it is gone, or somebody else's
        return False
    return os.path.realpath(path) in links


def _kill(pid: int, belongs: Belongs) -> None:
    with contextlib.suppress(OSError):
        pidfd = os.pidfd_open(pid)
        try:
            if belongs(pid):  # still the same process
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        finally:
            os.close(pidfd)
