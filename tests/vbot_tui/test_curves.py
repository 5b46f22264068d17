import math

import pytest

from sessions.event_file import Record
from sessions.series import Series, SeriesSet
from vbot_tui.curves import CurveCache, Smooth, grouped


def grow(curves, *points, tag="a"):
    curves.extend([Record(step, 0.0, (tag,), (value,)) for step, value in points])


def test_smoothing_is_free_of_the_pull_to_its_start():
    smooth = Smooth(0.5)
    smooth.extend(Series([(0, 4.0), (1, 8.0), (2, math.nan), (3, 8.0)]))
    # weights 1/2 and 1/4: (0.5*8 + 0.25*4) / 0.75; then 0.5*8 + 0.25*8 + 0.125*4 over 0.875
    assert list(smooth.series.values)[:2] == pytest.approx([4.0, 5.0 / 0.75])
    assert math.isnan(smooth.series.values[2])
    assert smooth.series.values[3] == pytest.approx(6.5 / 0.875)


def test_smoothing_in_pieces_is_smoothing_at_once():
    whole, pieces, source = Smooth(0.9), Smooth(0.9), Series()
    for step in range(50):
        source.append(step, float(step * step % 7))
        pieces.extend(source)
    whole.extend(source)
    assert list(whole.series.values) == list(pieces.series.values)


def test_a_growing_curve_is_extended_and_not_copied_again():
    live = SeriesSet()
    cache = CurveCache(lambda run: live)
    grow(live, (0, 1.0), (10, 2.0))
    kept = cache.get("r", "a")
    grow(live, (20, 3.0))
    assert cache.get("r", "a") is kept and list(kept) == [(0, 1.0), (10, 2.0), (20, 3.0)]


def test_a_resumed_run_is_read_anew():
    live = SeriesSet()
    cache = CurveCache(lambda run: live)
    grow(live, (0, 1.0), (10, 2.0), (20, 3.0))
    cache.smooth("r", "a", 0.5)
    grow(live, (10, 5.0))
    assert list(cache.get("r", "a")) == [(0, 1.0), (10, 5.0)]
    assert len(cache.smooth("r", "a", 0.5)) == 2


def test_other_files_in_place_of_the_old_ones_are_read_anew():
    live = SeriesSet()
    cache = CurveCache(lambda run: live)
    grow(live, (0, 1.0), (10, 2.0))
    cache.get("r", "a")
    live.clear()
    grow(live, (5, 7.0))
    assert list(cache.get("r", "a")) == [(5, 7.0)]


def test_time_worked_is_the_sum_of_what_was_measured():
    live = SeriesSet()
    tags = ("perf/rollout_s", "perf/update_s")
    live.extend([Record(10, 0.0, tags, (2.0, 1.0)), Record(20, 0.0, (*tags, "perf/eval_s"), (2.0, 1.0, 4.0))])
    axis = CurveCache(lambda run: live).time_axis("r")
    assert (list(axis.steps), list(axis.places)) == ([10, 20], [3.0, 10.0])


def test_tags_come_in_groups_the_most_telling_first():
    found = grouped(
        ["perf/x", "end/tilt", "eval/fell", "eval/score", "ppo/kl", "value/mean", "own/tag", "episode/length_s"]
    )
    assert list(found) == ["eval", "episode", "ppo", "perf", "other"]
    assert found["eval"] == ("eval/score", "eval/fell")
    assert found["episode"] == ("end/tilt", "episode/length_s") and found["ppo"] == ("ppo/kl", "value/mean")
