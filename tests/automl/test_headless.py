import os
import signal

import pytest

from automl import studies
from automl.headless import leaving_on_signals, run_study
from automl.view import StudyView
from sessions.errors import LockedError
from sessions.locks import Lock, is_held
from sessions.workspace import Workspace
from tests.automl.fake import FakeClock, FakeMachine, Script
from tests.automl.test_scheduler import PacedExecutor
from tests.automl.tiny import tiny_spec


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    return Workspace.open(tmp_path)


def create(workspace: Workspace, **changes) -> str:
    return studies.create_study(workspace, tiny_spec(sampler="random", **changes))


def machine() -> FakeMachine:
    return FakeMachine(FakeClock(), 2, lambda number: Script())


def test_it_returns_when_the_study_has_ended(workspace):
    study = create(workspace, max_trials=2)
    seen: list[StudyView] = []
    view = run_study(workspace, study, seen.append, PacedExecutor(machine()))
    assert (view.state, view.reason) == ("finished", "all 2 trials are done")
    assert not is_held(workspace.study(study) / "lock")
    assert seen[-1].state == "finished"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_lets_go_of_the_study_and_leaves_its_trials_alive(workspace, number):
    study = create(workspace, trial_env_steps=10**9)
    here = machine()

    def leave(view: StudyView) -> None:
        if len(here.starts) == 2:
            os.kill(os.getpid(), number)

    view = run_study(workspace, study, leave, PacedExecutor(here))
    assert view.state == "unattended"
    assert all(run.report.alive for run in here.runs.values())


def test_signals_mean_again_what_they_meant_before():
    before = signal.getsignal(signal.SIGTERM)
    with leaving_on_signals():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_study_that_somebody_schedules_is_refused_and_signals_are_restored(workspace):
    study = create(workspace)
    before = signal.getsignal(signal.SIGHUP)
    with Lock.acquire(workspace.study(study) / "lock", "the cockpit"), pytest.raises(LockedError, match="the cockpit"):
        run_study(workspace, study, executor=PacedExecutor(machine()))
    assert signal.getsignal(signal.SIGHUP) == before
