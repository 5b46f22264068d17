"""Faults of trials: killed, hung, deaf, with children, without a result, diverged, deleted, out of memory."""

import math
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace

from automl.report import report_text
from automl.samplers import distribution
from automl.spec import load
from automl.suggest import as_optuna
from sessions.files import to_json, write_atomic
from sessions.runs import RunStatus
from tests.fault.catalogue import case
from tests.fault.lab import Lab, check


@case(5, "trial killed -9: seen at once, continued from its checkpoint, no step done twice in its record")
def trial_killed(lab: Lab) -> None:
    lab.create({"*": {"seconds": 1.5}}, max_trials=1)
    lab.schedule()
    lab.until(lambda: lab.state().trials and lab.state().trials[0].run and lab.run().checkpoints(), "a checkpoint")
    pid = lab.pid()
    begin = time.monotonic()
    lab.kill(pid)
    lab.event("attempt_lost")
    check(time.monotonic() - begin < 5.0, "it took more than 5 s to be seen")
    lab.event("study_ended")
    lab.schedulers[-1].wait(20)
    lab.hold()
    check(lab.state().trials[0].attempts == 2, "not two attempts")
    check(any("resumed from step_" in line for line in lab.run().log_tail(200)), "it began anew")


@case(6, "trial dies three times: failed with all reasons, no score, its slot free, the study goes on")
def trial_dies_thrice(lab: Lab) -> None:
    lab.create({"0": {"dies_at": 0.3}}, max_trials=2)
    state = lab.finish()
    lab.hold()
    first = state.trials[0]
    check((first.state, first.end_reason, first.score) == ("failed", "crashed", None), f"it is {first.state}")
    reasons = [*first.failures, first.end_detail or ""]
    check(len(reasons) == 3 and all("died at step" in reason for reason in reasons), f"reasons: {reasons}")
    check(state.trials[1].state == "finished", "the study did not go on")


@case(6, "three trials in a row raise the same error: the study pauses, says why, and shows the traceback")
def equal_crashes(lab: Lab) -> None:
    lab.create({"*": {"raises_at": 0.5}}, max_trials=9)
    lab.schedule()
    why = lab.event("study_paused")["why"]
    check("3 trials in a row" in why and "ValueError" in why, why)
    lab.let_pass(0.3, "a fourth trial must not start; a pass takes 0.03 s")
    state = lab.state()
    check([trial.state for trial in state.trials.values()] == ["failed"] * 3, "it went on")
    check(all("Traceback" in (trial.end_detail or "") for trial in state.trials.values()), "no traceback")
    lab.send("stop_study")
    lab.event("study_ended")
    lab.schedulers[-1].wait(20)
    lab.hold()


@case(7, "trial killed while it writes a checkpoint: the one before is used")
def killed_in_checkpoint(lab: Lab) -> None:
    lab.create({"0": {"checkpoint_dies_at": 0.65, "seconds": 1.0}}, max_trials=1)
    lab.schedule()
    lab.event("attempt_lost")
    lab.script({})
    lab.event("study_ended")
    lab.schedulers[-1].wait(20)
    lab.hold()
    check(lab.state().trials[0].state == "finished", "it did not finish")


@case(9, "trial out of memory: failed with its traceback, the slot free, the study goes on")
def out_of_memory(lab: Lab) -> None:
    lab.create({"0": {"hog": True}}, max_trials=2)
    state = lab.finish()
    lab.hold()
    check("MemoryError" in (state.trials[0].end_detail or "") and state.trials[0].state == "failed", "not said")
    check(state.trials[1].state == "finished", "the study did not go on")


@case(10, "trial hangs: after stall_s it is ended with its group and continued")
def trial_hangs(lab: Lab) -> None:
    lab.create({"*": {"seconds": 1.5}}, max_trials=1, stall_s=1.0)
    lab.schedule()
    pid = lab.pid()
    lab.kill(pid, signal.SIGSTOP)
    check("no step for" in lab.event("trial_ordered")["why"], "another order")
    lab.event("study_ended")
    lab.schedulers[-1].wait(20)
    lab.hold()
    check((lab.state().trials[0].state, lab.state().trials[0].attempts) == ("finished", 2), "it was not continued")


@case(11, "trial ignores SIGTERM and requests: killed after the grace")
def trial_is_deaf(lab: Lab) -> None:
    lab.create({"0": {"ignores_term": True, "seconds": 60}}, max_trials=1)
    lab.schedule()
    lab.pid()
    lab.send("kill_trial", 0)
    lab.event("study_ended")
    lab.schedulers[-1].wait(20)
    lab.hold()
    check(lab.state().trials[0].state == "killed", "it is not killed")


def _leaves_children(lab: Lab, script: str, end: str) -> None:
    lab.create({"0": {script: True, "steps": 600, "seconds": 0.5 if end == "ends" else 60}}, max_trials=1, stall_s=1.0)
    process = lab.schedule()
    pid = lab.pid()
    if end == "killed":
        lab.kill(pid)
        lab.event("attempt_lost")
        lab.script({})
    elif end == "adopted":
        lab.kill_scheduler(process)
        lab.schedule()
        lab.until(lambda: len(lab.events("scheduler_started")) == 2, "the second scheduler")
        lab.send("kill_trial", 0)
    elif end == "unwatched":
        lab.kill_scheduler(process)
        lab.kill(pid)
        lab.until(lambda: not lab.run().is_alive(), "its end")
        check(list(lab.processes()), "nothing was injected: no child is left")
        lab.script({})
        lab.schedule()
    lab.event("study_ended")
    lab.schedulers[-1].wait(20)
    lab.hold()


@case(12, "trial leaves children: none is left, whether it ended, was killed, was adopted, or died unwatched")
def trial_leaves_children(lab: Lab) -> None:
    for end in ("ends", "killed", "adopted", "unwatched"):
        _leaves_children(lab, "children", end)


@case(12, "trial dies and a fork of it keeps the lock: the fork is found and ended, the trial continued")
def fork_keeps_the_lock(lab: Lab) -> None:
    lab.create({"0": {"fork": True, "steps": 600, "seconds": 60}}, max_trials=1, stall_s=1.0)
    process = lab.schedule()
    pid = lab.pid()
    lab.kill_scheduler(process)  # so that nobody is the parent
    lab.kill(pid)
    check(lab.run().is_alive(), "nothing was injected: the lock is free")
    lab.script({})
    lab.schedule()
    lab.event("study_ended")
    lab.schedulers[-1].wait(20)
    lab.hold()
    check(lab.state().trials[0].state == "finished", "it was not continued")


@case(21, "trial diverges: state diverged, not tried again, the sampler is told the worst value")
def trial_diverges(lab: Lab) -> None:
    lab.create({"0": {"diverges_at": 0.5}}, max_trials=2)
    state = lab.finish()
    lab.hold()
    first = state.trials[0]
    check((first.state, first.attempts, first.score) == ("diverged", 1, None), f"it is {first.state}")
    spec = load(lab.path / "study.yaml")
    distributions = {path: distribution(dimension) for path, dimension in spec.space.items()}
    told = as_optuna(spec, first, distributions, worst=-0.5)
    check(told is not None and told.value == -1.0, "the sampler is not told")


@case(23, "an evaluation says NaN: the trial stops there, the log stays strict JSON, it never ranks first")
def evaluation_is_nan(lab: Lab) -> None:
    lab.create({"0": {"scores": math.nan, "seconds": 5.0}}, max_trials=2)
    state = lab.finish()
    lab.hold()
    check((state.trials[0].state, state.trials[0].score) == ("stopped", None), f"it is {state.trials[0].state}")
    check(lab.events("rung")[0]["score"] is None and b"NaN" not in lab.log.read_bytes(), "NaN is in the log")
    best = state.best()
    check(best is not None and best.number == 1, "NaN ranks first")
    report_text(lab.study, load(lab.path / "study.yaml"), state)


@case(30, "everything is suspended for 8 s: no trial is taken for hung")
def suspended(lab: Lab) -> None:
    lab.create({"*": {"seconds": 1.5}}, max_trials=1, stall_s=6.0)
    process = lab.schedule()
    pids = [process.pid, lab.pid()]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    lab.let_pass(8.0, "the time is the fault, and longer than stall_s")
    for pid in reversed(pids):  # the trial's group last would be the easier case
        os.kill(pid, signal.SIGCONT)
    lab.event("study_ended")
    process.wait(20)
    lab.hold()
    check(not lab.events("trial_ordered") and lab.state().trials[0].attempts == 1, "it was taken for hung")


@case(31, "the machine goes down with everything on it: all trials are continued from their checkpoints")
def machine_goes_down(lab: Lab) -> None:
    lab.create({"*": {"seconds": 1.0}}, max_trials=4, slots=2)
    process = lab.schedule()
    pids = [lab.pid(0), lab.pid(1)]
    for pid in (*pids, process.pid):
        lab.kill(pid)
    process.wait()
    lab.until(lambda: not any(lab.run(number).is_alive() for number in (0, 1)), "the end of both")
    state = lab.finish()
    lab.hold()
    check([state.trials[n].attempts for n in range(4)] == [2, 2, 1, 1], "not both were continued")


@case(32, "a pid in a record belongs to somebody else by now: that process is never touched")
def pid_reused(lab: Lab) -> None:
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    try:
        lab.create({"0": {"seconds": 60}}, max_trials=1)
        process = lab.schedule()
        pid = lab.pid()
        lab.kill_scheduler(process)
        lab.kill(pid)
        lab.until(lambda: not lab.run().is_alive(), "its end")
        status = lab.run().status()
        assert status is not None
        lab.run().write_status(replace(status, pid=bystander.pid))
        lab.script({"0": {"seconds": 60}})
        lab.schedule()
        lab.event("attempt_lost")
        lab.until(lambda: lab.pid() != bystander.pid, "a new process")
        lab.send("kill_trial", 0)
        lab.event("study_ended")
        lab.schedulers[-1].wait(20)
        lab.hold()
        check(bystander.poll() is None, "somebody else's process was killed")
    finally:
        bystander.kill()
        bystander.wait()


@case(35, "trial exits 0 without a result: a crash, not a success")
def exits_without_result(lab: Lab) -> None:
    lab.create({"0": {"no_result": True}}, max_trials=2)
    state = lab.finish()
    lab.hold()
    check((state.trials[0].state, state.trials[0].score) == ("failed", None), f"it is {state.trials[0].state}")
    check(state.trials[1].state == "finished", "the study did not go on")


@case(36, "a run's record is written again after its end: the log has decided already")
def record_written_again(lab: Lab) -> None:
    lab.create({"1": {"seconds": 1.0}}, max_trials=2)
    lab.schedule()
    lab.event("trial_finished")
    run = lab.run(0)
    write_atomic(run.path / "status.json", to_json(asdict(RunStatus(state="failed", end_reason="crashed"))))
    lab.event("study_ended")
    lab.schedulers[-1].wait(20)
    write_atomic(run.path / "status.json", to_json(asdict(RunStatus(state="finished", end_reason="finished"))))
    lab.hold()
    check(len(lab.events("trial_finished")) == 2, "it ended twice")


@case(38, "a run's directory is deleted under it: that trial fails, the others and the study do not care")
def run_deleted(lab: Lab) -> None:
    lab.create({"0": {"seconds": 3.0}}, max_trials=2, slots=2, max_attempts=1)
    lab.schedule()
    pid = lab.pid(0)
    shutil.rmtree(lab.run(0).path, ignore_errors=True)
    lab.kill(pid)
    lab.event("study_ended")
    lab.schedulers[-1].wait(20)
    lab.hold()
    check([trial.state for trial in lab.state().trials.values()] == ["failed", "finished"], "not as expected")


@case(38, "a run's directory is deleted while the trial waits to be continued: it fails, the study goes on")
def waiting_run_deleted(lab: Lab) -> None:
    lab.create({"0": {"seconds": 2.0}}, max_trials=2)
    process = lab.schedule()
    pid = lab.pid(0)
    lab.kill_scheduler(process)
    lab.kill(pid)
    lab.until(lambda: not lab.run(0).is_alive(), "its end")
    shutil.rmtree(lab.run(0).path)
    state = lab.finish()
    lab.hold()
    check([trial.state for trial in state.trials.values()] == ["failed", "finished"], "not as expected")


@case(39, "a trial prints 20 MB that are no text: the log's end is read in no time, the study does not care")
def prints_without_end(lab: Lab) -> None:
    lab.create({"0": {"prints": 20_000}}, max_trials=1)
    lab.finish()
    lab.hold()
    begin = time.monotonic()
    tail = lab.run().log_tail(50)
    check(len(tail) <= 50 and time.monotonic() - begin < 1.0, "the whole file was read")
    check(lab.run().log_path.stat().st_size > 15_000_000, "nothing was injected")


@case(41, "no descriptors are left: a start fails, is said, and is tried again later")
def out_of_descriptors(lab: Lab) -> None:
    lab.create({"*": {"seconds": 0.5}}, max_trials=2)
    process = lab.schedule()
    lab.pid(0)
    held = len(os.listdir(f"/proc/{process.pid}/fd"))
    before = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (held, before[1]))
    lab.let_pass(2.0, "the time without descriptors is the fault; trial 0 ends in it and the next is due")
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, before)
    lab.event("study_ended")
    process.wait(20)
    lab.hold()
    check([trial.state for trial in lab.state().trials.values()] == ["finished"] * 2, "a trial was lost")


@case(8, "checkpoints are zero, cut, and turned in a bit: each is named, the newest good one is used")
def checkpoints_damaged(lab: Lab) -> None:
    lab.create({"*": {"seconds": 1.5}}, max_trials=1)
    process = lab.schedule()
    lab.until(lambda: lab.state().trials and lab.state().trials[0].run and len(lab.run().checkpoints()) >= 3, "three")
    lab.kill_scheduler(process)
    lab.kill(lab.pid())
    lab.until(lambda: not lab.run().is_alive(), "its end")
    *_, (good, _), (_, cut), (_, empty) = lab.run().checkpoints()
    cut.write_bytes(cut.read_bytes()[:5])
    empty.write_bytes(b"")
    lab.finish()
    lab.hold()
    words = lab.run().log_tail(100)
    check(sum("is damaged" in line for line in words) == 2, "the damage was not said")
    check(f"resumed from step_{good}.pt" in words, "the good one was not used")
