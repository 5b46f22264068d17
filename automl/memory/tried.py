"""Before a study starts: what was tried with its keys, what came out best, which symptoms were seen, what is open.

A pure reading of files: studies and runs of this workspace, history imported from other tools, the reward library's
rejected shelf, notes and TODOs.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from automl.memory.brief_text import counted, first_line, short
from automl.memory.config_diff import shown
from automl.memory.index import Index, StudyNow
from automl.memory.report_file import read
from automl.memory.search import LIBRARY
from automl.spec import StudySpec
from automl.state import Value
from sessions import notes
from sessions.notes import Note
from sessions.workspace import Workspace

if TYPE_CHECKING:
    from sessions.history import Trial

BROKEN = ("failed", "diverged")


@dataclass(frozen=True)
class KeyMemory:
    """What is remembered of one searched key.

    Attributes:
        low, high: extent of the values tried, None for words or none.
        best: value, score v1 and run of the best trial that tried it.
        flags: how many of these trials raised which flag.
        broken: how many of them failed or diverged.
        imported: trials of other tools that had a key of this name; their scores are not comparable.
        imported_low, imported_high: extent of their values.
    """

    key: str
    trials: int = 0
    studies: int = 0
    low: float | None = None
    high: float | None = None
    best: tuple[Value, float, str] | None = None
    flags: tuple[tuple[str, int], ...] = ()
    broken: int = 0
    imported: int = 0
    imported_low: float | None = None
    imported_high: float | None = None


@dataclass(frozen=True)
class Tried:
    """What is known before a study starts."""

    env: str
    keys: tuple[KeyMemory, ...]
    same_keys: tuple[str, ...]  # studies that searched all of these keys on this environment
    best: tuple[str, float] | None  # run and score v1 of the best run on this environment
    rejected: tuple[str, ...]
    notes: tuple[Note, ...]
    todos: tuple[Note, ...]


def tried(workspace: Workspace, spec: StudySpec, index: Index | None = None) -> Tried:
    """What is remembered of the keys that a study is about to search, on its environment."""
    index = index or Index(workspace)
    studies = [study for study in index.studies if study.digest.env == spec.env]
    imported = _imported(workspace, spec.env)
    scored = [(run.id, run.digest.score) for run in index.runs if run.digest.env == spec.env and run.digest.ranks]
    best = max(((name, score) for name, score in scored if score is not None), key=lambda item: item[1], default=None)
    every_note = notes.read(workspace)
    names = {short(key) for key in spec.space} | set(spec.space)
    found = Tried(
        env=spec.env,
        keys=tuple(_key(key, studies, imported) for key in spec.space),
        same_keys=tuple(study.id for study in studies if spec.space and set(spec.space) <= set(study.digest.space)),
        best=best,
        rejected=_rejected(workspace, names),
        notes=tuple(note for note in every_note if note.kind is None and _mentions(note.text, names)),
        todos=tuple(todo.note for todo in notes.todos(workspace, every_note) if todo.open),
    )
    index.save()
    return found


def _key(key: str, studies: Iterable[StudyNow], imported: Iterable["Trial"]) -> KeyMemory:
    asked = [(study, trial) for study in studies for trial in study.digest.trials if key in trial.params]
    numbers = _numbers(trial.params[key] for _, trial in asked)
    scored = [trial for _, trial in asked if trial.score is not None and trial.state not in BROKEN]
    top = max(scored, key=lambda trial: trial.score or 0.0, default=None)
    flags = Counter(flag for _, trial in asked for flag in trial.flags)
    name = short(key)
    theirs = [{**trial.hp, **trial.reward} for trial in imported]
    old = [values[name] for values in theirs if name in values]
    old_numbers = _numbers(old)
    return KeyMemory(
        key=key,
        trials=len(asked),
        studies=len({study.id for study, _ in asked}),
        low=min(numbers, default=None),
        high=max(numbers, default=None),
        best=(top.params[key], top.score, top.run or "") if top is not None and top.score is not None else None,
        flags=tuple(flags.most_common()),
        broken=sum(trial.state in BROKEN for _, trial in asked),
        imported=len(old),
        imported_low=min(old_numbers, default=None),
        imported_high=max(old_numbers, default=None),
    )


def _numbers(values: Iterable[object]) -> list[float]:
    return [float(value) for value in values if isinstance(value, int | float) and not isinstance(value, bool)]


def _imported(workspace: Workspace, env: str) -> tuple["Trial", ...]:
    from sessions.history import CRASHED, imported_trials

    return tuple(trial for trial in imported_trials(workspace.root) if trial.outcome != CRASHED and trial.env == env)


def _rejected(workspace: Workspace, names: set[str]) -> tuple[str, ...]:
    """Ideas on the rejected shelf, ours and imported, that speak of one of the keys."""
    from sessions.history import load_imports

    shelf = workspace.root / LIBRARY / "rejected"
    found = [path.stem for path in sorted(shelf.glob("*.yaml")) if _mentions(read(path), names)]
    for item in load_imports(workspace.root):
        for entry in item.history.library:
            words = " ".join([entry.name, entry.description, entry.notes, *entry.reward, *entry.hp])
            if "reject" in f"{entry.shelf} {entry.status}".lower() and _mentions(words, names):
                found.append(f"{entry.name}: {entry.notes or entry.description}".strip(": "))
    return tuple(found)


def _mentions(text: str, names: Iterable[str]) -> bool:
    low = text.lower()
    return any(name.lower() in low for name in names)


def render(found: Tried) -> str:
    """The answer in words."""
    lines = [f"# Before a study on {found.env}", ""]
    lines.append(f"Best so far: {found.best[1]:.3f} by `{found.best[0]}`." if found.best else "No run was scored yet.")
    if found.same_keys:
        lines.append(f"These keys were all searched before: {', '.join(found.same_keys)}.")
    lines += ["", "## Its keys", *(_key_line(key) for key in found.keys)]
    lines += ["", "## Rejected ideas", *([f"- {first_line(text)}" for text in found.rejected] or ["- none recorded"])]
    said = [f"- {note.time[:10]} {note.run or 'notebook'}: {first_line(note.text)}" for note in found.notes]
    lines += ["", "## Notes on these keys", *(said or ["- none"])]
    waiting = [f"- [ ] TODO {note.id} {first_line(note.text)}" for note in found.todos]
    lines += ["", "## Open TODOs", *(waiting or ["- none"])]
    return "\n".join(lines) + "\n"


def _key_line(key: KeyMemory) -> str:
    if not key.trials:
        parts = ["never searched here"]
    else:
        extent = f", {key.low:.4g} to {key.high:.4g}" if key.low is not None and key.high is not None else ""
        parts = [f"{counted(key.trials, 'trial')} in {counted(key.studies, 'study')}{extent}"]
    if key.best:
        value, score, run = key.best
        parts.append(f"best {score:.3f} with {shown(value)} (`{run}`)")
    if key.flags:
        parts.append("seen: " + ", ".join(f"{flag} in {count}" for flag, count in key.flags))
    if key.broken:
        parts.append(f"{key.broken} broke")
    if key.imported:
        low, high = key.imported_low, key.imported_high
        extent = f", {low:.4g} to {high:.4g}" if low is not None and high is not None else ""
        parts.append(f"{counted(key.imported, 'imported trial')}{extent}")
    return f"- `{key.key}`: {'; '.join(parts)}"
