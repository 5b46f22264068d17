"""The random mix: studies of real processes, and one fault after the other in an order that a seed decides."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from automl.asha import AshaCfg
from automl.spec import ConfirmCfg, FinalCfg
from sessions.locks import is_held
from sessions.runs import RunDir
from tests.fault.lab import Broken, Lab, check

KINDS = ("start_trial", "kill_trial", "pause_trial", "restart_trial", "pause_study", "resume_study", "release")
LONGEST_S = 40.0  # of a study; then the weather clears


class Storm:
    """One study after the other until enough faults were injected."""

    def __init__(self, lab: Lab, rounds: int) -> None:
        self.lab = lab
        self.random = lab.random
        self.left = rounds
        self.studies = 0
        self.counts: dict[str, int] = {}

    def run(self) -> None:
        """Inject `rounds` faults; after each study all that must hold is looked at."""
        while self.left > 0:
            self._begin()
            deadline = time.monotonic() + LONGEST_S
            while self.left > 0 and time.monotonic() < deadline and self.lab.state().ended is None:
                self._attend()
                self.lab.let_pass(self.random.uniform(0.0, 0.4), "faults come at any moment")
                self._one()
            self._clear()
            self.studies += 1
        counts = ", ".join(f"{count} {name}" for name, count in sorted(self.counts.items()))
        print(f"    {self.studies} studies, {sum(self.counts.values())} faults: {counts}", flush=True)

    def _begin(self) -> None:
        draw = self.random
        script: dict[str, Any] = {"*": {"seconds": draw.uniform(0.2, 1.2)}}
        for number in range(12):
            tricks = [{"dies_at": draw.random()}, {"raises_at": draw.random()}, {"children": True}]
            trick = draw.choice([{}, {}, {}, *tricks])
            script[str(number)] = {**trick, **draw.choice([{}, {}, {"ignores_term": True}, {"scores": None}])}
        self.lab.create(
            script,
            slots=draw.choice([1, 2]),
            max_trials=draw.choice([3, 5, 8]),
            seed=draw.randrange(1000),
            stall_s=2.0,
            stop_grace_s=0.5,
            early_stop=AshaCfg(draw.random() < 0.5, 2.0, (0.4,), 2),
            confirm=ConfirmCfg(draw.choice([0, 1]), 1),
            final=FinalCfg(draw.choice([0, 120_000]), seeds=1),
        )

    def _attend(self) -> None:
        """There is a scheduler, most of the time."""
        if all(process.poll() is not None for process in self.lab.schedulers) and self.random.random() < 0.9:
            point = self.random.choice(["trial_started", "rung", "trial_finished", "launch", "ask", "trial_launched"])
            die = f"{self.random.choice(['before', 'after'])}:{point}:{self.random.choice([1, 2, 3])}"
            self.lab.schedule(*(["--die", die] if self.random.random() < 0.4 else []))

    def _one(self) -> None:
        faults: dict[Callable[[], bool], int] = {
            self.scheduler_killed: 3,
            self.scheduler_told_to_leave: 1,
            self.second_scheduler: 2,
            self.trial_killed: 6,
            self.trial_stopped_and_continued: 4,
            self.trial_frozen: 4,
            self.tail_torn: 1,
            self.garbage: 1,
            self.command: 4,
            self.checkpoint_damaged: 5,
            self.everything_killed: 3,
        }
        if self.random.random() < 0.7:  # often something is at work
            with suppress(Broken):
                self.lab.until(self._live, "a trial at work", patience_s=2.0)
        (fault,) = self.random.choices(list(faults), list(faults.values()))
        if fault():
            name = fault.__name__.replace("_", " ")
            self.counts[name] = self.counts.get(name, 0) + 1
            self.left -= 1
            self.lab.keep()

    # --- the faults; each says whether there was something to break

    def _live(self) -> list[tuple[RunDir, int]]:
        found = []
        for trial in self.lab.state().in_state("running"):
            run = RunDir(self.lab.workspace.runs / (trial.run or "-"))
            status = run.status() if is_held(run.lock_path) else None
            if status is not None and status.pid:
                found.append((run, status.pid))
        return found

    def _alive(self) -> list[Any]:
        return [process for process in self.lab.schedulers if process.poll() is None]

    def scheduler_killed(self) -> bool:
        for process in self._alive():
            self.lab.kill_scheduler(process)
            return True
        return False

    def scheduler_told_to_leave(self) -> bool:
        for process in self._alive():
            self.lab.kill(process.pid, self.random.choice([signal.SIGTERM, signal.SIGHUP, signal.SIGINT]))
            check(process.wait(30) in (0, -signal.SIGKILL, -15, -1, -2), "it did not leave in order")
            return True
        return False

    def second_scheduler(self) -> bool:
        if not self.lab.held():
            return False
        first = self._alive()
        other = self.lab.schedule()
        code = other.wait(30)
        check(code in (0, 2), f"a second scheduler ended with exit code {code}")
        check(code == 2 or any(process.poll() is not None for process in first), "two schedulers had one study")
        return True

    def trial_killed(self) -> bool:
        for _, pid in self._live()[:1]:
            self.lab.kill(pid)
            return True
        return False

    def trial_stopped_and_continued(self) -> bool:
        for _, pid in self._live()[:1]:
            self.lab.kill(pid, signal.SIGSTOP)
            self.lab.let_pass(self.random.uniform(0.0, 0.3), "the time it stands still is the fault")
            self.lab.kill(pid, signal.SIGCONT)
            return True
        return False

    def trial_frozen(self) -> bool:
        if self.random.random() < 0.7:  # it costs seconds
            return False
        for _, pid in self._live()[:1]:
            self.lab.kill(pid, signal.SIGSTOP)
            return True
        return False

    def tail_torn(self) -> bool:
        if not self.scheduler_killed() and self.lab.held():
            return False
        if self.lab.state().ended is not None:  # nobody would come and cut it
            return False
        with self.lab.log.open("ab") as file:
            file.write(b'0badc0de {"seq":'[: self.random.randrange(1, 16)])
        return True

    def garbage(self) -> bool:
        name = f"{self.random.randrange(10**9):020d}.json"
        (self.lab.path / "inbox" / name).write_bytes(self.random.choice([b"", b"{", b"\xff", b"[]", b'{"kind": 3}']))
        return True

    def command(self) -> bool:
        kind = self.random.choice(KINDS)
        about_trial = kind in ("kill_trial", "pause_trial", "restart_trial")
        self.lab.send(kind, self.random.randrange(6) if about_trial else None)
        return True

    def checkpoint_damaged(self) -> bool:
        for run, pid in self._live()[:1]:
            self.lab.kill(pid)
            self.lab.until(lambda run=run, pid=pid: not self._is(run, pid), "its end")  # type: ignore[misc]
            for _, path in run.checkpoints()[-1:]:
                with suppress(OSError):
                    os.truncate(path, 3)
            return True
        return False

    def _is(self, run: RunDir, pid: int) -> bool:
        status = run.status()
        return is_held(run.lock_path) and status is not None and status.pid == pid

    def everything_killed(self) -> bool:
        victims = [pid for _, pid in self._live()]
        for process in self._alive():
            self.lab.kill_scheduler(process)
        for pid in victims:
            self.lab.kill(pid)
        return bool(victims)

    # --- and then the sun

    def _clear(self) -> None:
        """Whatever is paused is resumed, whatever hangs is ended; then all must hold."""
        for process in self._alive():
            self.lab.kill_scheduler(process)
        self.lab.script({"*": {"seconds": 0.2}})
        for _, pid in self._live():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        for _ in range(20):
            state = self.lab.state()
            if state.ended is not None and not state.in_state("paused"):
                break
            self.lab.send("resume_study")
            for trial in state.in_state("paused"):
                self.lab.send("restart_trial", trial.number)
            process = self.lab.schedule()
            with suppress(Exception):
                process.wait(10)
            if process.poll() is None:
                self.lab.kill_scheduler(process)
        self.lab.hold()
