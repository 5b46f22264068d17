"""`vbot library`: settings worth keeping, single ideas, and what was rejected and why."""

import argparse
from typing import TYPE_CHECKING, Any

from sessions.errors import UsageError
from vbot_tui.cli.automl_spec import FIRST_ENV, assignments
from vbot_tui.cli.console import Console
from vbot_tui.cli.parser import Verbs
from vbot_tui.cli.select import look_into
from vbot_tui.cli.tables import number, percent, table

if TYPE_CHECKING:
    from automl.library import Shelved
    from sessions.runs import RunDir
    from sessions.workspace import Workspace

ADD_HELP = """\
Archive the settings of a run or a trial with what it measured: RUN, STUDY or STUDY:TRIAL. With --set instead of it,
write down one idea about few settings that nobody has trained yet."""


def add_verbs(verbs: Verbs) -> None:
    """Enter `library` with its actions."""
    actions = Verbs(verbs.add("library", "rewards worth keeping, ideas, and what was rejected and why"), metavar="ACT")
    adder = actions.add("add", "archive a run or an idea", add, description=ADD_HELP)
    adder.add_argument("source", metavar="RUN|STUDY[:TRIAL]", nargs="?", help="whose settings")
    adder.add_argument("--name", metavar="NAME", required=True, help="what it is called from now on")
    adder.add_argument("--hypothesis", metavar="TEXT", default="", help="what it was expected to do")
    adder.add_argument("--note", metavar="TEXT", default="", help="anything else")
    adder.add_argument("--set", metavar="A.B=C", action="append", default=[], dest="sets", help="a setting of an idea")
    adder.add_argument("--env", metavar="ENV", default=FIRST_ENV, help=f"environment of an idea (default: {FIRST_ENV})")
    adder.add_argument("--task-preset", metavar="NAME", default="default", help="what an idea changes")
    actions.add("list", "all entries", show_all)
    shower = actions.add("show", "one entry in full", show)
    shower.add_argument("name", metavar="NAME")
    rejecter = actions.add("reject", "move an entry to the rejected ideas", reject)
    rejecter.add_argument("name", metavar="NAME")
    rejecter.add_argument("--why", metavar="TEXT", required=True, help="the verdict, for whoever has the same idea")


def add(arguments: argparse.Namespace, console: Console) -> int:
    """Archive a run or write down an idea."""
    from automl.library import archive, find
    from sessions.workspace import Workspace

    if (arguments.source is None) == (not arguments.sets):
        raise UsageError("name a run or trial whose settings are kept, or give an idea with --set A.B=C; one of both.")
    if arguments.source is None:
        return _add_idea(Workspace.open(arguments.workspace), arguments, console)
    workspace = Workspace.open(arguments.workspace, create=False)
    run = _run_of(workspace, arguments.source)
    archive(workspace, run, arguments.name, arguments.hypothesis, arguments.note)
    return _show(find(workspace, arguments.name), console)


def _add_idea(workspace: "Workspace", arguments: argparse.Namespace, console: Console) -> int:
    from automl.library import Entry, find, put
    from sessions.files import utc_now
    from vbot_rl.config import run_cfg
    from vbot_sim.settings import get

    given = assignments(arguments.sets)
    cfg = run_cfg(arguments.env, arguments.task_preset, sets=given).cfg  # an unknown key is said before all else
    settings = {path: get(cfg, path) for path in given}
    entry = Entry(
        name=arguments.name,
        env=arguments.env,
        preset=arguments.task_preset,
        hypothesis=arguments.hypothesis,
        settings=settings,
        notes=arguments.note,
        created=utc_now(),
    )
    put(workspace, "components", entry)
    return _show(find(workspace, arguments.name), console)


def _run_of(workspace: "Workspace", text: str) -> "RunDir":
    from automl.lineage import find
    from sessions.errors import NotFoundError

    if ":" not in text:
        try:
            return workspace.run(text)
        except NotFoundError as error:
            try:
                workspace.study(text)
            except NotFoundError:
                raise error from None
    run = find(workspace, text).run
    if run is None:
        raise UsageError(f"{text} has no run yet; wait until it has begun.")
    return workspace.run(run)


def show_all(arguments: argparse.Namespace, console: Console) -> int:
    """The library, shelf by shelf."""
    from automl.library import entries

    found = entries(look_into(arguments, console))
    rows = []
    for item in found:
        best = max((one.score for one in item.entry.evidence if one.score is not None), default=None)
        said = item.entry.verdict or item.entry.hypothesis or item.entry.notes
        rows.append([item.entry.name, item.shelf, item.entry.status, item.entry.env, number(best, 3), said[:60] or "-"])
    text = table(["NAME", "SHELF", "STATUS", "ENV", "SCORE", "SAID"], rows)
    empty = "The library is empty; 'vbot library add RUN --name NAME' archives a run."
    console.show({"entries": [as_object(item) for item in found]}, text if rows else empty)
    return 0


def show(arguments: argparse.Namespace, console: Console) -> int:
    """One entry."""
    from automl.library import find
    from sessions.workspace import Workspace

    return _show(find(Workspace.open(arguments.workspace, create=False), arguments.name), console)


def reject(arguments: argparse.Namespace, console: Console) -> int:
    """Move an entry to the rejected ideas."""
    from automl.library import find
    from automl.library import reject as put_aside
    from sessions.workspace import Workspace

    workspace = Workspace.open(arguments.workspace, create=False)
    put_aside(workspace, arguments.name, arguments.why)
    return _show(find(workspace, arguments.name), console)


def _show(item: "Shelved", console: Console) -> int:
    console.show(as_object(item), as_text(item))
    return 0


def as_object(item: "Shelved") -> dict[str, Any]:
    """An entry as JSON."""
    from vbot_sim.settings import to_dict

    return {"shelf": item.shelf, **to_dict(item.entry)}


def as_text(item: "Shelved") -> str:
    """An entry for a person."""
    entry = item.entry
    lines = [f"{entry.name} ({item.shelf}, {entry.status})  {entry.env}, preset {entry.preset}"]
    for word, text in (("expected", entry.hypothesis), ("verdict", entry.verdict), ("from", entry.based_on)):
        lines += [f"  {word}: {text}"] if text else []
    lines += [f"  {path} = {value}" for path, value in entry.settings.items()]
    for one in entry.evidence:
        at = f"@{one.step}" if one.step is not None else ""
        lines.append(
            f"  {one.run}{at}: score {number(one.score, 3)}, success {percent(one.success)}, fell {percent(one.fell)}"
        )
    return "\n".join([*lines, *([f"  {entry.notes}"] if entry.notes else [])])
