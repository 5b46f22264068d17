import pytest

from vbot_tui.bench.screen import Screen


def shown(*chunks, columns=10, rows=3):
    screen = Screen(columns, rows)
    for chunk in chunks:
        screen.feed(chunk)
    return screen.lines


def test_text_goes_where_the_cursor_is_put():
    assert shown(b"\x1b[2;3Hab\x1b[1;1HX") == ["X", "  ab", ""]


def test_colours_and_private_modes_leave_no_trace():
    assert shown(b"\x1b[?2026h\x1b[1;31mred\x1b[0m\x1b[?25l\x1b[>1u!") == ["red!", "", ""]


def test_a_sequence_or_character_cut_in_two_waits_for_its_end():
    assert shown(b"\x1b[2", b";2H", "▌".encode()[:1], "▌".encode()[1:]) == ["", " ▌", ""]


def test_erasing_to_the_end_of_line_screen_and_everything():
    assert shown(b"abc\r\ndef\x1b[1;2H\x1b[K") == ["a", "def", ""]
    assert shown(b"abc\r\ndef\x1b[2;2H\x1b[J") == ["abc", "d", ""]
    assert shown(b"abc\x1b[2J") == ["", "", ""]


def test_a_wide_character_takes_two_cells():
    screen = Screen(4, 1)
    screen.feed("漢x".encode())
    assert screen.lines == ["漢x"]
    screen.feed(b"\x1b[1;3Hy")
    assert screen.lines == ["漢y"]


def test_the_last_line_scrolls():
    assert shown(b"a\r\nb\r\nc\r\nd", rows=3) == ["b", "c", "d"]


def test_titles_and_clipboard_are_not_text():
    assert shown(b"\x1b]0;title\x07a\x1b]52;c;eA==\x1b\\b") == ["ab", "", ""]


def test_it_knows_whether_the_program_has_the_screen_to_itself():
    screen = Screen(5, 1)
    screen.feed(b"sh\x1b[?1049h")
    assert screen.alternate and screen.lines == [""]
    screen.feed(b"x\x1b[?1049l")
    assert not screen.alternate


@pytest.mark.parametrize("data", [b"\x1b[999;999Hx", b"\x1b[0;0Hx", b"\x1b[99Cx", b"\x1b[Ax", b"x" * 50])
def test_nothing_is_written_outside(data):
    lines = shown(data)
    assert len(lines) == 3 and all(len(line) <= 10 for line in lines)
