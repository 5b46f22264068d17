import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from automl.asha import AshaCfg
from automl.commands import Command
from automl.engine import Engine
from automl.journal import Journal, JournalWriteError
from automl.state import Params, StudyState
from tests.automl.builders import spec
from tests.automl.fake import FakeClock, FakeExecutor, FakeMachine, Script


def numbered(spec: Any, state: StudyState, number: int) -> Params:
    """A suggestion that needs no library: the trial's number is its learning rate."""
    return {"ppo.learning_rate": 1e-4 * (number + 1), "task.reward.scales.termination": -100.0}


class World:
    """A study on a fake machine. Trials have 1000 steps and take 10 s."""

    def __init__(self, path: Path, slots: int = 2, scripts: dict[int, Script] | None = None, **changes: Any) -> None:
        self.path = path / "events.jsonl"
        self.clock = FakeClock()
        self.machine = FakeMachine(self.clock, slots, lambda number: (scripts or {}).get(number) or Script())
        self.spec = spec(**changes)
        self.slots = slots
        self.ids = 0
        self.begin()

    def begin(self) -> Engine:
        """A new scheduler process: it knows nothing but the log and the machine."""
        self.journal = Journal(self.path)
        self.executor = FakeExecutor(self.machine)
        self.engine = Engine(
            "study", self.spec, self.journal, self.executor, self.clock, self.slots, suggester=numbered
        )
        return self.engine

    def die(self) -> None:
        """As kill -9: nothing is said or written."""
        self.journal.close()

    def run(self, seconds: float, step_s: float = 1.0) -> StudyState:
        for _ in range(round(seconds / step_s)):
            self.engine.step()
            self.machine.advance(step_s)
        self.engine.step()
        return self.engine.state

    def tell(self, kind: str, trial: int | None = None, **more: Any) -> str:
        self.ids += 1
        return self.engine.obey(Command(kind, "ann", "because", trial=trial, id=f"c{self.ids}", **more))

    def events(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.journal.read() if event["type"] == kind]


@pytest.fixture
def world(tmp_path: Path) -> Callable[..., World]:
    return lambda **more: World(tmp_path, **more)


def states(state: StudyState) -> list[str]:
    return [trial.state for _, trial in sorted(state.trials.items())]


def test_as_many_trials_start_as_there_are_slots(world):
    here = world(slots=2)
    here.engine.step()
    assert states(here.engine.state) == ["running", "running"]
    assert here.machine.slots_held == 2


def test_a_study_runs_to_its_end_and_says_so(world):
    here = world(slots=2, scripts={0: Script(0.2), 1: Script(0.6), 2: Script(0.4)})
    state = here.run(25)
    assert states(state) == ["finished"] * 3
    assert [trial.score for trial in state.trials.values()] == [0.2, 0.6, 0.4]
    assert state.best().number == 1
    assert state.ended == "all 3 trials are done"
    assert here.machine.slots_held == 0


def test_the_first_trial_is_the_preset_and_the_others_are_suggested(world):
    state = world().run(25)
    assert [trial.origin for trial in state.trials.values()] == ["preset", "tpe", "tpe"]


def test_every_evaluation_is_journalled_once_as_a_rung(world):
    here = world(max_trials=1)
    here.run(12)
    rungs = [(event["step"], event["score"]) for event in here.events("rung")]
    assert rungs == [(200, 0.1), (400, 0.2), (600, pytest.approx(0.3)), (800, 0.4), (1000, 0.5)]


def test_a_start_is_journalled_before_it_happens(world):
    here = world(max_trials=1, slots=1)
    seen: list[list[str]] = []
    start = here.executor.start
    here.executor.start = lambda run, slot: (
        seen.append([event["type"] for event in here.journal.read()]),
        start(run, slot),
    )
    here.engine.step()
    assert seen == [["scheduler_started", "trial_created", "trial_prepared", "trial_started"]]


def test_a_killed_trial_keeps_who_and_why(world):
    here = world(max_trials=1)
    here.run(3)
    assert here.tell("kill_trial", 0) == "trial 0 is being killed"
    trial = here.run(2).trials[0]
    assert (trial.state, trial.end_reason, trial.end_detail) == ("killed", "user", "ann: because")
    assert here.machine.kills == []


def test_a_killed_trial_frees_its_slot_for_the_next(world):
    here = world(slots=1, max_trials=2)
    here.run(2)
    here.tell("kill_trial", 0)
    assert states(here.run(2)) == ["killed", "running"]


def test_a_trial_that_does_not_listen_is_killed_after_the_grace_time(world):
    here = world(max_trials=1, trial_env_steps=100_000, stop_grace_s=5.0, scripts={0: Script(ignores_stop=True)})
    here.run(2)
    here.tell("kill_trial", 0)
    here.run(4)
    assert here.machine.kills == []
    state = here.run(3)
    assert (here.machine.kills, states(state)) == ([here.machine.starts[0]], ["killed"])


def test_killing_twice_does_not_wait(world):
    here = world(max_trials=1, trial_env_steps=100_000, stop_grace_s=1000.0, scripts={0: Script(ignores_stop=True)})
    here.run(2)
    here.tell("kill_trial", 0)
    here.tell("kill_trial", 0)
    assert states(here.run(2)) == ["killed"]


def test_a_process_that_vanishes_is_continued_with_its_run(world):
    here = world(max_trials=1, scripts={0: Script(dies_at=[450])})
    trial = here.run(20).trials[0]
    assert (trial.state, trial.attempts, trial.failures) == ("finished", 2, ("died at 500",))
    assert here.machine.starts == [trial.run, trial.run]


def test_a_trial_that_vanishes_three_times_has_failed_and_has_no_score(world):
    here = world(max_trials=1, scripts={0: Script(dies_at=[300, 500, 700])})
    trial = here.run(20).trials[0]
    assert (trial.state, trial.attempts, trial.score, trial.end_reason) == ("failed", 3, None, "crashed")
    assert trial.failures == ("died at 300", "died at 500")
    assert trial.end_detail == "died at 700"
    assert len(trial.rungs) == 3


def test_an_error_of_the_trials_own_is_not_tried_again(world):
    here = world(max_trials=1, scripts={0: Script(crashes_at=300, error="Traceback ...\nValueError: 3 is not 4")})
    trial = here.run(20).trials[0]
    assert (trial.state, trial.attempts, trial.score) == ("failed", 1, None)
    assert trial.end_detail == "Traceback ...\nValueError: 3 is not 4"


def test_a_diverged_trial_has_no_score(world):
    trial = world(max_trials=1, scripts={0: Script(diverges_at=500)}).run(20).trials[0]
    assert (trial.state, trial.score, trial.end_reason) == ("diverged", None, "diverged")


def test_three_equal_crashes_pause_the_study_with_the_reason(world):
    scripts = {number: Script(crashes_at=100, error=f"ValueError: {number} of 40 is too few") for number in range(3)}
    here = world(slots=1, max_trials=9, scripts=scripts)
    state = here.run(20)
    assert states(state) == ["failed"] * 3
    assert state.pause.who == "scheduler"
    assert state.pause.why == "3 trials in a row ended with the same error: ValueError: # of # is too few"
    assert here.tell("resume_study") == "trials start again"
    assert states(here.run(1)) == ["failed"] * 3 + ["running"]


def test_three_different_crashes_do_not_pause_it(world):
    scripts = {number: Script(crashes_at=100, error=f"{kind}: no") for number, kind in enumerate(["A", "B", "C"])}
    state = world(slots=1, max_trials=4, scripts=scripts).run(6)
    assert state.pause is None
    assert states(state) == ["failed"] * 3 + ["running"]


def test_a_crash_between_finished_trials_does_not_pause_it(world):
    scripts = {number: Script(crashes_at=100) for number in (0, 1, 3)}
    state = world(slots=1, max_trials=4, scripts=scripts).run(40)
    assert (state.pause, states(state)) == (None, ["failed", "failed", "finished", "failed"])


def test_a_configuration_that_is_refused_fails_at_once_and_the_next_one_starts(world):
    here = world(slots=1, max_trials=2, scripts={0: Script(refused=True)})
    state = here.run(15)
    assert states(state)[0] == "failed"
    assert "ppo.clip must be positive" in state.trials[0].end_detail
    assert states(here.run(15))[1] == "finished"


def test_a_start_that_fails_is_tried_again_after_a_pause(world):
    here = world(slots=1, max_trials=1, scripts={0: Script(start_fails=1)})
    assert states(here.run(5)) == ["queued"]
    trial = here.run(25).trials[0]
    assert (trial.state, trial.failures) == ("finished", ("no more processes",))
    assert here.machine.slots_held == 0


def test_a_trial_that_stands_still_is_stopped_and_continued(world):
    here = world(max_trials=1, stall_s=30.0, stop_grace_s=5.0, scripts={0: Script(hangs_at=300)})
    assert states(here.run(20)) == ["running"]
    trial = here.run(40).trials[0]
    assert (trial.state, trial.attempts) == ("finished", 2)
    assert "no step for" in trial.failures[0]


def test_time_in_which_nobody_looked_does_not_count_as_standing_still(world):
    """The scheduler was suspended for an hour between two passes."""
    here = world(max_trials=1, stall_s=30.0, trial_env_steps=1_000_000, scripts={0: Script(hangs_at=300)})
    here.run(10)
    here.clock.now += 3600
    here.engine.step()
    assert here.engine.state.trials[0].order is None


def test_a_paused_study_starts_nothing_and_lets_trials_finish(world):
    here = world(slots=1)
    here.run(2)
    here.tell("pause_study")
    state = here.run(20)
    assert states(state) == ["finished"]
    assert state.ended is None


def test_a_paused_trial_gives_its_slot_away_and_continues_when_asked(world):
    here = world(slots=1, max_trials=2)
    here.run(5)
    here.tell("pause_trial", 0)
    assert states(here.run(2)) == ["paused", "running"]
    here.tell("restart_trial", 0)
    state = here.run(25)
    assert states(state) == ["finished", "finished"]
    assert here.machine.starts.count(state.trials[0].run) == 2


def test_a_trial_asked_for_comes_before_suggested_ones_and_keeps_its_values(world):
    here = world(slots=1, max_trials=2)
    here.engine.step()
    here.tell("start_trial", params={"ppo.learning_rate": 0.009})
    state = here.run(35)
    assert [trial.origin for trial in state.trials.values()] == ["preset", "person", "tpe"]
    assert state.trials[1].params["ppo.learning_rate"] == 0.009
    assert state.trials[1].params["task.reward.scales.termination"] == -100.0


def test_a_value_for_a_key_that_is_not_searched_is_refused(world):
    here = world()
    assert "does not search 'ppo.clip'" in here.tell("start_trial", params={"ppo.clip": 0.1})
    assert here.engine.state.requests == ()


@pytest.mark.parametrize(
    ("kind", "trial", "words"),
    [
        ("kill_trial", 7, "there is no trial 7"),
        ("kill_trial", None, "there is no trial None"),
        ("restart_trial", 0, "trial 0 is running; only a trial that is paused, stopped, killed or failed"),
        ("resume_study", None, "is not paused"),
        ("dance", None, "unknown command 'dance'"),
    ],
)
def test_a_command_that_makes_no_sense_is_answered_and_does_nothing(world, kind, trial, words):
    here = world()
    here.run(2)
    before = here.engine.state.trials
    assert words in here.tell(kind, trial)
    assert here.engine.state.trials == before
    assert here.events("command")[-1]["accepted"] is False


def test_a_command_is_obeyed_once_however_often_it_is_read(world):
    here = world()
    wish = Command("start_trial", "ann", "again", id="same")
    here.engine.obey(wish)
    here.engine.obey(wish)
    assert len(here.engine.state.requests) == 1


def test_stopping_a_study_stops_its_trials_and_ends_it(world):
    here = world()
    here.run(3)
    here.tell("stop_study")
    state = here.run(3)
    assert states(state) == ["stopped", "stopped"]
    assert state.ended == "ann: because"


def test_a_spent_budget_stops_trials_and_ends_the_study(world):
    here = world(budget_s=7.0)
    state = here.run(10)
    assert states(state) == ["stopped", "stopped"]
    assert {trial.end_reason for trial in state.trials.values()} == {"budget"}
    assert state.ended == "the budget of 7 s is spent"


def test_the_budget_counts_on_after_a_restart_and_leaves_downtime_out(world):
    here = world(budget_s=60.0, max_trials=99)
    here.run(31)
    here.die()
    here.clock.now += 500  # nobody schedules
    engine = here.begin()
    # the tick at 30 s is the last thing the first scheduler wrote
    assert 30.0 <= engine.elapsed_s <= 32.0
    state = here.run(35)
    assert state.ended == "the budget of 60 s is spent"
    assert 60.0 <= here.journal.read()[-1]["t"] <= 63.0


HALVING = AshaCfg(True, 2.0, (0.4,), 3)


def test_halving_pauses_the_worse_trials_at_a_rung_and_ends_them_with_the_study(world):
    scripts = {0: Script(0.9), 1: Script(0.8), 2: Script(0.1), 3: Script(0.85)}
    here = world(slots=4, max_trials=4, scripts=scripts, early_stop=HALVING)
    assert states(here.run(6)) == ["running", "running", "paused", "running"]
    state = here.run(9)
    assert states(state) == ["finished", "finished", "stopped", "finished"]
    assert (state.trials[2].end_reason, state.trials[2].score) == ("early_stop", pytest.approx(0.04))
    assert "not in the better part at rung 1" in state.trials[2].end_detail
    assert [event["trial"] for event in here.events("rung") if event["decision"] == "pause"] == [2]
    assert sorted(state.finish_order) == [0, 1, 2, 3]


def test_a_paused_trial_is_promoted_before_a_new_one_is_tried(world):
    """At the rung: 0.6, 0.5, 0.4 (paused), 0.1, 0.2, 0.3 -> of six the better three go on, 0.4 among them."""
    at_rung = [0.6, 0.5, 0.4, 0.1, 0.2, 0.3]
    # all end alike, so no finished trial is better than the others and lends its place at the rung to nobody
    scripts = {number: Script(1.0 - number / 100, scores={0.4: at_rung[number]}) for number in range(6)}
    here = world(slots=1, max_trials=6, scripts=scripts, early_stop=HALVING)
    state = here.run(90)
    promoted = here.events("trial_promoted")
    assert [event["trial"] for event in promoted] == [2]
    assert state.trials[2].state == "finished" and state.trials[2].attempts == 2
    assert here.machine.starts.count(state.trials[2].run) == 2
    assert [states(state)[number] for number in (3, 4, 5)] == ["stopped"] * 3
    assert state.ended == "all 6 trials are done"


def test_a_score_that_is_no_number_ends_a_trial_even_without_halving(world):
    here = world(max_trials=1, scripts={0: Script(0.5, scores={0.4: math.nan})})
    trial = here.run(20).trials[0]
    assert (trial.state, trial.end_reason) == ("stopped", "early_stop")
    assert (trial.score, [rung.score for rung in trial.rungs]) == (pytest.approx(0.1), [pytest.approx(0.1), None])


def test_a_decision_is_the_same_though_nobody_looked_until_the_trial_was_through(tmp_path):
    """Trial 2 should have paused at 0.4; its scheduler was away and found it finished."""

    def decided(folder: Path, away: bool) -> list[Any]:
        folder.mkdir()
        scripts = {number: Script(score) for number, score in enumerate([0.9, 0.8, 0.1, 0.05])}
        here = World(folder, slots=1, scripts=scripts, max_trials=4, early_stop=HALVING)
        here.run(24)
        if away:
            here.die()
            here.machine.advance(60.0)
            here.begin()
        here.run(60)
        wanted = ("trial_created", "rung", "trial_finished")
        rows = [event for event in here.journal.read() if event["type"] in wanted]
        return [
            {key: value for key, value in row.items() if key not in ("seq", "time", "t", "env_steps")} for row in rows
        ]

    assert decided(tmp_path / "away", True) == decided(tmp_path / "there", False)


def test_a_promoted_trial_that_was_through_already_counts_with_all_it_measured(world):
    at_rung = [0.6, 0.5, 0.4, 0.1, 0.2, 0.3]
    scripts = {number: Script(1.0 - number / 100, scores={0.4: at_rung[number]}) for number in range(6)}
    here = world(slots=1, max_trials=6, scripts=scripts, early_stop=HALVING)
    here.run(23)
    here.die()
    here.machine.advance(30.0)
    here.begin()
    state = here.run(80)
    trial = state.trials[2]
    assert (trial.state, trial.score, trial.attempts) == ("finished", pytest.approx(0.98), 1)
    assert [rung.step for rung in trial.rungs] == [200, 400, 600, 800, 1000]


def test_a_flag_stops_a_trial_when_the_study_says_so(world):
    scripts = {0: Script(0.9, flag="lazy_robot", flag_at=500)}
    here = world(max_trials=1, scripts=scripts, stop_on_flags=("lazy_robot",))
    trial = here.run(20).trials[0]
    assert (trial.state, trial.end_reason, trial.end_detail) == (
        "stopped",
        "early_stop",
        "scheduler: flag lazy_robot at step 600",
    )


@pytest.mark.parametrize("stop_on", [(), ("sprint_crash",)])
def test_other_flags_stop_nothing(world, stop_on):
    here = world(max_trials=1, scripts={0: Script(0.9, flag="lazy_robot")}, stop_on_flags=stop_on)
    assert states(here.run(20)) == ["finished"]


def test_without_early_stopping_nothing_is_pruned(world):
    here = world(slots=4, max_trials=4, scripts={2: Script(-1.0)})
    here.run(15)
    assert {event["decision"] for event in here.events("rung")} == {"continue"}


def test_a_new_scheduler_adopts_live_trials_and_starts_nothing_twice(world):
    here = world()
    here.run(4)
    here.die()
    here.machine.advance(2.0)
    here.begin()
    assert sorted(here.executor.adopted) == sorted(here.machine.starts)
    state = here.run(20)
    assert states(state) == ["finished"] * 3
    assert len(here.machine.starts) == 3


def test_trials_that_ended_while_nobody_looked_are_finished_once(world):
    here = world(max_trials=2)
    here.run(4)
    here.die()
    here.machine.advance(60.0)
    here.begin()
    state = here.run(1)
    assert states(state) == ["finished", "finished"]
    assert [trial.score for trial in state.trials.values()] == [0.5, 0.5]
    assert len(here.events("trial_finished")) == 2


def test_trials_that_died_while_nobody_looked_are_continued(world):
    here = world(max_trials=2)
    here.run(4)
    here.die()
    for run in list(here.machine.starts):
        here.machine.kill_run(run)
    here.begin()
    state = here.run(12)
    assert states(state) == ["finished", "finished"]
    assert [trial.attempts for trial in state.trials.values()] == [2, 2]


def test_an_order_that_was_journalled_is_carried_out_by_the_next_scheduler(world):
    here = world(max_trials=1)
    here.run(3)
    here.tell("kill_trial", 0)  # journalled; the process dies before it acts on it
    here.die()
    here.begin()
    assert states(here.run(2)) == ["killed"]


POINTS = ["trial_created", "trial_prepared", "trial_started", "rung", "trial_finished"]


class Killed(BaseException):
    """The scheduler's process is gone."""


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("after", [False, True])
def test_dying_around_any_event_changes_no_decision(tmp_path, point, after):
    """One worker: what is suggested, measured and decided is the same as without the deaths."""

    def decisions(here: World) -> list[Any]:
        wanted = ("trial_created", "rung", "trial_finished")
        rows = [event for event in here.journal.read() if event["type"] in wanted]
        return [{key: value for key, value in row.items() if key not in ("seq", "time", "t")} for row in rows]

    folders = [tmp_path / "calm", tmp_path / "deadly"]
    for folder in folders:
        folder.mkdir()
    calm = World(folders[0], slots=1)
    calm.run(40)
    here = World(folders[1], slots=1)
    for passed_by in (0, 0, 0) if after else (0, 1, 1):
        append, count = here.journal.append, 0

        def deadly(event: Any, append: Any = append, passed_by: int = passed_by) -> Any:
            nonlocal count
            hit = event["type"] == point
            count += hit
            if hit and not after and count > passed_by:
                raise Killed
            stored = append(event)
            if hit and after:
                raise Killed
            return stored

        here.journal.append = deadly
        with pytest.raises(Killed):
            here.run(40)
        here.die()
        here.machine.slots_held = sum(run.report.alive for run in here.machine.runs.values())  # the kernel drops locks
        here.begin()
    state = here.run(40)
    assert decisions(here) == decisions(calm)
    assert states(state) == ["finished"] * 3


def test_a_full_disk_stops_decisions_and_not_trials(world):
    here = world(slots=1)
    here.run(3)
    append = here.journal.append

    def refuse(event: Any) -> Any:
        raise JournalWriteError("event was not saved: no space left on device")

    here.journal.append = refuse
    refused = 0
    for _ in range(20):
        try:
            here.engine.step()
        except JournalWriteError:
            refused += 1
        here.machine.advance(1.0)
    assert refused > 10
    assert not here.machine.runs[here.machine.starts[0]].report.alive  # it trained to its end
    assert len(here.machine.starts) == 1
    here.journal.append = append
    assert states(here.run(25)) == ["finished"] * 3


def test_a_heartbeat_is_journalled_every_half_minute(world):
    here = world(trial_env_steps=100_000)
    here.run(100)
    assert [round(event["t"]) for event in here.events("tick")] == [30, 60, 90]


def test_slots_of_others_are_respected(world):
    here = world(slots=2)
    here.machine.slots_held = 1
    assert states(here.run(1)) == ["running"]
