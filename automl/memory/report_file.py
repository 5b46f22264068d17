"""The experiment record as a file: REPORT_<TASK>.md, entries between marks, each bound to one run or study.

Entries are only ever appended, one per id, and nothing that is in the file is changed: what a person writes stays. Each
entry is also kept as a file of its own (`entries/<id>.md`), brought up to date whenever the record is touched, so that
a record that was replaced by that of another workspace gets its missing entries back.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from sessions.files import fsync_dir, write_atomic
from sessions.locks import Lock
from sessions.workspace import Workspace

_ENTRY = re.compile(
    r"<!-- vbot:entry (?P<kind>run|study)=(?P<id>\S+) -->\n(?P<body>.*?)<!-- vbot:end (?P=id) -->\n?", re.DOTALL
)
REASONING = "### What I think"
_PROMPT = "<!-- yours: why it was run, what it shows, keep or reject; nothing below this line is ever rewritten -->"


@dataclass(frozen=True)
class Entry:
    """One entry of a record; `line` is where its heading is in the file."""

    kind: str
    id: str
    text: str
    line: int = 0

    @property
    def reasoning(self) -> str:
        """What the person wrote."""
        return self.text.partition(_PROMPT)[2].partition("<!-- vbot:end")[0].strip()


def task_name(env: str) -> str:
    """The name of a task in the name of its record."""
    return re.sub(r"[^A-Za-z0-9_]+", "_", env.removeprefix("vbot_navigation_")) or "unknown"


def report_path(workspace: Workspace, env: str) -> Path:
    """The record of an environment."""
    return workspace.reports / f"REPORT_{task_name(env)}.md"


def report_paths(workspace: Workspace) -> list[Path]:
    """All records."""
    return sorted(workspace.reports.glob("REPORT_*.md"))


def framed(kind: str, name: str, body: str) -> str:
    """The text of an entry with its marks and the place for the person's words."""
    return (
        f"<!-- vbot:entry {kind}={name} -->\n{body.strip()}\n\n{REASONING}\n{_PROMPT}\n\n\n<!-- vbot:end {name} -->\n"
    )


def entries(text: str) -> list[Entry]:
    """The entries of a record, in its order."""
    return [
        Entry(match["kind"], match["id"], match[0], text.count("\n", 0, match.start()) + 2)
        for match in _ENTRY.finditer(text)
    ]


def read(path: Path) -> str:
    """The text of a record, empty when there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""


def append(workspace: Workspace, env: str, kind: str, name: str, body: str) -> bool:
    """Append an entry, unless the record has one for this id; whether it was appended.

    Raises:
        OSError: It could not be written; what was there is unchanged.
    """
    workspace.reports.mkdir(parents=True, exist_ok=True)
    path = report_path(workspace, env)
    with Lock.acquire(workspace.reports / ".lock", "the experiment record"):
        _sync(workspace, path)
        if any(entry.id == name for entry in entries(read(path))):
            return False
        _append(path, [framed(kind, name, body)])
        _sync(workspace, path)
    return True


def sync(workspace: Workspace) -> None:
    """Bring records and kept entries together: each has what the other has.

    Raises:
        OSError: Something could not be written; nothing is lost.
    """
    kept = {path.parent.name for path in (workspace.reports / "entries").glob("*/*.md")}
    tasks = {path.stem.removeprefix("REPORT_") for path in report_paths(workspace)} | kept
    if not tasks:
        return
    with Lock.acquire(workspace.reports / ".lock", "the experiment record"):
        for task in sorted(tasks):
            _sync(workspace, workspace.reports / f"REPORT_{task}.md")


def _sync(workspace: Workspace, path: Path) -> None:
    folder = workspace.reports / "entries" / path.stem.removeprefix("REPORT_")
    present = {entry.id: entry for entry in entries(read(path))}
    for entry in present.values():
        _keep(folder, entry)
    kept = {file.stem: read(file) for file in sorted(folder.glob("*.md"))}
    _append(path, [text for name, text in kept.items() if name not in present and entries(text)])


def _keep(folder: Path, entry: Entry) -> None:
    path = folder / f"{entry.id}.md"
    before = entries(read(path))
    if before and (before[0].text == entry.text or (before[0].reasoning and not entry.reasoning)):
        return  # the same, or the person's words are only in the kept one: those are not given up
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(path, entry.text)


def _append(path: Path, texts: list[str]) -> None:
    """One write at the end of the file, so that a crash can cost only what is being written."""
    if not texts:
        return
    new = not path.exists()
    fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        size = os.fstat(fd).st_size
        head = "" if size else f"# Experiment record: {path.stem.removeprefix('REPORT_')}\n\n"
        gap = "\n" if size and os.pread(fd, 1, size - 1) != b"\n" else ""
        data = (head + gap + "\n" * bool(size) + "\n".join(texts)).encode()
        try:
            if os.write(fd, data) != len(data):
                raise OSError(28, "No space left on device", str(path))
        except OSError:
            os.ftruncate(fd, size)
            raise
        os.fsync(fd)
    finally:
        os.close(fd)
    if new:
        fsync_dir(path.parent)
