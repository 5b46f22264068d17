import time

from automl.state import Pause, Request, StopOrder, StudyFold, fold
from tests.automl.builders import command, created, finished, prepared, ran, rung, started, study


def test_an_empty_log_is_an_empty_study():
    state = fold([])
    assert (dict(state.trials), state.pause, state.ended, state.elapsed_s) == ({}, None, None, 0.0)


def test_a_trial_goes_from_queued_to_running_to_finished():
    events = [created(0), prepared(0), started(0), rung(0, 500, 0.1), rung(0, 1000, 0.4), finished(0, 0.4)]
    words = [fold(events[:count]).trials[0].state for count in range(1, 7)]
    assert words == ["queued", "queued", "running", "running", "running", "finished"]
    trial = fold(events).trials[0]
    assert (trial.run, trial.attempts, trial.score, trial.env_steps) == ("run-0", 1, 0.4, 1000)
    assert [(point.step, point.score) for point in trial.rungs] == [(500, 0.1), (1000, 0.4)]


def test_the_same_rung_counts_once():
    state = study(created(0), started(0), rung(0, 500, 0.1), rung(0, 500, 0.9))
    assert [point.score for point in state.trials[0].rungs] == [0.1]


def test_a_trial_finishes_once():
    state = study(ran(0, 0.4), finished(0, 0.9))
    assert (state.trials[0].score, state.finish_order) == (0.4, (0,))


def test_a_lost_attempt_puts_the_trial_back_into_the_queue_with_its_reason():
    state = study(created(0), prepared(0), started(0), {"type": "attempt_lost", "trial": 0, "detail": "signal 9"})
    trial = state.trials[0]
    assert (trial.state, trial.run, trial.attempts, trial.failures) == ("queued", "run-0", 1, ("signal 9",))


def test_a_pruning_rung_is_an_order_to_stop_by_itself():
    state = study(created(0), started(0), rung(0, 500, -1.0, decision="prune"))
    order = state.trials[0].order
    assert order is not None and order.how == "prune" and "500" in order.why


def test_a_kill_command_orders_a_running_trial_to_die_and_keeps_who_and_why():
    state = study(created(0), started(0), command("kill_trial", 0))
    assert state.trials[0].order == StopOrder("kill", "ann", "because")
    assert state.trials[0].state == "running"


def test_a_kill_command_ends_a_waiting_trial_at_once():
    state = study(created(0), command("kill_trial", 0))
    assert (state.trials[0].state, state.trials[0].end_detail) == ("killed", "ann: because")
    assert state.finish_order == (0,)


def test_a_refused_command_changes_nothing_but_is_answered():
    state = study(created(0), started(0), command("kill_trial", 0, accepted=False, id="x"))
    assert state.trials[0].order is None
    assert state.commands == {"x": "no"}


def test_a_restarted_trial_waits_again_with_a_clean_slate_and_its_run():
    state = study(ran(0, state="killed"), command("restart_trial", 0))
    trial = state.trials[0]
    assert (trial.state, trial.run, trial.attempts, trial.score, trial.end_reason) == ("queued", "run-0", 0, None, None)
    assert state.finish_order == ()


def test_a_requested_trial_waits_until_it_is_created():
    asked = command("start_trial", params={"ppo.learning_rate": 2e-3})
    assert study(asked).requests == (Request({"ppo.learning_rate": 2e-3}, "ann", "because"),)
    assert study(asked, created(0, origin="person")).requests == ()


def test_pausing_and_resuming_a_study():
    assert study(command("pause_study")).pause == Pause("ann", "because")
    assert study(command("pause_study"), command("resume_study")).pause is None


def test_resuming_starts_a_new_streak_of_crashes():
    state = study(ran(0, state="failed"), ran(1, state="failed"), command("resume_study"))
    assert state.streak_start == 2


def test_one_more_trial_wakes_a_study_that_had_ended():
    ended = {"type": "study_ended", "why": "all done"}
    assert study(ended).ended == "all done"
    assert study(ended, command("start_trial")).ended is None


def test_time_is_the_last_events_time():
    assert study({"type": "tick", "t": 3.5}, {"type": "tick", "t": 33.5}).elapsed_s == 33.5


def test_an_event_of_a_later_version_is_passed_over():
    assert study({"type": "stage_entered", "t": 1.0}, created(0)).trials[0].state == "queued"


def test_the_best_trial_has_the_highest_score_and_the_earlier_of_equals_wins():
    state = study(ran(0, 0.5), ran(1, 0.7), ran(2, 0.7), ran(3, 0.9, state="failed"))
    best = state.best()
    assert best is not None and best.number == 1


def test_a_trial_that_still_runs_stands_where_its_latest_evaluation_put_it():
    state = study(ran(0, 0.0, state="killed"), [created(1), started(1), rung(1, 100, 0.9), rung(1, 200, 0.7)])
    best = state.best()
    assert best is not None and (best.number, best.standing) == (1, 0.7)


def test_a_state_once_taken_does_not_change():
    grow = StudyFold([created(0)])
    before = grow.state()
    grow.apply(started(0))
    assert before.trials[0].state == "queued"
    assert grow.state().trials[0].state == "running"


def test_three_thousand_trials_are_folded_within_a_second():
    events = [event for number in range(3000) for event in ran(number, number / 3000)]
    begin = time.process_time()
    state = fold(events)
    assert time.process_time() - begin < 1.0
    assert len(state.trials) == 3000
