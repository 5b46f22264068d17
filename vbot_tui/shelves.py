"""What lies on the shelves of a workspace, read when a shelf is open and again when something changed.

Runs on the core's thread. Reading a shelf never fails as a whole: what cannot be read is said.
"""

import json
import os
import re
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from automl.queue import Item as QueueItem
from automl.queue import read as read_queue
from sessions import notes
from sessions.errors import VbotError
from sessions.notes import Note
from sessions.workspace import Workspace
from vbot_sim.errors import SimError
from vbot_tui import text
from vbot_tui.errands import read_actions
from vbot_tui.shelf_model import Item, Shelf

AGAIN_S = 1.0
TAIL_BYTES = 128 * 1024
TAIL_LINES = 600
LOGS = 200
ACTIONS = "actions"
_ANSI = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07]*(?:\x07|\x1b\\)|.)")
QUEUE_ROLES = {"running": "good", "waiting": "", "blocked": "warn", "done": "dim", "failed": "bad", "cancelled": "dim"}


class ShelfDesk:
    """The shelf that is open, if one is."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._open, self._selected = "", ""
        self._drawn: tuple[float, str, Shelf] | None = None

    def open(self, name: str, selected: str) -> None:
        """Keep this shelf, and the page of this item, up to date; an empty name closes it. From any thread."""
        self._open, self._selected = name, selected
        self._drawn = None

    def opened(self) -> Shelf | None:
        """Return the open shelf, made anew at most once a second; None where none is open."""
        name, selected, now = self._open, self._selected, time.monotonic()
        if name not in SHELVES:
            return None
        drawn = self._drawn
        if drawn is None or drawn[1] != f"{name}/{selected}" or now - drawn[0] >= AGAIN_S:
            drawn = self._drawn = now, f"{name}/{selected}", read(self._workspace, name, selected)
        return drawn[2]


def read(workspace: Workspace, name: str, selected: str = "") -> Shelf:
    """Return a shelf with the page of an item, the first one if none is named."""
    try:
        return SHELVES[name](workspace, selected)
    except (VbotError, SimError, OSError, ValueError) as error:
        return Shelf(name, trouble=str(error))


def _with_page(
    name: str, titles: tuple[str, ...], items: Iterable[Item], selected: str, page: Callable[[str], str], note: str = ""
) -> Shelf:
    """Return a shelf with the page of the item that is selected, if it is there, else of the first one."""
    lying = tuple(items)
    key = selected if any(item.key == selected for item in lying) else lying[0].key if lying else ""
    return Shelf(name, titles, lying, key, tuple(page(key).splitlines()) if key else (), note)


# --- the queue


def queue(workspace: Workspace, selected: str) -> Shelf:
    """Return what is queued, in its order."""
    known = read_queue(workspace)
    items = [
        Item(
            item.id,
            (
                item.id,
                known.word(item),
                item.kind,
                item.label,
                " ".join(item.after) or "-",
                item.why or item.study or "",
            ),
            QUEUE_ROLES.get(known.word(item), ""),
            known.word(item),
            item.pipeline,
        )
        for item in known.items
    ]
    by_id = {item.id: item for item in known.items}
    note = f"paused: {known.paused}" if known.paused is not None else ""
    titles = ("ITEM", "STATE", "KIND", "LABEL", "AFTER", "STUDY OR REASON")
    return _with_page("queue", titles, items, selected, lambda key: _queued(by_id[key]), note)


def _queued(item: QueueItem) -> str:
    import yaml

    facts = {
        "state": item.state, "attempts": item.attempts, "retries": item.retries, "pipeline": item.pipeline or None,
        "study": item.study, "gate": dict(item.gate) or None, "start": dict(item.start) or None,
        "result": dict(item.result) or None, "why": item.why or None,
    }  # fmt: skip
    head = "\n".join(f"- {name}: {value}" for name, value in facts.items() if value is not None)
    spec = yaml.safe_dump(json.loads(json.dumps(dict(item.spec), default=str)), sort_keys=False, allow_unicode=True)
    return f"# {item.id} {item.label}\n{head}\n\n```\n{spec}```"


# --- the library


def library(workspace: Workspace, selected: str) -> Shelf:
    """Return the library of rewards: what is worth keeping, ideas, and what was rejected."""
    from automl.library import entries, text_of

    known = {found.entry.name: found for found in entries(workspace)}
    items = []
    for name, found in known.items():
        entry = found.entry
        best = max((item.score for item in entry.evidence if item.score is not None), default=None)
        cells = (name, found.shelf, entry.status, text.number(best), str(len(entry.settings)),
                 entry.verdict or entry.hypothesis)  # fmt: skip
        role = {"rejected": "dim", "components": "accent"}.get(found.shelf, "")
        items.append(Item(name, cells, role, found.shelf, f"{' '.join(entry.settings)} {entry.notes} {entry.env}"))
    titles = ("NAME", "SHELF", "STATUS", "SCORE", "SETS", "WHAT IT IS FOR")
    return _with_page("library", titles, items, selected, lambda key: f"```\n{text_of(known[key].entry)}```")


# --- records and TODOs


def records(workspace: Workspace, selected: str) -> Shelf:
    """Return what is to be done, what was noted, and the experiment records, newest first."""
    from automl.memory import report_file

    known = notes.read(workspace)
    todos = notes.todos(workspace, known)
    pages: dict[str, str] = {}
    items: list[Item] = []
    for todo in sorted(todos, key=lambda item: (not item.open, _reversed(item.note.time))):
        said = "".join(f"\n\n{answer.time[:16]} {answer.author}: {answer.text}" for answer in todo.answers)
        pages[todo.note.id] = _note_page(todo.note) + said
        word, role = ("TODO", "warn") if todo.open else ("done", "dim")
        items.append(_note_item(todo.note, word, role, "open" if todo.open else "done"))
    plain = [note for note in known if note.kind is None]
    for note in sorted(plain, key=lambda item: item.time, reverse=True):
        pages[note.id] = _note_page(note)
        items.append(_note_item(note, "note", "", "note"))
    for path in report_file.report_paths(workspace):
        for entry in reversed(report_file.entries(report_file.read(path))):
            key = f"{entry.kind} {entry.id}"
            pages[key] = re.sub(r"<!--.*?-->", "", entry.text, flags=re.DOTALL)
            thought = entry.reasoning.replace("\n", " ")
            cells = (entry.kind, entry.id[:15], path.stem.removeprefix("REPORT_"), thought or _title(pages[key]))
            items.append(Item(key, cells, "accent", "record", pages[key]))
    return _with_page("records", ("WHAT", "WHEN", "ABOUT", "IN WORDS"), items, selected, lambda key: pages[key])


def _reversed(stamp: str) -> str:
    """Return a key that sorts stamps newest first."""
    return "".join(chr(0x10FFFF - ord(char)) for char in stamp)


def _note_item(note: Note, word: str, role: str, state: str) -> Item:
    about = note.run or "session"
    return Item(note.id, (word, note.time[:16].replace("T", " "), about, note.text), role, state)


def _note_page(note: Note) -> str:
    where = f" on {note.run}" + (f" at step {note.step:,}" if note.step is not None else "") if note.run else ""
    return f"# {note.time[:16].replace('T', ' ')} {note.author}{where}\n\n{note.text}"


def _title(page: str) -> str:
    """Return the heading of a record without the day and the id that stand in other columns."""
    found = next((row.lstrip("# ").strip() for row in page.splitlines() if row.startswith("#")), "")
    return found.partition(": ")[2] or found


# --- logs


def logs(workspace: Workspace, selected: str) -> Shelf:
    """Return every log of the workspace, the newest first: what was asked for, the cockpit, studies, trainings."""
    found = [("cockpit", workspace.view / "cockpit.log")]
    found += [("errand", path) for path in _matching(workspace.view / "errands", "*.log")]
    found += [("scheduler", path) for path in _matching(workspace.studies, "*/scheduler.log")]
    found += [("training", path) for path in _matching(workspace.runs, "*/train.log")]
    stated = [(kind, path, _stat(path)) for kind, path in found]
    present = sorted(
        ((kind, path, size, at) for kind, path, (size, at) in stated if size > 0), key=lambda row: row[3], reverse=True
    )
    paths = {str(path): path for _, path, _, _ in present}
    items = [
        Item(str(path), (kind, time.strftime("%m-%d %H:%M", time.localtime(at)), _size(size), _named(kind, path)),
             state=kind)
        for kind, path, size, at in present[:LOGS]
    ]  # fmt: skip
    actions = read_actions(workspace)
    if actions:
        newest = str(actions[0].get("time", ""))[5:16].replace("T", " ")
        items.insert(
            0, Item(ACTIONS, (ACTIONS, newest, str(len(actions)), "what was asked for by key in cockpits"), "accent")
        )
    hidden = len(present) - LOGS
    note = f"{hidden} older ones are not listed" if hidden > 0 else ""

    def page(key: str) -> str:
        return "\n".join(map(_action_line, actions)) if key == ACTIONS else "\n".join(tail(paths[key]))

    return _with_page("logs", ("LOG", "LAST", "SIZE", "OF"), items, selected, page, note)


def _matching(folder: Path, pattern: str) -> list[Path]:
    return list(folder.glob(pattern)) if folder.is_dir() else []


def _stat(path: Path) -> tuple[int, float]:
    try:
        found = os.stat(path)
    except OSError:
        return 0, 0.0
    return found.st_size, found.st_mtime


def _named(kind: str, path: Path) -> str:
    return path.parent.name if kind in ("scheduler", "training") else path.stem


def _size(size: int) -> str:
    return f"{size}" if size < 10_000 else f"{size / 1024:.0f}k" if size < 10_000_000 else f"{size / 1024**2:.0f}M"


def _action_line(row: Mapping[str, Any]) -> str:
    more = row.get("command") or row.get("why") or ""
    stamp = str(row.get("time", ""))[:19].replace("T", " ")
    return f"{stamp} {row.get('who')} {row.get('action')} {row.get('about')} {more}"


def tail(path: Path, lines: int = TAIL_LINES) -> list[str]:
    """Return the end of a log, however long it is: progress that was overwritten is left out, colours are too."""
    with path.open("rb") as log:
        size = log.seek(0, os.SEEK_END)
        log.seek(max(0, size - TAIL_BYTES))
        raw = log.read(TAIL_BYTES)
    rows = raw.decode("utf-8", errors="replace").split("\n")
    if size > TAIL_BYTES:
        rows = rows[1:]  # cut somewhere
    folded = [_ANSI.sub("", row.rstrip("\r").rpartition("\r")[2]) for row in rows]
    while folded and not folded[-1]:
        folded.pop()
    return folded[-lines:]


SHELVES: Mapping[str, Callable[[Workspace, str], Shelf]] = MappingProxyType(
    {"queue": queue, "library": library, "records": records, "logs": logs}
)
