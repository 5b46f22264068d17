"""A program in a terminal of its own, as somebody at the other end of a line sees it: bytes, screen, times, CPU.

A line may be slow: bytes then arrive, and keys leave, half a round trip later, at a given rate.
"""

import fcntl
import os
import select
import signal
import struct
import subprocess
import termios
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from vbot_tui.bench.screen import Screen

_ANSWERS = ((b"\x1b[?2026$p", b"\x1b[?2026;2$y"), (b"\x1b[6n", b"\x1b[1;1R"))
CHUNK = 65536
_SCHEDULED = 2  # of a process's clocks (`clock_getcpuclockid`), the one of the scheduler


class TooLate(Exception):
    """What was waited for did not come; the message has the screen."""


class Program:
    """A program in a pty.

    Args:
        words: The command.
        environment: All that it sees.
        columns: Width of the terminal.
        rows: Height.
        delay_s: One way of the line.
        bytes_per_s: Rate of the line towards the person; no limit if left out.
    """

    def __init__(
        self,
        words: Sequence[str],
        environment: Mapping[str, str],
        columns: int = 80,
        rows: int = 24,
        *,
        delay_s: float = 0.0,
        bytes_per_s: float = float("inf"),
    ) -> None:
        self.screen = Screen(columns, rows)
        self.received = 0
        self.first_byte_at: float | None = None
        self._delay_s, self._rate = delay_s, bytes_per_s
        self._down: deque[tuple[float, bytes]] = deque()
        self._up: deque[tuple[float, bytes]] = deque()
        self._free_at = 0.0
        self.fd, terminal = os.openpty()
        self.resize(columns, rows)
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            words, stdin=terminal, stdout=terminal, stderr=terminal, env=dict(environment),
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(terminal)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the program, whatever it is doing."""
        if self.process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
        self.hang_up()

    def hang_up(self) -> None:
        """Cut the line."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def resize(self, columns: int, rows: int) -> None:
        """Give the window another size."""
        self.screen.resize(columns, rows)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    @property
    def unread(self) -> int:
        """Bytes that wait for somebody to read them; Linux holds 4095."""
        return int(struct.unpack("i", fcntl.ioctl(self.fd, termios.FIONREAD, bytes(4)))[0])

    def press(self, keys: str) -> None:
        """Press keys; they arrive after the delay of the line."""
        self._send(keys.encode())

    def _send(self, data: bytes) -> None:
        if self._delay_s:
            self._up.append((time.monotonic() + self._delay_s, data))
        else:
            os.write(self.fd, data)

    def read(self, within: float) -> bool:
        """Take in what comes within a time; False once the program has closed the terminal."""
        end = time.monotonic() + within
        while True:
            now = time.monotonic()
            while self._up and self._up[0][0] <= now:
                os.write(self.fd, self._up.popleft()[1])
            arrived = False
            while self._down and self._down[0][0] <= now:
                self._show(self._down.popleft()[1])
                arrived = True
            if arrived:
                return True
            due = [queue[0][0] for queue in (self._up, self._down) if queue]
            ready, _, _ = select.select([self.fd], [], [], max(0.0, min([end, *due]) - now))
            if ready:
                try:
                    data = os.read(self.fd, CHUNK)
                except OSError:  # Linux says EIO when the last process has closed the terminal
                    return False
                if self._take(data):
                    return True
            if time.monotonic() >= end:
                return True

    def _take(self, data: bytes) -> bool:
        """Put what the program sent on the line; returns whether it is there already."""
        if not self._delay_s:
            self._show(data)
            return True
        now = time.monotonic()
        self._free_at = max(now, self._free_at) + len(data) / self._rate
        self._down.append((self._free_at + self._delay_s, data))
        return False

    def _show(self, data: bytes) -> None:
        if self.first_byte_at is None:
            self.first_byte_at = time.monotonic()
        self.received += len(data)
        for query, answer in _ANSWERS:
            if query in data:
                self._send(answer)
        self.screen.feed(data)

    def wait(self, holds: Callable[[Screen], bool], within: float, what: str) -> float:
        """Read until a condition of the screen holds; returns when that was.

        Raises:
            TooLate: It does not hold in time, or the program has ended.
        """
        end = time.monotonic() + within
        alive = True
        while not holds(self.screen):
            left = end - time.monotonic()
            if left <= 0 or not alive:
                why = f"within {within:g} s" if alive else f"before the program left with {self.process.wait(5)}"
                raise TooLate(f"not seen {why}: {what}\n{self.screen.text}")
            alive = self.read(min(left, 0.1))
        return time.monotonic()

    def wait_exit(self, within: float) -> float:
        """Read until the program has ended; returns when that was.

        Raises:
            TooLate: It has not ended in time.
        """
        end = time.monotonic() + within
        while self.process.poll() is None:
            if time.monotonic() > end:
                raise TooLate(f"the program is still there after {within:g} s\n{self.screen.text}")
            if self.fd < 0 or not self.read(0.01):
                time.sleep(0.005)
        return time.monotonic()

    def idle_for(self, seconds: float) -> None:
        """Read for a time."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.read(left)


def cpu_s(pid: int) -> float:
    """Seconds of CPU that a process and all its threads, also those that have ended, have had; in nanoseconds.

    Raises:
        OSError: There is no such process.
    """
    return time.clock_gettime((~pid << 3) | _SCHEDULED)


def memory_mb(pid: int) -> float:
    """Resident memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def terminal_environment() -> dict[str, str]:
    """What a login over SSH would set, and nothing else of this process."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "USER", "LOGNAME") if name in os.environ}
    return {**kept, "TERM": "xterm-256color", "LANG": "C.UTF-8"}
