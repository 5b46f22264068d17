import pytest

from vbot_sim.scoring import Outcome, points_mean, score_v1, summarize, wilson

WON = Outcome("success", 4.0, fence=True, fell=False, out_of_bounds=False)
FENCE_ONLY = Outcome("time_limit", None, fence=True, fell=False, out_of_bounds=False)
NOTHING = Outcome("time_limit", None, fence=False, fell=False, out_of_bounds=False)
FELL_AFTER_SUCCESS = Outcome("trunk_contact", 4.0, fence=True, fell=True, out_of_bounds=False)
LEFT = Outcome("out_of_bounds", None, fence=True, fell=False, out_of_bounds=True)


@pytest.mark.parametrize(
    ("outcome", "points"), [(WON, 2), (FENCE_ONLY, 1), (NOTHING, 0), (FELL_AFTER_SUCCESS, 0), (LEFT, 0)]
)
def test_points_of_a_dog(outcome: Outcome, points: int) -> None:
    assert outcome.points == points


def test_a_success_is_lost_by_a_later_fall() -> None:
    assert WON.success and not FELL_AFTER_SUCCESS.success


def test_points_mean_is_of_twenty() -> None:
    assert points_mean([WON] * 10) == 20.0
    assert points_mean([WON, FENCE_ONLY, NOTHING, LEFT]) == pytest.approx(20 * (2 + 1 + 0 + 0) / 8)


def test_score_v1_by_hand() -> None:
    # success 1/4, fell 1/4, speed mean (1 - 4/10)/4 = 0.15
    assert score_v1([WON, FENCE_ONLY, NOTHING, FELL_AFTER_SUCCESS], 10.0) == pytest.approx(0.25 - 0.25 + 0.2 * 0.15)
    assert score_v1([], 10.0) == 0.0


def test_wilson_interval_against_known_values() -> None:
    # 8 of 10: (0.8 + 0.19208 -+ 1.96 sqrt(0.016 + 0.0096040)) / 1.38416
    assert wilson(8, 10) == pytest.approx((0.490157, 0.943319), abs=1e-6)
    assert wilson(0, 256)[0] == 0.0 and wilson(0, 256)[1] == pytest.approx(0.014784, abs=1e-5)
    assert wilson(256, 256)[1] == 1.0
    assert wilson(0, 0) == (0.0, 1.0)


def test_a_summary_adds_up() -> None:
    summary = summarize([WON, WON, FELL_AFTER_SUCCESS, NOTHING], 10.0)
    assert (summary.episodes, summary.success, summary.fell) == (4, 0.5, 0.25)
    assert summary.causes == {"success": 0.5, "time_limit": 0.25, "trunk_contact": 0.25}
    assert summary.time_mean_s == 4.0
    assert summary.points_mean == 10.0
    assert summary.success_low < 0.5 < summary.success_high
