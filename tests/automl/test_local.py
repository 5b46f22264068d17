"""Trials as real processes: the executor contract, and what only processes can do."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from automl.executor import Executor, TrialOrder
from automl.local import LocalExecutor
from automl.spec import FIRST_ENV
from sessions.locks import Lock
from sessions.runs import RunDir, RunStatus
from sessions.workspace import Workspace
from tests.automl.executor_contract import ExecutorContract
from tests.automl.tiny import LONG_STEPS, SETS


def order(number: int, env_steps: int, **params: float) -> TrialOrder:
    return TrialOrder("study", number, f"tiny_t{number}", FIRST_ENV, "default", SETS, params, 1, env_steps)


class TestLocalExecutor(ExecutorContract):
    @pytest.fixture(autouse=True)
    def workspace(self, tmp_path: Path):
        self.here = Workspace.open(tmp_path)

    def new_executor(self) -> Executor:
        return LocalExecutor(self.here, machine_slots=self.SLOTS)

    def short(self, number: int) -> TrialOrder:
        return order(number, 2_000)

    def long(self, number: int) -> TrialOrder:
        return order(number, LONG_STEPS)

    def refused(self, number: int) -> TrialOrder:
        return order(number, 1000, **{"ppo.clip": -1.0})

    def test_a_run_knows_its_study_its_trial_and_which_values_were_searched(self, executor):
        from vbot_rl.config import load_yaml

        wish = order(3, 2_000, **{"ppo.learning_rate": 2e-4})
        run = executor.new_run(wish)
        executor.prepare(run, wish)
        directory = RunDir(self.here.runs / run)
        record, resolved = directory.record(), load_yaml(directory.config_path)
        assert (record.kind, record.study, record.trial) == ("trial", "study", 3)
        assert (resolved.cfg.ppo.learning_rate, resolved.cfg.train.total_env_steps) == (2e-4, 2_000)
        assert resolved.origins["ppo.learning_rate"] == "search"
        assert resolved.origins["train.num_envs"] == "override"

    def test_a_crash_shows_the_end_of_its_log(self, executor):
        wish = self.long(0)
        run = executor.new_run(wish)
        executor.prepare(run, wish)
        (self.here.runs / run / "config.yaml").write_text("schema: 99\nconfig: {}\n")
        self.start(executor, run)
        report = self.until(executor, run, lambda report: not report.alive)
        assert (report.state, report.end_reason) == ("failed", "crashed")
        assert "schema 99" in (executor.settle(run).end_detail or "")

    def test_a_foreign_process_under_an_old_pid_is_never_touched(self, executor):
        """The run's lock is held, but the pid in its status now belongs to somebody else."""
        wish = self.long(0)
        run = executor.new_run(wish)
        executor.prepare(run, wish)
        directory = RunDir(self.here.runs / run)
        stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
        try:
            with Lock.acquire(directory.lock_path):
                directory.write_status(RunStatus(state="running", pid=stranger.pid))
                assert executor.report(run).alive
                executor.kill(run)
                assert stranger.poll() is None
        finally:
            os.killpg(stranger.pid, signal.SIGKILL)
            stranger.wait()
