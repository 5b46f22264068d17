from dataclasses import dataclass, field

import numpy as np
import pytest

from sessions import metrics
from vbot_rl.rollout_meter import RolloutMeter
from vbot_sim.terminations import CAUSES
from vbot_sim.vector_task import EpisodeEnds


def ends(touched: list[bool], fell: list[bool], final_distance_m: list[float]) -> EpisodeEnds:
    """Episodes that differ only in what matters here."""
    count = len(touched)
    zeros = np.zeros(count, np.float32)
    return EpisodeEnds(
        cause=np.array([CAUSES.index("tilt" if fallen else "time_limit") for fallen in fell], np.int8),
        length_s=zeros,
        return_=zeros.astype(np.float64),
        success=np.zeros(count, np.bool_),
        success_time_s=np.full(count, np.nan),
        fell=np.array(fell),
        out_of_bounds=np.zeros(count, np.bool_),
        touched=np.array(touched),
        fence=np.array(touched),
        spawn_distance_m=zeros,
        min_distance_m=zeros,
        final_distance_m=np.array(final_distance_m, np.float32),
        terms_sum=np.zeros((1, count), np.float32),
    )


@dataclass
class FakeStep:
    """Four simulations in one step: two inside the circle, at 0.1 and 0.5 m/s."""

    episodes: EpisodeEnds | None = None
    reward: np.ndarray = field(default_factory=lambda: np.zeros(4, np.float32))
    terms: np.ndarray = field(default_factory=lambda: np.zeros((1, 4), np.float32))
    distance_m: np.ndarray = field(default_factory=lambda: np.array([0.2, 0.4, 3.0, 5.0], np.float32))
    speed_mps: np.ndarray = field(default_factory=lambda: np.array([0.1, 0.5, 2.0, 2.0], np.float32))
    reached: np.ndarray = field(default_factory=lambda: np.array([True, True, False, False]))


def measured(*steps: FakeStep) -> dict[str, float]:
    meter = RolloutMeter(("a",), action_clip=None)
    for step in steps:
        meter.add(step, np.zeros((4, 12), np.float32))
    return meter.values()


def test_the_speed_inside_is_that_of_the_robots_in_the_circle():
    assert measured(FakeStep())["task/speed_inside_mps"] == pytest.approx(0.3)  # (0.1 + 0.5) / 2


def test_with_nobody_inside_there_is_no_speed_inside():
    assert "task/speed_inside_mps" not in measured(FakeStep(reached=np.zeros(4, np.bool_)))


def test_what_became_of_those_that_had_touched_is_a_share_of_all_episodes():
    # of five episodes in two steps: the first and the last touched and fell, the second touched and ended at 2 m
    first = ends([True, True, False], [True, False, True], [0.3, 2.0, 4.0])
    second = ends([True, True], [False, True], [0.1, 0.8])
    values = measured(FakeStep(first), FakeStep(second))
    assert values["episode/touched_fell"] == pytest.approx(0.4)
    assert values["episode/left"] == pytest.approx(0.4)  # 2.0 m, and the one that fell at 0.8 m


def test_every_tag_is_in_the_registry():
    values = measured(FakeStep(ends([True], [True], [0.3])))
    assert [tag for tag in values if not metrics.is_registered(tag)] == []
