"""One question to everything that was ever written down: where does this text occur, and in what?

Records, notes, TODOs, the spec and the log of studies, the settings that runs changed, the reward library, and history
imported from other tools. Words are found as they are written, upper and lower case being one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from automl.memory.brief_text import counted
from automl.memory.config_diff import CHOSEN, read_config, shown
from automl.memory.index import Index
from automl.memory.report_file import entries, read, report_paths
from sessions import notes
from sessions.errors import UsageError
from sessions.runs import RunDir
from sessions.workspace import Workspace

if TYPE_CHECKING:
    from sessions.history import History, Trial

LIBRARY = "reward_library"
MOST_RUNS = 40  # runs whose config is opened for one question, newest first
SNIPPET = 160


@dataclass(frozen=True)
class Hit:
    """One place where the text occurs.

    Attributes:
        kind: record, note, study, run, library or imported.
        place: file and line, or the id of the run or study.
        about: run, study or import it belongs to, empty for none.
        text: the words around it.
        time: when it was written, where that is known.
    """

    kind: str
    place: str
    about: str
    text: str
    time: str = ""


@dataclass(frozen=True)
class Found:
    """The hits, and how many runs set a key with this text beyond those that are listed."""

    hits: tuple[Hit, ...]
    more_runs: int = 0


def search(workspace: Workspace, text: str, index: Index | None = None) -> Found:
    """Every place where a text occurs: records first, then notes, studies, runs, library, imported history.

    Raises:
        UsageError: the text is empty.
    """
    needle = text.strip().lower()
    if not needle:
        raise UsageError("a search needs words; give the text to look for")
    index = index or Index(workspace)
    runs, more = _runs(index, needle)
    hits = (
        *_records(workspace, needle),
        *_notes(workspace, needle),
        *_studies(index, needle),
        *runs,
        *_library(workspace.root / LIBRARY, needle),
        *_imported(workspace, needle),
    )
    index.save()
    return Found(hits, more)


def _records(workspace: Workspace, needle: str) -> Iterator[Hit]:
    for path in report_paths(workspace):
        text = read(path)
        owners = [(entry.line, entry.id) for entry in entries(text)]
        for number, line in _lines(text, needle):
            about = next((name for start, name in reversed(owners) if start <= number + 1), "")
            yield Hit("record", f"reports/{path.name}:{number}", about, snippet(line, needle))


def _notes(workspace: Workspace, needle: str) -> Iterator[Hit]:
    files = [*notes.pages(workspace), *(run.notes_path for run in workspace.run_dirs())]
    for path in files:
        for note in notes.read_file(path):
            if needle in note.text.lower() or needle in (note.tag or "").lower():
                place = f"{path.relative_to(workspace.root)}:{note.id}"
                kind = "todo" if note.kind == notes.TODO else "note"
                yield Hit(kind, place, note.run or "", snippet(note.text, needle), note.time)


def _studies(index: Index, needle: str) -> Iterator[Hit]:
    for study in index.studies:
        digest = study.digest
        for key in [key for key in digest.space if needle in key.lower()]:
            tried = [trial.params[key] for trial in digest.trials if key in trial.params]
            best = digest.champion
            won = f"; best trial {best.number} has {shown(best.params.get(key))}" if best else ""
            text = f"searched {key}: {_extent(tried)} in {counted(len(tried), 'trial')}{won}"
            yield Hit("study", f"studies/{study.id}/study.yaml", study.id, text, digest.created)
        for key, value in digest.sets.items():
            if needle in key.lower():
                yield Hit(
                    "study", f"studies/{study.id}/study.yaml", study.id, f"set {key} = {shown(value)}", digest.created
                )
        for trial in digest.trials:
            words = f"{trial.end_detail or ''} {' '.join(trial.flags)}"
            if needle in words.lower():
                text = f"trial {trial.number} {trial.state}: {words.strip()}"
                yield Hit("study", f"studies/{study.id}/events.jsonl", trial.run or study.id, snippet(text, needle))
        if needle in f"{study.id} {digest.label} {digest.ended or ''}".lower():
            yield Hit(
                "study", f"studies/{study.id}", study.id, f"{digest.label}: {study.state} {digest.ended or ''}".strip()
            )


def _extent(values: Iterable[object]) -> str:
    numbers = [value for value in values if isinstance(value, int | float)]
    return f"{min(numbers):.4g} to {max(numbers):.4g}" if numbers else "never drawn"


def _runs(index: Index, needle: str) -> tuple[list[Hit], int]:
    hits, setters = [], []
    for run in reversed(index.runs):
        digest = run.digest
        words = f"{digest.end_detail or ''} {' '.join(run.flags or ())}".strip()
        if needle in words.lower():
            hits.append(Hit("run", f"runs/{run.id}", run.id, snippet(f"{run.state}: {words}", needle), digest.updated))
        elif needle in run.id.lower():
            score = f", score {digest.score:.3f}" if digest.score is not None else ""
            hits.append(Hit("run", f"runs/{run.id}", run.id, f"{run.state}{score}", digest.updated))
        directory = RunDir(index.workspace.runs / run.id)
        if _sets_key(directory.config_path, needle):
            setters.append((run, directory))
    for run, directory in setters[:MOST_RUNS]:
        config = read_config(directory)
        chosen = (
            [key for key, origin in config.origins.items() if origin in CHOSEN and needle in key.lower()]
            if config
            else []
        )
        for key in chosen:
            assert config is not None
            score = f", score {run.digest.score:.3f}" if run.digest.score is not None else ""
            text = f"{key} = {shown(config.values.get(key))} ({config.origins[key]}){score}"
            hits.append(Hit("run", f"runs/{run.id}/config.yaml", run.id, text, run.digest.created or ""))
    return hits, max(0, len(setters) - MOST_RUNS)


def _sets_key(path: Path, needle: str) -> bool:
    """Whether the config's origins name a chosen key with this text; the file is not parsed for it."""
    try:
        _, _, origins = path.read_text(encoding="utf-8", errors="replace").partition("\norigins:\n")
    except OSError:
        return False
    for line in origins.splitlines():
        key, _, word = line.partition(":")
        if word.strip() in CHOSEN and needle in key.lower():
            return True
    return False


def _library(folder: Path, needle: str) -> Iterator[Hit]:
    for path in sorted(folder.glob("*/*.yaml")):
        for number, line in _lines(read(path), needle):
            place = f"{LIBRARY}/{path.parent.name}/{path.name}:{number}"
            yield Hit("library", place, path.stem, snippet(line, needle))


def _imported(workspace: Workspace, needle: str) -> Iterator[Hit]:
    from sessions.history import load_imports  # thousands of rows, read only when somebody searches

    for found in load_imports(workspace.root):
        yield from _imported_trials(found.id, found.history, needle)
        for entry in found.history.library:
            words = " ".join([entry.name, entry.description, entry.notes, *entry.reward, *entry.hp])
            if needle in words.lower():
                text = f"{entry.shelf} {entry.name}: {entry.description or entry.notes or ', '.join(entry.reward)}"
                yield Hit("imported", f"{found.id}: {entry.path}", entry.name, snippet(text, needle))
        for document in found.history.documents:
            for number, line in _lines(document.text, needle):
                yield Hit("imported", f"{found.id}: {document.path}:{number}", document.title, snippet(line, needle))
        for finding in found.history.contradictions:
            if needle in finding.message.lower():
                yield Hit("imported", f"{found.id}: {finding.about}", finding.about, snippet(finding.message, needle))


def _imported_trials(source: str, history: "History", needle: str) -> Iterator[Hit]:
    groups: dict[tuple[str, str], list[tuple[Trial, object]]] = {}
    for trial in history.trials:
        for name, value in {**trial.hp, **trial.reward}.items():
            if needle in name.lower():
                groups.setdefault((trial.campaign, name), []).append((trial, value))
        if needle in f"{trial.uid} {trial.tag}".lower():
            score = f", legacy score {trial.legacy_score:.4g}" if trial.legacy_score is not None else ""
            yield Hit("imported", f"{source}: {trial.uid}", trial.uid, f"{trial.outcome}{score}", trial.completed)
    for (campaign, name), members in sorted(groups.items()):
        best = max(
            members, key=lambda item: item[0].legacy_score if item[0].legacy_score is not None else float("-inf")
        )
        won = ""
        if best[0].legacy_score is not None:
            won = f"; best legacy score {best[0].legacy_score:.4g} with {shown(best[1])}"
        text = f"{name}: {_extent(value for _, value in members)} in {counted(len(members), 'trial')}{won}"
        yield Hit("imported", f"{source}: campaign {campaign}", campaign, text)


def _lines(text: str, needle: str) -> Iterator[tuple[int, str]]:
    if needle in text.lower():
        for number, line in enumerate(text.splitlines(), start=1):
            if needle in line.lower():
                yield number, line


def snippet(text: str, needle: str, width: int = SNIPPET) -> str:
    """The words around the first occurrence, in one line."""
    flat = " ".join(text.split())
    if len(flat) <= width:
        return flat
    start = max(0, flat.lower().find(needle) - width // 3)
    cut = flat[start : start + width]
    return f"{'... ' if start else ''}{cut}{' ...' if start + width < len(flat) else ''}"
