"""A cockpit for a storm of keys: the real core and the real screens over made-up runs, but no key starts a process.

Run as a program in a terminal. Commands to studies are remembered instead of sent, so a random key costs nothing.
"""

import sys
from collections.abc import Mapping
from typing import Any

from automl.commands import Kind
from automl.spec import StudySpec
from sessions.workspace import Workspace
from vbot_tui.app import VbotApp
from vbot_tui.core import Core
from vbot_tui.desk import Desk


class StillDesk(Desk):
    """Drives nothing and sends nothing."""

    def create(self, spec: StudySpec) -> str:
        """Say that a study would begin."""
        return "a study"

    def drive(self, study: str) -> None:
        """Drive nothing."""

    def adopt(self) -> None:
        """Want nothing."""

    def want(self, study: str) -> None:
        """Want nothing."""

    def send(
        self, study: str, kind: Kind, why: str, trial: int | None = None, params: Mapping[str, Any] | None = None
    ) -> None:
        """Send nothing."""

    def stop_single(self, run: str, why: str) -> None:
        """Stop nothing."""


def main(root: str) -> int:
    """Run in this terminal; 0 when the screen was left, 3 when it broke."""
    workspace = Workspace.open(root)
    core = Core(workspace, desk=StillDesk(workspace))
    app = VbotApp(core)
    app.run()
    core.close()
    if app.crash is not None:
        sys.stderr.write(f"broken by {type(app.crash).__name__}: {app.crash}\n")
        raise app.crash
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
