"""`vbot note`: write down what you thought, on a run or in the day's notebook, and read it again."""

import argparse
from typing import TYPE_CHECKING, Any

from vbot_tui.cli.console import Console
from vbot_tui.cli.parser import Parser, Verbs, positive_int

if TYPE_CHECKING:
    from sessions.notes import Note


def add_verbs(verbs: Verbs) -> None:
    """Enter `note add` and `note list`."""
    actions = Verbs(verbs.add("note", "write and read notes"), metavar="ACTION")
    writer = actions.add("add", "write a note", add)
    writer.add_argument("text", metavar="TEXT", nargs="+", help="what you want to remember")
    writer.add_argument("--step", type=positive_int, help="the env step it is about")
    writer.add_argument("--tag", metavar="METRIC", help="the metric it is about, e.g. episode/return")
    reader = actions.add("list", "read notes, oldest first", list_notes)
    reader.add_argument("--day", metavar="YYYY-MM-DD", help="only notes of this day")
    for parser in (writer, reader):
        _add_run(parser)


def _add_run(parser: Parser) -> None:
    parser.add_argument("--run", metavar="RUN", help="the run it belongs to", dest="run_id")


def add(arguments: argparse.Namespace, console: Console) -> int:
    """Append one note."""
    from sessions import notes
    from sessions.workspace import Workspace

    workspace = Workspace.open(arguments.workspace)
    note = notes.add(workspace, " ".join(arguments.text), run=arguments.run_id, step=arguments.step, tag=arguments.tag)
    console.show(as_object(note), f"Noted{f' on {note.run}' if note.run else ''}.")
    return 0


def list_notes(arguments: argparse.Namespace, console: Console) -> int:
    """Print notes, oldest first."""
    from sessions import notes
    from sessions.workspace import Workspace

    workspace = Workspace.open(arguments.workspace, create=False)
    found = notes.read(workspace, run=arguments.run_id, day=arguments.day)
    lines = [as_line(note) for note in found]
    console.show({"notes": [as_object(note) for note in found]}, "\n".join(lines) if lines else "No notes.")
    return 0


def as_object(note: "Note") -> dict[str, Any]:
    """A note as JSON."""
    import dataclasses

    return dataclasses.asdict(note)


def as_line(note: "Note") -> str:
    """A note as one line of text."""
    about = " ".join(word for word in (note.run, f"@{note.step}" if note.step is not None else "", note.tag) if word)
    return f"{note.time}  {note.author}{f'  [{about}]' if about else ''}  {note.text}"
