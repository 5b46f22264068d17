"""What things take and how long there is: by hand. Trials have 1000 steps at 100 steps per second: 10 s each."""

from typing import Any

import pytest

from automl import budget
from automl.confirm import best_number, search_trials
from automl.spec import ConfirmCfg, FinalCfg
from automl.state import StudyState
from tests.automl.builders import created, finished, prepared, rung, spec, started, study
from tests.automl.fake import Script
from tests.automl.test_engine import World


def at(t: float, event: dict[str, Any]) -> dict[str, Any]:
    return {**event, "t": t}


def timed(trial: int, begin: float, end: float, score: float = 0.5, eval_s: float | None = None) -> list[Any]:
    """A trial that ran from one second of scheduling to another and evaluated itself five times."""
    life = [at(begin, created(trial)), at(begin, prepared(trial)), at(begin, started(trial))]
    life += [at(end, rung(trial, step, score)) for step in (200, 400, 600, 800, 1000)]
    return [*life, at(end, {**finished(trial, score), "eval_s": eval_s})]


def test_the_pace_counts_evaluations_apart():
    """20 s, of which 5 x 2 s are evaluations: 10 s for 1000 steps, so 3000 steps take 30 s and their evaluations 10."""
    state = study(timed(0, 0.0, 20.0, eval_s=2.0))
    pace = budget.pace_of(state.trials[0])
    assert (pace.step_s, pace.eval_s) == pytest.approx((0.01, 2.0))
    assert budget.trial_s(spec(), state, 0, 3000) == pytest.approx(40.0)


def test_a_trial_that_a_scheduler_did_not_see_through_gives_no_pace():
    again = {"type": "scheduler_started", "t": 5.0}
    state = study(at(0.0, created(0)), at(0.0, started(0)), again, at(9.0, finished(0)))
    assert budget.study_pace(state) is None


def test_jobs_take_the_slot_that_is_free_first():
    assert budget.makespan([4.0, 3.0, 2.0, 2.0], 2) == 6.0  # 4 + 2 beside 3 + 2
    assert budget.makespan([], 2) == 0.0


def two_done() -> StudyState:
    return study(timed(0, 0.0, 10.0, 0.3), timed(1, 0.0, 10.0, 0.6))


def test_room_is_kept_for_confirmation_and_final_run():
    """Two candidates, two seeds, 10 s each, one slot: 40 s, but at most 30 % of 100 s; 2000 steps to end with: 20 s."""
    asked = spec(budget_s=100.0, confirm=ConfirmCfg(2, 2), final=FinalCfg(2000, seeds=1))
    assert budget.confirm_s(asked, two_done(), slots=1) == pytest.approx(30.0)
    assert budget.confirm_s(asked, two_done(), slots=2) == pytest.approx(20.0)
    assert budget.final_s(asked, two_done(), slots=2) == pytest.approx(20.0)
    assert budget.closes_at_s(asked, two_done(), slots=2) == pytest.approx(60.0)


def test_as_long_as_nothing_is_known_the_final_run_has_its_whole_share():
    asked = spec(budget_s=100.0, confirm=ConfirmCfg(2, 2), final=FinalCfg(2000, share=0.25))
    assert budget.closes_at_s(asked, study(created(0), started(0)), slots=2) == pytest.approx(75.0)


def test_without_a_budget_nothing_has_to_make_room():
    assert budget.closes_at_s(spec(final=FinalCfg(2000)), two_done(), slots=2) is None


@pytest.mark.parametrize(("elapsed_s", "steps"), [(20.0, 5000), (59.0, 4000), (98.0, 1000)])
def test_a_final_run_is_as_long_as_asked_for_or_as_there_is_time_for(elapsed_s, steps):
    """To end at 99 s: 79 s are enough for 5000 steps, 40 s for 4000; never shorter than a trial."""
    asked = spec(budget_s=100.0, final=FinalCfg(5000, seeds=1))
    assert budget.final_steps(asked, two_done(), 1, 2, elapsed_s) == steps


def test_a_final_run_is_as_long_as_its_configuration_trains_fast_by_its_own_word():
    """At 125 steps per second and 5 evaluations of 2 s: of the 40 s until 99 % of 100 s, 30 are left: 3750 steps.

    Both trials of the configuration count, though no scheduler saw the second from start to end: of 2000 steps a half
    took 10 s and a half 6 s, which is 125 per second.
    """
    words = [{"eval_s": 1.0, "trained_per_s": 100.0}, {"eval_s": 3.0, "trained_per_s": 1000 / 6.0}]
    lives = [
        [at(0.0, created(n, params={"a": 1})), at(0.0, started(n)), {"type": "scheduler_started", "t": 0.0}]
        + [at(0.0, rung(n, step, 0.5)) for step in (200, 400, 600, 800, 1000)]
        + [at(9.0, {**finished(n, 0.5), **words[n]})]
        for n in (0, 1)
    ]
    asked = spec(budget_s=100.0, final=FinalCfg(50_000, seeds=1))
    assert budget.final_steps(asked, study(*lives), 0, 2, 59.0) == 3750


def test_the_end_is_projected_from_what_is_left_to_do():
    """Of three trials one runs with 4 s to go: the other slot is free, so 4 s beside 10 s... with two done: 10 s."""
    done = [*timed(0, 0.0, 10.0), *timed(1, 0.0, 10.0)]
    running = study(done, at(10.0, created(2)), at(10.0, started(2)))
    asked = spec(max_trials=5)
    assert budget.ends_in_s(asked, running, 2, 10.0, {2: 4.0}) == pytest.approx(14.0)  # 4 + 10 beside 10
    assert budget.ends_in_s(spec(max_trials=5, budget_s=15.0), running, 2, 10.0, {2: 4.0}) == pytest.approx(5.0)
    assert budget.ends_in_s(asked, study(created(0)), 2, 0.0, {}) is None


# --- on the fake machine


def ended_at(here: World) -> float:
    return here.events("study_ended")[-1]["t"]


def test_a_budget_without_a_number_of_trials_searches_as_long_as_there_is_time(tmp_path):
    here = World(tmp_path, slots=2, budget_s=200.0, max_trials=None)
    state = here.run(230)
    assert state.ended == "the budget of 200 s is spent"
    assert len(state.trials) >= 36
    assert ended_at(here) == pytest.approx(200.0, rel=0.02)


def test_search_confirmation_and_final_run_fill_the_budget_together(tmp_path):
    """Of 400 s: 3 x 2 repeats of about 11 s on two slots take 33 s, the final run its 30 %."""
    scripts = {number: Script(0.3 + number / 1000) for number in range(99)}
    asked = {"confirm": ConfirmCfg(3, 2), "final": FinalCfg(50_000)}
    here = World(tmp_path, slots=2, scripts=scripts, budget_s=400.0, max_trials=None, **asked)
    state = here.run(420)
    assert ended_at(here) == pytest.approx(400.0, rel=0.02)
    assert [event["phase"] for event in here.events("phase_closed")] == ["search"]
    confirms = [trial for trial in state.trials.values() if trial.origin == "confirm"]
    assert [trial.state for trial in confirms] == ["finished"] * 6
    finals = [trial for trial in state.trials.values() if trial.origin == "final"]
    assert [trial.lineage["final_of"] for trial in finals] == [best_number(state)] * 2
    assert [trial.state for trial in finals] == ["finished"] * 2
    assert finals[0].total == finals[1].total == finals[0].env_steps
    assert 0.9 * 120 < finals[0].seconds <= 122
    assert finals[0].seed != finals[1].seed


def test_a_final_run_comes_also_where_the_number_of_trials_ends_the_search(tmp_path):
    here = World(tmp_path, slots=1, max_trials=2, final=FinalCfg(3000))
    state = here.run(60)
    assert [trial.origin for trial in state.trials.values()] == ["preset", "tpe", "final"]
    assert (state.trials[2].env_steps, state.trials[2].state) == (3000, "finished")
    assert state.ended == "all 3 trials are done"
    orders = [run.order.sets for run in here.machine.runs.values()]
    assert [sets.get("train.judge_from") for sets in orders] == [None, None, 0.85]


def test_nothing_finished_yet_and_still_there_is_a_final_run_in_time(tmp_path):
    """Trials of 1000 s in a budget of 100 s: the best-standing one is trained on the last 30 s."""
    here = World(tmp_path, slots=1, budget_s=100.0, trial_env_steps=100_000, final=FinalCfg(200_000))
    state = here.run(120)
    assert [trial.origin for trial in state.trials.values()] == ["preset", "final"]
    assert state.trials[0].end_reason == "budget"
    assert ended_at(here) == pytest.approx(100.0, abs=3.0)


def test_time_left_over_goes_into_further_seeds(tmp_path):
    """The one repeat diverges after a third of its time; until the budget is spent there are more."""
    scripts = {number: Script(diverges_at=300) for number in range(8, 40)}
    here = World(tmp_path, slots=1, scripts=scripts, budget_s=100.0, max_trials=None, confirm=ConfirmCfg(1, 1))
    state = here.run(110)
    repeats = [trial.lineage["repeat"] for trial in state.trials.values() if trial.origin == "confirm"]
    assert repeats == list(range(len(repeats))) and len(repeats) >= 2
    assert ended_at(here) == pytest.approx(100.0, rel=0.02)


def test_the_budget_of_all_phases_counts_on_after_kills(tmp_path):
    here = World(tmp_path, slots=2, budget_s=300.0, max_trials=None, confirm=ConfirmCfg(2, 2), final=FinalCfg(90_000))
    for seconds in (70, 70, 70, 60):
        here.run(seconds)
        here.die()
        counted = here.engine.elapsed_s
        here.clock.now += 1000.0  # nobody schedules
        here.begin()
        assert counted - 31.0 <= here.engine.elapsed_s <= counted
    state = here.run(200)
    assert state.ended == "the budget of 300 s is spent" or state.ended.startswith("all ")
    assert ended_at(here) <= 306.0
    assert {trial.state for trial in state.trials.values()} <= {"finished", "stopped"}


def test_an_ended_study_costs_no_budget_and_goes_on_when_asked(tmp_path):
    here = World(tmp_path, slots=1, budget_s=200.0, max_trials=1)
    here.run(50)
    spent = here.engine.elapsed_s
    here.clock.now += 500.0
    assert here.engine.elapsed_s == spent
    here.tell("start_trial", params={})
    state = here.run(30)
    assert [trial.state for trial in state.trials.values()] == ["finished", "finished"]
    assert here.engine.elapsed_s < 50


def test_a_change_of_code_is_seen_on_every_later_trial(tmp_path):
    here = World(tmp_path, slots=1, max_trials=3)
    versions = iter(["a", "a", "b"])
    here.engine._code = lambda: next(versions)
    state = here.run(60)
    assert [trial.code_versions for trial in state.trials.values()] == [("a",), ("a",), ("b",)]
    assert [state.code_changed(trial) for trial in state.trials.values()] == [False, False, True]


def test_a_trial_that_went_on_with_other_code_is_marked_too(tmp_path):
    here = World(tmp_path, slots=1, max_trials=1, scripts={0: Script(dies_at=[500])})
    versions = iter(["a", "b"])
    here.engine._code = lambda: next(versions)
    state = here.run(30)
    assert state.trials[0].code_versions == ("a", "b")
    assert state.code_changed(state.trials[0])


# --- commands that a person uses on trials


def test_an_excluded_trial_neither_ranks_nor_is_confirmed_and_is_not_suggested_again(tmp_path):
    scripts = {0: Script(0.9), 1: Script(0.5), 2: Script(0.4)}
    here = World(tmp_path, slots=1, max_trials=2, scripts=scripts)
    here.run(30)
    assert "no longer counts" in here.tell("exclude_trial", 0)
    state = here.engine.state
    assert best_number(state) == 1
    assert [trial.number for trial in search_trials(state)] == [1]
    assert state.trials[0].score == 0.9  # what was measured stays in the log
    assert state.trials[0].excluded == "ann: because"


def test_a_stopped_trial_ends_with_its_checkpoint_and_keeps_its_score(tmp_path):
    here = World(tmp_path, slots=1, max_trials=1, trial_env_steps=1000)
    here.run(5)
    assert here.tell("stop_trial", 0) == "trial 0 is being stopped, with a checkpoint"
    trial = here.run(5).trials[0]
    assert (trial.state, trial.end_reason) == ("stopped", "user")
    assert trial.score is not None
