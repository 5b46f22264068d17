import math

from vbot_tui.breakdown import at, breakdown, reference


def test_terms_are_sorted_by_size_with_signed_values_and_shares():
    seen = breakdown(
        {"reward/a": [(10, 1.0)], "reward/b": [(10, -3.0)], "reward/total": [(10, -2.0)], "ppo/kl": [(10, 0.1)]}
    )
    assert seen is not None
    assert [(term.name, term.value, term.share) for term in seen.terms] == [("b", -3.0, 0.75), ("a", 1.0, 0.25)]
    assert (seen.step, seen.summed, seen.logged, seen.adds_up) == (10, -2.0, -2.0, True)


def test_a_difference_beyond_the_tolerance_shows():
    ok = breakdown({"reward/a": [(1, 1.0)], "reward/total": [(1, 1.00005)]})
    bad = breakdown({"reward/a": [(1, 1.0)], "reward/total": [(1, 1.001)]})
    assert ok is not None and ok.adds_up is True
    assert bad is not None and bad.adds_up is False
    assert math.isclose(bad.gap, -0.001)


def test_terms_that_cancel_are_judged_on_their_own_scale():
    seen = breakdown({"reward/a": [(1, 100.0)], "reward/b": [(1, -99.9999)], "reward/total": [(1, 0.0)]})
    assert seen is not None and seen.adds_up is True


def test_only_values_of_the_newest_step_are_added():
    seen = breakdown({"reward/a": [(1, 1.0), (2, 2.0)], "reward/b": [(1, 5.0)], "reward/total": [(1, 6.0), (2, 2.0)]})
    assert seen is not None
    assert math.isnan(seen.terms[1].value) and seen.terms[1].name == "b"
    assert math.isnan(seen.summed) and seen.adds_up is False


def test_no_logged_total_is_said_and_not_guessed():
    seen = breakdown({"reward/a": [(2, 1.0)], "reward/total": [(1, 1.0)]})
    assert seen is not None and seen.adds_up is None


def test_nan_and_infinite_terms_sink_to_the_end_and_never_add_up():
    seen = breakdown({"reward/a": [(1, math.nan)], "reward/b": [(1, 2.0)], "reward/c": [(1, math.inf)],
                      "reward/total": [(1, math.nan)]})  # fmt: skip
    assert seen is not None
    assert seen.terms[0].name == "b" and seen.terms[0].share == 1.0
    assert math.isnan(seen.summed) and seen.adds_up is None


def test_the_change_is_against_a_quarter_of_the_history_ago():
    points = [(step, float(step * step)) for step in range(1, 9)]
    seen = breakdown({"reward/a": points})
    assert reference(points) == 6
    assert seen is not None and seen.reference_step == 6
    assert seen.terms[0].change == 64.0 - 36.0


def test_before_the_first_update_there_is_nothing():
    assert breakdown({}) is None
    assert breakdown({"reward/a": [], "reward/total": [(1, 1.0)]}) is None


def test_at_finds_the_value_of_exactly_that_step():
    assert at([(1, 1.0), (3, 3.0)], 3) == 3.0
    assert math.isnan(at([(1, 1.0), (3, 3.0)], 2))
