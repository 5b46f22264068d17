"""What every room shows, printed without a screen: as text and as one JSON object."""

import json

import pytest

from sessions import notes
from sessions.workspace import Workspace
from tests.vbot_tui.studies import whole_study
from vbot_tui.start import ROOMS, run


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    found = Workspace.open(str(tmp_path_factory.mktemp("plain")))
    whole_study(found)
    notes.add(found, "hind legs drag")
    return found


def printed(capsys, workspace, *words):
    assert run(["--workspace", str(workspace.root), *words]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_is_printed_as_text_of_120_cells_and_as_one_object(capsys, workspace, room):
    text = printed(capsys, workspace, "--once", room)
    assert text.strip() and max(map(len, text.splitlines())) <= 120
    assert isinstance(json.loads(printed(capsys, workspace, "--once", room, "--json")), dict)


def test_the_study_is_printed_with_its_reasons_importances_and_history(capsys, workspace):
    text = printed(capsys, workspace, "--once", "study")
    assert "crashed: ValueError: the policy has NaN weights" in text
    assert "What each key did from 10 finished trials" in text and "me asked: start trial (a hunch)" in text
    page = json.loads(printed(capsys, workspace, "--once", "study", "--json"))
    assert page["trials"][10]["why"].endswith("waits for its promotion")
    assert sum(key["importance"] for key in page["keys"]) == pytest.approx(1.0)


def test_the_trials_are_the_same_as_text_and_as_data(capsys, workspace):
    rows = json.loads(printed(capsys, workspace, "--once", "--json"))["rows"]
    best = max((row for row in rows if row["score"] is not None), key=lambda row: row["score"])
    assert best["number"] == 7 and " T7 " in printed(capsys, workspace, "--once")


def test_plain_is_ascii(capsys, workspace):
    for room in ROOMS:
        assert printed(capsys, workspace, "--once", room, "--plain").isascii(), room


def test_json_needs_once(capsys, workspace):
    assert run(["--workspace", str(workspace.root), "--json"]) == 2
    assert "--json belongs to --once" in capsys.readouterr().err
