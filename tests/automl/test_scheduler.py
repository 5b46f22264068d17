import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from automl import studies
from automl.commands import Command
from automl.executor import RunReport
from automl.handover import take_over
from automl.journal import read_journal
from automl.scheduler import Scheduler
from automl.view import StudyView
from sessions.errors import CorruptFileError, LockedError, NotFoundError, WorkFailed
from sessions.locks import is_held
from sessions.workspace import Workspace
from tests.automl.fake import FakeClock, FakeExecutor, FakeMachine, Script
from tests.automl.tiny import tiny_spec

PATIENCE_S = 30.0


class PacedExecutor(FakeExecutor):
    """Fake time passes as fast as the scheduler asks, but each wait gives other threads a turn."""

    def __init__(self, machine: FakeMachine) -> None:
        super().__init__(machine)
        self._woken = threading.Event()

    def wait(self, timeout_s: float) -> None:
        self._woken.wait(0.002)
        self._woken.clear()
        super().wait(timeout_s)

    def wake(self) -> None:
        self._woken.set()

    def report(self, run: str) -> RunReport:
        if self.machine.trouble is not None:
            raise self.machine.trouble
        return super().report(run)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.open(tmp_path)


class Bench:
    """A study on disk, scheduled on a fake machine."""

    def __init__(self, workspace: Workspace, **changes: Any) -> None:
        self.workspace = workspace
        self.clock = FakeClock()
        self.machine = FakeMachine(self.clock, 2, lambda number: Script(score=0.1 * (number + 1)))
        self.study = studies.create_study(workspace, tiny_spec(sampler="random", slots=1, **changes))
        self.schedulers: list[Scheduler] = []

    def scheduler(self) -> Scheduler:
        scheduler = Scheduler(self.workspace, self.study, PacedExecutor(self.machine), self.clock)
        self.schedulers.append(scheduler)
        return scheduler

    def events(self, kind: str) -> list[dict[str, Any]]:
        log = self.workspace.study(self.study) / "events.jsonl"
        return [event for event in read_journal(log).events if event["type"] == kind]

    @property
    def inbox(self) -> Path:
        return self.workspace.study(self.study) / "inbox"


@pytest.fixture
def bench(workspace):
    benches: list[Bench] = []

    def make(**changes: Any) -> Bench:
        benches.append(Bench(workspace, **changes))
        return benches[-1]

    yield make
    for made in benches:
        for scheduler in made.schedulers:
            scheduler.stop()


def until(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        assert time.monotonic() < deadline, "it never came"
        threading.Event().wait(0.005)
    return found


def test_a_study_runs_to_its_end_on_a_thread_of_its_own(bench):
    here = bench(max_trials=3)
    scheduler = here.scheduler()
    scheduler.start()
    assert scheduler.wait_idle(PATIENCE_S)
    view = scheduler.snapshot()
    assert (view.state, view.reason) == ("finished", "all 3 trials are done")
    assert [trial.state for trial in view.trials] == ["finished"] * 3
    assert (view.best, view.score) == (2, pytest.approx(0.3))


def test_every_trial_that_ends_is_in_the_papers_beside_the_log(bench):
    here = bench(max_trials=2)
    scheduler = here.scheduler()
    scheduler.start()
    assert scheduler.wait_idle(PATIENCE_S)
    scheduler.stop()
    folder = here.workspace.study(here.study)
    data = yaml.safe_load((folder / "state.yaml").read_text())
    assert [(trial["number"], trial["score"]) for trial in data["trials"]] == [(0, 0.1), (1, 0.2)]
    assert data["ended"] == "all 2 trials are done"
    assert "The highest score is 0.2000 of trial 1" in (folder / "report.md").read_text()


def test_seconds_between_events_count_though_the_scheduler_was_killed(bench):
    """20 s without an event, shorter than a tick; then another process takes over from the files."""
    here = bench(trial_env_steps=10**9)
    first = here.scheduler()
    first.start()
    until(lambda: float((first.path / "elapsed").read_text()) >= 20.0 if (first.path / "elapsed").exists() else False)
    first.stop()
    log = first.path / "events.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(line for line in lines if b'"tick"' not in line and b"scheduler_stopped" not in line))
    second = here.scheduler()
    second.start()
    assert second.snapshot().elapsed_s >= 20.0


@pytest.mark.parametrize("text", ["", "soon", "-5", "nan", "inf"])
def test_an_unreadable_count_counts_as_none(bench, text):
    here = bench(max_trials=1)
    (here.workspace.study(here.study) / "elapsed").write_text(text)
    scheduler = here.scheduler()
    scheduler.start()
    assert scheduler.wait_idle(PATIENCE_S)
    assert scheduler.snapshot().state == "finished"


def test_papers_that_cannot_be_written_do_not_stop_the_study(bench):
    here = bench(max_trials=1)
    (here.workspace.study(here.study) / "state.yaml").mkdir()
    scheduler = here.scheduler()
    scheduler.start()
    assert scheduler.wait_idle(PATIENCE_S)
    assert scheduler.snapshot().state == "finished"
    assert "state.yaml and report.md were not written" in (scheduler.path / "scheduler.log").read_text()


def test_listeners_get_ever_newer_snapshots_off_the_callers_thread(bench):
    scheduler = bench().scheduler()
    seen: list[StudyView] = []
    threads: set[str] = set()
    scheduler.subscribe(seen.append)
    scheduler.subscribe(lambda view: threads.add(threading.current_thread().name))
    scheduler.start()
    assert scheduler.wait_idle(PATIENCE_S)
    versions = [view.version for view in seen]
    assert versions == sorted(set(versions)) and len(versions) > 3
    assert any(name.startswith("scheduler ") for name in threads)


def test_a_listener_that_fails_does_not_stop_the_study(bench):
    here = bench()
    scheduler = here.scheduler()
    scheduler.subscribe(lambda view: view.nonsense)
    scheduler.start()
    assert scheduler.wait_idle(PATIENCE_S)
    assert "nonsense" in (here.workspace.study(here.study) / "scheduler.log").read_text()


def test_a_second_scheduler_is_refused_with_a_sentence_and_changes_nothing(bench):
    here = bench(trial_env_steps=10**9)
    here.scheduler().start()
    until(lambda: here.events("trial_launched"))
    before = len(here.events("scheduler_started"))
    with pytest.raises(
        LockedError, match=r"is scheduled by the scheduler of study .* \(pid \d+ on .*\) already"
    ) as error:
        here.scheduler().start()
    assert error.value.exit_code == 2
    assert len(here.events("scheduler_started")) == before


def test_a_command_from_another_process_is_answered_in_the_log_and_obeyed(bench):
    here = bench(trial_env_steps=10**9, max_trials=1)
    scheduler = here.scheduler()
    scheduler.start()
    until(lambda: here.events("trial_launched"))
    command = studies.send(here.workspace, here.study, Command("kill_trial", "ann", "it wobbles", trial=0))
    assert studies.wait_for_answer(here.workspace, here.study, command, PATIENCE_S) == "trial 0 is being killed"
    ended = until(lambda: here.events("trial_finished"))[0]
    assert (ended["state"], ended["detail"]) == ("killed", "ann: it wobbles")
    assert list(here.inbox.glob("*.json")) == []


def test_commands_are_obeyed_in_the_order_they_were_sent(bench):
    here = bench()
    for kind in ("pause_study", "start_trial", "resume_study"):
        studies.send(here.workspace, here.study, Command(kind, "ann", "because"))
    here.scheduler().start()
    until(lambda: len(here.events("command")) == 3)
    assert [event["kind"] for event in here.events("command")] == ["pause_study", "start_trial", "resume_study"]


def test_a_file_that_is_no_command_is_put_away_and_said_in_the_log(bench):
    here = bench(trial_env_steps=10**9)
    (here.inbox / "1.json").write_text("{half")
    (here.inbox / "2.json").write_text(json.dumps({"kind": "dance"}))
    here.scheduler().start()
    until(lambda: not list(here.inbox.glob("*.json")))
    log = (here.workspace.study(here.study) / "scheduler.log").read_text()
    assert "refused 1.json" in log and "refused 2.json" in log and "'dance'" in log
    assert here.events("command") == []


def test_nobody_answers_when_nobody_schedules(bench):
    here = bench()
    command = studies.send(here.workspace, here.study, Command("pause_study"))
    with pytest.raises(WorkFailed, match="vbot automl resume"):
        studies.wait_for_answer(here.workspace, here.study, command, timeout_s=0.05)


def test_stopping_a_scheduler_leaves_trials_alive_and_the_next_one_adopts_them(bench):
    here = bench(trial_env_steps=5000, max_trials=1)
    first = here.scheduler()
    first.start()
    until(lambda: here.events("trial_launched"))
    first.stop()
    lock = here.workspace.study(here.study) / "lock"
    assert not is_held(lock)
    assert studies.study_view(here.workspace, here.study).state == "unattended"
    second = here.scheduler()
    second.start()
    assert second.wait_idle(PATIENCE_S)
    assert len(here.machine.starts) == 1
    assert second.snapshot().trials[0].state == "finished"


def test_a_scheduler_lets_go_when_another_process_asks(bench):
    here = bench(trial_env_steps=10**9)
    scheduler = here.scheduler()
    scheduler.start()
    threading.Thread(target=lambda: (scheduler.wait_idle(PATIENCE_S), scheduler.stop())).start()
    take_over(here.workspace, here.study, "a new cockpit", PATIENCE_S)
    assert scheduler.released
    assert not is_held(here.workspace.study(here.study) / "lock")
    assert here.events("scheduler_stopped")[-1]["why"] == "handed over"


def test_what_keeps_it_from_working_is_said_and_passes(bench):
    here = bench(trial_env_steps=10**9)
    scheduler = here.scheduler()
    scheduler.start()
    until(lambda: here.events("trial_launched"))
    here.machine.trouble = OSError(5, "Input/output error", "status.json")
    assert "Input/output error" in until(lambda: scheduler.snapshot().trouble)
    here.machine.trouble = RuntimeError("nobody thought of this")
    until(lambda: "nobody thought of this" in scheduler.snapshot().trouble)
    assert "Traceback" in (here.workspace.study(here.study) / "scheduler.log").read_text()
    here.machine.trouble = None
    until(lambda: scheduler.snapshot().trouble == "")
    assert scheduler.snapshot().trials[0].state == "running"


def test_a_damaged_log_is_refused_and_the_study_stays_free(bench):
    here = bench()
    log = here.workspace.study(here.study) / "events.jsonl"
    raw = bytearray(log.read_bytes())
    raw[15] ^= 1
    log.write_bytes(raw)
    with pytest.raises(CorruptFileError, match="line 1"):
        here.scheduler().start()
    assert not is_held(here.workspace.study(here.study) / "lock")


def test_a_study_that_does_not_exist_is_named(workspace):
    with pytest.raises(NotFoundError, match="no study id begins with"):
        Scheduler(workspace, "nowhere")
