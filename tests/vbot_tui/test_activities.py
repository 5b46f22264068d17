"""A day's work in keys: the table in the papers, pressed key by key."""

import re
from pathlib import Path

import pytest

from sessions.workspace import Workspace
from tests.vbot_tui.builders import LAZY, head, row, view
from tests.vbot_tui.planning_client import planned
from tests.vbot_tui.studies import add_run
from tests.vbot_tui.test_app import SMALL, seen, settled
from vbot_tui.launch_model import Audit, Draft
from vbot_tui.screens.compare import CompareScreen
from vbot_tui.screens.launch import LaunchScreen
from vbot_tui.screens.study import StudyScreen

PAPER = Path(__file__).parents[2] / "docs" / "cockpit.md"
LINE = re.compile(r"^\| ([^|]+) \| ([^|]+) \| (\d+) \|$", re.MULTILINE)
NAMES = {"Space": "space", "Enter": "enter"}
TARGETS = {
    "morning catch-up": 1, "decide the next experiment": 2, "smoke test": 1, "set search space and trial length": 1,
    "start a study": 2, "full run from a trial": 2, "queue a search from the form": 1, "watch": 0,
    "notice a peak or a decline": 0, "kill a run": 2, "recover after a crash": 1, "compare two runs": 2,
    "find the best checkpoint": 2, "evaluate all checkpoints": 1, "diagnose failures": 2, "warm start": 1,
    "clone with one change": 4, "annotate": 2, "archive a reward": 1, "leave for the night": 1,
}  # fmt: skip


def table():
    """Activity -> keys as written, and the count beside them."""
    return {name.strip(): (re.findall(r"`([^`]+)`|(\btext\b)", keys), int(count)) for name, keys, count in
            LINE.findall(PAPER.read_text())}  # fmt: skip


def keys_of(activity):
    return [NAMES.get(key, key) if key else "text" for key, _ in table()[activity][0]]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    found = Workspace.open(str(tmp_path_factory.mktemp("day")))
    add_run(found, "no-study", 7, "run7", updates=5)
    return found


def opened(workspace, **changes):
    rows = (row(7, state="finished", flags=(LAZY,), **changes), row(8))
    return planned(view(*rows, study=head()), workspace, judged=Audit())


async def walk(pilot, activity, typed="hi"):
    await settled(pilot)
    for key in keys_of(activity):
        for name in [*typed, "enter"] if key == "text" else [key]:
            await pilot.press({"=": "equals_sign", "_": "underscore", ".": "full_stop"}.get(name, name))
        await settled(pilot)


def test_counts_are_those_of_the_keys_and_no_higher_than_wanted():
    rows = table()
    assert set(rows) == set(TARGETS)
    assert {name: len(keys) for name, (keys, _) in rows.items()} == {name: count for name, (_, count) in rows.items()}
    assert [name for name, (_, count) in rows.items() if count > TARGETS[name]] == []


ASKS = {
    "smoke test": ("smoke",),
    "full run from a trial": ("promote", "run7", 4_000_000),
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


async def test_a_clone_is_trained(workspace):
    client, app = opened(workspace)
    async with app.run_test(size=SMALL) as pilot:
        await walk(pilot, "clone with one change", "clip=0.1")
    assert ("clone", "run7", Draft(source="run7", sets=(("ppo.clip", "0.1"),))) in client.asked


@pytest.mark.parametrize(
    ("activity", "screen"),
    [
        ("decide the next experiment", StudyScreen),
        ("set search space and trial length", LaunchScreen),
        ("compare two runs", CompareScreen),
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
