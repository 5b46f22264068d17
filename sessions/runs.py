"""One run on disk: its record, its status, what was asked of it, and how it ended.

The rules: `run.json` never changes; `status.json` is written only by whoever holds the run's lock; a run is alive
exactly while that lock is held. Curves are read by `sessions.event_file`, notes by `sessions.notes`.
"""

from __future__ import annotations  # field types as text, which the readers below check values against

import os
import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from sessions.errors import CorruptFileError, NotFoundError
from sessions.files import Clock, fsync_dir, read_json, read_tail, to_json, utc_now, write_atomic
from sessions.locks import Lock, is_held

SCHEMA: Final = 1
STATES: Final = ("queued", "running", "paused", "finished", "stopped", "killed", "failed", "diverged")
FINAL_STATES: Final = frozenset({"finished", "stopped", "killed", "failed", "diverged"})
END_REASONS: Final = ("finished", "budget", "early_stop", "user", "diverged", "crashed")

T = TypeVar("T")
StopAction = Literal["stop", "pause", "kill"]
_STATE_AFTER: Final[Mapping[str, str]] = {"stop": "stopped", "pause": "paused", "kill": "killed"}
FLAT_SCORE: Final = 1  # the version of the score that does not know how far a robot came
_CHECKPOINT = re.compile(r"step_(\d+)\.pt")
_EVALUATION = re.compile(r"(?P<protocol>.+?)-(?P<step>\d+)(?P<cases>-n\d+-s-?\d+)?\.json")


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """What is fixed about a run from its first moment (`run.json`)."""

    id: str
    kind: str  # "train", "smoke", "trial", "final"
    env: str
    study: str | None = None
    trial: int | None = None
    parent: str | None = None
    created: str = ""
    host: str = ""
    code_version: str = ""
    config_hash: str = ""
    command: str = ""
    hand_set: str = ""  # learning and reward settings that a person set for a long training outside any study
    schema: int = SCHEMA


@dataclass(frozen=True, kw_only=True)
class RunStatus:
    """What a run is doing, or how it ended (`status.json`)."""

    state: str
    phase: str = ""
    env_steps: int = 0
    total_env_steps: int = 0
    steps_per_s: float = 0.0
    eta_s: float | None = None
    updated: str = ""
    pid: int | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    checkpoints: tuple[int, ...] = ()  # env steps of the checkpoints on disk
    score: float | None = None
    success: float | None = None
    end_reason: str | None = None
    end_detail: str | None = None
    schema: int = SCHEMA


@dataclass(frozen=True, kw_only=True)
class StopRequest:
    """What somebody asked of a run (`control/stop.json`)."""

    who: str
    why: str
    action: StopAction = "stop"
    reason: str = "user"  # the end_reason it leads to
    at: str = ""


@dataclass(frozen=True, kw_only=True)
class EvalSummary:
    """The head of one evaluation file."""

    path: Path
    protocol: str
    step: int
    canonical: bool  # the protocol's own cases: only these rank
    episodes: int
    score: float | None
    success: float | None
    fell: float | None
    points_mean: float | None
    points_max: float | None
    score_version: str
    progress: float | None = None  # mean share of the way that was covered, where the score does not know it


class RunDir:
    """A run's directory."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)

    def __repr__(self) -> str:
        return f"RunDir({str(self.path)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RunDir) and other.path == self.path

    def __hash__(self) -> int:
        return hash(self.path)

    @classmethod
    def create(cls, runs: Path, record: RunRecord, files: Mapping[str, str | bytes]) -> RunDir:
        """Make a run's directory in one step, with `run.json` and further files; nobody ever sees it half made."""
        hidden = runs / f".new-{record.id}"
        shutil.rmtree(hidden, ignore_errors=True)  # of a try that a full disk or a kill cut short
        hidden.mkdir(parents=True)
        for folder in ("control", "checkpoints", "evals", "poses"):
            (hidden / folder).mkdir()
        for name, content in {"run.json": to_json(asdict(record), indent=2) + "\n", **files}.items():
            write_atomic(hidden / name, content)
        os.rename(hidden, runs / record.id)
        fsync_dir(runs)
        return cls(runs / record.id)

    @property
    def id(self) -> str:
        """The run's id, which is the name of its directory."""
        return self.path.name

    @property
    def lock_path(self) -> Path:
        """The file whose flock tells whether the run is alive."""
        return self.path / "lock"

    @property
    def config_path(self) -> Path:
        """The effective config, with origins."""
        return self.path / "config.yaml"

    @property
    def log_path(self) -> Path:
        """Everything the process printed."""
        return self.path / "train.log"

    @property
    def notes_path(self) -> Path:
        """Notes about this run."""
        return self.path / "notes.jsonl"

    @property
    def checkpoint_dir(self) -> Path:
        """Where checkpoints are."""
        return self.path / "checkpoints"

    @property
    def eval_dir(self) -> Path:
        """Where evaluations are."""
        return self.path / "evals"

    @property
    def pose_dir(self) -> Path:
        """Where recorded poses are."""
        return self.path / "poses"

    @property
    def stop_path(self) -> Path:
        """The request to stop, if there is one."""
        return self.path / "control" / "stop.json"

    def record(self) -> RunRecord:
        """The run's unchanging facts.

        Raises:
            NotFoundError: The run or its run.json does not exist.
            CorruptFileError: run.json does not hold a run record.
        """
        return _build(RunRecord, read_json(self.path / "run.json"), self.path / "run.json")

    def status(self) -> RunStatus | None:
        """What the run last said of itself; None when it has not said anything (or what it said is unreadable)."""
        try:
            data = read_json(self.path / "status.json")
            return status_from_json(data, self.path / "status.json")
        except (NotFoundError, CorruptFileError, OSError):
            return None

    def write_status(self, status: RunStatus, clock: Clock = time.time) -> None:
        """Replace `status.json`; only the holder of the run's lock may do so.

        Raises:
            OSError: It could not be written; the old status stays.
        """
        stamped = replace(status, updated=utc_now(clock))
        write_atomic(
            self.path / "status.json", to_json(asdict(stamped), indent=1) + "\n", durable=status.state != "running"
        )

    def is_alive(self) -> bool:
        """Whether a process holds the run's lock."""
        return is_held(self.lock_path)

    def request_stop(
        self, who: str, why: str, action: StopAction = "stop", reason: str = "user", clock: Clock = time.time
    ) -> StopRequest:
        """Ask the run to end; the file is complete before any signal is sent."""
        request = StopRequest(who=who, why=why, action=action, reason=reason, at=utc_now(clock))
        self.stop_path.parent.mkdir(exist_ok=True)
        write_atomic(self.stop_path, to_json(asdict(request), indent=1) + "\n")
        return request

    def stop_request(self) -> StopRequest | None:
        """The open request to stop, if any; an unreadable one still means stop."""
        try:
            request = _build(StopRequest, read_json(self.stop_path), self.stop_path)
        except NotFoundError:
            return None
        except CorruptFileError:
            return StopRequest(who="unknown", why="an unreadable stop request was found")
        return request if request.action in _STATE_AFTER else replace(request, action="stop")

    def clear_stop_request(self) -> None:
        """Put an old request aside (under its own name, as a record), so that a resumed run does not obey it again."""
        request = self.stop_request()
        if request is not None:
            os.replace(self.stop_path, self.stop_path.with_name(f"stop-{utc_stamp(request.at)}.json"))

    def evals(self) -> list[EvalSummary]:
        """The evaluations of this run, by step; unreadable files are left out."""
        summaries = [_eval_summary(self.eval_dir / name) for name in sorted(_names(self.eval_dir))]
        return sorted((item for item in summaries if item is not None), key=lambda item: (item.step, item.protocol))

    def checkpoints(self) -> list[tuple[int, Path]]:
        """Steps and paths of the checkpoints, oldest first."""
        matches = (_CHECKPOINT.fullmatch(name) for name in _names(self.checkpoint_dir))
        return sorted((int(match[1]), self.checkpoint_dir / match[0]) for match in matches if match)

    def event_files(self) -> list[Path]:
        """The TensorBoard files of this run, oldest first."""
        names = [name for name in _names(self.path) if name.startswith("events.out.tfevents.")]
        return sorted((self.path / name for name in names), key=event_file_order)

    def log_tail(self, lines: int = 20) -> tuple[str, ...]:
        """The last lines the process printed."""
        return read_tail(self.log_path, lines)


def this_host() -> str:
    """The name of this machine, as run records carry it."""
    return os.uname().nodename


def utc_stamp(text: str) -> str:
    """A time as part of a file name."""
    return re.sub(r"\W", "", text) or "unknown"


def event_file_order(path: Path) -> tuple[int, str]:
    """Sort key of an event file: the time in its name."""
    match = re.match(r"events\.out\.tfevents\.(\d+)", path.name)
    return (int(match[1]) if match else 0, path.name)


def best_score(evals: list[EvalSummary]) -> EvalSummary | None:
    """The best canonical competition evaluation; nothing else ranks."""
    ranked = [item for item in evals if item.canonical and item.protocol == "competition" and item.score is not None]
    return max(ranked, key=lambda item: (item.score or 0.0, -item.step), default=None)


def effective_state(run: RunDir) -> str:
    """The state word that is true now: running only while the lock is held."""
    return state_now(run.status(), run.is_alive(), run.lock_path.exists())


def state_now(status: RunStatus | None, alive: bool, launched: bool) -> str:
    """The true state word, from what the run said, whether it lives, and whether it ever was launched."""
    if alive:
        return "running"
    if status is None:
        return "failed" if launched else "queued"
    if status.state == "running":
        return "failed"
    return status.state if status.state in STATES else "failed"


def settle(run: RunDir, clock: Clock = time.time) -> RunStatus | None:
    """Complete the status of a run whose process died without a last word; leaves live, waiting and ended runs alone.

    Returns:
        The status that now holds.
    """
    status = run.status()
    if not run.lock_path.exists() or _at_rest(status) or run.is_alive():
        return status
    lock = Lock.try_acquire(run.lock_path)
    if lock is None:
        return run.status()
    with lock:
        status = run.status()
        if _at_rest(status):
            return status
        run.write_status(_after_death(run, status or RunStatus(state="running")), clock)
    return run.status()


def _at_rest(status: RunStatus | None) -> bool:
    return status is not None and status.state != "running"


def _after_death(run: RunDir, last: RunStatus) -> RunStatus:
    checkpoints = tuple(step for step, _ in run.checkpoints())
    ended = replace(last, phase="", eta_s=None, pid=None, steps_per_s=0.0, checkpoints=checkpoints)
    request = run.stop_request()
    if request is not None:
        detail = f"{request.why} (asked by {request.who}; the process ended before it could say so itself)"
        reason = None if request.action == "pause" else request.reason  # a paused run has not ended
        return replace(ended, state=_STATE_AFTER[request.action], end_reason=reason, end_detail=detail)
    tail = run.log_tail(1)
    words = f"the last line of its log is: {tail[-1][:300]}" if tail else "its log is empty"
    return replace(
        ended, state="failed", end_reason="crashed", end_detail=f"the process died at step {last.env_steps:,}; {words}"
    )


def status_from_json(data: object, where: Path) -> RunStatus:
    """A status from its JSON form; unknown keys are left out, null metrics are NaN."""
    if isinstance(data, dict):
        metrics = data.get("metrics")
        numbers = {str(k): _number(v) for k, v in metrics.items()} if isinstance(metrics, dict) else {}
        steps = data.get("checkpoints")
        kept = tuple(step for step in steps if isinstance(step, int)) if isinstance(steps, list) else ()
        data = {**data, "metrics": numbers, "checkpoints": kept}
    return _build(RunStatus, data, where)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")


_CHECKS: Final[Mapping[str, tuple[type, ...]]] = {
    "str": (str,),
    "int": (int,),
    "float": (int, float),
    "None": (type(None),),
}


def _build(cls: type[T], data: object, where: Path) -> T:
    """A flat dataclass from a JSON object, field types checked, unknown keys left out."""
    if not isinstance(data, dict):
        raise CorruptFileError(f"{where} holds no JSON object; restore it from a copy or remove it")
    known = {}
    for name, kinds, words in _checks(cls):  # type: ignore[arg-type]
        if name not in data:
            continue
        value = data[name]
        if kinds and not isinstance(value, kinds):
            raise CorruptFileError(
                f"{where}: {name} is {value!r}, expected {words}; restore the file from a copy or remove it"
            )
        known[name] = value
    try:
        return cls(**known)
    except TypeError as error:
        raise CorruptFileError(f"{where} lacks a field ({error}); restore the file from a copy or remove it") from None


@cache
def _checks(cls: Any) -> tuple[tuple[str, tuple[type, ...], str], ...]:  # noqa: ANN401 - any dataclass
    """Name, allowed types (none: any) and their words for each field of a dataclass."""
    out = []
    for item in fields(cls):
        words = str(item.type)
        kinds = tuple(kind for word in words.split(" | ") for kind in _CHECKS.get(word, ()))
        out.append((item.name, kinds, words))
    return tuple(out)


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _eval_summary(path: Path) -> EvalSummary | None:
    match = _EVALUATION.fullmatch(path.name)
    if match is None:
        return None
    try:
        data = read_json(path)
    except (NotFoundError, CorruptFileError, OSError):
        return None
    if not isinstance(data, dict):
        return None
    episodes = data.get("episodes")
    return EvalSummary(
        path=path,
        protocol=match["protocol"],
        step=int(match["step"]),
        canonical=match["cases"] is None,
        episodes=len(episodes) if isinstance(episodes, list) else int(_number(data.get("n", 0))),
        score=_optional(data.get("score")),
        success=_optional(data.get("success")),
        fell=_optional(data.get("fell")),
        points_mean=_optional(data.get("points_mean")),
        points_max=_optional(data.get("points_max")),
        score_version=str(data.get("score_version", "")),
        progress=_progress(episodes) if data.get("score_version") == FLAT_SCORE else None,
    )


def _progress(episodes: object) -> float | None:
    """The mean over all episodes of the share of the way to the target that is covered at the end, 0 to 1."""
    if not isinstance(episodes, list):
        return None
    pairs = [
        (_optional(one.get("spawn_distance_m")), _optional(one.get("final_distance_m")))
        for one in episodes
        if isinstance(one, dict)
    ]
    shares = [min(max(1 - left / whole, 0.0), 1.0) for whole, left in pairs if whole and left is not None]
    return sum(shares) / len(shares) if shares else None


def _optional(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
