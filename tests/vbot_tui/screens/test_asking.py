"""A study is checked before it starts; what was found decides whether it starts, is asked about or refused."""

import pytest

from automl.preflight import Finding
from tests.vbot_tui.builders import head, row, view
from tests.vbot_tui.test_app import SMALL, seen, settled, start
from vbot_tui.screens.asking import finding_lines
from vbot_tui.screens.modals import Confirm, Told
from vbot_tui.screens.trials import TrialsScreen

ERROR = Finding("error", "ghost key", "ppo.gamma changes nothing: x.")
WARNING = Finding("warning", "already run", "this study was already run as first (finished, best score 0.900).")
NOTE = Finding("note", "budget", "a trial takes about 3.0 min by earlier runs here.")


async def press(pilot, *keys):
    for key in keys:
        await pilot.press(key)
        await settled(pilot)


def checked(*findings, study=None):
    client, app = start(view(*([row(1)] if study else []), study=study))
    client.findings = findings
    return client, app


@pytest.mark.parametrize("findings", [(), (NOTE,)])
async def test_nothing_against_it_starts_it_with_one_key(findings):
    client, app = checked(*findings)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "S")
        assert isinstance(app.screen, TrialsScreen)
    assert [item for item in client.asked if "study" in item[0]] == [("check_study", ""), ("start_study",)]


async def test_a_warning_is_read_before_the_start():
    client, app = checked(WARNING, NOTE)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "S")
        assert isinstance(app.screen, Confirm) and ("start_study",) not in client.asked
        text = "\n".join(seen(app))
        assert "warning: already run" in text and "best score 0.900" in text and "note: budget" in text
        await press(pilot, "y")
    assert ("start_study",) in client.asked


async def test_an_error_refuses_and_no_key_overrules_it():
    client, app = checked(ERROR, WARNING)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "S")
        assert isinstance(app.screen, Told) and not isinstance(app.screen, Confirm)
        assert "error: ghost key: ppo.gamma changes nothing" in "\n".join(seen(app))
        await press(pilot, "y", "S")
        assert isinstance(app.screen, Told)
        await press(pilot, "enter")
        assert isinstance(app.screen, TrialsScreen)
    assert ("start_study",) not in client.asked


async def test_a_second_press_while_it_is_checked_asks_for_nothing_more():
    client, app = checked(study=head(state="finished"))
    client.check_study = lambda text, answer: client.asked.append(("check_study", answer))
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "S", "S")
        assert "Checking it before it starts" in seen(app)[-2]
        (answer,) = [item[1] for item in client.asked if item[0] == "check_study"]
        answer(())
        await settled(pilot)
    assert [item for item in client.asked if item[0] == "start_study"] == [("start_study",)]


async def test_who_has_gone_on_is_not_surprised_by_a_start():
    client, app = checked(study=head(state="finished"))
    client.check_study = lambda text, answer: client.asked.append(("check_study", answer))
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "S", "enter")
        (answer,) = [item[1] for item in client.asked if item[0] == "check_study"]
        answer(())
        await settled(pilot)
        assert "checked but not started" in seen(app)[-2]
    assert ("start_study",) not in client.asked


def test_each_finding_is_folded_in_the_colour_of_its_level():
    lines = finding_lines([ERROR, NOTE], 30)
    assert [(line[0][0], line[0][1]) for line in lines] == [
        ("error: ghost key: ppo.gamma", "bad"),
        ("changes nothing: x.", "bad"),
        ("note: budget: a trial takes", "dim"),
        ("about 3.0 min by earlier runs", "dim"),
        ("here.", "dim"),
    ]
