import math

import pytest

from sessions.breakdown import reward_breakdown
from sessions.event_file import Record
from sessions.series import SeriesSet


def curves(*rows):
    made = SeriesSet()
    for step, values in rows:
        made.extend([Record(step, 0.0, tuple(values), tuple(values.values()))])
    return made


FIRST = (100, {"reward/alive": 1.0, "reward/fine": 2.0, "reward/total": 3.0})
SECOND = (200, {"reward/alive": 1.0, "reward/fine": 0.0, "reward/fall": -3.0, "reward/total": -2.0})


def test_shares_are_of_the_absolute_sum_and_the_largest_comes_first():
    breakdown = reward_breakdown(curves(FIRST, SECOND))
    assert breakdown.step == 200
    assert [(part.term, part.value, part.share) for part in breakdown.terms] == [
        ("fall", -3.0, 0.75),
        ("alive", 1.0, 0.25),
        ("fine", 0.0, 0.0),
    ]
    assert (breakdown.total, breakdown.terms_sum, breakdown.difference) == (-2.0, -2.0, 0.0)
    assert breakdown.adds_up


def test_an_earlier_step_can_be_looked_at():
    breakdown = reward_breakdown(curves(FIRST, SECOND), step=150)
    shown = {part.term: part.value for part in breakdown.terms}
    assert (shown["alive"], shown["fine"], math.isnan(shown["fall"])) == (1.0, 2.0, True)


def test_each_term_has_its_history():
    (alive, *_) = reward_breakdown(curves((1, {"reward/alive": 1.0}), (2, {"reward/alive": 5.0}))).terms
    assert alive.sparkline == (1.0, 5.0)


@pytest.mark.parametrize(
    ("total", "holds"), [(3.0, True), (3.0002, True), (3.001, False), (-3.0, False), (math.nan, False)]
)
def test_terms_must_make_up_the_logged_total(total, holds):
    values = {"reward/a": 1.0, "reward/b": 2.0, "reward/total": total}
    assert reward_breakdown(curves((1, values))).adds_up is holds


def test_terms_that_cancel_are_compared_with_their_size_not_their_sum():
    values = {"reward/a": 1000.0, "reward/b": -1000.0, "reward/total": 0.05}  # 0.05 of 2000 paid is 2.5e-5
    assert reward_breakdown(curves((1, values))).adds_up


def test_a_missing_total_does_not_add_up():
    assert not reward_breakdown(curves((1, {"reward/a": 1.0}))).adds_up


def test_without_reward_terms_there_is_no_breakdown():
    assert reward_breakdown(curves((1, {"reward/total": 1.0, "ppo/kl": 0.1}))) is None


def test_nan_terms_have_no_share():
    breakdown = reward_breakdown(curves((1, {"reward/a": math.nan, "reward/b": 2.0, "reward/total": 2.0})))
    assert {part.term: part.share for part in breakdown.terms} == {"a": 0.0, "b": 1.0}
    assert not breakdown.adds_up


def test_all_zero_terms_have_no_share():
    breakdown = reward_breakdown(curves((1, {"reward/a": 0.0, "reward/total": 0.0})))
    assert breakdown.terms[0].share == 0.0
    assert breakdown.adds_up
