"""Walk a tree of the older tools and read every file, each as far as it goes.

Nothing is written, no link is followed, nothing that could block is opened. What a file was not read for is said in
`unreadable`; joining the records to trials is the business of `build`.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sessions.history import prose
from sessions.history.conflicts import count_conflicts, has_conflict, versions
from sessions.history.documents import records_of
from sessions.history.loading import Loaded, clean_text, load_json, load_yaml
from sessions.history.model import (
    Config,
    Document,
    FileEntry,
    IndexEntry,
    Log,
    Report,
    RewardEntry,
    State,
    Summary,
    Unreadable,
)
from sessions.history.text import TextFile, read_text

MAX_FILES = 100_000
_MAX_DOCUMENT = 2 * 2**20
_MAX_DATA = 8 * 2**20  # parsing costs a second per megabyte; a state of 1,000 trials has two
_SKIPPED = frozenset(
    (".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".mypy_cache", ".ruff_cache")
)
_DATA = {".yaml": load_yaml, ".yml": load_yaml, ".json": load_json, ".jsonl": load_json}
_PROSE = frozenset((".md", ".txt", ".rst", ".log", ".out", ".err"))
_FOREIGN = {
    ".pt": "a checkpoint: weights are not part of the history",
    ".pth": "a checkpoint: weights are not part of the history",
    ".pickle": "a pickle: reading it would run code",
    ".pkl": "a pickle: reading it would run code",
}


@dataclass
class Scan:
    """What the files of one tree say, file by file."""

    files: list[FileEntry] = field(default_factory=list)
    configs: list[Config] = field(default_factory=list)
    summaries: list[Summary] = field(default_factory=list)
    states: list[State] = field(default_factory=list)
    index: list[IndexEntry] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    logs: list[Log] = field(default_factory=list)
    library: list[RewardEntry] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    remarks: list[tuple[str, str]] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)


def scan(root: Path) -> Scan:
    """Read the tree under `root` (a folder, or one file)."""
    found = Scan()
    if root.is_file():
        _read(found, root, root.name)
        return found
    for number, (path, name) in enumerate(_walk(root, found)):
        if number >= MAX_FILES:
            found.unreadable.append(
                Unreadable(name, f"more than {MAX_FILES} files; this one and the rest were not read")
            )
            break
        _read(found, path, name)
    return found


def _walk(root: Path, found: Scan) -> Iterator[tuple[Path, str]]:
    """(file, its path from the root) in a fixed order."""

    def refused(error: OSError) -> None:
        place = str(error.filename or root)
        found.unreadable.append(Unreadable(_shown(os.path.relpath(place, root)), f"{error.strerror or error}"))

    for folder, below, files in os.walk(root, onerror=refused):
        for name in sorted(below):
            place = Path(folder, name)
            if name in _SKIPPED or place.is_symlink():
                reason = (
                    "a link to a folder, not followed" if place.is_symlink() else "not a folder of records, skipped"
                )
                found.unreadable.append(Unreadable(_shown(os.path.relpath(place, root)), reason))
        below[:] = sorted(name for name in below if name not in _SKIPPED)
        for name in sorted(files):
            yield Path(folder, name), _shown(os.path.relpath(os.path.join(folder, name), root))


def _shown(path: str) -> str:
    """A path as text that can be written and printed, with forward slashes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace").replace(os.sep, "/")


def _read(found: Scan, path: Path, name: str) -> None:
    suffix = path.suffix.lower()
    is_prose = suffix in _PROSE or any(word in name.lower() for word in ("stdout", "stderr"))
    reason = _FOREIGN.get(suffix)
    if "tfevents" in name:
        reason = "an event file: its curves are not part of this import"
    elif reason is None and suffix not in _DATA and not is_prose and path.name != ".gitkeep":
        reason = f"no record of these tools ends in {suffix}" if suffix else "no record of these tools has this name"
    if reason is not None:
        found.unreadable.append(Unreadable(name, reason))
        return
    try:
        file = read_text(path, _MAX_DATA) if suffix in _DATA else read_text(path)
    except OSError as error:
        found.unreadable.append(Unreadable(name, error.strerror or str(error)))
        return
    if not file.text.strip():
        kind = _nothing(found, name, file)
    elif suffix in _DATA:
        kind = _read_data(found, name, file, suffix)
    else:
        kind = _read_prose(found, name, file)
    found.files.append(FileEntry(name, kind, file.size, file.sha256, file.encoding))


def _nothing(found: Scan, name: str, file: TextFile) -> str:
    if file.problem:
        found.unreadable.append(Unreadable(name, file.problem))
        return "unreadable"
    found.empty.append(name)
    return "empty"


def _read_data(found: Scan, name: str, file: TextFile, suffix: str) -> str:
    """A YAML or JSON file: its records, or its text when they cannot be had."""
    load = _DATA[suffix]
    kinds: list[str] = []
    problems = [file.problem] if file.problem else []
    remarks: dict[str, None] = {}
    missing = False
    for version in versions(file.text):
        loaded: Loaded = load(version.text)
        kind, records = records_of(name, loaded.value, version.name)
        _sort_in(found, records)
        kinds.append(kind)
        missing = missing or loaded.value is None
        problems.extend([loaded.problem] if loaded.problem and loaded.problem not in problems else [])
        remarks.update(dict.fromkeys(loaded.notes))
    if has_conflict(file.text):
        problems.insert(0, _conflict_problem(file.text, len(kinds)))
    found.remarks.extend((name, remark) for remark in remarks)
    kind = next((kind for kind in kinds if kind != "data"), "data")
    if kind == "data":
        _keep_text(found, name, file.text, problems)
    if problems:
        read = ("nothing" if not file.text else "as text") if missing and kind == "data" else "part"
        found.unreadable.append(Unreadable(name, "; ".join(problems), read))
    return kind


def _conflict_problem(text: str, count: int) -> str:
    places = count_conflicts(text)
    return (
        f"git left merge conflicts in {places} place{'s' if places > 1 else ''}; all {count} versions were read, "
        "which of them is true is not known"
    )


def _sort_in(found: Scan, records: list[Config | Summary | State | IndexEntry | RewardEntry]) -> None:
    for record in records:
        if isinstance(record, Config):
            found.configs.append(record)
        elif isinstance(record, Summary):
            found.summaries.append(record)
        elif isinstance(record, State):
            found.states.append(record)
        elif isinstance(record, IndexEntry):
            found.index.append(record)
        else:
            found.library.append(record)


def _read_prose(found: Scan, name: str, file: TextFile) -> str:
    """A log, a campaign report, or any other text."""
    text = clean_text(file.text)
    problems = [file.problem] if file.problem else []
    report = prose.report(name, text)
    is_log = name.lower().endswith((".log", ".out", ".err")) or "stdout" in name.lower() or "stderr" in name.lower()
    kind = "text"
    if report is not None:
        found.reports.append(report)
        kind = "report"
    elif is_log or "Launching training:" in text:
        found.logs.append(prose.log(name, text))
        kind = "log"
    if kind != "log":
        _keep_text(found, name, text, problems)
    if problems:
        found.unreadable.append(Unreadable(name, "; ".join(problems), "part"))
    return kind


def _keep_text(found: Scan, name: str, text: str, problems: list[str]) -> None:
    if len(text) > _MAX_DOCUMENT:
        problems.append(f"only the first {_MAX_DOCUMENT} characters were kept")
    found.documents.append(prose.document(name, clean_text(text[:_MAX_DOCUMENT])))
