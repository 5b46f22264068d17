"""Small runs that train in a second or two, and what to compare of them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from sessions.event_file import EventFileReader, Record
from sessions.runs import RunDir
from sessions.workspace import Workspace
from vbot_rl import checkpoint
from vbot_rl.config import Resolved, run_cfg
from vbot_rl.launch import create_run, trial_environment

ENV = "vbot_navigation_section001"
SMALL: dict[str, Any] = {
    "train.num_envs": 16,
    "ppo.horizon": 8,
    "ppo.hidden": [16, 16],
    "ppo.epochs": 2,
    "ppo.minibatches": 2,
    "train.total_env_steps": 16 * 8 * 12,
    "train.evaluations": 5,
    "train.evaluation_cases": 2,
    "train.checkpoint_interval_s": 0.02,
}


def small(**changes: Any) -> Resolved:
    return run_cfg(ENV, sets=SMALL | {path.replace("__", "."): value for path, value in changes.items()})


def new_run(root: Path, resolved: Resolved | None = None, **options: Any) -> RunDir:
    return create_run(Workspace.open(root), resolved or small(), "train", "test", **options)


def start(run: RunDir, **options: Any) -> "subprocess.Popen[bytes]":
    """A trial process started by hand: it takes the lock itself."""
    with open(run.log_path, "ab") as log:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "vbot_rl.train_one", "--run", str(run.path)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=trial_environment(os.environ), **options,
        )  # fmt: skip


def wait_for(condition: Callable[[], object], what: str, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.005)


def wait_for_steps(run: RunDir, process: "subprocess.Popen[bytes]", steps: int) -> None:
    def there() -> bool:
        status = run.status()
        return process.poll() is not None or (status is not None and status.env_steps >= steps)

    wait_for(there, f"{steps} steps")


def finish(run: RunDir, process: "subprocess.Popen[bytes]") -> None:
    assert process.wait(90) == 0, run.log_path.read_text()


def kill(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGKILL)
    process.wait(10)


def records(run: RunDir) -> list[Record]:
    found: list[Record] = []
    for path in run.event_files():
        reader = EventFileReader(path)
        found += reader.read_new()
        assert reader.badge is None, reader.badge
    return found


def decided(run: RunDir) -> list[tuple[int, dict[str, float]]]:
    """What the events say, without what a clock decides."""
    return [(r.step, {k: v for k, v in r.values.items() if not k.startswith("perf/")}) for r in records(run)]


def newest_state(run: RunDir) -> dict[str, Any]:
    found, problems = checkpoint.newest(run)
    assert found is not None and not problems
    return found.state


def assert_same(one: object, other: object, where: str = "") -> None:
    assert type(one) is type(other), where
    if isinstance(one, dict):
        assert list(one) == list(other), where
        for key in one:
            assert_same(one[key], other[key], f"{where}.{key}")
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype and one.tobytes() == other.tobytes(), where
    else:
        assert one == other, where
