"""One study on a screen of its own: where it stands, why trials stopped, rungs, what its keys did, its history."""

from collections.abc import Callable

from vbot_tui import text
from vbot_tui.lines import Line, line
from vbot_tui.model import TrialRow, View
from vbot_tui.screens.acting import Acting
from vbot_tui.screens.asking import ask_kill
from vbot_tui.screens.base import PagedScreen, textual_bindings
from vbot_tui.screens.trial import TrialScreen
from vbot_tui.study_model import StudyPage, Tried
from vbot_tui.widgets import head, panels, study_keys, study_pages

PAGES = (
    ("overview", "o", "study"),
    ("why", "w", "why"),
    ("rungs", "u", "rungs"),
    ("slices", "v", "values"),
    ("parallel", "p", "parallel"),
    ("history", "h", "history"),
)
READING: Line = (("Reading the study's log.", "dim"),)


class StudyScreen(PagedScreen, Acting):
    """Everything about the study shown."""

    context = "study"
    PAGES = PAGES
    BINDINGS = textual_bindings("study")

    def __init__(self, page: str = "overview") -> None:
        super().__init__(page)
        self.chosen = -1
        self.axis = 0
        self.big = False
        self.brushes: dict[int, int] = {}
        self._asked_for = ""

    def on_mount(self) -> None:
        """Draw."""
        self.show_view()

    def on_unmount(self) -> None:
        """The study's log need not be kept up to date any more."""
        self.cockpit.client.open_study("")

    # --- drawing

    @property
    def study(self) -> StudyPage | None:
        """The page of the study shown, once it is read."""
        view = self.cockpit.client.view
        own = view.study.id if view.study is not None else ""
        return view.page if view.page is not None and view.page.id == own else None

    @property
    def trial(self) -> Tried | None:
        """The trial that is marked: the chosen one, else the best."""
        page = self.study
        if page is None or not page.trials:
            return None
        return page.trial(self.chosen) or study_pages.arranged(page)[0]

    @property
    def row(self) -> TrialRow | None:
        """The marked trial as the table knows it."""
        own = self.trial
        rows = self.cockpit.client.view.rows
        return next((row for row in rows if own is not None and row.number == own.number), None)

    def show_view(self) -> None:
        """Draw the newest picture."""
        if not self.drawable:
            return
        app, view, now, width = self.cockpit, self.cockpit.client.view, self.cockpit.clock(), self.app.size.width
        self._open(view)
        with app.batch_update():
            self.set_lines("#status", [head.status(view, now, width, app.glyphs)])
            own = self.trial
            subject = text.fit(own.name, 5) if own is not None else "no trial"
            self.set_lines("#title", [panels.title(PAGES, self.page_name, subject.strip(), width, app.glyphs)])
            self.page.set_lines(self._lines(view))
            news = head.news(self.with_notice(view), now, app.glyphs, width)
            self.set_lines("#hint", [news or head.clip([(" ", ""), *self._where()], width, app.glyphs)])
            self.set_lines("#keys", [head.key_bar("study", self.have(view), width, read_only=app.read_only)])

    def _open(self, view: View) -> None:
        """Have the shown study's page read, once."""
        own = view.study.id if view.study is not None and view.study.state else ""
        if own != self._asked_for:
            self._asked_for = own
            self.cockpit.client.open_study(own)

    def _where(self) -> Line:
        """Return the marked trial with its settings."""
        page, own = self.study, self.trial
        if page is None or own is None:
            return ()
        settings = "  ".join(f"{key.name}={value}" for key, value in zip(page.keys, own.values, strict=True))
        return ((f"{own.name} ", "accent"), (f"{text.number(own.standing)}  ", ""), (settings, "dim"))

    def _lines(self, view: View) -> list[Line]:
        page = self.study
        if view.study is None or not view.study.state:
            return [line(("No study here: S on the table of trials starts one, 3 has a form for it.", "dim"))]
        if page is None:
            return [READING]
        if page.trouble and not page.trials:
            return [line((part, "bad")) for part in text.wrap(text.clean(page.trouble), self.app.size.width - 1)]
        return self._maker(page)()

    def _maker(self, page: StudyPage) -> Callable[[], list[Line]]:
        """Return what makes the lines of the page shown."""
        glyphs = self.cockpit.glyphs
        width, height = self.page.size
        chosen = self.trial.number if self.trial is not None else -1
        makers: dict[str, Callable[[], list[Line]]] = {
            "overview": lambda: study_pages.overview(page, width, height, glyphs),
            "why": lambda: study_pages.trials(page, chosen, width, glyphs),
            "rungs": lambda: study_pages.rungs(page, chosen, width, height, glyphs),
            "slices": lambda: study_keys.slices(page, self.axis, chosen, self.big, width, height, glyphs),
            "parallel": lambda: study_keys.parallel(page, self.axis, self.brushes, chosen, width, height, glyphs),
            "history": lambda: study_pages.history(page, width, glyphs),
        }
        return makers[self.page_name]

    def have(self, view: View) -> set[str]:
        """Return what exists, for keys that need something."""
        found = {"study"} if view.study is not None and view.study.state else set()
        if self.trial is not None:
            found |= {"trial", "live"} if self.trial.live else {"trial"}
        return found

    # --- keys that look

    def action_move(self, by: int) -> None:
        """Mark the next trial in the order of the scores; on the history, scroll."""
        page = self.study
        if self.page_name == "history":
            self.page.scroll_lines(by)
        elif page is not None and self.trial is not None:
            order = study_pages.arranged(page)
            at = min(len(order) - 1, max(0, order.index(self.trial) + by))
            self.chosen = order[at].number
            if self.page_name == "why":
                self._keep_in_sight(at)
            self.show_view()

    def _keep_in_sight(self, at: int) -> None:
        page = self.page
        top = page.scroll_offset.y
        page.scroll_lines(min(0, at - top) + max(0, at + 4 - top - page.size.height))

    def action_page(self, by: int) -> None:
        """Move by a page."""
        self.action_move(by * max(1, self.page.size.height - 2))

    def action_axis(self, by: int) -> None:
        """Look at another searched key; behind the last one lies the score."""
        page = self.study
        if page is not None and page.keys:
            last = len(page.keys) - (self.page_name != "parallel")
            self.axis = min(last, max(0, self.axis + by))
            self.show_view()

    def action_big(self) -> None:
        """Show one key large, or all of them."""
        self.big = not self.big
        if self.page_name != "slices":
            self.big = True
            self.action_show("slices")
        self.show_view()

    def action_brush(self) -> None:
        """Show only the trials in a third of the axis that is looked at: the upper, the middle, the lower, then all."""
        if self.page_name != "parallel":
            self.action_show("parallel")
        self.brushes[self.axis] = (self.brushes.get(self.axis, 0) + 1) % len(study_keys.BANDS)
        self.show_view()

    def action_unbrush(self) -> None:
        """Show all trials again."""
        self.brushes.clear()
        self.show_view()

    def action_open(self) -> None:
        """Show the marked trial on a screen of its own."""
        if self.row is not None:
            self.app.push_screen(TrialScreen(self.row.key))

    def action_next_study(self) -> None:
        """Show the next study."""
        self.chosen, self.axis = -1, 0
        self.brushes.clear()
        self.cockpit.client.next_study()

    def step_back(self) -> bool:
        """From large to small."""
        large = self.big and self.page_name == "slices"
        if large:
            self.action_big()
        return large

    # --- keys that act

    def targets(self) -> list[TrialRow]:
        """The marked trial."""
        return [row for row in (self.row,) if row is not None]

    def action_kill(self) -> None:
        """End the marked trial, after a question."""
        ask_kill(self, self.targets())

    def action_start_trial(self) -> None:
        """Ask the study for one more trial."""
        self.cockpit.client.start_trial()

    def action_pause(self) -> None:
        """Pause or resume the study."""
        self.cockpit.client.toggle_pause()

    def action_take_over(self) -> None:
        """Drive the study from here."""
        self.cockpit.client.take_over()
