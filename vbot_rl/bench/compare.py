"""Training speed beside other trainers: interleaved rounds, ratios within a round, their spread."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from vbot_rl.bench.measure import OURS, PHYSICS
from vbot_rl.bench.spread import Spread, ratios, spread
from vbot_rl.bench.workload import CONTROLS, Control, Measured, Workload

CALIBRATION_UPDATES = 2
Say = Callable[[str], None]
Figures = Mapping[str, Sequence[float]]  # steps per second of each side, round by round


class Runner(Protocol):
    """Whoever runs the measurements."""

    settings: dict[str, str]

    def measure(self, side: str, work: Workload) -> Measured:
        """One measurement in a process of its own."""

    def choose_setting(self, side: str, work: Workload) -> str:
        """Find the best setting of a peer."""


def order(sides: Sequence[str], round_: int) -> list[str]:
    """The sides in the order of a round: each comes first in turn."""
    shift = round_ % len(sides)
    return [*sides[shift:], *sides[:shift]]


def compare(
    base: Mapping[Control, Workload],
    peers: Sequence[str],
    rounds: int,
    runner: Runner,
    load: Callable[[], float],
    say: Say = lambda line: None,
) -> dict[str, Any]:
    """Measure every side `rounds` times on each workload.

    Args:
        base: the work under each control rate.
        peers: names of other trainers.
        rounds: how often everything is measured.
        runner: runs a measurement.
        load: the machine's load average now, for the record.
        say: told before each measurement.

    Returns:
        The report: figures of 100 Hz control on top, those of every control rate under `controls`.
    """
    loads = [load()]
    first = next(iter(base.values()))
    for peer in peers:
        say(f"finding the best settings of {peer}")
        runner.choose_setting(peer, first.shorter(CALIBRATION_UPDATES))
    sides = [OURS, PHYSICS, *peers]
    found: dict[Control, dict[str, list[Measured]]] = {control: {side: [] for side in sides} for control in base}
    for round_ in range(rounds):
        for control, work in base.items():
            for side in order(sides, round_):
                measured = runner.measure(side, work)
                found[control][side].append(measured)
                say(f"round {round_ + 1} of {rounds}, {control}: {side} {measured.steps_per_s:,.0f} steps/s")
        loads.append(load())
    reports = {control: report(found[control], base[control], runner.settings) for control in base}
    top = reports.get("100hz") or next(iter(reports.values()))
    return {
        **top,
        "rounds": rounds,
        "threads": first.threads,
        "num_envs": first.num_envs,
        "horizon": first.horizon,
        "load_average": [round(value, 2) for value in loads],
        "controls": reports,
    }


def report(found: Mapping[str, Sequence[Measured]], work: Workload, settings: Mapping[str, str]) -> dict[str, Any]:
    """What the rounds on one workload came to."""
    task = work.config().task
    figures: Figures = {side: [item.steps_per_s for item in items] for side, items in found.items()}
    peers = {
        name: _peer(figures[OURS], values, settings.get(name, "plain"), found[name])
        for name, values in figures.items()
        if name not in (OURS, PHYSICS)
    }
    best = min(peers, key=lambda name: float(peers[name]["ratio"])) if peers else None
    ours, physics = spread(figures[OURS]), spread(figures[PHYSICS])
    of_limit = ratios([value * task.substeps for value in figures[OURS]], figures[PHYSICS])
    return {
        "control": work.control,
        "control_hz": task.control.rate_hz,
        "substeps": task.substeps,
        "steps_per_s": round(ours.median, 1),
        "rss_mb": max(item.rss_mb for item in found[OURS]),
        "physics_steps_per_s": round(physics.median, 1),
        "physics_share": round(spread(of_limit).median, 4),  # physics steps done while training over those possible
        "ratio": peers[best]["ratio"] if best else None,
        "best_peer": best,
        "peers": peers,
        "spread": {
            "steps_per_s": _quartiles(ours, 1),
            "physics_steps_per_s": _quartiles(physics, 1),
            "ratio": peers[best]["spread"] if best else None,
        },
    }


def _peer(ours: Sequence[float], theirs: Sequence[float], setting: str, items: Sequence[Measured]) -> dict[str, Any]:
    found = spread(ratios(ours, theirs))
    return {
        "steps_per_s": round(spread(theirs).median, 1),
        "ratio": round(found.median, 3),
        "spread": _quartiles(found, 3),
        "setting": setting,
        "rss_mb": max(item.rss_mb for item in items),
    }


def _quartiles(found: Spread, digits: int) -> dict[str, float]:
    return {"low": round(found.low, digits), "high": round(found.high, digits), "iqr": round(found.iqr, digits)}


def workloads(threads: int, controls: Sequence[Control] = CONTROLS) -> dict[Control, Workload]:
    """The standard work under each control rate."""
    return {control: Workload(control=control, threads=threads) for control in controls}
