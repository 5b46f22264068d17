"""The quick ones of `make fault`, each for a fault that once was a bug; and what its runner says."""

import pytest

from tests.fault import __main__ as runner
from tests.fault.catalogue import CASES, Case
from tests.fault.lab import check

ONCE_BUGS = (
    "fork-keeps-the-lock",
    "garbage-in-the-inbox",
    "interrupted-twice",
    "killed-after-spawn",
    "log-deleted",
    "space-edited",
    "torn-tail",
    "waiting-run-deleted",
)


@pytest.mark.parametrize("name", ONCE_BUGS)
def test_what_must_hold_holds(name, capsys):
    good = runner.attempt(name, CASES[name].title, 0, CASES[name].body)
    said = capsys.readouterr().out
    assert good, said
    assert f"{name}: ok" in said


def test_every_number_of_the_list_has_a_case():
    assert {item.number for item in CASES.values()} == set(range(1, 43))


def test_a_case_that_fails_is_counted_shown_and_ends_with_exit_code_1(monkeypatch, capsys):
    def wrong(lab):
        check(False, "two writers")

    monkeypatch.setitem(CASES, "wrong", Case(99, "wrong", "it fails", wrong))
    monkeypatch.setitem(CASES, "right", Case(98, "right", "it holds", lambda lab: None))
    assert runner.run(["right", "wrong"], seed=0, rounds=0) == 1
    said = capsys.readouterr().out
    assert said.splitlines()[-1] == "1 passed, 1 failed"
    assert "99 wrong: FAILED" in said and "two writers" in said
    assert runner.run(["right"], seed=0, rounds=0) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "1 passed, 0 failed"
