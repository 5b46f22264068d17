"""An executor whose runs are real directories with real locks, but whose training is one line of arithmetic.

A run lives until it is asked to stop, or until ``finish`` lets it end. Everything the cockpit reads (record, status,
lock, event file, log) is written by the same code as in a real run.
"""

import threading

from automl.executor import RunReport
from automl.local import report_of
from sessions.locks import Lock
from sessions.runs import RunDir, RunRecord, RunStatus
from vbot_rl.event_writer import EventWriter

TOTAL = 100_000


class FakeSlot:
    def release(self):
        pass


class FakeMachine:
    """Shared by all schedulers of a test, as a machine is."""

    def __init__(self, workspace, slots=2):
        self.workspace = workspace
        self.slots = slots
        self.locks = {}

    def executor(self):
        return FakeExecutor(self)

    def run(self, name):
        return RunDir(self.workspace.runs / name)

    def end(self, name, state, reason, detail):
        lock = self.locks.pop(name, None)
        if lock is not None:
            status = RunStatus(
                state=state, env_steps=8000, total_env_steps=TOTAL, score=0.25, end_reason=reason, end_detail=detail
            )
            self.run(name).write_status(status)
            lock.release()

    def release_all(self):
        for lock in self.locks.values():
            lock.release()


class FakeExecutor:
    def __init__(self, machine):
        self.machine = machine
        self.awake = threading.Event()

    def new_run(self, order):
        return self.machine.workspace.new_run_id(order.label)

    def prepare(self, run, order):
        if not self.machine.run(run).path.exists():
            record = RunRecord(id=run, kind="trial", env=order.env, study=order.study, trial=order.number)
            RunDir.create(self.machine.workspace.runs, record, {})

    def reserve(self):
        return FakeSlot() if len(self.machine.locks) < self.machine.slots else None

    def start(self, run, slot):
        directory = self.machine.run(run)
        self.machine.locks[run] = Lock.acquire(directory.lock_path, "fake trial")
        directory.log_path.write_text("begun\n")
        writer = EventWriter(directory.path)
        for index in range(1, 9):
            writer.write(index * 1000, {"reward/a": index, "reward/b": -1.0, "reward/total": index - 1.0})
        writer.close()
        status = RunStatus(
            state="running", phase="training", env_steps=8000, total_env_steps=TOTAL, steps_per_s=500.0, eta_s=184.0
        )
        directory.write_status(status)

    def adopt(self, run):
        pass

    def report(self, run):
        return report_of(self.machine.run(run))

    def settle(self, run) -> RunReport:
        return self.report(run)

    def ask_to_stop(self, run, order):
        state = {"kill": "killed", "pause": "paused"}.get(order.how, "stopped")
        self.machine.end(run, state, "user", f"{order.why} (asked by {order.who})")

    def kill(self, run):
        self.machine.end(run, "killed", "user", "killed")

    def wait(self, timeout_s):
        self.awake.wait(min(timeout_s, 0.05))
        self.awake.clear()

    def wake(self):
        self.awake.set()

    def close(self):
        pass
