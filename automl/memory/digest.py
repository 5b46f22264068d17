"""A run and a study in a few numbers: what lists, briefs and searches need, small enough to keep for a thousand runs.

Reading one touches the heads of its files only: evaluation files are cut before their episodes, curves are not opened.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from automl.journal import read_journal
from automl.mutes import MUTED_NAME
from automl.state import Params, StudyState, TrialState, fold
from sessions.errors import VbotError
from sessions.files import read_json
from sessions.runs import FINAL_STATES, RunDir, RunStatus, state_now
from vbot_sim.errors import SimError

Mark = tuple[int, ...]

RANKING_PROTOCOL = "competition"
_HEAD_BYTES = 4096
_EPISODES = b'"episodes"'


@dataclass(frozen=True, kw_only=True)
class RunDigest:
    """A run as its files told when they were last read.

    Attributes:
        said: the state word of its status file, None without one.
        launched: whether a process was ever started for it.
        score: best score v1 on canonical cases; `best_step` is where.
        last_score: score of the last canonical evaluation.
    """

    id: str
    kind: str | None = None
    env: str | None = None
    study: str | None = None
    trial: int | None = None
    parent: str | None = None
    created: str | None = None
    host: str | None = None
    command: str | None = None
    code_version: str | None = None
    config_hash: str | None = None
    said: str | None = None
    launched: bool = False
    env_steps: int = 0
    total_env_steps: int = 0
    steps_per_s: float = 0.0
    eta_s: float | None = None
    updated: str = ""
    end_reason: str | None = None
    end_detail: str | None = None
    score: float | None = None
    success: float | None = None
    fell: float | None = None
    best_step: int | None = None
    last_score: float | None = None
    last_step: int | None = None
    evals: int = 0

    def state(self, alive: bool) -> str:
        """The true state word, given whether its lock is held."""
        return state_now(RunStatus(state=self.said) if self.said else None, alive, self.launched)

    @property
    def ended(self) -> bool:
        """Whether it said its last word."""
        return self.said in FINAL_STATES

    @property
    def ranks(self) -> bool:
        """Whether its score may lead: a run that broke does not."""
        return self.score is not None and self.said not in ("failed", "diverged")


@dataclass(frozen=True, kw_only=True)
class TrialDigest:
    """One trial of a study."""

    number: int
    run: str | None
    state: str
    params: Params = field(default_factory=dict)
    origin: str = ""
    score: float | None = None
    success: float | None = None
    fell: float | None = None
    env_steps: int = 0
    end_reason: str | None = None
    end_detail: str | None = None
    flags: tuple[str, ...] = ()
    failures: int = 0


@dataclass(frozen=True, kw_only=True)
class StudyDigest:
    """A study as its spec and its log told when they were last read; `damage` says why they could not be."""

    id: str
    label: str = ""
    env: str = ""
    preset: str = ""
    mode: str = ""
    space: Mapping[str, Any] = field(default_factory=dict)
    sets: Mapping[str, Any] = field(default_factory=dict)
    max_trials: int = 0
    trial_env_steps: int = 0
    budget_s: float | None = None
    created: str = ""
    updated: str = ""
    elapsed_s: float = 0.0
    ended: str | None = None
    stopped: bool = False
    paused: str | None = None
    best: int | None = None
    trials: tuple[TrialDigest, ...] = ()
    damage: str = ""

    def state(self, attended: bool) -> str:
        """The word for what it is doing, given whether a scheduler holds it."""
        if self.damage:
            return "damaged"
        if self.ended is not None:
            return "stopped" if self.stopped else "finished"
        if not attended:
            return "unattended"
        return "paused" if self.paused else "running"

    @property
    def champion(self) -> TrialDigest | None:
        """The best trial by score."""
        return next((trial for trial in self.trials if trial.number == self.best), None)


def run_mark(run: Path) -> Mark:
    """What changes whenever something about a run does: its status file, its evaluations' folder, what was muted."""
    return (*_stamp(run / "status.json"), _stamp(run / "evals")[0], _stamp(run / MUTED_NAME)[0])


def study_mark(study: Path) -> Mark:
    """What changes whenever something about a study does: its log."""
    return _stamp(study / "events.jsonl")


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = os.stat(path)
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)


def read_run(run: RunDir) -> RunDigest:
    """Digest a run; what cannot be read is left out."""
    names: tuple[str, ...]
    values: dict[str, Any] = {"id": run.id, "launched": run.lock_path.exists()}
    try:
        record = run.record()
        names = ("kind", "env", "study", "trial", "parent", "created", "host", "command", "code_version", "config_hash")
        values |= {name: getattr(record, name) for name in names}
    except VbotError:
        pass
    status = run.status()
    if status is not None:
        names = ("env_steps", "total_env_steps", "steps_per_s", "eta_s", "updated", "end_reason", "end_detail")
        values |= {"said": status.state, **{name: getattr(status, name) for name in names}}
    return RunDigest(**values, **_judged(run.eval_dir))


def _judged(folder: Path) -> dict[str, Any]:
    """Best and last canonical score; nothing else ranks."""
    heads = [head for head in map(_eval_head, _canonical(folder)) if head is not None]
    if not heads:
        return {}
    heads.sort(key=lambda head: head["step"])
    best = max(heads, key=lambda head: (head["score"], -head["step"]))
    return {
        "score": best["score"],
        "success": _number(best.get("success")),
        "fell": _number(best.get("fell")),
        "best_step": best["step"],
        "last_score": heads[-1]["score"],
        "last_step": heads[-1]["step"],
        "evals": len(heads),
    }


def _canonical(folder: Path) -> list[Path]:
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    head = f"{RANKING_PROTOCOL}-"
    return [folder / name for name in names if name.startswith(head) and name[len(head) : -5].isdigit()]


def _eval_head(path: Path) -> dict[str, Any] | None:
    data = read_head(path)
    if data is None or _number(data.get("score")) is None:
        return None
    return {**data, "step": int(path.stem.rpartition("-")[2]), "score": float(data["score"])}


def read_head(path: Path) -> dict[str, Any] | None:
    """An evaluation file without its episodes; None when it cannot be read."""
    try:
        with open(path, "rb") as file:
            start = file.read(_HEAD_BYTES)
    except OSError:
        return None
    end = start.find(_EPISODES)
    if end > 0:
        try:
            head = json.loads(start[:end].rstrip().rstrip(b",") + b"}")
            if isinstance(head, dict) and "score" in head:
                return head
        except ValueError:
            pass
    try:
        whole = read_json(path)
    except (VbotError, OSError):
        return None
    return whole if isinstance(whole, dict) else None


def read_study(study: Path) -> StudyDigest:
    """Digest a study from its spec and its log."""
    try:
        events = read_journal(study / "events.jsonl").events
        state = fold(events)
        spec = _read_spec(study / "study.yaml")
    except (VbotError, SimError, OSError, ValueError, KeyError, TypeError) as error:
        return StudyDigest(id=study.name, damage=f"{error}")
    times = [event["time"] for event in events if isinstance(event.get("time"), str)]
    best = state.best()
    return StudyDigest(
        id=study.name,
        **spec,
        created=times[0] if times else "",
        updated=times[-1] if times else "",
        elapsed_s=state.elapsed_s,
        ended=state.ended,
        stopped=state.stop is not None,
        paused=_who(state),
        best=best.number if best else None,
        trials=tuple(_trial(trial) for _, trial in sorted(state.trials.items())),
    )


def _who(state: StudyState) -> str | None:
    return f"{state.pause.who}: {state.pause.why}" if state.pause else None


def _read_spec(path: Path) -> dict[str, Any]:
    """The part of a spec that memory needs, as plain data: an old study must be readable whatever its schema."""
    data = fast_yaml(path)
    if not isinstance(data, dict):
        raise ValueError(f"{path} holds no study")
    texts = {name: str(data.get(name) or "") for name in ("label", "env", "preset", "mode")}
    counts = {name: int(data.get(name) or 0) for name in ("max_trials", "trial_env_steps")}
    tables = {name: dict(data.get(name) or {}) for name in ("space", "sets")}
    return {**texts, **counts, **tables, "budget_s": _number(data.get("budget_s"))}


def fast_yaml(path: Path) -> Any:  # noqa: ANN401 - whatever YAML holds
    """A YAML file as plain data, by the parser in C where there is one: eight times as fast.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not YAML.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
    except yaml.YAMLError as error:
        raise ValueError(f"{path} is not valid YAML ({' '.join(str(error).split())})") from None


def _trial(trial: TrialState) -> TrialDigest:
    last = trial.rungs[-1] if trial.rungs else None
    live_score = max((rung.score for rung in trial.rungs if rung.score is not None), default=None)
    return TrialDigest(
        number=trial.number,
        run=trial.run,
        state=trial.state,
        params=dict(trial.params),
        origin=trial.origin,
        score=trial.score if trial.is_final else live_score,
        success=trial.success if trial.is_final else (last.success if last else None),
        fell=trial.fell if trial.is_final else (last.fell if last else None),
        env_steps=trial.env_steps,
        end_reason=trial.end_reason,
        end_detail=trial.end_detail,
        flags=trial.flags,
        failures=len(trial.failures),
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
