"""Giving a study to a scheduler that outlives this process, and taking one from whoever has it."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from automl.commands import Command
from automl.studies import send
from sessions.errors import WorkFailed
from sessions.files import read_tail
from sessions.locks import is_held
from sessions.workspace import Workspace

HANDOVER_S = 20.0
LOG = "scheduler.log"


def resume_command(workspace: Workspace, study: str) -> list[str]:
    """The command that schedules a study without a screen."""
    module = [sys.executable, "-P", "-m", "vbot_tui.cli"]
    return [*module, "automl", "resume", study, "--workspace", str(workspace.root)]


def hand_over(
    workspace: Workspace, study: str, command: Sequence[str] | None = None, timeout_s: float = HANDOVER_S
) -> int:
    """Start a detached scheduler for a study that this process has let go of, and see that it holds the study.

    Args:
        workspace: where the study is.
        study: its id.
        command: what to start instead of `vbot automl resume`.
        timeout_s: how long it may take.

    Returns:
        The pid of the new scheduler.

    Raises:
        WorkFailed: it did not take the study; the message has the end of its output.
    """
    directory = workspace.study(study)
    log = directory / LOG
    with log.open("ab") as output:
        process = subprocess.Popen(
            list(command or resume_command(workspace, directory.name)),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            cwd=workspace.root,
        )
    deadline = time.monotonic() + timeout_s
    while not is_held(directory / "lock"):
        if process.poll() is not None or time.monotonic() > deadline:
            raise WorkFailed(_failure(directory.name, log, process.poll()))
        time.sleep(0.02)
    process.returncode = 0  # it outlives this process on purpose; Popen would warn about that on collection
    return process.pid


def take_over(workspace: Workspace, study: str, who: str, timeout_s: float = HANDOVER_S) -> None:
    """Ask whoever schedules a study to let go of it, and wait until it is free.

    Raises:
        WorkFailed: it is still held after the timeout.
    """
    lock = workspace.study(study) / "lock"
    if not is_held(lock):
        return
    send(workspace, study, Command("release", who, f"{who} wants to schedule it (pid {os.getpid()})"))
    deadline = time.monotonic() + timeout_s
    while is_held(lock):
        if time.monotonic() > deadline:
            raise WorkFailed(f"study {study} was not let go within {timeout_s:g} s; its scheduler does not answer")
        time.sleep(0.05)


def _failure(study: str, log: Path, code: int | None) -> str:
    how = "did not take the study in time" if code is None else f"ended with exit code {code}"
    tail = " | ".join(read_tail(log, lines=3)) or "it said nothing"
    return (
        f"the detached scheduler of study {study} {how} ({tail}); its trials go on, and "
        f"`vbot automl resume {study}` picks them up"
    )
