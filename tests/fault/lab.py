"""A workspace in which things are broken on purpose, and what must hold in it whatever happened.

The schedulers and trials in it are processes of their own. Every kill is preceded by keeping the log as it is, so that
at the end it can be seen that nothing accepted was lost or altered.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from automl import studies
from automl.commands import Command
from automl.journal import JournalContent, decode_line, read_journal
from automl.space import Range
from automl.spec import FIRST_ENV, StudySpec
from automl.state import FINAL_STATES, StudyState, fold
from sessions.locks import Lock, is_held
from sessions.runs import RunDir
from sessions.workspace import Workspace

PATIENCE_S = 60.0
SHORTEST_LOOK_S, LONGEST_LOOK_S = 0.01, 0.05
ATTENDANT = [sys.executable, "-P", str(Path(__file__).with_name("attendant.py"))]


class Broken(AssertionError):
    """An invariant does not hold."""


def check(holds: object, words: str) -> None:
    """Raise Broken with these words unless it holds."""
    if not holds:
        raise Broken(words)


class Lab:
    """One workspace, one study at a time."""

    def __init__(self, root: Path, seed: int = 0) -> None:
        self.root = root
        self.workspace = Workspace.open(str(root))
        self.random = random.Random(seed)
        self.study = ""
        self.schedulers: list[subprocess.Popen[bytes]] = []
        self.schedulers_log = root / "schedulers.log"
        self._accepted = b""

    # --- making

    def create(self, script: dict[str, Any] | None = None, **changes: Any) -> str:
        """A study of short stand-in trials; `script` says how they behave."""
        self.script(script or {})
        values: dict[str, Any] = {
            "label": "fault",
            "env": FIRST_ENV,
            "space": {"ppo.learning_rate": Range(1e-4, 1e-3, log=True)},
            "max_trials": 3,
            "startup_trials": 2,
            "trial_env_steps": 100_000,
            "slots": 1,
            "stop_grace_s": 1.0,
            "stall_s": 60.0,
            **changes,
        }
        self.study = studies.create_study(self.workspace, StudySpec(**values))
        self._accepted = b""
        return self.study

    def script(self, script: dict[str, Any]) -> None:
        """Say how trials begin to behave from now on, by number; "*" is for all."""
        (self.root / "script.json").write_text(json.dumps(script))

    def schedule(self, *arguments: str, **named: Any) -> subprocess.Popen[bytes]:
        """Start a scheduler process; several may be started, which is one of the faults."""
        command = [*ATTENDANT, "--workspace", str(self.root), "--study", self.study, *arguments]
        with self.schedulers_log.open("ab") as log:
            started = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, **named}
            process = subprocess.Popen(command, start_new_session="preexec_fn" not in named, **started)
        self.schedulers.append(process)
        return process

    def finish(self, arguments: Sequence[str] = (), **named: Any) -> StudyState:
        """Have a scheduler bring the study to its end."""
        code = self.schedule(*arguments, **named).wait(PATIENCE_S)
        check(code == 0, f"the scheduler ended with exit code {code}: {self.said()[-300:]}")
        return self.state()

    # --- looking

    @property
    def path(self) -> Path:
        """The study's directory."""
        return self.workspace.study(self.study)

    @property
    def log(self) -> Path:
        """The study's event log."""
        return self.path / "events.jsonl"

    def said(self) -> str:
        """What schedulers printed."""
        path = self.schedulers_log
        return path.read_text(errors="replace") if path.exists() else ""

    def content(self) -> JournalContent:
        """The log as it is; read again where a scheduler was just writing."""
        return read_journal(self.log)

    def state(self) -> StudyState:
        """What the log tells."""
        return fold(self.content().events)

    def events(self, kind: str) -> list[dict[str, Any]]:
        """Events of a kind."""
        return [event for event in self.content().events if event["type"] == kind]

    def run(self, number: int = 0) -> RunDir:
        """The run of a trial, which must have been made."""
        name = self.state().trials[number].run
        assert name is not None
        return RunDir(self.workspace.runs / name)

    def pid(self, number: int = 0) -> int:
        """The process of a trial, once it works."""

        def working() -> int | None:
            trial = self.state().trials.get(number)
            run = RunDir(self.workspace.runs / trial.run) if trial and trial.run else None
            status = run.status() if run and run.is_alive() else None
            return status.pid if status and status.env_steps > 0 else None

        return int(self.until(working, f"trial {number} at work"))

    def held(self) -> bool:
        """Whether a scheduler has the study."""
        return is_held(self.path / "lock")

    def until(self, condition: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> Any:
        """Wait for something; what it gave.

        It is looked for again and again, less and less often: files of other processes announce nothing.
        """
        deadline, pause_s = time.monotonic() + patience_s, SHORTEST_LOOK_S
        while not (found := condition()):
            check(time.monotonic() < deadline, f"it never came: {what}; schedulers said: {self.said()[-300:]}")
            time.sleep(pause_s)
            pause_s = min(1.3 * pause_s, LONGEST_LOOK_S)
        return found

    def let_pass(self, seconds: float, why: str) -> None:
        """Let time pass where no event can be waited for.

        Args:
            seconds: how long.
            why: the reason, for the reader: the time is the fault itself, or what is waited for must not happen.
        """
        assert why
        time.sleep(seconds)

    def event(self, kind: str, count: int = 1) -> dict[str, Any]:
        """Wait for so many events of a kind; the last of them."""
        self.until(lambda: len(self.events(kind)) >= count, f"{count} x {kind}")
        return self.events(kind)[count - 1]

    # --- breaking

    def keep(self) -> None:
        """Remember what the log has accepted; nothing of it may change any more."""
        if not self.study:
            return
        whole = self.log.read_bytes()
        kept = whole[: whole.rfind(b"\n") + 1]
        check(kept.startswith(self._accepted), "accepted events were lost or altered")
        self._accepted = kept

    def kill(self, pid: int, number: int = signal.SIGKILL) -> None:
        """Signal a process of the lab."""
        self.keep()
        with suppress(ProcessLookupError):
            os.kill(pid, number)

    def kill_scheduler(self, process: subprocess.Popen[bytes]) -> None:
        """As kill -9, and wait until it is gone."""
        self.kill(process.pid)
        process.wait(PATIENCE_S)

    def send(self, kind: Any, trial: int | None = None, **more: Any) -> str:
        """A command of another process."""
        return studies.send(self.workspace, self.study, Command(kind, "ann", "because", trial=trial, **more))

    # --- what must hold

    def hold(self, ended: bool = True) -> None:
        """The invariant of all cases.

        No accepted event is lost or altered, each run had one writer at a time and repeated no work, each trial is in
        exactly one final state that its run confirms, and no process and no slot is left behind.
        """
        self.keep()
        lines = self.log.read_bytes().splitlines(keepends=True)
        broken = [(number, line[:60]) for number, line in enumerate(lines, 1) if not decode_line(line)]
        check(not broken, f"the log has lines that are not whole: {broken}; its end: {lines[-2:]}")
        violations = self.root / "violations"
        check(not violations.exists(), violations.read_text() if violations.exists() else "")
        state = self.state()
        for trial in state.trials.values():
            self._hold_trial(trial.run)
        if not ended:
            return
        check(state.ended is not None, "the study has not ended")
        wrong = [trial.number for trial in state.trials.values() if trial.state not in FINAL_STATES]
        check(not wrong, f"trials {wrong} are in no final state")
        check(sorted(state.finish_order) == sorted(state.trials), "a trial ended not exactly once")
        self._hold_words(state)
        check(not list(self.processes()), f"processes are left: {list(self.processes())}")
        self._hold_slots()

    def _hold_trial(self, name: str | None) -> None:
        work = self.workspace.runs / (name or "-") / "work.jsonl"
        if not work.exists():
            return
        whole = work.read_bytes()
        steps = [json.loads(line)["step"] for line in whole[: whole.rfind(b"\n") + 1].splitlines()]
        check(steps == sorted(set(steps)), f"{name} did a step twice")

    def _hold_words(self, state: StudyState) -> None:
        for trial in state.trials.values():
            run = RunDir(self.workspace.runs / (trial.run or "-"))
            check(not run.is_alive(), f"trial {trial.number} is {trial.state} and its run is alive")
            status = run.status()
            if trial.state in ("finished", "diverged") and status is not None:
                check(
                    status.state == trial.state,
                    f"trial {trial.number}: {trial.state} in the log, {status.state} itself",
                )
            check(trial.state in ("finished", "stopped", "killed") or trial.score is None, "a crash has a score")

    def _hold_slots(self) -> None:
        def all_free() -> bool:
            slots = [Lock.try_acquire(path) for path in self.workspace.slots.glob("slot_*")]
            for slot in slots:
                if slot is not None:
                    slot.release()
            return all(slots)

        self.until(all_free, "free slots")

    def processes(self) -> Iterator[int]:
        """Live trials of this workspace, and what they started."""
        mark = str(self.workspace.runs).encode()
        for entry in os.scandir("/proc"):
            with suppress(OSError, ValueError):
                pid = int(entry.name)
                line = Path(f"/proc/{pid}/cmdline").read_bytes()
                if mark in line and b"Z" not in Path(f"/proc/{pid}/stat").read_bytes().rsplit(b")")[-1][:3]:
                    yield pid

    def close(self) -> None:
        """End whatever is left."""
        for process in self.schedulers:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGCONT)
                process.kill()
            process.wait()

        def none_left() -> bool:
            left = list(self.processes())
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            return not left

        with suppress(Broken):
            self.until(none_left, "the end of all processes", 5.0)


@contextmanager
def small_disk(path: Path, size: str) -> Iterator[Path]:
    """A file system of its own that is full soon.

    Raises:
        Unavailable: this machine does not let us mount one.
    """
    path.mkdir(exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", path], capture_output=True, text=True)
    if done.returncode:
        raise Unavailable(f"no tmpfs can be mounted here: {done.stderr.strip()}")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", path], check=False, capture_output=True)


class Unavailable(Exception):
    """The fault cannot be injected on this machine; the message says why."""


def fill(folder: Path) -> Path:
    """Use up what is left of a file system; delete the returned file to give it back."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"\0" * 4096)
    with filler.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"\0")
    return filler
