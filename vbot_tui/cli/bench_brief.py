"""`vbot bench brief`: how long a brief takes on a workspace of a thousand runs."""

import argparse

from vbot_tui.cli.console import Console
from vbot_tui.cli.parser import Verbs, positive_int

HELP = """\
Write a workspace of many ended runs, and measure `vbot brief` on it as a whole process: with nothing known of the runs,
and again when they are known. Exit 1 if the latter takes a second or more."""


def add_verb(names: Verbs) -> None:
    """Enter `brief` among the benchmarks."""
    parser = names.add("brief", "how long does a brief on a thousand runs take?", brief, description=HELP)
    parser.add_argument("--runs", type=positive_int, default=1000, metavar="N", help="in the workspace (default: 1000)")
    parser.add_argument("--rounds", type=positive_int, default=5, metavar="N", help="how often (default: 5)")


def brief(arguments: argparse.Namespace, console: Console) -> int:
    """Measure and show."""
    from vbot_rl.config import run_cfg, to_yaml
    from vbot_tui.bench.briefing import as_text, measure
    from vbot_tui.bench.herd import ENV

    result = measure(to_yaml(run_cfg(ENV, "default")), arguments.runs, arguments.rounds, console.tell)
    console.show(result, as_text(result))
    return 0 if result["holds"] else 1
