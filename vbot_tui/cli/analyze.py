"""`vbot analyze`: the curves of a run in numbers: where each began, its best, where it ended, what was lost between."""

import argparse
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sessions.metrics import Metric, describe
from vbot_tui.cli.console import Console
from vbot_tui.cli.parser import Verbs, positive_int
from vbot_tui.cli.tables import number, table

SHARE = 20  # a value here is the mean over a twentieth of the curve: one lucky update is no peak
LOST_POINTS = 2.0
HUNDREDTHS = {"eval/score"}  # from 0 to 1 like the fractions, and told in points of a hundred like them

DESCRIPTION = """\
Tell of every curve of RUN its first value, its best one (in the direction that is better), its last one, and what was
lost between. Values are means over a twentieth of the curve, so that one lucky update is no peak."""


@dataclass(frozen=True)
class Curve:
    """One metric of a run; `peak`, `peak_step` and `drop` are null where neither way is better."""

    unit: str
    direction: str
    points: int
    first: float
    final: float
    final_step: int
    lowest: float
    highest: float
    peak: float | None
    peak_step: int | None
    drop: float | None  # how much worse the end is than the peak, in the metric's unit; never negative
    drop_points: float | None  # the same in percentage points, of fractions and scores


def add_verbs(verbs: Verbs) -> None:
    """Enter `analyze`."""
    parser = verbs.add("analyze", "first, best and last value of every curve of a run", run, description=DESCRIPTION)
    parser.add_argument("run_name", metavar="RUN", help="id of the run or its beginning")
    parser.add_argument("--window", type=positive_int, metavar="N", help="points in a mean (default: a twentieth)")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Read the curves and tell."""
    from sessions.event_file import EventFileReader
    from sessions.series import SeriesSet
    from sessions.workspace import Workspace

    found = Workspace.open(arguments.workspace, create=False).run(arguments.run_name)
    series = SeriesSet()
    for path in found.event_files():
        series.extend(EventFileReader(path).read_new())
    result = {"run": found.id, "dir": str(found.path), **analyze(series.mapping(), arguments.window)}
    console.show(result, as_text(result))
    return 0


def analyze(curves: Mapping[str, Sequence[tuple[int, float]]], window: int | None = None) -> dict[str, Any]:
    """All curves, and those fractions that lost more than two points between their peak and the end."""
    found = {tag: curve for tag in sorted(curves) if (curve := summarize(curves[tag], describe(tag), window))}
    lost = {
        tag: curve.drop_points
        for tag, curve in found.items()
        if curve.drop_points is not None and curve.drop_points > LOST_POINTS
    }
    return {
        "env_steps": max((curve.final_step for curve in found.values()), default=0),
        "metrics": {tag: asdict(curve) for tag, curve in found.items()},
        "lost": dict(sorted(lost.items(), key=lambda item: -item[1])),
    }


def summarize(points: Sequence[tuple[int, float]], metric: Metric, window: int | None = None) -> Curve | None:
    """One curve in numbers; None without a finite value."""
    finite = [(step, value) for step, value in points if math.isfinite(value)]
    if not finite:
        return None
    steps, values = zip(*finite, strict=True)
    means = running_means(values, window or max(1, len(values) // SHARE))
    peak = drop = at = None
    if metric.direction != "none":
        sign = 1.0 if metric.direction == "up" else -1.0
        index = max(range(len(means)), key=lambda i: sign * means[i])
        peak, at = means[index], steps[index + len(steps) - len(means)]
        drop = sign * (peak - means[-1]) + 0.0  # never -0
    in_points = metric.reduction == "fraction" or metric.tag in HUNDREDTHS
    return Curve(
        unit=metric.unit,
        direction=metric.direction,
        points=len(values),
        first=means[0],
        final=means[-1],
        final_step=steps[-1],
        lowest=min(values),
        highest=max(values),
        peak=peak,
        peak_step=at,
        drop=drop,
        drop_points=100.0 * drop if drop is not None and in_points else None,
    )


def running_means(values: Sequence[float], window: int) -> list[float]:
    """The mean of every `window` neighbours; of all values where there are fewer."""
    window = min(window, len(values))
    return [math.fsum(values[i : i + window]) / window for i in range(len(values) - window + 1)]


def as_text(result: dict[str, Any]) -> str:
    """The curves for a person."""
    from automl.memory.brief_text import counted

    rows = [
        [
            tag,
            brief(item["first"]),
            brief(item["peak"]),
            number(item["peak_step"]),
            brief(item["final"]),
            brief(item["drop"]),
            item["unit"] or "-",
        ]
        for tag, item in result["metrics"].items()
    ]
    head = f"{result['run']}: {counted(len(rows), 'curve')} over {result['env_steps']:,} steps"
    if not rows:
        return head
    lost = ", ".join(f"{tag} {points:.1f}" for tag, points in result["lost"].items())
    told = f"lost between peak and end, in points: {lost}" if lost else "no fraction lost more than 2 points"
    return "\n".join([head, table(["METRIC", "FIRST", "PEAK", "AT STEP", "FINAL", "DROP", "UNIT"], rows), told])


def brief(value: float | None) -> str:
    """Four digits, or a dash."""
    return "-" if value is None else f"{value:.4g}"
