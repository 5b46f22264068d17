"""How soon a trial shows its first update, and what memory it takes: real processes, started and stopped again."""

import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sessions.errors import WorkFailed
from sessions.runs import RunDir
from sessions.workspace import Workspace

POLL_S = 0.01
PATIENCE_S = 120.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Start:
    """One start."""

    first_update_s: float  # from the start of the command until the first update stands in the run's status
    peak_mb: float  # most memory the trial process ever held (VmHWM), some updates later


def measure(command: Sequence[str], env: str, num_envs: int, updates: int = 5) -> Start:
    """Start one training on one thread, wait for its first update and a few more, and stop it.

    Raises:
        WorkFailed: it ended or took longer than two minutes.
    """
    with tempfile.TemporaryDirectory(prefix="vbot-bench-") as folder:
        words = [*command, "train", env, "--num-envs", str(num_envs), "--threads", "1", "--workspace", folder, "--json"]
        begin = time.monotonic()
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            run, first = _wait_for(process, Path(folder), 1)
            first_update_s = time.monotonic() - begin
            run, _ = _wait_for(process, Path(folder), updates * first)
            return Start(round(first_update_s, 3), _peak_mb(run))
        finally:
            process.terminate()
            process.communicate()


def _wait_for(process: subprocess.Popen[str], root: Path, env_steps: int) -> tuple[RunDir, int]:
    """The run and its steps once it has done `env_steps`."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        for path in root.glob("runs/*/status.json"):
            run = Workspace.open(root, create=False).run(path.parent.name)
            status = run.status()
            if status is not None and status.env_steps >= env_steps:
                return run, status.env_steps
        if process.poll() is not None:
            said = process.stderr.read() if process.stderr else ""
            raise WorkFailed(f"the training ended before its first updates: {said.strip()[-300:]}")
        time.sleep(POLL_S)
    raise WorkFailed(f"the training showed no {env_steps} steps within {PATIENCE_S:g} s")


def _peak_mb(run: RunDir) -> float:
    status = run.status()
    lines = Path(f"/proc/{status.pid if status else 0}/status").read_text(encoding="ascii").splitlines()
    kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    return round(kilobytes / 1024, 1)


def summary(starts: Sequence[Start], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Medians over all starts."""
    return {
        "first_update_s": statistics.median(item.first_update_s for item in starts),
        "peak_mb": statistics.median(item.peak_mb for item in starts),
        "starts": [asdict(item) for item in starts],
        **facts,
    }
