"""Every screen as it was last looked at and found good: text and colours, at four sizes.

The colours are those that the terminal is sent in true colour, with sixteen and with none. After a change that is
meant, ``VBOT_SNAPSHOTS=write pytest tests/vbot_tui/test_snapshots.py`` writes them anew; the difference is then read
before it is kept.
"""

import os
import time
from collections import Counter
from pathlib import Path

import pytest
from rich.color import ColorSystem
from rich.style import Style
from textual.color import Color
from textual.filter import Monochrome

from sessions.workspace import Workspace
from tests.vbot_tui import scenes
from tests.vbot_tui.studies import add_run
from tests.vbot_tui.test_app import settled, start
from vbot_tui.widgets.line_view import LineView

KEPT = Path(__file__).parent / "snapshots"
SIZES = ((80, 24), (100, 30), (120, 40), (200, 50))
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
WRITE = os.environ.get("VBOT_SNAPSHOTS") == "write"
BACKGROUND = Color(0, 0, 0)
DRAWN_S = 1.0


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A workspace whose path is as long on every machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        patch.chdir(tmp_path_factory.mktemp("snapshots"))
        Workspace.open("ws")
        made = Workspace(Path("ws"))
        add_run(made, "no-study", 4, "run4", updates=5)
        yield made
    time.tzset()


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return scenes.made(Workspace.open(tmp_path_factory.mktemp("study")))


NAMES = ("table", "trial", "robot", "compare", "study", "launch", "shelves", "empty", "opening", "refused")


def codes(style: Style | None, system: ColorSystem) -> str:
    """Return what the terminal is sent before a text of this style."""
    return style._make_ansi_codes(system) if style is not None else ""


def looks(strips) -> tuple[list[str], list[str], list[str]]:
    """Return the text, the style of each cell by a letter, and what the letters mean in each number of colours."""
    rows, styles, known = [], [], {}
    for strip in strips:
        plain = [segment for segment in strip if not segment.control]
        grey = [segment for segment in strip.apply_filter(Monochrome(), BACKGROUND) if not segment.control]
        runs = []
        for segment, mono in zip(plain, grey, strict=True):
            meaning = "  ".join((
                codes(segment.style, ColorSystem.TRUECOLOR), codes(segment.style, ColorSystem.STANDARD),
                codes(mono.style, ColorSystem.TRUECOLOR),
            ))  # fmt: skip
            letter = known.setdefault(meaning, LETTERS[len(known)])
            if runs and runs[-1][0] == letter:
                runs[-1] = (letter, runs[-1][1] + len(segment.text))
            else:
                runs.append((letter, len(segment.text)))
        rows.append("".join(segment.text for segment in plain))
        styles.append("".join(f"{letter}{cells}" for letter, cells in runs))
    return rows, styles, [f"{letter}  {meaning}" for meaning, letter in known.items()]


def written(app) -> str:
    """Return what is seen as one text."""
    rows, styles, meanings = looks(app.screen._compositor.render_strips())
    return "\n".join([*(row.rstrip() for row in rows), "", *styles, "", *meanings, ""])


async def picture(pilot, app, kept: str) -> str:
    """Return what is seen after the screen's own tick, as soon as it is what was kept: a line may be on its way."""
    app.redraw()
    await settled(pilot)
    seen, deadline = written(app), time.monotonic() + DRAWN_S
    while seen != kept and time.monotonic() < deadline:
        await pilot.pause(0.05)
        seen = written(app)
    return seen


def cut_lines(app) -> list[str]:
    """Lines that are longer than the part of the screen they are drawn in."""
    views = [view for screen in app.screen_stack[-1:] for view in screen.query(LineView) if view.size.width]
    return [
        f"{view.id}: {''.join(part for part, _ in line)}"
        for view in views
        for line in view.lines
        if view.display and sum(len(part) for part, _ in line) > view.size.width
    ]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("place", range(len(NAMES)), ids=NAMES)
async def test_every_screen_looks_as_it_was_found_good(workspace, page, place, size):
    scene = list(scenes.scenes(workspace, page))[place]()
    app = scene.app()
    differing, cut = [], []
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        for name, keys in scene.shots:
            await pilot.press(*keys)
            await app.workers.wait_for_complete()
            await settled(pilot)
            path = KEPT / f"{name}-{size[0]}x{size[1]}.txt"
            kept = path.read_text() if path.exists() and not WRITE else ""
            seen = await picture(pilot, app, kept)
            cut += [f"{name}: {line}" for line in cut_lines(app)]
            if WRITE:
                KEPT.mkdir(exist_ok=True)
                path.write_text(seen)
            elif seen != kept:
                differing.append(f"{path.name}\n{seen}")
    assert cut == []
    assert not differing, "\n".join(differing)


def test_every_snapshot_belongs_to_a_screen_of_today(workspace, page):
    names = [name for make in scenes.scenes(workspace, page) for name, _ in make().shots]
    assert max(Counter(names).values()) == 1
    assert {path.name for path in KEPT.iterdir()} == {f"{name}-{w}x{h}.txt" for name in names for w, h in SIZES}


def test_every_context_of_the_table_of_keys_is_among_them():
    from vbot_tui import bindings

    shown = {path.name.partition("-")[0] for path in KEPT.iterdir()}
    others = {"actions": "menu", "told": "refused", "ask": "clone", "jump": "trials"}
    assert {others.get(key.context, key.context) for key in bindings.KEYS} <= shown


async def test_no_colour_means_greys(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    _client, app = start(scenes.view())
    async with app.run_test():
        assert Monochrome in [type(item) for item in app.get_line_filters()]
