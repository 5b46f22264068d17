"""`vbot automl queue`: what is to be done one after the other, and a worker that does it."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vbot_tui.cli.automl_make import add_detach, judge, look_over
from vbot_tui.cli.console import Console
from vbot_tui.cli.parser import Verbs
from vbot_tui.cli.tables import table

if TYPE_CHECKING:
    from automl.queue import Item, Queue
    from sessions.workspace import Workspace


def add_actions(actions: Verbs) -> None:
    """Enter `queue` with its own actions."""
    inner = Verbs(actions.add("queue", "studies and pipelines one after the other"), metavar="WHAT")
    inner.add("list", "what is queued, in order", show)
    adder = inner.add("add", "put a study or a pipeline at the end", add)
    adder.add_argument("spec", metavar="SPEC", type=Path, help="a study file, a pipeline file, or 'courses'")
    adder.add_argument("--after", metavar="ITEM", action="append", default=[], help="only once this item is done")
    adder.add_argument("--retries", metavar="N", type=int, default=0, help="try again so often when it fails")
    adder.add_argument("--anyway", action="store_true", help="queue it in spite of what the checks found")
    for name, help, act in (
        ("cancel", "take an item out", cancel),
        ("retry", "try an item again that is over", retry),
    ):
        parser = inner.add(name, help, act)
        parser.add_argument("item", metavar="ITEM", help="its id, e.g. q3")
        parser.add_argument("--why", default="from the command line", help="kept in the queue's log")
    mover = inner.add("move", "change the order", move)
    mover.add_argument("item", metavar="ITEM", help="its id, e.g. q3")
    mover.add_argument("--before", metavar="ITEM", help="put it before this one (else at the end)")
    pauser = inner.add("pause", "start no further item", pause)
    pauser.add_argument("--why", default="paused from the command line", help="kept in the queue's log")
    inner.add("resume", "start items again", resume)
    runner = inner.add("run", "work through the queue", run)
    add_detach(runner)


def show(arguments: argparse.Namespace, console: Console) -> int:
    """The queue."""
    from automl.queue import read

    return _show(_workspace(arguments), read(_workspace(arguments)), console)


def add(arguments: argparse.Namespace, console: Console) -> int:
    """Queue a file."""
    from automl.pipeline import PipelineSpec, checked, enqueue
    from automl.presets import named_work
    from automl.queue import editing
    from automl.spec import complete, spec_to_dict
    from sessions.workspace import Workspace

    work = named_work(arguments.spec)
    work = checked(work) if isinstance(work, PipelineSpec) else work
    if not isinstance(work, PipelineSpec):
        complete(work)
    workspace = Workspace.open(arguments.workspace)
    judge(look_over(workspace, work, None), arguments.anyway, console)
    with editing(workspace) as edit:
        if isinstance(work, PipelineSpec):
            made = enqueue(edit, work, workspace.new_study_id(work.label), arguments.after)
        else:
            named = {"after": arguments.after, "retries": max(0, arguments.retries)}
            made = [edit.add("study", work.label, spec_to_dict(work), **named)]
    console.tell(f"queued as {', '.join(made)}; 'vbot automl queue run --detach' works on it.")
    return _show(workspace, edit.queue, console)


def cancel(arguments: argparse.Namespace, console: Console) -> int:
    """Take an item out."""
    from automl.queue import editing

    with editing(_workspace(arguments)) as edit:
        edit.cancel(arguments.item, arguments.why)
    return _show(_workspace(arguments), edit.queue, console)


def retry(arguments: argparse.Namespace, console: Console) -> int:
    """Try an item again."""
    from automl.queue import editing

    with editing(_workspace(arguments)) as edit:
        edit.again(arguments.item, arguments.why)
    return _show(_workspace(arguments), edit.queue, console)


def move(arguments: argparse.Namespace, console: Console) -> int:
    """Change the order."""
    from automl.queue import editing

    with editing(_workspace(arguments)) as edit:
        edit.move(arguments.item, arguments.before)
    return _show(_workspace(arguments), edit.queue, console)


def pause(arguments: argparse.Namespace, console: Console) -> int:
    """Start no further item."""
    from automl.queue import editing

    with editing(_workspace(arguments)) as edit:
        edit.pause(arguments.why)
    return _show(_workspace(arguments), edit.queue, console)


def resume(arguments: argparse.Namespace, console: Console) -> int:
    """Start items again."""
    from automl.queue import editing

    with editing(_workspace(arguments)) as edit:
        edit.resume()
    return _show(_workspace(arguments), edit.queue, console)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Work through the queue; exit 1 when an item failed meanwhile."""
    from automl.queue import read
    from automl.queue_worker import detach, work

    workspace = _workspace(arguments)
    if arguments.detach:
        pid = detach(workspace)
        console.show({"pid": pid}, f"worked on in the background (process {pid}).")
        return 0
    over = {item.id for item in read(workspace).items if item.state in ("done", "failed", "cancelled")}
    queue = work(workspace, console.tell)
    _show(workspace, queue, console)
    return 1 if any(item.state == "failed" and item.id not in over for item in queue.items) else 0


def _show(workspace: "Workspace", queue: "Queue", console: Console) -> int:
    console.show(as_object(queue, queue.items), as_text(queue, queue.items))
    return 0


def as_object(queue: "Queue", items: "Sequence[Item]") -> dict[str, Any]:
    """Items as JSON."""
    rows = [{**vars(item), "state": queue.word(item)} for item in items]
    return {"paused": queue.paused, "items": rows}


def as_text(queue: "Queue", items: "Sequence[Item]") -> str:
    """Items for a person."""
    if not items:
        return "The queue is empty; 'vbot automl queue add SPEC' fills it."
    head = f"Paused: {queue.paused}\n" if queue.paused else ""
    rows = [
        [item.id, queue.word(item), item.label, " ".join(item.after) or "-", item.study or "-", item.why or "-"]
        for item in items
    ]
    return head + table(["ITEM", "STATE", "WORK", "AFTER", "STUDY", "WHY"], rows)


def _workspace(arguments: argparse.Namespace) -> "Workspace":
    from sessions.workspace import Workspace

    return Workspace.open(arguments.workspace, create=False)
