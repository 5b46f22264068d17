"""Random keys, a share of those that the benchmark presses; with other seeds than it has."""

import pytest

from vbot_tui.bench import keys
from vbot_tui.bench.stage import Stage


@pytest.mark.parametrize("size", keys.SIZES, ids=["x".join(map(str, size)) for size in keys.SIZES])
def test_random_keys_neither_break_the_screen_nor_hold_it_up(size, tmp_path, monkeypatch):
    monkeypatch.setattr(keys, "SIZES", (size,))
    found = keys.storm(Stage(tmp_path), keys=150, seed=sum(size))
    assert found.failures == ()
    assert found.pressed >= 150


def test_the_keys_of_the_table_are_pressed_but_for_those_that_leave():
    pressed = keys.known_keys()
    assert {"j", "\r", "\x1b", "\x1b[A", "X", "y", "v", "\t"} <= set(pressed)
    assert not {"q", "Q", "\x03", "\x1a"} & set(pressed)


def test_a_cockpit_that_breaks_is_a_failure(tmp_path, monkeypatch):
    monkeypatch.setattr(keys, "SIZES", ((80, 24),))
    breaks = "import os, tty; tty.setraw(0); print('STATE  TRIAL', flush=True); os.read(0, 1); raise SystemExit(3)"
    monkeypatch.setattr(keys, "COMMAND", ["-c", breaks])
    found = keys.storm(Stage(tmp_path), keys=10)
    assert found.failures and "ended with 3" in found.failures[0]
