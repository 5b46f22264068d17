"""`vbot config`: every setting that a training would have, where each value comes from and what it means."""

import argparse
from typing import TYPE_CHECKING, Any

from vbot_tui.cli.console import Console
from vbot_tui.cli.describe import Described, describe
from vbot_tui.cli.parser import Verbs
from vbot_tui.cli.tables import table

if TYPE_CHECKING:
    from vbot_rl.config import Resolved

DESCRIPTION = """\
Show every setting of ENV, of RUN or of a config.yaml: value, origin, what may stand there and what it means.
Nothing is trained."""
HELP_CELLS = 72


def add_verbs(verbs: Verbs) -> None:
    """Enter `config`."""
    parser = verbs.add("config", "every setting of a training: value, origin, meaning", config, description=DESCRIPTION)
    parser.add_argument(
        "target",
        metavar="CONFIG|ENV|RUN",
        help="a run's config.yaml (or its directory), an environment, or a run by its id or a part of it",
    )
    parser.add_argument("--only", metavar="WORD", default="", help="only settings whose name or meaning has this")
    parser.add_argument("--preset", metavar="NAME", help="a preset of the environment (default: default)")
    parser.add_argument("--set", action="append", default=[], dest="sets", metavar="A.B=C", help="override a setting")
    parser.add_argument("--changed", action="store_true", help="only what is neither default, task nor preset")


def config(arguments: argparse.Namespace, console: Console) -> int:
    """Show the settings of one config."""
    from vbot_tui.cli.audit import resolve

    resolved = resolve(arguments.target, arguments.preset, arguments.sets, arguments.workspace)
    found = [row for row in rows(resolved) if arguments.only in f"{row['key']} {row['help']}"]
    if arguments.changed:
        found = [row for row in found if row["origin"] not in ("default", "task", "preset")]
    console.show({"env": resolved.cfg.env, "preset": resolved.cfg.preset, "settings": found}, as_text(found))
    return 0


def settings(resolved: "Resolved") -> list[Described]:
    """Every setting of a run, in the order of its definition; reward scales with what their terms pay for."""
    from dataclasses import replace

    from vbot_sim.catalogue import TERMS

    out = []
    for item in describe(resolved.cfg):
        if item.key in ("env", "preset"):
            continue
        section, _, name = item.key.rpartition(".")
        if section == "task.reward.scales" and name in TERMS:
            term = TERMS[name]
            item = replace(item, kind="number", help=f"{term.help} ({term.kind}, {term.unit})")
        out.append(item)
    return out


def meanings() -> dict[str, str]:
    """What each setting means, by its path; of the flat task, whose settings all tasks share."""
    from vbot_rl.config import run_cfg

    return {item.key: item.help for item in settings(run_cfg("vbot_navigation_section001"))}


def rows(resolved: "Resolved") -> list[dict[str, Any]]:
    """The settings as plain data, each with its origin."""
    return [{**vars(item), "origin": resolved.origins.get(item.key, "default")} for item in settings(resolved)]


def as_text(found: list[dict[str, Any]]) -> str:
    """The settings for a person."""
    if not found:
        return "No setting contains that."
    cells = [[row["key"], plain(row["value"]), row["origin"], row["help"][:HELP_CELLS]] for row in found]
    return table(["SETTING", "VALUE", "FROM", "MEANING"], cells)


def plain(value: object) -> str:
    """A value as it is written on a command line."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(plain(item) for item in value)}]"
    return str(value)
