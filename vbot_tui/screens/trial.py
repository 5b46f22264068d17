"""One trial on a screen of its own: charts, reward, flags, log, evaluations, settings, notes. Complete at 80x24."""

import math
from collections.abc import Callable

from textual.app import ComposeResult

from sessions.breakdown import Breakdown, reward_breakdown
from vbot_tui import text
from vbot_tui.curves import CurveCache
from vbot_tui.lines import Line, Span
from vbot_tui.model import Papers, Setting, TrialRow, View
from vbot_tui.screens.acting import Acting
from vbot_tui.screens.asking import ask_kill, ask_note
from vbot_tui.screens.base import textual_bindings
from vbot_tui.screens.charting import ChartKeys
from vbot_tui.screens.modals import Help
from vbot_tui.screens.robot import RobotScreen
from vbot_tui.widgets import chart_page, head, panels, papers
from vbot_tui.widgets.chart_page import Shown
from vbot_tui.widgets.frame import HintLine, KeyBar, Page, PaneTitle, StatusLine
from vbot_tui.widgets.line_view import LineView

PAGES = (
    ("charts", "c", "charts"),
    ("reward", "r", "reward"),
    ("waterfall", "w", "peak"),
    ("flags", "f", "flags"),
    ("log", "l", "log"),
    ("evals", "e", "evals"),
    ("config", "o", "config"),
    ("notes", "N", "notes"),
)
HISTORY = 48
AGAINST = 5
"""So many other trials a trial's reward can be measured against, the best ones."""
SCALES = "task.reward.scales."


class TrialScreen(ChartKeys, Acting):
    """Everything about one trial.

    Args:
        key: Which one.
        page: Which of its pages is shown first.
    """

    BINDINGS = textual_bindings("trial")
    CSS = "TrialScreen > #page { height: 1fr; }"

    def __init__(self, key: str, page: str = "charts") -> None:
        super().__init__()
        self.key = key
        self.page_name = page if page in [name for name, _, _ in PAGES] else "charts"
        self.baseline: int | None = None
        self.against = ""
        self.term = ""
        self._curves: CurveCache | None = None

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield StatusLine(id="status")
        yield PaneTitle(id="title")
        yield Page(id="page")
        yield HintLine(id="hint")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Have the trial's papers read, and draw."""
        self.cockpit.client.open_runs((self.key,))
        self.show_view()

    def on_resize(self) -> None:
        """Draw for the new size."""
        self.call_after_refresh(self.show_view)

    # --- drawing

    @property
    def curves(self) -> CurveCache:
        """The curves, kept while the screen is open."""
        if self._curves is None:
            self._curves = CurveCache(self.cockpit.client.curves)
        return self._curves

    @property
    def row(self) -> TrialRow | None:
        """The trial as the table knows it."""
        return self.cockpit.client.view.row(self.key)

    @property
    def runs(self) -> tuple[Shown, ...]:
        """What the charts show."""
        row = self.row
        return (Shown(row.run_id, row.name),) if row is not None and row.run_id else ()

    def show_view(self) -> None:
        """Draw the newest picture."""
        if not self.drawable:
            return
        app, view, now = self.cockpit, self.cockpit.client.view, self.cockpit.clock()
        row, width = self.row, self.app.size.width
        with app.batch_update():
            self._set("#status", [head.trial_status(row, now, width, app.glyphs)])
            self._set("#title", [panels.title(PAGES, self.page_name, "", width, app.glyphs)])
            self.query_one("#page", Page).set_lines(self._lines(view, row), follow=self.page_name == "log")
            news = head.news(self.with_notice(view), now, app.glyphs, width)
            self._set("#hint", [news or head.clip([(" ", ""), *self._where()], width, app.glyphs)])
            have = {"trial", "live"} if row is not None and row.live else {"trial"}
            self._set("#keys", [head.key_bar("trial", have, width, read_only=app.read_only)])

    def _where(self) -> Line:
        """Return where the cursor and the baseline are, and how the trial ended."""
        row, step = self.row, self.cursor_step()
        out: list[Span] = []
        if step is not None:
            out += [("cursor at step ", "dim"), (text.count(step), "accent"), (", End takes it away. ", "dim")]
        if self.baseline is not None:
            out += [("changes against step ", "dim"), (text.count(self.baseline), "accent"), (", b ends that. ", "dim")]
        other = self.cockpit.client.view.row(self.against) if self.against else None
        if other is not None:
            out += [("against ", "dim"), (text.clean(other.name), "accent"), (" at the same step, B goes on. ", "dim")]
        if row is not None and row.end_reason:
            out.append((text.clean(f"{row.end_reason}: {row.end_detail}" if row.end_detail else row.end_reason), "dim"))
        return tuple(out)

    def _lines(self, view: View, row: TrialRow | None) -> list[Line]:
        if row is None:
            return [(("This trial is not in the study shown any more; Esc goes back.", "warn"),)]
        return self._maker(view, row)()

    def _maker(self, view: View, row: TrialRow) -> Callable[[], list[Line]]:
        """Return what makes the lines of the page shown."""
        glyphs = self.cockpit.glyphs
        width, height = self.query_one("#page", Page).size
        detail = view.detail if view.detail.key == row.key else None
        own = view.papers_of(row.run_id)
        makers: dict[str, Callable[[], list[Line]]] = {
            "charts": lambda: chart_page.page(self.curves, self.runs, self.look, width, height, glyphs),
            "reward": lambda: self._reward(row, width),
            "waterfall": lambda: self._waterfall(row, width),
            "flags": lambda: panels.flags(row, width, glyphs),
            "log": lambda: panels.log(detail.log, detail.log_path) if detail else [papers.READING],
            "evals": lambda: papers.evals(own, width, glyphs),
            "config": lambda: papers.config(own, width),
            "notes": lambda: panels.notes(
                tuple(note for note in view.notes if note.run_id == row.run_id), {row.run_id: row.name}, width
            ),
        }
        return makers[self.page_name]

    def _reward(self, row: TrialRow, width: int) -> list[Line]:
        """Return the breakdown at the cursor's step, against another trial, the baseline or some time ago."""
        shown = self.breakdown(row, self.cursor_step(), HISTORY)
        own = self.cockpit.client.view.papers_of(row.run_id)
        scales = scales_of(own)
        self.term = self.term if shown and any(part.term == self.term for part in shown.terms) else first_term(shown)
        before, name = self._before(row, shown)
        lines = panels.reward(
            shown, before, width, self.cockpit.glyphs, scales={term: item.value for term, item in scales.items()},
            chosen=self.term, against=name,
        )  # fmt: skip
        return [*lines, *self._space(len(lines)), *panels.term_about(shown, self.term, scales, width)]

    def _space(self, used: int) -> list[Line]:
        """Return the empty lines that put the last two at the foot of the page."""
        return [()] * max(1, self.query_one("#page", Page).size.height - used - 2)

    def _before(self, row: TrialRow, shown: Breakdown | None) -> tuple[Breakdown | None, str]:
        """Return what changes are measured against, and what to call it."""
        other = self.cockpit.client.view.row(self.against) if self.against else None
        if shown is None:
            return None, ""
        if other is not None:
            return self.breakdown(other, shown.step, 0), text.clean(other.name)
        steps = self.curves.get(row.run_id, shown.terms[0].tag).steps
        step = self.baseline
        if step is None and len(steps) >= 4:
            step = steps[len(steps) - 1 - len(steps) // 4]
        return (self.breakdown(row, step, 0) if step is not None else None), ""

    def _waterfall(self, row: TrialRow, width: int) -> list[Line]:
        other = self.cockpit.client.view.row(self.against) if self.against else None
        now = self.breakdown(row, self.cursor_step(), 0)
        if other is not None and now is not None:
            return papers.waterfall(
                self.breakdown(other, now.step, 0), now, text.clean(other.name), width, self.cockpit.glyphs
            )
        step, why = self.peak(row)
        then = self.breakdown(row, step, 0) if step is not None else None
        return papers.waterfall(then, now, why, width, self.cockpit.glyphs)

    def breakdown(self, row: TrialRow, step: int | None, width: int) -> Breakdown | None:
        """Return the reward at a step."""
        return reward_breakdown(self.cockpit.client.curves(row.run_id), step, width)

    def peak(self, row: TrialRow) -> tuple[int | None, str]:
        """Return the step of the trial's best moment, and by what: its score, or its reward before any evaluation."""
        if self.baseline is not None:
            return self.baseline, "baseline"
        for tag, why in (("eval/score", "best score"), ("reward/total", "highest reward")):
            series = self.curves.get(row.run_id, tag)
            usable = [(value, -step) for step, value in series if math.isfinite(value)]
            if usable:
                return -max(usable)[1], why
        return None, ""

    def _set(self, selector: str, lines: list[Line]) -> None:
        self.query_one(selector, LineView).set_lines(lines)

    # --- keys

    def action_show(self, page: str) -> None:
        """Show a page."""
        self.page_name = page
        self.query_one("#page", Page).clear_lines()
        self.show_view()

    def action_turn(self, by: int) -> None:
        """Show the next page, or the one before."""
        names = [name for name, _, _ in PAGES]
        self.action_show(names[(names.index(self.page_name) + by) % len(names)])

    def action_move(self, by: int) -> None:
        """Choose another chart; on the other pages, scroll."""
        if self.page_name == "charts":
            self.choose(by)
        elif self.page_name == "reward":
            self._choose_term(by)
        else:
            self.query_one("#page", Page).scroll_lines(by)

    def _choose_term(self, by: int) -> None:
        row = self.row
        shown = self.breakdown(row, self.cursor_step(), 0) if row is not None else None
        if shown is not None and shown.terms:
            names = [part.term for part in shown.terms]
            at = names.index(self.term) if self.term in names else 0
            self.term = names[min(len(names) - 1, max(0, at + by))]
            self.show_view()

    def action_page(self, by: int) -> None:
        """Move by a page."""
        page = self.query_one("#page", Page)
        self.action_move(by * (6 if self.page_name == "charts" else page.size.height))

    def action_baseline(self) -> None:
        """Measure changes against the cursor's step; once more, against the usual one again."""
        step = self.cursor_step()
        self.baseline = None if self.baseline is not None else step
        if step is None and self.baseline is None:
            self.cockpit.say("info", "Changes are measured against a quarter of the history ago; Left sets a cursor.")
        self.show_view()

    def action_against(self) -> None:
        """Measure the reward against the best other trial; once more, against the next best; at last against itself."""
        rows = [row for row in self.cockpit.client.view.rows if row.run_id and row.key != self.key]
        order = ["", *[row.key for row in sorted(rows, key=_standing)[:AGAINST]]]
        at = order.index(self.against) if self.against in order else 0
        self.against = order[(at + 1) % len(order)]
        self.cockpit.client.open_runs((self.key, *([self.against] if self.against else [])))
        if len(order) == 1:
            self.cockpit.say("info", "There is no other trial to measure against.")
        if self.page_name not in ("reward", "waterfall"):
            self.action_show("reward")
        self.show_view()

    def action_robot(self) -> None:
        """Watch the robot; from the flags, where the first of them shows."""
        row = self.row
        flag = row.flags[0] if row is not None and row.flags and self.page_name == "flags" else None
        self.app.push_screen(RobotScreen(self.key, flag))

    def action_kill(self) -> None:
        """End this trial, after a question."""
        ask_kill(self, [row for row in (self.row,) if row is not None])

    def action_note(self) -> None:
        """Write a note at the cursor's step."""
        ask_note(self, self.row, self.cursor_step())

    def action_help(self) -> None:
        """Show all keys of this screen."""
        self.app.push_screen(Help("trial"))

    def action_back(self) -> None:
        """From large to small, from a page to the charts, then to the trials."""
        if self.page_name != "charts":
            self.action_show("charts")
        elif self.look.big:
            self.action_big()
        else:
            self.cockpit.client.open_runs(())
            self.dismiss()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Take away what --read-only forbids."""
        del parameters
        return not (self.cockpit.read_only and action in ("kill", "note", "act", "clone", "deed", "keep"))

    def targets(self) -> list[TrialRow]:
        """The trial of the screen."""
        return [row for row in (self.row,) if row is not None]


def scales_of(own: Papers | None) -> dict[str, Setting]:
    """Return the scale of each reward term of a run, as far as its papers are read."""
    settings = own.settings if own is not None else ()
    return {item.key.removeprefix(SCALES): item for item in settings if item.key.startswith(SCALES)}


def first_term(shown: Breakdown | None) -> str:
    """Return the term that is paid or taken most; empty where there is none."""
    return shown.terms[0].term if shown is not None and shown.terms else ""


def _standing(row: TrialRow) -> tuple[bool, float, str]:
    return (not math.isfinite(row.score), -row.score if math.isfinite(row.score) else 0.0, row.key)
