"""`vbot import`: bring the records of other tools into the workspace, and say what could not be read."""

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vbot_tui.cli.console import Console
from vbot_tui.cli.parser import Verbs
from vbot_tui.cli.tables import number, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sessions.history import Campaign, Finding, Import, Unreadable

_MOST_LINES = 12

DESCRIPTION = """\
Read the records of older tools: campaigns, trials, configurations, summaries, reward library, captured logs.
The folder is only read. What it holds goes to imported/ in the workspace; importing it again changes nothing.
Scores of older tools are kept as legacy scores and never ranked with ours."""


def add_verbs(verbs: Verbs) -> None:
    """Enter `import`."""
    parser = verbs.add("import", "bring in history written by other tools", import_history, description=DESCRIPTION)
    parser.add_argument("folder", metavar="DIR", type=Path, help="the folder that holds the records")


def import_history(arguments: argparse.Namespace, console: Console) -> int:
    """Import one tree."""
    from sessions.history import import_tree
    from sessions.workspace import Workspace

    workspace = Workspace.open(arguments.workspace)
    done = import_tree(arguments.folder, workspace.root)
    console.show(as_object(done), as_text(done))
    return 0


def as_object(done: "Import") -> dict[str, Any]:
    """The import as JSON: figures, and every file, repetition and contradiction by name."""
    history = done.history
    lists = ("unreadable", "duplicates", "contradictions", "gaps")
    return {
        "id": done.id,
        "path": str(done.path),
        **done.counts,
        **{name: [dataclasses.asdict(item) for item in getattr(history, name)] for name in lists},
        "empty": list(history.empty),
        "changed": list(done.changed),
    }


def as_text(done: "Import") -> str:
    """The import for a person."""
    counts = done.counts
    crashed = f" ({counts['crashed']} crashed: not scored)" if counts["crashed"] else ""
    head = (
        f"{counts['campaigns']} campaigns, {counts['trials']} trials{crashed}, {counts['final_runs']} long runs, "
        f"{counts['configs']} configurations, {counts['library']} entries of a reward library."
    )
    parts = [head]
    if done.history.campaigns:
        parts.append(campaign_table(done.history.campaigns))
    parts += unreadable_lines(done.history.unreadable)
    parts += finding_lines("Contradictions", done.history.contradictions)
    parts += finding_lines("Duplicates", done.history.duplicates)
    parts += finding_lines("Missing", done.history.gaps)
    written = f"{len(done.changed)} files written" if done.changed else "Nothing changed: it had been imported before"
    parts.append(f"{written}; kept in {done.path}")
    return "\n\n".join(parts)


def campaign_table(campaigns: "Sequence[Campaign]") -> str:
    """One line per campaign."""
    head = ("CAMPAIGN", "ENDED AS", "SAYS", "ENVIRONMENT", "TRIALS", "CRASHED", "HOURS")
    rows = [
        (c.id, c.status, c.recorded_status or "-", c.env or "-", str(c.trials), str(c.crashed), number(c.elapsed_h, 1))
        for c in campaigns
    ]
    return table(head, rows)


def unreadable_lines(files: "Sequence[Unreadable]") -> list[str]:
    """The files that were not read in full."""
    if not files:
        return []
    lines = [f"  {file.path}: {file.reason} (read: {file.read})" for file in files[:_MOST_LINES]]
    return ["\n".join([f"Not read in full: {len(files)}", *lines, *_more(len(files))])]


def finding_lines(title: str, findings: "Sequence[Finding]") -> list[str]:
    """Findings, the first dozen in words."""
    if not findings:
        return []
    lines = [f"  {finding.message}" for finding in findings[:_MOST_LINES]]
    return ["\n".join([f"{title}: {len(findings)}", *lines, *_more(len(findings))])]


def _more(count: int) -> list[str]:
    return [f"  ... and {count - _MOST_LINES} more (--json lists all)"] if count > _MOST_LINES else []
