import math
from dataclasses import replace

from automl.flags import Flag
from automl.view import StudyView, TrialView
from sessions.notes import Note
from sessions.store import RunView
from vbot_tui import rows
from vbot_tui.model import FlagView, ordered

RUN = RunView(id="r1", label="first_t001", study="s", trial=1, state="running", alive=True, data_time=100.0,
              env_steps=500, total_env_steps=1000, steps_per_s=50.0, eta_s=10.0, sparkline=(1.0, 2.0),
              sparkline_tag="episode/return", note_count=2, phase="training",
              metrics={"perf/rollout_s": 2.0, "perf/update_s": 1.0, "perf/eval_s": math.nan})  # fmt: skip


def trial(**changes):
    fields = {
        "number": 1, "run": "r1", "state": "running", "params": {"ppo.learning_rate": 0.00031234, "task.on": True},
        "origin": "tpe", "attempts": 1, "env_steps": 0, "total_env_steps": 1000, "steps_per_s": None, "eta_s": None,
        "score": None, "success": None, "fell": None, "rungs": (), "flags": (), "stopping": None, "end_reason": None,
        "end_detail": None,
    }  # fmt: skip
    return TrialView(**{**fields, **changes})


def study(*trials, **changes):
    fields = {
        "id": "s", "label": "first", "env": "e", "state": "running", "reason": "", "trouble": "", "trials": trials,
        "best": None, "elapsed_s": 1.0, "budget_s": None, "max_trials": 5, "slots": 2, "searched": (), "heartbeat": "",
        "attended": True,
    }  # fmt: skip
    return StudyView(**{**fields, **changes})


def row(run=RUN, flags=None, **changes):
    item = trial(**changes)
    return rows.trial_row(study(item), item, run, flags or {})


def test_numbers_come_from_the_run_and_decisions_from_the_study():
    seen = row(score=0.4)
    assert (seen.env_steps, seen.steps_per_s, seen.eta_s, seen.score) == (500, 50.0, 10.0, 0.4)
    assert (seen.name, seen.state, seen.notes, seen.updated) == ("T1", "running", 2, 100.0)


def test_the_interval_is_the_runs_own_cycle():
    assert row().interval_s == 3.0


def test_settings_have_short_names_and_values():
    assert row().params == (("learning_rate", "0.000312"), ("on", "True"))


def test_a_trial_that_died_without_a_word_is_shown_as_its_run_says():
    assert row(run=replace(RUN, state="failed", end_reason="crashed")).state == "failed"


def test_a_trial_without_a_run_is_told_by_its_study():
    seen = rows.trial_row(study(), trial(run=None, state="queued"), None, {})
    assert (seen.state, seen.env_steps, seen.key) == ("queued", 0, "s#1")
    assert math.isnan(seen.score)


def test_an_order_to_stop_shows_before_it_is_obeyed():
    assert row(stopping="kill").phase == "asked to kill"


def test_an_unknown_eta_is_not_zero():
    assert math.isnan(row(run=replace(RUN, eta_s=0.0)).eta_s)


def test_flags_with_evidence_win_over_names():
    full = FlagView("lazy_robot", "lazy robot", "rule", "w", (("x", 1.0),), 0.9, "do")
    assert row(flags={"r1": (full,)}).flags == (full,)
    assert [flag.title for flag in row().flags] == []
    item = trial(flags=("sprint_crash",))
    assert [flag.title for flag in rows.trial_row(study(item), item, RUN, {}).flags] == ["sprint crash"]


def test_a_flag_keeps_its_evidence_in_order():
    seen = rows.flag_view(Flag("a", "A", "rule", "win", {"x": 1.0, "y": math.nan}, 0.7, "do"))
    assert seen.evidence[0] == ("x", 1.0) and math.isnan(seen.evidence[1][1])


def test_a_head_counts_what_runs_and_what_has_ended():
    seen = rows.head(study(trial(), trial(number=2, state="killed"), trial(number=3, state="paused", run=None)), "here")
    assert (seen.slots_busy, seen.finished, seen.trials, seen.max_trials) == (1, 1, 3, 5)


def test_a_study_without_driver_is_still_running():
    seen = rows.head(study(state="unattended"), "nobody")
    assert (seen.state, seen.driver) == ("running", "nobody")


def test_notes_keep_time_text_run_and_step():
    seen = rows.note_view(Note(id="1", time="1970-01-01T00:01:40Z", author="me", text="t", run="r", step=5))
    assert (seen.time, seen.text, seen.run_id, seen.step) == (100.0, "t", "r", 5)


def test_the_living_come_first_newest_on_top_then_the_best():
    from tests.vbot_tui.builders import row as built

    items = [
        built(0, state="finished", score=0.1), built(1, state="finished", score=0.9), built(2, state="running"),
        built(3, state="failed", score=math.nan), built(4, state="queued"), built(5, state="running"),
    ]  # fmt: skip
    assert [item.number for item in ordered(items)] == [5, 2, 4, 1, 0, 3]
