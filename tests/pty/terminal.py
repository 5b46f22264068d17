"""A terminal in a test: a real pty with a screen behind it that pyte keeps, as a person at the keyboard would see it.

Waiting means reading what the program draws until a condition holds or the deadline passes; nothing sleeps for luck.
"""

import fcntl
import os
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

import pyte

KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "ctrl+c": "\x03",
    "ctrl+z": "\x1a",
}
SYNC_QUERY, SYNC_ANSWER = b"\x1b[?2026$p", b"\x1b[?2026;2$y"
CURSOR_QUERY, CURSOR_ANSWER = b"\x1b[6n", b"\x1b[1;1R"


def eventually(holds: Callable[[], bool], within: float, what: str) -> None:
    """Wait for a condition of files or processes, without reading any terminal."""
    deadline = time.monotonic() + within
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within:g} s: {what}")
        select.select([], [], [], 0.05)


class Terminal:
    """A program in a pty."""

    def __init__(self, words: Sequence[str], environment: Mapping[str, str], columns: int = 80, rows: int = 24) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.bytes_read = 0
        self.fd, terminal = os.openpty()
        self._set_size(columns, rows)
        self.process = subprocess.Popen(
            words, stdin=terminal, stdout=terminal, stderr=terminal, env=dict(environment),
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(terminal)

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            print(f"--- the screen when the test failed\n{self.text}\n---")
        self.close()

    def close(self) -> None:
        """End the program, whatever it is doing."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    # --- seeing

    @property
    def unread(self) -> int:
        """Bytes that wait for somebody to read them; Linux holds 4095 and blocks whoever writes more."""
        return int(struct.unpack("i", fcntl.ioctl(self.fd, termios.FIONREAD, bytes(4)))[0])

    @property
    def lines(self) -> list[str]:
        """The screen's lines, without blanks at their ends."""
        return [line.rstrip() for line in self.screen.display]

    @property
    def text(self) -> str:
        """The whole screen."""
        return "\n".join(self.lines)

    def line_with(self, text: str) -> str:
        """The first line that contains a text, or nothing."""
        return next((line for line in self.lines if text in line), "")

    def read(self, within: float) -> bool:
        """Take in what the program has drawn, waiting at most so long; False once it has closed the terminal."""
        ready, _, _ = select.select([self.fd], [], [], max(0.0, within))
        if not ready:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # Linux says EIO when the last process has closed the terminal
            return False
        self.bytes_read += len(data)
        if SYNC_QUERY in data:
            os.write(self.fd, SYNC_ANSWER)
        if CURSOR_QUERY in data:
            os.write(self.fd, CURSOR_ANSWER)
        self._stream.feed(data)
        return bool(data)

    def wait_until(self, holds: Callable[[], bool], within: float, what: str) -> None:
        """Read until a condition holds; fail with the screen when it does not hold in time."""
        deadline = time.monotonic() + within
        alive = True
        while not holds():
            left = deadline - time.monotonic()
            if left <= 0 or not alive:
                why = f"within {within:g} s" if alive else f"before the program left with {self.process.wait(5)}"
                raise AssertionError(f"not seen {why}: {what}\n{self.text}")
            alive = self.read(min(left, 0.1))

    def wait_for(self, *texts: str, within: float = 15.0) -> None:
        """Wait until all texts are on the screen."""
        self.wait_until(lambda: all(text in self.text for text in texts), within, " and ".join(map(repr, texts)))

    def wait_gone(self, text: str, within: float = 15.0) -> None:
        """Wait until a text is no longer on the screen."""
        self.wait_until(lambda: text not in self.text, within, f"{text!r} gone")

    def wait_exit(self, within: float = 15.0) -> int:
        """Read to the end and return the exit code."""
        deadline = time.monotonic() + within
        while self.process.poll() is None:
            if time.monotonic() > deadline:
                raise AssertionError(f"the program is still there after {within:g} s\n{self.text}")
            self.read(0.05)
        return self.process.returncode

    # --- doing

    def press(self, *keys: str) -> None:
        """Press keys, by name or as they are."""
        for key in keys:
            os.write(self.fd, KEYS.get(key, key).encode())

    def type(self, text: str) -> None:
        """Type a text."""
        os.write(self.fd, text.encode())

    def hang_up(self) -> None:
        """Cut the line, as a closed window or a lost connection does: the program gets SIGHUP and a dead terminal."""
        os.close(self.fd)
        self.fd = -1

    def resize(self, columns: int, rows: int) -> None:
        """Change the size of the window."""
        self.screen.resize(rows, columns)
        self._set_size(columns, rows)
