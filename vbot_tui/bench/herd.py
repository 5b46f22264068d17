"""Made-up runs in real workspaces: a thousand that have ended, eight that are being written, one that is long.

Everything the cockpit reads is there (record, status, lock, event file, log), written by the code that trainings use.
"""

import math
import os
import random
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from sessions.files import format_utc, to_json
from sessions.locks import Lock
from sessions.runs import RunDir, RunRecord, RunStatus, this_host
from sessions.workspace import Workspace
from vbot_rl.event_writer import EventWriter, encode_header, encode_scalars, frame

ENV = "vbot_navigation_section001"
TERMS = (
    "approach",
    "alive_bonus",
    "orientation",
    "action_rate",
    "torque",
    "arrival",
    "stop_bonus",
    "near_target_speed",
)
OTHERS = (
    "episode/return", "episode/length_s", "episode/success", "episode/fell", "task/distance_m", "task/speed_mps",
    "task/reached", "ppo/learning_rate", "ppo/kl", "ppo/entropy", "ppo/clip_fraction", "ppo/policy_loss",
    "ppo/value_loss", "ppo/std", "perf/steps_per_s", "perf/rollout_s", "perf/update_s",
)  # fmt: skip
BORN = 1_770_000_000


def numbers(update: int, chance: random.Random) -> dict[str, float]:
    """All tags of one update of a training that goes well."""
    terms = {f"reward/{name}": chance.gauss(0.1 * (index + 1), 0.02) for index, name in enumerate(TERMS)}
    rising = 1.0 - math.exp(-update / 100)
    others = {tag: rising + chance.gauss(0.0, 0.05) for tag in OTHERS}
    return {**terms, "reward/total": math.fsum(terms.values()), **others}


def ended_runs(workspace: Workspace, count: int, updates: int = 20, seed: int = 0) -> None:
    """Write runs that have finished."""
    chance = random.Random(seed)
    log = [numbers(update, chance) for update in range(updates)]
    for index in range(count):
        run = _plain_run(workspace, index)
        records = [frame(encode_header(BORN))]
        records += [frame(encode_scalars(BORN + k, (k + 1) * 24_576, values)) for k, values in enumerate(log)]
        (run.path / f"events.out.tfevents.{BORN}.bench.1.0").write_bytes(b"".join(records))
        status = RunStatus(
            state="finished", env_steps=updates * 24_576, total_env_steps=updates * 24_576,
            updated=format_utc(BORN + updates), metrics=log[-1], score=chance.random(), success=chance.random(),
            end_reason="finished", end_detail="all steps done",
        )  # fmt: skip
        (run.path / "status.json").write_text(to_json(asdict(status)) + "\n")


def _plain_run(workspace: Workspace, index: int) -> RunDir:
    """Make a run's directory by hand: with the syncs of the real way a thousand take minutes."""
    name = f"20260202-{index // 3600 % 24:02d}{index // 60 % 60:02d}{index % 60:02d}-r{index:04d}-bench{index:04x}"
    path = workspace.runs / name
    for folder in ("control", "checkpoints", "evals", "poses"):
        (path / folder).mkdir(parents=True)
    record = RunRecord(id=name, kind="train", env=ENV, created=format_utc(BORN + index), host=this_host())
    (path / "run.json").write_text(to_json(asdict(record)) + "\n")
    (path / "config.yaml").write_text("schema: 1\n")
    (path / "train.log").write_text("started\nfinished\n")
    (path / "lock").write_text("")
    return RunDir(path)


def long_run(path: Path, updates: int, tags: int, seed: int = 0) -> int:
    """Write one packed event file; returns how many values it holds."""
    chance = random.Random(seed)
    names = [f"reward/term_{index:02d}" for index in range(tags)]
    with path.open("wb") as file:
        file.write(frame(encode_header(BORN)))
        for update in range(updates):
            values = {name: chance.random() for name in names}
            file.write(frame(encode_scalars(BORN + update, (update + 1) * 4096, values)))
    return updates * tags


class Writer:
    """One run that is being trained, as far as its files tell: an update is an event and then a status."""

    def __init__(self, workspace: Workspace, name: str, seed: int) -> None:
        self.name = name
        self.updates = 0
        self._chance = random.Random(seed)
        record = RunRecord(
            id=workspace.new_run_id(name), kind="train", env=ENV, created=format_utc(time.time()), host=this_host()
        )
        self.run = RunDir.create(workspace.runs, record, {"config.yaml": "schema: 1\n"})
        self.run.log_path.write_text("started\n")
        self._lock = Lock.acquire(self.run.lock_path, "a made-up run")
        self._events = EventWriter(self.run.path)
        self._began = time.monotonic()

    @property
    def env_steps(self) -> int:
        """Steps so far; each update changes what the table shows of them."""
        return self.updates * 100_000

    def write_event(self) -> dict[str, float]:
        """Append one update without a word in the status; returns its numbers."""
        self.updates += 1
        values = numbers(self.updates, self._chance)
        self._events.write(self.env_steps, values)
        return values

    def write(self) -> None:
        """Append one update."""
        values = self.write_event()
        status = RunStatus(
            state="running", phase="rollout", env_steps=self.env_steps, total_env_steps=10_000_000_000,
            steps_per_s=20_000.0 + 300 * (self.updates % 7), eta_s=1000.0, pid=os.getpid(), metrics=values,
        )  # fmt: skip
        self.run.write_status(status)

    def close(self) -> None:
        """End the run; its files stay."""
        self._events.close()
        self._lock.release()


def all_values(run: RunDir) -> Mapping[str, list[tuple[int, float]]]:
    """Every curve of a run as TensorBoard's own reader gives it."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(run.path), size_guidance={"scalars": 0}).Reload()
    return {tag: [(item.step, item.value) for item in found.Scalars(tag)] for tag in found.Tags()["scalars"]}
