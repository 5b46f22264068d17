"""Does a processor without AVX-512 learn as well? The same seeds trained on each path of the numeric libraries.

Matrix products and exponentials are rounded differently by each path, so the trainings part after some updates; what
must stay the same is how well they learn, within what two seeds of one path differ by.
"""

import json
import os
import statistics
import subprocess
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sessions.errors import WorkFailed
from sessions.runs import RunDir
from sessions.workspace import Workspace
from vbot_rl.launch import PROCESSOR

NATIVE, NARROW = "native", "avx2"
PATHS: Mapping[str, Mapping[str, str]] = {NATIVE: {}, NARROW: {PROCESSOR: "avx2"}}

Say = Callable[[str], None]


@dataclass(frozen=True)
class Learned:
    """One training on one path."""

    path: str
    seed: int
    run: str
    steps_per_s: float
    steps: tuple[int, ...]  # of the evaluations
    success: tuple[float, ...]  # at each of them

    @property
    def area(self) -> float:
        """Mean success over the evaluations: early and lasting success are both worth something."""
        return statistics.fmean(self.success)


def train_once(command: Sequence[str], root: Path, env: str, seed: int, path: str, options: Sequence[str]) -> Learned:
    """Train `env` with one seed on one path and read its evaluations.

    Raises:
        WorkFailed: the run did not finish.
    """
    words = [*command, "train", env, "--seed", str(seed), "--threads", "1", *options]
    done = subprocess.run(
        [*words, "--workspace", str(root), "--json"],
        env={**os.environ, **PATHS[path]},
        capture_output=True,
        text=True,
        check=False,
    )
    answer = json.loads(done.stdout) if done.stdout.strip() else {}
    if done.returncode or answer.get("state") != "finished":
        why = answer.get("error") or answer.get("end_detail") or done.stderr.strip()[-300:]
        raise WorkFailed(f"the run of seed {seed} on path {path} did not finish: {why}")
    run = Workspace.open(root, create=False).run(answer["run"])
    success, speed = curve(run, "eval/success"), curve(run, "perf/steps_per_s")
    return Learned(
        path, seed, run.id, round(statistics.median(speed.values()), 1), tuple(success), tuple(success.values())
    )


def curve(run: RunDir, tag: str) -> dict[int, float]:
    """The values of a tag by env step."""
    from sessions.event_file import EventFileReader

    records = [record for path in run.event_files() for record in EventFileReader(path).read_new()]
    return {record.step: record.values[tag] for record in records if tag in record.values}


def learn_on_all(
    command: Sequence[str], root: Path, env: str, seeds: int, options: Sequence[str], say: Say = lambda line: None
) -> list[Learned]:
    """Train every seed on every path, the paths of a seed at the same time, so that they meet the same disturbances."""
    found: list[Learned] = []
    with ThreadPoolExecutor(len(PATHS)) as pool:
        for seed in range(1, seeds + 1):
            jobs = [pool.submit(train_once, command, root, env, seed, path, options) for path in PATHS]
            found += [job.result() for job in jobs]
            shown = ", ".join(f"{item.path} {item.area:.3f}" for item in found[-len(PATHS) :])
            say(f"seed {seed}: mean success over the run: {shown}")
    return found


def summary(found: Sequence[Learned], facts: Mapping[str, Any]) -> dict[str, Any]:
    """The report: per path the mean over seeds; `difference` between paths and `seed_spread` to hold it against.

    `same` is true where the difference of the means is within two standard errors of what seeds differ by.
    """
    areas = {path: [item.area for item in found if item.path == path] for path in PATHS}
    difference = statistics.fmean(areas[NARROW]) - statistics.fmean(areas[NATIVE])
    many = min(map(len, areas.values())) > 1
    spread = max(statistics.stdev(values) for values in areas.values()) if many else None
    error = None if spread is None else spread * (2 / len(areas[NATIVE])) ** 0.5
    return {
        "same": None if error is None else abs(difference) <= 2 * error,
        "difference": round(difference, 4),
        "seed_spread": None if spread is None else round(spread, 4),
        "paths": {path: _of_path([item for item in found if item.path == path]) for path in PATHS},
        **facts,
    }


def _of_path(items: Sequence[Learned]) -> dict[str, Any]:
    return {
        "mean_success": round(statistics.fmean(item.area for item in items), 4),
        "final_success": round(statistics.fmean(item.success[-1] for item in items), 4),
        "steps_per_s": round(statistics.median(item.steps_per_s for item in items), 1),
        "seeds": [asdict(item) for item in items],
    }
