"""How long until something is seen: the first byte, beside that of an empty Textual app, and the table."""

import sys
import time

from sessions.workspace import Workspace
from vbot_tui.bench.herd import ended_runs
from vbot_tui.bench.program import Program, cpu_s, terminal_environment
from vbot_tui.bench.stage import READY_S, TABLE_HEAD, Stage

RUNS = 1000
SETTLE_S, LOOK_S = 90.0, 3.0
CALM = 0.02
"""Share of a core below which nothing is left to do."""
BARE = "from textual.app import App; App().run()"


def thousand(stage: Stage) -> Workspace:
    """A workspace of a thousand ended runs that a cockpit has seen before."""

    def fill(workspace: Workspace) -> None:
        stage.say(f"writing {RUNS} runs")
        ended_runs(workspace, RUNS)
        with stage.open(workspace) as program:
            program.wait(_table_shown, READY_S, "the table, cold")
            settle(program)
            program.press("q")
            program.wait_exit(READY_S)

    return stage.workspace("thousand", fill)


def settle(program: Program) -> None:
    """Wait until the program has nothing left to do from its start."""
    end = time.monotonic() + SETTLE_S
    while time.monotonic() < end:
        before = cpu_s(program.process.pid)
        program.idle_for(LOOK_S)
        if cpu_s(program.process.pid) - before < CALM * LOOK_S:
            return


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
