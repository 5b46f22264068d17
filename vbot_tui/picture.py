"""A picture of the cockpit (SVG) without a terminal, for documents; nothing but that file is written."""

import re
from pathlib import Path

from sessions.files import write_atomic
from sessions.workspace import Workspace
from vbot_tui.app import VbotApp
from vbot_tui.core import Core
from vbot_tui.glyphs import Glyphs

SIZE = (120, 36)
SETTLE_S = 0.5
_REMOTE = re.compile(r"\s*(?:@font-face\s*\{[^}]*\}|<!-- Generated[^>]*-->)")


async def take(workspace: Workspace, path: Path, glyphs: Glyphs, theme_name: str, size: tuple[int, int] = SIZE) -> None:
    """Write the picture of a workspace as it is now."""
    core = Core(workspace, read_only=True)
    core.read_once()
    app = VbotApp(core, read_only=True, glyphs=glyphs, theme_name=theme_name)
    async with app.run_test(size=size) as pilot:
        await pilot.pause(SETTLE_S)
        picture = app.export_screenshot()
    core.close()
    write_atomic(path, with_blanks(without_remote_fonts(picture)))


def with_blanks(svg: str) -> str:
    """The picture with the word that its blanks count: some viewers cut them off at the ends of a text."""
    return svg.replace("<svg ", '<svg xml:space="preserve" ', 1)


def without_remote_fonts(svg: str) -> str:
    """The picture without what a viewer would fetch from elsewhere; the terminal's own monospace font serves."""
    return _REMOTE.sub("", svg)
