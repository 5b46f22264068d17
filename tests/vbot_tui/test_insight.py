import math
from dataclasses import replace

import pytest

from automl.space import Choice, Factor, Range
from automl.state import fold
from automl.studies import StudyViewer
from sessions.workspace import Workspace
from tests.vbot_tui.studies import Story, whole_study
from vbot_tui.insight import (
    Asked,
    best_so_far,
    cut_off,
    durations,
    forecast,
    place_of,
    searched,
    study_page,
    why,
    work_s,
)
from vbot_tui.study_desk import StudyDesk

NOBODY = Asked()


@pytest.fixture
def workspace(tmp_path):
    return Workspace.open(str(tmp_path))


def told(story):
    """Spec, state, events and view of a story so far."""
    view = StudyViewer(story.workspace).view(story.study)
    events = story.journal.read()
    from automl.spec import load

    return load(story.workspace.studies / story.study / "study.yaml"), fold(events), events, view


def test_a_value_lies_where_the_draws_have_it():
    assert place_of(Range(1e-4, 1e-2, log=True), 1e-3) == pytest.approx(0.5)
    assert place_of(Factor(0.5, 2.0, around=0.4), 0.4) == pytest.approx(0.5)
    assert place_of(Range(0.0, 4.0), 1.0) == pytest.approx(0.25)
    assert place_of(Choice((-200.0, -100.0, -50.0)), -100.0) == pytest.approx(0.5)
    assert math.isnan(place_of(Choice((1, 2)), 3))


def test_ends_of_a_factor_are_shown_as_the_values_they_stand_for():
    key = searched("task.reward.scales.approach", Factor(0.5, 2.0, around=0.4), Asked(lean={}))
    assert (key.name, key.low, key.high, key.how, key.preset) == ("approach", "0.2", "0.8", "factor", "0.4")


def test_a_rung_has_no_cut_off_before_enough_trials_have_been_there(workspace):
    story = Story(workspace)  # three must have been there, the newcomer included
    story.begin(0)
    story.rung(0, 0.4, 0.3)
    spec, state, *_ = told(story)
    assert math.isnan(cut_off(spec, state, 0))


def test_of_three_that_were_there_the_better_half_goes_on(workspace):
    story = Story(workspace)
    for number, score in enumerate((0.3, 0.6, 0.1)):
        story.begin(number)
        story.rung(number, 0.4, score)
    spec, state, *_ = told(story)
    assert cut_off(spec, state, 0) == pytest.approx(0.3)  # a fourth one: 4 / 2 = 2 places, so the second best


def test_nobody_needs_more_than_the_best_had_when_it_was_there(workspace):
    story = Story(workspace)
    for number, scores in enumerate(((0.1, 0.9), (0.5, 0.6), (0.5, 0.7), (0.6, 0.8))):
        story.begin(number)
        story.rung(number, 0.4, scores[0])
        story.rung(number, 1.0, scores[1])
        story.tell("trial_finished", trial=number, state="finished", score=scores[1], success=0.0, fell=0.0,
                   env_steps=1_000_000, reason="finished", detail="done", flags=[])  # fmt: skip
    spec, state, *_ = told(story)
    assert cut_off(spec, state, 0) == pytest.approx(0.1)  # trial 0 stood at 0.1 and became the best


def test_each_trial_says_why_it_stands_where_it_stands(workspace):
    whole_study(workspace, runs=False)
    view = StudyViewer(workspace).view(workspace.study_dirs()[0].name)
    page = StudyDesk(workspace).page(view.id, view, ask=False)
    assert page.trial(3).why == "finished: 1,000,000 steps done"
    assert page.trial(10).why == "score 0.100 at rung 1 (400k steps), 0.308 goes on now; waits for its promotion"
    assert page.trial(11).why == "crashed: ValueError: the policy has NaN weights"


def test_a_running_trial_says_how_it_does_and_a_stopping_one_who_asked(workspace):
    story = Story(workspace)
    story.begin(0)
    spec, state, *_ = told(story)
    assert why(spec, state, state.trials[0]) == "running; no evaluation yet"
    story.rung(0, 0.2, 0.25)
    spec, state, *_ = told(story)
    assert why(spec, state, state.trials[0]) == "running; score 0.250 at 200k steps, decision continue"
    story.tell("trial_ordered", trial=0, how="kill", who="me", why="too slow")
    spec, state, *_ = told(story)
    assert why(spec, state, state.trials[0]) == "asked to kill by me: too slow"


def test_a_lost_process_is_counted_in_the_reason(workspace):
    story = Story(workspace)
    story.begin(0)
    story.tell("attempt_lost", trial=0, attempt=1, detail="first\nkilled by signal 9")
    spec, state, *_ = told(story)
    said = why(spec, state, state.trials[0])
    assert said == "goes on from its checkpoint when a slot is free (1 earlier start lost: killed by signal 9)"


def test_the_time_of_a_trial_leaves_its_pauses_out():
    events = [
        {"type": "trial_launched", "trial": 0, "t": 10.0},
        {"type": "trial_paused", "trial": 0, "t": 40.0},
        {"type": "trial_launched", "trial": 0, "t": 100.0},
        {"type": "trial_finished", "trial": 0, "t": 115.0, "state": "finished"},
        {"type": "trial_launched", "trial": 1, "t": 20.0},
        {"type": "trial_finished", "trial": 1, "t": 25.0, "state": "failed"},
    ]
    assert durations(events) == [45.0]


def test_the_end_is_foreseen_from_the_trials_so_far(workspace):
    story = Story(workspace, max_trials=4, slots=1, budget_s=None)
    story.whole(0)  # launched at minute 4, six events later finished: six minutes
    story.whole(1)
    spec, state, events, view = told(story)
    guess = forecast(spec, state, events, view)
    assert (guess.middle_s, guess.by) == (pytest.approx(2 * 6 * 60.0), "trials")


def test_the_budget_ends_a_study_whose_trials_take_longer(workspace):
    story = Story(workspace, max_trials=40, slots=1, budget_s=3600.0)
    story.whole(0)
    spec, state, events, view = told(story)
    guess = forecast(spec, state, events, view)
    assert (guess.middle_s, guess.by) == (pytest.approx(3600.0 - story.at), "budget")


def test_the_best_so_far_lists_ended_trials_in_their_order(workspace):
    story = Story(workspace)
    story.whole(1)
    assert best_so_far(story.journal.read()) == ((pytest.approx(story.at / 3600), 1, 0.23),)


def test_the_queue_has_requests_before_suggestions(workspace):
    story = Story(workspace)
    story.tell("command", id="1", kind="start_trial", who="me", why="a hunch", trial=None,
               params={"ppo.learning_rate": 0.003}, accepted=True, answer="yes")  # fmt: skip
    spec, state, events, view = told(story)
    page = study_page(spec, state, events, view, Asked(following={"ppo.entropy_coef": 0.005}))
    assert [(item.what, item.why) for item in page.queue] == [
        ("asked for", "learning_rate=0.003 (by me: a hunch)"),
        ("12 more", "by tpe; the next: entropy_coef=0.005"),
    ]


def test_the_history_tells_who_asked_for_what_and_what_was_refused(workspace):
    story = Story(workspace)
    story.tell("command", id="1", kind="kill_trial", who="me", why="x", trial=9, params=None, accepted=False,
               answer="there is no trial 9 in this study")  # fmt: skip
    spec, state, events, view = told(story)
    newest = study_page(spec, state, events, view, NOBODY).history[0]
    assert newest.text == "me asked: kill trial T9 (x) REFUSED: there is no trial 9 in this study"


def test_the_optimizer_is_asked_in_a_process_of_its_own_and_answers(workspace):
    study = whole_study(workspace, runs=False)
    desk, viewer = StudyDesk(workspace), StudyViewer(workspace)
    assert "being computed" in desk.page(study, viewer.view(study)).insight
    desk._question.process.wait()
    page = desk.page(study, viewer.view(study))
    assert page.insight == "from 10 finished trials" and not desk.waiting
    assert sum(key.importance for key in page.keys) == pytest.approx(1.0)
    rate = page.keys[0]
    assert rate.importance > page.keys[3].importance and rate.lean > 0.5


def test_a_damaged_log_is_said_and_does_not_break_the_page(workspace):
    study = whole_study(workspace, runs=False)
    log = workspace.studies / study / "events.jsonl"
    log.write_bytes(log.read_bytes().replace(b"trial_created", b"trial_creaked", 1))
    assert "does not match its checksum" in StudyDesk(workspace).page(study, None, ask=False).trouble


def test_the_page_is_there_only_while_it_is_open(workspace):
    study = whole_study(workspace, runs=False)
    desk, viewer = StudyDesk(workspace), StudyViewer(workspace)
    assert desk.opened(viewer.view) is None
    desk.open(study)
    assert desk.opened(viewer.view).id == study
    desk.close()


def test_a_trial_is_not_split_over_slots(workspace):
    story = Story(workspace, max_trials=4, slots=2, budget_s=None)
    story.whole(0)
    for number in (1, 2, 3):
        story.begin(number)
    spec, state, _, view = told(story)
    one, two, three = (replace(trial, state="running", eta_s=None) for trial in view.trials[1:])
    going = replace(view, trials=(view.trials[0], replace(one, eta_s=500.0), replace(two, eta_s=40.0)))
    assert work_s(spec, state, going, 100.0) == 500.0  # the longest of those that run
    waits = replace(going, trials=(*going.trials, replace(three, state="queued", env_steps=0)))
    assert work_s(spec, state, waits, 300.0) == 500.0  # it begins after 40 s and ends at 340 s
    assert work_s(spec, state, waits, 600.0) == 640.0
    half = replace(view, trials=(replace(one, env_steps=one.total_env_steps // 2),))
    assert work_s(spec, state, half, 100.0) == 50.0
