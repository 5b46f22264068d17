"""Curves made by hand, for the tests of detectors."""

from collections.abc import Mapping

from automl.flags import Curves, diagnose
from sessions.runs import RunDir, RunRecord
from sessions.workspace import Workspace
from vbot_rl.event_writer import EventWriter


def line(value: float, count: int = 20, step: int = 10_000) -> list[tuple[int, float]]:
    """A curve that stays where it is, over 200,000 steps."""
    return [(step * (n + 1), value) for n in range(count)]


def bend(
    before: float, after: float, at: int = 100_000, count: int = 20, step: int = 10_000
) -> list[tuple[int, float]]:
    """A curve that changes once."""
    return [(at_step, before if at_step < at else after) for at_step, _ in line(0.0, count, step)]


def flat(**values: float) -> dict[str, list[tuple[int, float]]]:
    """Constant curves by tag, written with two underscores for the slash."""
    return {tag.replace("__", "/"): line(value) for tag, value in values.items()}


def names(curves: Curves, **more) -> list[str]:
    """The names of the flags that curves raise."""
    return [flag.name for flag in diagnose(curves, **more)]


LAZY: Mapping[str, float] = {
    "episode/touched": 0.05,
    "episode/fell": 0.1,
    "task/speed_mps": 0.1,
    "reward/alive_bonus": 3.0,
    "reward/forward_velocity": 1.0,
    "reward/total": 4.0,
}
"""What a lazy robot measures: three quarters of its income are for being alive."""


def lazy_run(workspace: Workspace, name: str) -> RunDir:
    """A run of 200,000 steps in which all of them say the same; it has no status yet."""
    found = RunDir.create(workspace.runs, RunRecord(id=name, kind="train", env="e"), {})
    events = EventWriter(found.path, clock=lambda: 0.0)
    for n in range(1, 21):
        events.write(10_000 * n, LAZY)
    events.close()
    return found
