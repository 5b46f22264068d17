"""The keys of a screen with charts: which one, how large, how smooth, on which scales, and where the cursor is."""

import math
from collections.abc import Sequence
from dataclasses import replace

from vbot_tui.curves import CurveCache
from vbot_tui.widgets.chart_page import Look, Shown, axis_of, chosen_tag, tags_of, whole_span, whole_step

PAGE = 6
"""Charts that are moved over by a page key."""


class ChartKeys:
    """Actions on a ``Look``; the screen supplies the runs, their curves and the drawing."""

    look = Look()
    page_name: str
    _curves: CurveCache | None = None

    @property
    def curves(self) -> CurveCache:
        """The curves shown, kept while the screen is open."""
        if self._curves is None:
            self._curves = self.read_curves()
        return self._curves

    def read_curves(self) -> CurveCache:
        """Return the curves of what is shown."""
        raise NotImplementedError

    def forget_curves(self) -> None:
        """Have the curves read anew: others are shown from now on."""
        self._curves = None

    @property
    def runs(self) -> Sequence[Shown]:
        """The runs shown."""
        raise NotImplementedError

    def show_view(self) -> None:
        """Draw."""
        raise NotImplementedError

    def _see(self, look: Look) -> None:
        self.look = look
        self.show_view()

    def _whole(self) -> tuple[float, float]:
        _, tag = chosen_tag(tags_of(self.curves, self.runs), self.look)
        return whole_span(self.curves, self.runs, tag, self.look)

    def cursor_step(self) -> int | None:
        """Return the step under the cursor in the first run; None where the newest values are shown."""
        if self.look.cursor is None or not self.runs:
            return None
        step = axis_of(self.curves, self.runs[0], self.look).step(self.look.cursor)
        return None if math.isinf(step) else whole_step(step)

    def choose(self, by: int) -> None:
        """Choose another chart of the group."""
        groups = tags_of(self.curves, self.runs)
        group, _ = chosen_tag(groups, self.look)
        if group:
            last = len(groups[group]) - 1
            self._see(replace(self.look, group=group, chosen=min(last, max(0, self.look.chosen + by))))

    def action_group(self, by: int) -> None:
        """Show another group of charts."""
        groups = tags_of(self.curves, self.runs)
        group, _ = chosen_tag(groups, self.look)
        if group:
            names = list(groups)
            self._see(replace(self.look, group=names[(names.index(group) + by) % len(names)], chosen=0))

    def action_big(self) -> None:
        """Show one chart large, or all of the group."""
        self._see(replace(self.look, big=not self.look.big))

    def step_back(self) -> bool:
        """From one large chart to all of the group; False where none is large."""
        large = self.page_name == "charts" and self.look.big
        if large:
            self.action_big()
        return large

    def action_cursor(self, by: int) -> None:
        """Move the cursor."""
        self._see(self.look.moved(by, self._whole()))

    def action_newest(self) -> None:
        """Take the cursor away: values are the newest again."""
        self._see(replace(self.look, cursor=None, span=None))

    def action_smooth(self, by: int) -> None:
        """Smooth more or less."""
        self._see(self.look.smoother(by))

    def action_scale(self) -> None:
        """Take the next vertical scale."""
        self._see(self.look.next_scale())

    def action_axis(self) -> None:
        """Draw over steps, or over time."""
        self._see(self.look.other_axis())

    def action_zoom(self, factor: float) -> None:
        """Show a shorter or longer stretch."""
        self._see(self.look.zoomed(factor, self._whole()))
