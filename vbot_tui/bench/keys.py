"""Random keys at many sizes: the screen must neither break nor stop to answer, and must show the right table after."""

import random
import sys
import time
from contextlib import suppress
from dataclasses import dataclass

from vbot_tui import bindings
from vbot_tui.bench.herd import ended_runs
from vbot_tui.bench.program import Program, TooLate, terminal_environment
from vbot_tui.bench.screen import Screen
from vbot_tui.bench.stage import READY_S, TABLE_HEAD, Stage

SIZES = ((80, 24), (60, 20), (100, 30), (120, 40), (200, 50))
KEYS = 5000
BURST, WAVE = 10, 100  # keys that come at once, and after how many the screen may catch up
QUIET_S, PATIENCE_S = 0.25, 20.0
RUNS = 40
CODES = {
    "enter": "\r", "escape": "\x1b", "tab": "\t", "shift+tab": "\x1b[Z", "space": " ", "backspace": "\x7f",
    "up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D", "home": "\x1b[H", "end": "\x1b[F",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~", "question_mark": "?", "slash": "/", "right_square_bracket": "]", "left_square_bracket": "[",
    "greater_than_sign": ">", "less_than_sign": "<", "plus": "+", "minus": "-", "equals_sign": "=", "colon": ":",
    "full_stop": ".", "comma": ",", "delete": "\x1b[3~", "f1": "\x1bOP", "ctrl+left": "\x1b[1;5D",
}  # fmt: skip
LEAVING = ("q", "Q", "ctrl+c", "ctrl+q", "ctrl+z")
CALM_S = 0.3
COMMAND = ["-m", "vbot_tui.bench.storm"]


@dataclass(frozen=True)
class Storm:
    """How a storm ended."""

    pressed: int
    failures: tuple[str, ...]


def known_keys() -> list[str]:
    """All keys of the table, as a terminal sends them, and some that mean nothing."""
    names = {name for key in bindings.KEYS for name in key.keys} - set(LEAVING)
    sent = {CODES.get(name, name) for name in names if name in CODES or len(name) == 1}
    return sorted(sent | {CODES[name] for name in ("f1", "delete", "ctrl+left", "home", "end")} | set("0123456789é漢~"))


def storm(stage: Stage, keys: int = KEYS, seed: int = 0) -> Storm:
    """Press random keys at every size."""
    workspace = stage.workspace("storm", lambda made: ended_runs(made, RUNS))
    chance, every = random.Random(seed), known_keys()
    failures: list[str] = []
    pressed = 0
    each = -(-keys // len(SIZES))
    for columns, rows in SIZES:
        words = [sys.executable, "-P", *COMMAND, str(workspace.root)]
        environment = {**terminal_environment(), "EDITOR": "true", "VISUAL": "true", "PAGER": "cat"}
        left = each
        while left > 0:
            with Program(words, environment, columns, rows) as program:
                done, problem = _press(program, chance, every, left)
            pressed += done
            left -= max(1, done)
            if problem:
                failures.append(f"{columns}x{rows}: {problem}")
                if len(failures) > 20:
                    return Storm(pressed, tuple(failures))
    return Storm(pressed, tuple(failures))


def _press(program: Program, chance: random.Random, every: list[str], most: int) -> tuple[int, str | None]:
    """Press keys until enough or until the screen is left; returns how many, and what went wrong."""
    recent: list[str] = []
    pressed = 0
    try:
        program.wait(lambda screen: TABLE_HEAD in screen.text, READY_S, "the table")
        while pressed < most and program.process.poll() is None:
            burst = [chance.choice(every) for _ in range(min(BURST, most - pressed))]
            recent = [*recent, *burst][-3 * BURST :]
            with suppress(OSError):
                program.press("".join(burst))
            pressed += len(burst)
            program.read(0.02)
            if pressed % WAVE == 0:
                _let_finish(program)
        if program.process.poll() is None:
            _calm_down(program)
    except TooLate as late:
        return pressed, f"{str(late)[:2000]} (last keys {recent!r})"
    code = program.process.poll()
    if code is not None:
        program.read(0.2)
        if code or "Traceback" in program.screen.text:
            return pressed, f"it ended with {code}: {program.screen.text[-800:]} (last keys {recent!r})"
    return pressed, None


def _let_finish(program: Program) -> None:
    """Wait until the screen has dealt with what was pressed: nothing more comes from it."""
    end = time.monotonic() + PATIENCE_S
    before = -1
    while program.received != before and program.process.poll() is None and time.monotonic() < end:
        before = program.received
        program.idle_for(QUIET_S)


def _calm_down(program: Program) -> None:
    """Go back to the table: it must answer, and must be whole."""
    _let_finish(program)
    end = time.monotonic() + READY_S
    while program.process.poll() is None and not _at_the_table(program.screen):
        if time.monotonic() > end:
            raise TooLate(f"Escape did not lead back to the table within {READY_S:g} s\n{program.screen.text}")
        program.press("\x1b")
        program.idle_for(CALM_S)


def _at_the_table(screen: Screen) -> bool:
    return TABLE_HEAD in screen.text or " too small" in screen.text
