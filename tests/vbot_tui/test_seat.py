import json
from dataclasses import replace

import pytest

from tests.vbot_tui.builders import LAZY, NOW, FakeClient, row, view
from tests.vbot_tui.test_app import SMALL, seen, settled
from vbot_tui import curtain, door, seat
from vbot_tui.app import VbotApp
from vbot_tui.bench.screen import Screen
from vbot_tui.glyphs import ASCII, UNICODE
from vbot_tui.screens.trial import TrialScreen
from vbot_tui.seat import Seat

LEFT = Seat(
    study="s", selected="run2", filter="score>0", sort="score", reverse=True, marked=("run1",), pane="notes",
    large=True, trial="run2", page="reward", draft="half a",
)  # fmt: skip


@pytest.fixture
def path(tmp_path):
    (tmp_path / "view").mkdir()
    return tmp_path / "view" / seat.FILE


def test_what_was_left_comes_back_with_its_rows(path):
    rows = (row(1, flags=(LAZY,), params=(("lr", "0.1"),)), row(2, state="finished", eta_s=float("nan")))
    seat.save(path, LEFT, rows)
    found, kept = seat.load(path)
    assert found == LEFT
    first, second = seat.rows_of(kept)
    assert first == replace(rows[0], flags=first.flags, spark_name="")
    assert [flag.name for flag in first.flags] == ["lazy_robot"]
    assert second.eta_s != second.eta_s and second.key == "run2"


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"schema": 1}', '{"schema": 9, "seat": {}, "rows": []}', '{"schema":1,"seat":3,"rows":4}'],
)
def test_what_is_no_seat_is_the_first_day(path, content):
    path.write_text(content)
    assert seat.load(path) == (Seat(), [])


def test_of_a_seat_with_odd_values_the_good_ones_count(path):
    path.write_text(
        json.dumps({"schema": 1, "seat": {"filter": 7, "sort": "score", "marked": [1], "x": 1}, "rows": [3]})
    )
    assert seat.load(path) == (Seat(sort="score"), [])


def test_a_kept_row_that_is_none_is_left_out():
    assert seat.rows_of([{}, {"run_id": "x"}]) == []


# --- the cockpit takes its seat


def opened(left=None, *rows):
    client = FakeClient(view(*(rows or (row(1), row(2), row(3, score=float("nan"))))))
    return client, VbotApp(client, clock=lambda: NOW, seat=left)


def last_kept(client):
    return [asked for asked in client.asked if asked[0] == "remember"][-1]


async def test_the_table_is_looked_at_as_it_was_left():
    client, app = opened(replace(LEFT, trial="", large=False))
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        lines = seen(app)
        assert app.note_draft == "half a"
        assert replace(app.screen.seat, study="s") == replace(LEFT, trial="", page="", draft="", large=False)
    assert any("/score>0, by sc" in line for line in lines)
    assert [line.split()[2] for line in lines if "run" in line[:8]] == ["*T1", "T2"]
    assert next(line for line in lines if line.startswith("▌")).split()[2] == "T2"
    assert ("select", "run2") not in client.asked  # the core was told before the screen was there


async def test_a_trial_that_was_open_opens_again_on_its_page():
    _client, app = opened(LEFT)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        app.redraw()
        await settled(pilot)
        assert isinstance(app.screen, TrialScreen)
        assert (app.screen.key, app.screen.page_name) == ("run2", "reward")


async def test_a_trial_that_is_gone_is_not_opened():
    _client, app = opened(replace(LEFT, trial="gone"))
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        app.redraw()
        await settled(pilot)
        assert not isinstance(app.screen, TrialScreen)


async def test_leaving_keeps_what_is_in_sight():
    client, app = opened()
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("s", "space", "N", "q")
    _, kept, rows = last_kept(client)
    assert (kept.sort, kept.pane, kept.marked, kept.selected) == ("trial", "notes", ("run1",), "run1")
    assert [item.key for item in rows] == ["run3", "run2", "run1"]


# --- the first picture


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_the_first_picture_is_the_table_that_was_left(path, tmp_path, glyphs):
    seat.save(path, replace(LEFT, selected="run2"), [row(number) for number in (1, 2)])
    screen = Screen(80, 24)
    screen.feed(curtain.draw(tmp_path, 80, 24, glyphs, NOW).encode())
    assert "opening" in screen.lines[0]
    assert screen.lines[1].startswith(" STATE  TRIAL")
    assert screen.lines[3].startswith(glyphs.cursor)
    assert " *T1 " in screen.lines[2] and " T2 " in screen.lines[3] and "250k" in screen.lines[2]


def test_ages_in_the_first_picture_are_those_of_now(path, tmp_path):
    seat.save(path, Seat(), [row(1, state="finished", updated=NOW - 60)])
    screen = Screen(80, 24)
    screen.feed(curtain.draw(tmp_path, 80, 24, UNICODE, NOW + 7140).encode())
    assert screen.lines[2].split()[-1] == "2h"


def test_without_a_seat_or_room_the_first_picture_only_says_that_it_opens(path, tmp_path):
    assert curtain.draw(tmp_path, 80, 24, UNICODE, NOW).count("\x1b[2;1H") == 0
    seat.save(path, LEFT, [row(1)])
    assert curtain.draw(tmp_path, 40, 10, UNICODE, NOW).count("\x1b[2;1H") == 0


@pytest.mark.parametrize(
    ("words", "expected"),
    [(["--workspace", "/a"], "/a"), (["--read-only", "--workspace=/b"], "/b"), ([], "/c")],
)
def test_the_workspace_is_known_before_anything_is_loaded(words, expected, monkeypatch):
    monkeypatch.setenv("VBOT_WORKSPACE", "/c")
    assert str(door.workspace_of(words)) == expected
