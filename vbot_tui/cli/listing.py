"""`vbot status` and `vbot ls`: what is there, live and listed, as the cockpit sees it."""

import argparse
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vbot_tui.cli.console import Console
from vbot_tui.cli.parser import Verbs
from vbot_tui.cli.tables import age, number, percent, table

if TYPE_CHECKING:
    from sessions.runs import RunDir


def add_verbs(verbs: Verbs) -> None:
    """Enter `status` and `ls`."""
    verbs.add("status", "studies and runs with state, steps, score and flags", status)
    parser = verbs.add("ls", "list runs, newest first", ls)
    parser.add_argument("--state", metavar="WORD", help="only runs in this state, e.g. running or failed")
    parser.add_argument("--env", metavar="ENV", help="only runs on this environment")
    parser.add_argument("--study", metavar="ID", help="only trials of this study")


def status(arguments: argparse.Namespace, console: Console) -> int:
    """Everything the workspace holds, from the same function as the cockpit."""
    from automl.studies import status as read_status
    from sessions.workspace import Workspace

    found = read_status(Workspace.open(arguments.workspace, create=False))
    console.show(found, status_text(found))
    return 0


def status_text(found: Mapping[str, Any]) -> str:
    """Studies and runs as two tables."""
    if not found["studies"] and not found["runs"]:
        return (
            "Nothing here yet: 'vbot-tui' opens the cockpit, 'vbot train vbot_navigation_section001 --smoke' tries all."
        )
    parts = []
    if found["studies"]:
        rows = [
            [s["id"], s["state"], number(s["env_steps"]), number(s["score"], 3), flags_text(s["flags"])]
            for s in found["studies"]
        ]
        parts.append(table(["STUDY", "STATE", "STEPS", "SCORE", "FLAGS"], rows))
    if found["runs"]:
        rows = [
            [r["id"], r["state"], number(r["env_steps"]), number(r["score"], 3), flags_text(r["flags"])]
            for r in found["runs"]
        ]
        parts.append(table(["RUN", "STATE", "STEPS", "SCORE", "FLAGS"], rows))
    return "\n\n".join(parts)


def flags_text(flags: Sequence[str]) -> str:
    """Flag names in one cell."""
    return " ".join(flags)


def ls(arguments: argparse.Namespace, console: Console) -> int:
    """The runs of the workspace, newest first."""
    from sessions.workspace import Workspace

    workspace = Workspace.open(arguments.workspace, create=False)
    wanted = {"state": arguments.state, "env": arguments.env, "study": arguments.study}
    rows = [row for run in reversed(workspace.run_dirs()) if fits(row := run_row(run), wanted)]
    text = table(
        ["RUN", "KIND", "STATE", "STEPS", "SCORE", "SUCCESS", "AGE"],
        [
            [
                r["id"],
                r["kind"] or "-",
                r["state"],
                number(r["env_steps"]),
                number(r["score"], 3),
                percent(r["success"]),
                age(r["created"]),
            ]
            for r in rows
        ],
    )
    console.show({"runs": rows}, text if rows else "No runs.")
    return 0


def run_row(run: "RunDir") -> dict[str, Any]:
    """One run in one flat row; an unreadable record leaves its cells empty."""
    from sessions.errors import CorruptFileError, NotFoundError
    from sessions.runs import effective_state

    row: dict[str, Any] = {
        "id": run.id,
        "kind": None,
        "env": None,
        "study": None,
        "trial": None,
        "created": None,
        "host": None,
    }
    try:
        record = run.record()
        row |= {name: getattr(record, name) for name in row if name != "id"}
    except (CorruptFileError, NotFoundError):
        pass
    now = run.status()
    row["state"] = effective_state(run)
    row["env_steps"] = now.env_steps if now else 0
    for name in ("score", "success", "end_reason", "end_detail"):
        row[name] = getattr(now, name) if now else None
    return row


def fits(row: Mapping[str, Any], wanted: Mapping[str, str | None]) -> bool:
    """Whether a row has every wanted value; a study may be given by the beginning of its id."""
    for name, value in wanted.items():
        if value is None:
            continue
        have = str(row[name] or "")
        if not (have.startswith(value) if name == "study" else have == value):
            return False
    return True
