"""`vbot report`: experiment records, written once per ended run or study, shown, and searched with everything else."""

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from sessions.errors import NotFoundError, UsageError
from vbot_tui.cli.console import Console
from vbot_tui.cli.parser import Verbs

if TYPE_CHECKING:
    from automl.memory.search import Hit
    from sessions.workspace import Workspace

DESCRIPTION = """\
Experiment records are reports/REPORT_<TASK>.md in the workspace: one entry per ended run or study, appended once.
Write your reasoning at the place marked in each entry; nothing there is ever rewritten."""


def add_verbs(verbs: Verbs) -> None:
    """Enter `report add`, `report show` and `report search`."""
    actions = Verbs(
        verbs.add("report", "experiment records: add, show, search", description=DESCRIPTION), metavar="ACTION"
    )
    adder = actions.add("add", "write the entry of an ended run or study", add)
    adder.add_argument("names", metavar="RUN|STUDY", nargs="*", help="what to record")
    adder.add_argument("--missing", action="store_true", help="all ended studies and single runs without an entry")
    shower = actions.add("show", "print a record, or one entry", show)
    shower.add_argument("name", metavar="NAME", nargs="?", help="a task, a run or a study; without it, all records")
    searcher = actions.add(
        "search", "find words in records, notes, studies, runs, library and imported history", search
    )
    searcher.add_argument("text", metavar="TEXT", nargs="+", help="what to look for")
    searcher.add_argument("--limit", type=int, default=60, metavar="N", help="most hits to print (--json prints all)")


def add(arguments: argparse.Namespace, console: Console) -> int:
    """Append entries."""
    from automl.memory import records
    from automl.memory.index import Index
    from sessions.workspace import Workspace

    workspace = Workspace.open(arguments.workspace)
    names = [*arguments.names, *(records.missing(Index(workspace)) if arguments.missing else ())]
    if not names and not arguments.missing:
        raise UsageError("nothing was named; give a run or a study, or --missing for all that have no entry yet")
    done = [records.add(workspace, name) for name in names]
    lines = [f"{item.id}: {'entry added to' if item.added else 'has its entry in'} {item.path}" for item in done]
    console.show(
        {"entries": [dataclasses.asdict(item) for item in done]}, "\n".join(lines) or "Every ended one has its entry."
    )
    return 0


def show(arguments: argparse.Namespace, console: Console) -> int:
    """Print records, or one entry."""
    from automl.memory import report_file
    from sessions.workspace import Workspace

    workspace = Workspace.open(arguments.workspace)
    report_file.sync(workspace)
    paths = report_file.report_paths(workspace)
    if arguments.name is None:
        found = {"records": [{"path": str(path), "entries": entry_rows(path)} for path in paths]}
        console.show(found, "\n\n".join(path.read_text(encoding="utf-8").rstrip() for path in paths) or "No records.")
        return 0
    path, text = one_text(workspace, paths, arguments.name)
    console.show({"path": str(path), "text": text}, text.rstrip())
    return 0


def entry_rows(path: Path) -> list[dict[str, object]]:
    """The entries of a record: what they are about, where, and whether the person wrote something."""
    from automl.memory.report_file import entries, read

    return [
        {"kind": entry.kind, "id": entry.id, "line": entry.line, "reasoning": entry.reasoning}
        for entry in entries(read(path))
    ]


def one_text(workspace: "Workspace", paths: list[Path], name: str) -> tuple[Path, str]:
    """The record of a task, or the entry of a run or study.

    Raises:
        NotFoundError: there is none, with what to do.
    """
    from automl.memory.report_file import entries, read, task_name

    for path in paths:
        if path.stem == f"REPORT_{task_name(name)}":
            return path, read(path)
    found = [(path, entry) for path in paths for entry in entries(read(path))]
    hits = [(path, entry) for path, entry in found if entry.id == name] or [
        (path, entry) for path, entry in found if entry.id.startswith(name)
    ]
    if len(hits) == 1:
        return hits[0][0], hits[0][1].text
    if hits:
        raise NotFoundError(
            f"{name!r} fits {len(hits)} entries ({', '.join(e.id for _, e in hits[:3])}); give more of it"
        )
    tasks = ", ".join(path.stem.removeprefix("REPORT_") for path in paths) or "none yet"
    raise NotFoundError(
        f"no record and no entry is called {name!r} (tasks: {tasks}); add one with: vbot report add {name}"
    )


def search(arguments: argparse.Namespace, console: Console) -> int:
    """Look for words everywhere."""
    from automl.memory.brief_text import counted
    from automl.memory.report_file import sync
    from automl.memory.search import search as search_all
    from sessions.workspace import Workspace

    workspace = Workspace.open(arguments.workspace)
    sync(workspace)
    text = " ".join(arguments.text)
    found = search_all(workspace, text)
    lines = [hit_line(hit) for hit in found.hits[: arguments.limit]]
    more = len(found.hits) - len(lines)
    if more > 0:
        lines.append(f"... and {more} more (--limit {len(found.hits)} prints all)")
    if found.more_runs:
        verb = "sets" if found.more_runs == 1 else "set"
        lines.append(f"... and {counted(found.more_runs, 'older run')} {verb} such a key")
    result = {"text": text, "hits": [dataclasses.asdict(hit) for hit in found.hits], "more_runs": found.more_runs}
    console.show(result, "\n".join(lines) or f"{text!r} is written nowhere.")
    return 0


def hit_line(hit: "Hit") -> str:
    """One hit: what kind of place, where, and the words."""
    return f"{hit.kind:<8}  {hit.place}\n          {hit.text}"
