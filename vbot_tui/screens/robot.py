"""The robot itself: recorded episodes of a run's evaluations, played in braille and scrubbed by keys.

Nothing moves unless it is played, and then at a few pictures per second. Files are read in a thread.
"""

import time
from collections.abc import Sequence

from textual import work
from textual.app import ComposeResult
from textual.timer import Timer

from sessions.episode_file import Episode, EpisodeRef
from vbot_tui import text
from vbot_tui.lines import Line, line
from vbot_tui.model import FlagView, TrialRow
from vbot_tui.playback import Moment, Playback, flag_moment, moments, wants_fall
from vbot_tui.screens.base import CockpitScreen, textual_bindings
from vbot_tui.widgets import head, panels, robot_page
from vbot_tui.widgets.frame import HintLine, KeyBar, Page, PaneTitle, StatusLine

PICTURES_PER_S = 8.0


class RobotScreen(CockpitScreen):
    """Episodes of one trial.

    Args:
        key: Which trial.
        flag: The flag whose moment is wanted; none plays the newest episode from its start.
    """

    context = "robot"
    BINDINGS = textual_bindings("robot")
    CSS = "RobotScreen > #page { height: 1fr; }"

    def __init__(self, key: str, flag: FlagView | None = None) -> None:
        super().__init__()
        self.key = key
        self.play = Playback()
        self.refs: tuple[EpisodeRef, ...] = ()
        self.chosen = 0
        self.episode: Episode | None = None
        self.moments: tuple[Moment, ...] = ()
        self.saying = ""
        self.trouble = ""
        self._wanted = flag
        self._flag = -1
        self._ready = False
        self._last = 0.0
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield StatusLine(id="status")
        yield PaneTitle(id="title")
        yield Page(id="page")
        yield HintLine(id="hint")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Look which episodes there are."""
        self._timer = self.set_interval(1.0 / PICTURES_PER_S, self._next_picture, pause=True)
        self._look()
        self.show_view()

    def on_screen_suspend(self) -> None:
        """Stand still while hidden."""
        self._set_play(self.play, timer=False)

    # --- reading, in a thread

    @work(thread=True, exclusive=True, group="episode")
    def _look(self) -> None:
        refs = self.cockpit.client.episodes(self.run_id)
        self._from_thread(self._found, refs)

    @work(thread=True, exclusive=True, group="episode")
    def _read(self, ref: EpisodeRef, flag: str) -> None:
        episode, trouble = self.cockpit.client.episode(ref)
        self._from_thread(self._shown, ref, episode, trouble, flag)

    def _from_thread(self, callback: object, *values: object) -> None:
        """Have something done on the screen's thread without waiting for it; nothing if the screen is gone."""
        self.app.call_later(callback, *values)  # type: ignore[arg-type]

    def _found(self, refs: tuple[EpisodeRef, ...]) -> None:
        self.refs, self._ready = refs, True
        flag, self._wanted = self._wanted, None
        if flag is not None:
            flags = self.flags
            self._flag = next((k for k, item in enumerate(flags) if item.name == flag.name), -1)
            self._go_to_flag(flag)
        elif refs:
            plain = [k for k, ref in enumerate(refs) if not ref.fall]
            self._choose(plain[-1] if plain else len(refs) - 1)
        self.show_view()

    def _shown(self, ref: EpisodeRef, episode: Episode | None, trouble: str, flag: str) -> None:
        if not self.refs or self.refs[self.chosen] != ref:
            return
        self.episode, self.trouble = episode, trouble
        self.moments = moments(episode, fall=ref.fall) if episode is not None else ()
        self.saying = ""
        if episode is not None and flag:
            moment = flag_moment(flag, episode, fall=ref.fall)
            self.saying = f"{flag.replace('_', ' ')}: {moment.what}"
            self._set_play(Playback(moment.at_s, playing=False, rate=0.5))
        else:
            self._set_play(Playback(playing=episode is not None))
        self.show_view()

    # --- drawing

    @property
    def row(self) -> TrialRow | None:
        """The trial as the table knows it."""
        return self.cockpit.client.view.row(self.key)

    @property
    def run_id(self) -> str:
        """The trial's run."""
        row = self.row
        return row.run_id if row is not None else self.key

    @property
    def flags(self) -> tuple[FlagView, ...]:
        """The flags of the trial that point to an evaluation, else all of them."""
        row = self.row
        found = row.flags if row is not None else ()
        return tuple(flag for flag in found if flag.evaluation is not None) or found

    def show_view(self) -> None:
        """Draw the present picture."""
        if not self.drawable:
            return
        app, now, width = self.cockpit, self.cockpit.clock(), self.app.size.width
        with app.batch_update():
            self.set_lines("#status", [head.trial_status(self.row, now, width, app.glyphs)])
            self.set_lines("#title", [panels.title((), "", self._subject(), width, app.glyphs)])
            self.set_lines("#page", self._lines())
            news = head.news(self.with_notice(app.client.view), now, app.glyphs, width)
            self.set_lines("#hint", [news or self._hint(width)])
            self.set_lines("#keys", [head.key_bar("robot", {"trial"}, width, read_only=app.read_only)])

    def _subject(self) -> str:
        if not self.refs:
            return "recorded episodes"
        ref = self.refs[self.chosen]
        what = "a fall" if ref.fall else "an episode"
        place = f"{self.chosen + 1} of {len(self.refs)}"
        state = f"{self.play.rate:g}x" if self.play.playing else "still"
        return f"{what} of the evaluation at step {text.count(ref.step)}, {place}, {state}"

    def _lines(self) -> Sequence[Line]:
        page = self.query_one("#page", Page)
        if self.episode is not None:
            index = self.play.index(self.episode)
            return robot_page.page(self.episode, index, page.size.width, page.size.height, self.cockpit.glyphs)
        if self.trouble:
            return [line((text.clean(self.trouble), "warn"))]
        if not self._ready or self.refs:
            return [line(("Reading the episode.", "dim"))]
        return [
            line(("No episode is recorded yet.", "")),
            line(("Each evaluation of a training records one; the first comes with the first score.", "dim")),
        ]

    def _hint(self, width: int) -> Line:
        if self.episode is None:
            return ()
        marks = [moment.at_s for moment in self.moments]
        said = f" {self.saying}" if self.saying else ""
        said = text.fit(said, min(text.width(said), width // 2), "<", self.cockpit.glyphs.more)
        bar = robot_page.scrubber(
            self.play.at_s, self.episode.duration_s, marks, width - text.width(said), self.cockpit.glyphs
        )
        return ((said, "accent"), *bar)

    # --- time

    def _next_picture(self) -> None:
        now = time.monotonic()
        passed, self._last = min(1.0, now - self._last), now
        if self.episode is not None:
            self._set_play(self.play.passed(passed, self.episode.duration_s))
            self.show_view()

    def _set_play(self, play: Playback, *, timer: bool = True) -> None:
        """Take a state; the clock ticks only while something is played."""
        began = play.playing and not self.play.playing
        self.play = play
        if self._timer is None:
            return
        if play.playing and timer and self.episode is not None:
            if began or not self._timer._active.is_set():
                self._last = time.monotonic()
            self._timer.resume()
        else:
            self._timer.pause()

    def on_screen_resume(self) -> None:
        """Go on playing when the screen is seen again."""
        super().on_screen_resume()
        self._set_play(self.play)

    # --- keys

    def _choose(self, index: int, flag: str = "") -> None:
        self.chosen = min(len(self.refs) - 1, max(0, index))
        self.episode, self.trouble = None, ""
        self._read(self.refs[self.chosen], flag)

    def _seek(self, seconds: float) -> None:
        if self.episode is not None:
            self.saying = ""
            self._set_play(self.play.moved(seconds, self.episode.duration_s))
            self.show_view()

    def action_pause(self) -> None:
        """Stand still, or go on."""
        if self.episode is not None:
            self._set_play(self.play.toggled(self.episode.duration_s))
            self.show_view()

    def action_seek(self, seconds: float) -> None:
        """Go back or on by some time."""
        self._seek(seconds)

    def action_frame(self, by: int) -> None:
        """Go back or on by single poses."""
        if self.episode is not None:
            self._seek((self.play.index(self.episode) + by + 0.5) * self.episode.dt_s - self.play.at_s)

    def action_edge(self, direction: int) -> None:
        """Go to the first or the last pose."""
        self._seek(direction * 1e9)

    def action_rate(self, by: int) -> None:
        """Play faster or slower."""
        self._set_play(self.play.faster(by))
        self.show_view()

    def action_moment(self, by: int) -> None:
        """Go to the next moment worth a look, or to the one before."""
        if self.episode is None or not self.moments:
            return
        here = self.play.at_s
        ahead = [item for item in self.moments if item.at_s > here + 1e-6]
        behind = [item for item in self.moments if item.at_s < here - 1e-6]
        moment = (ahead or [self.moments[0]])[0] if by > 0 else (behind or [self.moments[-1]])[-1]
        self._seek(moment.at_s - here)
        self.saying = moment.what
        self.show_view()

    def action_episode(self, by: int) -> None:
        """Show the next recorded episode, or the one before."""
        if self.refs:
            self._choose(self.chosen + by)
            self.show_view()

    def action_flag(self) -> None:
        """Go to the moment of the next flag."""
        flags = self.flags
        if not flags:
            self.cockpit.say("info", "This trial has no flag.")
            return
        self._flag = (self._flag + 1) % len(flags)
        self._go_to_flag(flags[self._flag])
        self.show_view()

    def _go_to_flag(self, flag: FlagView) -> None:
        """Show the episode nearest to a flag's evaluation, a fall if the flag is about falling, at its moment."""
        if not self.refs:
            return
        step = flag.evaluation if flag.evaluation is not None else self.refs[-1].step
        fall = wants_fall(flag.name)

        def strangeness(index: int) -> tuple[bool, int, bool]:
            ref = self.refs[index]
            return fall and not ref.fall, abs(ref.step - step), ref.fall != fall

        self._choose(min(range(len(self.refs)), key=strangeness), flag.name)

    def action_back(self) -> None:
        """Back to where it was opened."""
        self.dismiss()
