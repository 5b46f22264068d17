import pytest

from automl.flags import RunFacts, Window, latest_window
from automl.flags.window import less, ratio, smoothed
from tests.automl.flags.curves import flat, line

NAN = float("nan")


def window(curves, **facts) -> Window:
    found = latest_window(curves, RunFacts(**facts))
    assert found is not None
    return found


def test_the_window_is_the_latest_fifth():
    # 20 records at 10,000 .. 200,000: the fifth begins at 160,000, which leaves 160, 170, 180, 190 and 200 thousand
    found = window({"a": line(1.0)})
    assert (found.first_step, found.last_step, found.records) == (160_000, 200_000, 5)
    assert found.words == "steps 160,000 to 200,000 (5 updates)"


def test_of_a_few_records_the_last_three_are_looked_at():
    # five records: the fifth begins at 40,000 and would leave two
    assert window({"a": line(1.0, count=5)}).first_step == 30_000


def test_too_little_is_not_judged():
    assert latest_window({"a": line(1.0, count=4, step=100_000)}) is None
    assert latest_window({}) is None


def test_means_leave_unknown_values_out():
    curve = [*line(1.0)[:-2], (190_000, NAN), (200_000, 5.0)]
    found = window({"a": curve})
    assert found.mean("a") == 2.0  # 160, 170, 180 thousand: 1.0 each, and the last 5.0
    assert found.mean("b") is None


def test_shares_of_episodes_are_weighted_by_how_many_ended():
    # in the window one update has 90 ends, all falls; four have 2 or 3 ends (10 in all) and no fall
    counts = [2.0, 3.0, 90.0, 2.0, 3.0]
    falls = [0.0, 0.0, 1.0, 0.0, 0.0]
    steps = [160_000, 170_000, 180_000, 190_000, 200_000]
    early = line(0.0)[:15]
    curves = {
        "episode/count": [*early, *zip(steps, counts, strict=True)],
        "episode/fell": [*early, *zip(steps, falls, strict=True)],
    }
    assert window(curves).mean("episode/fell") == pytest.approx(0.9)
    assert window(curves).mean("episode/count") == 20.0


def test_a_fall_is_the_mean_before_less_the_mean_now():
    curve = [(step, 4.0 if step < 160_000 else 1.5) for step, _ in line(0.0)]
    assert window({"a": curve}).fall_of("a") == 2.5


def test_income_is_what_is_paid_and_penalties_are_counted_apart():
    curves = flat(
        reward__alive_bonus=3.0,
        reward__forward_velocity=1.0,
        reward__termination=-0.5,
        reward__tilt=-1.5,
        reward__total=2,
    )
    found = window(curves)
    assert found.income_share(["alive_bonus"]) == 0.75  # 3 of 3 + 1; the total is no term
    assert found.cost_share(["termination"]) == 0.25
    assert found.cost_share(["near_target_speed"]) == 0.0
    assert found.pays(["alive_bonus", "x"]) and not found.pays(["x"])
    assert Window({}, 0, 1, 1).income_share(["alive_bonus"]) is None


def test_the_price_of_a_fall_is_what_falls_cost_in_all_for_each_of_them():
    # 10,000 control steps an update at -0.02 each are 200; of 5 ends 0.4 fell, which is 2 falls: 100 each
    curves = flat(episode__count=5.0, episode__fell=0.4, reward__termination=-0.02)
    assert window(curves).fall_price == pytest.approx(100.0)


def test_where_nobody_fell_a_fall_has_no_price_and_where_they_are_free_it_is_nothing():
    assert window(flat(episode__count=5.0, episode__fell=0.0)).fall_price is None
    assert window(flat(episode__count=5.0, episode__fell=0.4)).fall_price == 0.0


def test_the_peak_is_that_of_a_running_mean():
    # running means over five points: 0, ..., the third to last window holds 5 of 10: (10 * 1) / 5 = 2
    curve = [*line(0.0)[:10], (110_000, 10.0), *line(0.0)[11:]]
    step, value = window({"a": curve}).peak("a") or (0, 0.0)
    assert (step, value) == (110_000, 2.0)


def test_first_last_and_progress():
    found = window({"a": [(10_000, NAN), *line(2.0)[1:19], (200_000, 7.0)]}, total_env_steps=800_000)
    assert (found.first("a"), found.last("a"), found.progress) == (2.0, 7.0, 0.25)
    assert window({"a": line(1.0)}).progress is None


def test_running_means_need_as_many_points_as_they_are_wide():
    assert smoothed([(1, 1.0), (2, 3.0), (3, NAN), (4, 5.0)], 2) == [(2, 2.0), (4, 4.0)]
    assert smoothed([(1, 1.0)], 2) == []


def test_what_is_not_known_stays_unknown():
    assert less(3.0, 1.0) == 2.0 and less(None, 1.0) is None
    assert ratio(3.0, 2.0) == 1.5 and ratio(3.0, 0.0) is None and ratio(None, 1.0) is None
