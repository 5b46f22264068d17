import math

import pytest

from vbot_tui.widgets.sparkline import sparkline, thin

RAMP = "01234567"


def test_levels_follow_the_values():
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8, RAMP) == "01234567"


def test_a_short_series_stands_at_the_right():
    assert sparkline([0.0, 1.0], 5, RAMP) == "   07"


def test_nan_and_infinity_are_gaps():
    assert sparkline([0.0, math.nan, 1.0, math.inf, -math.inf], 5, RAMP, "x") == "0x7xx"


def test_nothing_finite_is_all_gap():
    assert sparkline([], 4, RAMP) == "    "
    assert sparkline([math.nan] * 9, 4, RAMP, "x") == "xxxx"
    assert sparkline([1.0], 0, RAMP) == ""


def test_a_flat_series_is_a_low_line():
    assert sparkline([3.0, 3.0, 3.0], 3, RAMP) == "000"


def test_a_fixed_scale_clips():
    assert sparkline([-1.0, 0.5, 2.0], 3, RAMP, low=0.0, high=1.0) == "047"


def test_the_ends_of_the_float_range_do_not_overflow():
    assert sparkline([-1.7e308, 0.0, 1.7e308], 3, RAMP) == "047"


@pytest.mark.parametrize("spot", range(40))
def test_a_single_spike_survives_thinning(spot):
    values = [0.0] * 40
    values[spot] = 9.0
    assert "7" in sparkline(values, 7, RAMP)


def test_thinning_keeps_a_dip_as_well():
    values = [1.0] * 30
    values[11] = -5.0
    assert min(thin(values, 6)) == -5.0
    assert len(thin(values, 6)) == 6
