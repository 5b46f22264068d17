"""What all screens share: client, glyphs and clock of the app, keys from the one table, and pages under one title."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen, Screen

from vbot_tui import bindings
from vbot_tui.lines import Line
from vbot_tui.model import View
from vbot_tui.widgets.frame import HintLine, KeyBar, Page, PaneTitle, StatusLine
from vbot_tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from vbot_tui.app import VbotApp

Answer = TypeVar("Answer")


def textual_bindings(context: str, *, priority: bool = False) -> list[BindingType]:
    """Return Textual bindings for one context of the key table."""
    return [
        Binding(",".join(key.keys), key.action, key.label, show=False, id=key.id, priority=priority)
        for key in bindings.of(context)
    ]


class CockpitScreen(Screen[None]):
    """A full screen of the cockpit: a status line above, what was said and the most useful keys below."""

    context = ""
    """Under which name the screen stands in the table of keys."""
    checking = False
    """Whether a study that is to be started from here is being checked."""

    def on_resize(self) -> None:
        """Draw for the new size."""
        self.call_after_refresh(self.show_view)

    def show_view(self) -> None:
        """Draw the newest picture; only what changed is sent."""
        raise NotImplementedError

    @property
    def drawable(self) -> bool:
        """Whether the parts of the screen are there: not before they are laid out, nor while it closes."""
        return self.is_mounted and {"status", "keys"} <= {part.id for part in self.children}

    def set_lines(self, selector: str, lines: Sequence[Line]) -> None:
        """Show lines in one part of the screen."""
        parts: dict[str, LineView] = self.__dict__.setdefault("_line_views", {})
        part = parts.get(selector)
        if part is None or not part.is_attached:
            part = parts[selector] = self.query_one(selector, LineView)
        part.set_lines(lines)

    def on_screen_resume(self) -> None:
        """Draw what was missed while the screen was hidden."""
        self.call_after_refresh(self.show_view)

    def action_room(self, name: str) -> None:
        """Go to one of the big screens."""
        from vbot_tui.screens.rooms import enter

        enter(self.app, name)

    def action_help(self) -> None:
        """Show all keys of this screen."""
        from vbot_tui.screens.modals import Help

        self.app.push_screen(Help(self.context))

    def refuse(self, title: str, why: str) -> None:
        """Say why a line is not opened; letters typed for it go nowhere until Enter or Esc."""
        from vbot_tui.screens.modals import Refused

        self.app.push_screen(Refused(title, [why]))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Take away what --read-only forbids: the keys that the table marks as acting."""
        del parameters
        return not (self.cockpit.read_only and bindings.acts(self.context, action))

    def with_notice(self, view: View) -> View:
        """Return the picture with what the screen itself had to say, where that is newer."""
        own = self.cockpit.own_notice
        newer = own is not None and (view.notice is None or own.time > view.notice.time)
        return replace(view, notice=own) if newer else view

    @property
    def cockpit(self) -> "VbotApp":
        """The app, with its real type."""
        return cast("VbotApp", self.app)


class PagedScreen(CockpitScreen):
    """A screen of several pages, one at a time, each made of lines."""

    PAGES: ClassVar[tuple[tuple[str, str, str], ...]] = ()
    """Name, key and label of each page; the first is the one that ``back`` ends at."""
    DEFAULT_CSS = "PagedScreen > #page { height: 1fr; }"

    def __init__(self, page: str = "") -> None:
        super().__init__()
        names = [name for name, _, _ in self.PAGES]
        self.page_name = page if page in names else names[0]

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield StatusLine(id="status")
        yield PaneTitle(id="title")
        yield Page(id="page")
        yield HintLine(id="hint")
        yield KeyBar(id="keys")

    @property
    def page(self) -> Page:
        """Where the page is drawn."""
        return self.query_one("#page", Page)

    def action_show(self, page: str) -> None:
        """Show a page."""
        self.page_name = page
        self.page.clear_lines()
        self.show_view()

    def action_turn(self, by: int) -> None:
        """Show the next page, or the one before."""
        names = [name for name, _, _ in self.PAGES]
        self.action_show(names[(names.index(self.page_name) + by) % len(names)])

    def action_back(self) -> None:
        """One level back: on the page itself, then to the first page, then out."""
        if self.step_back():
            return
        if self.page_name != self.PAGES[0][0]:
            self.action_show(self.PAGES[0][0])
        else:
            self.leave()

    def step_back(self) -> bool:
        """Go one level back within the page, such as from large to small; False where there is none."""
        return False

    def leave(self) -> None:
        """Close the screen."""
        self.dismiss()


class CockpitModal(ModalScreen[Answer], Generic[Answer]):
    """A question or page over the screen."""

    @property
    def cockpit(self) -> "VbotApp":
        """The app, with its real type."""
        return cast("VbotApp", self.app)
