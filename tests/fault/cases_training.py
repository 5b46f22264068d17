"""Faults inside real trainings: killed in a checkpoint, damaged checkpoints, full disks, numbers that are none."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sessions.errors import CorruptFileError
from sessions.event_file import EventFileReader
from sessions.runs import RunDir, settle
from sessions.workspace import Workspace
from tests.automl.tiny import SETS
from tests.fault.catalogue import case
from tests.fault.lab import Lab, check, fill, small_disk
from vbot_rl import checkpoint
from vbot_rl.config import run_cfg
from vbot_rl.launch import create_run, launch

REAL = (str(Path(__file__).with_name("real_trial.py")),)
ENV = "vbot_navigation_section001"
STEPS = 6_144  # 24 updates of 16 robots x 16 steps
QUICK = {**SETS, "train.total_env_steps": STEPS, "train.evaluation_cases": 8, "train.evaluations": 5}
PATIENCE_S = 120.0


def make(lab: Lab, root: Path | None = None, **sets: Any) -> RunDir:
    """A tiny real run."""
    workspace = Workspace.open(str(root)) if root else lab.workspace
    named = {name.replace("__", "."): value for name, value in sets.items()}
    return create_run(workspace, run_cfg(ENV, "default", sets={**QUICK, **named}), "trial", "real")


def train(run: RunDir, fault: str = "") -> int:
    """Train to the end in a process of its own; the exit code, negative after a signal."""
    return begin(run, fault).wait(PATIENCE_S)


def begin(run: RunDir, fault: str = "") -> Any:
    """Start training."""
    os.environ["VBOT_TEST_FAULT"] = fault
    return launch(run, nice=0, program=REAL).popen


def steps_of(run: RunDir) -> list[int]:
    """The env steps of all records of a run's curves."""
    found = [record.step for path in run.event_files() for record in EventFileReader(path).read_new()]
    return [step for step in found if step]


@contextmanager
def processes_end(*runs: RunDir) -> Iterator[None]:
    """Nothing is left training, whatever a case does."""
    try:
        yield
    finally:
        for run in runs:
            status = run.status()
            if run.is_alive() and status is not None and status.pid:
                os.kill(status.pid, 9)


@case(7, "real training killed while it writes a checkpoint: the one before is used, its remains are cleared away")
def real_checkpoint_interrupted(lab: Lab) -> None:
    run = make(lab)
    check(train(run, "checkpoint:2") == -9, "it was not killed in its second checkpoint")
    check(len(run.checkpoints()) == 1 and list(run.checkpoint_dir.glob(".step_*.tmp")), "nothing was injected")
    check(train(run) == 0, "it did not go on")
    status = run.status()
    check(status is not None and status.state == "finished", "it is not finished")
    check(not list(run.checkpoint_dir.glob(".step_*.tmp")), "remains are left")
    check(steps_of(run) == sorted(set(steps_of(run))), "a record is there twice")


@case(8, "real checkpoints with a bit flipped and cut short: each is named, the newest good one is used")
def real_checkpoints_damaged(lab: Lab) -> None:
    run = make(lab, train__keep_last=3)
    check(train(run, "checkpoint:4") == -9, "it was not killed")
    (good, _), (_, flipped), (_, cut) = run.checkpoints()[-3:]
    flip_a_bit(flipped)
    cut.write_bytes(cut.read_bytes()[:100])
    check(train(run) == 0, "it did not go on")
    words = " ".join(run.log_tail(200))
    check(words.count("; use an earlier one") == 2 and f"resumed from step_{good}.pt" in words, "not said, or not used")
    check(len(steps_of(run)) == len(set(steps_of(run))) == STEPS // 256, "records are missing or repeated")


def flip_a_bit(path: Path) -> None:
    """Damage one bit of what a checkpoint holds; a few bits of an archive (times, padding) hold nothing."""
    whole = path.read_bytes()
    for offset in range(len(whole) // 2, len(whole), 64):
        path.write_bytes(whole[:offset] + bytes([whole[offset] ^ 1]) + whole[offset + 1 :])
        with suppress(CorruptFileError):
            checkpoint.load(path)
            continue
        return


@case(8, "no real checkpoint can be read: training begins anew and says so")
def real_checkpoints_all_damaged(lab: Lab) -> None:
    run = make(lab)
    train(run, "checkpoint:2")
    for _, path in run.checkpoints():
        path.write_bytes(b"")
    check(train(run) == 0, "it did not begin anew")
    check(any("is damaged" in line for line in run.log_tail(200)), "it was silent")
    check(len(steps_of(run)) == STEPS // 256, "records are missing or repeated")


@case(18, "the disk is full when a real checkpoint is due: the old one stays, it waits for room and goes on")
def real_disk_full(lab: Lab) -> None:
    with small_disk(lab.root / "small", "8m") as disk:
        run = make(lab, disk, train__total_env_steps=STEPS * 4, train__evaluations=16, train__evaluation_cases=4)
        with processes_end(run):
            process = begin(run)
            lab.until(run.checkpoints, "the first checkpoint")
            filler = fill(disk)
            lab.until(lambda: _phase(run) or process.poll() is not None, "the full disk to be noticed", 60.0)
            lab.let_pass(1.5, "it must not die, and nobody says that it does not")
            check(process.poll() is None, f"it died of it: {run.log_tail(3)}")
            kept = run.checkpoints()
            check(kept and checkpoint.load(kept[-1][1]), "the old checkpoint is gone")
            filler.unlink()
            check(process.wait(PATIENCE_S) == 0, f"it did not go on: {run.log_tail(3)}")
            check(steps_of(run) == list(range(256, STEPS * 4 + 1, 256)), "records are missing")


def _phase(run: RunDir) -> bool:
    """Whether its last words, or the lack of new ones, tell that it waits; a full disk takes no status either."""
    words = " ".join(run.log_tail(5))
    status = run.status()
    age_s = time.time() - (run.path / "status.json").stat().st_mtime
    return "waiting up to" in words or (status is not None and age_s > 3.0)


@case(19, "the log cannot be written: training does not end because of that")
def real_log_full(lab: Lab) -> None:
    run = make(lab)
    run.log_path.symlink_to("/dev/full")
    check(train(run) in (0, 120), "it ended because of its log")  # 120: python could not flush stdout at its end
    status = run.status()
    check(status is not None and status.state == "finished", "it is not finished")


@case(21, "the weights of a real training become no numbers: diverged within one update, with a dump")
def real_divergence(lab: Lab) -> None:
    run = make(lab, ppo__learning_rate=1e4, ppo__schedule="constant", train__total_env_steps=60_000)
    check(train(run) == 1, "it did not end with exit code 1")
    status = run.status()
    assert status is not None
    check((status.state, status.end_reason) == ("diverged", "diverged"), f"it is {status.state}")
    check("not finite at step" in (status.end_detail or "") and (run.path / "diverged.pt").exists(), "no dump")


@case(22, "the physics of one robot is no number any more: that one starts anew and is counted, the rest trains on")
def real_physics_is_nan(lab: Lab) -> None:
    run = make(lab)
    check(train(run, "nan:20") == 0, f"it did not finish: {run.log_tail(3)}")
    records = [record for path in run.event_files() for record in EventFileReader(path).read_new()]
    counted = [record.values["end/non_finite"] for record in records if "end/non_finite" in record.values]
    check(any(value > 0 for value in counted), "it was not counted")
    values = [value for record in records for value in record.values.values()]
    check(all(value == value for value in values), "it spread")


@case(25, "the curve file of a real training is cut: the resumed run starts a new one, what is whole is shown")
def real_curve_cut(lab: Lab) -> None:
    run = make(lab)
    train(run, "checkpoint:3")
    (curve,) = run.event_files()
    os.truncate(curve, 200)
    check(train(run) == 0, "it did not go on")
    check(len(run.event_files()) == 2, "no new file")
    check(steps_of(run)[-1] == STEPS, "the end is missing")


@case(42, "a real training killed twice and resumed: weights and records as of an undisturbed one, bit for bit")
def real_exact_resume(lab: Lab) -> None:
    whole, broken = make(lab), make(lab)
    check(train(whole) == 0, "the undisturbed one failed")
    check(train(broken, "checkpoint:2") == -9 and train(broken, "checkpoint:2") == -9, "it was not killed twice")
    check(train(broken) == 0, "it did not go on")
    first, second = (checkpoint.load(run.checkpoints()[-1][1])["ppo"]["weights"] for run in (whole, broken))
    check(first.tobytes() == second.tobytes(), "the weights differ")
    check(steps_of(whole) == steps_of(broken), "the records differ")


@case(38, "a real training's directory is deleted under it: it ends by itself, nobody else notices")
def real_run_deleted(lab: Lab) -> None:
    run, other = make(lab, train__total_env_steps=10**7), make(lab)
    with processes_end(run, other):
        process = begin(run)
        lab.until(lambda: (status := run.status()) and status.env_steps > 0, "a step")
        shutil.rmtree(run.path, ignore_errors=True)
        shutil.rmtree(run.path, ignore_errors=True)
        code = process.wait(PATIENCE_S)
        check(code == 1, f"it ended with exit code {code}")
        check(train(other) == 0, "another one suffered")


@case(5, "a real training killed -9: whoever looks next completes its record")
def real_training_killed(lab: Lab) -> None:
    run = make(lab, train__total_env_steps=10**7)
    with processes_end(run):
        process = begin(run)
        lab.until(lambda: (status := run.status()) and status.env_steps > 0, "a step")
        process.kill()
        process.wait()
        status = settle(run)
        assert status is not None
        check((status.state, status.end_reason) == ("failed", "crashed"), f"it is {status.state}")
        check("died at step" in (status.end_detail or ""), str(status.end_detail))
