"""Imported history in a workspace: `imported/<id>/`, written from a tree once and again only where it changed.

The id stands for the source (its folder on its machine), so a second import of the same folder goes to the same place,
and workspaces of two machines merge without conflict. Files hold no times, so equal sources give equal bytes.
`import.json` is written last and holds the hash of every other file: it is the sign that an import is whole.
"""

import dataclasses
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sessions.errors import CorruptFileError, NotFoundError, UsageError
from sessions.files import read_json, to_json, write_atomic
from sessions.history.model import (
    CRASHED,
    FINAL,
    SCHEMA,
    SEARCH,
    Campaign,
    Config,
    Document,
    FileEntry,
    Finding,
    History,
    Log,
    LogTrial,
    RewardEntry,
    Trial,
    Unreadable,
)
from sessions.locks import Lock
from sessions.workspace import host_tag

FOLDER = "imported"
MANIFEST = "import.json"
_TABLES: dict[str, type[Any]] = {
    "campaigns": Campaign,
    "trials": Trial,
    "configs": Config,
    "library": RewardEntry,
    "logs": Log,
    "documents": Document,
    "files": FileEntry,
}
_LISTS: dict[str, type[Any]] = {
    "unreadable": Unreadable,
    "duplicates": Finding,
    "contradictions": Finding,
    "gaps": Finding,
}
T = TypeVar("T")


@dataclass(frozen=True)
class Import:
    """One imported tree: where it came from, where it is kept, what it holds, and which files this import changed."""

    id: str
    source: str
    path: Path
    history: History
    changed: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """The figures of the import. Trials are those of searches; the long runs after them are counted apart."""
        search = [trial for trial in self.history.trials if trial.kind == SEARCH]
        finals = [trial for trial in self.history.trials if trial.kind == FINAL]
        return {
            "campaigns": len(self.history.campaigns),
            "trials": len(search),
            "crashed": sum(trial.outcome == CRASHED for trial in search),
            "configs": len({config.path for config in self.history.configs}),
            "final_runs": len(finals),
            "final_runs_crashed": sum(trial.outcome == CRASHED for trial in finals),
            "single_runs": len(self.history.trials) - len(search) - len(finals),
            "config_entries": len(self.history.configs),
            "launched_without_result": sum(c.launched_without_result for c in self.history.campaigns),
            "library": len(self.history.library),
            "logs": len(self.history.logs),
            "documents": len(self.history.documents),
            "files": len(self.history.files),
        }


def import_id(source: Path, host: str) -> str:
    """The id of a source: its folder's name, and a hash of its place and machine."""
    place = source.resolve()
    label = re.sub(r"[^a-z0-9]+", "-", place.name.lower()).strip("-")[:32] or "history"
    return f"{label}-{hashlib.sha256(f'{host}:{place}'.encode(errors='surrogateescape')).hexdigest()[:8]}"


def import_tree(source: Path, workspace: Path, host: str | None = None) -> Import:
    """Read the tree at `source` and write what it holds into the workspace; a second import changes nothing.

    Args:
        source: A folder of the older tools (or one file). It is only read.
        workspace: Root of the workspace; `imported/` is made in it.
        host: Name of this machine in the id; None: the workspace's own.

    Raises:
        NotFoundError: There is nothing at `source`.
        UsageError: The workspace's own imports lie inside `source`.
        LockedError: Another import into this workspace is being written.
    """
    if not source.exists():
        raise NotFoundError(f"there is no folder {source}; name the folder that holds the older tools' records")
    folder = workspace / FOLDER
    if folder.resolve().is_relative_to(source.resolve()):
        raise UsageError(f"the workspace {workspace} lies inside {source}; name the folder of the older tools alone")
    from sessions.history.reading import read_history  # listing imports must not load the readers

    history = read_history(source)
    name = import_id(source, host if host is not None else host_tag())
    place = folder / name
    place.mkdir(parents=True, exist_ok=True)
    with Lock.acquire(folder / "lock"):
        changed = _write(place, str(source.resolve()), history)
    return Import(name, str(source.resolve()), place, history, changed)


def _write(place: Path, source: str, history: History) -> tuple[str, ...]:
    """Write every table and then the manifest, each only if its bytes differ."""
    changed = []
    hashes = {}
    for name in _TABLES:
        content = _lines(getattr(history, name)).encode()
        hashes[f"{name}.jsonl"] = hashlib.sha256(content).hexdigest()
        changed += _replace(place / f"{name}.jsonl", content)
    manifest = {
        "schema": SCHEMA,
        "id": place.name,
        "source": source,
        "counts": Import(place.name, source, place, history).counts,
        **{name: [dataclasses.asdict(item) for item in getattr(history, name)] for name in _LISTS},
        "empty": list(history.empty),
        "content": hashes,
    }
    changed += _replace(place / MANIFEST, (to_json(manifest, indent=1) + "\n").encode())
    return tuple(changed)


def _replace(path: Path, content: bytes) -> list[str]:
    try:
        if path.read_bytes() == content:
            return []
    except FileNotFoundError:
        pass
    write_atomic(path, content)
    return [path.name]


def _lines(records: Iterable[Any]) -> str:
    return "".join(to_json(dataclasses.asdict(record)) + "\n" for record in records)


def load_import(place: Path) -> Import:
    """Read an import back.

    Raises:
        NotFoundError: There is none.
        CorruptFileError: It is not whole, or of a newer schema.
    """
    manifest = read_json(place / MANIFEST)
    if not isinstance(manifest, dict) or manifest.get("schema") != SCHEMA:
        raise CorruptFileError(f"{place / MANIFEST} is not an import of schema {SCHEMA}; import its source again")
    tables = {name: _restore_table(place, name, cls, manifest) for name, cls in _TABLES.items()}
    lists = {name: tuple(_restore(cls, row) for row in manifest.get(name, ())) for name, cls in _LISTS.items()}
    history = History(**tables, **lists, empty=tuple(manifest.get("empty", ())))
    return Import(place.name, str(manifest.get("source", "")), place, history)


def _restore_table(place: Path, name: str, cls: type[T], manifest: dict[str, Any]) -> tuple[T, ...]:
    path = place / f"{name}.jsonl"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CorruptFileError(f"{path} cannot be read ({error.strerror}); import its source again") from None
    if hashlib.sha256(content).hexdigest() != manifest.get("content", {}).get(path.name):
        raise CorruptFileError(f"{path} is not what the import wrote; import its source again")
    return tuple(_restore(cls, json.loads(line)) for line in content.splitlines())


def _restore(cls: type[T], row: dict[str, Any]) -> T:
    """A record from its JSON; lists become tuples where the record has tuples, keys of a newer version are ignored."""
    known: dict[str, Any] = {}
    for spec in dataclasses.fields(cls):  # type: ignore[arg-type]
        if spec.name not in row:
            continue
        value = row[spec.name]
        if cls is Log and spec.name == "trials":
            value = tuple(_restore(LogTrial, item) for item in value)
        known[spec.name] = tuple(value) if isinstance(value, list) else value
    return cls(**known)


def imports(workspace: Path) -> tuple[Path, ...]:
    """The folders of all imports in a workspace, by name."""
    try:
        return tuple(sorted(path.parent for path in (workspace / FOLDER).glob(f"*/{MANIFEST}")))
    except OSError:
        return ()


def load_imports(workspace: Path, on_damage: Callable[[str], None] | None = None) -> tuple[Import, ...]:
    """All imports that are whole; `on_damage` hears of the others."""
    found = []
    for place in imports(workspace):
        try:
            found.append(load_import(place))
        except (CorruptFileError, NotFoundError) as error:
            if on_damage is not None:
                on_damage(str(error))
    return tuple(found)


def imported_trials(
    workspace: Path,
    env: str | None = None,
    outcomes: Sequence[str] = (),
    on_damage: Callable[[str], None] | None = None,
) -> tuple[Trial, ...]:
    """The trials of all imports, each once even when its tree was imported from two places.

    Args:
        workspace: Root of the workspace.
        env: Only trials of this environment.
        outcomes: Only these outcomes (`scored`, `crashed`, `unscored`); empty: all.
        on_damage: Hears of imports that cannot be read.
    """
    seen: set[str] = set()
    found = []
    for one in load_imports(workspace, on_damage):
        for trial in one.history.trials:
            same = to_json([trial.uid, trial.reward, trial.hp, trial.metrics, trial.legacy_score])
            if same in seen or (env is not None and trial.env != env) or (outcomes and trial.outcome not in outcomes):
                continue
            seen.add(same)
            found.append(dataclasses.replace(trial, imported=one.id))
    return tuple(found)
