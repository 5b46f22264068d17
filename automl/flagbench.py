"""How often are flags right? Recordings of the gallery, judged after every update as the cockpit does.

Each config of the gallery declared its true flags before it was trained; a flag outside that set is false. A flag
counts as raised if it was up at any time of the run, which is lenient to recall and strict to precision; how many true
flags were still up at the end is reported too. The delay is from the onset that the exhibit declares to the first
flag, as a share of the run.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from automl.exploits import Exhibit, exhibit
from automl.flags import FLAG_NAMES, Curves, diagnose
from automl.flags.window import smoothed
from automl.recordings import Recording

STAYS = 0.8  # share of the later updates that have to meet the rule of an onset too


@dataclass(frozen=True)
class Replay:
    """What one recorded run raised.

    Attributes:
        exhibit: its config.
        seed: its seed.
        raised: step at which each flag was first up.
        final: the flags that were up at the end.
        delays: for each true flag that was raised, the share of the run from its onset to the flag.
        missed: true flags that were never raised.
        false: flags that were raised and are not true.
    """

    exhibit: str
    seed: int
    raised: Mapping[str, int]
    final: tuple[str, ...]
    delays: Mapping[str, float]
    missed: tuple[str, ...]
    false: tuple[str, ...]


def replay(recording: Recording, item: Exhibit) -> Replay:
    """Judge a recorded run after every update, flags that are up kept by their laxer limits."""
    steps = sorted({step for points in recording.curves.values() for step, _ in points})
    raised: dict[str, int] = {}
    up: tuple[str, ...] = ()
    for step in steps or [0]:
        flags = diagnose(upto(recording.curves, step), recording.facts, raised=up, notices=True)
        up = tuple(flag.name for flag in flags)
        for name in up:
            raised.setdefault(name, step)
    last = steps[-1] if steps else 0
    true = set(item.true_flags)
    return Replay(
        recording.exhibit,
        recording.seed,
        raised,
        up,
        {flag: _delay(recording, item, flag, raised[flag], last) for flag in sorted(true & raised.keys())},
        tuple(sorted(true - raised.keys())),
        tuple(sorted(raised.keys() - true)),
    )


def upto(curves: Curves, step: int) -> Curves:
    """The curves as they were at a step."""
    return {
        tag: points[: bisect_right(points, (step, float("inf")))]
        for tag, points in curves.items()
        if points and points[0][0] <= step
    }


def _delay(recording: Recording, item: Exhibit, flag: str, step: int, last: int) -> float:
    begin = onset(recording.curves, item.onset.get(flag, {}))
    length = max(recording.facts.total_env_steps, last, 1)
    return max(0, step - begin) / length


def onset(curves: Curves, rule: Mapping[str, Any]) -> int:
    """The step at which trouble begins by a rule; 0 where the rule is empty or never met for good."""
    if "step" in rule:
        return int(rule["step"])
    means = smoothed(curves.get(str(rule.get("tag", "")), ()), 3)
    met = [_meets(value, rule) for _, value in means]
    for index, (step, _) in enumerate(means):
        later = met[index:]
        if met[index] and sum(later) >= STAYS * len(later):
            return step
    return 0


def _meets(value: float, rule: Mapping[str, Any]) -> bool:
    return bool(value > rule["above"] if "above" in rule else value < rule["below"])


def measure(recordings: Iterable[Recording]) -> dict[str, Any]:
    """Recall, precision, confusion and delay over recorded runs."""
    replays = [replay(item, exhibit(item.exhibit)) for item in recordings]
    hits = sum(len(item.delays) for item in replays)
    missed = sum(len(item.missed) for item in replays)
    false = sum(len(item.false) for item in replays)
    kept = sum(len(set(item.final) & set(item.delays)) for item in replays)
    return {
        "runs": len(replays),
        "healthy": sum(not exhibit(item.exhibit).true_flags for item in replays),
        "modes": sorted({flag for item in replays for flag in exhibit(item.exhibit).true_flags}),
        "recall": _part(hits, hits + missed),
        "recall_at_end": _part(kept, hits + missed),
        "precision": _part(hits, hits + false),
        "delay": _median([delay for item in replays for delay in item.delays.values()]),
        "delays": _delays(replays),
        "confusion": confusion(replays),
        "missed": [_case(item, item.missed) for item in replays if item.missed],
        "false": [_case(item, item.false) for item in replays if item.false],
    }


def confusion(replays: Sequence[Replay]) -> dict[str, dict[str, int]]:
    """For each exhibit how many of its runs raised which flag; the runs themselves are counted as "runs"."""
    table: dict[str, dict[str, int]] = {}
    for item in replays:
        row = table.setdefault(item.exhibit, {"runs": 0})
        row["runs"] += 1
        for flag in FLAG_NAMES:
            if flag in item.raised:
                row[flag] = row.get(flag, 0) + 1
    return dict(sorted(table.items()))


def _delays(replays: Sequence[Replay]) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for item in replays:
        for flag, delay in item.delays.items():
            found.setdefault(flag, []).append(delay)
    return {flag: round(_median(values) or 0.0, 4) for flag, values in sorted(found.items())}


def _case(item: Replay, flags: Sequence[str]) -> dict[str, Any]:
    return {"exhibit": item.exhibit, "seed": item.seed, "flags": list(flags)}


def _part(some: int, all_: int) -> float | None:
    return round(some / all_, 4) if all_ else None


def _median(values: Sequence[float]) -> float | None:
    ordered = sorted(values)
    middle = len(ordered) // 2
    if not ordered:
        return None
    return round(ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2, 4)
