import math
from dataclasses import replace

import pytest

from tests.vbot_tui.builders import LAZY, curves, note, row, view
from tests.vbot_tui.test_app import SMALL, seen, settled, start
from vbot_tui.model import EvalView, Papers, Setting
from vbot_tui.screens.modals import Confirm, Help
from vbot_tui.screens.trial import TrialScreen
from vbot_tui.screens.trials import TrialsScreen

POINTS = {
    "eval/score": [0.1, 0.6, 0.3],
    "eval/success": [0.2, 0.7, 0.4],
    "reward/approach": [1.0, 3.0, 2.0],
    "reward/fall": [-0.5, -0.5, -1.5],
    "reward/total": [0.5, 2.5, 0.5],
    "perf/rollout_s": [30.0, 30.0, 60.0],
}
PAPERS = Papers(
    "run1",
    (Setting("ppo.learning_rate", "0.001", "search"), Setting("task.control.kp", "80", "default")),
    (EvalView(2000, "competition", True, 256, 0.6, 0.7, 0.1, 12.5), EvalView(3000, "competition", False, 8)),
    (1000, 2000),
    (("env", "section001"),),
)


def opened(size=SMALL, points=POINTS, **options):
    client, app = start(
        view(row(1, flags=(LAZY,)), papers=(PAPERS,), notes=(note("mine", 1), note("other", 2))), **options
    )
    client.series["run1"] = curves(points)
    return client, app, app.run_test(size=size)


async def show(pilot, app, *keys):
    await settled(pilot)
    await pilot.press("enter", *keys)
    await settled(pilot)
    return seen(app)


@pytest.mark.parametrize("size", [SMALL, (100, 30), (120, 40), (200, 50), (60, 20)])
async def test_the_charts_fill_the_screen_at_every_size(size):
    _client, app, pilot = opened(size)
    async with pilot as pilot:
        lines = await show(pilot, app)
    assert len(lines) == size[1] and {len(line) for line in lines} == {size[0]}
    text = "\n".join(lines)
    assert "[eval]" in text and "eval/score" in text and "0.3" in text and "2.00k" in text


async def test_every_page_has_its_key_and_its_content():
    _client, app, pilot = opened()
    async with pilot as pilot:
        await show(pilot, app)
        for key, words in (
            ("r", "2 terms sum to +0.50000 = logged total"),
            ("w", "best score"),
            ("f", "halve alive_bonus"),
            ("l", "a line"),
            ("e", "best"),
            ("o", "ppo.learning_rate"),
            ("N", "mine"),
            ("c", "[eval]"),
        ):
            await pilot.press(key)
            await settled(pilot)
            assert words in "\n".join(seen(app)), key
        assert "other" not in "\n".join(seen(app))


async def test_tab_goes_through_all_pages_and_back():
    _client, app, pilot = opened()
    async with pilot as pilot:
        await show(pilot, app)
        names = []
        for _ in range(8):
            await pilot.press("tab")
            names.append(app.screen.page_name)
        assert names == ["reward", "waterfall", "flags", "log", "evals", "config", "notes", "charts"]
        await pilot.press("shift+tab")
        assert app.screen.page_name == "notes"


async def test_the_cursor_reads_values_and_the_reward_follows_it():
    _client, app, pilot = opened()
    async with pilot as pilot:
        lines = await show(pilot, app, "enter", "less_than_sign", "less_than_sign", "less_than_sign")
        # three times ten sixtieths of 1000..3000 back from the end: step 2000
        assert any("here 0.6" in line and "at 2.00k" in line for line in lines)
        await pilot.press("r")
        await settled(pilot)
        assert any("sum to +2.5000 = logged total  at step 2.00k" in line for line in seen(app))


async def test_the_waterfall_goes_from_the_best_score_to_now():
    _client, app, pilot = opened()
    async with pilot as pilot:
        lines = await show(pilot, app, "w")
    # at the peak (step 2000): 3.0 - 0.5; now: 2.0 - 1.5; both terms fell by 1
    assert any("step 2.00k (best score) +2.500" in line and "-2.000" in line for line in lines)
    assert [line.split()[:2] for line in lines if line.startswith(("approach", "fall"))] == [
        ["approach", "-1.00"],
        ["fall", "-1.00"],
    ]


async def test_the_baseline_is_the_step_that_changes_are_measured_against():
    _client, app, pilot = opened()
    async with pilot as pilot:
        lines = await show(pilot, app, *["less_than_sign"] * 6, "b", "end", "r")
    assert any("Δ 1.00k" in line for line in lines)
    assert any(line.startswith("approach") and line.rstrip().endswith("+1.0") for line in lines)


async def test_scale_smoothing_axis_and_zoom_are_said():
    _client, app, pilot = opened()
    async with pilot as pilot:
        lines = await show(pilot, app, "plus", "y", "x")
        assert "log · time worked · smooth 0.5" in lines[2] and "2m00" in "\n".join(lines)
        await pilot.press("z")
        assert app.screen.look.span is not None
        await pilot.press("u")
        assert app.screen.look.span is None


async def test_groups_and_charts_are_chosen_by_keys():
    _client, app, pilot = opened()
    async with pilot as pilot:
        await show(pilot, app, "right_square_bracket")
        assert "[reward]" in seen(app)[2]
        await pilot.press("j", "enter")
        await settled(pilot)
        assert seen(app)[3].startswith("reward/approach")


async def test_escape_goes_back_one_level_at_a_time():
    client, app, pilot = opened()
    async with pilot as pilot:
        await show(pilot, app, "enter", "r")
        await pilot.press("escape")
        assert (app.screen.page_name, app.screen.look.big) == ("charts", True)
        await pilot.press("escape")
        assert not app.screen.look.big
        await pilot.press("escape")
        await settled(pilot)
        assert isinstance(app.screen, TrialsScreen)
    assert [item[1] for item in client.asked if item[0] == "open_runs"] == [("run1",), ()]


async def test_a_note_is_anchored_to_the_cursors_step():
    client, app, pilot = opened()
    async with pilot as pilot:
        await show(pilot, app, *["less_than_sign"] * 3, "n")
        await pilot.press(*"odd", "enter")
        await settled(pilot)
    assert ("note", "odd", "run1", 2000) in client.asked


async def test_kill_asks_here_too_and_read_only_takes_it_away():
    client, app, pilot = opened()
    async with pilot as pilot:
        await show(pilot, app, "X")
        assert isinstance(app.screen, Confirm)
        await pilot.press("y")
        await settled(pilot)
    assert [item[:2] for item in client.asked if item[0] == "kill"] == [("kill", "run1")]
    client, app, pilot = opened(read_only=True)
    async with pilot as pilot:
        lines = await show(pilot, app, "X", "n")
        assert isinstance(app.screen, TrialScreen) and "kill" not in lines[-1]


async def test_help_lists_the_keys_of_this_screen():
    _client, app, pilot = opened((100, 50))
    async with pilot as pilot:
        lines = await show(pilot, app, "question_mark")
        assert isinstance(app.screen, Help)
        assert any("linear, log or symlog" in line for line in lines)


async def test_a_run_without_curves_and_one_of_only_nan_are_said_and_not_broken():
    for points in ({}, {"eval/score": [math.nan, math.nan]}):
        client, app, pilot = opened(points={"eval/score": [0.0]})
        client.series["run1"] = curves(points) if points else client.series.pop("x", None) or curves({"a/b": []})
        async with pilot as pilot:
            text = "\n".join(await show(pilot, app))
        assert "No curve yet" in text or "only NaN" in text


async def test_a_trial_that_vanishes_leaves_a_sentence():
    client, app, pilot = opened()
    async with pilot as pilot:
        await show(pilot, app)
        client.show(replace(client.view, rows=()))
        await settled(pilot)
        assert "not in the study shown any more" in "\n".join(seen(app))


async def test_new_points_appear_while_the_screen_is_open():
    client, app, pilot = opened()
    async with pilot as pilot:
        await show(pilot, app)
        client.series["run1"] = curves({tag: [*values, 0.875] for tag, values in POINTS.items()})
        client.show(replace(client.view, version=2))
        await settled(pilot)
        assert "0.875" in "\n".join(seen(app))


PAID = Papers(
    "run1",
    (
        Setting("task.reward.scales.approach", "2", "override", "Metres won towards the target."),
        Setting("task.reward.scales.fall", "-200", "task", "Once, at a fall."),
    ),
)


def against(size=SMALL):
    """The trial beside a better and a worse one, whose approach paid 5 and 1 at step 3000."""
    client, app = start(view(row(1), row(2, score=0.9), row(3, score=0.1), papers=(PAID,)))
    client.series["run1"] = curves(POINTS)
    for number, pay in ((2, 5.0), (3, 1.0)):
        client.series[f"run{number}"] = curves({**POINTS, "reward/approach": [0.0, 0.0, pay]})
    return client, app, app.run_test(size=size)


async def test_the_marked_term_says_its_scale_its_origin_and_what_it_is():
    _client, app, pilot = against()
    async with pilot as pilot:
        lines = await show(pilot, app, "r")
        assert any(line.split()[:3] == ["approach", "2", "+2.00"] for line in lines)
        assert lines[-4].startswith("approach: scale 2 (override), +2.00 per step, 57% of all")
        assert lines[-3].startswith("Metres won towards the target.")
        await pilot.press("j")
        await settled(pilot)
        assert seen(app)[-3].startswith("Once, at a fall.")


async def test_changes_can_be_measured_against_the_best_other_trial_the_next_and_itself():
    client, app, pilot = against()
    async with pilot as pilot:
        await show(pilot, app, "r")
        found = []
        for _ in range(3):
            await pilot.press("B")
            await settled(pilot)
            found.append(next(line.split()[-1] for line in seen(app) if line.startswith("approach ")))
    assert found == ["-3.0", "+1.0", "-"]  # 2 against 5, 2 against 1, and too little history of its own
    assert ("open_runs", ("run1", "run2")) in client.asked


async def test_the_waterfall_can_start_from_another_trial():
    _client, app, pilot = against()
    async with pilot as pilot:
        lines = await show(pilot, app, "B", "w")
    assert lines[2].startswith("step 3.00k (T2) +3.500  to  step 3.00k +0.5000")
