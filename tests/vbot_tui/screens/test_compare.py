import pytest

from tests.vbot_tui.builders import curves, row, view
from tests.vbot_tui.test_app import SMALL, seen, settled, start
from vbot_tui.model import Papers, Setting
from vbot_tui.screens.trials import TrialsScreen
from vbot_tui.widgets.compare_page import differing


def papers(number, rate):
    return Papers(f"run{number}", (Setting("ppo.learning_rate", rate), Setting("task.kp", "80")))


def opened(size=SMALL, rates=("0.001", "0.002")):
    client, app = start(view(row(1), row(2), papers=(papers(1, rates[0]), papers(2, rates[1]))))
    client.series["run1"] = curves({"eval/score": [0.1, 0.25]})
    client.series["run2"] = curves({"eval/score": [0.2, 0.75, 0.5]})
    return client, app, app.run_test(size=size)


async def show(pilot, app, *keys):
    await settled(pilot)
    await pilot.press("space", "c", *keys)
    await settled(pilot)
    return seen(app)


@pytest.mark.parametrize("size", [SMALL, (120, 40), (60, 20)])
async def test_marked_runs_lie_over_one_another_each_with_its_marker_and_value(size):
    client, app, pilot = opened(size)
    async with pilot as pilot:
        lines = await show(pilot, app, "enter")
    assert {len(line) for line in lines} == {size[0]}
    assert "● T1" in lines[0] and "▲ T2" in lines[0]
    assert any("● T1" in line and "0.25" in line for line in lines[1:])
    assert any("▲ T2" in line and "0.5 " in line for line in lines[1:])
    assert ("open_runs", ("run1", "run2")) in client.asked


async def test_only_settings_that_differ_are_shown():
    _client, app, pilot = opened()
    async with pilot as pilot:
        lines = await show(pilot, app, "o")
    text = "\n".join(lines)
    assert "1 settings differ, 1 do not" in text and "task.kp" not in text
    assert any(line.split() == ["ppo.learning_rate", "0.001", "0.002"] for line in lines)


async def test_runs_that_are_the_same_are_said_to_be():
    _client, app, pilot = opened(rates=("0.001", "0.001"))
    async with pilot as pilot:
        assert "No difference: all 2 settings" in "\n".join(await show(pilot, app, "o"))


async def test_without_marks_there_is_nothing_to_compare_and_escape_leads_back():
    _client, app, pilot = opened()
    async with pilot as pilot:
        await settled(pilot)
        await pilot.press("c")
        await settled(pilot)
        assert isinstance(app.screen, TrialsScreen) and "Space marks trials" in "\n".join(seen(app))
        await pilot.press("space", "c", "o", "escape", "escape")
        await settled(pilot)
        assert isinstance(app.screen, TrialsScreen)


def test_a_key_that_one_run_lacks_differs():
    found = differing([Papers("a", (Setting("x", "1"),)), Papers("b", ())])
    assert found == [("x", ("1", "-"))]
