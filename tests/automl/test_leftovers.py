"""What a dead trial left is ended; nothing else is."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from automl.leftovers import end_leftovers
from sessions.locks import Lock
from sessions.runs import RunDir
from vbot_rl.launch import RUN_VARIABLE

SLEEP = [sys.executable, "-S", "-c", "import time; print('up', flush=True); time.sleep(60)"]


@pytest.fixture
def run(tmp_path: Path) -> RunDir:
    (tmp_path / "run-1").mkdir()
    return RunDir(tmp_path / "run-1")


@contextmanager
def sleeper(of: Path, **named: bool) -> Iterator[subprocess.Popen[bytes]]:
    """A process that was started by the run in this directory."""
    environ = {**os.environ, RUN_VARIABLE: str(of)}
    process = subprocess.Popen(SLEEP, env=environ, stdout=subprocess.PIPE, **named)
    try:
        assert process.stdout is not None and process.stdout.readline() == b"up\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_child_in_a_session_of_its_own_is_found_by_the_run_it_came_from(run):
    with sleeper(run.path, start_new_session=True) as child:
        assert end_leftovers(run) == 1
        assert child.wait(10) == -signal.SIGKILL
    assert end_leftovers(run) == 0


def test_processes_of_a_run_with_a_longer_name_and_of_nobody_live_on(run):
    with sleeper(run.path.with_name("run-10")) as other, sleeper(run.path / "deeper") as deeper:
        assert end_leftovers(run) == 0
        assert (other.poll(), deeper.poll()) == (None, None)


def test_a_run_that_somebody_started_again_is_left_alone(run):
    with Lock.acquire(run.lock_path), sleeper(run.path) as again:
        assert end_leftovers(run) == 0
        assert again.poll() is None


def test_who_changed_its_environment_is_found_by_the_session_of_the_dead_one(run):
    script = "import os; print(os.getppid(), flush=True); os.execve(os.sys.executable, ['-', '-c', 'input()'], {})"
    leader = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {script!r}], stdin=0)"
    stay, give = os.pipe()
    try:
        process = subprocess.Popen(
            [sys.executable, "-S", "-c", leader], stdin=stay, stdout=subprocess.PIPE, start_new_session=True
        )
        assert process.stdout is not None and int(process.stdout.readline()) == process.pid
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # dead, and its pid still nobody else's
        assert end_leftovers(run, session=process.pid) == 1
        process.wait()
        assert process.stdout.read() == b""  # its last holder is gone
        process.stdout.close()
    finally:
        os.close(stay)
        os.close(give)
