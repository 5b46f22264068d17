"""What all screens share: access to the app's client, glyphs and clock, and bindings from the one table."""

from dataclasses import replace
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from textual.binding import Binding, BindingType
from textual.screen import ModalScreen, Screen

from vbot_tui import bindings
from vbot_tui.model import View

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
    """A full screen of the cockpit."""

    def show_view(self) -> None:
        """Draw the newest picture; only what changed is sent."""
        raise NotImplementedError

    @property
    def drawable(self) -> bool:
        """Whether the parts of the screen are there: not before they are laid out, nor while it closes."""
        return self.is_mounted and len(self.query("#status, #keys")) == 2

    def on_screen_resume(self) -> None:
        """Draw what was missed while the screen was hidden."""
        self.call_after_refresh(self.show_view)

    def action_room(self, name: str) -> None:
        """Go to one of the big screens."""
        from vbot_tui.screens.rooms import enter

        enter(self.app, name)

    def with_notice(self, view: View) -> View:
        """Return the picture with what the screen itself had to say, where that is newer."""
        own = self.cockpit.own_notice
        newer = own is not None and (view.notice is None or own.time > view.notice.time)
        return replace(view, notice=own) if newer else view

    @property
    def cockpit(self) -> "VbotApp":
        """The app, with its real type."""
        return cast("VbotApp", self.app)


class CockpitModal(ModalScreen[Answer], Generic[Answer]):
    """A question or page over the screen."""

    @property
    def cockpit(self) -> "VbotApp":
        """The app, with its real type."""
        return cast("VbotApp", self.app)
