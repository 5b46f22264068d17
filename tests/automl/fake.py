"""A machine that exists in memory: runs advance with a clock that the test moves."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from automl.executor import EvalPoint, RunReport, StartError, TrialOrder
from automl.state import StopOrder

SPEED = 100.0  # env steps per second of the fake clock


class FakeClock:
    """Time that passes only when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def utc(self) -> str:
        return f"2026-11-23T00:00:{self.now:06.3f}Z"


@dataclass
class Script:
    """How a trial behaves.

    Attributes:
        score: its score at the end; evaluations grow towards it linearly.
        dies_at: steps at which its process vanishes without a word, one per attempt.
        crashes_at: step at which it ends with an error of its own.
        error: what that error says.
        diverges_at: step at which its numbers blow up.
        hangs_at: step at which it stands still for ever.
        ignores_stop: whether it does not hear requests to stop.
        start_fails: how many of its starts fail.
        flag: what its curves raise, from `flag_at` on.
        scores: score by share of the steps, where it does not grow linearly; NaN is possible.
        refused: whether its configuration is refused for good.
    """

    score: float = 0.5
    dies_at: list[int] = field(default_factory=list)
    crashes_at: int | None = None
    error: str = "ValueError: 3 is not 4"
    diverges_at: int | None = None
    hangs_at: int | None = None
    ignores_stop: bool = False
    start_fails: int = 0
    refused: bool = False
    flag: str = ""
    flag_at: int = 0
    scores: dict[float, float] = field(default_factory=dict)


@dataclass
class Run:
    order: TrialOrder
    script: Script
    report: RunReport = field(default_factory=lambda: RunReport(False, "queued"))
    steps_done: float = 0.0
    attempts: int = 0
    asked: StopOrder | None = None
    slot: "FakeSlot | None" = None


class FakeSlot:
    def __init__(self, machine: "FakeMachine") -> None:
        self.machine = machine
        self.held = True
        machine.slots_held += 1

    def hand_on(self) -> "FakeSlot":
        """The same slot in the hands of a run; this handle is used up."""
        mine = FakeSlot(self.machine)
        self.release()
        return mine

    def release(self) -> None:
        if self.held:
            self.held = False
            self.machine.slots_held -= 1


class FakeMachine:
    """What goes on living when a scheduler dies: the runs, the slots and the clock."""

    def __init__(self, clock: FakeClock, slots: int = 2, script: Callable[[int], Script] | None = None) -> None:
        self.clock = clock
        self.slots = slots
        self.slots_held = 0
        self.script = script or (lambda number: Script())
        self.runs: dict[str, Run] = {}
        self.starts: list[str] = []
        self.kills: list[str] = []
        self.trouble: Exception | None = None

    def advance(self, seconds: float) -> None:
        """Let time pass for the clock and for every live run."""
        self.clock.now += seconds
        for run in self.runs.values():
            if run.report.alive:
                self._advance(run, seconds)

    def kill_run(self, name: str) -> None:
        """As kill -9 from outside."""
        self._end(self.runs[name], "running")

    def _advance(self, run: Run, seconds: float) -> None:
        total = run.order.env_steps
        script = run.script
        before = run.steps_done
        target = min(total, before + seconds * SPEED)
        if script.hangs_at is not None and target >= script.hangs_at and run.attempts == 1:
            target = float(script.hangs_at)
        run.steps_done = max(before, target)
        points = tuple(self._point(run, step) for step in self._eval_steps(total) if step <= run.steps_done)
        run.report = replace(run.report, env_steps=int(run.steps_done), evals=points)
        if script.dies_at and run.steps_done >= script.dies_at[0]:
            script.dies_at.pop(0)
            self._end(run, "running")
        elif script.crashes_at is not None and run.steps_done >= script.crashes_at:
            self._end(run, "failed", "crashed", script.error)
        elif script.diverges_at is not None and run.steps_done >= script.diverges_at:
            self._end(run, "diverged", "diverged", "loss is nan")
        elif run.steps_done >= total:
            self._end(run, "finished", "finished", "all steps done")
        elif run.asked is not None and not script.ignores_stop and script.hangs_at is None:
            word = {"kill": "killed", "pause": "paused", "halve": "paused"}.get(run.asked.how, "stopped")
            self._end(run, word, "user", f"{run.asked.who}: {run.asked.why}")

    def _end(self, run: Run, state: str, reason: str | None = None, detail: str | None = None) -> None:
        run.report = replace(run.report, alive=False, state=state, end_reason=reason, end_detail=detail)
        if run.slot is not None:
            run.slot.release()

    @staticmethod
    def _eval_steps(total: int) -> list[int]:
        return [total * part // 5 for part in range(1, 6)]

    @staticmethod
    def _point(run: Run, step: int) -> EvalPoint:
        share = step / run.order.env_steps
        score = run.script.scores.get(share, run.script.score * share)
        return EvalPoint(step, score, max(0.0, score), 0.0)


class FakeExecutor:
    """Implements `automl.executor.Executor` on a fake machine. Waiting is what lets time pass."""

    def __init__(self, machine: FakeMachine) -> None:
        self.machine = machine
        self.adopted: list[str] = []
        self._ids = itertools.count()

    def new_run(self, order: TrialOrder) -> str:
        return f"run-{order.number}-{next(self._ids)}"

    def prepare(self, run: str, order: TrialOrder) -> None:
        script = self.machine.script(order.number)
        if script.refused:
            raise StartError("the configuration is refused: ppo.clip must be positive", for_good=True)
        self.machine.runs.setdefault(run, Run(order, script))

    def reserve(self) -> FakeSlot | None:
        return FakeSlot(self.machine) if self.machine.slots_held < self.machine.slots else None

    def start(self, run: str, slot: FakeSlot) -> None:
        entry = self.machine.runs[run]
        if entry.report.alive:
            slot.release()
            return
        if entry.script.start_fails > 0:
            entry.script.start_fails -= 1
            slot.release()
            raise StartError("no more processes")
        entry.attempts += 1
        entry.asked, entry.slot = None, slot.hand_on()
        entry.report = replace(
            entry.report,
            alive=True,
            state="running",
            total_env_steps=entry.order.env_steps,
            end_reason=None,
            end_detail=None,
        )
        self.machine.starts.append(run)

    def adopt(self, run: str) -> None:
        self.adopted.append(run)

    def report(self, run: str) -> RunReport:
        entry = self.machine.runs.get(run)
        return entry.report if entry else RunReport(False, "queued")

    def flags(self, run: str) -> tuple[str, ...]:
        entry = self.machine.runs[run]
        return (entry.script.flag,) if entry.script.flag and entry.report.env_steps >= entry.script.flag_at else ()

    def settle(self, run: str) -> RunReport:
        entry = self.machine.runs.get(run)
        if entry is None:
            return RunReport(False, "failed", end_reason="crashed", end_detail="it was never made")
        if not entry.report.alive and entry.report.state in ("running", "queued"):
            entry.report = replace(
                entry.report, state="failed", end_reason="crashed", end_detail=f"died at {entry.report.env_steps}"
            )
        return entry.report

    def ask_to_stop(self, run: str, order: StopOrder) -> None:
        entry = self.machine.runs[run]
        entry.asked = entry.asked or order

    def kill(self, run: str) -> None:
        self.machine.kills.append(run)
        if self.machine.runs[run].report.alive:
            self.machine.kill_run(run)

    def wait(self, timeout_s: float) -> None:
        self.machine.advance(timeout_s)

    def wake(self) -> None:
        pass

    def close(self) -> None:
        pass
