import math
import os

import pytest

from sessions import curve_cache
from sessions.event_file import EventFileReader, Record
from sessions.run_follow import CACHE_FROM_BYTES, RunFollow
from sessions.series import SeriesSet
from tests.sessions.builders import append, make_run, make_workspace, record


def curves(points, tags=("a", "b")):
    """Curves in which every number is different, some of them hostile."""
    out = SeriesSet()
    hostile = (math.nan, math.inf, -math.inf, -0.0)
    for k in range(points):
        values = tuple(hostile[k % 4] if k % 97 == 0 else float(k + n) for n in range(len(tags)))
        out.extend([Record(k * 10, 50.0 + k, tags, values)])
    return out


def same(a, b):
    return list(map(repr, a)) == list(map(repr, b))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "curves" / "r.bin"


def test_curves_come_back_as_they_were_with_their_pyramid(path):
    live = curves(1000)
    assert curve_cache.save(path, live, {})
    kept = curve_cache.load(path)
    assert kept.curves.tags() == ("a", "b")
    for tag in ("a", "b"):
        assert same(kept.curves.get(tag), live.get(tag))
        thawed, own = kept.curves.frozen()[tag], live.frozen()[tag]
        assert thawed.extent(16, 900) == own.extent(16, 900)
        assert len(thawed.levels()) == 2  # 62 groups of 16, then 3 of those
    assert kept.curves.last_wall_time == live.last_wall_time


def test_a_number_that_needs_64_bits_keeps_them(path):
    live = SeriesSet()
    live.extend([Record(1, 0.0, ("a",), (0.1,)), Record(2, 0.0, ("a",), (1e300,))])
    curve_cache.save(path, live, {})
    assert list(curve_cache.load(path).curves.get("a")) == [(1, 0.1), (2, 1e300)]


def test_tags_of_one_update_share_their_steps_on_disk(path):
    curve_cache.save(path, curves(1000, tags=("a",)), {})
    one = path.stat().st_size
    curve_cache.save(path, curves(1000, tags=("a", "b")), {})
    assert path.stat().st_size - one < 1000 * 8  # less than another column of steps would take


def test_thawed_curves_grow_on(path):
    curve_cache.save(path, curves(3), {})
    kept = curve_cache.load(path).curves
    kept.extend([Record(30, 99.0, ("a",), (7.0,))])
    assert list(kept.get("a", 2)) == [(20, 2.0), (30, 7.0)]


def test_curves_in_which_something_was_measured_anew_are_not_kept(path):
    live = curves(5)
    live.extend([Record(15, 99.0, ("a", "b"), (0.0, 0.0))])
    assert not curve_cache.save(path, live, {})
    assert not path.exists()


def test_every_flipped_byte_and_every_cut_is_noticed(path):
    curve_cache.save(path, curves(100), {})
    data = path.read_bytes()
    for at in range(0, len(data), 13):
        for hurt in (data[:at], data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]):
            path.write_bytes(hurt)
            assert curve_cache.load(path) is None


# --- a run that opens from its cache


@pytest.fixture
def long_run(tmp_path):
    run = make_run(make_workspace(tmp_path))
    values = {f"reward/term_{k:02d}": float(k) for k in range(40)}
    path = run.path / "events.out.tfevents.1.h"
    while not path.exists() or path.stat().st_size < CACHE_FROM_BYTES:
        first = 0 if not path.exists() else path.stat().st_size
        append(path, *(record(first + k, values) for k in range(1, 60)))
    return run, path


def read(run, cache):
    followed = RunFollow(run, SeriesSet(), cache=cache)
    followed.look(lambda: 60.0)
    while followed.has_backlog():
        followed.read_curves(None, lambda: 60.0)
    return followed


def count_decoded(monkeypatch):
    """Count the records that are taken out of event files."""
    seen = []
    whole = EventFileReader.read_new

    def counting(self, *rest):
        found = whole(self, *rest)
        seen.extend(found)
        return found

    monkeypatch.setattr(EventFileReader, "read_new", counting)
    return seen


def test_a_cached_run_opens_without_reading_and_goes_on_where_it_was(long_run, tmp_path, monkeypatch):
    run, path = long_run
    cache = tmp_path / "r.bin"
    first = read(run, cache)
    first.keep_curves()
    append(path, record(10**9, {"reward/term_00": 123.0}))
    seen = count_decoded(monkeypatch)
    again = read(run, cache)
    assert [item.step for item in seen] == [10**9]
    assert again.series.points("reward/term_00") == [*first.series.points("reward/term_00"), (10**9, 123.0)]


@pytest.mark.parametrize("change", ["another file", "cut and grown", "a second file"])
def test_a_cache_of_another_file_is_not_believed(long_run, tmp_path, change):
    run, path = long_run
    cache = tmp_path / "r.bin"
    read(run, cache).keep_curves()
    if change == "another file":
        data = path.read_bytes()
        path.unlink()
        (tmp_path / "keeps the inode").write_text("")
        path.write_bytes(data)
    elif change == "cut and grown":
        os.truncate(path, path.stat().st_size // 2)
        append(path, *(record(5, {"x": float(k)}) for k in range(20_000)))
    else:
        append(run.path / "events.out.tfevents.2.h", record(10**9, {"a": 1.0}))
    fresh, plain = read(run, cache), read(run, None)
    assert fresh.series.tags() == plain.series.tags()
    for tag in plain.series.tags():
        assert fresh.series.points(tag) == plain.series.points(tag)


def test_a_short_run_gets_no_cache(tmp_path):
    run = make_run(make_workspace(tmp_path))
    append(run.path / "events.out.tfevents.1.h", record(1, {"a": 1.0}))
    read(run, tmp_path / "r.bin").keep_curves()
    assert not (tmp_path / "r.bin").exists()
