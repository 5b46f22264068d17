"""Trials as processes of this machine: one training process per slot, alive exactly while its run's lock is held.

Pids are handles for signals and nothing more: a process is signalled only through a pidfd that was opened while the
run's lock was held and whose command line names the run.
"""

import contextlib
import os
import select
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from automl.checkpoints import checkpoint_of
from automl.crashes import end_of_log
from automl.diagnosis import flag_names
from automl.executor import EvalPoint, RunReport, Slot, StartError, TrialOrder
from automl.leftovers import end_holders, end_leftovers, names_run
from automl.state import StopOrder
from sessions.errors import LockedError, VbotError
from sessions.locks import Lock
from sessions.runs import RunDir, RunStatus, StopAction, best_score, settle
from sessions.workspace import Workspace
from vbot_sim.errors import SimError

if TYPE_CHECKING:
    from vbot_rl.launch import WarmStart

LOG_LINES = 80
REAP_S = 2.0

_REQUESTS: dict[str, tuple[StopAction, str]] = {
    "kill": ("kill", "user"),
    "pause": ("pause", "user"),
    "stop": ("stop", "user"),
    "halve": ("pause", "early_stop"),
    "prune": ("stop", "early_stop"),
    "flag": ("stop", "early_stop"),
    "budget": ("stop", "budget"),
    "stall": ("stop", "crashed"),
}


@dataclass
class _Process:
    """A handle on the process that holds a run."""

    pid: int
    pidfd: int
    popen: subprocess.Popen[bytes] | None = None
    asked: bool = False


class LocalExecutor:
    """Implements `automl.executor.Executor` with processes of this machine.

    Args:
        workspace: where runs and machine-wide slots are.
        machine_slots: how many trials may run on this machine at once, whoever started them; None = one per core.
        nice: how far trials stand back behind the cockpit.
        program: what python runs as a trial; see `vbot_rl.launch.launch`.
    """

    def __init__(
        self,
        workspace: Workspace,
        machine_slots: int | None = None,
        nice: int = 10,
        program: Sequence[str] | None = None,
    ) -> None:
        self._workspace = workspace
        self._machine_slots = machine_slots or usable_cores()
        self._nice = nice
        self._program = program
        self._processes: dict[str, _Process] = {}
        self._wake_read, self._wake_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)

    def new_run(self, order: TrialOrder) -> str:
        """A fresh id."""
        return self._workspace.new_run_id(order.label)

    def prepare(self, run: str, order: TrialOrder) -> None:
        """Make the run directory of a trial."""
        from vbot_rl.config import run_cfg
        from vbot_rl.launch import create_run

        if self._run(run).path.exists():
            return
        own = {**order.params, "train.seed": order.seed, "train.total_env_steps": order.env_steps}
        try:
            resolved = run_cfg(
                order.env, order.preset, sets={**order.sets, **own}, origins=dict.fromkeys(own, "search")
            )
            parent, start = self._warm_start(order)
        except (SimError, VbotError) as error:
            raise StartError(f"the configuration is refused: {error}", for_good=True) from error
        create_run(
            self._workspace,
            resolved,
            kind="trial",
            label=order.label,
            study=order.study,
            trial=order.number,
            parent=parent,
            command=f"vbot automl resume {order.study}",
            warm_start=start,
            run_id=run,
        )

    def _warm_start(self, order: TrialOrder) -> "tuple[str | None, WarmStart | None]":
        """What the trial starts from, if anything; the checkpoint is copied into its run."""
        from vbot_rl.launch import WarmStart

        asked = order.warm_start
        if asked is None:
            return None, None
        name, path = checkpoint_of(self._workspace, asked.run, asked.step)
        return name, WarmStart(path, asked.parts)

    def reserve(self) -> Lock | None:
        """A free machine-wide slot."""
        return self._workspace.take_slot(self._machine_slots)

    def start(self, run: str, slot: Slot) -> None:
        """Start a run's process in a slot, or watch the one that is alive."""
        from vbot_rl.launch import PROGRAM, launch

        directory = self._run(run)
        if not directory.config_path.exists():
            raise StartError(f"{directory.path} is gone, or has lost its config.yaml", for_good=True)
        if directory.is_alive():
            slot.release()
            self.adopt(run)
            return
        try:
            directory.clear_stop_request()
            held = slot if isinstance(slot, Lock) else None
            started = launch(directory, held, nice=self._nice, program=self._program or PROGRAM)
            pidfd = os.pidfd_open(started.pid)
        except LockedError:  # somebody was faster
            slot.release()
            self.adopt(run)
            return
        except (OSError, VbotError) as error:
            slot.release()
            raise StartError(f"the training process could not be started: {error}") from error
        self._forget(run)
        self._processes[run] = _Process(started.pid, pidfd, started.popen)

    def adopt(self, run: str) -> None:
        """Watch a live run of somebody else; without a usable pid it is watched by its lock alone."""
        directory = self._run(run)
        status = directory.status()
        if run in self._processes or status is None or status.pid is None:
            return
        with contextlib.suppress(OSError):
            pidfd = os.pidfd_open(status.pid)
            if directory.is_alive() and names_run(status.pid, run):
                self._processes[run] = _Process(status.pid, pidfd)
            else:
                os.close(pidfd)

    def report(self, run: str) -> RunReport:
        """What the run's lock and files say. The lock is looked at first."""
        directory = self._run(run)
        alive = directory.is_alive()
        if alive:
            self.adopt(run)
        else:
            self._forget(run)
        return _report(directory, alive, directory.status())

    def flags(self, run: str) -> tuple[str, ...]:
        """What the run's curves raise by now."""
        return flag_names(self._run(run))

    def settle(self, run: str) -> RunReport:
        """Complete the record of a dead run; a crash gets the end of its log as its detail."""
        directory = self._run(run)
        self._forget(run)
        end_leftovers(directory)  # of one that died while nobody was looking, too
        status = settle(directory)
        report = _report(directory, directory.is_alive(), status, flags=flag_names(directory))
        if status is None or status.end_reason != "crashed":
            return report
        lines = [status.end_detail or "the process died", *end_of_log(directory.log_tail(LOG_LINES))]
        return replace(report, end_detail="\n".join(lines))

    def ask_to_stop(self, run: str, order: StopOrder) -> None:
        """Put the request on disk, then signal, once per process."""
        directory = self._run(run)
        if directory.stop_request() is None:
            action, reason = _REQUESTS[order.how]
            directory.request_stop(order.who, order.why, action=action, reason=reason)
        self.adopt(run)
        process = self._processes.get(run)
        if process is not None and not process.asked:
            process.asked = True
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(process.pidfd, signal.SIGTERM)

    def kill(self, run: str) -> None:
        """Kill the process group of a run, which its process leads, and whatever else of it holds its lock."""
        self.adopt(run)
        process = self._processes.get(run)
        if process is not None and not _has_ended(process.pidfd):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        elif self._run(run).is_alive():
            end_holders(self._run(run))

    def wait(self, timeout_s: float) -> None:
        """Sleep until a watched process ends, `wake` is called or time is up."""
        poller = select.poll()
        poller.register(self._wake_read, select.POLLIN)
        for process in self._processes.values():
            if not _has_ended(process.pidfd):
                poller.register(process.pidfd, select.POLLIN)
        for fd, _ in poller.poll(max(0.0, timeout_s) * 1000):
            if fd == self._wake_read:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._wake_read, 4096)

    def wake(self) -> None:
        """End a wait; safe from any thread."""
        with contextlib.suppress(BlockingIOError, OSError):
            os.write(self._wake_write, b"x")

    def close(self) -> None:
        """Close all handles; the processes go on."""
        for run in list(self._processes):
            self._forget(run, reap=False)
        for name in ("_wake_read", "_wake_write"):
            fd = getattr(self, name)
            if fd >= 0:
                os.close(fd)
                setattr(self, name, -1)

    def _run(self, run: str) -> RunDir:
        return RunDir(self._workspace.runs / run)

    def _forget(self, run: str, reap: bool = True) -> None:
        process = self._processes.pop(run, None)
        if process is None:
            return
        if reap and _has_ended(process.pidfd, REAP_S):
            end_leftovers(self._run(run), process.pid)  # before it is waited for: until then its pid is nobody else's
            if process.popen is not None:
                process.popen.wait()
        os.close(process.pidfd)
        if process.popen is not None and process.popen.poll() is None:
            # It outlives this object on purpose; without a return code Popen would warn about that on collection.
            process.popen.returncode = 0


def usable_cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0))


def report_of(directory: RunDir) -> RunReport:
    """What a run's lock and files say; the lock is looked at first."""
    alive = directory.is_alive()
    return _report(directory, alive, directory.status())


def _report(directory: RunDir, alive: bool, status: RunStatus | None, flags: tuple[str, ...] = ()) -> RunReport:
    evals = [item for item in directory.evals() if item.canonical and item.protocol == "competition"]
    points = tuple(EvalPoint(item.step, item.score, item.success, item.fell, item.progress) for item in evals)
    if status is None:
        return RunReport(alive, "running" if directory.lock_path.exists() else "queued", evals=points)
    best = best_score(evals)
    return RunReport(
        alive=alive,
        state=status.state,
        env_steps=status.env_steps,
        total_env_steps=status.total_env_steps,
        steps_per_s=status.steps_per_s,
        eta_s=status.eta_s,
        score=best.score if best else None,
        success=best.success if best else None,
        evals=points,
        end_reason=status.end_reason,
        end_detail=status.end_detail,
        eval_s=status.metrics.get("perf/eval_s"),
        trained_per_s=status.metrics.get("perf/mean_steps_per_s"),
        flags=flags,
    )


def _has_ended(pidfd: int, timeout_s: float = 0.0) -> bool:
    poller = select.poll()
    poller.register(pidfd, select.POLLIN)
    return bool(poller.poll(timeout_s * 1000))
