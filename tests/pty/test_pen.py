"""Cells that are sent past the compositor: what the terminal shows is what a whole repaint would show."""

import random
import re

import pytest

from vbot_tui.bench.live import Herd
from vbot_tui.bench.stage import Stage

KEYS = ["j", "k", "s", "R", " ", "r", "N", "l", "i", "z", "f", "g", "G"]


@pytest.mark.parametrize(("words", "seed"), [((), 1), (("--ascii", "--no-color"), 2), (("--colors", "16"), 3)])
def test_the_screen_is_the_same_after_a_whole_repaint(tmp_path, words, seed):
    stage, chance = Stage(tmp_path), random.Random(seed)
    herd = Herd(stage, 0)
    try:
        with stage.open(herd.workspace, words) as program:
            for _ in herd.writers:
                herd.write()
            program.wait(lambda screen: all(f" {w.name} " in screen.text for w in herd.writers), 30, "eight runs")
            for _ in range(25):
                program.press(chance.choice(KEYS))
                herd.run(program, 0.15)
            for _ in range(40):  # ages grow each second: a pair without a tick between is found soon
                program.idle_for(0.7)
                drawn = program.screen.lines
                columns, rows = program.screen.columns, program.screen.rows
                program.resize(columns, rows)  # our picture is empty now
                program.press("?")
                program.idle_for(0.25)
                program.press("\x1b")
                program.idle_for(0.3)
                if without_times(program.screen.lines) == without_times(drawn):
                    return
            assert without_times(program.screen.lines) == without_times(drawn)
    finally:
        herd.close()


def without_times(lines):
    """The screen without the cells that tell how old something is."""
    return [re.sub(r"\b\d+[smhd]\b", "t", line) for line in lines]
