"""The trial process: ``python -P -m vbot_rl.train_one --run DIR``.

It holds the run's flock for its whole life, ignores hang-ups, ends in order on SIGTERM or on a request in
``control/``, resumes from the newest checkpoint by itself, and leaves the reason of its end in ``status.json``.
Exit code: 0 finished, stopped or paused; 1 failed or diverged; 2 wrong arguments; 75 another process has the run.
"""

import argparse
import errno
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from sessions.errors import NotFoundError, VbotError
from sessions.files import utc_now
from sessions.locks import Lock, describe_holder
from sessions.runs import RunDir, RunStatus, StopRequest
from vbot_rl.config import RunCfg, load_yaml
from vbot_rl.launch import choose_libraries, prepare
from vbot_sim.errors import SimError

EXIT_DONE, EXIT_FAILED, EXIT_USAGE, EXIT_LOCKED = 0, 1, 2, 75
_STATE_AFTER = {"stop": "stopped", "pause": "paused", "kill": "killed"}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the trial; returns the exit code."""
    args = _arguments(argv)
    run = RunDir(Path(os.path.abspath(args.run)))
    lock = _take_lock(run, args.lock_fd)
    if lock is None:
        say(f"{run.id} is being run by {describe_holder(run.lock_path)}; stop that one first")
        return EXIT_LOCKED
    if args.slot_fd is not None:
        os.set_inheritable(args.slot_fd, False)  # held until this process ends
    with lock:
        lock.describe(f"trial process of {run.id}")
        signals = Signals()
        step_back(args.nice)
        choose_libraries()
        return _run(run, signals)


def step_back(nice: int, autogroup: Path = Path("/proc/self/autogroup")) -> None:
    """Leave the processor to others: by ``nice`` among processes, and as much among scheduling groups.

    Where the kernel groups processes by session (sched_autogroup), a trial's session is a group of its own; niceness
    counts only within a group, so without this a trial takes as much as the cockpit that watches it. A session that
    is not ours alone (started by hand in a shell) is left as it is.
    """
    if nice == 0:
        return
    with suppress(OSError):
        os.nice(nice)
    if os.getsid(0) == os.getpid():
        with suppress(OSError):  # no such file without autogroups; not every sandbox lets us
            autogroup.write_text(str(nice), encoding="ascii")


def say(line: str) -> None:
    """One line for the log."""
    with suppress(OSError):  # no training ends because its log has no room
        print(f"{utc_now()} {line}", flush=True)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="vbot_rl.train_one", description="Train one run in its directory.")
    parser.add_argument("--run", required=True, help="directory of the run")
    parser.add_argument("--lock-fd", type=int, help="descriptor of the run's lock, already held")
    parser.add_argument("--slot-fd", type=int, help="descriptor of a training slot, already held")
    parser.add_argument("--nice", type=int, default=0, help="how far to step back for other processes")
    args = parser.parse_args(argv)
    if not (Path(args.run) / "run.json").is_file():
        parser.error(f"{args.run} is not a run directory (no run.json); create one with `vbot train`")
    return args


def _take_lock(run: RunDir, fd: int | None) -> Lock | None:
    """The lock handed over by the launcher, or taken here when started by hand."""
    if fd is not None:
        return Lock.from_fd(run.lock_path, fd)
    lock = Lock.try_acquire(run.lock_path)
    if lock is not None:
        prepare(run)
    return lock


class Signals:
    """SIGTERM and SIGINT become a request; SIGHUP is nothing to us."""

    def __init__(self) -> None:
        self.received: str | None = None
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._take)

    def _take(self, number: int, _frame: object) -> None:
        self.received = signal.Signals(number).name

    def stop_request(self, run: RunDir) -> StopRequest | None:
        """What is asked of the run: a file in ``control/``, or else the bare signal."""
        if run.stop_path.exists():
            return run.stop_request()
        if self.received is not None:
            return StopRequest(who="a signal", why=f"{self.received} was received")
        return None


def _run(run: RunDir, signals: Signals) -> int:
    try:
        cfg = load_yaml(run.config_path).cfg
        return _train(run, cfg, signals)
    except (VbotError, SimError) as error:
        say(str(error))
        return _failed(run, str(error))
    except OSError as error:
        traceback.print_exc()
        return _failed(run, _disk_words(error))
    except Exception as error:
        traceback.print_exc()
        sys.stderr.flush()
        return _failed(run, f"{type(error).__name__}: {error}; the traceback is in train.log")


def _train(run: RunDir, cfg: RunCfg, signals: Signals) -> int:
    from vbot_rl.trainer import Diverged, Trainer

    trainer = Trainer(run, cfg, stop=lambda: signals.stop_request(run), say=say)
    try:
        outcome = trainer.train()
    except Diverged as error:
        say(str(error))
        trainer.status.end("diverged", "diverged", str(error))
        return EXIT_FAILED
    request = outcome.request
    if request is None:
        trainer.status.end("finished", "finished", f"all {outcome.env_steps:,} steps are done")
    elif request.action == "pause":
        trainer.status.end("paused", None, f"{request.why} (asked by {request.who}); resumes from its checkpoint")
    else:
        detail = f"{request.why} (asked by {request.who})"
        trainer.status.end(_STATE_AFTER[request.action], request.reason, detail)
    say(f"ended: {trainer.status.end_detail}")
    return EXIT_DONE


def _disk_words(error: OSError) -> str:
    where = f" while writing {error.filename}" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"the disk is full{where}; make room, then resume the run: it goes on from its last checkpoint"
    return f"a file operation failed{where} ({error.strerror or error}); mend it, then resume the run"


def _failed(run: RunDir, detail: str) -> int:
    """Leave the reason in the status; a disk without room for that is settled by whoever looks next."""
    last = run.status() or RunStatus(state="running")
    ended = replace(last, state="failed", phase="", pid=None, eta_s=None, steps_per_s=0.0)
    checkpoints = tuple(step for step, _ in run.checkpoints())
    with suppress(OSError, NotFoundError):
        run.write_status(replace(ended, end_reason="crashed", end_detail=detail, checkpoints=checkpoints))
    return EXIT_FAILED


if __name__ == "__main__":
    sys.exit(main())
