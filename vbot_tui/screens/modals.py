"""The small questions: confirm, write a note; and the help page."""

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Static

from vbot_tui import text
from vbot_tui.lines import Line, line
from vbot_tui.screens.base import CockpitModal, textual_bindings
from vbot_tui.widgets import head
from vbot_tui.widgets.frame import KeyBar, Page, StatusLine

PASSES_NONE = "no trial passes"
"""What is said of a filter that is well-formed and may be kept, but shows nothing."""


def _box(name: str) -> str:
    """Return the looks of a question; a screen's own rules hold for its own name only."""
    return f"""
    {name} {{ align: center middle; background: $background 60%; }}
    {name} > Vertical {{ width: 66; max-width: 96%; height: auto; padding: 0 1; }}
    {name} > Vertical {{ background: $surface; border: round $warning; }}
    {name} Page {{ background: $surface; }}
    {name} KeyBar {{ background: $surface; }}
    """


class Told(CockpitModal[bool]):
    """Says something that must be read, such as why a start is refused; every answer only closes it.

    Args:
        title: What it is about.
        body: Lines or sentences, the latter folded.
    """

    context = "told"
    BINDINGS = textual_bindings("told")
    CSS = _box("Told")

    def __init__(self, title: str, body: Sequence[str | Line]) -> None:
        super().__init__()
        self.title_text = title
        self.body = body

    def compose(self) -> ComposeResult:
        """Lay out the words."""
        with Vertical():
            yield Page(id="question")
            yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Fill in the text, as much of it as fits."""
        rows: list[Line] = []
        for part in self.body:
            rows += [line(row) for row in text.wrap(text.clean(part), self.room)] if isinstance(part, str) else [part]
        fits = max(1, self.app.size.height - 6)
        if len(rows) > fits:
            rows = [*rows[: fits - 1], line((f"and {len(rows) - fits + 1} lines more", "dim"))]
        page = self.query_one("#question", Page)
        page.styles.height = len(rows) + 2
        page.set_lines([line((self.title_text, "warn")), *rows, ()])
        self.query_one(KeyBar).set_lines([head.key_bar(self.context, (), 60)])

    @property
    def room(self) -> int:
        """Cells of a line of text."""
        return min(62, self.app.size.width - 8)

    def action_close(self) -> None:
        """Change nothing."""
        self.dismiss(False)


class Confirm(Told, inherit_bindings=False):
    """Asks before something that cannot be undone; ``y`` is never the key that asked."""

    context = "confirm"
    BINDINGS = textual_bindings("confirm")
    CSS = _box("Confirm")

    def action_yes(self) -> None:
        """Do it."""
        self.dismiss(True)


class Refused(Told, inherit_bindings=False):
    """Says why a line cannot be opened, and takes all letters that were meant for it, up to their Enter."""

    context = "refused"
    BINDINGS = textual_bindings("refused")
    CSS = _box("Refused")


class NoteEntry(CockpitModal[str]):
    """One line to write a note; the screen behind stays visible. Returns the text, empty when dropped."""

    BINDINGS = textual_bindings("note")
    CSS = """
    NoteEntry { align: center bottom; background: $background 20%; }
    NoteEntry > Vertical { width: 100%; height: 4; background: $surface; border-top: solid $primary; padding: 0 1; }
    NoteEntry Static { height: 1; color: $foreground 70%; }
    NoteEntry Input { border: none; height: 1; padding: 0; background: $surface; }
    NoteEntry KeyBar { background: $surface; }
    """

    def __init__(self, subject: str, draft: str = "") -> None:
        super().__init__()
        self.subject = subject
        self.draft = draft

    def compose(self) -> ComposeResult:
        """Lay out the line."""
        with Vertical():
            yield Static(f"Note on {self.subject}", markup=False)
            field = Input(
                value=self.draft,
                placeholder="what you see, what you try next",
                id="note",
                compact=True,
                select_on_focus=False,
            )
            field.cursor_blink = False
            yield field
            yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Show the keys and take the focus."""
        self.query_one(KeyBar).set_lines([head.key_bar("note", (), 60)])
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Keep the draft, so that Esc or a dropped line does not lose it."""
        self.cockpit.note_draft = event.value

    def on_input_submitted(self) -> None:
        """Enter in the field."""
        self.action_save()

    def action_save(self) -> None:
        """Hand back the text."""
        words = self.query_one(Input).value.strip()
        self.cockpit.note_draft = ""
        self.dismiss(words)

    def action_cancel(self) -> None:
        """Hand back nothing; the draft stays for the next time."""
        self.dismiss("")


class FilterEntry(CockpitModal[None]):
    """One line to filter the table, which follows every letter.

    Args:
        words: The filter so far, marked whole: typing replaces it, Left, Home and End keep it.
        on_change: Takes each new filter and returns what is wrong with it, or an empty string.
    """

    BINDINGS = textual_bindings("filter")
    CSS = """
    FilterEntry { align: center bottom; background: $background 0%; }
    FilterEntry > Vertical { width: 100%; height: 4; background: $surface; border-top: solid $primary; padding: 0 1; }
    FilterEntry Page { height: 1; background: $surface; }
    FilterEntry Input { border: none; height: 1; padding: 0; background: $surface; }
    FilterEntry KeyBar { background: $surface; }
    """

    def __init__(self, words: str, on_change: Callable[[str], str]) -> None:
        super().__init__()
        self.words = words
        self.tell = on_change

    def compose(self) -> ComposeResult:
        """Lay out the line."""
        with Vertical():
            yield Page(id="trouble")
            field = Input(
                value=self.words, placeholder="state:run score>0.8 flag:moat has:note /regex/ OR NOT", id="filter",
                compact=True,
            )  # fmt: skip
            field.cursor_blink = False
            yield field
            yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Show the keys and take the focus."""
        self.query_one(KeyBar).set_lines([head.key_bar("filter", (), 60)])
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter by what is typed so far."""
        trouble = self.tell(event.value)
        words: Line = line((trouble, "warn")) if trouble else line(("Filter the trials", "dim"))
        self.query_one("#trouble", Page).set_lines([words])

    def on_input_submitted(self) -> None:
        """Enter in the field."""
        self.action_keep()

    def action_keep(self) -> None:
        """Keep the filter, unless something is wrong with it."""
        if self.tell(self.query_one(Input).value) in ("", PASSES_NONE):
            self.dismiss(None)

    def action_drop(self) -> None:
        """Show everything again."""
        self.tell("")
        self.dismiss(None)


class Help(CockpitModal[None]):
    """All keys, states, flags and words on one page."""

    BINDINGS = textual_bindings("help")
    CSS = """
    Help { background: $background; }
    Help > Page { height: 1fr; padding: 0 1; }
    """

    def __init__(self, context: str = "trials") -> None:
        super().__init__()
        self.context = context

    def compose(self) -> ComposeResult:
        """Lay out the page."""
        yield StatusLine(id="status")
        yield Page(id="help")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Fill in the text."""
        self._fill()
        self.query_one(KeyBar).set_lines([head.key_bar("help", (), self.app.size.width)])

    def _fill(self) -> None:
        app = self.cockpit
        lines = head.help_page(app.glyphs, self.context, app.size.width - 2, read_only=app.read_only)
        self.query_one("#help", Page).set_lines(lines)

    def on_resize(self) -> None:
        """Fold the lines anew, and say how much of the page is visible."""
        self.call_after_refresh(self._fold)

    def _fold(self) -> None:
        self._fill()
        self._show_place()

    def _show_place(self) -> None:
        page = self.query_one("#help", Page)
        first, last, total = page.scroll_offset.y + 1, page.scroll_offset.y + page.size.height, len(page.lines)
        place = f"lines {first} to {min(last, total)} of {total}" if page.size.height < total else ""
        self.query_one(StatusLine).set_lines([line((" vbot ", "title"), (f"help  {place}", "dim"))])

    def action_scroll(self, rows: int) -> None:
        """Move the page."""
        self.query_one("#help", Page).scroll_lines(rows)
        self.call_after_refresh(self._show_place)

    def action_page(self, by: int) -> None:
        """Move by what is visible, less one line."""
        self.action_scroll(by * max(1, self.query_one("#help", Page).size.height - 1))

    def action_end(self, by: int) -> None:
        """Show the first or the last line."""
        self.action_scroll(by * len(self.query_one("#help", Page).lines))

    def action_close(self) -> None:
        """Back to where it was called."""
        self.dismiss(None)
