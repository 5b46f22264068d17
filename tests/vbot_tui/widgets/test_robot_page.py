import math

import pytest

from tests.vbot_tui.episodes import episode, walk
from vbot_tui.glyphs import ASCII, UNICODE
from vbot_tui.lines import plain
from vbot_tui.text import width as cells
from vbot_tui.widgets import robot_page


def drawn(lines):
    return [plain(line) for line in lines]


@pytest.mark.parametrize("size", [(80, 20), (60, 16), (120, 36), (200, 46)])
@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
@pytest.mark.parametrize("index", [0, 19])
def test_the_page_fills_its_size_and_no_more(size, glyphs, index):
    lines = drawn(robot_page.page(walk(), index, *size, glyphs))
    assert len(lines) == size[1]
    assert max(map(cells, lines)) <= size[0]
    if glyphs is ASCII:
        assert "".join(lines).isascii()


def test_everything_is_said_at_eighty_columns():
    text = "\n".join(drawn(robot_page.page(walk(), 15, 80, 20, UNICODE)))
    assert " 1.50 of 1.9 s " in text
    assert "0.00 m/s" in text
    assert "to go 2.00 m" in text
    assert "paid -1.75" in text
    assert all(f" {leg} down" in text for leg in ("FR", "FL", "RR", "RL"))


def test_a_bar_goes_left_for_what_is_taken_and_right_for_what_is_paid_on_one_scale():
    line = drawn(robot_page.terms(walk(), 15, 39, 2, UNICODE))
    approach, fall = line
    left, right = fall.split("│")
    assert fall.startswith("fall") and "-2.00" in fall
    assert left.count("▇") == 5 and "▇" not in right  # beyond what is usual: it fills its half
    left, right = approach.split("│")
    assert "▇" not in left and right.count("▇") == 3  # 0.25 of 0.5: two and a half of five cells, rounded up


def test_terms_keep_their_places_from_step_to_step():
    for index in (0, 15):
        lines = drawn(robot_page.terms(walk(), index, 39, 2, UNICODE))
        assert [line.split()[0] for line in lines] == ["approach", "fall"]  # over all steps 9.75 against 2


def test_a_term_that_is_no_number_has_no_bar():
    broken = episode([0.0], [1.0], [(math.nan, math.inf)])
    lines = drawn(robot_page.terms(broken, 0, 39, 2, UNICODE))
    assert not any("▇" in line for line in lines)


def test_the_gait_shows_what_was_and_nothing_of_what_comes():
    strip = plain(robot_page.gait(walk(), 3, 40, UNICODE)[0])
    assert strip.startswith(" FR down ")
    assert strip[9:].strip() == "▇▇▇▇"  # four poses so far, the newest at the right
    assert strip.endswith("▇")


def test_the_scrubber_marks_the_place_and_the_moments():
    line = plain(robot_page.scrubber(5.0, 10.0, (0.0, 10.0), 13, UNICODE))
    assert line == " ■────●────■ "
