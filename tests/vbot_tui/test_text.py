import math

import pytest

from vbot_tui import text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"), (7, "7"), (949, "949"), (1000, "1.00k"), (12_345, "12.3k"), (999_960, "1.00M"), (123_456, "123k"),
        (1_234_567, "1.23M"), (120e6, "120M"), (-4200, "-4.20k"), (None, "-"), (math.nan, "-"), (math.inf, "-"),
    ],
)  # fmt: skip
def test_count_keeps_three_digits_and_a_unit(value, shown):
    assert text.count(value) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0s"), (59.4, "59s"), (60, "1m00"), (125, "2m05"), (3599, "59m59"), (3600, "1h00"), (12_000, "3h20"),
     (86_400, "1d"), (-3, "0s"), (None, "-"), (math.nan, "-"), (math.inf, "-")],
)  # fmt: skip
def test_span_names_two_units(seconds, shown):
    assert text.span(seconds) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0, "0"), (1.2345, "+1.23"), (-0.04249, "-0.0425"), (123.4, "+123"), (0.00012, "+0.000120"), (2e-7, "+2.0e-7"),
     (3.2e6, "+3.2e+6"), (math.nan, "-"), (None, "-"), (-math.inf, "-")],
)  # fmt: skip
def test_signed_shows_the_sign_and_three_digits(value, shown):
    assert text.signed(value) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0s"), (59, "59s"), (60, "1m"), (3599, "59m"), (7200, "2h"), (90_000, "1d"), (math.nan, "-"), (None, "-")],
)
def test_age_stands_still_for_a_while(seconds, shown):
    assert text.age(seconds) == shown


def test_number_and_percent_show_a_dash_for_what_is_no_number():
    assert (text.number(0.51234), text.number(math.nan), text.number(None)) == ("0.512", "-", "-")
    assert (text.percent(0.615), text.percent(math.nan), text.percent(None)) == ("62%", "-", "-")


def test_when_reads_utc_stamps_and_nothing_else():
    assert text.when("1970-01-01T00:01:40Z") == 100.0
    assert math.isnan(text.when("yesterday"))
    assert math.isnan(text.when(""))


def test_clean_disarms_escape_sequences_and_direction_marks():
    assert text.clean("a\x1b[31mb\tc\nd\u202ee") == "a?[31mb c d?e"
    assert text.clean("grün") == "grün"


def test_fit_cuts_and_pads_to_cells():
    assert text.fit("abc", 5) == "abc  "
    assert text.fit("abc", 5, ">") == "  abc"
    assert text.fit("abcdef", 4) == "abc…"
    assert text.fit("abcdef", 4, "<", "~") == "abc~"
    assert text.fit("abcdef", 1) == "a"
    assert text.fit("世界", 3) == "世…"
    assert text.fit("", 0) == ""


def test_wrap_folds_at_spaces_and_cuts_long_words():
    assert text.wrap("one two three", 7) == ["one two", "three"]
    assert text.wrap("abcdefgh ij", 3) == ["abc", "def", "gh", "ij"]
    assert text.wrap("", 10) == [""]
