"""What all screens share: access to the app's client, glyphs and clock, and bindings from the one table."""

from typing import TYPE_CHECKING, Generic, TypeVar, cast

from textual.binding import Binding, BindingType
from textual.screen import ModalScreen, Screen

from vbot_tui import bindings

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
