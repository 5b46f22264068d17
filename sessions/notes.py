"""What a person thought: notes about a session or about one run, anchored to a step or a metric where they have one.

One line per note, appended in one write: a crash can cost at most the note being written. Notes about a session are in
`notebook/<day>-<workspace tag>.jsonl`, notes about a run beside the run, so they travel with it when it is copied or
renamed. The tag differs from workspace to workspace, so that copying one over another loses no page of either.

A note may be something to do; a later note that answers it closes it, and may name the run that holds the answer.
"""

import getpass
import hashlib
import secrets
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from sessions.errors import NotFoundError, UsageError
from sessions.files import Clock, append_line, read_jsonl, to_json, utc_now
from sessions.workspace import Workspace, host_tag

TODO: Final = "todo"
DONE: Final = "done"


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
    kind: str | None = None  # TODO, DONE, or None for a plain note
    answers: str | None = None  # the id of the TODO that a DONE closes


@dataclass(frozen=True)
class Todo:
    """Something to do, and the notes that answered it, oldest first."""

    note: Note
    answers: tuple[Note, ...] = ()

    @property
    def open(self) -> bool:
        """Whether nobody has answered it yet."""
        return not self.answers


def add(
    ws: Workspace,
    text: str,
    run: str | None = None,
    step: int | None = None,
    tag: str | None = None,
    author: str | None = None,
    clock: Clock = time.time,
    kind: str | None = None,
    answers: str | None = None,
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
        kind: TODO for something to do; `finish` writes what closes it.
        answers: Id of the TODO that this note closes.

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
        kind=kind,
        answers=answers,
    )
    if run_dir is not None:
        path = run_dir.notes_path
    else:
        ws.notebook.mkdir(parents=True, exist_ok=True)
        path = ws.notebook / f"{moment[:10]}-{page_tag(ws)}.jsonl"
    append_line(path, to_json({key: value for key, value in asdict(note).items() if value is not None}))
    return note


def finish(
    ws: Workspace,
    todo_id: str,
    text: str = "",
    run: str | None = None,
    author: str | None = None,
    clock: Clock = time.time,
) -> Note:
    """Close a TODO, best with the run that answers it; closing it again adds a second answer.

    Args:
        ws: The workspace.
        todo_id: Its id or the beginning of it.
        text: What came of it.
        run: Id (or its beginning) of the run that holds the answer.
        author: Who says it, the login name by default.
        clock: Source of the time.

    Raises:
        NotFoundError: There is no such TODO, or no such run.
        OSError: It could not be written.
    """
    known = todos(ws)
    found = [todo for todo in known if todo_id and todo.note.id.startswith(todo_id)]
    if len(found) != 1:
        waiting = ", ".join(todo.note.id for todo in known if todo.open) or "none"
        many = f"{len(found)} TODO ids begin" if found else "no TODO id begins"
        raise NotFoundError(f"{many} with {todo_id!r}; open ones: {waiting}")
    note = found[0].note
    return add(ws, text or f"done: {note.text}", run, author=author, clock=clock, kind=DONE, answers=note.id)


def todos(ws: Workspace, notes: Iterable[Note] | None = None) -> list[Todo]:
    """Everything that was to be done, oldest first, each with its answers.

    Args:
        ws: The workspace.
        notes: All its notes, if they are known already.
    """
    known = read(ws) if notes is None else list(notes)
    answers: dict[str, list[Note]] = {}
    for note in known:
        if note.kind == DONE and note.answers:
            answers.setdefault(note.answers, []).append(note)
    return [Todo(note, tuple(answers.get(note.id, ()))) for note in known if note.kind == TODO]


def pages(ws: Workspace) -> list[Path]:
    """The files with session notes, oldest day first."""
    return sorted(ws.notebook.glob("*.jsonl"))


def page_tag(ws: Workspace) -> str:
    """Eight hexadecimal letters that stand for this workspace on this machine."""
    return hashlib.sha256(f"{host_tag()}:{ws.root.resolve()}".encode(errors="surrogateescape")).hexdigest()[:8]


def read(ws: Workspace, run: str | None = None, day: str | None = None) -> list[Note]:
    """Notes by time: of one run, of one day (`2026-11-23`, sessions and runs together), or all.

    Raises:
        NotFoundError: There is no such run.
    """
    if run is not None:
        notes = read_file(ws.run(run).notes_path)
    else:
        files = [*pages(ws), *(item.notes_path for item in ws.run_dirs())]
        notes = [note for path in files for note in read_file(path)]
    return _in_order(note for note in notes if day is None or note.time.startswith(day))


def read_file(path: Path) -> list[Note]:
    """The notes of one file; lines that are not notes are left out."""
    notes = (_note(row) for row in read_jsonl(path).rows)
    return [note for note in notes if note is not None]


def days(ws: Workspace) -> list[str]:
    """The days with session notes, oldest first."""
    return sorted({path.stem[:10] for path in pages(ws)})


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
        kind=_text(row.get("kind")),
        answers=_text(row.get("answers")),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
