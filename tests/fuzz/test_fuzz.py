"""Hostile files and numbers, a share of the ten thousand cases that the benchmark plays; others than it plays."""

import random

import pytest

from vbot_tui.bench import damage, fuzz

CASES = 60
FIRST = 1_000_000


@pytest.mark.parametrize("kind", range(len(fuzz.KINDS)), ids=[name.replace(" ", "-") for name, _ in fuzz.KINDS])
def test_whatever_is_in_the_files_nothing_breaks_and_no_wrong_value_is_shown(kind, tmp_path):
    numbers = range(FIRST + kind, FIRST + kind + CASES * len(fuzz.KINDS), len(fuzz.KINDS))
    assert [problem for number in numbers if (problem := fuzz.run_case(tmp_path, number))] == []


def test_a_case_is_played_again_from_its_number():
    assert damage.hurt(b"x" * 100, random.Random(7)) == damage.hurt(b"x" * 100, random.Random(7))


def test_damage_tells_how_much_is_still_sound():
    data = bytes(range(256))
    for seed in range(300):
        hurt, sound = damage.hurt(data, random.Random(seed))
        assert hurt[:sound] == data[:sound]


def test_an_exception_is_a_failure_with_its_place(tmp_path, monkeypatch):
    def broken(folder, chance):
        raise ZeroDivisionError("by hand")

    monkeypatch.setattr(fuzz, "KINDS", (("broken", broken),))
    (failure,) = fuzz.run_cases(1)
    assert failure.startswith("case 0: broken: ZeroDivisionError: by hand (test_fuzz.py:")


def test_a_reader_that_invents_a_record_is_caught(tmp_path, monkeypatch):
    whole = fuzz.EventFileReader.read_new

    def inventing(self, *rest):
        found = whole(self, *rest)
        return [*found, found[0]._replace(step=12345)] if found else found

    monkeypatch.setattr(fuzz.EventFileReader, "read_new", inventing)
    found = [fuzz.torn_records(_made(tmp_path, seed), random.Random(seed)) for seed in range(20)]
    assert "a record was read that was never written" in found


def _made(root, seed):
    folder = root / str(seed)
    folder.mkdir()
    return folder
