"""What single parts cost: a table of ten thousand rows, a chart of a million points, the reader of event files.

Costs are seconds of this process's CPU, so that other work on the machine counts little.
"""

import math
import sys
import time
from pathlib import Path

from sessions.event_file import EventFileReader
from sessions.series import SeriesSet
from vbot_tui.bench.herd import long_run
from vbot_tui.bench.program import Program, terminal_environment
from vbot_tui.bench.stage import READY_S, Stage, middle
from vbot_tui.curves import CurveCache
from vbot_tui.glyphs import UNICODE
from vbot_tui.widgets.chart_page import Look, Shown, page

POINTS = 1_000_000
REDRAWS = 20
UPDATES, TAGS = 12_500, 40


def table_once(stage: Stage) -> float:
    """Milliseconds of CPU for one update of a table of ten thousand rows."""
    workspace = stage.workspace("table")
    answer = stage.root / "table.txt"
    command = [sys.executable, "-P", "-m", "vbot_tui.bench.big_table", str(workspace.root), str(answer)]
    with Program(command, terminal_environment()) as program:
        program.wait_exit(READY_S)
    return float(answer.read_text())


def chart_once() -> float:
    """Milliseconds of CPU to draw a chart of a million points anew after it has grown by one."""
    from array import array

    from sessions.event_file import Record

    live = SeriesSet()
    tag = "reward/total"
    live.extend([Record(0, 0.0, (tag,), (0.0,))])
    curve = live._curves[tag]
    curve.steps = array("q", range(0, POINTS * 100, 100))
    curve.values = array("d", (math.sin(k / 9000) + (k * 7919 % 1000) / 1000 for k in range(POINTS)))
    live._last_step = curve.last_step
    cache, shown, look = CurveCache(lambda run: live), [Shown("run", "T0")], Look(big=True)
    page(cache, shown, look, 80, 20, UNICODE)
    spent = []
    for turn in range(1, REDRAWS + 1):
        live.extend([Record((POINTS + turn) * 100, 0.0, (tag,), (float(turn % 3),))])
        began = time.thread_time()
        page(cache, shown, look, 80, 20, UNICODE)
        spent.append(1000 * (time.thread_time() - began))
    return middle(spent)


def long_file(stage: Stage) -> Path:
    """A packed event file of half a million values."""
    path = stage.root / "events.out.tfevents.1770000000.long.1.0"
    if not path.exists():
        stage.say("writing a long event file")
        long_run(path, UPDATES, TAGS)
    return path


def reader_once(stage: Stage) -> float:
    """Millions of values per second of CPU from a packed event file into curves, checksums checked."""
    path = long_file(stage)
    curves = SeriesSet()
    began = time.thread_time()
    curves.extend(EventFileReader(path).read_new())
    spent = time.thread_time() - began
    found = sum(len(curves.get(tag)) for tag in curves.tags())
    if found != UPDATES * TAGS:
        raise AssertionError(f"{found} values were read from {path}, {UPDATES * TAGS} are in it")
    return found / spent / 1e6


def same_as_tensorboard(path: Path) -> bool:
    """Whether our reader and TensorBoard's own find the same values, bit for bit, in the same order."""
    from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader

    theirs: dict[str, list[tuple[int, float]]] = {}
    for event in LegacyEventFileLoader(str(path)).Load():
        for value in event.summary.value:
            if value.HasField("simple_value"):
                theirs.setdefault(value.tag, []).append((event.step, value.simple_value))
    ours: dict[str, list[tuple[int, float]]] = {}
    for record in EventFileReader(path).read_new():
        for tag, number in zip(record.tags, record.numbers, strict=True):
            ours.setdefault(tag, []).append((record.step, number))
    return {tag: repr(points) for tag, points in ours.items()} == {tag: repr(points) for tag, points in theirs.items()}
