"""How long until a task is solved: from the start of `vbot train` to the first checkpoint that passes, judged later.

The run is an ordinary final run except that it keeps every checkpoint and writes them often. Time that the run spends
on its own evaluations is counted apart: a solver is not slower for being watched.
"""

import json
import math
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sessions.errors import WorkFailed
from sessions.runs import RunDir
from sessions.workspace import Workspace

CHECKPOINT_EVERY_S = 2.0
KEEP_ALL = 1_000_000
CASES, CASES_SEED = 512, 512
SCREEN_CASES = 64
SCREEN_SUCCESS = 0.9  # who truly succeeds in 99 % of cases falls below this in 64 cases once in a million times

Say = Callable[[str], None]
Judge = Callable[[int, int], tuple[float, float]]  # step, number of cases -> success, fell


@dataclass(frozen=True)
class Criterion:
    """What a checkpoint has to show to count as a solution."""

    cases: int = CASES
    success: float = 0.99
    fell: float = 0.0

    def met(self, success: float, fell: float) -> bool:
        """Whether these fractions pass."""
        return success >= self.success and fell <= self.fell


@dataclass(frozen=True)
class Written:
    """A checkpoint as it appeared."""

    step: int
    elapsed_s: float  # since the process was started
    eval_s: float  # of that, spent in evaluations


@dataclass(frozen=True)
class Solution:
    """What one seed came to; `wall_s` is null where no checkpoint passed."""

    seed: int
    run: str
    wall_s: float | None  # evaluations not counted
    elapsed_s: float | None  # evaluations counted
    eval_s: float | None
    env_steps: int | None
    success: float | None
    fell: float | None
    checkpoints: int
    run_s: float  # the whole run, from start to end of the command


def first_passing(steps: Sequence[int], judge: Judge, criterion: Criterion) -> tuple[int, float, float] | None:
    """The earliest step that passes, with its success and falls; hopeless ones are seen on few cases.

    Args:
        steps: of the checkpoints, in the order they were written.
        judge: success and falls of a step over a number of cases.
        criterion: what passing means.
    """
    for step in steps:
        if criterion.cases > SCREEN_CASES and judge(step, SCREEN_CASES)[0] < min(SCREEN_SUCCESS, criterion.success):
            continue
        success, fell = judge(step, criterion.cases)
        if criterion.met(success, fell):
            return step, success, fell
    return None


def timeline(run: RunDir, started: float) -> list[Written]:
    """When each checkpoint was there, by its file's time; `started` is the process's start in seconds since 1970."""
    from sessions.event_file import EventFileReader

    spent = {
        record.step: record.values["perf/eval_s"]
        for path in run.event_files()
        for record in EventFileReader(path).read_new()
        if "perf/eval_s" in record.values
    }
    return [
        Written(step, path.stat().st_mtime - started, math.fsum(seconds for at, seconds in spent.items() if at <= step))
        for step, path in sorted(run.checkpoints())
    ]


def solve_seed(
    command: Sequence[str],
    root: Path,
    env: str,
    seed: int,
    threads: int,
    criterion: Criterion,
    options: Sequence[str] = (),
    say: Say = lambda line: None,
) -> Solution:
    """Train once and find the first checkpoint that passes.

    Args:
        command: how `vbot` is started.
        root: workspace for the run.
        env: environment id.
        seed: of the run.
        threads: of the run and of the judging.
        criterion: what passing means.
        options: further words for `vbot train`.
        say: told what is being done.

    Raises:
        WorkFailed: the run did not finish.
    """
    words = ["train", env, "--final", "--seed", str(seed), "--threads", str(threads)]
    words += ["--set", f"train.keep_last={KEEP_ALL}", "--set", f"train.checkpoint_interval_s={CHECKPOINT_EVERY_S}"]
    say(f"seed {seed}: training")
    started = time.time()
    done = subprocess.run(
        [*command, *words, *options, "--workspace", str(root), "--json"], capture_output=True, text=True, check=False
    )
    run_s = time.time() - started
    answer = json.loads(done.stdout) if done.stdout.strip() else {}
    if done.returncode or answer.get("state") != "finished":
        why = answer.get("error") or answer.get("end_detail") or done.stderr.strip()[-300:]
        raise WorkFailed(f"the run of seed {seed} did not finish: {why}")
    run = Workspace.open(root, create=False).run(answer["run"])
    written = timeline(run, started)
    say(f"seed {seed}: judging up to {len(written)} checkpoints")
    found = first_passing([item.step for item in written], judge_of(run, threads), criterion)
    base: dict[str, Any] = {"seed": seed, "run": run.id, "checkpoints": len(written), "run_s": round(run_s, 2)}
    if found is None:
        return Solution(**base, wall_s=None, elapsed_s=None, eval_s=None, env_steps=None, success=None, fell=None)
    step, success, fell = found
    when = next(item for item in written if item.step == step)
    return Solution(
        **base,
        wall_s=round(when.elapsed_s - when.eval_s, 2),
        elapsed_s=round(when.elapsed_s, 2),
        eval_s=round(when.eval_s, 2),
        env_steps=step,
        success=success,
        fell=fell,
    )


def judge_of(run: RunDir, threads: int) -> Judge:
    """Judge checkpoints of a run on fixed competition cases that are not the canonical ones."""

    def judge(step: int, cases: int) -> tuple[float, float]:
        from vbot_rl.evaluate import evaluate_run

        result = evaluate_run(run, "competition", step, cases, CASES_SEED, threads)
        return result.success, result.fell

    return judge


def summary(solutions: Sequence[Solution], criterion: Criterion, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The report over all seeds; an unsolved seed counts as longer than every solved one."""
    times = [math.inf if item.wall_s is None else item.wall_s for item in solutions]
    median = statistics.median(times)
    return {
        "wall_s": median if math.isfinite(median) else None,
        "solved": sum(item.wall_s is not None for item in solutions),
        "seeds": [asdict(item) for item in solutions],
        "criterion": asdict(criterion),
        **facts,
    }
