"""Schedule values worked out by hand."""

import math

import pytest

from vbot_rl.config import PpoCfg
from vbot_rl.schedules import after_update, entropy_coef, learning_rate, log_std_bounds


def cfg(**changes) -> PpoCfg:
    return PpoCfg(learning_rate=1e-3, schedule_floor=0.1, **changes)


@pytest.mark.parametrize(
    ("schedule", "progress", "expected"),
    [
        ("constant", 0.7, 1e-3),
        ("linear", 0.0, 1e-3),
        ("linear", 0.5, 0.55e-3),  # floor 0.1 + 0.9 x 0.5
        ("linear", 1.0, 0.1e-3),
        ("linear", 1.3, 0.1e-3),  # the last batch may go past the end
        ("cosine", 0.0, 1e-3),
        ("cosine", 0.5, 0.55e-3),  # cos(pi/2) = 0
        ("cosine", 1 / 3, (0.1 + 0.9 * 0.75) * 1e-3),  # (1 + cos(pi/3)) / 2 = 0.75
        ("cosine", 1.0, 0.1e-3),
        ("kl_adaptive", 0.5, 7e-4),  # what was carried along
    ],
)
def test_learning_rate(schedule, progress, expected):
    assert learning_rate(cfg(schedule=schedule), progress, 7e-4) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("kl", "expected"),
    [
        (0.0401, 9e-4 / 1.5),  # above twice the target of 0.02
        (0.0399, 9e-4),
        (0.0101, 9e-4),
        (0.0099, 9e-4 * 1.5),  # below half of it
        (0.0, 9e-4 * 1.5),
        (float("nan"), 9e-4),
    ],
)
def test_kl_adaptive_follows_the_last_divergence(kl, expected):
    assert after_update(cfg(schedule="kl_adaptive", kl_target=0.02), 9e-4, kl) == pytest.approx(expected)


def test_kl_adaptive_stays_within_its_bounds():
    bounded = cfg(schedule="kl_adaptive", learning_rate_min=1e-4, learning_rate_max=2e-3)
    assert after_update(bounded, 1.2e-4, 1.0) == 1e-4
    assert after_update(bounded, 1.9e-3, 0.0) == 2e-3


def test_other_schedules_ignore_the_divergence():
    assert after_update(cfg(schedule="linear"), 5e-4, 10.0) == 5e-4


def test_entropy_coefficient():
    assert entropy_coef(PpoCfg(entropy_coef=0.01, entropy_coef_end=None), 0.9) == 0.01
    falling = PpoCfg(entropy_coef=0.01, entropy_coef_end=0.0)
    assert entropy_coef(falling, 0.25) == pytest.approx(0.0075)
    assert entropy_coef(falling, 2.0) == 0.0


def test_the_ceiling_of_noise_comes_down_by_equal_factors():
    falling = PpoCfg(std_floor=0.05, std_ceiling=0.4, std_ceiling_end=0.1)
    highest = [math.exp(log_std_bounds(falling, progress)[1]) for progress in (0.0, 0.5, 1.0, 1.3)]
    assert highest == pytest.approx([0.4, 0.2, 0.1, 0.1])
    assert math.exp(log_std_bounds(falling, 0.5)[0]) == pytest.approx(0.05)
    assert log_std_bounds(PpoCfg(std_ceiling=0.4), 0.9)[1] == math.log(0.4)
