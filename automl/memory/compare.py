"""Runs side by side: where their configs differ, what they scored, what each was paid for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from automl.diagnosis import read_curves
from automl.flags import Points
from automl.memory.config_diff import Difference, differences, read_config
from automl.memory.digest import RunDigest, read_run
from sessions.errors import UsageError
from sessions.metrics import REWARD_TOTAL, describe, reward_tag, reward_terms
from sessions.runs import RunDir

METRICS = (
    "episode/success",
    "episode/fell",
    "episode/touched",
    "episode/length_s",
    "episode/final_distance_m",
    "task/distance_m",
    "task/speed_mps",
    "ppo/kl",
    "ppo/std",
    "ppo/explained_variance",
    REWARD_TOTAL,
)


@dataclass(frozen=True)
class Row:
    """One number of each run, and how far each is from the first."""

    name: str
    unit: str
    values: tuple[float | None, ...]

    @property
    def deltas(self) -> tuple[float | None, ...]:
        """Each value less the first one."""
        first = self.values[0]
        return tuple(None if value is None or first is None else value - first for value in self.values)


@dataclass(frozen=True)
class Comparison:
    """Several runs side by side.

    Attributes:
        common_step: the last step that every run has reached, where `metrics_common` was read.
    """

    runs: tuple[RunDigest, ...]
    states: tuple[str, ...]
    config: tuple[Difference, ...]
    evals: tuple[Row, ...]
    metrics: tuple[Row, ...]
    metrics_common: tuple[Row, ...]
    reward: tuple[Row, ...]
    common_step: int | None


def compare(runs: Sequence[RunDir]) -> Comparison:
    """Set runs side by side, the first one being what the others are measured against.

    Raises:
        UsageError: fewer than two different runs.
    """
    if len({run.id for run in runs}) < 2:
        raise UsageError("a comparison needs at least two different runs; give RUN RUN ...")
    digests = [read_run(run) for run in runs]
    curves = [read_curves(run) for run in runs]
    common = min((_last_step(item) for item in curves), default=0) or None
    return Comparison(
        runs=tuple(digests),
        states=tuple(digest.state(run.is_alive()) for digest, run in zip(digests, runs, strict=True)),
        config=differences([read_config(run) for run in runs]),
        evals=_eval_rows(digests),
        metrics=_metric_rows(curves, None),
        metrics_common=_metric_rows(curves, common) if common else (),
        reward=_reward_rows(curves),
        common_step=common,
    )


def _eval_rows(digests: Sequence[RunDigest]) -> tuple[Row, ...]:
    def row(name: str, unit: str, attribute: str) -> Row:
        return Row(name, unit, tuple(getattr(digest, attribute) for digest in digests))

    return (
        row("best score", "", "score"),
        row("at step", "", "best_step"),
        row("success there", "", "success"),
        row("fell there", "", "fell"),
        row("last score", "", "last_score"),
        row("env steps", "", "env_steps"),
    )


def _metric_rows(curves: Sequence[Mapping[str, Points]], step: int | None) -> tuple[Row, ...]:
    rows = [
        Row(tag, describe(tag).unit, tuple(value_at(item.get(tag, ()), step) for item in curves)) for tag in METRICS
    ]
    return tuple(row for row in rows if any(value is not None for value in row.values))


def _reward_rows(curves: Sequence[Mapping[str, Points]]) -> tuple[Row, ...]:
    """Each term at the last step, the ones that differ most first."""
    terms = sorted({term for item in curves for term in reward_terms(item)})
    rows = [
        Row(term, "/step", tuple(value_at(item.get(reward_tag(term), ()), None) for item in curves)) for term in terms
    ]
    return tuple(sorted(rows, key=lambda row: (-_spread(row), row.name)))


def _spread(row: Row) -> float:
    numbers = [value or 0.0 for value in row.values]  # a term that a run does not have pays nothing
    return max(numbers) - min(numbers)


def value_at(points: Points, step: int | None) -> float | None:
    """The last value of a curve at or before a step; of the whole curve without one."""
    fitting = points if step is None else [point for point in points if point[0] <= step]
    return fitting[-1][1] if fitting else None


def _last_step(curves: Mapping[str, Points]) -> int:
    return max((points[-1][0] for points in curves.values() if points), default=0)


def as_object(found: Comparison) -> dict[str, Any]:
    """The comparison as JSON."""

    def rows(items: Sequence[Row]) -> list[dict[str, Any]]:
        return [{"name": row.name, "unit": row.unit, "values": row.values, "deltas": row.deltas} for row in items]

    return {
        "runs": [
            {
                "id": digest.id,
                "state": state,
                "env": digest.env,
                "host": digest.host,
                "env_steps": digest.env_steps,
                "score": digest.score,
                "best_step": digest.best_step,
                "study": digest.study,
                "trial": digest.trial,
            }
            for digest, state in zip(found.runs, found.states, strict=True)
        ],
        "config": [{"key": item.key, "values": item.values, "origins": item.origins} for item in found.config],
        "evals": rows(found.evals),
        "metrics": rows(found.metrics),
        "metrics_common": rows(found.metrics_common),
        "common_step": found.common_step,
        "reward": rows(found.reward),
    }
