"""Commands that the cockpit has run for a person: each is a ``vbot`` verb in a process of its own that outlives it.

What the screen starts is therefore exactly what the command line does. A journal of all that was asked for lies in
``actions/``: one line each, who and when included. Runs on the core's thread and never waits.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sessions.files import append_line, utc_now
from sessions.notes import page_tag
from sessions.workspace import Workspace

NICE = 5
SAID = 300


@dataclass(frozen=True)
class Errand:
    """A command that runs: what it is for, and where its words go."""

    about: str
    process: subprocess.Popen[bytes]
    out: Path
    err: Path


@dataclass(frozen=True)
class Done:
    """How a command ended, in a sentence."""

    about: str
    ok: bool
    text: str


class Errands:
    """The commands of one workspace."""

    def __init__(self, workspace: Workspace, who: str) -> None:
        self._workspace = workspace
        self._who = who
        self._running: list[Errand] = []
        self._count = 0

    @property
    def running(self) -> int:
        """How many commands have not ended yet."""
        return len(self._running)

    def start(self, words: Sequence[str], about: str) -> None:
        """Run ``vbot WORDS``; ``about`` says in a few words what it does.

        Raises:
            OSError: the process cannot be started, or its files cannot be made.
        """
        folder = self._workspace.view / "errands"
        folder.mkdir(parents=True, exist_ok=True)
        self._count += 1
        stem = f"{utc_now()[:19].replace(':', '')}-{os.getpid()}-{self._count}-{words[0]}"
        out, err = folder / f"{stem}.json", folder / f"{stem}.log"
        with out.open("wb") as said, err.open("wb") as complained:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "vbot_tui.cli", *words, "--json"],
                stdin=subprocess.DEVNULL, stdout=said, stderr=complained, cwd="/", start_new_session=True,
                env={**os.environ, "VBOT_WORKSPACE": str(self._workspace.root)},
            )  # fmt: skip
        self._running.append(Errand(about, process, out, err))
        self.record(words[0], about, command="vbot " + " ".join(words))

    def record(self, action: str, about: str, **facts: Any) -> None:  # noqa: ANN401 - whatever belongs to an action
        """Write down that somebody asked for something."""
        moment = utc_now()
        folder = self._workspace.root / "actions"
        folder.mkdir(exist_ok=True)
        row = {"time": moment, "who": self._who, "action": action, "about": about, **facts}
        append_line(folder / f"{moment[:10]}-{page_tag(self._workspace)}.jsonl", json.dumps(row, ensure_ascii=False))

    def ended(self) -> list[Done]:
        """Return what has ended since the last call."""
        over = [item for item in self._running if item.process.poll() is not None]
        self._running = [item for item in self._running if item not in over]
        return [done(item) for item in over]


def done(errand: Errand) -> Done:
    """Return how a command ended: its error in its own words, or what it says of its result."""
    said: dict[str, Any] = {}
    with suppress(OSError, ValueError):
        said = json.loads(errand.out.read_text(encoding="utf-8"))
    code = errand.process.returncode
    if "error" in said:
        return Done(errand.about, False, f"{errand.about}: {said['error']}")
    if code != 0 and not said:
        return Done(errand.about, False, f"{errand.about} failed (exit {code}); its words are in {errand.err}")
    for key, say in _SAYS.items():
        if key in said:
            return Done(errand.about, code == 0, f"{errand.about}: {say(said)[:SAID]}")
    return Done(errand.about, code == 0, f"{errand.about}: done")


_SAYS: dict[str, Callable[[dict[str, Any]], str]] = {
    "end_reason": lambda said: f"{said.get('run')} {said.get('state')} ({said['end_reason']})",
    "checkpoints": lambda said: f"{len(said['checkpoints'])} checkpoints judged",
    "score": lambda said: f"score {said['score']}",
    "file": lambda said: f"written to {said['file']}",
    "out": lambda said: f"written to {said['out']}",
}
"""What is told of a result, by the first of these keys that it has."""


def read_actions(workspace: Workspace, most: int = 200) -> list[dict[str, Any]]:
    """Return what was asked for in the cockpit, newest first; lines that are damaged are left out."""
    out: list[dict[str, Any]] = []
    folder = workspace.root / "actions"
    for path in sorted(folder.glob("*.jsonl"), reverse=True) if folder.is_dir() else ():
        for text in reversed(path.read_text(encoding="utf-8", errors="replace").splitlines()):
            with suppress(ValueError):
                row = json.loads(text)
                if isinstance(row, dict):
                    out.append(row)
        if len(out) >= most:
            break
    return sorted(out, key=lambda row: str(row.get("time", "")), reverse=True)[:most]
