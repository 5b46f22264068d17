import math

import pytest

from tests.vbot_tui.episodes import episode, walk
from vbot_tui.playback import (
    Moment,
    Playback,
    feet_on_ground,
    flag_moment,
    moments,
    stopped_short,
    term_order,
    usual_pay,
    wants_fall,
)


def test_time_passes_at_the_rate_and_ends_at_the_end():
    assert Playback(1.0, rate=2.0).passed(0.25, 9.0) == Playback(1.5, rate=2.0)
    assert Playback(8.9).passed(1.0, 9.0) == Playback(9.0, playing=False)
    assert Playback(1.0, playing=False).passed(1.0, 9.0) == Playback(1.0, playing=False)


def test_who_jumps_stands_still_within_the_episode():
    assert Playback(1.0).moved(-2.0, 9.0) == Playback(0.0, playing=False)
    assert Playback(1.0).moved(99.0, 9.0) == Playback(9.0, playing=False)


def test_playing_on_at_the_end_begins_anew():
    assert Playback(9.0, playing=False).toggled(9.0) == Playback(0.0)
    assert Playback(3.0, playing=False).toggled(9.0) == Playback(3.0)
    assert Playback(3.0).toggled(9.0) == Playback(3.0, playing=False)


@pytest.mark.parametrize(("rate", "by", "expected"), [(1.0, 1, 2.0), (4.0, 1, 4.0), (0.1, -1, 0.1), (1.0, -2, 0.25)])
def test_rates_stay_on_their_ladder(rate, by, expected):
    assert Playback(rate=rate).faster(by).rate == expected


@pytest.mark.parametrize(("at_s", "index"), [(0.0, 0), (0.09, 0), (0.1, 1), (0.3, 3), (1.9, 19), (99.0, 19)])
def test_a_time_is_the_pose_that_holds_then(at_s, index):
    assert Playback(at_s).index(walk()) == index


def test_the_moments_of_a_walk_that_stops_short():
    assert moments(walk()) == (
        Moment(pytest.approx(0.2), "fastest, 1.50 m/s"),
        Moment(pytest.approx(0.8), "stops 2.0 m short"),
        Moment(pytest.approx(1.5), "paid least, -1.75"),
    )


def test_a_fall_is_about_to_come_one_and_a_half_seconds_before_the_end():
    assert Moment(pytest.approx(0.4), "about to fall") in moments(walk(), fall=True)


def test_an_arrival_is_a_moment():
    short = episode([1.0, 1.0], [0.7, 0.4], [(0.0, 0.0)] * 2)
    assert Moment(pytest.approx(0.1), "reaches the target") in moments(short)


@pytest.mark.parametrize(
    ("speeds", "distance", "expected"),
    [
        ([0.0] * 4, 2.0, None),  # 0.4 s is not half a second
        ([0.0] * 5, 2.0, 0),
        ([1.0] + [0.1] * 5, 2.0, 1),
        ([0.0] * 9, 0.4, None),  # inside the target
        ([0.0] * 9, 8.0, None),  # never came near
    ],
)
def test_stopping_short_is_standing_for_half_a_second_near_but_outside_the_target(speeds, distance, expected):
    assert stopped_short(episode(speeds, [distance] * len(speeds), [(0.0, 0.0)] * len(speeds))) == expected


def test_a_flag_shows_where_its_cause_is():
    assert flag_moment("deceleration_moat", walk(), fall=False) == Moment(pytest.approx(0.8), "stops 2.0 m short")
    assert flag_moment("sprint_crash", walk(), fall=True) == Moment(pytest.approx(0.4), "about to fall")
    assert flag_moment("lazy_robot", walk(), fall=False) == Moment(0.0, "from the start")
    assert wants_fall("sprint_crash") and not wants_fall("lazy_robot")


def test_terms_are_ordered_by_what_they_move_over_the_whole_episode():
    two = episode([0.0] * 2, [1.0] * 2, [(0.5, -2.0, 0.0), (0.5, 1.0, math.nan)], ("a", "b", "c"))
    assert term_order(two) == (1, 0, 2)


def test_a_bonus_that_is_paid_once_does_not_set_the_scale():
    assert usual_pay(walk()) == 0.5  # nineteen steps at 0.5, one at 2.0
    assert usual_pay(episode([0.0], [1.0], [(0.0, 0.0)])) == 1.0


def test_feet_are_down_while_it_stands_and_up_while_it_is_held_up():
    standing = walk().poses[0]
    held = standing[:]
    held[2] += 0.2
    assert feet_on_ground(standing.tobytes()) == (True, True, True, True)
    assert feet_on_ground(held.tobytes()) == (False, False, False, False)
