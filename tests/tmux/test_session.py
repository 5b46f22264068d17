"""The harness itself: what it sends is what a program gets, and it counts every key."""

import os

import pytest

from tests.tmux.session import Tmux, needs_tmux

pytestmark = needs_tmux()


@pytest.fixture
def tmux(tmp_path):
    with Tmux(tmp_path, dict(os.environ), 40, 10) as session:
        session.wait_for("$", within=20)
        yield session


def test_a_text_and_the_enter_behind_it_count_as_one(tmux):
    tmux.type("echo got $((40 + 2))")
    tmux.wait_for("got 42")
    assert tmux.counted == 1


def test_keys_are_sent_as_they_are_and_each_counts(tmux):
    tmux.press(*"echo", "Space", "'", ";", "~", "x", "Backspace", "'", "Enter")
    tmux.wait_for("\n;~\n")
    assert tmux.counted == 12


def test_escape_reaches_the_program(tmux):
    tmux.type("stty -icanon; echo ready; dd bs=1 count=1 2>&1 | od -An -tx1")
    tmux.wait_for("\nready\n")
    tmux.press("Esc")
    tmux.wait_for(" 1b ")


def test_the_window_has_the_size_that_was_asked_for(tmux):
    tmux.type("stty size")
    tmux.wait_for("10 40")


def test_what_never_comes_fails_with_the_screen(tmux):
    tmux.type("echo something else")
    tmux.wait_for("something else\n")
    with pytest.raises(AssertionError, match="something else"):
        tmux.wait_for("the text", within=0.3)
