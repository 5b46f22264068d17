"""The big screens, reached from each other by their numbers: a row of rooms over the table of trials."""

from collections.abc import Callable
from importlib import import_module

from textual.app import App

from vbot_tui.screens.base import CockpitScreen


def _room(module: str, name: str) -> Callable[[], CockpitScreen]:
    def make() -> CockpitScreen:
        made: CockpitScreen = getattr(import_module(f"vbot_tui.screens.{module}"), name)()
        return made

    return make


ROOMS: dict[str, Callable[[], CockpitScreen]] = {
    "study": _room("study", "StudyScreen"),
    "launch": _room("launch", "LaunchScreen"),
    "queue": _room("shelf", "QueueScreen"),
    "library": _room("shelf", "LibraryScreen"),
    "records": _room("shelf", "RecordsScreen"),
    "logs": _room("shelf", "LogsScreen"),
}
"""How each room is made, not before it is entered; the table of trials is the ground floor and always there."""


def enter(app: App[object], name: str) -> None:
    """Show a room, whatever lies over the table of trials now; the table itself is the room ``trials``."""
    if name in ROOMS and type(app.screen).__name__ == f"{name.title()}Screen":
        return
    while len(app.screen_stack) > 1:
        app.pop_screen()
    if name in ROOMS:
        app.push_screen(ROOMS[name]())
