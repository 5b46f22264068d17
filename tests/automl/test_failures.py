import json

import pytest

from automl.failures import groups, median, of_run, place
from sessions.errors import CorruptFileError, NotFoundError
from sessions.runs import RunDir, RunRecord


def episode(cause="tilt", **more):
    """A fall on the way: 4 s after the start, 5 of 10 m gone."""
    base = {
        "cause": cause,
        "success": False,
        "reached": False,
        "length_s": 4.0,
        "spawn_distance_m": 10.0,
        "final_distance_m": 5.0,
        "speed_before_mps": 1.5,
    }
    return base | more


@pytest.mark.parametrize(
    ("more", "where"),
    [
        ({"length_s": 1.5, "final_distance_m": 9.5}, "at the start"),
        ({"length_s": 1.5, "final_distance_m": 8.0}, "on the way"),  # soon, but already two metres on
        ({}, "on the way"),
        ({"final_distance_m": 1.9}, "while braking"),
        ({"final_distance_m": 0.3, "reached": True}, "in the circle"),
        ({"final_distance_m": 4.0, "reached": True}, "in the circle"),
    ],
)
def test_the_place_of_a_failure_is_told_by_the_job(more, where):
    assert place(episode(**more)) == where


def test_failures_are_grouped_by_cause_and_place_most_frequent_first():
    episodes = [
        episode(length_s=3.0, final_distance_m=6.0, speed_before_mps=1.0),
        episode("success", success=True),
        episode("time_limit", length_s=10.0, final_distance_m=4.0, speed_before_mps=None),
        episode(length_s=5.0, final_distance_m=4.0, speed_before_mps=2.0),
    ]
    first, second = groups(episodes)
    assert (first.cause, first.where, first.count, first.share) == ("tilt", "on the way", 2, 0.5)
    # medians of two: (3 + 5) / 2, (6 + 4) / 2, (1 + 2) / 2
    assert (first.when_s, first.distance_m, first.speed_mps, first.cases) == (4.0, 5.0, 1.5, (0, 3))
    assert (second.cause, second.speed_mps, second.cases) == ("time_limit", None, (2,))


def test_results_of_older_versions_have_no_speed():
    old = episode()
    del old["speed_before_mps"]
    assert groups([old])[0].speed_mps is None


def test_where_all_succeeded_there_is_nothing_to_tell():
    assert groups([episode(success=True)]) == ()


def test_the_middle_value():
    assert median([3.0, 1.0, 2.0]) == 2.0 and median([1.0, 2.0]) == 1.5


@pytest.fixture
def run(tmp_path) -> RunDir:
    return RunDir.create(tmp_path, RunRecord(id="r1", kind="train", env="e"), {})


def evaluated(run: RunDir, step: int, episodes: list, name: str = "competition-{step}.json") -> None:
    content = {"n": len(episodes), "episodes": episodes}
    (run.eval_dir / name.format(step=step)).write_text(json.dumps(content))


def test_the_newest_evaluation_is_explained_unless_another_is_asked_for(run):
    evaluated(run, 1000, [episode(), episode(success=True)])
    evaluated(run, 2000, [episode(success=True)])
    (run.pose_dir / "1000.npz").touch()
    assert (of_run(run).step, of_run(run).failed) == (2000, 0)
    first = of_run(run, 1000)
    assert (first.episodes, first.failed, first.poses, first.fall_poses) == (2, 1, "poses/1000.npz", None)


def test_canonical_cases_go_before_others_of_the_same_step(run):
    evaluated(run, 1000, [episode()] * 8, "competition-{step}-n8-s1.json")
    evaluated(run, 1000, [episode()] * 2)
    assert of_run(run).episodes == 2


def test_a_recorded_fall_is_named(run):
    evaluated(run, 1000, [episode()])
    (run.pose_dir / "falls").mkdir()
    (run.pose_dir / "falls" / "1000.npz").touch()
    assert of_run(run).fall_poses == "poses/falls/1000.npz"


def test_what_is_not_there_is_said_with_what_there_is(run):
    with pytest.raises(NotFoundError, match="no competition evaluation yet"):
        of_run(run)
    evaluated(run, 1000, [episode()])
    with pytest.raises(NotFoundError, match="step 7; it has 1000"):
        of_run(run, 7)


def test_a_file_without_episodes_is_refused(run):
    (run.eval_dir / "competition-1000.json").write_text('{"episodes": [{"success": false}]}')
    with pytest.raises(CorruptFileError, match=r"competition-1000\.json"):
        of_run(run)
