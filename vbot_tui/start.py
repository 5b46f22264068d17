"""From the command line to the cockpit and out again: arguments, terminal, core, screen, and the last words.

``--once`` prints the same picture as text and leaves; nothing of Textual is loaded for it.
"""

import argparse
import gc
import json
import os
import shutil
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from automl.commands import ConfigError
from sessions.errors import UsageError, VbotError
from vbot_tui import curtain, keymap
from vbot_tui.glyphs import ASCII, UNICODE, Glyphs
from vbot_tui.seat import FILE as SEAT_FILE
from vbot_tui.seat import load

if TYPE_CHECKING:
    from automl.spec import StudySpec
    from sessions.workspace import Workspace

ROOMS = ("trials", "study", "launch", "queue", "library", "records", "logs")
COLOURS = {"auto": None, "16": "standard", "256": "256", "true": "truecolor"}


def parser() -> argparse.ArgumentParser:
    """Return the grammar of ``vbot-tui``."""
    out = argparse.ArgumentParser(prog="vbot-tui", description="The cockpit: train a quadruped, see every trial live.")
    out.add_argument("--workspace", metavar="DIR", help="where everything is kept (else $VBOT_WORKSPACE)")
    out.add_argument("--study", metavar="FILE", help="the study that the key S starts (YAML)")
    out.add_argument(
        "--once", nargs="?", const="trials", choices=ROOMS, metavar="ROOM",
        help=f"print the picture of a room as text and leave: {', '.join(ROOMS)}",
    )  # fmt: skip
    out.add_argument("--json", action="store_true", help="with --once: as one JSON object")
    out.add_argument("--plain", action="store_true", help="ASCII, no colours, nothing that moves: for screen readers")
    out.add_argument("--keymap", metavar="FILE", help="your own keys (else $VBOT_KEYMAP, else your settings)")
    out.add_argument("--read-only", action="store_true", help="look, but neither start, stop nor write anything")
    out.add_argument("--ascii", action="store_true", help="draw with plain ASCII only")
    out.add_argument("--no-color", action="store_true", help="no colours; state is told by letters and shapes anyway")
    out.add_argument("--colors", choices=tuple(COLOURS), default="auto", help="how many colours the terminal has")
    out.add_argument("--theme", choices=("dark", "light", "ansi"), default="dark", help="the looks")
    out.add_argument("--screenshot", metavar="FILE", help="write a picture (SVG) of the first full screen and leave")
    out.add_argument("--mouse", action="store_true", help="let the mouse scroll (takes selecting away)")
    return out


def run(argv: Sequence[str]) -> int:
    """Run the cockpit and return the exit code."""
    arguments = parser().parse_args(argv)
    try:
        from sessions.workspace import Workspace

        spec = _spec(arguments.study)
        workspace = Workspace.open(
            arguments.workspace, create=not (arguments.read_only or arguments.once or arguments.screenshot)
        )
        arguments.no_color = arguments.no_color or arguments.plain
        glyphs = ASCII if arguments.ascii or arguments.plain or not _speaks_utf8() else UNICODE
        if arguments.json and not arguments.once:
            raise UsageError("--json belongs to --once; the screen itself is for eyes")
        if arguments.once:
            return _once(workspace, glyphs, arguments.once, as_json=arguments.json)
        keymap.install(Path(arguments.keymap) if arguments.keymap else None)
        if arguments.screenshot:
            return _screenshot(workspace, arguments, glyphs)
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            print("vbot-tui: no terminal here; try 'vbot-tui --once' or 'vbot status'.", file=sys.stderr)
            return 2
        return _cockpit(workspace, arguments, glyphs, spec)
    except (VbotError, ConfigError) as error:
        curtain.lower()
        print(f"vbot-tui: {error}", file=sys.stderr)
        return error.exit_code


def _speaks_utf8() -> bool:
    words = os.environ.get("LC_ALL") or os.environ.get("LC_CTYPE") or os.environ.get("LANG") or ""
    return "utf-8" in words.lower() or "utf8" in words.lower() or (sys.stdout.encoding or "").lower() == "utf-8"


def _once(workspace: "Workspace", glyphs: Glyphs, room: str, *, as_json: bool) -> int:
    """Print one picture."""
    from vbot_tui import plain

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 120
    known, text = _picture(workspace, glyphs, room, width)
    sys.stdout.write(json.dumps(plain.data(known), ensure_ascii=False) + "\n" if as_json else text)
    return 0


def _picture(workspace: "Workspace", glyphs: Glyphs, room: str, width: int) -> tuple[object, str]:
    """Return what a room shows, as data and as text."""
    from vbot_tui import plain

    if room == "launch":
        from vbot_tui.cli import planning
        from vbot_tui.launch_model import Draft

        plan = replace(planning.plan(workspace, Draft()), audit=planning.judge(workspace, Draft()))
        return plan, plain.launch(plan, glyphs, width)
    if room == "study":
        from automl.studies import list_studies, study_view
        from vbot_tui.study_desk import read_once

        ids = list_studies(workspace)
        if not ids:
            raise UsageError("there is no study yet; 'vbot automl run' starts the first one")
        page = read_once(workspace, ids[-1], study_view(workspace, ids[-1]))
        return page, plain.study(page, glyphs, width)
    if room != "trials":
        from vbot_tui.shelves import read

        shelf = read(workspace, room)
        return shelf, plain.shelf(shelf, glyphs, width)
    from vbot_tui.core import Core

    core = Core(workspace, read_only=True)
    view = core.read_once()
    return view, plain.page(view, glyphs, width, time.time())


def _spec(path: str | None) -> "StudySpec | None":
    """Return the study in a file, complete and checked."""
    if path is None:
        return None
    from automl.spec import complete, load

    spec = load(Path(path))
    complete(spec)
    return spec


def _screenshot(workspace: "Workspace", arguments: argparse.Namespace, glyphs: Glyphs) -> int:
    """Write a picture of the workspace as the cockpit shows it."""
    import asyncio

    from vbot_tui.picture import take

    asyncio.run(take(workspace, Path(arguments.screenshot), glyphs, arguments.theme))
    return 0


def _cockpit(workspace: "Workspace", arguments: argparse.Namespace, glyphs: Glyphs, spec: "StudySpec | None") -> int:
    """Show the screen until it is left, then see to it that the work goes on."""
    if arguments.no_color:
        os.environ["NO_COLOR"] = "1"
    if COLOURS[arguments.colors]:
        os.environ["TEXTUAL_COLOR_SYSTEM"] = str(COLOURS[arguments.colors])
    gc.disable()  # opening makes much and drops little; the app collects again once it is there
    from vbot_tui.app import Leaving, VbotApp
    from vbot_tui.core import Core

    seat, _ = load(workspace.view / SEAT_FILE)
    core = Core(workspace, read_only=arguments.read_only, spec=spec, seat=seat)
    app = VbotApp(core, read_only=arguments.read_only, glyphs=glyphs, theme_name=arguments.theme, seat=seat)
    leaving: Leaving | None = None
    try:
        leaving = app.run(mouse=arguments.mouse)
    finally:
        words = [*_crash_report(app.crash, core.log_path), *core.close(stop=leaving is not None and leaving.stop)]
    lost = leaving is not None and leaving.why in ("SIGHUP", "lost terminal")
    code = 0 if leaving is not None else (app.return_code or 1)
    _say(words, lost)
    if lost or app.terminal_stuck:
        os._exit(code)  # a thread may still wait for the dead terminal; nothing is left to be saved
    return code


def _crash_report(error: BaseException | None, path: Path) -> list[str]:
    """Write what broke the screen into the cockpit's log, and say where it is."""
    if error is None:
        return []
    with suppress(OSError), path.open("a", encoding="utf-8") as log:
        traceback.print_exception(error, file=log)
    return [f"The screen broke ({type(error).__name__}: {error}); what happened is in {path}."]


def _say(words: Sequence[str], lost: bool) -> None:
    """Say the last words, where somebody can still read them."""
    if lost:
        return
    with suppress(OSError):
        for sentence in words:
            print(sentence)
        sys.stdout.flush()
