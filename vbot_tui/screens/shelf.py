"""A list of what lies in the workspace with a page to read: the queue, the library, records with TODOs, the logs."""

from textual.app import ComposeResult

from vbot_tui import text
from vbot_tui.launch_model import Draft
from vbot_tui.lines import Line, line
from vbot_tui.screens.ask import Ask
from vbot_tui.screens.base import CockpitScreen, textual_bindings
from vbot_tui.screens.jump import Jump, lettered
from vbot_tui.screens.modals import Confirm
from vbot_tui.shelf_model import Item, Shelf, found
from vbot_tui.widgets import head, shelf_page
from vbot_tui.widgets.frame import HintLine, KeyBar, Page, PaneTitle, StatusLine

SUBJECTS = {
    "queue": "the queue", "library": "the reward library", "records": "notes, TODOs and records", "logs": "logs",
}  # fmt: skip


class ShelfScreen(CockpitScreen):
    """One shelf; each has its own keys."""

    CSS = """
    ShelfScreen > #page { height: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.words = ""
        self.chosen = ""
        self.large = False
        self._top = 0

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield StatusLine(id="status")
        yield Page(id="list")
        yield PaneTitle(id="title")
        yield Page(id="page")
        yield HintLine(id="hint")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Have the shelf read, and draw."""
        self._ask()
        self.show_view()

    def on_unmount(self) -> None:
        """The shelf need not be kept up to date any more; one that was entered in the meantime goes on."""
        if not any(isinstance(screen, ShelfScreen) for screen in self.app.screen_stack):
            self.cockpit.client.open_shelf("", "")

    def _ask(self) -> None:
        self.cockpit.client.open_shelf(self.context, self.chosen)

    # --- drawing

    @property
    def shelf(self) -> Shelf | None:
        """The shelf, once it is read."""
        known = self.cockpit.client.view.shelf
        return known if known is not None and known.name == self.context else None

    @property
    def items(self) -> tuple[Item, ...]:
        """What is listed."""
        return found(self.shelf, self.words) if self.shelf is not None else ()

    @property
    def item(self) -> Item | None:
        """The item under the cursor."""
        items = self.items
        return next((item for item in items if item.key == self.chosen), items[0] if items else None)

    def show_view(self) -> None:
        """Draw the newest picture; letters that wait for a key are left alone."""
        if not self.drawable or isinstance(self.app.screen, Jump):
            return
        app, view, now, width = self.cockpit, self.cockpit.client.view, self.cockpit.clock(), self.app.size.width
        own = self.item
        if own is not None and self.shelf is not None and self.shelf.selected != own.key and self.chosen != own.key:
            self.chosen = own.key
            self._ask()
        with app.batch_update():
            self.set_lines("#status", [self._status(width)])
            self._share_height()
            self.set_lines("#list", self._list(width))
            name = text.clean(self.titled(own) if own is not None else "nothing")
            rule = app.glyphs.rule
            title = text.fit(f"{rule}{rule} {name} ", width - 1, "<", app.glyphs.more).rstrip()
            self.set_lines(
                "#title", [line((f"{title} ", "title"), (rule * max(0, width - text.width(title) - 1), "dim"))]
            )
            self.query_one("#page", Page).set_lines(self._page(width), follow=self.context == "logs")
            news = head.news(self.with_notice(view), now, app.glyphs, width)
            self.set_lines("#hint", [news or line((f" {self.shelf.note if self.shelf else ''}", "warn"))])
            have = {own.state} if own is not None else set()
            self.set_lines("#keys", [head.key_bar(self.context, have, width, read_only=app.read_only)])

    def titled(self, item: Item) -> str:
        """Return what stands over the page of an item."""
        return item.cells[0]

    def _status(self, width: int) -> Line:
        filtered = f" /{text.clean(self.words)}" if self.words else ""
        count = f"{len(self.items)}" + (f" of {len(self.shelf.items)}" if self.words and self.shelf else "")
        words = text.fit(f"{SUBJECTS[self.context]}{filtered}  {count}", width - 7, "<", self.cockpit.glyphs.more)
        return ((" vbot ", "title"), (words, ""))

    def _share_height(self) -> None:
        room = self.app.size.height - 4
        want = 3 if self.large else max(4, min(len(self.items) + 1, room // 2))
        if self.query_one("#list", Page).styles.height is None or self._rows != want:
            self._rows = want
            self.query_one("#list", Page).styles.height = want

    _rows = 0

    def _list(self, width: int) -> list[Line]:
        shelf, items, own = self.shelf, self.items, self.item
        if shelf is None:
            return [line(("Reading.", "dim"))]
        at = items.index(own) if own is not None else 0
        visible = max(1, self._rows - 1)
        self._top = max(0, min(self._top, at, max(0, len(items) - visible)))
        self._top = max(self._top, at - visible + 1)
        return shelf_page.listing(
            shelf, items, own.key if own else "", self._top, self._rows, width, self.cockpit.glyphs
        )

    def _page(self, width: int) -> list[Line]:
        shelf, own = self.shelf, self.item
        if shelf is None or own is None:
            return []
        if shelf.selected != own.key:
            return [line(("Reading.", "dim"))]
        return shelf_page.page(shelf, width)

    # --- keys that look

    def action_move(self, by: int) -> None:
        """Go to another item."""
        items, own = self.items, self.item
        if own is not None:
            self.chosen = items[min(len(items) - 1, max(0, items.index(own) + by))].key
            self.query_one("#page", Page).clear_lines()
            self._ask()
            self.show_view()

    def action_page(self, by: int) -> None:
        """Go on by a page of items."""
        self.action_move(by * max(1, self._rows - 2))

    def action_end(self, by: int) -> None:
        """Go to the first or the last item."""
        self.action_move(by * len(self.items))

    def action_jump(self) -> None:
        """Show a letter at every item in sight; the next key goes there."""
        items = self.items[self._top : self._top + max(1, self._rows - 1)]
        if not items:
            return
        shown = self._list(self.app.size.width)
        self.set_lines("#list", lettered(shown, 0, range(1, len(items) + 1)))

        def go(place: int | None) -> None:
            if place is not None:
                self.action_move(self.items.index(items[place]) - self.items.index(self.item or items[0]))
            self.show_view()

        self.app.push_screen(Jump(len(items)), go)

    def action_scroll(self, by: int) -> None:
        """Scroll the page of the item."""
        self.query_one("#page", Page).scroll_lines(by)

    def action_large(self) -> None:
        """Make the page large, or small again."""
        self.large = not self.large
        self.show_view()

    def action_search(self) -> None:
        """Show only the items that have some words; the list follows every letter."""
        before = self.words

        def typed(words: str) -> None:
            self.words = words
            self.show_view()

        def done(words: str | None) -> None:
            typed(before if words is None else words)

        def meaning(words: str) -> list[Line]:
            return [line((f"{len(self.items)} found", "dim"))]

        self.app.push_screen(Ask("Find", before, "words that it must have", on_change=typed, meaning=meaning), done)

    def action_back(self) -> None:
        """From large to small, from what was found to everything, then one level back."""
        if self.large:
            self.action_large()
        elif self.words:
            self.words = ""
            self.show_view()
        else:
            self.dismiss()


class QueueScreen(ShelfScreen):
    """What is queued, in its order."""

    context = "queue"
    BINDINGS = textual_bindings("queue")

    def _change(self, what: str, why: str = "by key in the cockpit") -> None:
        if self.item is not None:
            self.cockpit.client.queue(what, self.item.key, why)

    def action_earlier(self) -> None:
        """Have the item done earlier."""
        self._change("earlier")

    def action_later(self) -> None:
        """Have the item done later."""
        self._change("later")

    def action_again(self) -> None:
        """Try an item that is over again."""
        self._change("again")

    def action_hold(self) -> None:
        """Start no further item, or start them again."""
        self._change("hold")

    def action_cancel(self) -> None:
        """Take the item out, after a question."""
        own = self.item
        if own is not None:
            question = Confirm(f"Take {own.key} out of the queue?", ["What waits for it will not start either."])
            self.app.push_screen(question, lambda yes: self._change("cancel") if yes else None)


class LibraryScreen(ShelfScreen):
    """Rewards worth keeping, ideas, and what was rejected and why."""

    context = "library"
    BINDINGS = textual_bindings("library")

    def action_form(self) -> None:
        """Open the form with the settings of the entry."""
        from vbot_tui.screens.launch import LaunchScreen

        if self.item is not None:
            draft = self.cockpit.client.library_draft(self.item.key)
            self.app.push_screen(LaunchScreen(draft if isinstance(draft, Draft) else Draft()))

    def action_reject(self) -> None:
        """Move the entry to the rejected ones; the reason is asked for."""
        own = self.item
        if own is None or own.state == "rejected":
            self.cockpit.say("info", "It is rejected already." if own else "There is nothing to reject.")
            return
        title = f"Why is {own.key} rejected? The next one with the idea reads this"
        done = lambda why: self.cockpit.client.reject(own.key, why) if why else None  # noqa: E731
        self.app.push_screen(Ask(title, "", "what was tried, and what came of it"), done)


class RecordsScreen(ShelfScreen):
    """Notes, what is to be done, and the experiment records."""

    context = "records"
    BINDINGS = textual_bindings("records")

    def titled(self, item: Item) -> str:
        """Return what it is and from when."""
        return " ".join(item.cells[:2])

    def action_new_note(self) -> None:
        """Write a note on the session."""
        done = lambda words: self.cockpit.client.note(words, "", None) if words else None  # noqa: E731
        self.app.push_screen(Ask("Note on this session", "", "what you see, what you try next"), done)

    def action_new_todo(self) -> None:
        """Write down something to be done."""
        done = lambda words: self.cockpit.client.todo(words) if words else None  # noqa: E731
        self.app.push_screen(Ask("To be done", "", "what should be tried or looked at"), done)

    def action_done(self) -> None:
        """Close a TODO; what came of it is asked for."""
        own = self.item
        if own is None or own.state != "open":
            self.cockpit.say("info", "Only an open TODO can be done.")
            return
        done = lambda words: self.cockpit.client.finish_todo(own.key, words) if words is not None else None  # noqa: E731
        self.app.push_screen(Ask(f"Done: {text.clean(own.cells[-1])[:50]}", "", "what came of it (may be empty)"), done)


class LogsScreen(ShelfScreen):
    """The end of every log of the workspace."""

    context = "logs"
    BINDINGS = textual_bindings("logs")

    def titled(self, item: Item) -> str:
        """Return which log it is and of what."""
        return f"{item.cells[0]} {item.cells[-1]}"
