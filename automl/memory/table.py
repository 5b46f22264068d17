"""Rows of the list of runs: filtered and sorted, from the index."""

from collections.abc import Callable, Sequence
from typing import Any

from automl.memory.config_diff import Config, read_config
from automl.memory.index import Index, RunNow
from automl.memory.query import Query
from sessions import notes
from sessions.errors import UsageError
from sessions.runs import RunDir

SORTS = ("created", "score", "success", "fell", "steps", "updated", "state", "host", "id", "study")
_FALLING = ("created", "score", "success", "steps", "updated")  # the most, or the newest, first


def rows(index: Index, query: Query, sort: str = "created") -> list[dict[str, Any]]:
    """The runs that fit, sorted; newest first unless something else is asked for, runs without the value last.

    Raises:
        UsageError: there is no such order.
    """
    name = sort.removeprefix("-")
    if name not in SORTS:
        raise UsageError(f"there is no order '{name}'; there are: {', '.join(SORTS)}")
    found = [run for run in reversed(index.runs) if query.fits(_look(index, run))]
    key = "env_steps" if name == "steps" else name
    table = [row(run) for run in found]
    have = [item for item in table if item[key] is not None]
    have.sort(key=lambda item: (item[key], item["id"]), reverse=(name in _FALLING) != sort.startswith("-"))
    return [*have, *(item for item in table if item[key] is None)]


def row(run: RunNow) -> dict[str, Any]:
    """One run as a flat row."""
    digest = run.digest
    return {
        "id": digest.id,
        "kind": digest.kind,
        "env": digest.env,
        "study": digest.study,
        "trial": digest.trial,
        "created": digest.created,
        "host": digest.host,
        "state": run.state,
        "env_steps": digest.env_steps,
        "total_env_steps": digest.total_env_steps,
        "score": digest.score,
        "success": digest.success,
        "fell": digest.fell,
        "best_step": digest.best_step,
        "last_score": digest.last_score,
        "flags": list(run.flags) if run.flags is not None else None,
        "end_reason": digest.end_reason,
        "end_detail": digest.end_detail,
        "updated": digest.updated,
    }


def _look(index: Index, run: RunNow) -> Callable[[str], object]:
    digest, directory = run.digest, RunDir(index.workspace.runs / run.id)
    config: list[Config | None] = []

    def value(name: str) -> object:
        if "." in name:
            if not config:
                config.append(read_config(directory))
            return config[0].values.get(name) if config[0] else None
        if name == "has":
            return _has(run, directory)
        if name == "flag":
            return run.flags or ()
        if name in ("state", "id"):
            return getattr(run, name)
        return getattr(digest, {"steps": "env_steps", "end": "end_reason"}.get(name, name))

    return value


def _has(run: RunNow, directory: RunDir) -> Sequence[str]:
    known = notes.read_file(directory.notes_path)
    words = {
        "note": any(note.kind is None for note in known),
        "todo": any(note.kind == notes.TODO for note in known),
        "score": run.digest.score is not None,
        "flag": bool(run.flags),
    }
    return tuple(word for word, on in words.items() if on)
