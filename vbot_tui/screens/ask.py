"""One line to type something, with what it means under it while it is typed: values, ranges, clones, searches."""

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Static

from vbot_tui.lines import Line
from vbot_tui.screens.base import CockpitModal, textual_bindings
from vbot_tui.widgets import head
from vbot_tui.widgets.frame import KeyBar, Page

LOOK_S = 0.2
"""How soon what came in meanwhile is shown and acted on."""
PENDING = "still being checked"
"""What refuses a text until it is known whether it can be taken; Enter is remembered until then."""


class Ask(CockpitModal[str]):
    """Asks for one line; hands back what was typed, or None when it was dropped.

    Args:
        title: What it is about.
        words: What stands there first, marked whole: typing replaces it, Left, Home and End keep it.
        hint: What may stand there, shown while nothing does.
        on_change: Called with each new text.
        meaning: Says what the text means now, in at most three lines; asked again and again.
        complete: Returns the text with its last word completed.
        refuse: Says why the text cannot be taken, empty when it can, ``PENDING`` when that is not known yet.
    """

    BINDINGS = textual_bindings("ask")
    CSS = """
    Ask { align: center bottom; background: $background 0%; }
    Ask > Vertical { width: 100%; height: 7; background: $surface; border-top: solid $primary; padding: 0 1; }
    Ask Static { height: 1; color: $foreground; text-style: bold; }
    Ask Page { height: 3; background: $surface; }
    Ask Input { border: none; height: 1; padding: 0; background: $surface; }
    Ask KeyBar { background: $surface; }
    """

    def __init__(
        self,
        title: str,
        words: str = "",
        hint: str = "",
        *,
        on_change: Callable[[str], object] = lambda words: None,
        meaning: Callable[[str], Sequence[Line]] = lambda words: (),
        complete: Callable[[str], str] = lambda words: words,
        refuse: Callable[[str], str] = lambda words: "",
    ) -> None:
        super().__init__()
        self.title_text, self.words, self.hint = title, words, hint
        self._tell, self._meaning, self._complete, self._refuse = on_change, meaning, complete, refuse
        self._entered = False

    def compose(self) -> ComposeResult:
        """Lay out the line."""
        with Vertical():
            yield Static(self.title_text, markup=False)
            field = Input(value=self.words, placeholder=self.hint, id="line", compact=True)
            field.cursor_blink = False
            yield field
            yield Page(id="meaning")
            yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Show the keys and take the focus."""
        self.query_one(KeyBar).set_lines([head.key_bar("ask", (), 60)])
        self.query_one(Input).focus()
        self.set_interval(LOOK_S, self._look)
        self.show_meaning()

    def _look(self) -> None:
        """Show what the text means by now; take it if Enter came before that was known.

        While that is open the text is told again: what its words mean can have come in only after they were typed.
        """
        words = self.query_one(Input).value
        if self._refuse(words) == PENDING:
            self._tell(words)
        self.show_meaning()
        if self._entered:
            self.action_keep()

    def show_meaning(self) -> None:
        """Say what the text means now."""
        if self.is_mounted and self.query("#meaning"):
            self.query_one("#meaning", Page).set_lines(list(self._meaning(self.query_one(Input).value))[:3])

    def on_input_changed(self, event: Input.Changed) -> None:
        """Tell what is typed so far."""
        self._entered = False
        self._tell(event.value)
        self.show_meaning()

    def on_input_submitted(self) -> None:
        """Enter in the field."""
        self.action_keep()

    def action_keep(self) -> None:
        """Hand back the text, unless it is refused."""
        words = self.query_one(Input).value
        trouble = self._refuse(words)
        self._entered = trouble == PENDING
        if not trouble:
            self.dismiss(words)

    def action_complete(self) -> None:
        """Complete the last word."""
        field = self.query_one(Input)
        field.value = self._complete(field.value)
        field.cursor_position = len(field.value)

    def action_drop(self) -> None:
        """Hand back nothing."""
        self.dismiss(None)
