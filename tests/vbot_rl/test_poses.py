from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import numpy as np
import pytest

from tests.vbot_rl.helpers import ENV
from tests.vbot_rl.test_evaluate import TASK, still_policy
from vbot_rl.evaluate import evaluate
from vbot_rl.poses import FallRecorder, Trail

DT_S = 0.1


@dataclass
class FakeWorld:
    """Three robots; robot n is at x = n + step / 10, y = -n."""

    step: int = 0
    term_names: tuple[str, ...] = ("a",)
    control_dt_s: float = DT_S

    def qpos(self) -> np.ndarray:
        rows = np.zeros((3, 19))
        rows[:, 0], rows[:, 1] = np.arange(3) + self.step / 10, -np.arange(3)
        return rows

    def targets(self) -> np.ndarray:
        return np.array([[0, 0], [1, 1], [2, 2]], np.float32)


@dataclass
class FakeStep:
    speed_mps: np.ndarray
    done_ids: np.ndarray = field(default_factory=lambda: np.array([], int))
    fell: list[bool] = field(default_factory=list)
    terms: np.ndarray = field(default_factory=lambda: np.array([[1.0, 2.0, 3.0]], np.float32))
    distance_m: np.ndarray = field(default_factory=lambda: np.array([7.0, 8.0, 9.0], np.float32))

    @property
    def episodes(self) -> SimpleNamespace | None:
        return SimpleNamespace(fell=np.array(self.fell)) if len(self.done_ids) else None


def speeds(value: float) -> np.ndarray:
    return np.array([value, value + 10, value + 20], np.float32)


def play(recorder, ends: dict[int, list[tuple[int, bool]]], steps: int = 8) -> None:
    world = FakeWorld()
    for k in range(steps):
        world.step = k
        recorder.before(world)
        ended = ends.get(k, [])
        recorder.after(FakeStep(speeds(k), np.array([sim for sim, _ in ended], int), [fell for _, fell in ended]))


def test_the_trail_knows_place_and_speed_half_a_second_ago():
    trail = Trail(3, DT_S)  # five steps are half a second
    play(trail, {})  # speeds 0 to 7; the five latest steps are 3, 4, 5, 6, 7
    assert trail.of(1) == (pytest.approx(1.7), -1.0, 13.0)


def test_a_short_trail_begins_with_its_first_step():
    trail = Trail(3, DT_S)
    play(trail, {}, steps=3)
    assert trail.of(0)[2] == 0.0


def test_the_first_case_that_falls_is_kept_to_its_end():
    recorder = FallRecorder()
    play(recorder, {2: [(0, False)], 4: [(2, True)], 6: [(0, True), (1, True)]})
    poses = recorder.poses()
    assert poses is not None
    # case 0 had ended without a fall before; of the cases 1 and 2 the first by number fell in step 6, after 7 poses
    assert len(poses.qpos) == 7
    assert poses.qpos[:, 0] == pytest.approx(1 + np.arange(7) / 10)
    assert poses.speed_mps.tolist() == [10, 11, 12, 13, 14, 15, 16]
    assert poses.target_m.tolist() == [1, 1]
    assert poses.terms.tolist() == [[2.0]] * 7 and poses.distance_m.tolist() == [8.0] * 7


def test_cases_beyond_the_recorded_ones_do_not_count():
    recorder = FallRecorder(cases=1)
    play(recorder, {3: [(2, True)]})
    assert recorder.poses() is None


def test_an_evaluation_tells_where_and_how_fast_a_robot_without_strength_fell():
    weak = replace(TASK, control=replace(TASK.control, kp=2.0))
    recorder = FallRecorder()
    result = evaluate(still_policy(), weak, n=4, seed=5, env=ENV, falls=recorder)
    assert result is not None and result.fell == 1.0
    episode, poses = result.episodes[0], recorder.poses()
    assert poses is not None and poses.dt_s * len(poses.qpos) == pytest.approx(episode.length_s)
    assert episode.end_x_m is not None and episode.end_y_m is not None and episode.speed_before_mps is not None
    # it fell where it stood: the target of this protocol is the origin
    assert np.hypot(episode.end_x_m, episode.end_y_m) == pytest.approx(episode.final_distance_m, abs=0.05)
    assert episode.spawn_distance_m == pytest.approx(episode.final_distance_m, abs=0.5)
    assert 0.0 <= episode.speed_before_mps < 1.0
