"""Curves made by hand, for the tests of detectors."""

from automl.flags import Curves, diagnose


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
