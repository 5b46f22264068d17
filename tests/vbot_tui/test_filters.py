import math

import pytest

from tests.vbot_tui.builders import LAZY, row
from vbot_tui.filters import FilterError, arranged, number_of, parse, unknown

ROWS = (
    row(1, score=0.9, notes=1, metrics={"task/speed_mps": 0.85}),
    row(2, score=0.4, state="killed", flags=(LAZY,), params=(("learning_rate", "0.001"),)),
    row(3, score=math.nan, state="finished", label="final seed3", end_reason="budget"),
)


def shown(words):
    return [item.number for item in ROWS if parse(words)(item)]


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("", [1, 2, 3]),
        ("state:running", [1]),
        ("state:run OR state:fin", [1, 3]),
        ("score>0.5", [1]),
        ("score<=0.4", [2]),
        ("NOT score>0.5", [2, 3]),
        ("speed_mps>0.8", [1]),
        ("task/speed_mps>0.8", [1]),
        ("learning_rate=0.001", [2]),
        ("steps>=250k", [1, 2, 3]),
        ("success>60%", [1, 2, 3]),
        ("flag:lazy", [2]),
        ("flag:L", [2]),
        ("has:note", [1]),
        ("has:flag OR has:note", [1, 2]),
        ("end:budget", [3]),
        ("seed3", [3]),
        ("/seed[0-9]$|T1/", [1]),
        ("/SEED/i", [3]),
        ("!/T1/", [2, 3]),
        ("!state:killed !state:finished", [1]),
        ("(state:killed OR has:note) AND score<0.5", [2]),
        ("state:killed OR has:note score<0.5", [2]),
    ],
)
def test_a_filter_shows_what_it_says(words, numbers):
    assert shown(words) == numbers


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("score>high", "needs a number, not 'high'"),
        ("(state:run", "')' is missing"),
        ("state:run OR", "missing at the end"),
        ("OR x", "before 'OR'"),
        ("x )", "')' was not expected"),
        ("/[/", "not a regular expression"),
        ("has:wings", "has: knows note, flag, score"),
        ("state:", "needs a value"),
    ],
)
def test_what_cannot_be_understood_is_said(words, why):
    with pytest.raises(FilterError, match=r".*") as caught:
        parse(words)
    assert why in str(caught.value)


def test_sorting_puts_the_highest_first_and_those_without_a_number_last():
    everything = parse("")
    assert [item.number for item in arranged(ROWS, everything, "score")] == [1, 2, 3]
    assert [item.number for item in arranged(ROWS, everything, "score", reverse=True)] == [2, 1, 3]
    assert [item.number for item in arranged(ROWS, everything, "trial")] == [3, 2, 1]
    assert arranged(ROWS, everything, "as it is") == ROWS


def test_a_number_nobody_has_is_none():
    assert math.isnan(number_of(ROWS[0], "height"))


def test_a_number_that_no_trial_has_is_named_with_those_that_there_are():
    rows = (row(1, params=(("lr", "3e-4"),), metrics={"task/speed_mps": 0.5}),)
    assert unknown("score>0.8 lr<1 speed_mps>0 task/speed_mps>0 state:run /a>b/ (steps>1k)", rows) == ""
    assert unknown("NOT scor>0.8", rows) == (
        "'scor' is not known to the filter; there are trial, steps, progress, speed, eta, score, success, flags, "
        "notes, searched settings and metrics"
    )
    assert unknown("scor>0.8", ()) == ""
