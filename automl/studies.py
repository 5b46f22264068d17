"""Studies on disk: making one, finding them, asking something of one from another process, and the state of all work.

`status` is what `vbot status --json` prints and what the cockpit's tables are checked against.
"""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from automl.commands import Command, with_id
from automl.diagnosis import FlagCache
from automl.executor import RunReport
from automl.journal import Journal, read_journal
from automl.local import report_of, usable_cores
from automl.spec import StudySpec, complete, load, to_yaml
from automl.state import StudyState, fold
from automl.view import StudyView, TrialView, build_view
from sessions.errors import CorruptFileError, VbotError, WorkFailed
from sessions.files import fsync_dir, utc_now, write_atomic
from sessions.locks import is_held
from sessions.runs import RunDir, RunStatus, best_score, state_now
from sessions.workspace import Workspace
from vbot_sim.errors import SimError

SPEC_FILE = "study.yaml"
LOG_FILE = "events.jsonl"


def create_study(workspace: Workspace, spec: StudySpec, study: str | None = None) -> str:
    """Make a study and return its id; nobody ever sees it half made, and nothing is left when the spec is refused.

    Args:
        workspace: where.
        spec: what it is asked to do.
        study: the id, where the caller has already noted one.

    Raises:
        SimError: the spec names an unknown environment, preset or key, or searches what cannot be searched.
    """
    whole = complete(spec)
    study = study or workspace.new_study_id(spec.label)
    hidden = workspace.studies / f".new-{study}"
    shutil.rmtree(hidden, ignore_errors=True)  # what a process left that was killed while it made this very study
    hidden.mkdir(parents=True)
    try:
        (hidden / "inbox").mkdir()
        text = to_yaml(whole)
        write_atomic(hidden / SPEC_FILE, text)
        journal = Journal(hidden / LOG_FILE)
        facts = {"type": "study_created", "time": utc_now(), "t": 0.0, "study": study, "spec": fingerprint(text)}
        journal.append(facts)
        journal.close()
        os.rename(hidden, workspace.studies / study)
    except BaseException:
        shutil.rmtree(hidden, ignore_errors=True)
        raise
    fsync_dir(workspace.studies)
    return study


def existing_log(directory: Path) -> Path:
    """The log of a study.

    Raises:
        CorruptFileError: it is gone, or empty; a study without it must not begin anew beside its runs.
    """
    log = directory / LOG_FILE
    if not log.exists() or not log.stat().st_size:
        raise CorruptFileError(f"{log} is gone, and with it all that study decided; restore it from a copy")
    return log


def fingerprint(text: str) -> str:
    """A spec file in few letters: what a study was asked to do must not change under it."""
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def load_unchanged(directory: Path, events: Sequence[Mapping[str, Any]]) -> StudySpec:
    """The spec of a study, if it is the one that its log began with.

    Raises:
        CorruptFileError: somebody edited it.
        ConfigError: it is no study.
    """
    path = directory / SPEC_FILE
    kept = events[0].get("spec") if events else None
    spec = load(path)
    if kept is not None and kept != fingerprint(path.read_text(encoding="utf-8")):
        raise CorruptFileError(
            f"{path} was changed after the study began, and its trials would no longer be comparable; put it back, "
            f"or start a new study from it: vbot automl run {path}"
        )
    return spec


def list_studies(workspace: Workspace) -> list[str]:
    """Ids of all studies, oldest first."""
    return [path.name for path in workspace.study_dirs() if (path / SPEC_FILE).exists()]


def is_attended(workspace: Workspace, study: str) -> bool:
    """Whether a scheduler holds the study."""
    return is_held(workspace.study(study) / "lock")


def study_state(workspace: Workspace, study: str) -> StudyState:
    """What the study's log tells.

    Raises:
        NotFoundError: there is no such study.
        CorruptFileError: its log is damaged.
    """
    return fold(read_journal(workspace.study(study) / LOG_FILE).events)


def send(workspace: Workspace, study: str, command: Command) -> str:
    """Put a command into a study's inbox and return its id; whoever schedules the study will answer it in the log.

    Raises:
        NotFoundError: there is no such study.
        OSError: the inbox cannot be written.
    """
    command = with_id(command)
    inbox = workspace.study(study) / "inbox"
    inbox.mkdir(exist_ok=True)
    name = f"{time.time_ns():020d}-{command.id}"
    write_atomic(inbox / f"{name}.json", json.dumps({**asdict(command), "id": name}))
    return name


def wait_for_answer(workspace: Workspace, study: str, command_id: str, timeout_s: float = 10.0) -> str:
    """Wait until the log answers a command.

    Raises:
        WorkFailed: nobody answered in time.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        known = study_state(workspace, study).commands.get(command_id)
        if known is not None:
            return known
        if time.monotonic() > deadline:
            raise WorkFailed(
                f"nobody answered for study {study} within {timeout_s:g} s; "
                f"if no scheduler runs, start one with: vbot automl resume {study}"
            )
        time.sleep(0.05)


class StudyViewer:
    """Snapshots of studies from their files alone, whoever schedules them; a log is read again only when it changed."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._known: dict[str, tuple[tuple[int, int], StudySpec, StudyState]] = {}

    def view(self, study: str) -> StudyView:
        """A study as its log and the records of its running trials tell it now.

        Raises:
            NotFoundError: there is no such study.
            CorruptFileError: its log is damaged.
        """
        directory = self._workspace.study(study)
        spec, state = self._read(directory)
        reports: dict[str, RunReport] = {}
        for trial in state.in_state("running"):
            if trial.run is not None:
                reports[trial.run] = report_of(RunDir(self._workspace.runs / trial.run))
        slots = min(spec.slots or usable_cores(), usable_cores())
        attended = is_held(directory / "lock")
        return build_view(directory.name, spec, state, reports, attended=attended, slots=slots)

    def _read(self, directory: Path) -> tuple[StudySpec, StudyState]:
        log = directory / LOG_FILE
        try:
            found = log.stat()
        except OSError as error:
            raise CorruptFileError(f"{log} cannot be read ({error.strerror}); restore it from a copy") from None
        mark = (found.st_size, found.st_mtime_ns)
        known = self._known.get(directory.name)
        if known is None or known[0] != mark:
            spec = known[1] if known else load(directory / SPEC_FILE)
            known = self._known[directory.name] = (mark, spec, fold(read_journal(log).events))
        return known[1], known[2]


def study_view(workspace: Workspace, study: str) -> StudyView:
    """One snapshot of a study; see `StudyViewer` for asking often.

    Raises:
        NotFoundError: there is no such study.
        CorruptFileError: its log is damaged.
    """
    return StudyViewer(workspace).view(study)


def status(workspace: Workspace) -> dict[str, Any]:
    """All studies and all runs, newest last, each with at least id, state, env_steps, score and flags."""
    cache = FlagCache(workspace)
    runs = [_run_row(run, cache) for run in workspace.run_dirs()]
    cache.save()
    flags = {row["id"]: row["flags"] for row in runs}
    return {"studies": [_study_row(workspace, study, flags) for study in list_studies(workspace)], "runs": runs}


def _study_row(workspace: Workspace, study: str, flags: dict[str, list[str]]) -> dict[str, Any]:
    try:
        view = study_view(workspace, study)
    except (VbotError, SimError) as error:
        return {"id": study, "state": "damaged", "env_steps": 0, "score": None, "flags": [], "reason": str(error)}
    return {
        "id": view.id,
        "label": view.label,
        "env": view.env,
        "state": view.state,
        "reason": view.reason,
        "env_steps": view.env_steps,
        "score": view.score,
        "best": view.best,
        "flags": sorted({flag for trial in view.trials for flag in flags.get(trial.run or "", ())}),
        "max_trials": view.max_trials,
        "elapsed_s": round(view.elapsed_s, 1),
        "budget_s": view.budget_s,
        "phase": view.phase,
        "ends_in_s": None if view.ends_in_s is None else round(view.ends_in_s, 1),
        "trials": [_trial_row(trial, flags) for trial in view.trials],
    }


def _trial_row(trial: TrialView, flags: dict[str, list[str]]) -> dict[str, Any]:
    row = {name: value for name, value in vars(trial).items() if name not in ("rungs", "params", "flags")}
    return {
        **row,
        "params": dict(trial.params),
        "flags": flags.get(trial.run or "", list(trial.flags)),
        "rungs": [asdict(rung) for rung in trial.rungs],
    }


def _run_row(run: RunDir, cache: FlagCache) -> dict[str, Any]:
    alive = run.is_alive()
    status_ = run.status() or RunStatus(state="queued")
    state = state_now(run.status(), alive, run.lock_path.exists())
    best = best_score(run.evals())
    row = {
        "id": run.id,
        **_record_fields(run),
        "state": state,
        "env_steps": status_.env_steps,
        "total_env_steps": status_.total_env_steps,
        "steps_per_s": status_.steps_per_s if alive else 0.0,
        "eta_s": status_.eta_s if alive else None,
        "score": best.score if best and state not in ("failed", "diverged") else None,
        "success": best.success if best and state not in ("failed", "diverged") else None,
        "flags": list(cache.names(run, state)),
        "end_reason": status_.end_reason if not alive else None,
        "end_detail": status_.end_detail if not alive else None,
        "updated": status_.updated,
    }
    return row


def _record_fields(run: RunDir) -> dict[str, Any]:
    names: Iterable[str] = ("kind", "env", "study", "trial", "created", "host")
    try:
        record = run.record()
    except VbotError:
        return dict.fromkeys(names)
    return {name: getattr(record, name) for name in names}
