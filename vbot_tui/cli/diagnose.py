"""`vbot diagnose`: which flags a run raises, with the numbers that raised them."""

import argparse
import dataclasses
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from vbot_tui.cli.console import Console
from vbot_tui.cli.parser import Verbs

if TYPE_CHECKING:
    from automl.flags import Flag


def add_verbs(verbs: Verbs) -> None:
    """Enter `diagnose`."""
    parser = verbs.add("diagnose", "is the robot cheating the reward? flags with their evidence", diagnose)
    parser.add_argument("run_name", metavar="RUN", help="id of the run or its beginning")


def diagnose(arguments: argparse.Namespace, console: Console) -> int:
    """Judge one run by its curves."""
    from automl.diagnosis import flags_of
    from sessions.runs import effective_state
    from sessions.workspace import Workspace

    run = Workspace.open(arguments.workspace, create=False).run(arguments.run_name)
    flags = flags_of(run, now_s=time.time())
    result = {
        "run": run.id,
        "state": effective_state(run),
        "flags": [dataclasses.asdict(flag) for flag in flags],
    }
    console.show(result, as_text(run.id, flags))
    return 0


def as_text(run: str, flags: Sequence["Flag"]) -> str:
    """The flags for a person."""
    if not flags:
        return f"{run}: no flags."
    return "\n\n".join([f"{run}: {len(flags)} flag{'s' if len(flags) > 1 else ''}", *map(flag_text, flags)])


def flag_text(flag: "Flag") -> str:
    """One flag: what was looked for, where, what was found, what to do."""
    width = max((len(label.strip()) for label in flag.evidence), default=0)
    found = [f"    {label.strip():<{width}}  {value:.4g}" for label, value in flag.evidence.items()]
    head = f"  {flag.title} (confidence {flag.confidence:.0%}): {flag.rule}"
    return "\n".join([head, f"    in {flag.window}", *found, f"    -> {flag.advice}"])
