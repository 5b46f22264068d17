import math

import pytest

from sessions.series import Series, SeriesSet
from tests.vbot_tui.builders import curves
from vbot_tui.groups import GroupedCurves, fold, quartiles, seed_groups
from vbot_tui.model import Papers, Setting


def own(run, seed, rate="0.001"):
    return Papers(run, (Setting("ppo.learning_rate", rate), Setting("train.seed", seed)))


def test_runs_that_only_their_seed_tells_apart_are_one_group():
    groups = seed_groups([own("a", "1"), own("b", "1", "0.002"), own("c", "2"), own("d", "3")])
    assert [(group.runs, group.seeds) for group in groups] == [(("a", "c", "d"), ("1", "2", "3")), (("b",), ("1",))]


def test_quartiles_by_hand():
    assert quartiles([4.0, 1.0, 3.0, 2.0]) == (1.75, 2.5, 3.25)
    assert quartiles([5.0, math.nan]) == (5.0, 5.0, 5.0)
    assert all(math.isnan(value) for value in quartiles([math.inf]))


def test_a_curve_takes_part_as_far_as_it_goes_with_the_value_in_force():
    long = Series([(10, 1.0), (20, 1.0), (30, 1.0)])
    short = Series([(10, 3.0), (20, 5.0)])
    low, middle, high = fold([long, short])
    assert list(middle) == [(10, 2.0), (20, 3.0), (30, 1.0)]
    assert (list(low)[1], list(high)[1]) == ((20, 2.0), (20, 4.0))


def test_the_curves_of_a_group_are_medians_with_their_band():
    sets = {"a": curves({"eval/score": [0.0, 1.0]}), "b": curves({"eval/score": [0.5, 0.5], "x/y": [1.0, 1.0]})}
    cache = GroupedCurves(lambda run: sets.get(run, SeriesSet()), {"both": ("a", "b")})
    assert list(cache.get("both", "eval/score").values) == [0.25, 0.75]
    low, high = cache.band("both", "eval/score")
    assert (list(low.values), list(high.values)) == ([0.125, 0.625], [0.375, 0.875])
    assert cache.tags("both") == ("eval/score", "x/y") and cache.band("a", "eval/score") is None
    assert cache.smooth("both", "eval/score", 0.5).values[0] == pytest.approx(0.25)


def test_a_group_grows_with_its_runs():
    live = [curves({"t/x": [1.0]})]
    cache = GroupedCurves(lambda run: live[-1], {"g": ("a",)})
    assert len(cache.get("g", "t/x")) == 1
    live.append(curves({"t/x": [1.0, 2.0]}))
    assert list(cache.get("g", "t/x").values) == [1.0, 2.0]
