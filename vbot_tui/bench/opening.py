"""How long until something is seen: the first byte, beside that of an empty Textual app, and the table."""

import sys

from sessions.workspace import Workspace
from vbot_tui.bench.herd import ended_runs
from vbot_tui.bench.program import Program, terminal_environment
from vbot_tui.bench.stage import READY_S, TABLE_HEAD, Stage

RUNS = 1000
BARE = "from textual.app import App; App().run()"


def thousand(stage: Stage) -> Workspace:
    """A workspace of a thousand ended runs that a cockpit has seen before."""

    def fill(workspace: Workspace) -> None:
        stage.say(f"writing {RUNS} runs")
        ended_runs(workspace, RUNS)
        with stage.open(workspace) as program:
            program.wait(_table_shown, READY_S, "the table, cold")
            program.idle_for(5.0)
            program.press("q")
            program.wait_exit(READY_S)

    return stage.workspace("thousand", fill)


def _table_shown(screen: object) -> bool:
    text: str = screen.text  # type: ignore[attr-defined]
    return TABLE_HEAD in text and " done " in text


def opening_once(stage: Stage) -> tuple[float, float]:
    """Milliseconds from the start of the program to its first byte, and to the table of a thousand runs."""
    with stage.open(thousand(stage)) as program:
        shown = program.wait(_table_shown, READY_S, "the table of a thousand runs")
        first = program.first_byte_at or shown
        program.press("q")
        program.wait_exit(READY_S)
    return 1000 * (first - program.started_at), 1000 * (shown - program.started_at)


def bare_once() -> float:
    """Milliseconds to the first byte of a Textual app without anything in it."""
    with Program([sys.executable, "-P", "-c", BARE], terminal_environment()) as program:
        program.wait(lambda screen: program.first_byte_at is not None, READY_S, "a first byte")
        return 1000 * ((program.first_byte_at or 0.0) - program.started_at)
