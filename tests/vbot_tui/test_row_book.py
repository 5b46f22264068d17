from dataclasses import replace

import pytest

from sessions.store import RunView
from vbot_tui.model import FlagView
from vbot_tui.row_book import RowBook

LAZY = FlagView("lazy_robot", "lazy robot", "", "", (), 0.9, "")


def run(number, **changes):
    return RunView(id=f"r{number}", label=f"r{number}", **{"state": "finished", "score": number / 10, **changes})


def keys(rows):
    return [row.key for row in rows]


@pytest.fixture
def book():
    return RowBook()


@pytest.fixture
def runs():
    return tuple(run(k) for k in range(5))


def shown(book, runs, flags=None, flagged=()):
    return book.of_runs(tuple(runs), flags or {}, frozenset(flagged))


def test_rows_stand_in_the_usual_order(book, runs):
    assert keys(shown(book, runs)) == ["r4", "r3", "r2", "r1", "r0"]


def test_nothing_new_gives_the_very_same_rows(book, runs):
    assert shown(book, runs) is shown(book, runs)


def test_only_the_changed_row_is_made_anew_and_takes_its_place(book, runs):
    before = shown(book, runs)
    changed = (*runs[:1], replace(runs[1], score=0.35), *runs[2:])
    after = shown(book, changed)
    assert keys(after) == ["r4", "r1", "r3", "r2", "r0"]
    assert [row for row in after if row.key != "r1"] == [row for row in before if row.key != "r1"]
    assert all(any(row is old for old in before) for row in after if row.key != "r1")
    assert book.row("r1").score == 0.35


def test_a_run_that_comes_alive_goes_to_the_top(book, runs):
    shown(book, runs)
    assert keys(shown(book, (replace(runs[0], state="running", alive=True), *runs[1:])))[0] == "r0"


def test_runs_come_and_go(book, runs):
    shown(book, runs)
    assert keys(shown(book, (*runs, run(9)))) == ["r9", "r4", "r3", "r2", "r1", "r0"]
    assert keys(shown(book, runs[1:])) == ["r4", "r3", "r2", "r1"]
    assert shown(book, ()) == ()
    assert book.row("r4") is None


def test_another_run_in_the_place_of_one_is_noticed(book, runs):
    shown(book, runs)
    assert keys(shown(book, (*runs[:4], run(7)))) == ["r7", "r3", "r2", "r1", "r0"]


def test_new_flags_are_shown_though_the_run_has_not_changed(book, runs):
    shown(book, runs)
    assert book.row("r2").flags == ()
    shown(book, runs, {"r2": (LAZY,)}, ["r2"])
    assert book.row("r2").flags == (LAZY,)


def test_rows_are_the_same_as_those_made_from_nothing_after_many_changes(book, runs):
    for turn in range(40):
        runs = (
            *runs[: turn % 5],
            replace(runs[turn % 5], score=(turn * 7 % 11) / 11, env_steps=turn),
            *runs[turn % 5 + 1 :],
        )
        assert shown(book, runs) == shown(RowBook(), runs)


def test_runs_with_the_same_label_are_told_apart_by_the_end_of_their_ids(book):
    runs = (
        RunView(id="20260223-101500-final-ab12cd34", label="final", state="finished"),
        RunView(id="20260223-101501-final-ab12ef56", label="final", state="finished"),
        RunView(id="20260223-101502-walk-ab120000", label="walk", state="finished"),
    )
    assert sorted(row.name for row in shown(book, runs)) == ["final-cd34", "final-ef56", "walk"]
    later = (replace(runs[0], env_steps=5), *runs[1:])
    assert sorted(row.name for row in shown(book, later)) == ["final-cd34", "final-ef56", "walk"]
    assert sorted(row.name for row in shown(book, runs[1:])) == ["final", "walk"]
