"""Where measurements happen: workspaces of their own in one temporary folder, and the command under test."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from sessions.workspace import Workspace
from vbot_tui.bench.program import Program, terminal_environment

COCKPIT = "from vbot_tui.door import main; raise SystemExit(main())"
READY_S = 30.0
TABLE_HEAD = "STATE  TRIAL"


@dataclass
class Stage:
    """What measurements share.

    Args:
        root: An empty folder.
        rounds: How often a timing is taken.
        say: Told how far the work is.
        long: Take the time that a stalled line needs to show everything.
    """

    root: Path
    rounds: int = 5
    say: Callable[[str], None] = lambda line: None
    long: bool = False
    _made: dict[str, Workspace] = field(default_factory=dict)

    def workspace(self, name: str, fill: Callable[[Workspace], object] | None = None) -> Workspace:
        """The workspace with this name; filled when it is asked for the first time."""
        if name not in self._made:
            self._made[name] = Workspace.open(self.root / name)
            if fill is not None:
                fill(self._made[name])
        return self._made[name]

    def open(
        self, workspace: Workspace, words: Sequence[str] = (), columns: int = 80, rows: int = 24, **line: float
    ) -> Program:
        """Open the cockpit."""
        command = [sys.executable, "-P", "-c", COCKPIT, "--workspace", str(workspace.root), *words]
        return Program(command, terminal_environment(), columns, rows, **line)


def middle(values: Sequence[float]) -> float:
    """The median."""
    return float(median(values))


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that is not below this share of all."""
    ordered = sorted(values)
    return float(ordered[min(len(ordered) - 1, max(0, -(-len(ordered) * share // 1).__int__() - 1))])
