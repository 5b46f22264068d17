"""Side by side with other terminal viewers on the same numbers: W&B LEET and terminalboard.

Each is the real program in a terminal of its own. What is "seen" differs from program to program, so it is taken where
each is best: its first picture with data, and the first change of its picture after an append to an idle run.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from vbot_tui.bench.herd import Writer, all_values
from vbot_tui.bench.program import Program, TooLate, cpu_s, memory_mb, terminal_environment
from vbot_tui.bench.screen import Screen
from vbot_tui.bench.stage import READY_S, Stage, middle
from vbot_tui.text import count

UPDATES = 8000
APPENDS = 8
PAUSE_S = 1.5
CALM_S, IDLE_S, LIVE_S = 6.0, 10.0, 15.0
LATEST_S = 15.0
CURVES = ("reward/", "episode/", "perf/", "ppo/", "task/")
NAMES = ("vbot", "leet", "terminalboard")
SIZE = (120, 40)
_TIME = re.compile(r"\d+[smhd]")

WANDB_WRITER = """\
import os, sys, wandb
run = wandb.init(mode="offline", dir=sys.argv[1], settings=wandb.Settings(console="off", x_disable_stats=True))
print(run.dir, flush=True)
for line in sys.stdin:
    for row in line.split(";"):
        step, *pairs = row.split()
        values = dict(pair.split("=", 1) for pair in pairs)
        run.log({tag: float(value) for tag, value in values.items()}, step=int(step))
    print("done", flush=True)
os._exit(0)
"""


@dataclass(frozen=True)
class Side:
    """What one viewer did."""

    name: str
    first_ms: float
    latency_ms: float
    idle_pct: float
    memory_mb: float
    idle_b_s: float
    live_b_s: float
    trouble: str = ""

    def as_json(self) -> dict[str, float | str]:
        """The row as an object."""
        if self.trouble:
            return {"trouble": self.trouble}
        return {
            "first_data_ms": round(self.first_ms),
            "append_to_change_ms": round(self.latency_ms),
            "idle_cpu_pct": round(self.idle_pct, 2),
            "memory_mb": round(self.memory_mb, 1),
            "idle_bytes_per_s": round(self.idle_b_s),
            "live_bytes_per_s": round(self.live_b_s),
        }


class Data(Protocol):
    """A run that a viewer looks at, and that grows."""

    words: list[str]

    def append(self) -> None:
        """Add one update, flushed."""

    def seen(self, screen: Screen) -> bool:
        """Whether the screen shows something of the data."""

    def mark(self, screen: Screen) -> str:
        """What of the screen changes with the data, and with nothing else."""

    def close(self) -> None:
        """End the run."""


class OurData:
    """A run of ours in a workspace, and the cockpit over it."""

    def __init__(self, stage: Stage) -> None:
        self.workspace = stage.workspace("peers")
        self.writer = Writer(self.workspace, "w0", 0)
        for _ in range(UPDATES):
            self.writer.write_event()
        self.writer.write()
        self.words = [sys.executable, "-P", "-m", "vbot_tui.door", "--workspace", str(self.workspace.root)]

    def append(self) -> None:
        """Add one update."""
        self.writer.write()

    def seen(self, screen: Screen) -> bool:
        """The run's row, with its steps."""
        return count(self.writer.env_steps) in screen.line_with(" w0 ")

    def mark(self, screen: Screen) -> str:
        """The row, but for its age."""
        return " ".join(word for word in screen.line_with(" w0 ").split() if not _TIME.fullmatch(word))

    def close(self) -> None:
        """End the run."""
        self.writer.close()


class BoardData(OurData):
    """The very run that ours looks at, under terminalboard."""

    def __init__(self, ours: OurData, home: Path) -> None:
        self.workspace, self.writer = ours.workspace, ours.writer
        self.words = [str(home / "bin" / "terminalboard"), str(self.writer.run.path)]

    def seen(self, screen: Screen) -> bool:
        """The name of a curve."""
        return any(tag in screen.text for tag in CURVES)

    def mark(self, screen: Screen) -> str:
        """The whole picture."""
        return screen.text

    def close(self) -> None:
        """The run goes on; it is not this one's to end."""


class LeetData:
    """The same numbers written by the wandb SDK without a network, under LEET."""

    def __init__(self, stage: Stage, home: Path, source: OurData) -> None:
        folder = stage.root / "wandb"
        folder.mkdir(exist_ok=True)
        environment = {**terminal_environment(), "WANDB_MODE": "offline", "WANDB_SILENT": "true"}
        self._process = subprocess.Popen(
            [str(home / "bin" / "python"), "-c", WANDB_WRITER, str(folder)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True,
        )  # fmt: skip
        self._step = 0
        run = Path(self._answer()).parent
        curves = all_values(source.writer.run)
        rows: dict[int, list[str]] = {}
        for tag, points in curves.items():
            for step, value in points:
                rows.setdefault(step, []).append(f"{tag}={value!r}")
        self._last = next(reversed(rows.values()))
        self._tell(";".join(f"{number} {' '.join(pairs)}" for number, pairs in enumerate(rows.values())))
        self._step = len(rows)
        self.words = [str(home / "bin" / "wandb"), "leet", "run", str(run)]

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        self._answer()

    def append(self) -> None:
        """Log one more step."""
        self._step += 1
        self._tell(f"{self._step} {' '.join(self._last)}")

    def seen(self, screen: Screen) -> bool:
        """The name of a curve."""
        return any(tag in screen.text for tag in CURVES)

    def mark(self, screen: Screen) -> str:
        """The whole picture."""
        return screen.text

    def close(self) -> None:
        """End the writer."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(10)


def compare(stage: Stage, home: Path | None, trouble: str = "") -> list[Side]:
    """Measure all sides; a peer that is not there says why instead of figures.

    Args:
        stage: Where.
        home: The peers' environment; None where it could not be made.
        trouble: Why not.
    """
    ours = OurData(stage)
    try:
        makers: dict[str, Callable[[], Data]] = {"vbot": lambda: ours}
        if home is not None:
            makers |= {"leet": lambda: LeetData(stage, home, ours), "terminalboard": lambda: BoardData(ours, home)}
        found = []
        for name in NAMES:
            stage.say(f"{name}")
            found.append(_measure(stage, name, makers[name], ours) if name in makers else _missing(name, trouble))
        return found
    finally:
        ours.close()


def _missing(name: str, why: str) -> Side:
    nothing = float("nan")
    return Side(name, nothing, nothing, nothing, nothing, nothing, nothing, why or "it could not be started")


def _measure(stage: Stage, name: str, make: Callable[[], Data], ours: Data) -> Side:
    try:
        data = make()
    except (OSError, ValueError, AssertionError) as error:
        return _missing(name, f"its run could not be written ({error})")
    try:
        first = [_first(data) for _ in range(stage.rounds)]
        with _opened(data) as program:
            program.idle_for(CALM_S)
            idle_pct, idle_b_s = _over(program, IDLE_S)
            latencies = [_latency(program, data) for _ in range(APPENDS)]
            live_b_s = _live(program, data)
            memory = sum(memory_mb(pid) for pid in tree(program.process.pid))
        return Side(name, middle(first), middle(latencies), idle_pct, memory, idle_b_s, live_b_s)
    except TooLate as late:
        return _missing(name, str(late).splitlines()[0])
    finally:
        if data is not ours:
            data.close()


@contextmanager
def _opened(data: Data) -> Iterator[Program]:
    with Program(data.words, {**terminal_environment(), "COLORTERM": "truecolor"}, *SIZE) as program:
        program.wait(data.seen, READY_S, "its first picture with data")
        yield program


def _first(data: Data) -> float:
    with _opened(data) as program:
        return 1000 * (time.monotonic() - program.started_at)


def _over(program: Program, seconds: float) -> tuple[float, float]:
    """CPU in per cent of a core, and bytes per second, while nothing happens."""
    before, received, began = _cpu(program), program.received, time.monotonic()
    program.idle_for(seconds)
    spent = time.monotonic() - began
    return 100 * (_cpu(program) - before) / spent, (program.received - received) / spent


def _latency(program: Program, data: Data) -> float:
    """Milliseconds from an append to the first change."""
    program.idle_for(PAUSE_S)
    before, began = data.mark(program.screen), time.monotonic()
    data.append()
    with suppress(TooLate):
        return 1000 * (program.wait(lambda screen: data.mark(screen) != before, LATEST_S, "a change") - began)
    return 1000 * LATEST_S


def _live(program: Program, data: Data) -> float:
    """Bytes per second while one update comes every second."""
    received, began = program.received, time.monotonic()
    while time.monotonic() - began < LIVE_S:
        data.append()
        program.idle_for(1.0)
    return (program.received - received) / (time.monotonic() - began)


def _cpu(program: Program) -> float:
    total = 0.0
    for pid in tree(program.process.pid):
        with suppress(OSError, ValueError, IndexError):
            total += cpu_s(pid)
    return total


def tree(pid: int) -> list[int]:
    """A process and all that it has started."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError, ValueError, IndexError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
    found = [pid]
    for parent in found:
        found += [child for child, of in parents.items() if of == parent]
    return found
