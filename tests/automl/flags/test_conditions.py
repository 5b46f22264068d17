import pytest

from automl.flags import Above, Below, Between


@pytest.mark.parametrize(
    ("condition", "raised", "margin"),
    [
        (Above("a", 0.6, 0.5, 0.4), False, pytest.approx(0.2)),  # 0.1 beyond 0.5
        (Above("a", 0.45, 0.5, 0.4), False, None),
        (Above("a", 0.45, 0.5, 0.4), True, pytest.approx(0.125)),  # 0.05 beyond 0.4
        (Above("a", None, 0.5, 0.4), False, None),
        (Above("a", float("nan"), 0.5, 0.4), False, None),
        (Below("a", 0.25, 0.5, 0.6), False, pytest.approx(0.5)),
        (Below("a", 0.55, 0.5, 0.6), False, None),
        (Below("a", 0.54, 0.5, 0.6), True, pytest.approx(0.1)),
        (Below("a", None, 0.5, 0.6), True, None),
        (Between("a", 1.5, (1.0, 3.0), (0.5, 3.5)), False, pytest.approx(0.5)),  # 0.5 inside, half is 1
        (Between("a", 0.7, (1.0, 3.0), (0.5, 3.5)), False, None),
        (Between("a", 0.8, (1.0, 3.0), (0.5, 3.5)), True, pytest.approx(0.2)),
        (Between("a", None, (1.0, 3.0), (0.5, 3.5)), True, None),
    ],
)
def test_a_condition_knows_how_far_beyond_its_limit_a_number_is(condition, raised, margin):
    assert condition.margin(raised) == margin
