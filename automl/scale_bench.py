"""How long a study of thousands of trials takes to read, to go on and to show: `vbot bench log`.

The log is written by the same code that writes real ones, with a space of the size of the shipped ones. Every figure
is the median of several tries, each where it matters in a process of its own.
"""

import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from automl.journal import encode_line, read_journal
from automl.presets import shipped
from automl.space import Choice, at_share
from automl.spec import StudySpec, load
from automl.state import Params, StudyFold, fold
from automl.studies import LOG_FILE, SPEC_FILE, create_study
from automl.suggest import suggest
from sessions.workspace import Workspace

LIMITS_S = {"fold_s": 1.0, "suggest_cold_s": 0.5, "suggest_warm_s": 0.15, "status_s": 1.0}
EVALUATIONS = 8

Seconds = tuple[float, float]
"""Of the wall clock, and of CPU."""


def measure(trials: int = 3000, rounds: int = 5, say: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """Write a log of so many trials, and take the times.

    Returns:
        The medians in seconds and in seconds of CPU, beside their limits, and the size of what was read.
    """
    with tempfile.TemporaryDirectory(prefix="vbot-bench-") as folder:
        workspace = Workspace.open(folder)
        study = create_study(workspace, shipped("stage"))
        directory = workspace.study(study)
        write_log(directory, trials)
        size = (directory / LOG_FILE).stat().st_size
        say(f"{trials} trials, {size / 2**20:.1f} MB of events")
        found = {"fold_s": [_fold(directory) for _ in range(rounds)]}
        asked = [_asked(directory) for _ in range(rounds)]
        found["suggest_cold_s"] = [cold for cold, _ in asked]
        found["suggest_warm_s"] = [warm for _, warm in asked]
        found["status_s"] = [_status(workspace, study) for _ in range(rounds)]
    medians = {name: _median(wall for wall, _ in times) for name, times in found.items()}
    busy = {name: _median(cpu for _, cpu in times) for name, times in found.items()}
    holds = all(medians[name] < limit for name, limit in LIMITS_S.items())
    return {"trials": trials, "bytes": size, **medians, "cpu": busy, "limits": LIMITS_S, "holds": holds}


def _median(seconds: Iterable[float]) -> float:
    return round(statistics.median(seconds), 4)


def write_log(directory: Path, trials: int) -> None:
    """Add a history of so many finished trials to a study's log."""
    spec, draw = load(directory / SPEC_FILE), random.Random(7)
    known = (directory / LOG_FILE).read_bytes()
    seq, lines = known.count(b"\n"), [known]
    for trial in range(trials):
        for event in history(spec, trial, draw):
            lines.append(encode_line({"seq": seq, "time": "2026-01-01T00:00:00.000Z", "t": 60.0 * trial, **event}))
            seq += 1
    (directory / LOG_FILE).write_bytes(b"".join(lines))


def history(spec: StudySpec, trial: int, draw: random.Random) -> Sequence[dict[str, Any]]:
    """The events of one trial's life; one in ten was pruned on its way."""
    score, total = draw.random(), spec.trial_env_steps
    pruned = draw.random() < 0.1
    judged = range(1, 3 if pruned else EVALUATIONS + 1)
    rungs = [
        {"type": "rung", "trial": trial, "decision": "continue", "rung": None, "step": total * part // EVALUATIONS}
        | {"score": score * part / EVALUATIONS, "success": score, "fell": 0.1}
        for part in judged
    ]
    ended = {"state": "stopped" if pruned else "finished", "score": rungs[-1]["score"], "success": score, "fell": 0.1}
    return [
        {"type": "trial_created", "trial": trial, "params": drawn(spec, draw), "origin": "tpe", "seed": trial},
        {"type": "trial_prepared", "trial": trial, "run": f"20260101-000000-bench-{trial:04d}"},
        {"type": "trial_started", "trial": trial, "attempt": 1, "code_version": "0.1.0"},
        {"type": "trial_launched", "trial": trial},
        *rungs,
        {"type": "trial_finished", "trial": trial, **ended, "env_steps": rungs[-1]["step"], "eval_s": 2.0}
        | {"reason": "finished", "detail": "all steps are done", "flags": []},
    ]


def drawn(spec: StudySpec, draw: random.Random) -> Params:
    """A configuration from anywhere in the space."""
    return {
        path: draw.choice(dimension.choices) if isinstance(dimension, Choice) else at_share(dimension, draw.random())
        for path, dimension in spec.space.items()
    }


def _timed(work: Callable[[], object], who: int = resource.RUSAGE_SELF) -> Seconds:
    """What some work takes, and the CPU that this process, or its children, spent on it."""
    used, begin = _cpu_s(who), time.perf_counter()
    work()
    return time.perf_counter() - begin, _cpu_s(who) - used


def _cpu_s(who: int) -> float:
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def _fold(directory: Path) -> Seconds:
    return _timed(lambda: fold(read_journal(directory / LOG_FILE).events))


def _asked(directory: Path) -> tuple[Seconds, Seconds]:
    """The first and the next suggestion of a process that has just begun."""
    command = [sys.executable, "-P", "-m", "automl.scale_bench", str(directory)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    cold, warm = json.loads(done.stdout)
    return cold, warm


def ask_twice(directory: Path) -> tuple[Seconds, Seconds]:
    """What `_asked` runs: a suggestion, then one more after another trial has ended, on the log as it is read."""
    spec = load(directory / SPEC_FILE)
    events = read_journal(directory / LOG_FILE).events
    folded = StudyFold(events)
    number = len(folded.state().trials)
    cold = _timed(lambda: suggest(spec, folded.state(), number))
    draw = random.Random(8)
    for event in history(spec, number, draw):
        folded.apply({"t": 1e6, **event})
    return cold, _timed(lambda: suggest(spec, folded.state(), number + 1))


def _status(workspace: Workspace, study: str) -> Seconds:
    command = [sys.executable, "-P", "-m", "vbot_tui.cli", "automl", "status", study]
    command += ["--workspace", str(workspace.root)]
    return _timed(lambda: subprocess.run(command, capture_output=True, check=True), resource.RUSAGE_CHILDREN)


if __name__ == "__main__":
    print(json.dumps(ask_twice(Path(sys.argv[1]))))
