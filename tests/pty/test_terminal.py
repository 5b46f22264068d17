"""The harness itself: what it shows is what the program drew."""

import os
import signal
import sys

import pytest

from tests.pty.terminal import Terminal


def shell(script: str) -> Terminal:
    return Terminal(["sh", "-c", script], {**os.environ, "TERM": "xterm"}, columns=40, rows=10)


def test_the_screen_shows_where_the_cursor_was_moved():
    with shell(r"printf '\033[3;5Hhere'; read x") as terminal:
        terminal.wait_for("here", within=5)
        assert terminal.lines[2] == "    here"


def test_keys_reach_the_program():
    with shell("read x; echo got $x") as terminal:
        terminal.type("abc")
        terminal.press("enter")
        terminal.wait_for("got abc", within=5)


def test_the_size_is_that_of_the_window():
    with shell("stty size; read x; stty size; read x") as terminal:
        terminal.wait_for("10 40", within=5)
        terminal.resize(30, 12)
        terminal.press("enter")
        terminal.wait_for("12 30", within=5)


def test_a_text_that_never_comes_fails_with_the_screen():
    with shell("echo something else; read x") as terminal:
        terminal.wait_for("something", within=5)
        with pytest.raises(AssertionError, match="something else"):
            terminal.wait_for("the text", within=0.2)


def test_a_cut_line_is_a_hang_up_for_the_program():
    script = (  # whoever started the tests may have had hang-ups ignored
        "import signal; signal.signal(signal.SIGHUP, signal.SIG_DFL); print('up', flush=True); signal.pause()"
    )
    with Terminal([sys.executable, "-c", script], dict(os.environ)) as terminal:
        terminal.wait_for("up", within=5)
        terminal.hang_up()
        assert terminal.process.wait(5) == -signal.SIGHUP


def test_the_exit_code_is_that_of_the_program():
    with shell("exit 3") as terminal:
        assert terminal.wait_exit(5) == 3
