"""Lines that stall and lines that die, with a real study of tiny trials behind the cockpit."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from sessions.locks import is_held
from sessions.runs import RunDir
from sessions.workspace import Workspace
from vbot_tui.bench.program import Program, cpu_s, memory_mb
from vbot_tui.bench.screen import Screen
from vbot_tui.bench.stage import READY_S, TABLE_HEAD, Stage
from vbot_tui.text import count

TINY = """\
label: tiny
trial_env_steps: 200000000
max_trials: 6
slots: 2
sets:
  ppo.horizon: 16
  ppo.hidden: [16, 16]
  train.num_envs: 16
  train.evaluation_cases: 4
space:
  ppo.learning_rate: {factor: [0.5, 2.0]}
"""
STALL_S, LONG_STALL_S = 10.0, 60.0
LOOK_S = 0.02
HEALED_S = 0.5
GROWTH_MB, CURVES_MB_S = 5.0, 0.1
"""How much memory may grow, and what the curves of two trials with fifty updates a second need beside it."""
SPIN_S = 1.0
CALM_S = 6.0
SPIN_PCT = 50.0
TRIALS = ("T0", "T1")


@dataclass(frozen=True)
class Stall:
    """What a line that was not read did."""

    seconds: float
    gap_s: float
    healed_s: float
    growth_mb: float

    @property
    def holds(self) -> bool:
        """Whether the screen came back in time and memory stayed."""
        return self.healed_s <= HEALED_S and self.growth_mb <= GROWTH_MB + CURVES_MB_S * self.seconds


@dataclass(frozen=True)
class HangUp:
    """What leaving and a hang-up did, and how long coming back took."""

    left_s: float
    hung_up_s: float
    attach_s: float
    lost: tuple[str, ...]
    """What was not kept: a trial, the study's driver, the view; or what spins."""


@contextmanager
def studied(stage: Stage, name: str) -> Iterator[tuple[Workspace, Program]]:
    """A cockpit that drives a study of two live trials; nothing is left of them afterwards."""
    workspace = stage.workspace(name)
    spec = workspace.root / "tiny.yaml"
    spec.write_text(TINY)
    try:
        with stage.open(workspace, ["--study", str(spec)]) as program:
            program.wait(lambda screen: "No study yet." in screen.text, READY_S, "the empty cockpit")
            program.press("S")
            program.wait(lambda screen: all(_moves(screen, trial) for trial in TRIALS), 2 * READY_S, "two trials")
            yield workspace, program
    finally:
        end_everything(workspace)


def _moves(screen: Screen, trial: str) -> bool:
    cells = screen.line_with(f" {trial} ").replace("▌", " ").split()
    return len(cells) > 3 and cells[1] == "run" and cells[3] not in ("-", "0")


# --- a stalled line


def stall_once(stage: Stage, seconds: float = STALL_S) -> Stall:
    """Do not read the terminal for a time, then read again."""
    with studied(stage, "stall") as (workspace, program):
        pid, before = program.process.pid, memory_mb(program.process.pid)
        (study,) = workspace.study_dirs()
        gap = _longest_gap(study / "inbox", seconds)
        grown = memory_mb(pid) - before
        runs = live_runs(workspace)
        wanted = min(status.env_steps for run in runs if (status := run.status()) is not None)
        began = time.monotonic()
        healed = program.wait(lambda screen: _right(screen, wanted), READY_S, "the right screen") - began
        return Stall(seconds, gap, healed, grown)


def _longest_gap(inbox: Path, seconds: float) -> float:
    """The longest time in which the scheduler took nothing out of its inbox: one letter after another is no command."""
    began = last = time.monotonic()
    longest, serial = 0.0, 0
    letter: Path | None = None
    while (now := time.monotonic()) - began < seconds:
        if letter is None:
            serial += 1
            letter = inbox / f"beat-{serial:06d}.json"
            letter.write_text("{}")
        elif not letter.exists():
            longest, last, letter = max(longest, now - last), now, None
        time.sleep(LOOK_S)
    return max(longest, time.monotonic() - last)


def _right(screen: Screen, steps: int) -> bool:
    """Whether the screen is whole, and both trials show steps that are not older than these."""
    if TABLE_HEAD not in screen.text or not screen.lines[0].startswith(" vbot "):
        return False
    return all(_steps(screen, trial) >= _steps_of(count(steps)) for trial in TRIALS)


def _steps(screen: Screen, trial: str) -> float:
    cells = screen.line_with(f" {trial} ").replace("▌", " ").split()
    return _steps_of(cells[3]) if len(cells) > 3 else -1.0


def _steps_of(cell: str) -> float:
    factor = {"k": 1e3, "M": 1e6, "G": 1e9}.get(cell[-1:], 1.0)
    try:
        return float(cell.rstrip("kMG")) * factor
    except ValueError:
        return -1.0


# --- a line that dies


def hang_up_rounds(stage: Stage) -> list[HangUp]:
    """Leave by key and come back, be hung up and come back, again and again; in the end have the line cut."""
    with studied(stage, "lost") as (workspace, program):
        trials = live_runs(workspace)
        _look_at_one(program)
        found = []
        for _ in range(stage.rounds):
            left = _gone_after(program, partial(program.press, "q"))
            lost = _goes_on(workspace, trials)
            attach, again, other = _attach(stage, workspace)
            hung_up = _gone_after(again, partial(os.kill, again.process.pid, signal.SIGHUP))
            lost += other + _goes_on(workspace, trials)
            later, program, other = _attach(stage, workspace)
            found.append(HangUp(left, hung_up, max(attach, later), (*lost, *other)))
        with program:
            program.hang_up()
            program.wait_exit(READY_S)
        last = found.pop()
        return [*found, replace(last, lost=(*last.lost, *_goes_on(workspace, trials)))]


def _look_at_one(program: Program) -> None:
    """Leave a mark of how things are looked at: a filter and a pane."""
    program.press("/")
    program.wait(lambda screen: "score>0.8" in screen.text or "ilter" in screen.text, READY_S, "the filter's line")
    program.press("T1")
    program.idle_for(0.5)
    program.press("\r")
    program.press("l")
    program.wait(lambda screen: " T0 " not in screen.text, READY_S, "the filter")
    program.idle_for(0.5)


def _gone_after(program: Program, end: Callable[[], None]) -> float:
    """Seconds from the end of a cockpit's session until its screen is gone; returns when its process is, too."""
    with program:
        began = time.monotonic()
        end()
        gone = program.wait(lambda screen: not screen.alternate, READY_S, "the screen gone") - began
        program.wait_exit(READY_S)
    return gone


def _attach(stage: Stage, workspace: Workspace) -> tuple[float, Program, list[str]]:
    """Open the cockpit again: seconds until the live trial is shown, the cockpit, and what is looked at differently."""
    program = stage.open(workspace)
    shown = program.wait(lambda screen: "opening" not in screen.text and _moves(screen, "T1"), READY_S, "T1 again")
    program.idle_for(1.0)
    seen = program.screen.text
    other = [] if " T0 " not in seen and "/T1" in seen else [f"the view is another: {seen[:400]}"]
    return shown - program.started_at, program, other


def _goes_on(workspace: Workspace, trials: list[RunDir]) -> list[str]:
    """Say what is lost or spins: a trial, the study's driver."""
    (study,) = workspace.study_dirs()
    if live_runs(workspace) != trials:
        return [f"of {len(trials)} trials {len(live_runs(workspace))} live"]
    if not is_held(study / "lock"):
        return ["nobody drives the study"]
    pid = int(json.loads((study / "lock").read_text())["pid"])
    end = time.monotonic() + CALM_S
    while time.monotonic() < end:
        before = cpu_s(pid)
        time.sleep(SPIN_S)
        if 100 * (cpu_s(pid) - before) / SPIN_S < SPIN_PCT:
            return []
    return [f"the study's driver spins ({SPIN_PCT:g} % of a core or more for {CALM_S:g} s)"]


def live_runs(workspace: Workspace) -> list[RunDir]:
    """The runs whose process is alive."""
    return [run for run in workspace.run_dirs() if run.is_alive()]


def end_everything(workspace: Workspace) -> None:
    """Kill what is left: schedulers first, so that they start nothing more."""
    for study in workspace.study_dirs():
        if is_held(study / "lock"):
            with suppress(OSError, ValueError, KeyError):
                _kill(int(json.loads((study / "lock").read_text())["pid"]))
    end = time.monotonic() + READY_S
    while (left := live_runs(workspace)) and time.monotonic() < end:
        for run in left:
            status = run.status()
            if status is not None and status.pid is not None:
                _kill(status.pid)
        time.sleep(0.05)


def _kill(pid: int) -> None:
    if pid == os.getpid():
        return
    with suppress(ProcessLookupError, PermissionError):
        try:
            os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:
            os.kill(pid, signal.SIGKILL)
