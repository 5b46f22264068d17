"""What `vbot automl status` says of a study, from views made of a few events."""

from typing import Any

from automl.view import StudyView, build_view
from tests.automl.builders import created, finished, ran, spec, started, study
from vbot_tui.cli.automl import as_text, duration


def view(*events: Any, **changes: Any) -> StudyView:
    return build_view("s1", spec(**changes), study(*events), {}, attended=True, slots=1)


def test_a_crash_is_shown_with_its_traceback():
    text = as_text(view(created(0), started(0), finished(0, None, "failed", "died\nTraceback ...\nValueError: 3")))
    assert text.endswith("T0 crashed:\n  died\n  Traceback ...\n  ValueError: 3")


def test_a_trial_that_ran_other_code_is_marked():
    first = {**started(0), "code_version": "a"}
    second = {**started(1), "code_version": "b"}
    text = as_text(view(created(0), first, finished(0), created(1), second, finished(1)))
    rows = [line for line in text.splitlines() if line.startswith("T") and "finished" in line]
    assert ["code_changed" in row for row in rows] == [False, True]


def test_time_and_phase_are_in_the_headline():
    text = as_text(view({**created(0), "t": 60.0}, budget_s=600.0))
    assert "60 s of 10 min of scheduling, searching, ends in about 9 min" in text


def test_an_ended_study_is_not_said_to_end():
    text = as_text(view(ran(0), {"type": "study_ended", "why": "all 1 trials are done", "t": 61.0}))
    assert "61 s of scheduling\n" in text and "ends in" not in text


def test_durations_have_the_unit_that_suits_them():
    assert [duration(seconds) for seconds in (59.6, 150.0, 7199.0, 9000.0)] == ["60 s", "2 min", "120 min", "2.5 h"]
