"""A tmux session in a test: keys go in by send-keys and are counted, what is seen comes out of capture-pane.

Each session has a server of its own under a socket of its own, with no configuration of whoever runs the tests.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

NAMES = {"Space": "Space", "Enter": "Enter", "Esc": "Escape", "Tab": "Tab", "Backspace": "BSpace"}
"""Keys that tmux knows by a name; every other key is sent as the letter it is."""

ALONE_S = 0.4
"""Esc and a key that follows at once are Alt and that key to any program in a terminal."""


def needs_tmux() -> pytest.MarkDecorator:
    """Skip where tmux is missing, and say so."""
    return pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


class Tmux:
    """A shell in a tmux session.

    Args:
        folder: where the socket of its server lies.
        environment: of the shell.
        columns: width of the window.
        rows: its height.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str], columns: int = 80, rows: int = 24) -> None:
        self.counted = 0
        self._socket = folder / "tmux.sock"
        size = ["-x", str(columns), "-y", str(rows)]
        words = ["new-session", "-d", *size, "env", "-u", "TMUX", "PS1=$ ", "sh"]
        self._tmux(*words, environment={**environment, "TERM": "xterm-256color"})
        self._tmux("set-option", "-g", "status", "off")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            print(f"--- the screen when the test failed\n{self.screen}\n---")
        self._tmux("kill-server")

    def _tmux(self, *words: str, environment: Mapping[str, str] | None = None) -> str:
        command = ["tmux", "-u", "-S", str(self._socket), "-f", os.devnull, *words]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, timeout=60)
        return done.stdout

    # --- seeing

    @property
    def screen(self) -> str:
        """What stands in the window, without blanks at the ends of lines."""
        return self._tmux("capture-pane", "-p")

    def line_with(self, text: str) -> str:
        """The first line that contains a text, or nothing."""
        return next((line for line in self.screen.splitlines() if text in line), "")

    def wait_until(self, holds: Callable[[str], bool], what: str, within: float = 60.0) -> str:
        """Wait until the screen is as wanted and return it."""
        deadline = time.monotonic() + within
        while not holds(screen := self.screen):
            if time.monotonic() > deadline:
                raise AssertionError(f"not seen within {within:g} s: {what}\n{screen}")
            time.sleep(0.1)
        return screen

    def wait_for(self, *texts: str, within: float = 60.0) -> str:
        """Wait until all texts are on the screen and return it."""
        return self.wait_until(lambda screen: all(text in screen for text in texts), " and ".join(texts), within)

    def wait_gone(self, text: str, within: float = 60.0) -> str:
        """Wait until a text is no longer on the screen and return it."""
        return self.wait_until(lambda screen: text not in screen, f"{text} gone", within)

    # --- doing

    def press(self, *keys: str) -> None:
        """Press keys; each counts as one."""
        for key in keys:
            self._tmux("send-keys", *([NAMES[key]] if key in NAMES else ["-l", _escaped(key)]))
            self.counted += 1
            if key == "Esc":
                time.sleep(ALONE_S)

    def type(self, words: str) -> None:
        """Type a text and the Enter behind it; together they count as one."""
        self._tmux("send-keys", "-l", _escaped(words))
        self._tmux("send-keys", "Enter")
        self.counted += 1


def _escaped(words: str) -> str:
    """Return words as tmux takes them: a semicolon at their end would end its command."""
    return f"{words[:-1]}\\;" if words.endswith(";") else words
