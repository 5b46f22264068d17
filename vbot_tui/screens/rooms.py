"""The big screens, reached from each other by their numbers: a row of rooms over the table of trials."""

from collections.abc import Callable

from textual.app import App

from vbot_tui.screens.base import CockpitScreen


def _study() -> CockpitScreen:
    from vbot_tui.screens.study import StudyScreen

    return StudyScreen()


def _launch() -> CockpitScreen:
    from vbot_tui.screens.launch import LaunchScreen

    return LaunchScreen()


ROOMS: dict[str, Callable[[], CockpitScreen]] = {"study": _study, "launch": _launch}
"""How each room is made; the table of trials is the ground floor and always there."""


def enter(app: App[object], name: str) -> None:
    """Show a room, whatever lies over the table of trials now; the table itself is the room ``trials``."""
    if name in ROOMS and type(app.screen).__name__ == f"{name.title()}Screen":
        return
    while len(app.screen_stack) > 1:
        app.pop_screen()
    if name in ROOMS:
        app.push_screen(ROOMS[name]())
