from vbot_tui.lines import differences, line, plain, screen


def test_equal_lines_have_no_difference():
    assert differences(line("abc"), line("abc"), 10) == []


def test_a_changed_cell_is_one_cell():
    assert differences(line("abc def"), line("abX def"), 10) == [(2, 1)]


def test_near_changes_are_sent_together_and_far_ones_apart():
    before, after = "a" * 40, "b" + "a" * 16 + "b" + "a" * 17 + "b" + "a" * 4
    assert differences(line(before), line(after), 40) == [(0, 18), (35, 1)]


def test_a_change_of_role_is_a_change():
    assert differences((("abc", "good"),), (("abc", "bad"),), 10) == [(0, 3)]


def test_how_a_line_is_cut_into_spans_is_none():
    assert differences((("ab", "dim"), ("c", "dim")), (("abc", "dim"),), 10) == []


def test_a_shorter_line_leaves_blanks():
    assert differences(line("abcdef"), line("abc"), 10) == [(3, 3)]


def test_what_is_beyond_the_width_does_not_count():
    assert differences(line("abcdef"), line("abcdeX"), 5) == []


def test_wide_characters_send_the_whole_line():
    assert differences(line("世a"), line("世b"), 10) == [(0, 10)]


def test_a_screen_has_no_trailing_blanks():
    assert screen([line("a  "), (), line(("b", "dim"), "c")]) == "a\n\nbc"
    assert plain(line("a", ("b", "dim"))) == "ab"
