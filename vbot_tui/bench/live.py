"""The cockpit while eight runs are written twice a second: how late it is, what it costs, what it sends."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from vbot_tui.bench.herd import Writer
from vbot_tui.bench.opening import settle, thousand
from vbot_tui.bench.program import Program, cpu_s
from vbot_tui.bench.stage import READY_S, Stage, quantile
from vbot_tui.text import count

WRITERS = 8
HERTZ = 2.0
APPENDS = 100
SETTLE_S = 4.0
IDLE_S = 8.0
LATEST_S = 5.0


@dataclass(frozen=True)
class Live:
    """What a hundred appends showed."""

    latencies_ms: tuple[float, ...]
    cpu_pct: float
    kb_s: float

    @property
    def p95_ms(self) -> float:
        """Append to pixel."""
        return quantile(self.latencies_ms, 0.95)


class Herd:
    """Eight runs written in turn, evenly."""

    def __init__(self, stage: Stage, serial: int) -> None:
        self.workspace = stage.workspace(f"live{serial}")
        self.writers = [Writer(self.workspace, f"w{index}", 100 * serial + index) for index in range(WRITERS)]
        self._next_at = time.monotonic()
        self._turn = 0

    def due_in(self) -> float:
        """Seconds until the next write."""
        return max(0.0, self._next_at - time.monotonic())

    def write(self) -> Writer:
        """Do the write that is due; returns who wrote."""
        writer = self.writers[self._turn % WRITERS]
        self._turn += 1
        self._next_at = max(self._next_at + 1 / (WRITERS * HERTZ), time.monotonic() - 1.0)
        writer.write()
        return writer

    def run(self, program: Program, seconds: float) -> None:
        """Write on time, and read what the cockpit sends."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.due_in() <= 0:
                self.write()
            program.read(min(self.due_in(), end - time.monotonic()))

    def close(self) -> None:
        """End the runs."""
        for writer in self.writers:
            writer.close()


@contextmanager
def live_cockpit(stage: Stage, serial: int, **line: float) -> Iterator[tuple[Herd, Program]]:
    """A cockpit over a herd, both settled."""
    herd = Herd(stage, serial)
    try:
        with stage.open(herd.workspace, **line) as program:  # type: ignore[arg-type]
            names = [f" {writer.name} " for writer in herd.writers]
            for _ in herd.writers:
                herd.write()
            program.wait(lambda screen: all(name in screen.text for name in names), READY_S, "eight live runs")
            herd.run(program, SETTLE_S)
            yield herd, program
    finally:
        herd.close()


def live_rounds(stage: Stage) -> list[Live]:
    """One session, in as many parts as there are rounds."""
    with live_cockpit(stage, 0) as (herd, program):
        return [_live(herd, program) for _ in range(stage.rounds)]


def _live(herd: Herd, program: Program) -> Live:
    cpu, received, began = cpu_s(program.process.pid), program.received, time.monotonic()
    latencies = _latencies(herd, program)
    spent = time.monotonic() - began
    return Live(
        tuple(latencies),
        100 * (cpu_s(program.process.pid) - cpu) / spent,
        (program.received - received) / spent / 1000,
    )


def _latencies(herd: Herd, program: Program) -> list[float]:
    """Milliseconds from each append to the cell that shows it; an append that is overtaken counts until then."""
    waiting: dict[str, tuple[float, int]] = {}
    found: list[float] = []
    appended = 0
    while appended < APPENDS or waiting:
        if appended < APPENDS and herd.due_in() <= 0:
            before = time.monotonic()
            writer = herd.write()
            appended += 1
            waiting.setdefault(writer.name, (before, writer.env_steps))
        program.read(min(herd.due_in(), 0.05) if appended < APPENDS else 0.05)
        now = time.monotonic()
        for name, (at, steps) in list(waiting.items()):
            shown = program.screen.line_with(f" {name} ").split()
            if len(shown) > 3 and _reached(shown, steps):
                found.append(1000 * (now - at))
                del waiting[name]
            elif now - at > LATEST_S:
                found.append(1000 * LATEST_S)
                del waiting[name]
    return found


def _reached(cells: list[str], steps: int) -> bool:
    """Whether a row shows these steps, or later ones."""
    later = {count(steps + 100_000 * more) for more in range(6)}
    return any(cell in later for cell in cells)


def idle_rounds(stage: Stage) -> list[float]:
    """Per cent of a core that a cockpit takes over a thousand runs of which none moves, in parts of one session."""
    with stage.open(thousand(stage)) as program:
        program.wait(lambda screen: " done " in screen.text, READY_S, "the table")
        settle(program)
        return [_idle(program) for _ in range(stage.rounds)]


def _idle(program: Program) -> float:
    cpu, began = cpu_s(program.process.pid), time.monotonic()
    program.idle_for(IDLE_S)
    return 100 * (cpu_s(program.process.pid) - cpu) / (time.monotonic() - began)
