"""`vbot status` and `vbot ls`: what is there, live and listed, as the cockpit sees it."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from vbot_tui.cli.console import Console
from vbot_tui.cli.parser import Verbs
from vbot_tui.cli.select import look_into
from vbot_tui.cli.tables import age, number, percent, table

CRASHES = 3
CRASH_LINES = 14
LS_DESCRIPTION = """\
List runs, newest first. WHERE narrows the list: conditions side by side must all hold, 'or' parts alternatives, '!'
turns one round. score>0.9 success>=0.5 steps<1e6 flag:lazy_robot state:failed host:vm end:crashed has:note
ppo.learning_rate<1e-3 /pattern/ or a part of the id. Quote what the shell would read: vbot ls 'score>0.9' flag:moat
FLAGS is '?' while nobody has judged the curves, as of a run that goes on: 'vbot diagnose RUN' and 'vbot status' do."""


def add_verbs(verbs: Verbs) -> None:
    """Enter `status` and `ls`."""
    verbs.add("status", "studies and runs with state, steps, score and flags", status)
    parser = verbs.add("ls", "list runs, newest first", ls, description=LS_DESCRIPTION)
    parser.add_argument("where", metavar="WHERE", nargs="*", help="conditions, e.g. 'score>0.9' flag:lazy_robot")
    parser.add_argument("--where", metavar="TEXT", dest="where_text", default="", help="the same as one text")
    parser.add_argument("--state", metavar="WORD", help="only runs in this state, e.g. running or failed")
    parser.add_argument("--env", metavar="ENV", help="only runs on this environment")
    parser.add_argument("--study", metavar="ID", help="only trials of this study")
    parser.add_argument(
        "--sort", metavar="NAME", default="created", help="by score, success, steps, updated, host, ..."
    )
    parser.add_argument("--reverse", action="store_true", help="the other way round")


def status(arguments: argparse.Namespace, console: Console) -> int:
    """Everything the workspace holds, from the same function as the cockpit."""
    from automl.studies import status as read_status

    found = read_status(look_into(arguments, console))
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
    paused = [f"{s['id']} is paused: {s['reason']}" for s in found["studies"] if s["state"] == "paused"]
    return "\n\n".join([*parts, *paused, *crash_texts(found)])


def crash_texts(found: Mapping[str, Any]) -> list[str]:
    """The newest crashes, each with its traceback: of trials by their study, of other runs by their own record."""
    from automl.memory.brief_text import counted

    crashes = [
        (f"T{trial['number']} of {study['id']}", trial["end_detail"], trial["run"])
        for study in found["studies"]
        for trial in study.get("trials", ())
        if trial["state"] == "failed"
    ]
    told = {run for _, _, run in crashes}
    crashes += [
        (run["id"], run["end_detail"], run["id"])
        for run in found["runs"]
        if run["state"] == "failed" and run["id"] not in told and not run["study"]
    ]
    crashes.sort(key=lambda crash: str(crash[2]))
    texts = [
        "\n".join([f"{name} crashed:", *(f"  {line}" for line in (detail or "no words").splitlines()[-CRASH_LINES:])])
        for name, detail, _ in crashes[-CRASHES:]
    ]
    older = len(crashes) - len(texts)
    return [*texts, f"{counted(older, 'older crash')}: vbot ls state:failed"] if older > 0 else texts


def flags_text(flags: Sequence[str]) -> str:
    """Flag names in one cell."""
    return " ".join(flags)


def ls(arguments: argparse.Namespace, console: Console) -> int:
    """The runs of the workspace that fit, newest first or in the order asked for."""
    import shlex

    from automl.memory.index import Index
    from automl.memory.query import parse
    from automl.memory.table import rows as fitting_rows

    words = arguments.where[1:] if arguments.where[:1] == ["where"] else arguments.where
    query = parse(" ".join([*map(shlex.quote, words), arguments.where_text]))
    index = Index(look_into(arguments, console))
    order = f"{'-' if arguments.reverse else ''}{arguments.sort}"
    wanted = {"state": arguments.state, "env": arguments.env, "study": arguments.study}
    rows = [row for row in fitting_rows(index, query, order) if fits(row, wanted)]
    index.save()
    console.show({"runs": rows}, ls_text(rows) if rows else "No runs.")
    return 0


def ls_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """The list for a person."""
    head = ["RUN", "KIND", "STATE", "STEPS", "SCORE", "SUCCESS", "HOST", "AGE", "FLAGS"]
    cells = [
        [
            r["id"],
            r["kind"] or "-",
            r["state"],
            number(r["env_steps"]),
            number(r["score"], 3),
            percent(r["success"]),
            r["host"] or "-",
            age(r["created"]),
            "?" if r["flags"] is None else flags_text(r["flags"]),
        ]
        for r in rows
    ]
    return table(head, cells)


def fits(row: Mapping[str, Any], wanted: Mapping[str, str | None]) -> bool:
    """Whether a row has every wanted value; a study may be given by the beginning of its id."""
    for name, value in wanted.items():
        if value is None:
            continue
        have = str(row[name] or "")
        if not (have.startswith(value) if name == "study" else have == value):
            return False
    return True
