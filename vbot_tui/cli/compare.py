"""`vbot compare`: runs side by side, first the settings that differ, then what came of them."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from vbot_tui.cli.console import Console
from vbot_tui.cli.parser import Verbs
from vbot_tui.cli.tables import table

if TYPE_CHECKING:
    from automl.memory.compare import Comparison, Row


def add_verbs(verbs: Verbs) -> None:
    """Enter `compare`."""
    parser = verbs.add("compare", "two or more runs side by side: settings, scores, curves, reward", compare)
    parser.add_argument("runs", metavar="RUN", nargs="+", help="ids or their beginnings; the first is the measure")


def compare(arguments: argparse.Namespace, console: Console) -> int:
    """Set runs side by side."""
    from automl.memory.compare import as_object
    from automl.memory.compare import compare as compare_runs
    from sessions.workspace import Workspace

    workspace = Workspace.open(arguments.workspace, create=False)
    found = compare_runs([workspace.run(name) for name in arguments.runs])
    console.show(as_object(found), as_text(found))
    return 0


def as_text(found: "Comparison") -> str:
    """The comparison for a person; runs are called A, B, C."""
    letters = [chr(ord("A") + place) for place in range(len(found.runs))]
    heads = [
        f"{letter}  {digest.id}  {state}, {digest.env_steps:,} steps, on {digest.host}"
        for letter, digest, state in zip(letters, found.runs, found.states, strict=True)
    ]
    parts = ["\n".join(heads), config_text(found, letters)]
    for title, rows in (
        ("Scores on fixed cases", found.evals),
        ("Curves at the end", found.metrics),
        (
            f"Curves at step {found.common_step:,}, which all have reached" if found.common_step else "",
            found.metrics_common,
        ),
        ("Reward per control step at the end, what differs most first", found.reward),
    ):
        if rows:
            parts.append(f"{title}\n{rows_text(rows, letters)}")
    return "\n\n".join(parts)


def config_text(found: "Comparison", letters: Sequence[str]) -> str:
    """The keys that differ, each value with its origin."""
    from automl.memory.config_diff import shown

    if not found.config:
        return "Settings: no difference."
    rows = [
        [item.key, *(f"{shown(value)} ({origin})" for value, origin in zip(item.values, item.origins, strict=True))]
        for item in found.config
    ]
    return f"Settings that differ: {len(rows)}\n" + table(["KEY", *letters], rows)


def rows_text(rows: "Sequence[Row]", letters: Sequence[str]) -> str:
    """Numbers of each run, and how far each is from the first."""
    head = ["", *letters, *(f"{letter}-{letters[0]}" for letter in letters[1:])]
    body = [
        [f"{row.name}{f' {row.unit}' if row.unit else ''}", *map(cell, row.values), *map(signed, row.deltas[1:])]
        for row in rows
    ]
    return table(head, body)


def cell(value: float | None) -> str:
    """A number of any size, or a dash."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def signed(value: float | None) -> str:
    """A difference with its sign."""
    if value is None:
        return "-"
    return f"{value:+,.0f}" if abs(value) >= 1000 else f"{value:+.4g}"
