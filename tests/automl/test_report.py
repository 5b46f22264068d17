import time

import pytest
import yaml

from automl.report import best_step, curve, ranked, report_text
from automl.statefile import flow, state_yaml, write_papers
from tests.automl.builders import command, created, finished, prepared, ran, rung, spec, started, study

CRASH = "Traceback (most recent call last):\n  File x\nValueError: 3 is not 4"
EVENTS = [
    {"type": "scheduler_started", "time": "", "t": 0.0, "code_version": "abc"},
    *ran(0, 0.5),
    *[created(1, {"ppo.learning_rate": 0.00001, "task.reward.scales.termination": -50.0}), prepared(1), started(1)],
    *[rung(1, 200, 0.0), rung(1, 400, 0.75), rung(1, 600, 1.0), rung(1, 800, None), rung(1, 1000, 0.9)],
    finished(1, 1.0),
    *[created(2), prepared(2), started(2), finished(2, None, "failed", CRASH)],
    *ran(3, 0.5),
]
STATE = study(*EVENTS)


def test_the_highest_score_is_first_and_equals_keep_their_order():
    assert [trial.number for trial in ranked(STATE)] == [1, 0, 3]


def test_who_was_excluded_is_not_ranked_and_the_report_says_so():
    left_out = study(*EVENTS, command("exclude_trial", 1))
    assert [trial.number for trial in ranked(left_out)] == [0, 3]
    text = report_text("s1", spec(), left_out)
    assert "The highest score is 0.5000 of trial 0" in text
    assert "| T1    | finished | excluded | ann: because" in text


def test_the_score_belongs_to_the_step_that_gave_it():
    assert best_step(STATE.trials[1]) == 600


def test_the_curve_has_a_bar_per_evaluation():
    # eighths of 1: 0 -> first bar, 0.75 -> index 6, 1.0 and 0.9 -> the last two bars
    assert curve(STATE.trials[1]) == "▁▇█·█"
    assert curve(STATE.trials[2]) == "-"


def test_the_report_names_the_best_and_how_to_get_every_number_again():
    text = report_text("s1", spec(), STATE)
    assert "The highest score is 1.0000 of trial 1 (success 100.0%" in text
    assert "one training with one seed: nothing is confirmed" in text
    for number, step in [(1, 600), (0, 1000), (3, 1000)]:
        assert f"`vbot train --config runs/run-{number}/config.yaml`, `vbot eval run-{number}@{step}`" in text
    assert "| T2    | failed | crashed | ValueError: 3 is not 4 |" in text
    assert "| `ppo.learning_rate`              | 0.001  | 1e-05 | 0.001 | 0.001 |" in text


def test_a_change_of_code_is_said():
    changed = study(*EVENTS, {"type": "scheduler_started", "time": "", "t": 9.0, "code_version": "def"})
    assert "the code changed during the study** (abc -> def)" in report_text("s1", spec(), changed)
    assert "code changed" not in report_text("s1", spec(), STATE)


def test_a_pause_and_an_end_are_said_in_words():
    assert "state: paused by ann: because" in report_text("s1", spec(), study(*EVENTS, command("pause_study")))
    ended = study(*EVENTS, {"type": "study_ended", "time": "", "t": 9.0, "why": "all 4 trials are done"})
    assert "state: all 4 trials are done" in report_text("s1", spec(), ended)


def test_a_study_without_trials_has_a_report():
    assert "No trial has a score." in report_text("s1", spec(), study())
    assert yaml.safe_load(state_yaml("s1", spec(), study()))["trials"] == []


def test_state_yaml_is_yaml_and_holds_what_the_log_holds():
    data = yaml.safe_load(state_yaml("s1", spec(), STATE))
    assert (data["study"], data["ranking"], data["searched"]) == ("s1", [1, 0, 3], list(spec().space))
    trial = data["trials"][1]
    assert trial["params"] == {"ppo.learning_rate": 1e-05, "task.reward.scales.termination": -50.0}
    assert trial["curve"] == [[200, 0.0], [400, 0.75], [600, 1.0], [800, None], [1000, 0.9]]
    assert (trial["score"], trial["best_step"], trial["run"]) == (1.0, 600, "run-1")
    assert data["trials"][2]["end_detail"] == CRASH


@pytest.mark.parametrize(
    "value", [1e-05, 1.5e-07, 1e22, -2.0, 0.1, 3, True, None, "a: 'b' {c}\n\x85é", [], {}, {"a.b": [1, {"c": "no"}]}]
)
def test_any_value_survives_the_one_line_form(value):
    again = yaml.safe_load(f"key: {flow(value)}")["key"]
    assert again == value
    assert type(again) is type(value)


def test_numbers_that_are_none_become_null():
    assert yaml.safe_load(flow([float("nan"), float("inf")])) == [None, None]


def test_both_files_lie_beside_the_log(tmp_path):
    write_papers(tmp_path, "s1", spec(), STATE)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.md", "state.yaml"]


def test_three_thousand_trials_are_written_in_a_moment(tmp_path):
    events = [event for number in range(3000) for event in ran(number, number / 3000)]
    state = study(*events)
    begin = time.process_time()
    write_papers(tmp_path, "s1", spec(), state)
    assert time.process_time() - begin < 1.0
