import pytest

from tests.vbot_tui.builders import row, view
from tests.vbot_tui.test_app import SMALL, seen, settled, start
from vbot_tui.glyphs import ASCII
from vbot_tui.lines import screen as as_text
from vbot_tui.screens.ask import Ask
from vbot_tui.screens.modals import Confirm
from vbot_tui.screens.shelf import LibraryScreen, RecordsScreen
from vbot_tui.screens.trials import TrialsScreen
from vbot_tui.shelf_model import Item, Shelf
from vbot_tui.widgets.shelf_page import column_widths, markdown

SIZES = [SMALL, (100, 30), (120, 40), (200, 50), (60, 20)]
SHELVES = {
    "4": Shelf("queue", ("ITEM", "STATE", "WHY"),
               (Item("q1", ("q1", "waiting", ""), state="waiting"),
                Item("q2", ("q2", "failed", "crashed"), state="failed")),
               "q1", ("# q1", "- state: waiting")),
    "5": Shelf("library", ("NAME", "SHELF", "WHAT IT IS FOR"),
               (Item("fast", ("fast", "configs", "x" * 300), state="configs"),), "fast", ("```", "a: 1", "```")),
    "6": Shelf("records", ("WHAT", "WHEN", "IN WORDS"),
               (Item("t1", ("TODO", "02-23", "film it"), "warn", "open"),
                Item("n1", ("note", "02-22", "ok"), "", "note")),
               "t1", ("# 02-23 me", "", "film it " * 60, "| a | b |", "|---|---|")),
    "7": Shelf("logs", ("LOG", "SIZE", "OF"), (Item("l", ("training", "5M", "run1")),), "l",
               tuple(f"line {number} " + "y" * 200 for number in range(400))),
}  # fmt: skip


async def show(pilot, app, key, *more):
    await settled(pilot)
    await pilot.press(key, *more)
    await settled(pilot)
    return seen(app)


def opened(key, **options):
    return start(view(row(1), shelf=SHELVES[key]), **options)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("key", SHELVES)
async def test_every_shelf_fills_every_size_and_is_cut_nowhere(key, size):
    _client, app = opened(key)
    async with app.run_test(size=size) as pilot:
        lines = await show(pilot, app, key)
        drawn = [*app.screen.query_one("#list").lines, *app.screen.query_one("#page").lines]
    assert len(lines) == size[1] and {len(line) for line in lines} == {size[0]}
    assert max(sum(len(part) for part, _ in line) for line in drawn) <= size[0]


@pytest.mark.parametrize("key", SHELVES)
async def test_every_shelf_can_be_drawn_in_ascii(key):
    _client, app = opened(key, glyphs=ASCII)
    async with app.run_test(size=SMALL) as pilot:
        assert all(line.isascii() for line in await show(pilot, app, key))


async def test_another_item_is_asked_for_by_moving():
    client, app = opened("4")
    async with app.run_test(size=SMALL) as pilot:
        lines = await show(pilot, app, "4", "j")
        assert any(line.startswith("▌q2 ") for line in lines) and "Reading." in "\n".join(lines)
    assert ("open_shelf", "queue", "q2") in client.asked


async def test_a_shelf_that_is_left_for_another_does_not_close_that_one():
    client, app = opened("5")
    async with app.run_test(size=SMALL) as pilot:
        await show(pilot, app, "4", "5")
        assert [item[1] for item in client.asked if item[0] == "open_shelf"][-1] == "library"
        await show(pilot, app, "1")
        assert [item[1] for item in client.asked if item[0] == "open_shelf"][-1] == ""


async def test_the_queue_is_changed_by_key_and_cancelling_asks():
    client, app = opened("4")
    async with app.run_test(size=SMALL) as pilot:
        await show(pilot, app, "4", "plus", "X")
        assert isinstance(app.screen, Confirm)
        await pilot.press("y", "j", "R")
        await settled(pilot)
    asked = [item[1:3] for item in client.asked if item[0] == "queue"]
    assert asked == [("later", "q1"), ("cancel", "q1"), ("again", "q2")]


async def test_rejecting_asks_for_the_reason():
    client, app = opened("5")
    async with app.run_test(size=SMALL) as pilot:
        await show(pilot, app, "5", "X")
        assert isinstance(app.screen, Ask)
        await pilot.press("n", "o", "enter")
        await settled(pilot)
        assert isinstance(app.screen, LibraryScreen)
    assert ("reject", "fast", "no") in client.asked


async def test_notes_and_todos_are_written_and_closed():
    client, app = opened("6")
    async with app.run_test(size=SMALL) as pilot:
        await show(pilot, app, "6", "n", "h", "i", "enter", "t", "g", "o", "enter", "d", "o", "k", "enter")
        assert isinstance(app.screen, RecordsScreen)
    written = [item for item in client.asked if item[0] in ("note", "todo", "finish_todo")]
    assert written == [("note", "hi", "", None), ("todo", "go"), ("finish_todo", "t1", "ok")]


async def test_items_are_found_while_typing_and_escape_shows_all_again():
    _client, app = opened("6")
    async with app.run_test(size=SMALL) as pilot:
        await show(pilot, app, "6", "slash", "f", "i", "l", "m", "enter")
        assert [item.key for item in app.screen.items] == ["t1"] and "/film" in seen(app)[0]
        await pilot.press("escape")
        await settled(pilot)
        assert len(app.screen.items) == 2
        await pilot.press("escape")
        await settled(pilot)
        assert isinstance(app.screen, TrialsScreen)


async def test_where_only_looking_is_allowed_nothing_is_written():
    client, app = opened("6", read_only=True)
    async with app.run_test(size=SMALL) as pilot:
        lines = await show(pilot, app, "6", "n", "t", "d")
        assert isinstance(app.screen, RecordsScreen) and "n note" not in lines[-1]
    assert not {"note", "todo", "finish_todo"} & {item[0] for item in client.asked}


async def test_damage_is_said_in_place_of_the_list():
    _client, app = start(view(row(1), shelf=Shelf("queue", trouble="events.jsonl does not match its checksum")))
    async with app.run_test(size=SMALL) as pilot:
        assert "does not match its checksum" in "\n".join(await show(pilot, app, "4"))


def test_columns_shrink_the_widest_first_and_the_last_takes_the_rest():
    shelf = Shelf("queue", ("A", "B", "C"), (Item("1", ("x" * 40, "yy", "z")),))
    assert column_widths(shelf, 80) == [24, 2, 51]
    assert column_widths(shelf, 40) == [23, 2, 12]  # the last one has 12 at least


def test_markdown_keeps_tables_and_code_and_hangs_lists():
    rows = ["# Title", "", "- a list item that is long", "| a | b |", "```", "  code", "```", "some words"]
    assert as_text(markdown(rows, 16)) == "Title\n\n- a list item\n  that is long\n| a | b |\n  code\nsome words"
