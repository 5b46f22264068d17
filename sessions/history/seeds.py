"""Imported trials as starting points: their parameters under today's names.

The names of today are not known on this floor: whoever knows them (and the ranges of a search) hands in the table.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sessions.history.model import CRASHED, FINAL, Config, Trial


@dataclass(frozen=True)
class Seed:
    """One starting point: parameters under the names of the table, and what the table has no name for."""

    source: str
    params: Mapping[str, Any] = field(default_factory=dict)
    unmapped: Mapping[str, Any] = field(default_factory=dict)
    legacy_score: float | None = None
    score_formula: str = ""


def seed_params(origin: Trial | Config, aliases: Mapping[str, str]) -> Seed:
    """Rename the parameters of a trial or a configuration.

    Args:
        origin: Where the parameters come from; its keys are the older tools'.
        aliases: Old key -> new name. Keys are `hp/<name>` and `reward/<name>`, or the bare name where it is the same in
            both groups. A table that maps nothing leaves everything in `unmapped`.
    """
    params: dict[str, Any] = {}
    unmapped: dict[str, Any] = {}
    for group, values in (("hp", origin.hp), ("reward", origin.reward)):
        for key, value in values.items():
            name = aliases.get(f"{group}/{key}", aliases.get(key))
            if name is None:
                unmapped[f"{group}/{key}"] = value
            else:
                params[name] = value
    if isinstance(origin, Trial):
        return Seed(origin.uid, params, unmapped, origin.legacy_score, origin.score_formula)
    return Seed(origin.tag or f"{origin.path}[{origin.entry}]", params, unmapped)


def best_seeds(trials: Iterable[Trial], aliases: Mapping[str, str], count: int) -> tuple[Seed, ...]:
    """The best trials of each score formula, by turns, without repeats and never a crashed one.

    Scores under different formulas cannot be ranked against each other, so each formula gives its best first.
    """
    groups: dict[str, list[Trial]] = {}
    for trial in trials:
        if trial.outcome != CRASHED and trial.kind != FINAL and (trial.reward or trial.hp):
            groups.setdefault(trial.score_formula, []).append(trial)
    ranked = [
        sorted(group, key=_rank) for _, group in sorted(groups.items(), key=lambda item: (item[0] == "", item[0]))
    ]
    seeds: list[Seed] = []
    for turn in range(max(map(len, ranked), default=0)):
        for group in ranked:
            if turn < len(group):
                seed = seed_params(group[turn], aliases)
                if seed.params and all(seed.params != other.params for other in seeds):
                    seeds.append(seed)
    return tuple(seeds[:count])


def _rank(trial: Trial) -> tuple[float, str]:
    return (-trial.legacy_score if trial.legacy_score is not None else float("inf"), trial.uid)
