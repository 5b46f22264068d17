"""Many studies on a fake machine, with everything going wrong that can, in an order that a seed decides.

What must hold whatever happens: no accepted event is lost, the log folds to what the living scheduler believes, no run
is started while it is alive, and in the end every trial is in exactly one final state.
"""

import os
import random
from pathlib import Path
from typing import Any

import pytest

from automl.asha import AshaCfg
from automl.commands import Command
from automl.engine import Engine
from automl.journal import Journal, JournalWriteError, read_journal
from automl.state import FINAL_STATES, fold
from tests.automl.builders import spec
from tests.automl.fake import FakeClock, FakeExecutor, FakeMachine, Script
from tests.automl.test_engine import Killed, numbered

SEEDS = range(25)
KINDS = ("start_trial", "kill_trial", "pause_trial", "restart_trial", "pause_study", "resume_study")


class Careful(FakeExecutor):
    """Notices a start of something that lives."""

    def start(self, run: str, slot: Any) -> None:
        assert not self.machine.runs[run].report.alive, "two writers in one run"
        super().start(run, slot)


class Storm:
    """One study and the weather it is in."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.path = folder / "events.jsonl"
        self.clock = FakeClock()
        scripts = {number: self.script() for number in range(100)}
        self.machine = FakeMachine(self.clock, 2, scripts.__getitem__)
        self.spec = spec(max_trials=5, stall_s=60.0, stop_grace_s=3.0, early_stop=AshaCfg(True, 2.0, (0.4,), 3))
        self.accepted: list[dict[str, Any]] = []
        self.commands = 0
        self.begin()

    def script(self) -> Script:
        draw = self.random.random
        return Script(
            score=draw() * 2 - 1,
            dies_at=sorted(self.random.randrange(1000) for _ in range(self.random.choice([0, 0, 0, 1, 2, 3]))),
            crashes_at=self.random.randrange(1000) if draw() < 0.1 else None,
            error=f"{self.random.choice('AB')}Error: step {self.random.randrange(99)}",
            diverges_at=self.random.randrange(1000) if draw() < 0.1 else None,
            hangs_at=self.random.randrange(1, 1000) if draw() < 0.1 else None,
            ignores_stop=draw() < 0.2,
            start_fails=self.random.choice([0, 0, 0, 1]),
            refused=draw() < 0.05,
        )

    def begin(self) -> None:
        """A new scheduler process; it may be killed at any event it writes."""
        self.journal = Journal(self.path)
        append, fate = self.journal.append, self.random.choice([None, None, self.random.randrange(1, 12)])
        written = 0

        def risky(event: Any) -> Any:
            nonlocal written
            written += 1
            if self.random.random() < 0.02:
                raise JournalWriteError("the disk is full")
            if written == fate and self.random.random() < 0.5:
                raise Killed
            stored = append(event)
            self.accepted.append(stored)
            if written == fate:
                raise Killed
            return stored

        self.journal.append = risky  # type: ignore[method-assign]
        executor = Careful(self.machine)
        try:
            self.engine = Engine("study", self.spec, self.journal, executor, self.clock, 2, suggester=numbered)
        except (Killed, JournalWriteError):
            self.reborn()

    def reborn(self) -> None:
        """The process is gone: its locks drop, a half-written line may stay behind, time passes, a new one begins."""
        self.journal.close()
        if self.random.random() < 0.3:
            with self.path.open("ab") as file:
                file.write(b'0badc0de {"seq":'[: self.random.randrange(1, 16)])
        self.machine.slots_held = sum(run.report.alive for run in self.machine.runs.values())
        self.machine.advance(self.random.choice([0.0, 1.0, 30.0]))
        self.begin()

    def live(self, rounds: int, storm: bool) -> None:
        for _ in range(rounds):
            try:
                if storm:
                    self.mischief()
                self.engine.step()
            except JournalWriteError:
                pass
            except Killed:
                self.reborn()
            self.machine.advance(self.random.choice([0.5, 1.0, 2.0]))

    def mischief(self) -> None:
        alive = [name for name, run in self.machine.runs.items() if run.report.alive]
        draw = self.random.random()
        if draw < 0.05 and alive:
            self.machine.kill_run(self.random.choice(alive))
        elif draw < 0.15:
            self.commands += 1
            kind: Any = self.random.choice(KINDS)
            trial = self.random.randrange(7) if kind.endswith("_trial") and kind != "start_trial" else None
            self.engine.obey(Command(kind, "ann", "because", trial=trial, id=f"c{self.commands}"))
        elif draw < 0.19:
            self.reborn()

    def settle(self) -> None:
        """The weather clears: somebody resumes what is paused, and waits."""
        for _ in range(40):
            for kind, state in (("resume_study", None), ("restart_trial", "paused")):
                trials = self.engine.state.in_state(state) if state else [None]
                for trial in trials:
                    self.commands += 1
                    number = trial.number if trial else None
                    command: Any = Command(kind, "ann", "go on", trial=number, id=f"c{self.commands}")  # type: ignore[arg-type]
                    try:
                        self.engine.obey(command)
                    except JournalWriteError:
                        pass
                    except Killed:
                        self.reborn()
            self.live(25, storm=False)
            state = self.engine.state
            if state.ended is not None and not state.in_state("paused"):
                return


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_lost_and_every_trial_ends_once_whatever_goes_wrong(tmp_path, seed):
    here = Storm(tmp_path, seed)
    here.live(150, storm=True)
    here.settle()
    here.journal.close()
    events = read_journal(here.path).events
    assert [dict(event) for event in events] == here.accepted
    state = fold(events)
    assert state == here.engine.state
    assert state.ended is not None
    assert all(trial.state in FINAL_STATES for trial in state.trials.values())
    assert sorted(state.finish_order) == sorted(state.trials)
    assert not any(run.report.alive for run in here.machine.runs.values())
    assert here.machine.slots_held == 0
    for trial in state.trials.values():
        assert (trial.score is None) or trial.state in ("finished", "stopped", "killed")
        assert len([rung.step for rung in trial.rungs]) == len({rung.step for rung in trial.rungs})
    assert os.path.getsize(here.path) == read_journal(here.path).good_bytes
