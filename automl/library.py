"""The reward library: settings worth keeping, single ideas, and what was rejected and why.

One YAML file per entry in `reward_library/{configs,components,rejected}`. A config is archived from a run, pre-filled
with its settings and evidence; a component is one idea about few settings; rejecting moves an entry to the shelf of
rejected ideas with the verdict. A study can start from an entry, and is warned when it repeats a rejected one.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from automl.lineage import LIBRARY, Source
from automl.space import Choice, Dimension, share_of_range
from automl.spec import StudySpec
from sessions.errors import CorruptFileError, NotFoundError, UsageError
from sessions.files import fsync_dir, utc_now, write_atomic
from sessions.runs import RunDir, best_score
from sessions.workspace import Workspace
from vbot_sim.errors import ConfigError
from vbot_sim.settings import from_dict, leaves, nearest, to_dict

SCHEMA = 1
FOLDER = "reward_library"
SHELVES = ("configs", "components", "rejected")
NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
FEW = 3  # settings of an idea that is recognised in the range of a search
CLOSE = 0.02  # relative difference below which two numbers are the same idea

Status = Literal["untested", "tested", "promising", "adopted", "rejected"]


@dataclass(frozen=True)
class Evidence:
    """One measurement behind an entry."""

    run: str
    step: int | None = None
    protocol: str = ""
    score: float | None = None
    success: float | None = None
    fell: float | None = None
    env_steps: int = 0
    seed: int | None = None


@dataclass(frozen=True)
class Entry:
    """One entry.

    Attributes:
        name: its file's name.
        env: environment it belongs to.
        preset: what `settings` are a change of.
        status: how far it has been tested.
        hypothesis: what it was expected to do, in one sentence.
        settings: dotted path in a run's config -> value.
        evidence: what was measured.
        verdict: what was concluded, in words.
        based_on: where it comes from.
        notes: anything else.
        created: when it was archived.
    """

    name: str
    env: str
    preset: str = "default"
    status: Status = "untested"
    hypothesis: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    verdict: str = ""
    based_on: str = ""
    notes: str = ""
    created: str = ""
    schema: int = SCHEMA


@dataclass(frozen=True)
class Shelved:
    """An entry and the shelf it lies on."""

    shelf: str
    entry: Entry


def entries(workspace: Workspace) -> list[Shelved]:
    """All entries, shelf by shelf and by name.

    Raises:
        CorruptFileError: one of them cannot be read; the message names the file.
    """
    return [
        Shelved(shelf, _read(path)) for shelf in SHELVES for path in sorted(_shelf(workspace, shelf).glob("*.yaml"))
    ]


def find(workspace: Workspace, name: str) -> Shelved:
    """The entry of this name.

    Raises:
        NotFoundError: there is none; the message names the nearest.
    """
    for shelf in SHELVES:
        path = _shelf(workspace, shelf) / f"{name}.yaml"
        if path.is_file():
            return Shelved(shelf, _read(path))
    known = [path.stem for shelf in SHELVES for path in _shelf(workspace, shelf).glob("*.yaml")]
    hint = nearest(name, known) or " It is empty; 'vbot library add RUN' archives a run."
    raise NotFoundError(f"the library has no entry '{name}'.{hint}")


def source_of(workspace: Workspace, name: str) -> Source:
    """An entry as the start of a study or a run."""
    entry = find(workspace, name).entry
    best = max((item.score for item in entry.evidence if item.score is not None), default=None)
    run = entry.evidence[0].run if entry.evidence else None
    return Source(f"{LIBRARY}{name}", entry.env, entry.preset, {}, entry.settings, run, best)


def archive(workspace: Workspace, run: RunDir, name: str, hypothesis: str = "", notes: str = "") -> Entry:
    """Put a run's settings on the shelf of configs, with what it measured.

    Raises:
        UsageError: the name is taken or no name.
        ConfigError: the run's config cannot be read.
    """
    from vbot_rl.config import load_yaml, run_cfg

    cfg, record = load_yaml(run.config_path).cfg, run.record()
    plain = leaves(run_cfg(cfg.env, cfg.preset).cfg)
    changed = {path: value for path, value in leaves(cfg).items() if value != plain.get(path)}
    best, status = best_score(run.evals()), run.status()
    measured = Evidence(
        run=run.id,
        step=best.step if best else None,
        protocol=best.protocol if best else "",
        score=best.score if best else None,
        success=best.success if best else None,
        fell=best.fell if best else None,
        env_steps=status.env_steps if status else 0,
        seed=cfg.train.seed,
    )
    entry = Entry(
        name=name,
        env=cfg.env,
        preset=cfg.preset,
        status="tested" if best else "untested",
        hypothesis=hypothesis,
        settings={path: _plain(value) for path, value in changed.items() if not path.startswith("train.")},
        evidence=(measured,),
        based_on=f"{record.study}:{record.trial}" if record.study else record.parent or "",
        notes=notes,
        created=utc_now(),
    )
    put(workspace, "configs", entry)
    return entry


def put(workspace: Workspace, shelf: str, entry: Entry) -> Path:
    """Write a new entry.

    Raises:
        UsageError: the name is taken, or is no file name.
    """
    if not NAME.fullmatch(entry.name):
        raise UsageError(
            f"'{entry.name}' is no name for an entry: use small letters, digits, '-', '_' and '.', at most 64."
        )
    taken = next((found for found in SHELVES if (_shelf(workspace, found) / f"{entry.name}.yaml").exists()), None)
    if taken is not None:
        raise UsageError(f"{FOLDER}/{taken}/{entry.name}.yaml exists already; choose another name.")
    folder = _shelf(workspace, shelf)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{entry.name}.yaml"
    write_atomic(path, text_of(entry))
    return path


def reject(workspace: Workspace, name: str, verdict: str) -> Entry:
    """Move an entry to the rejected shelf with the reason.

    Raises:
        NotFoundError: there is no such entry.
        UsageError: it is rejected already, or no reason is given.
    """
    found = find(workspace, name)
    if not verdict.strip():
        raise UsageError("say why it is rejected: the verdict is what the next reader needs.")
    if found.shelf == "rejected":
        raise UsageError(f"{name} is rejected already: {found.entry.verdict}")
    entry = replace(found.entry, status="rejected", verdict=verdict)
    folder = _shelf(workspace, "rejected")
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(folder / f"{name}.yaml", text_of(entry))
    old = _shelf(workspace, found.shelf)
    (old / f"{name}.yaml").unlink()
    fsync_dir(old)
    return entry


def text_of(entry: Entry) -> str:
    """The file of an entry."""
    import yaml

    return str(yaml.safe_dump(to_dict(entry), sort_keys=False, allow_unicode=True, width=120))


def repeated(workspace: Workspace, spec: StudySpec) -> list[str]:
    """What a study would try again although it was rejected: one sentence each."""
    found = []
    for item in entries(workspace):
        if item.shelf == "rejected" and item.entry.env == spec.env and item.entry.settings:
            why = item.entry.verdict or item.entry.notes or "no reason recorded"
            found += [f"{how}, rejected as '{item.entry.name}': {why}" for how in _repeats(item.entry, spec)]
    return found


def _repeats(entry: Entry, spec: StudySpec) -> Iterator[str]:
    common = [path for path in entry.settings if path in spec.sets]
    if common and all(_same(entry.settings[path], spec.sets[path]) for path in common):
        yield f"every trial has {_listed(entry, common)}"
    for number, seeded in enumerate(spec.seed_configs, 1):
        shared = [path for path in entry.settings if path in seeded.params]
        if shared and all(_same(entry.settings[path], seeded.params[path]) for path in shared):
            yield f"seed configuration {number} has {_listed(entry, shared)}"
    searched = [path for path in entry.settings if path in spec.space]
    if searched and len(entry.settings) <= FEW and all(_covers(spec.space[p], entry.settings[p]) for p in searched):
        yield f"the search reaches {_listed(entry, searched)}"


def _listed(entry: Entry, paths: list[str]) -> str:
    more = f" and {len(paths) - FEW} more" if len(paths) > FEW else ""
    return ", ".join(f"{path} = {entry.settings[path]}" for path in paths[:FEW]) + more


def _covers(dimension: Dimension, value: object) -> bool:
    if isinstance(dimension, Choice):
        return any(_same(value, choice) for choice in dimension.choices)
    share = share_of_range(dimension, value)
    if share is None or not isinstance(value, int | float):
        return False
    ends = [dimension.low, dimension.high]
    if not hasattr(dimension, "integer"):
        ends = [end * float(dimension.around or 1.0) for end in ends]
    return min(ends) <= value <= max(ends)


def _same(one: object, other: object) -> bool:
    numbers = isinstance(one, int | float) and isinstance(other, int | float)
    if numbers and not isinstance(one, bool) and not isinstance(other, bool):
        return math.isclose(one, other, rel_tol=CLOSE)  # type: ignore[arg-type]
    return one == other


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _shelf(workspace: Workspace, shelf: str) -> Path:
    return workspace.root / FOLDER / shelf


def _read(path: Path) -> Entry:
    import yaml

    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        return from_dict(Entry, {**data, "name": path.stem})
    except (OSError, UnicodeDecodeError, yaml.YAMLError, TypeError, ConfigError) as error:
        said = " ".join(str(error).split())
        raise CorruptFileError(f"{path} is no entry of the library ({said}); mend it or move it away") from None
