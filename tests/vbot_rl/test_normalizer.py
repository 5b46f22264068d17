"""Running statistics by hand, and what must not change when they do."""

import numpy as np
import pytest

from vbot_rl.normalizer import EPSILON, ObservationNormalizer, RunningMoments, ValueNormalizer


def rows(*values: float) -> np.ndarray:
    return np.array(values, np.float32)[:, None]


def test_moments_by_hand():
    moments = RunningMoments(1)
    moments.merge(rows(1, 3))  # mean 2, variance 1
    moments.merge(rows(5, 7, 9, 11))  # mean 8, variance 5
    # all: mean (2*2 + 4*8)/6 = 6; variance (2*1 + 4*5 + 36*2*4/6)/6 = (2 + 20 + 48)/6 = 70/6
    assert moments.count == 6
    assert moments.mean[0] == pytest.approx(6.0)
    assert moments.var[0] == pytest.approx(70 / 6)


def test_merging_in_parts_is_merging_at_once():
    data = np.random.default_rng(0).standard_normal((100, 3)).astype(np.float32) * [1, 10, 0.1] + [0, 5, -3]
    data = data.astype(np.float32)
    moments = RunningMoments(3)
    for part in np.split(data, [10, 11, 60]):
        moments.merge(part)
    assert moments.mean == pytest.approx(data.mean(0, dtype=np.float64))
    assert moments.var == pytest.approx(data.var(0, dtype=np.float64))


def test_rows_that_are_not_finite_are_left_out():
    moments = RunningMoments(1)
    moments.merge(rows(1, np.nan, 3, np.inf))
    assert (moments.count, moments.mean[0], moments.var[0]) == (2, 2.0, 1.0)
    moments.merge(rows(np.nan))
    assert moments.count == 2


def test_observations_are_shifted_scaled_and_clipped():
    normalizer = ObservationNormalizer(1, clip=2.0)
    out = np.empty((3, 1), np.float32)
    normalizer.apply(rows(1, 5, -9), out)
    assert out[:, 0].tolist() == [1, 2, -2]  # nothing seen yet: only clipped
    normalizer.update(rows(2, 6))  # mean 4, variance 4
    normalizer.apply(rows(4, 6, 100), out)
    assert out[:, 0] == pytest.approx([0, 2 / np.sqrt(4 + EPSILON), 2.0])


def test_a_disabled_normalizer_only_clips():
    normalizer = ObservationNormalizer(1, clip=10.0, enabled=False)
    normalizer.update(rows(2, 6))
    out = np.empty((1, 1), np.float32)
    normalizer.apply(rows(6), out)
    assert out[0, 0] == 6


def test_predictions_in_reward_units_survive_new_statistics():
    rng = np.random.default_rng(0)
    normalizer = ValueNormalizer()
    layer = rng.standard_normal((1, 5)).astype(np.float32)
    hidden = np.hstack([rng.standard_normal((20, 4)), np.ones((20, 1))])

    def predictions() -> np.ndarray:
        return (hidden @ layer[0]) * normalizer.std + normalizer.mean

    normalizer.update(rng.standard_normal(50).astype(np.float32), layer)
    before = predictions()
    normalizer.update((300 + 70 * rng.standard_normal(50)).astype(np.float32), layer)
    assert normalizer.std > 10
    assert predictions() == pytest.approx(before, abs=1e-3)


def test_the_first_statistics_leave_a_silent_critic_silent():
    layer = np.full((1, 3), 0.01, np.float32)
    ValueNormalizer().update(rows(0.001, 0.002)[:, 0], layer)
    assert layer.tolist() == np.full((1, 3), 0.01, np.float32).tolist()


def test_old_returns_are_forgotten():
    normalizer = ValueNormalizer(memory=2.0)
    layer = np.zeros((1, 2), np.float32)
    for _ in range(50):
        normalizer.update(np.zeros(10, np.float32), layer)
    normalizer.update(np.full(10, 3.0, np.float32), layer)  # weights 20 and 10
    assert normalizer.mean == pytest.approx(1.0)


@pytest.mark.parametrize("enabled", [True, False])
def test_state_survives(enabled):
    one, other = ObservationNormalizer(2, 5.0, enabled), ObservationNormalizer(2, 5.0, enabled)
    one.update(np.random.default_rng(1).standard_normal((7, 2)).astype(np.float32))
    other.load_state_dict(one.state_dict())
    assert np.array_equal(one.shift, other.shift) and np.array_equal(one.scale, other.scale)
