import math
import random

import pytest

from sessions.event_file import Record
from sessions.series import Series, SeriesSet

NAN, INF = math.nan, math.inf


def made(values):
    return Series(enumerate(values))


def record(step, wall=0.0, **values):
    return Record(step, wall, tuple(values), tuple(values.values()))


def test_points_come_back_in_order():
    assert list(Series([(1, 0.5), (2, -1.0)])) == [(1, 0.5), (2, -1.0)]


def test_an_empty_series_has_no_last_value():
    empty = Series()
    assert math.isnan(empty.last) and empty.last_step == 0 and empty.sample(5) == () and empty.tail(3) == []


def test_a_step_that_goes_back_replaces_the_curve_from_there_and_keeps_the_old():
    series = Series([(10, 1.0), (20, 2.0), (30, 3.0), (20, 7.0), (40, 8.0)])
    assert list(series) == [(10, 1.0), (20, 7.0), (40, 8.0)]
    assert [(list(s), list(v)) for s, v in series.replaced] == [([20, 30], [2.0, 3.0])]


def test_equal_steps_are_both_kept():
    assert list(Series([(10, 1.0), (10, 2.0)])) == [(10, 1.0), (10, 2.0)]


def test_the_value_in_force_at_a_step():
    series = Series([(10, 1.0), (20, 2.0)])
    assert math.isnan(series.at(9))
    assert [series.at(step) for step in (10, 19, 20, 99)] == [1.0, 1.0, 2.0, 2.0]


def test_extent_passes_over_nan_but_not_infinities():
    series = made([1.0, NAN, -3.0, 2.0])
    assert series.extent() == (-3.0, 2.0)
    assert series.extent(3) == (2.0, 2.0)
    assert made([NAN, INF, -INF, 1.0]).extent() == (-INF, INF)
    assert all(math.isnan(bound) for bound in made([NAN, NAN]).extent())


def test_the_pyramid_finds_the_same_extremes_as_looking_at_every_point():
    rng = random.Random(4)
    values = [rng.choice([NAN, rng.gauss(0, 1), rng.gauss(0, 100)]) for _ in range(9000)]
    series = Series()
    for count in (100, 5000, 9000):
        for step in range(len(series), count):
            series.append(step, values[step])
        for _ in range(200):
            start = rng.randrange(count)
            stop = rng.randrange(start, count) + 1
            finite = [value for value in values[start:stop] if value == value]
            if finite:
                assert series.extent(start, stop) == (min(finite), max(finite))


def test_the_pyramid_follows_a_replaced_curve():
    series = made([0.0] * 500 + [99.0] + [0.0] * 500)
    assert series.extent() == (0.0, 99.0)
    series.append(400, 1.0)
    assert series.extent() == (0.0, 1.0)


def test_a_short_curve_is_sampled_as_it_is():
    assert made([1.0, NAN, 3.0]).sample(5)[0::2] == (1.0, 3.0)


@pytest.mark.parametrize("width", [1, 2, 7, 20])
def test_a_sample_has_the_width_and_ends_where_the_run_is(width):
    sample = made([float(i) for i in range(1000)]).sample(width)
    assert len(sample) == width
    assert sample[-1] == 999.0


def test_single_spikes_survive_sampling():
    values = [0.0] * 10_000
    values[1234], values[7777] = 50.0, -20.0
    sample = made(values).sample(20)
    assert (max(sample), min(sample)) == (50.0, -20.0)


def test_a_stretch_without_numbers_is_nan_in_the_sample():
    sample = made([1.0] * 50 + [NAN] * 50).sample(2)
    assert sample[0] == 1.0 and math.isnan(sample[1])


def test_records_go_to_the_curves_of_their_tags():
    curves = SeriesSet()
    curves.extend([record(1, wall=5.0, a=1.0, b=2.0), record(2, wall=6.0, a=3.0)])
    assert curves.tags() == ("a", "b")
    assert curves.points("a") == [(1, 1.0), (2, 3.0)]
    assert curves.last() == {"a": 3.0, "b": 2.0}
    assert curves.mapping() == {"a": [(1, 1.0), (2, 3.0)], "b": [(1, 2.0)]}
    assert curves.last_wall_time == 6.0
    assert (curves.last_step("a"), curves.last_step("nothing")) == (2, 0)
    assert "b" in curves and "c" not in curves


def test_tags_at_their_own_pace_do_not_cut_each_other():
    curves = SeriesSet()
    curves.extend([record(10, a=1.0), record(20, a=2.0), record(15, e=0.5), record(30, a=3.0)])
    assert curves.points("a") == [(10, 1.0), (20, 2.0), (30, 3.0)]
    assert curves.points("e") == [(15, 0.5)]
    assert curves.seams == []


def test_a_resumed_run_marks_the_seam():
    curves = SeriesSet()
    curves.extend([record(10, a=1.0), record(20, a=2.0), record(15, a=9.0), record(25, a=8.0)])
    assert curves.points("a") == [(10, 1.0), (15, 9.0), (25, 8.0)]
    assert curves.seams == [15]


def test_copies_do_not_grow():
    curves = SeriesSet()
    curves.extend([record(1, a=1.0)])
    copy = curves.get("a")
    curves.extend([record(2, a=2.0)])
    assert len(copy) == 1
    assert list(curves.get("a", start=1)) == [(2, 2.0)]
    assert len(curves.get("unknown")) == 0


def test_the_version_tells_of_changes_only():
    curves = SeriesSet()
    curves.extend([])
    assert curves.version == 0
    curves.extend([record(1, a=1.0)])
    curves.clear()
    assert curves.version == 2
    assert curves.tags() == ()
    assert curves.last_wall_time is None
