"""Working through the queue: items one after the other or side by side, driven by the parts that drive each alone.

A study is scheduled by `automl.headless`, an evaluation is done by `vbot eval` in a process of its own. What is begun
is journalled before, so a worker that is killed leaves work that the next one goes on with.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import Any

from automl.checkpoints import best_step
from automl.headless import Leave, leaving_on_signals, run_study
from automl.journal import read_journal
from automl.lineage import best_trials, of_trial
from automl.local import usable_cores
from automl.pipeline import RATE, slowed
from automl.queue import FOLDER, OVER, Item, Queue, editing, read
from automl.spec import StudySpec, load, spec_from_dict
from automl.spec_parts import WarmStartCfg
from automl.state import TrialState
from automl.studies import LOG_FILE, SPEC_FILE, create_study, is_attended, study_state, study_view
from sessions.errors import LockedError, VbotError, WorkFailed
from sessions.locks import Lock, describe_holder, is_held
from sessions.runs import EvalSummary, RunDir
from sessions.workspace import Workspace
from vbot_sim.errors import SimError

POLL_S = 2.0
NICE = 10

Say = Callable[[str], None]


class Left(Exception):
    """Somebody asked this process to leave; the item goes on with the next worker."""


@dataclass(frozen=True)
class Outcome:
    """How an item ended."""

    state: str
    why: str
    result: Mapping[str, Any]


def work(workspace: Workspace, say: Say, only: Sequence[str] = ()) -> Queue:
    """Do what is queued until nothing is ready, or this process is asked to leave. Call it on the main thread.

    Args:
        workspace: whose queue.
        say: told what happens, a line at a time.
        only: leave after these items are over, or can never be done.

    Raises:
        LockedError: another process works on this queue.
    """
    lock = workspace.root / FOLDER / "lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    taken = Lock.try_acquire(lock, "the worker of the queue")
    if taken is None:
        holder = describe_holder(lock)
        raise LockedError(f"the queue is worked on by {holder} already; it takes up what is added", holder)
    with taken, leaving_on_signals() as leave, ThreadPoolExecutor(usable_cores()) as pool:
        try:
            _work_through(workspace, leave, say, only, pool)
        except BaseException:
            leave.set()  # what runs beside it must not keep the pool from closing
            raise
    return read(workspace)


def _work_through(workspace: Workspace, leave: Leave, say: Say, only: Sequence[str], pool: ThreadPoolExecutor) -> None:
    """Keep a thread at every item that may be done now, as many as there are cores."""
    going: dict[Future[None], str] = {}
    while True:
        while len(going) < usable_cores() and not leave.is_set():
            item = _next(workspace, list(going.values()), only)
            if item is None:
                break
            going[pool.submit(_do, workspace, item, leave, say)] = item.id
        if not going:
            return
        for done in wait(going, POLL_S, FIRST_COMPLETED).done:
            del going[done]
            try:
                done.result()
            except Left:
                leave.set()


def _next(workspace: Workspace, busy: Collection[str], only: Sequence[str]) -> Item | None:
    queue = read(workspace)
    return None if only and all(_is_over(queue, name) for name in only) else queue.ready(busy)


def _is_over(queue: Queue, name: str) -> bool:
    return queue.word(queue.item(name)) in OVER | {"blocked"}


def _do(workspace: Workspace, item: Item, leave: Leave, say: Say) -> None:
    queue = read(workspace)
    attempt = item.attempts + (item.state != "running")
    say(f"{item.id} {item.label}: begun" + (f" (attempt {attempt})" if attempt > 1 else ""))
    try:
        outcome = (_study if item.kind == "study" else _evaluate)(workspace, queue, item, leave, say)
    except (VbotError, SimError) as error:
        outcome = Outcome("failed", str(error), {})
    say(f"{item.id} {item.label}: {outcome.state}: {outcome.why}")
    with editing(workspace) as edit:
        edit.ended(item.id, outcome.state, outcome.why, outcome.result)
        if outcome.state == "failed" and edit.queue.item(item.id).attempts <= item.retries:
            edit.again(item.id, f"it is tried again, {outcome.why}")


# --- studies


def _study(workspace: Workspace, queue: Queue, item: Item, leave: Leave, say: Say) -> Outcome:
    study = item.study
    if item.state != "running" or study is None:
        study = workspace.new_study_id(str(item.spec.get("label", "queued")))
        with editing(workspace) as edit:
            edit.started(item.id, study)
    if not (workspace.studies / study / SPEC_FILE).exists():
        create_study(workspace, resolved_spec(workspace, queue, item), study)
    say(f"{item.id} {item.label}: study {study}")
    _drive(workspace, study, leave, say)
    state = study_state(workspace, study)
    if state.stop is not None:
        return Outcome("failed", f"the study was stopped by {state.stop.who}: {state.stop.why}", {"study": study})
    trial = trained_trial(study, workspace)
    if trial is None:
        return Outcome("failed", "no trial of the study came to its end with a score", {"study": study})
    words = f"best is trial {trial.number} with score {trial.score or 0.0:.3f}"
    return Outcome("done", words, {"study": study, "trial": trial.number, "run": trial.run, "score": trial.score})


def _drive(workspace: Workspace, study: str, leave: Leave, say: Say) -> None:
    """Schedule a study until it has ended; while somebody else has it, wait."""
    while True:
        if leave.is_set():
            raise Left
        if is_attended(workspace, study):
            leave.wait(POLL_S)
            continue
        view = study_view(workspace, study)
        if view.state in ("finished", "stopped"):
            return
        try:
            view = run_study(workspace, study, leave=leave)
        except LockedError:
            continue
        if view.state == "unattended" and not _handed_over(workspace, study):
            raise Left
        leave.wait(POLL_S)  # whoever asked for it takes it now; if nobody does, it goes on here


def _handed_over(workspace: Workspace, study: str) -> bool:
    """Whether the last scheduler let go of a study because another process asked for it."""
    events = read_journal(workspace.studies / study / LOG_FILE).events
    last = next((event for event in reversed(events) if event["type"] == "scheduler_stopped"), None)
    return last is not None and last.get("why") == "handed over"


def resolved_spec(workspace: Workspace, queue: Queue, item: Item) -> StudySpec:
    """The study of an item with what it takes over from another one filled in.

    Raises:
        WorkFailed: the other one has trained nothing to start from.
    """
    spec, start = spec_from_dict(dict(item.spec)), item.start
    factor = float(start.get("learning_rate_factor", 1.0))
    spec = slowed(spec, factor)
    if start.get("shares_budget") and spec.budget_s is not None:
        spec = replace(spec, budget_s=round(spec.budget_s + left_over_s(workspace, queue, item), 1))
    if "item" not in start:
        return spec
    source = queue.item(str(start["item"]))
    trial = trained_trial(source.study or "", workspace) if source.study else None
    if trial is None or trial.run is None:
        raise WorkFailed(f"{source.id} ({source.label}) has trained nothing to start from; try that one again first.")
    run = RunDir(workspace.runs / trial.run)
    checkpoints = dict(run.checkpoints())
    if not checkpoints:
        raise WorkFailed(f"{run.id} of {source.id} ({source.label}) has no checkpoint left to start from.")
    step = best_step(run, checkpoints)
    spec = replace(spec, warm_start=WarmStartCfg(run.id, step, tuple(start["parts"])), based_on=f"{run.id}@{step}")
    return _seeded(workspace, spec, source.study or "", int(start.get("seeds", 0)), factor)


def left_over_s(workspace: Workspace, queue: Queue, item: Item) -> float:
    """What stages of the same pipeline before this one left of their shares, by the number of stages still to come."""
    sharing = [one for one in queue.items if one.pipeline == item.pipeline and one.start.get("shares_budget")]
    done = [one for one in sharing if one.state == "done" and one.study is not None]
    spent_s = sum(study_state(workspace, one.study or "").elapsed_s for one in done)
    unspent_s = sum(float(one.spec["budget_s"]) for one in done) - spent_s
    to_come = sum(one.state in ("waiting", "running") for one in sharing)
    return max(unspent_s, 0.0) / max(to_come, 1)


def _seeded(workspace: Workspace, spec: StudySpec, study: str, count: int, factor: float) -> StudySpec:
    """The study with the best trials of another one to begin with, their learning rates slowed like all others."""
    if not count:
        return spec
    known = load(workspace.studies / study / SPEC_FILE)
    trials = best_trials(study, study_state(workspace, study), count)
    found = (of_trial(study, known, trial).seed_for(spec) for trial in trials)
    seeds = tuple(replace(seed, params=_slowed_params(seed.params, factor)) for seed in found)
    return replace(spec, seed_configs=(*spec.seed_configs, *seeds))


def _slowed_params(params: Mapping[str, Any], factor: float) -> dict[str, Any]:
    slow = {path: float(f"{value * factor:.6g}") for path, value in params.items() if path == RATE}
    return {**params, **slow}


def trained_trial(study: str, workspace: Workspace) -> TrialState | None:
    """The trial that a study was for: its best final run, else its best trial."""
    state = study_state(workspace, study)
    finals = [trial for trial in state.trials.values() if trial.origin == "final" and trial.score is not None]
    if finals:
        return max(finals, key=lambda trial: (trial.score or 0.0, -trial.number))
    try:
        return best_trials(study, state, 1)[0]
    except VbotError:
        return None


# --- evaluations


def _evaluate(workspace: Workspace, queue: Queue, item: Item, leave: Leave, say: Say) -> Outcome:
    if item.state != "running":
        with editing(workspace) as edit:
            edit.started(item.id, None)
    of = queue.item(str(item.spec["of"]))
    trial = trained_trial(of.study or "", workspace)
    if trial is None or trial.run is None:
        raise WorkFailed(f"{of.id} ({of.label}) has trained nothing to judge.")
    run = RunDir(workspace.runs / trial.run)
    protocol = str(item.spec.get("protocol", "competition"))
    judge_all(workspace, run, protocol, leave)
    judged = [one for one in run.evals() if one.protocol == protocol and one.canonical and one.score is not None]
    if not judged:
        raise WorkFailed(f"{run.id} has no evaluation under {protocol}.")
    best = max(judged, key=lambda one: (one.score or 0.0, -one.step))
    figures = ("step", "score", "points_mean", "points_max", "success", "fell")
    result = {"run": run.id, **{name: getattr(best, name) for name in figures}}
    short = missed(best, item.gate)
    if short:
        return Outcome("failed", f"{run.id}@{best.step} is not promoted: {short}", result)
    passed = " and passes its gate" if item.gate else ""
    return Outcome("done", f"{run.id}@{best.step} scores {best.score:.3f}{passed}", result)


def missed(best: EvalSummary, gate: Mapping[str, float]) -> str:
    """Which gates a checkpoint does not pass, in words; empty when it passes all."""
    words = []
    for name, wanted in gate.items():
        value = getattr(best, name)
        enough = value is not None and (value <= wanted if name == "fell" else value >= wanted)
        if not enough:
            shown = "not measured" if value is None else f"{value:.3f}"
            words.append(f"{name} is {shown}, {'at most' if name == 'fell' else 'at least'} {wanted:g} is asked for")
    return "; ".join(words)


def judge_all(workspace: Workspace, run: RunDir, protocol: str, leave: Leave) -> None:
    """Judge every checkpoint of a run that has no result yet, in a process that stands back for others.

    Raises:
        WorkFailed: it could not be judged; the message has the last words of the process.
    """
    known = {one.step for one in run.evals() if one.protocol == protocol and one.canonical}
    if all(step in known for step, _ in run.checkpoints()):
        return
    words = ["eval", run.id, "--all-checkpoints", "--protocol", protocol, "--json", "--workspace", str(workspace.root)]
    command = [sys.executable, "-P", "-m", "vbot_tui.cli", *words]
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        os.setpriority(os.PRIO_PROCESS, process.pid, NICE)
        while process.poll() is None:
            if leave.wait(0.2):
                process.terminate()
                raise Left
        said = process.stdout.read() if process.stdout else ""
    if process.returncode != 0:
        raise WorkFailed(f"{run.id} could not be judged: {_error_in(said) or f'exit code {process.returncode}'}")


def _error_in(said: str) -> str:
    try:
        return str(json.loads(said).get("error", ""))
    except ValueError:
        return ""


def detach(workspace: Workspace, timeout_s: float = 20.0) -> int:
    """Start a worker that outlives this process and return its pid; one that works already is left alone.

    Raises:
        WorkFailed: it did not take the queue.
    """
    lock = workspace.root / FOLDER / "lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    words = ["automl", "queue", "run", "--workspace", str(workspace.root)]
    with (lock.parent / "worker.log").open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "vbot_tui.cli", *words],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            cwd=workspace.root,
        )
    deadline = time.monotonic() + timeout_s
    while not is_held(lock):
        code = process.poll()
        if code == 0:
            break  # there was nothing to do
        if code is not None or time.monotonic() > deadline:
            raise WorkFailed(f"the worker of the queue did not start; see {lock.parent / 'worker.log'}")
        time.sleep(0.02)
    process.returncode = 0  # it outlives this process on purpose; Popen would warn about that on collection
    return process.pid
