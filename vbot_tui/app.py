"""The cockpit's app: one Textual app over one client, and ``main`` for the ``vbot-tui`` command.

The app draws and passes keys on. It never reads a run's file, never waits for a trial, and never lets the terminal hold
up the work: output that does not drain is dropped and repainted, a terminal that is gone ends the screen only.
"""

import os

os.environ.setdefault("TEXTUAL_FPS", "60")  # how soon after a key; how often data is drawn is the core's pace
os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
os.environ.setdefault("TEXTUAL_SMOOTH_SCROLL", "0")
os.environ.setdefault("TEXTUAL_DISABLE_KITTY_KEY", "1")

import asyncio
import gc
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

from rich.console import RenderableType
from textual._compositor import ChopsUpdate
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.timer import Timer

from vbot_tui import theme
from vbot_tui.client import Client
from vbot_tui.driver import PatientDriver
from vbot_tui.frames import Pen, SharpUpdate
from vbot_tui.glyphs import UNICODE, Glyphs
from vbot_tui.key_order import OrderlyApp
from vbot_tui.model import Notice
from vbot_tui.screens.base import CockpitScreen
from vbot_tui.screens.trial import TrialScreen
from vbot_tui.screens.trials import TrialsScreen
from vbot_tui.seat import Seat

TICK_S = 1.0
HEAL_S = 0.25
LEAVE_SIGNALS = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGTSTP)


@dataclass(frozen=True)
class Leaving:
    """Why the screen was closed, and whether the work goes on."""

    why: str
    stop: bool = False


class VbotApp(OrderlyApp[Leaving]):
    """The cockpit."""

    TITLE = "vbot"
    CSS = theme.CSS
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "leave", show=False, priority=True, system=True),
        Binding("ctrl+c", "leave", show=False, priority=True, system=True),
        Binding("ctrl+z", "leave", show=False, priority=True, system=True),
    ]
    MODES: ClassVar[dict[str, Callable[[], TrialsScreen]]] = {"trials": TrialsScreen}  # type: ignore[assignment]
    DEFAULT_MODE = "trials"

    def __init__(
        self,
        client: Client,
        *,
        read_only: bool = False,
        glyphs: Glyphs = UNICODE,
        theme_name: str = "dark",
        clock: Callable[[], float] = time.time,
        seat: Seat | None = None,
    ) -> None:
        super().__init__(driver_class=PatientDriver)
        self.seat = seat or Seat()
        self._reopen = self.seat.trial
        self.client = client
        self.read_only = read_only
        self.glyphs = glyphs
        self.clock = clock
        self.note_draft = self.seat.draft
        self.own_notice: Notice | None = None
        self._theme_name = theme.NAMES[theme_name]
        self.pen = Pen(self)
        self._pending = False
        self._drawn_at = 0.0
        self._healing: Timer | None = None

    def on_mount(self) -> None:
        """Choose the looks, listen to signals and start the core after the first paint."""
        for item in theme.THEMES:
            self.register_theme(item)
        self.theme = self._theme_name
        if not self.is_headless:
            self._own_signals()
        self.set_interval(TICK_S, self._tick)
        self.call_after_refresh(self._start_client)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return our own colour names for themes that do not set them."""
        return theme.DEFAULTS

    def _start_client(self) -> None:
        loop = asyncio.get_running_loop()

        def changed() -> None:
            try:
                loop.call_soon_threadsafe(self._wake)
            except RuntimeError:
                return  # the loop is closed: the screen is gone, the work is not

        self.client.start(changed)
        if not gc.isenabled():  # whoever opened the cockpit left that to us
            gc.freeze()  # what there is now stays to the end
            gc.enable()

    def _wake(self) -> None:
        """Draw soon, once, however many changes come together."""
        if not self._pending:
            self._pending = True
            self.call_later(self._draw_pending)

    def _draw_pending(self) -> None:
        self._pending = False
        self.redraw()

    def _tick(self) -> None:
        """Let ages grow, unless something new has just been drawn anyway."""
        if time.monotonic() - self._drawn_at >= TICK_S * 0.7:
            self.redraw()
        self._remember()

    def _remember(self) -> None:
        """Have it kept how things are looked at, where that has changed."""
        base = self.screen_stack[0] if self.screen_stack else None
        if not isinstance(base, TrialsScreen) or not base.drawable or self._reopen or not self.client.view.ready:
            return
        trial = next((screen for screen in self.screen_stack if isinstance(screen, TrialScreen)), None)
        seat = replace(
            base.seat,
            draft=self.note_draft,
            trial=trial.key if trial is not None else "",
            page=trial.page_name if trial is not None else "",
        )
        if seat != self.seat:
            self.seat = seat
            self.client.remember(seat, base.table.in_sight)

    def _open_as_left(self) -> None:
        """Show the trial's own screen again, once it is known that there still is such a trial."""
        view = self.client.view
        if self._reopen and view.ready and view.rows:
            key, self._reopen = self._reopen, ""
            if view.row(key) is not None and len(self.screen_stack) == 1:
                self.push_screen(TrialScreen(key, self.seat.page))

    def redraw(self) -> None:
        """Bring every visible number up to date; unchanged lines cost nothing."""
        self._drawn_at = time.monotonic()
        self._open_as_left()
        for screen in reversed(self.screen_stack):
            if isinstance(screen, CockpitScreen):
                screen.show_view()
                return  # what lies under it is hidden and drawn when it shows again

    def say(self, level: str, words: str) -> None:
        """Show one sentence in the hint line."""
        self.own_notice = Notice(self.clock(), level, words)
        self.redraw()

    @property
    def crash(self) -> BaseException | None:
        """What broke the screen, if something did."""
        return self._exception

    def _fatal_error(self) -> None:
        """Leave without printing pages of local variables; the report goes to a file."""
        self._close_messages_no_wait()

    def _display(self, screen: "Screen[object]", renderable: RenderableType | None) -> None:
        """Send a frame, cut to what changed."""
        if isinstance(renderable, ChopsUpdate):
            renderable = SharpUpdate.of(renderable)
        super()._display(screen, renderable)

    # --- the terminal

    def _own_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in LEAVE_SIGNALS:
            loop.add_signal_handler(number, self.leave, signal.Signals(number).name)

    def terminal_stalled(self) -> None:
        """A frame was dropped: look now and then whether the line drains again."""
        if self._healing is None:
            self._healing = self.set_interval(HEAL_S, self.heal)

    def heal(self) -> None:
        """Repaint everything once a line that had stalled drains again."""
        driver = self._driver
        if isinstance(driver, PatientDriver) and driver.repaint_due:
            if self._healing is not None:
                self._healing.stop()
                self._healing = None
            driver.repainted()
            self.screen.refresh(layout=True)

    def terminal_lost(self) -> None:
        """Close the screen: nobody is looking any more."""
        self.leave("lost terminal")

    @property
    def terminal_stuck(self) -> bool:
        """Whether the output thread still waits for a terminal that does not read."""
        return isinstance(self._driver, PatientDriver) and self._driver.output_stuck

    # --- leaving

    def action_leave(self) -> None:
        """Close the screen; the work goes on."""
        self.leave("key")

    def leave(self, why: str) -> None:
        """Close the screen; the work goes on."""
        self.seat = Seat()  # what is in sight is kept anew, whatever was kept before
        self._remember()
        self.exit(Leaving(why))

    def stop_and_leave(self) -> None:
        """Stop the study, then close the screen."""
        self.exit(Leaving("key", stop=True))


def main() -> int:
    """Run ``vbot-tui``."""
    from vbot_tui.start import run

    return run(sys.argv[1:])
