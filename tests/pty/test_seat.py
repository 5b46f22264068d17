"""Coming back: the same view, whoever left it and how; several cockpits that agree."""

import os
import signal
import sys

import pytest

from tests.pty.cockpit import cockpit, environment, live_runs
from tests.pty.terminal import Terminal
from tests.pty.test_cockpit import row_state, start_study


def arrange(terminal):
    """Look at the study in a way that nobody finds by chance: a filter, an order, a page."""
    terminal.press("/")
    terminal.wait_for("Enter keep")
    terminal.type("T1")
    terminal.wait_gone(" T0 ")
    terminal.press("enter")
    terminal.press("s", "l")
    terminal.wait_for("/T1, by trial", "[log]")


def assert_as_left(terminal):
    terminal.wait_for("/T1, by trial", "[log]", " T1 ", within=20)
    terminal.wait_gone("opening")
    assert " T0 " not in terminal.text


@pytest.mark.parametrize("way", ["key", "cut line", "kill -9"])
def test_the_next_cockpit_shows_the_same_view(workspace, way):
    with cockpit(workspace) as terminal:
        start_study(terminal, "T0", "T1")
        arrange(terminal)
        if way == "key":
            terminal.press("q")
            terminal.wait_exit(30)
        elif way == "cut line":
            terminal.hang_up()
            terminal.process.wait(30)
        else:
            terminal.wait_until(lambda: "T1" in seat_text(workspace), 10, "the seat is kept while one looks")
            os.kill(terminal.process.pid, signal.SIGKILL)
            terminal.process.wait(10)
    assert len(live_runs(workspace)) == 2
    with cockpit(workspace) as terminal:
        assert_as_left(terminal)


def seat_text(workspace):
    path = workspace.view / "seat.json"
    return path.read_text() if path.exists() else ""


def test_a_trials_own_screen_and_page_come_back(workspace):
    with cockpit(workspace) as terminal:
        start_study(terminal, "T0", "T1")
        terminal.press("enter")
        terminal.wait_for("charts")
        terminal.press("o")
        terminal.wait_for("[config]")
        terminal.press("ctrl+c")
        terminal.wait_exit(30)
    with cockpit(workspace) as terminal:
        terminal.wait_for("[config]", within=20)
        terminal.press("escape", "escape")
        terminal.wait_for("STATE  TRIAL")


def test_two_cockpits_on_one_workspace_agree(workspace):
    with cockpit(workspace) as first:
        start_study(first, "T0", "T1")
        with cockpit(workspace) as second:
            second.wait_for("driven elsewhere", " T0 ", " T1 ", within=20)
            second.press("/")
            second.wait_for("Enter keep")
            second.type("trial=0")
            second.wait_gone(" T1 ")
            second.press("enter", "X")
            second.wait_for("Kill trial T0?")
            second.press("y")
            for terminal in (second, first):
                terminal.wait_until(lambda t=terminal: row_state(t, "T0") == "kill", 30, "both show that it was killed")
            first.press("n")
            first.wait_for("Note on T")
            first.type("seen from both")
            first.press("enter")
            first.wait_for("Noted")
            second.press("N")
            second.wait_for("seen from both")


def test_the_first_picture_is_there_before_the_cockpit_and_says_so(workspace):
    with cockpit(workspace) as terminal:
        start_study(terminal, "T0")
        terminal.press("q")
        terminal.wait_exit(30)
    words = [sys.executable, "-P", "-m", "vbot_tui.door", "--workspace", str(workspace.root)]
    with Terminal(words, environment()) as terminal:
        terminal.wait_for("opening", "STATE  TRIAL", " T0 ")
        terminal.wait_gone("opening", within=20)
        terminal.wait_for("STATE  TRIAL", " T0 ")
        terminal.press("q")
        assert terminal.wait_exit(30) == 0


def test_an_error_before_the_screen_is_read_on_the_screen_that_was_there(workspace):
    words = [
        sys.executable,
        "-P",
        "-m",
        "vbot_tui.door",
        "--workspace",
        str(workspace.root),
        "--study",
        "/nowhere.yaml",
    ]
    with Terminal(words, environment()) as terminal:
        assert terminal.wait_exit(20) == 2
        assert "nowhere.yaml" in terminal.text and "opening" not in terminal.text
