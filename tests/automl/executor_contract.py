"""What every executor has to do: a suite that each implementation runs against itself.

Subclass `ExecutorContract`, give it an executor on an empty machine with two slots, and orders for runs that end by
themselves soon, and that do not end during a test.
"""

import time
from collections.abc import Callable, Iterator

import pytest

from automl.executor import Executor, RunReport, StartError, TrialOrder
from automl.state import StopOrder

PATIENCE_S = 90.0


class ExecutorContract:
    SLOTS = 2

    def new_executor(self) -> Executor:
        """Another executor on the same machine."""
        raise NotImplementedError

    def short(self, number: int) -> TrialOrder:
        raise NotImplementedError

    def long(self, number: int) -> TrialOrder:
        raise NotImplementedError

    def refused(self, number: int) -> TrialOrder:
        raise NotImplementedError

    @pytest.fixture
    def executor(self) -> Iterator[Executor]:
        self.started: list[str] = []
        executor = self.new_executor()
        yield executor
        for run in self.started:
            self.until(executor, run, lambda report, run=run: not report.alive or executor.kill(run))
            executor.settle(run)
        executor.close()

    def until(self, executor: Executor, run: str, condition: Callable[[RunReport], bool]) -> RunReport:
        deadline = time.monotonic() + PATIENCE_S
        while not condition(report := executor.report(run)):
            assert time.monotonic() < deadline, f"it never came: {report}"
            executor.wait(0.1)
        return report

    def begin(self, executor: Executor, order: TrialOrder) -> str:
        run = executor.new_run(order)
        executor.prepare(run, order)
        self.start(executor, run)
        return run

    def start(self, executor: Executor, run: str) -> None:
        slot = executor.reserve()
        assert slot is not None
        executor.start(run, slot)
        self.started.append(run)

    def free_slots(self, executor: Executor) -> int:
        slots = []
        while (slot := executor.reserve()) is not None:
            slots.append(slot)
        for slot in slots:
            slot.release()
        return len(slots)

    def moving(self, report: RunReport) -> bool:
        return report.alive and report.state == "running" and report.env_steps > 0

    # --- the contract

    def test_a_prepared_run_waits(self, executor):
        order = self.long(0)
        run = executor.new_run(order)
        executor.prepare(run, order)
        report = executor.report(run)
        assert (report.alive, report.state) == (False, "queued")
        assert executor.flags(run) == ()

    def test_preparing_again_changes_nothing(self, executor):
        order = self.long(0)
        run = executor.new_run(order)
        executor.prepare(run, order)
        executor.prepare(run, order)
        assert executor.report(run).state == "queued"

    def test_two_new_runs_have_two_ids(self, executor):
        assert executor.new_run(self.long(0)) != executor.new_run(self.long(0))

    def test_a_refused_configuration_is_refused_for_good(self, executor):
        order = self.refused(0)
        with pytest.raises(StartError) as error:
            executor.prepare(executor.new_run(order), order)
        assert error.value.for_good

    def test_there_are_as_many_slots_as_the_machine_has(self, executor):
        first, second = executor.reserve(), executor.reserve()
        assert first is not None and second is not None
        assert executor.reserve() is None
        first.release()
        first.release()
        assert self.free_slots(executor) == 1
        second.release()
        assert self.free_slots(executor) == self.SLOTS

    def test_a_run_lives_in_its_slot_measures_itself_and_ends(self, executor):
        run = self.begin(executor, self.short(0))
        assert executor.report(run).alive
        assert self.free_slots(executor) == self.SLOTS - 1
        report = self.until(executor, run, lambda report: not report.alive)
        assert (report.state, report.end_reason) == ("finished", "finished")
        assert report.env_steps >= report.total_env_steps > 0
        assert len(report.evals) >= 5
        assert [point.step for point in report.evals] == sorted({point.step for point in report.evals})
        assert executor.settle(run).state == "finished"
        # the slot is free once the process is gone, which may be a moment after it let go of its run
        self.until(executor, run, lambda report: self.free_slots(executor) == self.SLOTS)

    def test_starting_what_lives_gives_the_slot_back(self, executor):
        run = self.begin(executor, self.long(0))
        self.start(executor, run)
        assert self.free_slots(executor) == self.SLOTS - 1
        assert executor.report(run).alive

    @pytest.mark.parametrize(
        ("how", "state"),
        [("stop", "stopped"), ("kill", "killed"), ("prune", "stopped"), ("flag", "stopped"), ("halve", "paused")],
    )
    def test_a_run_that_is_asked_ends_in_order_and_says_who_asked_and_why(self, executor, how, state):
        run = self.begin(executor, self.long(0))
        self.until(executor, run, self.moving)
        for _ in range(2):
            executor.ask_to_stop(run, StopOrder(how, "ann", "it wobbles"))
        report = self.until(executor, run, lambda report: not report.alive)
        assert report.state == state
        assert "ann" in (report.end_detail or "") and "it wobbles" in (report.end_detail or "")

    def test_a_paused_run_goes_on_where_it_was(self, executor):
        run = self.begin(executor, self.long(0))
        self.until(executor, run, self.moving)
        executor.ask_to_stop(run, StopOrder("pause", "ann", "later"))
        paused = self.until(executor, run, lambda report: not report.alive)
        assert paused.state == "paused"
        self.start(executor, run)
        again = self.until(executor, run, lambda report: self.moving(report) and report.env_steps > paused.env_steps)
        assert again.env_steps > paused.env_steps

    def test_a_killed_process_has_crashed_once_its_record_is_settled(self, executor):
        run = self.begin(executor, self.long(0))
        self.until(executor, run, self.moving)
        assert executor.settle(run).alive  # nothing happens to a live run
        executor.kill(run)
        report = self.until(executor, run, lambda report: not report.alive)
        assert report.state == "running"  # its own last word
        settled = executor.settle(run)
        assert (settled.state, settled.end_reason) == ("failed", "crashed")
        assert self.free_slots(executor) == self.SLOTS

    def test_another_executor_can_adopt_and_stop_it(self, executor):
        run = self.begin(executor, self.long(0))
        self.until(executor, run, self.moving)
        other = self.new_executor()
        other.adopt(run)
        other.ask_to_stop(run, StopOrder("stop", "bob", "enough"))
        assert self.until(other, run, lambda report: not report.alive).state == "stopped"
        other.close()

    def test_closing_leaves_runs_alive(self, executor):
        other = self.new_executor()
        run = self.begin(other, self.long(0))
        other.close()
        assert executor.report(run).alive

    def test_waking_ends_a_wait(self, executor):
        executor.wake()
        begin = time.monotonic()
        executor.wait(30.0)
        assert time.monotonic() - begin < 20.0
