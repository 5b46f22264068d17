"""A cut frame must leave the same screen as a full one, with fewer bytes."""

import pyte
import pytest
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate
from textual.strip import Strip

from vbot_tui.frames import SharpUpdate

CONSOLE = Console(force_terminal=True, color_system="truecolor", legacy_windows=False)
OLD = ["aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc"]
NEW = ["aaaaXaaaaa", "bbbbbbbbYb", "ccZccccccc"]


def chops(lines, cut):
    """The lines as Textual hands them over: cut into chops at one column."""

    def strip(text):
        return Strip([Segment(text[:2], Style(bold=True)), Segment(text[2:], Style(color="red"))])

    return [{0: strip(text[:cut]), cut: strip(text[cut:])} for text in lines]


def shown(output):
    screen = pyte.Screen(10, 3)
    stream = pyte.Stream(screen)
    for y, text in enumerate(OLD):
        stream.feed(f"\x1b[{y + 1};1H{text}")
    stream.feed(output)
    return screen.display


@pytest.mark.parametrize("cut", [1, 3, 5, 9])
def test_the_screen_is_right_and_the_frame_shorter(cut):
    update = ChopsUpdate(chops(NEW, cut), [(0, 4, 5), (1, 8, 9), (2, 2, 3)], [[cut, 10]] * 3)
    sharp = SharpUpdate.of(update).render_segments(CONSOLE)
    assert shown(sharp) == NEW
    assert len(sharp) < len(update.render_segments(CONSOLE))


def test_a_whole_line_is_sent_as_it_is():
    sharp = SharpUpdate(chops(NEW, 5), [(y, 0, 10) for y in range(3)], [[5, 10]] * 3)
    assert shown(sharp.render_segments(CONSOLE)) == NEW


def test_a_stretch_across_two_chops_is_sent_from_both():
    sharp = SharpUpdate(chops(NEW, 5), [(0, 3, 7)], [[5, 10]] * 3)
    assert shown(sharp.render_segments(CONSOLE))[0] == "aaaaXaaaaa"


def test_what_is_not_in_a_stretch_stays():
    sharp = SharpUpdate(chops(NEW, 5), [(0, 0, 3)], [[5, 10]] * 3)
    assert shown(sharp.render_segments(CONSOLE)) == OLD
