"""From a run's files to its flags: reads curves and config, asks `automl.flags`, remembers what ended runs raised."""

import contextlib
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from automl.flags import Flag, Points, RunFacts, diagnose
from automl.mutes import muted
from sessions.errors import VbotError
from sessions.event_file import EventFileReader
from sessions.files import parse_utc, read_json, to_json, write_atomic
from sessions.runs import FINAL_STATES, RunDir, RunStatus
from sessions.workspace import Workspace

CACHE_NAME = "flags.json"
CACHE_VERSION = 2
WALK_MPS = 0.6


def read_curves(run: RunDir) -> dict[str, Points]:
    """All scalars of a run by tag, in the order of their steps; where steps repeat, the later record counts."""
    return curves_of(run.event_files())


def curves_of(paths: Iterable[Path]) -> dict[str, Points]:
    """All scalars of event files by tag; see `read_curves`."""
    curves: dict[str, dict[int, float]] = {}
    for path in paths:
        for record in EventFileReader(path).read_new():
            for tag, number in zip(record.tags, record.numbers, strict=True):
                curves.setdefault(tag, {})[record.step] = number
    return {tag: tuple(sorted(points.items())) for tag, points in curves.items()}


def facts_of(status: RunStatus | None, alive: bool, now_s: float | None = None) -> RunFacts:
    """What a run's status tells the detectors."""
    if status is None:
        return RunFacts(state="running" if alive else "queued")
    updated = parse_utc(status.updated)
    silent = now_s - updated if alive and now_s is not None and updated is not None else 0.0
    state = "running" if alive else status.state
    return RunFacts(state=state, total_env_steps=status.total_env_steps, silent_s=max(0.0, silent))


def facts_of_run(run: RunDir, now_s: float | None = None) -> RunFacts:
    """What a run's status and config tell the detectors."""
    return with_config(facts_of(run.status(), run.is_alive(), now_s), run)


def with_config(facts: RunFacts, run: RunDir) -> RunFacts:
    """`facts` with what the run's config.yaml tells; as they were where there is none of ours."""
    try:
        mark = run.config_path.stat().st_mtime_ns
        told = _config_facts(run.path, mark)
    except (VbotError, OSError, KeyError, TypeError, ValueError, AttributeError):
        return facts
    return replace(facts, **told)


@lru_cache(maxsize=256)
def _config_facts(path: Path, _mark: int) -> Mapping[str, Any]:
    import yaml

    run = RunDir(path)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        config = yaml.load(run.config_path.read_text(encoding="utf-8"), loader)["config"]
    except yaml.YAMLError:
        return {"config_changed": True}
    # the file as it is: read through today's schema, a config of an older version would seem to have changed
    found = hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()
    asked = run.record().config_hash
    scales = config["task"]["reward"]["scales"]
    return {
        "learning_rate": float(config["ppo"]["learning_rate"]),
        "loaded": tuple(map(str, config["train"]["warm_start"])),
        "walking_pay": walking_pay(scales, float(config["task"]["control"]["rate_hz"])),
        "terms": tuple(name for name, scale in scales.items() if scale != 0),
        "config_changed": bool(asked) and not found.startswith(asked),
    }


def walking_pay(scales: Mapping[str, float], rate_hz: float) -> float:
    """What walking to the target at `WALK_MPS` pays per control step: scales of rates are per 10 ms, of approach per m.

    Progress is paid by the share of the way covered, half of it on average.
    """
    ticks = 100.0 / rate_hz
    approach = min(scales["approach"] * WALK_MPS / rate_hz, ticks)  # at most 1 per 10 ms
    return WALK_MPS * scales["forward_velocity"] * ticks + approach + 0.5 * scales["distance_progress"] * ticks


def flags_of(run: RunDir, now_s: float | None = None, notices: bool = False) -> tuple[Flag, ...]:
    """The flags a run raises, with their evidence; without those that were muted."""
    return diagnose(read_curves(run), facts_of_run(run, now_s), muted=muted(run), notices=notices)


def flag_names(run: RunDir) -> tuple[str, ...]:
    """The names of the flags a run raises; none when its curves cannot be read."""
    try:
        return tuple(flag.name for flag in flags_of(run))
    except (VbotError, OSError):
        return ()


@dataclass
class _Entry:
    size: int
    flags: tuple[str, ...]


class FlagCache:
    """Flags of runs that have ended, kept in the workspace so that a thousand runs are listed at once.

    It is only a saving of time: a lost, old or unwritable cache changes nothing but the wait.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._path = workspace.view / CACHE_NAME
        self._entries = _load(self._path)
        self._changed = False

    def __contains__(self, run_id: str) -> bool:
        """Whether this run was judged before, as far as its id tells."""
        return run_id in self._entries

    def names(self, run: RunDir, state: str) -> tuple[str, ...]:
        """The flags of a run that is in this state now."""
        size, silent = _event_bytes(run), muted(run)
        known = self._entries.get(run.id)
        if known is not None and known.size == size and state in FINAL_STATES:
            return tuple(flag for flag in known.flags if flag not in silent)
        try:
            flags = tuple(flag.name for flag in diagnose(read_curves(run), facts_of_run(run)))
        except (VbotError, OSError):
            return ()
        if state in FINAL_STATES:
            self._entries[run.id] = _Entry(size, flags)
            self._changed = True
        return tuple(flag for flag in flags if flag not in silent)

    def save(self) -> None:
        """Keep what was learned, if the workspace can be written."""
        if not self._changed or not self._path.parent.is_dir():
            return
        rows = {run: {"size": entry.size, "flags": list(entry.flags)} for run, entry in self._entries.items()}
        with contextlib.suppress(OSError):
            write_atomic(self._path, to_json({"version": CACHE_VERSION, "runs": rows}) + "\n", durable=False)


def _event_bytes(run: RunDir) -> int:
    total = 0
    for path in run.event_files():
        with contextlib.suppress(OSError):
            total += path.stat().st_size
    return total


def _load(path: Path) -> dict[str, _Entry]:
    try:
        data = read_json(path)
        rows: Iterable[tuple[str, Any]] = data["runs"].items() if data["version"] == CACHE_VERSION else ()
        return {run: _Entry(int(row["size"]), tuple(map(str, row["flags"]))) for run, row in rows}
    except (VbotError, OSError, KeyError, TypeError, ValueError, AttributeError):
        return {}
