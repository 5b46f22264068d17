"""The figures of the cockpit: what each is, how it is taken, and what it must be."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from vbot_tui.bench import fuzz, inside, keys, line, live, lost, opening
from vbot_tui.bench.stage import Stage, middle

BARE_FACTOR = 1.3
FUZZ_CASES = 10_000


@dataclass(frozen=True)
class Figure:
    """One figure."""

    name: str
    value: float
    target: float
    holds: bool
    detail: str = ""

    def as_json(self) -> dict[str, float | bool]:
        """The figure as an object."""
        return {"value": round(self.value, 3), "target": self.target, "holds": self.holds}


TARGETS: Mapping[str, float] = {
    "first_byte_ms": 200.0,
    "first_table_ms": 400.0,
    "append_to_pixel_p95_ms": 300.0,
    "idle_cpu_pct": 0.5,
    "live_cpu_pct": 2.0,
    "wire_kb_s": 4.0,
    "key_extra_ms": 30.0,
    "table_10k_ms": 5.0,
    "chart_1m_ms": 10.0,
    "reader_mvalues_s": 1.5,
    "stall_gap_s": 1.0,
    "hangup_s": 1.0,
    "attach_s": 1.0,
    "fuzz_failures": 0.0,
    "key_storm_failures": 0.0,
}
"""All are upper limits, but for the reader's speed."""
AT_LEAST = frozenset({"reader_mvalues_s"})


def figure(name: str, values: Sequence[float], *, good: bool = True, detail: str = "") -> Figure:
    """Return the figure of a timing: the median of its rounds."""
    value, target = middle(values), TARGETS[name]
    reached = value >= target if name in AT_LEAST else value <= target
    rounds = ", ".join(f"{item:.3g}" for item in values)
    return Figure(name, value, target, reached and good, f"{rounds}{f'; {detail}' if detail else ''}")


def _opening(stage: Stage) -> list[Figure]:
    bare, ours = [], []
    for _ in range(stage.rounds):
        bare.append(opening.bare_once())
        ours.append(opening.opening_once(stage))
    first = figure("first_byte_ms", [first for first, _ in ours])
    ratio = middle([mine[0] / theirs for mine, theirs in zip(ours, bare, strict=True)])
    detail = f"{first.detail}; bare Textual {middle(bare):.0f} ms, {ratio:.2f} of it"
    byte = Figure(first.name, first.value, first.target, first.holds or ratio <= BARE_FACTOR, detail)
    return [byte, figure("first_table_ms", [table for _, table in ours])]


def _live(stage: Stage) -> list[Figure]:
    found = live.live_rounds(stage)
    return [
        figure("append_to_pixel_p95_ms", [item.p95_ms for item in found]),
        figure("live_cpu_pct", [item.cpu_pct for item in found]),
        figure("wire_kb_s", [item.kb_s for item in found]),
    ]


def _stall(stage: Stage) -> list[Figure]:
    seconds = lost.LONG_STALL_S if stage.long else lost.STALL_S
    found = lost.stall_once(stage, seconds)
    told = f"not read for {seconds:g} s, right after {found.healed_s:.2f} s, {found.growth_mb:+.1f} MB"
    return [figure("stall_gap_s", [found.gap_s], good=found.holds, detail=told)]


def _lost(stage: Stage) -> list[Figure]:
    found = lost.hang_up_rounds(stage)
    missing = [what for item in found for what in item.lost]
    by_key, by_signal = middle([item.left_s for item in found]), middle([item.hung_up_s for item in found])
    told = "; ".join([f"by key {by_key:.2f} s, by hang-up {by_signal:.2f} s", *missing[:3]])
    return [
        figure("hangup_s", [max(item.left_s, item.hung_up_s) for item in found], good=not missing, detail=told),
        figure("attach_s", [item.attach_s for item in found]),
    ]


def _counted(name: str, failures: Sequence[str], cases: int) -> list[Figure]:
    """Return the figure of a count: what failed among many cases, played once."""
    detail = "; ".join([f"{cases:,} cases", *(item[:300] for item in failures[:5])])
    return [Figure(name, float(len(failures)), TARGETS[name], not failures, detail)]


def _counts(stage: Stage) -> list[Figure]:
    """Play the hostile cases in a process of their own beside the storm of keys: neither is a timing."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        cases = pool.submit(fuzz.run_cases, FUZZ_CASES)
        found = keys.storm(stage)
        return [
            *_counted("fuzz_failures", cases.result(), FUZZ_CASES),
            *_counted("key_storm_failures", found.failures, found.pressed),
        ]


def _repeated(name: str, once: Callable[[Stage], float]) -> Callable[[Stage], list[Figure]]:
    return lambda stage: [figure(name, [once(stage) for _ in range(stage.rounds)])]


GROUPS: tuple[tuple[tuple[str, ...], Callable[[Stage], list[Figure]]], ...] = (
    (("first_byte_ms", "first_table_ms"), _opening),
    (("append_to_pixel_p95_ms", "live_cpu_pct", "wire_kb_s"), _live),
    (("idle_cpu_pct",), lambda stage: [figure("idle_cpu_pct", live.idle_rounds(stage))]),
    (("key_extra_ms",), lambda stage: [figure("key_extra_ms", line.key_rounds(stage))]),
    (("table_10k_ms",), _repeated("table_10k_ms", inside.table_once)),
    (("chart_1m_ms",), _repeated("chart_1m_ms", lambda stage: inside.chart_once())),
    (("reader_mvalues_s",), _repeated("reader_mvalues_s", inside.reader_once)),
    (("stall_gap_s",), _stall),
    (("hangup_s", "attach_s"), _lost),
    (("fuzz_failures", "key_storm_failures"), _counts),
)
"""What is measured together."""


def measure(stage: Stage, only: Sequence[str] = ()) -> list[Figure]:
    """Take the figures, in the order of their targets."""
    found: dict[str, Figure] = {}
    for names, take in GROUPS:
        if only and not set(only) & set(names):
            continue
        stage.say(f"{', '.join(names)}: load {os.getloadavg()[0]:.1f}")
        for item in take(stage):
            found[item.name] = item
            stage.say(f"  {item.name} {item.value:.3g} ({item.detail})")
    return [found[name] for name in TARGETS if name in found and (not only or name in only)]
