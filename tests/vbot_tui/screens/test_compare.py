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


async def show_all(pilot, app, *keys):
    """All three over one another."""
    await settled(pilot)
    await pilot.press("space", "space", "space", "c", *keys)
    await settled(pilot)
    return seen(app)


def trio():
    """Two runs with the same settings and other seeds, and a third with another rate."""

    def own(number, seed, rate):
        return Papers(f"run{number}", (Setting("ppo.learning_rate", rate), Setting("train.seed", seed)))

    shown = view(
        row(1, score=0.2), row(2, score=0.6), row(3, score=0.4),
        papers=(own(1, "1", "0.001"), own(2, "2", "0.001"), own(3, "1", "0.002")),
    )  # fmt: skip
    client, app = start(shown)
    for number, pay in ((1, 1.0), (2, 3.0), (3, 2.0)):
        client.series[f"run{number}"] = curves(
            {"eval/score": [0.1 * pay, 0.2 * pay], "reward/walk": [0.0, pay], "reward/fall": [-1.0, -0.5],
             "reward/total": [-1.0, pay - 0.5]}
        )  # fmt: skip
    return client, app


async def test_what_each_was_paid_for_stands_beside_one_another_most_different_first():
    _client, app = trio()
    async with app.run_test(size=SMALL) as pilot:
        lines = await show_all(pilot, app, "r")
    rows = [line.split() for line in lines]
    assert ["sum", "+0.500", "+2.50", "+1.50"] in rows
    assert rows.index(["walk", "+1.00", "+3.00", "+2.00"]) < rows.index(["fall", "-0.500", "-0.500", "-0.500"])


async def test_pay_is_compared_with_that_at_a_chosen_step():
    _client, app = trio()
    async with app.run_test(size=SMALL) as pilot:
        await show_all(pilot, app, *["less_than_sign"] * 6, "b", "end", "r")
        rows = [line.split() for line in seen(app)]
    assert ["change", "since", "1.00k", "●", "T1", "▲", "T2", "■", "T3"] in rows
    assert ["walk", "+1.00", "+3.00", "+2.00"] in rows[7:] and ["fall", "+0.500", "+0.500", "+0.500"] in rows


async def test_seeds_are_grouped_with_the_worst_one_named():
    _client, app = trio()
    async with app.run_test(size=SMALL) as pilot:
        lines = await show_all(pilot, app, "s")
    assert any(line.split() == ["●", "T1+1", "2", "0.400", "0.200", "0.600", "T1,", "seed", "1"] for line in lines)
    assert any(line.split() == ["▲", "T3", "1", "0.400", "0.400", "0.400", "T3,", "seed", "1"] for line in lines)


async def test_folded_seeds_are_drawn_as_their_median():
    _client, app = trio()
    async with app.run_test(size=SMALL) as pilot:
        lines = await show_all(pilot, app, "f", "enter")
        assert "● T1+1" in lines[0] and "T2" not in lines[0]
        # medians of 0.2 and 0.6, and the third run's own 0.4
        assert any("T1+1" in line and "now 0.4 " in line for line in lines)
        await pilot.press("f")
        await settled(pilot)
        assert "T2" in seen(app)[0]


async def test_where_no_seeds_can_be_folded_it_says_so():
    _client, app, pilot = opened()
    async with pilot as pilot:
        assert "No two of them are the same up to their seed" in "\n".join(await show(pilot, app, "f"))
