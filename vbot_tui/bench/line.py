"""A key on a slow line: how much later than the line itself the cockpit answers."""

import time

from vbot_tui.bench.live import Herd, live_cockpit
from vbot_tui.bench.program import Program
from vbot_tui.bench.screen import Screen
from vbot_tui.bench.stage import Stage, middle

ROUND_TRIP_S = 0.2
BYTES_PER_S = 1e6 / 8
KEYS = 6
PAUSE_S = 0.61
ANSWER_S = 10.0
CURSOR = "▌"


def key_rounds(stage: Stage) -> list[float]:
    """Milliseconds between a key and the moved cursor, less the round trip; eight runs are live meanwhile.

    One session; each round is the median of some keys.
    """
    with live_cockpit(stage, 1, delay_s=ROUND_TRIP_S / 2, bytes_per_s=BYTES_PER_S) as (herd, program):
        found = [_key(herd, program, "j" if turn % 4 < 2 else "k") for turn in range(stage.rounds * KEYS)]
    return [middle(found[first : first + KEYS]) for first in range(0, len(found), KEYS)]


def _key(herd: Herd, program: Program, key: str) -> float:
    herd.run(program, PAUSE_S)
    before = cursor_row(program.screen)
    pressed = time.monotonic()
    program.press(key)
    while cursor_row(program.screen) == before and time.monotonic() - pressed < ANSWER_S:
        _step(herd, program)
    return 1000 * (time.monotonic() - pressed - ROUND_TRIP_S)


def _step(herd: Herd, program: Program) -> None:
    if herd.due_in() <= 0:
        herd.write()
    program.read(min(0.05, max(0.001, herd.due_in())))


def cursor_row(screen: Screen) -> int:
    """Which row of the screen has the cursor's mark at its edge; -1 while none has."""
    return next((index for index, line in enumerate(screen.lines) if line.startswith(CURSOR)), -1)
