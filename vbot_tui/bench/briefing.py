"""How long `vbot brief` takes on a workspace of many runs: the first time, and when the runs are known.

The runs are made up, of the size that real ones have in the files which a brief opens. Each figure is the median of
several whole processes: wall seconds and seconds of computing.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

from sessions.files import to_json
from sessions.workspace import Workspace
from vbot_tui.bench.herd import ENV, ended_runs

LIMIT_S = 1.0
EVALUATIONS = 5
CASES = 32
EPISODE = {
    "cause": "success",
    "success": True,
    "reached": True,
    "length_s": 7.1,
    "t_success_s": 6.1,
    "spawn_distance_m": 9.7,
    "final_distance_m": 0.2,
}


def measure(
    config: str, runs: int = 1000, rounds: int = 5, say: Callable[[str], None] = lambda line: None
) -> dict[str, Any]:
    """Write the runs, each with the text of a config, and take the times.

    `first` is without anything known of them, `again` as on every later day.
    """
    with tempfile.TemporaryDirectory(prefix="vbot-bench-") as folder:
        workspace = Workspace.open(folder)
        say(f"writing {runs} runs")
        fill(workspace, runs, config)
        first = [briefed(workspace, forget=True) for _ in range(rounds)]
        again = [briefed(workspace, forget=False) for _ in range(rounds)]
    found = {"first": _medians(first), "again": _medians(again)}
    return {"runs": runs, "rounds": rounds, **found, "limit_s": LIMIT_S, "holds": found["again"]["wall_s"] < LIMIT_S}


def fill(workspace: Workspace, runs: int, config: str) -> None:
    """Ended runs with a real config and with evaluations."""
    ended_runs(workspace, runs)
    for number, run in enumerate(workspace.run_dirs()):
        run.config_path.write_text(config, encoding="utf-8")
        for part in range(1, EVALUATIONS + 1):
            step = part * 98_304
            (run.eval_dir / f"competition-{step}.json").write_text(evaluation(step, (number * part) % 100 / 100))


def evaluation(step: int, success: float) -> str:
    """The text of an evaluation file."""
    head = {
        "protocol": "competition",
        "protocol_id": "competition-v1",
        "env": ENV,
        "step": step,
        "n": CASES,
        "canonical": True,
        "success": success,
        "fell": 0.0,
        "score": success,
        "score_version": 1,
        "schema": 1,
    }
    return to_json({**head, "episodes": [EPISODE] * CASES}, indent=1) + "\n"


def briefed(workspace: Workspace, forget: bool) -> tuple[float, float]:
    """Wall seconds and seconds of computing of one `vbot brief`, whole process."""
    if forget:
        for kept in workspace.view.glob("*.json"):
            kept.unlink()
    command = [sys.executable, "-P", "-m", "vbot_tui.cli", "brief", "--keep", "--workspace", str(workspace.root)]
    spent = _children_s()
    begin = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True)
    return time.perf_counter() - begin, _children_s() - spent


def _children_s() -> float:
    times = os.times()
    return times.children_user + times.children_system


def _medians(times: list[tuple[float, float]]) -> dict[str, float]:
    wall, cpu = zip(*times, strict=True)
    return {"wall_s": round(statistics.median(wall), 3), "cpu_s": round(statistics.median(cpu), 3)}


def as_text(result: dict[str, Any]) -> str:
    """The figures for a person."""
    rows = [("nothing known of them", result["first"]), ("as on every later day", result["again"])]
    told = [f"{name}: {row['wall_s']:.3f} s, {row['cpu_s']:.3f} s of it computing" for name, row in rows]
    return "\n".join([f"vbot brief on {result['runs']} runs, whole process (limit {result['limit_s']:g} s)", *told])
