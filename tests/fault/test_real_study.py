"""Studies with real trial processes, and what happens to them when processes die."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from automl import studies
from automl.commands import Command
from automl.handover import hand_over, resume_command
from automl.journal import read_journal
from automl.scheduler import Scheduler
from sessions.errors import WorkFailed
from sessions.locks import is_held
from sessions.runs import RunDir
from sessions.workspace import Workspace
from tests.automl.tiny import LONG_STEPS, SETS, tiny_spec

PATIENCE_S = 120.0


class Lab:
    """A workspace whose trials are cleaned up whatever a test does."""

    def __init__(self, root: Path) -> None:
        self.workspace = Workspace.open(root)
        self.schedulers: list[Scheduler] = []
        self.study = ""

    def create(self, **changes: Any) -> str:
        self.study = studies.create_study(self.workspace, tiny_spec(**changes))
        return self.study

    def scheduler(self) -> Scheduler:
        scheduler = Scheduler(self.workspace, self.study, pass_s=0.1)
        self.schedulers.append(scheduler)
        scheduler.start()
        return scheduler

    def events(self, kind: str) -> list[dict[str, Any]]:
        log = self.workspace.study(self.study) / "events.jsonl"
        return [event for event in read_journal(log).events if event["type"] == kind]

    def runs(self) -> list[RunDir]:
        return self.workspace.run_dirs()

    def training(self, count: int) -> list[int]:
        """Wait until so many trials make steps; the pids of their processes."""

        def pids() -> list[int]:
            seen = [run.status() for run in self.runs() if run.is_alive()]
            return [status.pid for status in seen if status and status.pid and status.env_steps > 0]

        until(lambda: len(pids()) == count)
        return pids()

    def clean(self) -> None:
        for scheduler in self.schedulers:
            scheduler.stop()
        for run in self.runs():
            while run.is_alive():
                status = run.status()
                if status is not None and status.pid is not None:
                    os.kill(status.pid, signal.SIGKILL)
                threading.Event().wait(0.02)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    made = Lab(tmp_path)
    yield made
    made.clean()


def until(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        assert time.monotonic() < deadline, "it never came"
        threading.Event().wait(0.05)
    return found


def test_a_real_study_trains_scores_and_ranks_real_trials(lab):
    lab.create(max_trials=2)
    scheduler = lab.scheduler()
    assert scheduler.wait_idle(PATIENCE_S)
    view = scheduler.snapshot()
    assert [trial.state for trial in view.trials] == ["finished", "finished"]
    for trial in view.trials:
        run = lab.workspace.run(trial.run)
        status = run.status()
        assert (status.state, status.end_reason) == ("finished", "finished")
        assert len(trial.rungs) >= 5
        assert trial.score == max(summary.score for summary in run.evals())
        assert run.record().trial == trial.number
    assert view.trials[0].params != view.trials[1].params
    (study,) = studies.status(lab.workspace)["studies"]
    assert (study["state"], study["score"]) == ("finished", view.score)


def test_a_trial_killed_by_a_person_says_so_in_its_record_the_log_and_the_view(lab):
    lab.create(max_trials=1, trial_env_steps=LONG_STEPS)
    scheduler = lab.scheduler()
    lab.training(1)
    scheduler.kill(0, "ann", "it only hops")
    ended = until(lambda: lab.events("trial_finished"))[0]
    assert (ended["state"], ended["reason"]) == ("killed", "user")
    assert "ann" in ended["detail"] and "it only hops" in ended["detail"]
    status = lab.runs()[0].status()
    assert (status.state, status.end_reason) == ("killed", "user")
    assert "ann" in status.end_detail and "it only hops" in status.end_detail
    row = until(lambda: scheduler.snapshot().trials[0].end_reason and scheduler.snapshot().trials[0])
    assert (row.state, row.end_detail) == ("killed", ended["detail"])


def test_three_equal_crashes_pause_the_study_and_show_their_traceback(lab):
    sets = {**SETS, "ppo.hidden": [10**12]}  # no machine has the memory for it
    lab.create(max_trials=6, slots=1, sets=sets)
    scheduler = lab.scheduler()
    until(lambda: scheduler.snapshot().state == "paused")
    view = scheduler.snapshot()
    assert [(trial.state, trial.score) for trial in view.trials] == [("failed", None)] * 3
    assert "3 trials in a row ended with the same error" in view.reason
    assert all("MemoryError" in trial.end_detail and "Traceback" in trial.end_detail for trial in view.trials)
    assert [trial.attempts for trial in view.trials] == [1, 1, 1]


def test_a_study_outlives_its_cockpit_a_scheduler_killed_in_the_act_and_a_trial_killed_with_it(lab):
    study = lab.create(max_trials=2, trial_env_steps=LONG_STEPS, sets={**SETS, "train.checkpoint_interval_s": 1.0})
    lock = lab.workspace.study(study) / "lock"

    # the cockpit leaves: a detached scheduler takes the study, the trials do not notice
    cockpit = lab.scheduler()
    pids = lab.training(2)
    cockpit.stop(handover=True)
    first = hand_over(lab.workspace, study)
    assert is_held(lock)

    # another one is refused
    second = subprocess.run(resume_command(lab.workspace, study), capture_output=True, text=True)
    assert second.returncode == 2
    assert "is scheduled by" in second.stderr and f"pid {first}" in second.stderr
    assert "Traceback" not in second.stderr

    # the detached one is killed; so is a trial that has a checkpoint by then
    until(lambda: all(run.checkpoints() for run in lab.runs()))
    os.kill(first, signal.SIGKILL)
    until(lambda: not is_held(lock))
    victim = next(run for run in lab.runs() if run.status().pid == pids[0])
    reached = victim.checkpoints()[-1][0]
    os.kill(pids[0], signal.SIGKILL)
    until(lambda: not victim.is_alive())

    # the next scheduler adopts the one that lives and continues the other from its checkpoint
    third = hand_over(lab.workspace, study)
    until(lambda: victim.is_alive())
    until(lambda: victim.status().pid not in (None, pids[0]) and victim.status().env_steps > reached)
    survivor = next(run for run in lab.runs() if run != victim)
    assert survivor.status().pid == pids[1]
    assert len(lab.runs()) == 2
    started = {event["trial"]: event["attempt"] for event in lab.events("trial_started")}
    assert started[victim.record().trial] == 2 and started[survivor.record().trial] == 1
    assert [event["trial"] for event in lab.events("attempt_lost")] == [victim.record().trial]

    # a person stops the study: trials end in order, the scheduler leaves
    command = studies.send(lab.workspace, study, Command("stop_study", "ann", "enough seen"))
    assert "stopped" in studies.wait_for_answer(lab.workspace, study, command, PATIENCE_S)
    until(lambda: not is_held(lock))
    assert [run.status().state for run in lab.runs()] == ["stopped", "stopped"]
    assert lab.events("study_ended")[-1]["why"] == "ann: enough seen"
    until(lambda: not Path(f"/proc/{third}/cmdline").exists() or not Path(f"/proc/{third}/cmdline").read_bytes())


def test_the_detached_scheduler_that_cannot_start_is_reported_with_its_words(lab):
    study = lab.create()
    command = [sys.executable, "-c", "import sys; print('no such thing'); sys.exit(3)"]
    with pytest.raises(WorkFailed, match=r"exit code 3 .*no such thing.*vbot automl resume"):
        hand_over(lab.workspace, study, command)
