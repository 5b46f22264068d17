from datetime import UTC, datetime

import pytest

from vbot_tui.cli.tables import age, number, percent, table


def test_words_are_set_left_and_numbers_right():
    assert table(["NAME", "N"], [["a", "10"], ["bcdef", "-"]]) == "NAME    N\na      10\nbcdef   -"


def test_an_id_that_begins_with_digits_is_a_word():
    assert table(["RUN", "AGE"], [["20260101-a", "5 s"], ["2026-bc", "10 min"]]).splitlines()[2] == "2026-bc     10 min"


def test_numbers_are_short():
    assert number(1234567.0) == "1,234,567"
    assert number(0.12345, 3) == "0.123"
    assert number(None) == "-"
    assert percent(0.875) == "87.5%"


@pytest.mark.parametrize(
    ("created", "text"),
    [
        ("2026-01-02T11:59:30Z", "30 s"),
        ("2026-01-02T11:30:00Z", "30 min"),
        ("2026-01-02T05:00:00Z", "7 h"),
        ("2025-12-30T12:00:00Z", "3 d"),
        (None, "-"),
    ],
)
def test_ages_are_in_their_largest_unit(created, text):
    assert age(created, datetime(2026, 1, 2, 12, tzinfo=UTC)) == text
