"""The real cockpit in a terminal, on a workspace of its own, with trials so small that a test can watch them."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sessions.locks import is_held
from sessions.runs import RunDir
from sessions.workspace import Workspace
from tests.pty.terminal import Terminal, eventually

COMMANDS = Path(sys.executable).parent

# Real trials with a small network and few simulations: the first numbers come within a second or two, and the
# length is far beyond that of any test, so that a trial ends only when it is ended.
TINY_STUDY = """\
label: tiny
trial_env_steps: 20000000
max_trials: 6
slots: 2
sets:
  ppo.horizon: 16
  ppo.hidden: [16, 16]
  train.num_envs: 16
  train.evaluation_cases: 4
space:
  ppo.learning_rate: {factor: [0.5, 2.0]}
"""


def environment() -> dict[str, str]:
    """What a login over SSH would set, and nothing of this test run."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "USER", "LOGNAME") if name in os.environ}
    return {**kept, "TERM": "xterm-256color", "LANG": "C.UTF-8", "PYTHONWARNINGS": "default"}


@contextmanager
def cockpit(workspace: Workspace, *words: str, columns: int = 80, rows: int = 24) -> Iterator[Terminal]:
    """An open cockpit whose S key starts the tiny study."""
    spec = workspace.root / "tiny.yaml"
    spec.write_text(TINY_STUDY)
    command = [str(COMMANDS / "vbot-tui"), "--workspace", str(workspace.root), "--study", str(spec), *words]
    with Terminal(command, environment(), columns, rows) as terminal:
        terminal.wait_for(" vbot ", within=20)
        yield terminal


def live_runs(workspace: Workspace) -> list[RunDir]:
    """The runs whose process is alive."""
    return [run for run in workspace.run_dirs() if run.is_alive()]


def only_study(workspace: Workspace) -> Path:
    """The workspace's one study."""
    (study,) = workspace.study_dirs()
    return study


def events(workspace: Workspace) -> list[dict[str, Any]]:
    """What the study's log says, without the checksums."""
    lines = (only_study(workspace) / "events.jsonl").read_text().splitlines()
    return [json.loads(line[line.index("{") :]) for line in lines]


def end_everything(workspace: Workspace) -> None:
    """Kill whatever the test left behind: schedulers first, so that they start nothing more."""
    for study in workspace.study_dirs():
        if is_held(study / "lock"):
            _kill(json.loads((study / "lock").read_text())["pid"])
    eventually(lambda: not _kill_live_runs(workspace), 20, "nothing is left training")


def _kill_live_runs(workspace: Workspace) -> list[RunDir]:
    """Kill the runs that live; one that only begins has not said its pid yet and is met again."""
    living = live_runs(workspace)
    for run in living:
        status = run.status()
        if status is not None and status.pid is not None:
            _kill(status.pid)
    return living


def _kill(pid: int) -> None:
    if pid != os.getpid():
        try:
            os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
