import pytest

from automl.crashes import crash_signature, end_of_log, equal_crashes
from automl.state import TrialState


def ended(number: int, state: str, detail: str | None = None) -> TrialState:
    return TrialState(number, {}, "tpe", 1, state=state, end_detail=detail)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("KeyError: 'obs' at step 1,204", "KeyError: 'obs' at step 88"),
        ("cannot open /tmp/a/run-1/config.yaml", "cannot open /tmp/b/run-2/config.yaml"),
        ("pointer 0x7f3a12 is bad", "pointer 0x11 is bad"),
        ("loss 1.5e-3", "loss 2.25e+10"),
        ("first line\nValueError: no", "another first line\nValueError: no\n\n"),
    ],
)
def test_crashes_that_differ_only_in_numbers_and_paths_are_the_same(one, other):
    assert crash_signature(one) == crash_signature(other)


def test_other_words_are_another_crash():
    assert crash_signature("ValueError: a") != crash_signature("ValueError: b")


def test_a_crash_without_words_has_a_signature_too():
    assert crash_signature(None) == crash_signature(" \n") == "no message"


def test_only_an_unbroken_row_of_failures_counts():
    rows = [ended(0, "failed", "x"), ended(1, "failed", "x"), ended(2, "failed", "x")]
    assert equal_crashes(rows, 3)
    assert not equal_crashes(rows[:2], 3)
    assert not equal_crashes([*rows, ended(3, "finished")], 3)
    assert not equal_crashes([rows[0], ended(1, "killed", "x"), rows[1], rows[2]], 4)


def test_the_last_traceback_is_what_a_log_says_last():
    lines = [
        "start",
        "Traceback (most recent call last):",
        "  old",
        "OldError: 1",
        "again",
        "Traceback (most recent call last):",
        '  File "a.py", line 3, in f',
        "    g(1)",
        "    ~^^^",
        "NewError: 2",
    ]
    assert end_of_log(lines) == [lines[5], lines[6], lines[7], "NewError: 2"]


def test_without_a_traceback_the_last_lines_speak():
    assert end_of_log([f"line {n}" for n in range(50)], at_most=2) == ["line 48", "line 49"]
