"""One-line widgets of the frame, and the page shown in place of an empty table."""

from vbot_tui.widgets.line_view import LineView


class OneLine(LineView):
    """A single line at the edge of the screen."""

    DEFAULT_CSS = "OneLine { height: 1; }"


class StatusLine(OneLine):
    """Study, slots and the age of the data."""

    DEFAULT_CSS = "StatusLine { background: $panel; }"


class PaneTitle(OneLine):
    """The rule between table and lower half."""


class HintLine(OneLine):
    """What just happened, or what to press next."""

    DEFAULT_CSS = "HintLine { background: $surface; }"


class KeyBar(OneLine):
    """The most useful keys."""

    DEFAULT_CSS = "KeyBar { background: $panel; }"


class Page(LineView):
    """A page of text."""
