"""Up to eight runs over one another, and in which settings they differ."""

from collections.abc import Mapping, Sequence

from sessions.breakdown import Breakdown, reward_breakdown
from vbot_tui import text
from vbot_tui.curves import CurveCache
from vbot_tui.groups import Group, GroupedCurves, seed_groups
from vbot_tui.lines import Line, Span, line
from vbot_tui.model import TrialRow, View
from vbot_tui.screens.base import PagedScreen, textual_bindings
from vbot_tui.screens.charting import PAGE, ChartKeys
from vbot_tui.widgets import chart_page, compare_page, head, panels
from vbot_tui.widgets.chart_page import Shown

PAGES = (("charts", "c", "charts"), ("reward", "r", "reward"), ("seeds", "s", "seeds"), ("config", "o", "config"))
MOST = 8
"""Runs at once: as many as there are colours that everybody can tell apart."""


class CompareScreen(ChartKeys, PagedScreen):
    """Several runs beside one another.

    Args:
        keys: Which ones, in the order of their colours.
    """

    context = "compare"
    PAGES = PAGES
    BINDINGS = textual_bindings("compare")

    def __init__(self, keys: Sequence[str]) -> None:
        super().__init__()
        self.keys = tuple(keys)[:MOST]
        self.folded = False
        self.baseline: int | None = None

    def on_mount(self) -> None:
        """Have the runs' papers read, and draw."""
        self.cockpit.client.open_runs(self.keys)
        self.show_view()

    def read_curves(self) -> CurveCache:
        """Return the curves of the runs, or of their groups."""
        groups = {group.id: group.runs for group in self.groups} if self.folded else {}
        return GroupedCurves(self.cockpit.client.curves, groups)

    @property
    def groups(self) -> tuple[Group, ...]:
        """The runs whose papers are read, grouped by all settings but the seed."""
        view = self.cockpit.client.view
        found = [view.papers_of(row.run_id) for _, row in self.rows]
        return seed_groups([own for own in found if own is not None])

    @property
    def rows(self) -> list[tuple[int, TrialRow]]:
        """The trials that are still there, each with the place that its colour comes from."""
        view = self.cockpit.client.view
        found = ((place, view.row(key)) for place, key in enumerate(self.keys))
        return [(place, row) for place, row in found if row is not None]

    @property
    def runs(self) -> tuple[Shown, ...]:
        """What the charts show: the runs, or the groups of those that only their seed tells apart."""
        if not self.folded:
            return self.singles
        names = {row.run_id: row.name for _, row in self.rows}
        return tuple(
            Shown(group.id if len(group.runs) > 1 else group.runs[0], _group_name(group, names), place)
            for place, group in enumerate(self.groups)
        )

    @property
    def singles(self) -> tuple[Shown, ...]:
        """The runs, one by one."""
        return tuple(Shown(row.run_id, row.name, place) for place, row in self.rows if row.run_id)

    def show_view(self) -> None:
        """Draw the newest picture."""
        if not self.drawable:
            return
        app, view, now = self.cockpit, self.cockpit.client.view, self.cockpit.clock()
        width, height = self.page.size
        with app.batch_update():
            self.set_lines(
                "#status", [head.clip([(" vbot ", "title"), *self._legend()], self.app.size.width, app.glyphs)]
            )
            self.set_lines("#title", [panels.title(PAGES, self.page_name, "", self.app.size.width, app.glyphs)])
            self.set_lines("#page", self._lines(view, width, height))
            self.set_lines("#hint", [head.news(self.with_notice(view), now, app.glyphs, width) or self._where()])
            self.set_lines("#keys", [head.key_bar("compare", (), self.app.size.width, read_only=app.read_only)])

    def _lines(self, view: View, width: int, height: int) -> list[Line]:
        glyphs = self.cockpit.glyphs
        if self.page_name == "config":
            known = [(item, view.papers_of(item.run)) for item in self.singles]
            return compare_page.differences(known, width, glyphs)
        if self.page_name == "reward":
            return compare_page.reward([self._paid(item) for item in self.singles], width, glyphs)
        if self.page_name == "seeds":
            return self._seed_lines(view, width)
        return chart_page.page(self.curves, self.runs, self.look, width, height, glyphs)

    def _paid(self, item: Shown) -> tuple[Shown, Breakdown | None, Breakdown | None]:
        curves, step = self.cockpit.client.curves(item.run), self.cursor_step()
        before = reward_breakdown(curves, self.baseline, 0) if self.baseline is not None else None
        return item, reward_breakdown(curves, step, 0), before

    def _seed_lines(self, view: View, width: int) -> list[Line]:
        rows = {row.run_id: row for _, row in self.rows}
        names = {run: row.name for run, row in rows.items()}
        groups = self.groups
        if len([key for key in rows if view.papers_of(key)]) < len(rows):
            return [line(("Reading the settings.", "dim"))]
        shown = [
            (Shown(group.id, _group_name(group, names), place),
             [(rows[run].name, seed, rows[run].score) for run, seed in zip(group.runs, group.seeds, strict=True)])
            for place, group in enumerate(groups)
        ]  # fmt: skip
        folded = any(len(group.runs) > 1 for group in groups)
        note = (
            "f draws the median and the band of each group"
            if folded
            else "No two of them are the same up to their seed."
        )
        return [*compare_page.seeds(shown, width, self.cockpit.glyphs), (), line((note, "dim"))]

    def _legend(self) -> list[Span]:
        glyphs = self.cockpit.glyphs
        room = max(6, (self.app.size.width - 6) // max(1, len(self.runs)) - 3)
        return [
            (f"{item.marker(glyphs)} {text.fit(text.clean(item.name), min(room, len(item.name)), '<', glyphs.more)} ",
             item.role) for item in self.runs
        ]  # fmt: skip

    def _where(self) -> Line:
        step = self.cursor_step()
        parts = [f"cursor at step {text.count(step)}"] if step is not None else []
        parts += [f"changes since step {text.count(self.baseline)}, b ends that"] if self.baseline is not None else []
        parts += ["seeds folded: median and quartiles"] if self.folded else []
        return ((f" {', '.join(parts)}", "dim"),)

    # --- keys

    def action_move(self, by: int) -> None:
        """Choose another chart, or scroll."""
        if self.page_name == "charts":
            self.choose(by)
        else:
            self.page.scroll_lines(by)

    def action_page(self, by: int) -> None:
        """Move by a page."""
        self.action_move(by * (PAGE if self.page_name == "charts" else self.page.size.height))

    def action_baseline(self) -> None:
        """Choose the cursor's step as the one that pay is compared with; once more, none."""
        self.baseline = None if self.baseline is not None else self.cursor_step()
        if self.baseline is None and self.cursor_step() is None:
            self.cockpit.say("info", "Left sets a cursor; b then compares its step with the newest one.")
        self.show_view()

    def action_fold(self) -> None:
        """Fold runs that only their seed tells apart into their median, or unfold them."""
        if not self.folded and all(len(group.runs) < 2 for group in self.groups):
            self.cockpit.say("info", "No two of them are the same up to their seed.")
            return
        self.folded = not self.folded
        self.forget_curves()
        self.action_show("charts")

    def leave(self) -> None:
        """Close the screen; the papers of the runs need not be kept any more."""
        self.cockpit.client.open_runs(())
        self.dismiss()


def _group_name(group: Group, names: Mapping[str, str]) -> str:
    """Return what a group is called: its first run, and how many more."""
    first = names.get(group.runs[0], group.runs[0])
    return first if len(group.runs) == 1 else f"{first}+{len(group.runs) - 1}"
