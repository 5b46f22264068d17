"""What a person thought: notes about a session or about one run, anchored to a step or a metric where they have one.

One line per note, appended in one write: a crash can cost at most the note being written. Notes about a session are in
`notebook/<day>.jsonl`, notes about a run beside the run, so they travel with it when it is copied or renamed.
"""

import getpass
import secrets
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sessions.errors import UsageError
from sessions.files import Clock, append_line, read_jsonl, to_json, utc_now
from sessions.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Note:
    """One note."""

    id: str
    time: str
    author: str
    text: str
    run: str | None = None
    step: int | None = None
    tag: str | None = None


def add(
    ws: Workspace,
    text: str,
    run: str | None = None,
    step: int | None = None,
    tag: str | None = None,
    author: str | None = None,
    clock: Clock = time.time,
) -> Note:
    """Write down a note; when this returns, the disk has it.

    Args:
        ws: The workspace.
        text: What to remember; several lines are kept.
        run: Id (or its beginning) of the run the note is about, None for the session.
        step: Env step it is about.
        tag: Metric it is about.
        author: Who says it, the login name by default.
        clock: Source of the time.

    Raises:
        UsageError: The text is empty.
        NotFoundError: There is no such run.
        OSError: It could not be written.
    """
    if not text.strip():
        raise UsageError("a note needs words; nothing was written")
    run_dir = ws.run(run) if run is not None else None
    moment = utc_now(clock)
    note = Note(
        id=secrets.token_hex(4),
        time=moment,
        author=author or _login(),
        text=text.strip(),
        run=run_dir.id if run_dir else None,
        step=step,
        tag=tag,
    )
    if run_dir is not None:
        path = run_dir.notes_path
    else:
        ws.notebook.mkdir(parents=True, exist_ok=True)
        path = ws.notebook / f"{moment[:10]}.jsonl"
    append_line(path, to_json({key: value for key, value in asdict(note).items() if value is not None}))
    return note


def read(ws: Workspace, run: str | None = None, day: str | None = None) -> list[Note]:
    """Notes by time: of one run, of one day (`2026-11-23`, sessions and runs together), or all.

    Raises:
        NotFoundError: There is no such run.
    """
    if run is not None:
        notes = read_file(ws.run(run).notes_path)
    else:
        files = [*sorted(ws.notebook.glob("*.jsonl")), *(item.notes_path for item in ws.run_dirs())]
        notes = [note for path in files for note in read_file(path)]
    return _in_order(note for note in notes if day is None or note.time.startswith(day))


def read_file(path: Path) -> list[Note]:
    """The notes of one file; lines that are not notes are left out."""
    notes = (_note(row) for row in read_jsonl(path).rows)
    return [note for note in notes if note is not None]


def days(ws: Workspace) -> list[str]:
    """The days with session notes, oldest first."""
    return sorted(path.stem for path in ws.notebook.glob("*.jsonl"))


def _in_order(notes: Iterable[Note]) -> list[Note]:
    unique = {(note.id, note.time): note for note in notes}  # copying workspaces together can repeat a note
    return sorted(unique.values(), key=lambda note: (note.time, note.id))


def _note(row: dict[str, Any]) -> Note | None:
    text, moment = row.get("text"), row.get("time")
    if not isinstance(text, str) or not isinstance(moment, str):
        return None
    step = row.get("step")
    return Note(
        id=str(row.get("id", "")),
        time=moment,
        author=str(row.get("author", "")),
        text=text,
        run=_text(row.get("run")),
        step=step if isinstance(step, int) else None,
        tag=_text(row.get("tag")),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
