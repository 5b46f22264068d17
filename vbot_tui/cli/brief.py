"""`vbot brief`: what happened, what runs, what leads, what fell, what needs you; or what is known before a study."""

import argparse
import dataclasses
import time
from pathlib import Path
from typing import TYPE_CHECKING

from vbot_tui.cli.console import Console
from vbot_tui.cli.parser import Verbs
from vbot_tui.cli.select import look_into

if TYPE_CHECKING:
    from sessions.workspace import Workspace

DESCRIPTION = """\
Write WAKE_UP.md into the workspace and print it: what happened since you last looked, what runs, what leads by score,
what fell and why, what needs you, what to do next. Printing it counts as looking; --json and --keep do not.
With --for SPEC: what was tried before with the keys of that study."""


def add_verbs(verbs: Verbs) -> None:
    """Enter `brief`."""
    parser = verbs.add(
        "brief", "what happened since you last looked, and what needs you", brief, description=DESCRIPTION
    )
    parser.add_argument("--since", metavar="TIME", help="news since then: 2026-11-23, 2026-11-23T04:35, 90m, 8h or 2d")
    parser.add_argument("--keep", action="store_true", help="do not count this as looking")
    parser.add_argument(
        "--for", metavar="SPEC", dest="spec", help="a study file, or 'first': what is known of its keys"
    )


def brief(arguments: argparse.Namespace, console: Console) -> int:
    """Make the brief anew from the files, write it and print it."""
    from automl.memory import brief as memory
    from automl.memory.brief_text import render
    from automl.memory.looked import mark_looked, parse_since
    from sessions.workspace import Workspace

    look_into(arguments, console)
    workspace = Workspace.open(arguments.workspace)
    if arguments.spec is not None:
        return before(arguments.spec, workspace, console)
    since = parse_since(arguments.since, time.time()) if arguments.since else None
    found = memory.gather(workspace, since)
    path = memory.write(workspace, found)
    console.show({**dataclasses.asdict(found), "path": str(path)}, render(found).rstrip())
    if not (console.as_json or arguments.keep):
        mark_looked(workspace, found.now)
    return 0


def before(spec: str, workspace: "Workspace", console: Console) -> int:
    """What is known of the keys of a study that has not started."""
    from automl.memory.tried import render, tried
    from automl.spec import default_spec, load

    found = tried(workspace, default_spec() if spec == "first" else load(Path(spec)))
    console.show(dataclasses.asdict(found), render(found).rstrip())
    return 0
