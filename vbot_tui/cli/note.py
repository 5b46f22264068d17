"""`vbot note`: write down what you thought, on a run or in the day's notebook, and read it again."""

import argparse
from typing import TYPE_CHECKING, Any

from vbot_tui.cli.console import Console
from vbot_tui.cli.parser import Parser, Verbs, positive_int
from vbot_tui.cli.select import look_into

if TYPE_CHECKING:
    from sessions.notes import Note, Todo


def add_verbs(verbs: Verbs) -> None:
    """Enter `note add`, `note done`, `note todo` and `note list`."""
    actions = Verbs(verbs.add("note", "write and read notes"), metavar="ACTION")
    writer = actions.add("add", "write a note", add)
    writer.add_argument("text", metavar="TEXT", nargs="+", help="what you want to remember")
    writer.add_argument("--step", type=positive_int, help="the env step it is about")
    writer.add_argument("--tag", metavar="METRIC", help="the metric it is about, e.g. episode/return")
    writer.add_argument("--todo", action="store_true", help="it is something to do, shown by the brief until done")
    closer = actions.add("done", "close a TODO, best with the run that answers it", done)
    closer.add_argument("todo_id", metavar="ID", help="id of the TODO or its beginning, as 'vbot note todo' shows it")
    closer.add_argument("text", metavar="TEXT", nargs="*", help="what came of it")
    todo = actions.add("todo", "list what is to be done, oldest first", list_todos)
    todo.add_argument("--all", action="store_true", help="also what is done, with its answers")
    reader = actions.add("list", "read notes, oldest first", list_notes)
    reader.add_argument("--day", metavar="YYYY-MM-DD", help="only notes of this day")
    for parser in (writer, closer, reader):
        _add_run(parser)


def _add_run(parser: Parser) -> None:
    parser.add_argument("--run", metavar="RUN", help="the run it belongs to", dest="run_id")


def add(arguments: argparse.Namespace, console: Console) -> int:
    """Append one note."""
    from sessions import notes
    from sessions.workspace import Workspace

    workspace = Workspace.open(arguments.workspace)
    note = notes.add(
        workspace,
        " ".join(arguments.text),
        run=arguments.run_id,
        step=arguments.step,
        tag=arguments.tag,
        kind=notes.TODO if arguments.todo else None,
    )
    word = f"To do, as {note.id}" if arguments.todo else "Noted"
    console.show(as_object(note), f"{word}{f' on {note.run}' if note.run else ''}.")
    return 0


def done(arguments: argparse.Namespace, console: Console) -> int:
    """Close a TODO."""
    from sessions import notes
    from sessions.workspace import Workspace

    workspace = Workspace.open(arguments.workspace)
    note = notes.finish(workspace, arguments.todo_id, " ".join(arguments.text), run=arguments.run_id)
    console.show(as_object(note), f"Done: {note.answers}{f', answered by {note.run}' if note.run else ''}.")
    return 0


def list_todos(arguments: argparse.Namespace, console: Console) -> int:
    """Print what is to be done."""
    from sessions import notes

    found = [todo for todo in notes.todos(look_into(arguments, console)) if arguments.all or todo.open]
    rows = [
        {**as_object(todo.note), "open": todo.open, "answered_by": [as_object(note) for note in todo.answers]}
        for todo in found
    ]
    console.show({"todos": rows}, "\n".join(map(todo_line, found)) if found else "Nothing to do.")
    return 0


def todo_line(todo: "Todo") -> str:
    """A TODO as one line of text, its answers below."""
    answers = [f"          -> {as_line(note)}" for note in todo.answers]
    about = f"  [{todo.note.run}]" if todo.note.run else ""
    head = f"{'[ ]' if todo.open else '[x]'} {todo.note.id}  {todo.note.time[:10]}{about}  {todo.note.text}"
    return "\n".join([head, *answers])


def list_notes(arguments: argparse.Namespace, console: Console) -> int:
    """Print notes, oldest first."""
    from sessions import notes

    found = notes.read(look_into(arguments, console), run=arguments.run_id, day=arguments.day)
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
