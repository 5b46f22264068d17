"""A cockpit over ten thousand rows of which eight change at a time; run as a program in a terminal, it writes its cost.

The picture is made by the real core and drawn by the real screens; only the files behind it are left out.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sessions.store import RunView
from sessions.workspace import Workspace
from vbot_tui.app import VbotApp
from vbot_tui.core import Core

ROWS = 10_000
CHANGED = 8
UPDATES = 20
PAUSE_S = 0.15


class FilledCore(Core):
    """A core whose store is filled by hand; nothing is followed."""

    def start(self, on_change: Callable[[], None]) -> None:
        """Show the rows."""
        self._tell = on_change
        self._runs = [_view(index) for index in range(ROWS)]
        self._follower.store.put(self._runs)
        self.draw()

    def draw(self) -> None:
        """Make the picture and have it shown."""
        snapshot = self._follower.store.snapshot()
        self._publish(self._picture(snapshot))

    def change(self, turn: int) -> None:
        """Let eight runs move on."""
        for index in range(ROWS - CHANGED, ROWS):
            run = self._runs[index]
            self._runs[index] = replace(run, env_steps=turn * 1_000_000 + index, data_version=turn)
        self._follower.store.put(self._runs[-CHANGED:])
        self.draw()


def _view(index: int) -> RunView:
    live = index >= ROWS - CHANGED
    return RunView(
        id=f"20260202-000000-r{index}-bench", label=f"r{index}", state="running" if live else "finished", alive=live,
        data_time=1_770_000_000.0, env_steps=index, total_env_steps=10**9, score=(index * 7919 % ROWS) / ROWS,
        sparkline=tuple(float((index + k) % 7) for k in range(40)), metrics={"reward/total": 1.0},
    )  # fmt: skip


class MeasuredApp(VbotApp):
    """Changes its rows, and leaves with what that cost."""

    cost_ms = 0.0

    async def measure(self) -> None:
        """Take the mean of many updates, from the change to the bytes."""
        assert isinstance(self.client, FilledCore)
        await asyncio.sleep(1.0)
        began = time.process_time()
        for turn in range(1, UPDATES + 1):
            self.client.change(turn)
            await asyncio.sleep(PAUSE_S)
        self.cost_ms = 1000 * (time.process_time() - began) / UPDATES
        self.leave("measured")

    def on_ready(self) -> None:
        """Begin."""
        self.run_worker(self.measure())


def main(root: str, answer: str) -> None:
    """Run in this terminal and write milliseconds of CPU per update into a file."""
    app = MeasuredApp(FilledCore(Workspace.open(root), read_only=True))
    app.run()
    if app.crash is not None:
        raise app.crash
    Path(answer).write_text(f"{app.cost_ms}\n")


if __name__ == "__main__":
    main(*sys.argv[1:3])
