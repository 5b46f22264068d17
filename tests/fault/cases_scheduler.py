"""Faults of schedulers: killed at any moment, doubled, hung up on, asked to leave; and what the log must then tell."""

import os
import pty
import signal
import time
from pathlib import Path
from typing import Any

from automl.asha import AshaCfg
from automl.journal import Journal, encode_line
from automl.state import fold
from tests.fault.catalogue import case
from tests.fault.lab import Lab, check

HALVING = AshaCfg(True, 2.0, (0.4,), 2)
DECIDED = {
    "trial_created": ("trial", "params", "origin", "seed"),
    "rung": ("trial", "step", "score", "decision"),
    "trial_promoted": ("trial",),
    "trial_finished": ("trial", "state", "score", "reason"),
    "study_ended": ("why",),
}


def decisions(events: tuple[dict[str, Any], ...]) -> list[tuple[Any, ...]]:
    """Suggestions, rungs and decisions, without times and without attempts."""
    return [
        (event["type"], *(event[name] for name in DECIDED[event["type"]]))
        for event in events
        if event["type"] in DECIDED
    ]


@case(1, "scheduler killed -9 at random times: suggestions, rungs and decisions as of an undisturbed run")
def scheduler_killed(lab: Lab) -> None:
    asked: dict[str, Any] = {"max_trials": 6, "early_stop": HALVING, "sampler": "random", "seed": 5}
    lab.create({"*": {"seconds": 0.4}}, **asked)
    lab.finish()
    lab.hold()
    expected = decisions(lab.content().events)
    lab.create({"*": {"seconds": 0.4}}, **asked)
    kills = 0
    while kills < 20:
        process = lab.schedule()
        lab.until(lambda process=process: lab.held() or process.poll() is not None, "a scheduler")
        if process.poll() is not None:  # trials went on without one, and the last decision was taken
            break
        kills += 1
        lab.let_pass(lab.random.uniform(0.0, 0.25), "the fault comes at any moment")
        lab.kill_scheduler(process)
    check(kills >= 5, f"it was over after {kills} kills")
    lab.finish()
    lab.hold()
    check(decisions(lab.content().events) == expected, "a killed scheduler decided otherwise")
    check(any(row[0] == "rung" and row[-1] == "pause" for row in expected), "nothing was halved, so nothing was shown")


@case(2, "scheduler killed between starting a process and noting it: the process is adopted, no second one starts")
def killed_after_spawn(lab: Lab) -> None:
    lab.create({"*": {"seconds": 3.0}}, max_trials=1)  # long enough to be found at work on a busy machine
    lab.schedule("--die", "after:launch:1").wait()
    check(not lab.events("trial_launched"), "it died too late")
    before = lab.pid()
    process = lab.schedule()
    lab.event("trial_launched")
    check(lab.pid() == before, "another process was started")
    check(process.wait(60) == 0, "the scheduler failed")
    lab.hold()
    check(lab.state().trials[0].attempts == 1, "it counts two attempts")


@case(2, "scheduler killed after noting a start and before starting: the attempt is void, the trial starts once")
def killed_before_spawn(lab: Lab) -> None:
    lab.create(max_trials=1)
    lab.schedule("--die", "before:launch:1").wait()
    state = lab.finish()
    lab.hold()
    check(state.trials[0].attempts == 1 and len(lab.events("attempt_void")) == 1, "the attempt was not void")


@case(3, "scheduler killed between a decision and its signal: the journalled decision is executed")
def killed_before_signal(lab: Lab) -> None:
    lab.create({"*": {"scores": None, "seconds": 3.0}}, max_trials=1)
    lab.schedule("--die", "before:ask:1").wait()
    check(lab.run().stop_request() is None and lab.run().is_alive(), "it was asked before")
    state = lab.finish()
    lab.hold()
    check((state.trials[0].state, state.trials[0].end_reason) == ("stopped", "early_stop"), "it was not stopped")


@case(4, "scheduler killed between the end of a run and noting it: it is finished once, with its score")
def killed_before_finish(lab: Lab) -> None:
    lab.create(max_trials=2)
    lab.schedule("--die", "before:trial_finished:1").wait()
    lab.schedule("--die", "after:trial_finished:1").wait()
    state = lab.finish()
    lab.hold()
    check([event["trial"] for event in lab.events("trial_finished")] == [0, 1], "not once each")
    check(all(trial.score is not None for trial in state.trials.values()), "a score is missing")


@case(1, "scheduler killed after every kind of event in turn")
def killed_after_each_event(lab: Lab) -> None:
    lab.create(max_trials=3, early_stop=HALVING)
    kinds = ("scheduler_started", "trial_created", "trial_prepared", "trial_started", "trial_launched", "rung")
    for kind in (*kinds, "trial_finished", "trial_created", "rung"):
        process = lab.schedule("--die", f"{lab.random.choice(('before', 'after'))}:{kind}:1")
        process.wait()
        lab.keep()
    lab.finish()
    lab.hold()


@case(13, "two schedulers on one study: the second is refused at once and told who has it")
def two_schedulers(lab: Lab) -> None:
    lab.create({"*": {"seconds": 2.0}}, max_trials=1)
    first = lab.schedule()
    lab.until(lab.held, "the first scheduler")
    second = lab.schedule()
    check(second.wait(20) == 2, "the second was not refused with exit code 2")
    words = lab.said()
    check(f"pid {first.pid} on {os.uname().nodename}" in words and "Traceback" not in words, f"it said: {words}")
    check(first.wait(60) == 0, "the first one suffered")
    lab.hold()


@case(14, "lock files that a crash left: an unheld lock is no obstacle, whatever is written in it")
def stale_locks(lab: Lab) -> None:
    lab.create(max_trials=1)
    (lab.path / "lock").write_text('{"pid": 1, "host": "x", "what": "a scheduler", "since": "2020"}\n')
    (lab.workspace.slots / "slot_0").write_text("held by nobody\n")
    lab.finish()
    lab.hold()


@case(15, "last event torn: it is cut, said, and the study goes on; a trial whose start was cut off is adopted")
def torn_tail(lab: Lab) -> None:
    lab.create({"*": {"seconds": 3.0}}, max_trials=1)
    lab.schedule("--die", "after:launch:1").wait()
    pid = lab.pid()
    whole = lab.log.read_bytes()
    lab.log.write_bytes(whole[:-7])  # the start of the trial that runs
    state = lab.finish()
    lab.hold()
    check("bytes of an unfinished write" in (lab.path / "scheduler.log").read_text(), "nothing was said of the cut")
    check(state.trials[0].attempts == 1, "the live trial was started again")
    check(pid > 0 and lab.content().torn_bytes == 0, "the tail is still there")


@case(16, "damage in the middle of the log: refused with line and byte, nothing is changed, the trial goes on")
def damage_in_the_middle(lab: Lab) -> None:
    lab.create({"*": {"seconds": 0.6}}, max_trials=1)
    process = lab.schedule()
    lab.pid()
    lab.kill_scheduler(process)
    whole = lab.log.read_bytes()
    second = whole.index(b"\n") + 1
    damaged = whole[: second + 20] + bytes([whole[second + 20] ^ 1]) + whole[second + 21 :]
    lab.log.write_bytes(damaged)
    check(lab.schedule().wait(20) == 2, "a damaged log was accepted")
    check(f"line 2 (byte {second})" in lab.said() and "Traceback" not in lab.said(), f"it said: {lab.said()}")
    check(lab.log.read_bytes() == damaged, "the damaged log was changed")
    lab.log.write_bytes(whole)  # a copy is put back
    lab.finish()
    lab.hold()


@case(26, "the terminal hangs up: the scheduler leaves in order, trials go on and are adopted")
def terminal_hangs_up(lab: Lab) -> None:
    lab.create({"*": {"seconds": 1.5}}, max_trials=1)
    master, slave = pty.openpty()

    def take_terminal() -> None:
        os.setsid()
        import fcntl
        import termios

        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

    process = lab.schedule(preexec_fn=take_terminal, pass_fds=(slave,))
    os.close(slave)
    pid = lab.pid()
    os.close(master)
    check(process.wait(20) == 0, "the scheduler did not leave in order")
    check(lab.events("scheduler_stopped") and lab.run().is_alive(), "the trial did not go on")
    lab.schedule()
    check(lab.pid() == pid, "the trial was started again")
    lab.event("study_ended")
    lab.schedulers[-1].wait(20)
    lab.hold()


def _leaves_on(lab: Lab, *signals: int) -> None:
    lab.create({"*": {"seconds": 1.5}}, max_trials=1)
    process = lab.schedule()
    lab.pid()
    begin = time.monotonic()
    for number in signals:
        lab.kill(process.pid, number)
    check(process.wait(20) == 0 and time.monotonic() - begin < 10.0, "it did not leave within 10 s with exit code 0")
    check(lab.run().is_alive() and not lab.held(), "the trial did not go on")
    lab.finish()
    lab.hold()
    check(lab.state().trials[0].attempts == 1, "the trial was started again")


@case(27, "Ctrl-C once and twice: the scheduler leaves, trials keep going")
def interrupted_twice(lab: Lab) -> None:
    _leaves_on(lab, signal.SIGINT)
    _leaves_on(lab, signal.SIGINT, signal.SIGINT)


@case(28, "SIGTERM to the scheduler: exit 0 within 10 s, trials stay alive")
def terminated(lab: Lab) -> None:
    _leaves_on(lab, signal.SIGTERM)


@case(36, "the same end twice: the second is ignored")
def ended_twice(lab: Lab) -> None:
    lab.create(max_trials=2)
    lab.finish()
    before = lab.state()
    journal = Journal(lab.log)
    again = {key: value for key, value in lab.events("trial_finished")[0].items() if key != "seq"}
    journal.append({**again, "score": 99.0, "state": "failed"})
    journal.close()
    check(fold(lab.content().events).trials == before.trials, "the second end changed the trial")
    lab.hold()


@case(34, "the search space is edited under a study: refused, and accepted again as it was")
def space_edited(lab: Lab) -> None:
    lab.create(max_trials=2)
    process = lab.schedule()
    lab.pid()
    lab.kill_scheduler(process)
    spec = lab.path / "study.yaml"
    before = spec.read_text()
    spec.write_text(before.replace("0.001", "0.5"))
    check(lab.schedule().wait(20) == 2 and "was changed after the study began" in lab.said(), "it was accepted")
    spec.write_text(before)
    lab.finish()
    lab.hold()


@case(33, "the code changes between two schedulers: every later trial is marked")
def code_changed(lab: Lab) -> None:
    lab.create({"*": {"seconds": 1.0}}, max_trials=3)
    process = lab.schedule("--code", "first")
    lab.event("trial_finished")
    lab.kill_scheduler(process)
    lab.finish(arguments=("--code", "second"))
    lab.hold()
    state = lab.state()
    check([state.code_changed(state.trials[n]) for n in (0, 2)] == [False, True], "the change is not marked")
    check(state.code_versions == ("first", "second"), "the versions are not kept")


@case(29, "the wall clock jumps a day on and an hour back: budget, order and durations do not care")
def wall_clock_jumps(lab: Lab) -> None:
    lab.create(max_trials=3, budget_s=30.0)
    lab.finish(arguments=("--jump",))
    lab.hold()
    events = lab.content().events
    times = [event["time"] for event in events if "time" in event]
    check(times != sorted(times), "the clock did not jump")
    spent = [event["t"] for event in events]
    check(spent == sorted(spent) and spent[-1] < 30.0, "the seconds of scheduling followed the wall clock")
    check(lab.state().ended == "all 3 trials are done", "the budget followed the wall clock")


@case(40, "no temporary directory, no home: a study needs neither")
def no_temporary_directory(lab: Lab) -> None:
    lab.create(max_trials=1)
    missing = str(lab.root / "missing")
    lab.finish(env={**os.environ, "TMPDIR": missing, "HOME": missing, "XDG_DATA_HOME": missing})
    lab.hold()
    check(not Path(missing).exists(), "something was made there")


@case(37, "3,000 trials in the log: a scheduler goes on from there")
def thousands_of_trials(lab: Lab) -> None:
    lab.create(max_trials=3001)
    first = lab.log.read_bytes()
    lines, seq = [first], 1
    for trial in range(3000):
        rate = round(1e-4 + trial * 1e-7, 9)
        facts: dict[str, Any] = {"trial": trial, "params": {"ppo.learning_rate": rate}, "origin": "tpe", "seed": trial}
        end = {"state": "finished", "score": trial / 6000, "success": 0.1, "fell": 0.0, "env_steps": 100_000}
        for event in (
            {"type": "trial_created", **facts},
            {"type": "trial_prepared", "trial": trial, "run": f"gone-{trial}"},
            {"type": "trial_started", "trial": trial, "attempt": 1},
            {"type": "trial_finished", "trial": trial, **end, "reason": "finished", "detail": "", "flags": []},
        ):
            lines.append(encode_line({"seq": seq, "time": "2026-01-01T00:00:00Z", "t": float(trial), **event}))
            seq += 1
    lab.log.write_bytes(b"".join(lines))
    state = lab.finish()
    lab.hold()
    check(len(state.trials) == 3001 and state.trials[3000].state == "finished", "it did not go on")
