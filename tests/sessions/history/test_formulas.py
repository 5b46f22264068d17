"""A stored score is explained by the formula that gives it back."""

import pytest

from sessions.history.formulas import formula_of

FULL = {
    "episode_reward_mean": 5.0,
    "success_rate": 0.2,
    "termination_rate": 0.01,
    "episode_length_mean": 2000.0,
    "wp_idx_mean": 2.5,
}


@pytest.mark.parametrize(
    ("name", "score"),
    [
        ("reward-50", 0.4 * 5 / 50 + 0.3 * 0.2 + 0.2 * 0 + 0.1 * 0.99),
        ("success-4000", 0.6 * 0.2 + 0.25 * 0.99 + 0.1 * 0.5 + 0.05 * 0.5),
        ("success-1000", 0.6 * 0.2 + 0.25 * 0.99 + 0.1 * 0.5 + 0.05 * 0),
        ("waypoints-3", 0.5 * 2.5 / 3 + 0.25 * 0.99 + 0.15 * 0.5 + 0.1 * 0.5),
        ("waypoints-7", 0.65 * 2.5 / 7 + 0.2 * 0.99 + 0.1 * 0.1 + 0.05 * 0.25),
        ("waypoints-14", 0.65 * 2.5 / 14 + 0.2 * 0.99 + 0.1 * 0.1 + 0.05 * 0.25),
        ("stairs", 0.45 * 1 + 0.3 * 0.5 + 0.15 * 0.99 + 0.1 * 5 / 30),
        ("", 0.123),
    ],
)
def test_the_formula_is_named(name, score):
    assert formula_of(FULL, score) == name


def test_figures_that_are_missing_or_not_numbers_explain_nothing():
    assert formula_of({"success_rate": 0.2}, 0.3) == ""
    assert formula_of({**FULL, "wp_idx_mean": "nan"}, 0.123) == ""
    assert formula_of(FULL, None) == ""
