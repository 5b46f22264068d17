"""A day's work in keys: what each asks of the core. The same rows are walked for real in ``tests/tmux``."""

import pytest

from sessions.workspace import Workspace
from tests.vbot_tui.builders import LAZY, head, row, view
from tests.vbot_tui.day import TEXT, activities
from tests.vbot_tui.planning_client import planned
from tests.vbot_tui.studies import add_run
from tests.vbot_tui.test_app import SMALL, seen, settled
from vbot_tui.launch_model import Audit, Draft
from vbot_tui.screens.compare import CompareScreen
from vbot_tui.screens.launch import LaunchScreen
from vbot_tui.screens.robot import RobotScreen
from vbot_tui.screens.study import StudyScreen

DAY = activities()
NAMES = {"Space": "space", "Enter": "enter"}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    found = Workspace.open(str(tmp_path_factory.mktemp("day")))
    add_run(found, "no-study", 7, "run7", updates=5)
    return found


def opened(workspace, **changes):
    rows = (row(7, state="finished", flags=(LAZY,), **changes), row(8))
    return planned(view(*rows, study=head()), workspace, judged=Audit())


async def walk(pilot, activity, typed="hi"):
    await press(pilot, DAY[activity].keys, typed)


async def press(pilot, keys, typed="hi"):
    await settled(pilot)
    for key in keys:
        for name in [*typed, "enter"] if key == TEXT else [NAMES.get(key, key)]:
            await pilot.press({"=": "equals_sign", "_": "underscore", ".": "full_stop"}.get(name, name))
        await settled(pilot)


def test_counts_are_those_of_the_keys_and_no_higher_than_wanted():
    assert len(DAY) == 23
    assert {name: len(row.keys) for name, row in DAY.items()} == {name: row.count for name, row in DAY.items()}
    assert [name for name, row in DAY.items() if row.count > row.target] == []


ASKS = {
    "smoke test": ("smoke",),
    "full run from a trial": ("promote", "run7", 6_000_000),
    "evaluate all checkpoints": ("evaluate", ["run7"]),
    "warm start": ("warm_start", "run7"),
    "archive a reward": ("archive", "run7", "", ""),
    "annotate": ("note", "hi", "run7", 250_000),
}


@pytest.mark.parametrize("activity", ASKS)
async def test_the_keys_ask_for_the_work(workspace, activity):
    client, app = opened(workspace)
    async with app.run_test(size=SMALL) as pilot:
        await walk(pilot, activity)
    assert ASKS[activity] in client.asked


async def test_a_study_starts_with_one_key_where_none_runs(workspace):
    client, app = planned(view(study=None), workspace, judged=Audit())
    async with app.run_test(size=SMALL) as pilot:
        await walk(pilot, "start a study")
    assert ("start_study",) in client.asked


async def test_a_run_is_killed_with_its_confirmation(workspace):
    client, app = planned(view(row(7)), workspace, judged=Audit())
    async with app.run_test(size=SMALL) as pilot:
        await walk(pilot, "kill a run")
    assert [item[:2] for item in client.asked if item[0] == "kill"] == [("kill", "run7")]


@pytest.mark.parametrize(
    ("keys", "asked"), [(("C", TEXT), "clone"), (DAY["promote to the next stage"].keys, "next_stage")]
)
async def test_a_change_typed_in_one_line_is_trained(workspace, keys, asked):
    client, app = opened(workspace)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, keys, "clip=0.1")
    assert (asked, "run7", Draft(source="run7", sets=(("ppo.clip", "0.1"),))) in client.asked


@pytest.mark.parametrize(
    ("activity", "screen"),
    [
        ("decide the next experiment", StudyScreen),
        ("set search space and trial length", LaunchScreen),
        ("compare two runs", CompareScreen),
        ("see the robot", RobotScreen),
    ],
)
async def test_the_keys_lead_to_the_room(workspace, activity, screen):
    _client, app = opened(workspace)
    async with app.run_test(size=SMALL) as pilot:
        await walk(pilot, activity)
        assert isinstance(app.screen, screen)


async def test_flags_and_the_best_checkpoint_are_seen(workspace):
    _client, app = opened(workspace)
    async with app.run_test(size=SMALL) as pilot:
        await walk(pilot, "diagnose failures")
        assert "halve alive_bonus" in "\n".join(seen(app))
        await walk(pilot, "find the best checkpoint")
        assert "e [evals]" in seen(app)[1]


async def test_a_search_is_queued_from_the_form(workspace):
    client, app = opened(workspace)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("3")
        await settled(pilot)
        app.screen._take(app.screen.draft.with_range("ppo.clip", "0.1..0.3"))
        await walk(pilot, "queue a search from the form")
    (asked,) = [item for item in client.asked if item[0] == "enqueue"]
    assert "ppo.clip" in asked[1]


async def test_leaving_is_one_key_and_stops_nothing(workspace):
    _client, app = opened(workspace)
    async with app.run_test(size=SMALL) as pilot:
        await walk(pilot, "leave for the night")
    assert app.return_value.stop is False
