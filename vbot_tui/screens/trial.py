"""One trial on a screen of its own: charts, reward, flags, log, evaluations, settings, notes. Complete at 80x24."""

import math
from collections.abc import Callable

from sessions.breakdown import Breakdown, reward_breakdown
from vbot_tui import text
from vbot_tui.curves import CurveCache
from vbot_tui.lines import Line, Span
from vbot_tui.model import Papers, Setting, TrialRow, View
from vbot_tui.screens.acting import Acting
from vbot_tui.screens.asking import ask_kill, ask_note
from vbot_tui.screens.base import PagedScreen, textual_bindings
from vbot_tui.screens.charting import PAGE, ChartKeys
from vbot_tui.screens.robot import RobotScreen
from vbot_tui.widgets import chart_page, head, panels, papers
from vbot_tui.widgets.chart_page import Shown

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


class TrialScreen(ChartKeys, PagedScreen, Acting):
    """Everything about one trial.

    Args:
        key: Which one.
        page: Which of its pages is shown first.
    """

    context = "trial"
    PAGES = PAGES
    BINDINGS = textual_bindings("trial")

    def __init__(self, key: str, page: str = "charts") -> None:
        super().__init__(page)
        self.key = key
        self.baseline: int | None = None
        self.against = ""
        self.term = ""

    def on_mount(self) -> None:
        """Have the trial's papers read, and draw."""
        self.cockpit.client.open_runs((self.key,))
        self.show_view()

    # --- drawing

    def read_curves(self) -> CurveCache:
        """Return the trial's curves."""
        return CurveCache(self.cockpit.client.curves)

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
            self.set_lines("#status", [head.trial_status(row, now, width, app.glyphs)])
            self.set_lines("#title", [panels.title(PAGES, self.page_name, "", width, app.glyphs)])
            self.page.set_lines(self._lines(view, row), follow=self.page_name == "log")
            news = head.news(self.with_notice(view), now, app.glyphs, width)
            self.set_lines("#hint", [news or head.clip([(" ", ""), *self._where()], width, app.glyphs)])
            have = {"trial", "live"} if row is not None and row.live else {"trial"}
            self.set_lines("#keys", [head.key_bar("trial", have, width, read_only=app.read_only)])

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
        width, height = self.page.size
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
        return [()] * max(1, self.page.size.height - used - 2)

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

    # --- keys

    def action_move(self, by: int) -> None:
        """Choose another chart; on the other pages, scroll."""
        if self.page_name == "charts":
            self.choose(by)
        elif self.page_name == "reward":
            self._choose_term(by)
        else:
            self.page.scroll_lines(by)

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
        self.action_move(by * (PAGE if self.page_name == "charts" else self.page.size.height))

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

    def leave(self) -> None:
        """Close the screen; its papers need not be kept any more."""
        self.cockpit.client.open_runs(())
        self.dismiss()

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
