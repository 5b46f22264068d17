"""The trials screen: the live table above, what is known about the selected trial below, what to press under it."""

from contextlib import suppress

from textual.app import ComposeResult
from textual.containers import Horizontal

from sessions.breakdown import Breakdown
from vbot_tui import bindings, text
from vbot_tui.filters import SORTS, FilterError, arranged, parse, unknown
from vbot_tui.lines import Line, line
from vbot_tui.model import Detail, TrialRow, View
from vbot_tui.screens.acting import Acting
from vbot_tui.screens.asking import ask_kill, ask_note, ask_study
from vbot_tui.screens.base import textual_bindings
from vbot_tui.screens.compare import MOST, CompareScreen
from vbot_tui.screens.jump import LETTERS, Jump
from vbot_tui.screens.modals import PASSES_NONE, Confirm, FilterEntry
from vbot_tui.screens.robot import RobotScreen
from vbot_tui.screens.trial import TrialScreen
from vbot_tui.seat import Seat
from vbot_tui.widgets import head, panels
from vbot_tui.widgets.frame import HintLine, KeyBar, Page, PaneTitle, StatusLine
from vbot_tui.widgets.trial_table import TrialTable

PANES = (
    ("reward", "r", "reward"),
    ("flags", "f", "flags"),
    ("notes", "N", "notes"),
    ("log", "l", "log"),
    ("info", "i", "info"),
)
WIDE = 120
TABS = 54
"""Cells that the names of the panes take in the title line."""
MIN_WIDTH, MIN_HEIGHT = 60, 16


class TrialsScreen(Acting):
    """The cockpit's first screen; complete at 80x24."""

    context = "trials"
    BINDINGS = textual_bindings("trials")
    CSS = """
    #lower { height: 1fr; }
    #pane, #side { width: 1fr; }
    #side { display: none; margin-left: 2; }
    TrialsScreen.-wide #side { display: block; }
    TrialsScreen.-wide #pane { width: 70; }
    #empty { display: none; height: 1fr; }
    TrialsScreen.-empty > #empty { display: block; }
    TrialsScreen.-empty > #table, TrialsScreen.-empty > #lower, TrialsScreen.-empty > #title { display: none; }
    #small { display: none; height: 1fr; }
    TrialsScreen.-small > * { display: none; }
    TrialsScreen.-small > #small { display: block; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.pane = "reward"
        self.filter_words = ""
        self.sort = SORTS[0]
        self.reverse = False
        self.marked: set[str] = set()
        self._test = parse("")
        self._table_height = 0
        self._bar: tuple[object, list[Line]] = (None, [])
        self._reward: tuple[tuple[Breakdown | None, Breakdown | None, int], list[Line]] | None = None

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield StatusLine(id="status")
        yield TrialTable(glyphs=self.cockpit.glyphs, id="table")
        yield Page(id="empty")
        yield Page(id="small")
        yield PaneTitle(id="title")
        with Horizontal(id="lower"):
            yield Page(id="pane")
            yield Page(id="side")
        yield HintLine(id="hint")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Focus the table and draw the first picture."""
        self.app.set_keymap(bindings.own_keys())
        self.table.focus()
        self._take_seat(self.cockpit.seat)
        self.show_view()

    def _take_seat(self, seat: Seat) -> None:
        """Look at things as they were left."""
        with suppress(FilterError):
            self._test, self.filter_words = parse(seat.filter), seat.filter
        self.sort = seat.sort if seat.sort in SORTS else SORTS[0]
        self.pane = seat.pane if seat.pane in [name for name, _, _ in PANES] else self.pane
        self.reverse, self.marked = seat.reverse, set(seat.marked)
        self.table.cursor_key = seat.selected
        self.set_class(seat.large, "-zoom")

    @property
    def seat(self) -> Seat:
        """How things are looked at now."""
        study = self.cockpit.client.view.study
        return Seat(
            study=study.id if study is not None else "", selected=self.table.cursor_key, filter=self.filter_words,
            sort=self.sort, reverse=self.reverse, marked=tuple(sorted(self.marked)), pane=self.pane,
            large=self.has_class("-zoom"),
        )  # fmt: skip

    def on_resize(self) -> None:
        """Choose the layout for the size."""
        width, height = self.app.size
        self.set_class(width >= WIDE, "-wide")
        self.set_class(width < MIN_WIDTH or height < MIN_HEIGHT, "-small")
        self.call_after_refresh(self.show_view)

    # --- drawing

    @property
    def table(self) -> TrialTable:
        """The trial table."""
        return self.query_one("#table", TrialTable)

    @property
    def row(self) -> TrialRow | None:
        """The selected trial."""
        return self.table.selected

    def show_view(self) -> None:
        """Draw the newest picture; only what changed is sent."""
        if not self.drawable:
            return
        app, view, now = self.cockpit, self.cockpit.client.view, self.cockpit.clock()
        with app.batch_update():
            self.set_class(not view.rows and (view.study is None or not view.ready), "-empty")
            rows = arranged(view.rows, self._test, self.sort, reverse=self.reverse)
            if self.marked:
                self.marked &= {row.key for row in view.rows}
            self._share_height(len(rows))
            self.table.set_rows(rows, now, frozenset(self.marked))
            self._show_frame(view, now)
            self._show_lower(view)

    def _share_height(self, rows: int) -> None:
        """Give the table what its rows need, at most a bit more than half; the rest is the lower half's."""
        room = self.app.size.height - 4
        want = 4 if self.has_class("-zoom") else max(4, min(rows + 1, room * 11 // 20))
        if self._table_height != want:
            self._table_height = want
            self.table.styles.height = want

    def _show_frame(self, view: View, now: float) -> None:
        app, width = self.cockpit, self.app.size.width
        self.set_lines("#status", [head.status(view, now, width, app.glyphs)])
        hint = head.hint(self.with_notice(view), self.row, now, app.glyphs, width, read_only=app.read_only)
        self.set_lines("#hint", [hint])
        self.set_lines("#keys", self._key_bar(frozenset(self.have(view)), width))
        if self.has_class("-empty"):
            self.set_lines("#empty", head.empty(view, read_only=app.read_only))
        if self.has_class("-small"):
            size = f"{self.app.size.width}x{self.app.size.height}"
            small = f" {size} is too small: {MIN_WIDTH}x{MIN_HEIGHT} at least."
            self.set_lines("#small", [(), line((small, "warn")), line(" The work goes on. q leaves.")])

    def _key_bar(self, have: frozenset[str], width: int) -> list[Line]:
        """Return the bottom line; the very same one while nothing of it changes."""
        if self._bar[0] != (have, width):
            bar = head.key_bar("trials", have, width, read_only=self.cockpit.read_only)
            self._bar = (have, width), [bar]
        return self._bar[1]

    def _show_lower(self, view: View) -> None:
        row = self.row
        wide = self.has_class("-wide")
        width = self.app.size.width
        subject = f"{text.clean(row.name)}{self._where(row)}" if row else "no trial"
        subject = text.fit(subject, min(text.width(subject), width - TABS), "<", self.cockpit.glyphs.more)
        subject = f"{self._arrangement()}{subject}"
        subject = text.fit(subject, min(text.width(subject), width - TABS), "<", self.cockpit.glyphs.more)
        title = panels.title(PANES, self.pane, subject, width, self.cockpit.glyphs)
        self.set_lines("#title", [title])
        pane = self.query_one("#pane", Page)
        main = "reward" if wide and self.pane == "flags" else self.pane
        pane.set_lines(self._pane_lines(main, view, row, pane.size.width or width), follow=main == "log")
        if wide:
            side = self.query_one("#side", Page)
            side.set_lines(self._side_lines(view, row, side.size.width or width - 72))

    def _arrangement(self) -> str:
        """Return which filter, order and marks are in force, for the title line."""
        parts = [f"/{text.clean(self.filter_words)}"] if self.filter_words else []
        if self.sort != SORTS[0] or self.reverse:
            parts.append(f"by {self.sort}{' up' if self.reverse else ''}")
        if self.marked:
            parts.append(f"{len(self.marked)} marked")
        return "".join(f"{part}, " for part in parts)

    def _where(self, row: TrialRow) -> str:
        glyphs = self.cockpit.glyphs
        if row.end_reason:
            return f" {glyphs.dot} {row.state}: {text.clean(row.end_detail or row.end_reason)}"
        return f" {glyphs.dot} {text.clean(row.phase)}" if row.phase and row.live else ""

    def _pane_lines(self, name: str, view: View, row: TrialRow | None, width: int) -> list[Line]:
        glyphs = self.cockpit.glyphs
        detail = view.detail if row is not None and view.detail.key == row.key else None
        if name == "flags":
            return panels.flags(row, width, glyphs)
        if name == "notes":
            names = {item.run_id: item.name for item in view.rows}
            return panels.notes(view.notes, names, width)
        if detail is None and row is not None and name in ("log", "reward"):
            return [line(("Reading its files.", "dim"))]
        if name == "info":
            return panels.info(row, width, glyphs)
        if name == "log":
            return panels.log(detail.log if detail else (), detail.log_path if detail else "")
        detail = detail or Detail()
        drawn, made_of = self._reward, (detail.breakdown, detail.before, width)
        if drawn is None or any(now is not then for now, then in zip(made_of, drawn[0], strict=True)):
            drawn = self._reward = made_of, panels.reward(*made_of, glyphs)
        return drawn[1]

    def _side_lines(self, view: View, row: TrialRow | None, width: int) -> list[Line]:
        flags = self._pane_lines("flags", view, row, width)
        if self.pane == "notes":
            return flags
        names = {item.run_id: item.name for item in view.rows}
        return [
            *flags,
            *panels.settings(row, width),
            (),
            line(("Notes", "title")),
            *panels.notes(view.notes, names, width),
        ]

    def have(self, view: View) -> set[str]:
        """Return what exists, for keys that need something."""
        row = self.row
        found = {"study"} if view.study is not None else set()
        if row is not None:
            found.add("trial")
            if row.live:
                found.add("live")
        return found

    # --- keys that move and look

    def on_trial_table_chosen(self, event: TrialTable.Chosen) -> None:
        """Another trial is selected: ask for its details."""
        self.query_one("#pane", Page).clear_lines()
        self.cockpit.client.select(event.key)
        self.show_view()

    def action_move(self, rows: int) -> None:
        """Move the cursor."""
        self.table.move(rows)

    def action_page(self, pages: int) -> None:
        """Move the cursor by a page."""
        self.table.move(pages * self.table.page)

    def action_end(self, direction: int) -> None:
        """Move the cursor to the first or last trial."""
        self.table.move_to(0 if direction < 0 else len(self.table.rows) - 1)

    def action_jump(self) -> None:
        """Show a letter at every trial in sight; the next key goes there."""
        first, count = self.table.letter(LETTERS)
        if not count:
            return

        def go(place: int | None) -> None:
            self.table.letter("")
            if place is not None:
                self.table.move_to(first + place)

        self.app.push_screen(Jump(count), go)

    def action_scroll(self, rows: int) -> None:
        """Scroll the lower half."""
        self.query_one("#pane", Page).scroll_lines(rows)

    def action_show(self, pane: str) -> None:
        """Switch the lower half; the same key twice makes it large."""
        if self.pane == pane:
            self.toggle_class("-zoom")
        self.pane = pane
        self.query_one("#pane", Page).clear_lines()
        self.call_after_refresh(self.show_view)

    def set_filter(self, words: str) -> str:
        """Show only the trials that pass; what is wrong with the words is returned and the last good filter stays."""
        try:
            test = parse(words)
        except FilterError as error:
            return str(error)
        if trouble := unknown(words, self.cockpit.client.view.rows):
            return trouble
        self._test = test
        self.filter_words = words.strip()
        self.show_view()
        return "" if self.table.rows or not words.strip() else PASSES_NONE

    def action_filter(self) -> None:
        """Type a filter; the table follows."""
        self.app.push_screen(FilterEntry(self.filter_words, self.set_filter))

    def action_sort(self) -> None:
        """Sort by the next column."""
        self.sort = SORTS[(SORTS.index(self.sort) + 1) % len(SORTS)]
        self.show_view()

    def action_reverse(self) -> None:
        """Turn the order round."""
        self.reverse = not self.reverse
        self.show_view()

    def action_mark(self) -> None:
        """Mark the selected trial, or take the mark away, and go on to the next."""
        if self.row is not None:
            self.marked ^= {self.row.key}
            self.table.move(1)
            self.show_view()

    def action_compare(self) -> None:
        """Show the marked trials over one another; with one mark, beside it the selected trial, else the first one."""
        keys = [row.key for row in self.table.rows if row.key in self.marked]
        if len(keys) == 1 and self.row is not None:
            others = [row.key for row in (self.row, *self.table.rows[:2]) if row.key not in keys]
            keys += others[:1]
        if len(keys) < 2:
            self.cockpit.say("info", "Space marks trials; c then compares the marked ones.")
            return
        if len(keys) > MOST:
            self.cockpit.say("info", f"The first {MOST} of {len(keys)} marked trials are compared.")
        self.app.push_screen(CompareScreen(keys))

    def action_next_flag(self) -> None:
        """Go to the next trial with a flag, and show it."""
        rows, start = self.table.rows, self.table.cursor
        for index in [*range(start + 1, len(rows)), *range(start + 1)]:
            if rows[index].flags:
                self.table.move_to(index)
                self.pane = "flags"
                self.call_after_refresh(self.show_view)
                return
        self.cockpit.say("info", "No trial has a flag.")

    def action_zoom(self) -> None:
        """Make the lower half large, or small again."""
        self.toggle_class("-zoom")
        self.call_after_refresh(self.show_view)

    def action_back(self) -> None:
        """One level back: from large to small, to the reward, to no marks, to the whole table."""
        if self.has_class("-zoom"):
            self.remove_class("-zoom")
        elif self.pane != "reward":
            self.pane = "reward"
        elif self.marked:
            self.marked.clear()
        else:
            self.set_filter("")
        self.call_after_refresh(self.show_view)

    def action_next_study(self) -> None:
        """Show the next study."""
        self.cockpit.client.next_study()

    def action_open(self) -> None:
        """Show the selected trial on a screen of its own."""
        if self.row is not None:
            self.app.push_screen(TrialScreen(self.row.key))

    def action_robot(self) -> None:
        """Watch the selected trial's robot."""
        if self.row is not None:
            self.app.push_screen(RobotScreen(self.row.key))

    # --- keys that act

    def targets(self) -> list[TrialRow]:
        """The marked trials, else the selected one."""
        marked = [row for row in self.cockpit.client.view.rows if row.key in self.marked]
        return marked or [row for row in (self.row,) if row is not None]

    def action_start_study(self) -> None:
        """Start a study once it is checked: at once where nothing speaks against it, else after a question."""
        busy = [study for study in self.cockpit.client.view.studies if study.state in ("running", "paused")]
        shared = [f"{head.short_id(item.id)} is {item.state} and uses the same cores." for item in busy[:1]]
        ask_study(self, "", self.cockpit.client.start_study, shared)

    def action_smoke(self) -> None:
        """Run the whole line shortly, to see that everything works."""
        self.cockpit.client.smoke()

    def action_start_trial(self) -> None:
        """Ask the study for one more trial."""
        self.cockpit.client.start_trial()

    def action_kill(self) -> None:
        """End the selected trial, after a question that names it and what is lost."""
        ask_kill(self, self.targets())

    def action_pause(self) -> None:
        """Pause or resume the study."""
        self.cockpit.client.toggle_pause()

    def action_take_over(self) -> None:
        """Drive the study from here."""
        self.cockpit.client.take_over()

    def action_note(self) -> None:
        """Write a note at the selected trial and step."""
        self.pane = "notes"
        self.show_view()
        ask_note(self, self.row)

    def action_leave(self) -> None:
        """Close the screen; the work goes on."""
        self.cockpit.leave("key")

    def action_stop_all(self) -> None:
        """Stop the study and leave, after a question."""
        view = self.cockpit.client.view
        if view.study is None or view.study.state not in ("running", "paused"):
            self.cockpit.leave("key")
            return
        live = sum(row.live for row in view.rows)
        sentences = [f"{live} living trials write a checkpoint and end.", "q would leave them running instead."]

        def answered(yes: bool | None) -> None:
            if yes:
                self.cockpit.stop_and_leave()

        self.app.push_screen(Confirm(f"Stop study {head.short_id(view.study.id)} and leave?", sentences), answered)
