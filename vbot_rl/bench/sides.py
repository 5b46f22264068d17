"""Starting one measurement in its own process, with the settings that are best for its side."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sessions.errors import WorkFailed
from vbot_rl.bench.measure import OURS, PHYSICS
from vbot_rl.bench.workload import Measured, Workload
from vbot_rl.launch import trial_environment

LIMIT_S = 900.0
_PASSIVE = {"OMP_WAIT_POLICY": "PASSIVE"}  # waiting OpenMP threads leave their core to the physics
_KEPT = {"MALLOC_MMAP_THRESHOLD_": "2000000000", "MALLOC_TRIM_THRESHOLD_": "2000000000"}  # no page faults anew

#: What a peer is tried with; the fastest is used for it.
PEER_SETTINGS: Mapping[str, Mapping[str, str]] = {
    "plain": {},
    "passive": _PASSIVE,
    "kept memory": _KEPT,
    "passive, kept memory": {**_PASSIVE, **_KEPT},
}


def environment(side: str, threads: int, setting: str, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of a side's process: ours as a trial gets it, a peer's with all its threads."""
    cleaned = trial_environment(environ)
    if side in (OURS, PHYSICS):
        return cleaned
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        cleaned[name] = str(threads)
    return {**cleaned, **PEER_SETTINGS[setting]}


@dataclass
class Sides:
    """Runs measurements; remembers each peer's setting."""

    peer_python: Path | None = None
    settings: dict[str, str] = field(default_factory=dict)

    def measure(self, side: str, work: Workload) -> Measured:
        """One measurement.

        Raises:
            WorkFailed: the process failed, with its last words.
        """
        python = sys.executable if side in (OURS, PHYSICS) else self.peer_python
        command = [str(python), "-P", "-m", "vbot_rl.bench.measure", side, json.dumps(work.to_json())]
        env = environment(side, work.threads, self.settings.get(side, "plain"), os.environ)
        try:
            done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=LIMIT_S, check=False)
        except subprocess.TimeoutExpired:
            raise WorkFailed(f"{side} did not finish its updates within {LIMIT_S:.0f} s; use fewer threads") from None
        if done.returncode:
            words = (done.stderr.strip() or "no words").splitlines()[-1]
            raise WorkFailed(f"{side} failed under the benchmark: {words}")
        return Measured.from_json(json.loads(done.stdout.splitlines()[-1]))

    def choose_setting(self, side: str, work: Workload) -> str:
        """Try a peer with every setting and keep the fastest."""
        found = {}
        for setting in PEER_SETTINGS:
            self.settings[side] = setting
            found[setting] = self.measure(side, work).steps_per_s
        self.settings[side] = max(found, key=lambda setting: found[setting])
        return self.settings[side]
