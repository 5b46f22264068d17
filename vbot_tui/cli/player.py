"""Playing an episode in a terminal: a small state of what is shown, and a loop that draws it and reads keys.

No Textual: this must work in any terminal over any line, and give it back as it was.
"""

import os
import select
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

from vbot_tui import robot_view

if TYPE_CHECKING:
    from vbot_rl.playback import Recording

PICTURES_PER_S = 15.0
HOLD_S = 1.5  # how long the end of an episode stays
SEEK_S = 0.5
KEYS = "q leave  space pause  n next  arrows step"
_ENTER, _LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
_HOME, _CLEAR_LINE, _CLEAR_REST = "\x1b[H", "\x1b[K", "\x1b[J"
_ARROWS = {"\x1b[C": SEEK_S, "\x1b[D": -SEEK_S, "l": SEEK_S, "h": -SEEK_S}


@dataclass
class Player:
    """What is shown now."""

    recording: "Recording"
    seed: int
    episodes: "Callable[[int], Recording]"
    at_s: float = 0.0
    paused: bool = False
    left: bool = False
    _held_s: float = field(default=0.0, repr=False)

    @property
    def pose(self) -> int:
        """Which pose it is."""
        return min(len(self.recording) - 1, max(0, int(self.at_s / self.recording.poses.dt_s + 1e-9)))

    def advance(self, passed_s: float) -> None:
        """Let time pass; after the end comes the next episode."""
        if self.paused:
            return
        self.at_s += passed_s
        over_s = self.at_s - self.recording.duration_s
        if over_s >= 0.0:
            self.at_s = self.recording.duration_s
            self._held_s += over_s
            if self._held_s >= HOLD_S:
                self.next()

    def next(self) -> None:
        """Go on with another start."""
        self.seed += 1
        self.recording = self.episodes(self.seed)
        self.at_s = self._held_s = 0.0

    def press(self, key: str) -> None:
        """Obey a key; unknown ones do nothing."""
        if key in ("q", "Q", "\x03", "\x1b"):
            self.left = True
        elif key == " ":
            self.paused = not self.paused
        elif key == "n":
            self.next()
        elif key in _ARROWS:
            self.at_s = min(self.recording.duration_s, max(0.0, self.at_s + _ARROWS[key]))
            self._held_s = 0.0


def screen(recording: "Recording", k: int, columns: int, rows: int) -> list[str]:
    """One pose as lines of text: two views, the feet, the numbers."""
    poses = recording.poses
    qpos = [float(value) for value in poses.qpos[k]]
    height = max(4, rows - 4)
    wide = max(10, (columns - 3) * 3 // 5)
    trail = [(float(row[0]), float(row[1])) for row in poses.qpos[: k + 1 : 5]]
    side = robot_view.side_view(qpos, wide, height)
    top = robot_view.top_view(qpos, [float(t) for t in poses.target_at(k)], trail, max(5, columns - 3 - wide), height)
    last = k == len(recording) - 1
    lines = [recording.name, *robot_view.beside(side, top), f"{recording.caption(k)}   {robot_view.feet_line(qpos)}"]
    return [line[:columns].rstrip() for line in [*lines, recording.ending() if last else ""]]


def play_in_terminal(player: Player, keys: TextIO, out: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
    """Play until a key says to leave; the terminal is given back as it was."""
    import termios
    import tty

    descriptor = keys.fileno()
    before = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor)
        out.write(_ENTER)
        last = clock()
        while not player.left:
            draw(player, out)
            for key in pressed(descriptor, 1.0 / PICTURES_PER_S):
                player.press(key)
            now = clock()
            player.advance(now - last)
            last = now
    except KeyboardInterrupt:
        pass
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        out.write(_LEAVE)
        out.flush()


def draw(player: Player, out: TextIO) -> None:
    """Write the present picture over the one before."""
    size = shutil.get_terminal_size()
    lines = screen(player.recording, player.pose, size.columns - 1, size.lines - 1)
    lines.append(f"{'paused  ' if player.paused else ''}{KEYS}"[: size.columns - 1])
    out.write(_HOME + f"{_CLEAR_LINE}\r\n".join(lines) + _CLEAR_LINE + _CLEAR_REST)
    out.flush()


def pressed(descriptor: int, wait_s: float) -> list[str]:
    """The keys pressed within a time; an arrow is one key. A terminal that is gone counts as leaving."""
    ready, _, _ = select.select([descriptor], [], [], wait_s)
    if not ready:
        return []
    data = os.read(descriptor, 64)
    if not data:
        return ["q"]
    found, text = [], data.decode(errors="ignore")
    while text:
        length = 3 if text.startswith("\x1b[") and len(text) >= 3 else 1
        found.append(text[:length])
        text = text[length:]
    return found
