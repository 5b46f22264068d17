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
