import numpy as np
import pytest

from vbot_sim.episode import EpisodeState, steps_for
from vbot_sim.schema import EpisodeCfg


def episode(dt_s: float = 0.02, start_m: float = 3.0, **cfg: object) -> EpisodeState:
    state = EpisodeState(EpisodeCfg(**cfg), 1, dt_s)  # type: ignore[arg-type]
    state.begin(slice(None), np.asarray([start_m], np.float32))
    return state


def advance(state: EpisodeState, distance_m: float, speed_mps: float = 0.0, steps: int = 1) -> None:
    for _ in range(steps):
        state.advance(np.asarray([distance_m], np.float32), np.asarray([speed_mps], np.float32))


def test_durations_become_whole_steps() -> None:
    assert steps_for(0.5, 0.02) == 25
    assert steps_for(0.5, 0.01) == 50
    assert steps_for(0.05, 0.02) == 3


def test_the_first_reach_is_told_once() -> None:
    state = episode()
    advance(state, 0.6)
    assert not state.first_reach[0] and not state.inside[0]
    advance(state, 0.4)
    assert state.first_reach[0] and state.inside[0] and state.since_reach_s[0] == 0.0
    advance(state, 0.4)
    assert not state.first_reach[0] and state.since_reach_s[0] == pytest.approx(0.02)
    advance(state, 0.9)
    assert not state.inside[0] and state.ever_reached[0]
    advance(state, 0.4)
    assert not state.first_reach[0]


def test_the_fence_lies_outside_the_reach_radius() -> None:
    state = episode()
    advance(state, 0.7)
    assert state.first_fence[0] and not state.first_reach[0]
    advance(state, 0.7)
    assert not state.first_fence[0] and state.ever_fence[0]


def test_success_needs_half_a_second_on_end() -> None:
    state = episode()
    advance(state, 0.4, 0.1, steps=24)
    assert not state.succeeded[0]
    advance(state, 0.4, 0.2)  # too fast: the count starts over
    advance(state, 0.4, 0.1, steps=24)
    assert not state.succeeded[0]
    advance(state, 0.4, 0.1)
    assert state.first_success[0] and state.succeeded[0] and state.success_steps[0] == 50
    advance(state, 0.4, 0.1)
    assert not state.first_success[0] and state.succeeded[0]


def test_leaving_the_circle_breaks_the_hold() -> None:
    state = episode()
    advance(state, 0.4, 0.0, steps=20)
    advance(state, 0.51, 0.0)
    advance(state, 0.4, 0.0, steps=24)
    assert not state.succeeded[0]


def test_success_ends_the_episode_at_once_or_after_its_time() -> None:
    at_once = episode()
    advance(at_once, 0.4, 0.0, steps=25)
    assert at_once.success_over()[0]
    later = episode(after_success_s=2.0)
    advance(later, 0.4, 0.0, steps=25 + 99)
    assert not later.success_over()[0]
    advance(later, 3.0, 2.0)
    assert later.success_over()[0]


def test_success_goes_on_beyond_the_time_limit_but_cannot_come_after_it() -> None:
    state = episode(limit_s=1.0, after_success_s=2.0)
    advance(state, 2.0, steps=25)
    advance(state, 0.4, 0.0, steps=25)  # succeeds in the last step of the limit
    assert state.succeeded[0] and not state.time_over()[0]
    late = episode(limit_s=1.0, after_success_s=2.0)
    advance(late, 2.0, steps=26)
    advance(late, 0.4, 0.0, steps=25)
    assert not late.succeeded[0] and late.time_over()[0]


def test_without_success_ends_only_time_counts() -> None:
    state = episode(limit_s=1.0, success_ends=False)
    advance(state, 0.4, 0.0, steps=49)
    assert state.succeeded[0] and not state.success_over()[0] and not state.time_over()[0]
    advance(state, 0.4, 0.0)
    assert state.time_over()[0]


def test_nothing_of_an_episode_is_left_in_the_next() -> None:
    used = episode()
    advance(used, 0.3, 0.0, steps=60)
    used.begin(np.asarray([0]), np.asarray([7.0], np.float32))
    fresh = episode(start_m=7.0)
    for name in EpisodeState.FIELDS:
        assert np.array_equal(getattr(used, name), getattr(fresh, name)), name


def test_only_the_given_simulations_begin_anew() -> None:
    state = EpisodeState(EpisodeCfg(), 3, 0.02)
    state.begin(slice(None), np.full(3, 5.0, np.float32))
    state.advance(np.full(3, 4.0, np.float32), np.zeros(3, np.float32))
    state.begin(np.asarray([1]), np.asarray([9.0], np.float32))
    assert state.steps.tolist() == [1, 0, 1]
    assert state.previous_distance_m.tolist() == [5.0, 9.0, 5.0]
    assert state.min_distance_m.tolist() == [4.0, 9.0, 4.0]
