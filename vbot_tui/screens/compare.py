"""Up to eight runs over one another, and in which settings they differ."""

from collections.abc import Sequence

from textual.app import ComposeResult

from vbot_tui import text
from vbot_tui.curves import CurveCache
from vbot_tui.lines import Line, Span
from vbot_tui.model import TrialRow
from vbot_tui.screens.base import CockpitScreen, textual_bindings
from vbot_tui.screens.charting import ChartKeys
from vbot_tui.screens.modals import Help
from vbot_tui.widgets import chart_page, compare_page, head, panels
from vbot_tui.widgets.chart_page import Shown
from vbot_tui.widgets.frame import HintLine, KeyBar, Page, PaneTitle, StatusLine
from vbot_tui.widgets.line_view import LineView

PAGES = (("charts", "c", "charts"), ("config", "o", "config"))
MOST = 8
"""Runs at once: as many as there are colours that everybody can tell apart."""


class CompareScreen(ChartKeys, CockpitScreen):
    """Several runs beside one another.

    Args:
        keys: Which ones, in the order of their colours.
    """

    BINDINGS = textual_bindings("compare")
    CSS = "CompareScreen > #page { height: 1fr; }"

    def __init__(self, keys: Sequence[str]) -> None:
        super().__init__()
        self.keys = tuple(keys)[:MOST]
        self.page_name = "charts"
        self._curves: CurveCache | None = None

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield StatusLine(id="status")
        yield PaneTitle(id="title")
        yield Page(id="page")
        yield HintLine(id="hint")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Have the runs' papers read, and draw."""
        self.cockpit.client.open_runs(self.keys)
        self.show_view()

    def on_resize(self) -> None:
        """Draw for the new size."""
        self.call_after_refresh(self.show_view)

    @property
    def curves(self) -> CurveCache:
        """The curves, kept while the screen is open."""
        if self._curves is None:
            self._curves = CurveCache(self.cockpit.client.curves)
        return self._curves

    @property
    def rows(self) -> list[tuple[int, TrialRow]]:
        """The trials that are still there, each with the place that its colour comes from."""
        view = self.cockpit.client.view
        found = ((place, view.row(key)) for place, key in enumerate(self.keys))
        return [(place, row) for place, row in found if row is not None]

    @property
    def runs(self) -> tuple[Shown, ...]:
        """What the charts show."""
        return tuple(Shown(row.run_id, row.name, place) for place, row in self.rows if row.run_id)

    def show_view(self) -> None:
        """Draw the newest picture."""
        if not self.drawable:
            return
        app, view, now = self.cockpit, self.cockpit.client.view, self.cockpit.clock()
        width, height = self.query_one("#page", Page).size
        with app.batch_update():
            self._set("#status", [head.clip([(" vbot ", "title"), *self._legend()], self.app.size.width, app.glyphs)])
            self._set("#title", [panels.title(PAGES, self.page_name, "", self.app.size.width, app.glyphs)])
            if self.page_name == "config":
                known = [(item, view.papers_of(item.run)) for item in self.runs]
                lines = compare_page.differences(known, width, app.glyphs)
            else:
                lines = chart_page.page(self.curves, self.runs, self.look, width, height, app.glyphs)
            self._set("#page", lines)
            self._set("#hint", [head.news(self.with_notice(view), now, app.glyphs, width) or self._where()])
            self._set("#keys", [head.key_bar("compare", (), self.app.size.width, read_only=app.read_only)])

    def _legend(self) -> list[Span]:
        glyphs = self.cockpit.glyphs
        room = max(6, (self.app.size.width - 6) // max(1, len(self.runs)) - 3)
        return [
            (f"{item.marker(glyphs)} {text.fit(text.clean(item.name), min(room, len(item.name)), '<', glyphs.more)} ",
             item.role) for item in self.runs
        ]  # fmt: skip

    def _where(self) -> Line:
        step = self.cursor_step()
        return ((f" cursor at step {text.count(step)}" if step is not None else "", "dim"),)

    def _set(self, selector: str, lines: list[Line]) -> None:
        self.query_one(selector, LineView).set_lines(lines)

    # --- keys

    def action_show(self, page: str) -> None:
        """Show a page."""
        self.page_name = page
        self.query_one("#page", Page).clear_lines()
        self.show_view()

    def action_move(self, by: int) -> None:
        """Choose another chart, or scroll."""
        if self.page_name == "charts":
            self.choose(by)
        else:
            self.query_one("#page", Page).scroll_lines(by)

    def action_help(self) -> None:
        """Show all keys of this screen."""
        self.app.push_screen(Help("compare"))

    def action_back(self) -> None:
        """From large to small, from the settings to the charts, then to the trials."""
        if self.page_name != "charts":
            self.action_show("charts")
        elif self.look.big:
            self.action_big()
        else:
            self.cockpit.client.open_runs(())
            self.dismiss()
