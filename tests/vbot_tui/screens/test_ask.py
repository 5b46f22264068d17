"""One line is asked for; what it means can become known after it was typed."""

import asyncio

from tests.vbot_tui.builders import row, view
from tests.vbot_tui.test_app import SMALL, start
from vbot_tui.screens.ask import LOOK_S, PENDING, Ask


async def test_a_text_that_is_still_checked_is_told_again_and_taken_when_it_is_known():
    told, answers, known = [], [], []
    _client, app = start(view(row(1)))
    async with app.run_test(size=SMALL) as pilot:
        question = Ask("Clone", on_change=told.append, refuse=lambda words: "" if known else PENDING)
        await app.push_screen(question, answers.append)
        await pilot.press("x", "enter")
        while told.count("x") < 2:
            await asyncio.sleep(LOOK_S)
        assert answers == [] and app.screen is question
        known.append(True)
        while app.screen is question:
            await asyncio.sleep(LOOK_S)
    assert answers == ["x"]


async def typed(app, pilot, *keys):
    answers = []
    await app.push_screen(Ask("Value", "0.001"), answers.append)
    await pilot.press(*keys, "enter")
    await pilot.pause()
    return answers


async def test_the_first_letter_replaces_what_stands_there():
    _client, app = start(view(row(1)))
    async with app.run_test(size=SMALL) as pilot:
        assert await typed(app, pilot, "5", "e", "minus", "4") == ["5e-4"]


async def test_left_home_and_end_keep_what_stands_there_for_editing():
    _client, app = start(view(row(1)))
    async with app.run_test(size=SMALL) as pilot:
        assert await typed(app, pilot, "end", "5") == ["0.0015"]
        assert await typed(app, pilot, "home", "1") == ["10.001"]
        assert await typed(app, pilot, "left", "2") == ["20.001"]


async def test_enter_takes_what_stands_there():
    _client, app = start(view(row(1)))
    async with app.run_test(size=SMALL) as pilot:
        assert await typed(app, pilot) == ["0.001"]
