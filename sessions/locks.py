"""File locks: the one answer to "is that process alive?".

A lock is an exclusive `flock` on a file that stays for ever. The kernel drops it when the last descriptor of the holder
closes, however the process ended, so neither pids nor ages are ever consulted. A descriptor can be handed to a child,
which then holds the same lock.

Looking whether a lock is held must not disturb anyone who takes it. A look therefore takes the lock *shared* for a
moment: looks do not disturb each other, and a taker that is refused checks whether a shared lock would be granted. If
so, only onlookers were in its way and it tries again; if not, there is a true holder.
"""

import errno
import fcntl
import json
import os
import random
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from sessions.errors import LockedError, WorkspaceError
from sessions.files import Clock, to_json, utc_now

ONLOOKER_PATIENCE_S = 2.0  # far above the microseconds of a look; reached only if looks are stopped in the middle
HOLDER_PATIENCE_S = 0.5  # somebody who settles a dead run holds its lock for some milliseconds


class Lock:
    """A held lock. Close it to end this process's share in it; release it to end it for all that share it."""

    def __init__(self, path: Path, fd: int) -> None:
        self.path = path
        self._fd = fd

    @classmethod
    def acquire(cls, path: Path | str, what: str = "", patience_s: float = HOLDER_PATIENCE_S) -> Self:
        """Take the lock, or say who has it.

        Args:
            path: The lock file, made when missing.
            what: Words for others about what the holder does; kept in the file, never consulted for decisions.
            patience_s: How long a true holder may take to let go.

        Raises:
            LockedError: Another process holds it.
        """
        lock = cls.try_acquire(path, what, patience_s)
        if lock is None:
            holder = describe_holder(path)
            raise LockedError(f"{path} is locked by {holder}; stop it or wait until it ends", holder)
        return lock

    @classmethod
    def try_acquire(cls, path: Path | str, what: str = "", patience_s: float = 0.0) -> Self | None:
        """Take the lock, or None when another process holds it."""
        path = Path(path)
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            taken = _take(fd, path, patience_s)
        except BaseException:
            os.close(fd)
            raise
        if not taken:
            os.close(fd)
            return None
        lock = cls(path, fd)
        if what:
            lock.describe(what)
        return lock

    @classmethod
    def from_fd(cls, path: Path | str, fd: int) -> Self:
        """The lock behind a descriptor that the parent process handed over."""
        os.set_inheritable(fd, False)
        return cls(Path(path), fd)

    @property
    def fd(self) -> int:
        """The descriptor, for `pass_fds`."""
        if self._fd < 0:
            raise ValueError(f"the lock {self.path} is closed")
        return self._fd

    def describe(self, what: str, clock: Clock = time.time) -> None:
        """Write into the lock file who holds it; a full disk is no obstacle, the lock itself is what counts."""
        note = {"pid": os.getpid(), "host": os.uname().nodename, "what": what, "since": utc_now(clock)}
        try:
            os.ftruncate(self.fd, 0)
            os.pwrite(self.fd, to_json(note).encode() + b"\n", 0)
        except OSError:
            pass

    def release(self) -> None:
        """Give the lock up for all processes that share it."""
        if self._fd >= 0:
            fcntl.flock(self._fd, fcntl.LOCK_UN)
        self.close()

    def close(self) -> None:
        """Close this process's descriptor; a child that was given a copy goes on holding the lock."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def is_held(path: Path | str) -> bool:
    """Whether any process, this one included, holds the lock; changes nothing and makes no file."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return False
    try:
        return not _flock(fd, fcntl.LOCK_SH, path)
    finally:
        os.close(fd)


def describe_holder(path: Path | str) -> str:
    """Words about the last known holder, for messages."""
    try:
        note = json.loads(Path(path).read_bytes())
        return f"{note['what']} (pid {note['pid']} on {note['host']} since {note['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def _take(fd: int, path: Path, patience_s: float) -> bool:
    begin = time.monotonic()
    while not _flock(fd, fcntl.LOCK_EX, path):
        onlookers_only = _flock(fd, fcntl.LOCK_SH, path)
        if onlookers_only:
            fcntl.flock(fd, fcntl.LOCK_UN)
        if time.monotonic() - begin > (max(patience_s, ONLOOKER_PATIENCE_S) if onlookers_only else patience_s):
            return False
        time.sleep(random.uniform(0.0005, 0.003))  # unequal waits, so that two takers do not refuse each other for ever
    return True


def _flock(fd: int, mode: int, path: Path | str) -> bool:
    try:
        fcntl.flock(fd, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS):
            raise WorkspaceError(
                f"the file system of {path} has no file locks ({error.strerror}); put the workspace on a local disk"
            ) from None
        raise
    return True
