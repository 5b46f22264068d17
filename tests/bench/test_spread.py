import pytest

from vbot_rl.bench.spread import Spread, ratios, spread


def test_median_and_quartiles_of_five_values_are_the_sorted_ones_at_a_quarter_each():
    assert spread([5.0, 1.0, 4.0, 2.0, 3.0]) == Spread(median=3.0, low=2.0, high=4.0)
    assert spread([5.0, 1.0, 4.0, 2.0, 3.0]).iqr == 2.0


def test_quartiles_lie_between_values_where_the_count_does_not_divide():
    # four values: the lower quartile is three quarters of the way from the first to the second
    assert spread([1.0, 2.0, 3.0, 4.0]) == Spread(median=2.5, low=1.75, high=3.25)


def test_one_measurement_has_no_spread():
    assert spread([7.0]) == Spread(7.0, 7.0, 7.0)


def test_ratios_are_taken_within_a_round():
    assert ratios([10.0, 30.0], [5.0, 10.0]) == [2.0, 3.0]


def test_ratios_of_unequal_rounds_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        ratios([1.0, 2.0], [1.0])
