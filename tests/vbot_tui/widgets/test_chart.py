import math
import time

import pytest

from sessions.series import Series
from vbot_tui.curves import Axis
from vbot_tui.glyphs import ASCII, UNICODE
from vbot_tui.lines import plain
from vbot_tui.widgets.canvas import Canvas
from vbot_tui.widgets.chart import LABEL, Plot, Scale, chart, finite_extent, nice, tick, x_axis, x_span


def series(*values, every=10):
    return Series((index * every, value) for index, value in enumerate(values))


def drawn(values, width=LABEL + 5, rows=5, **options):
    """The cells of an ASCII chart, without the numbers at the left."""
    made = chart([Plot(series(*values))], width, rows, ASCII, **options)
    return [plain(item)[LABEL:].ljust(width - LABEL) for item in made]


def test_a_rising_line_goes_from_the_lowest_left_to_the_highest_right():
    assert drawn([0, 1, 2, 3, 4]) == ["    *", "   * ", "  *  ", " *   ", "*    "]


def test_nan_is_a_gap_and_not_a_line():
    assert drawn([0, 0, math.nan, 4, 4]) == ["   **", "     ", "     ", "     ", "**   "]


def test_infinities_stick_to_the_edge_and_leave_the_scale_alone():
    rows = drawn([0, 2, math.inf, 2, -math.inf])
    assert rows[0][2] == "*" and rows[-1][4] == "*"
    assert plain(chart([Plot(series(0, 2, math.inf))], 20, 5, ASCII)[0]).strip().startswith("2")


@pytest.mark.parametrize("spike_at", [0, 4_321, 19_999])
def test_a_single_spike_among_many_points_is_drawn(spike_at):
    values = [0.0] * 20_000
    values[spike_at] = 1.0
    assert any("*" in row for row in drawn(values, width=LABEL + 40)[:1])


def test_a_dense_gap_stays_a_gap():
    values = [1.0] * 1000 + [math.nan] * 1000 + [2.0] * 1000
    rows = drawn(values, width=LABEL + 30)
    assert all(row[12:18] == " " * 6 for row in rows)


def test_many_points_cost_what_the_width_costs():
    many = Series()
    many.steps.extend(range(200_000))
    many.values.extend(float(index % 1000) for index in range(200_000))
    chart([Plot(many)], 80, 20, UNICODE)  # the pyramid is made once
    before = time.process_time()
    chart([Plot(many)], 80, 20, UNICODE)
    assert time.process_time() - before < 0.2


def test_a_logarithmic_scale_puts_equal_factors_at_equal_distances():
    assert drawn([1, 10, 100, 1000, 10000], scale="log") == ["    *", "   * ", "  *  ", " *   ", "*    "]


def test_what_is_not_above_zero_is_a_gap_on_a_log_scale():
    assert "".join(drawn([-1, 0, 1, 10, 100], scale="log"))[:2] == "  "
    assert "nothing above 0" in "".join(
        plain(item) for item in chart([Plot(series(-1, -2))], 40, 5, ASCII, scale="log")
    )


def test_symlog_is_odd_and_finds_its_values_again():
    scale = Scale("symlog", 0.5)
    assert scale.up(0.0) == 0.0
    assert scale.up(4.5) == pytest.approx(1.0)  # log10(1 + 4.5 / 0.5)
    assert scale.up(-4.5) == pytest.approx(-1.0)
    assert scale.down(scale.up(-3.7)) == pytest.approx(-3.7)


def test_a_constant_curve_lies_in_the_middle():
    assert drawn([3, 3, 3, 3, 3]) == ["     ", "     ", "*****", "     ", "     "]


def test_what_has_always_been_nothing_lies_at_the_foot_of_an_axis_from_nothing_up():
    made = [plain(item) for item in chart([Plot(series(0, 0, 0))], LABEL + 5, 5, ASCII)]
    assert [item[:LABEL].strip() for item in made if item[:LABEL].strip()] == ["1", "0.5", "0"]
    assert made[-1].endswith("*****")


def test_an_empty_chart_says_why():
    assert "no number yet" in "".join(plain(item) for item in chart([Plot(Series())], 40, 5, UNICODE))
    assert "only NaN" in "".join(plain(item) for item in chart([Plot(series(math.nan))], 40, 5, UNICODE))


def test_a_span_shows_only_its_part_and_fits_the_heights_to_it():
    assert drawn([0, 0, 1, 2, 100], span=(10, 30)) == ["    *", "   * ", "  *  ", " *   ", "*    "]


def test_the_cursor_is_a_line_behind_the_curve():
    rows = drawn([0, 1, 2, 3, 4], cursor=20)
    assert [row[2] for row in rows] == [":", ":", "*", ":", ":"]


def test_every_line_is_as_wide_as_asked_or_shorter_and_there_are_as_many_as_asked():
    for width, rows in ((20, 1), (38, 5), (200, 40)):
        made = chart([Plot(series(*range(50)))], width, rows, UNICODE)
        assert len(made) == rows and max(len(plain(item)) for item in made) <= width


def test_a_time_axis_puts_steps_where_they_were_reached():
    axis = Axis((10, 20, 30), (1.0, 2.0, 12.0))
    assert (axis.place(10), axis.place(20), axis.place(25), axis.place(99)) == (1.0, 2.0, 7.0, 12.0)
    assert (axis.step(2.0), axis.step(7.0), axis.step(0.5)) == (20, 25, 5)
    assert x_span([Plot(series(1, 2, 3, 4), axis=axis)]) == (0.0, 12.0)


def test_extremes_leave_out_infinities_and_on_request_what_is_not_positive():
    values = series(-2, math.inf, 0.5, math.nan, 3)
    assert finite_extent(values, 0, 5) == (-2, 3)
    assert finite_extent(values, 0, 5, positive=True) == (0.5, 3)


def test_round_numbers():
    assert nice(0.0, 1.0, 4) == pytest.approx([0.0, 0.5, 1.0])
    assert nice(-3.2, 7.9, 4) == pytest.approx([0.0, 5.0])
    assert [tick(value) for value in (0, 0.25, -12.5, 25000, 0.00002)] == ["0", "0.25", "-12.5", "25.0k", "2e-5"]


def test_the_axis_names_both_ends_and_the_middle():
    assert plain(x_axis((0, 2e6), LABEL + 20)) == " " * LABEL + "0" + " " * 6 + "1.00M" + " " * 3 + "2.00M"
    assert plain(x_axis((0, 120), LABEL + 20, time=True)).split() == ["0s", "1m00", "2m00"]


def test_braille_dots_lie_where_they_should():
    canvas = Canvas(1, 1, braille=True)
    canvas.dot(0, 0, "s0")
    canvas.dot(1, 3, "s0")
    assert plain(canvas.lines()[0]) == chr(0x2800 + 0x40 + 0x08)
    canvas.dot(5, 5, "s0")  # outside: nothing happens
    assert plain(canvas.lines()[0]) == chr(0x2800 + 0x40 + 0x08)


def test_curves_that_share_a_chart_end_in_their_markers_so_that_colour_is_not_needed():
    pair = [Plot(series(0, 4), "s0", "●"), Plot(series(4, 2), "s1", "▲")]
    rows = [plain(item) for item in chart(pair, LABEL + 6, 5, UNICODE)]
    assert rows[0].endswith("●") and rows[2].endswith("▲")
    assert "●" not in "".join(plain(item) for item in chart(pair[:1], LABEL + 6, 5, UNICODE))
