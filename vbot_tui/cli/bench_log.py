"""`vbot bench log`: how long a study of thousands of trials takes to read, to go on and to show."""

import argparse
from typing import Any

from vbot_tui.cli.console import Console
from vbot_tui.cli.parser import Verbs, positive_int
from vbot_tui.cli.tables import table

HELP = """\
Write the event log of a study with thousands of trials, and measure how long it takes to fold it, to suggest the next
trial (in a fresh process, and again in one that has done so before) and to run `vbot automl status` as a whole. Exit 1
if one of the medians is above its limit."""
WORDS = {
    "fold_s": "read the log and fold it",
    "suggest_cold_s": "next suggestion, first of a process",
    "suggest_warm_s": "next suggestion after that",
    "status_s": "vbot automl status, whole process",
}


def add_verb(names: Verbs) -> None:
    """Enter `log` among the benchmarks."""
    parser = names.add("log", "how long do thousands of trials take to read?", measure, description=HELP)
    parser.add_argument("--trials", type=positive_int, default=3000, metavar="N", help="in the log (default: 3000)")
    parser.add_argument("--rounds", type=positive_int, default=5, metavar="N", help="how often (default: 5)")


def measure(arguments: argparse.Namespace, console: Console) -> int:
    """Measure and show."""
    from automl.scale_bench import measure as measured

    result = measured(arguments.trials, arguments.rounds, console.tell)
    console.show(result, as_text(result))
    return 0 if result["holds"] else 1


def as_text(result: dict[str, Any]) -> str:
    """The figures for a person."""
    rows = [
        [words, f"{result[name]:.3f} s", f"{result['cpu'][name]:.3f} s", f"{result['limits'][name]:g} s"]
        for name, words in WORDS.items()
    ]
    return table(["WHAT", "MEDIAN", "CPU", "LIMIT"], rows)
