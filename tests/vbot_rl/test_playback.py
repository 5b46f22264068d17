import av
import numpy as np
import pytest
from PIL import Image

from sessions.errors import CorruptFileError, NotFoundError
from tests.vbot_rl.helpers import ENV, new_run
from vbot_rl import playback, source
from vbot_rl.evaluate import write_fall, write_poses
from vbot_rl.playback import Recording
from vbot_rl.poses import Poses
from vbot_sim import rendering
from vbot_sim.config import task_cfg


@pytest.fixture(scope="module")
def recording():
    return playback.record(source.from_file(source.pretrained_path(ENV), "pretrained"), seed=4)


def short(count=30):
    """An episode of a robot that slides along x at 1 m/s, without physics."""
    qpos = np.zeros((count, 19), np.float32)
    qpos[:, 0] = 0.02 * np.arange(count)
    qpos[:, 2:4] = 0.28, 1.0
    qpos[:, 7:] = (0.0, 0.9, -1.8) * 4
    numbers = np.ones(count, np.float32)
    return Recording(
        "slide",
        Poses(qpos, np.zeros(2, np.float32), np.zeros((count, 1), np.float32), ("a",), numbers, numbers, 0.02),
        None,
    )


def test_the_policy_of_the_package_does_the_job(recording):
    assert recording.episode.success
    assert not recording.episode.fell
    assert recording.ending() == f"success after {recording.episode.t_success_s:.2f} s"


def test_a_recording_lasts_as_long_as_its_episode(recording):
    assert recording.duration_s == pytest.approx(recording.episode.length_s)
    assert len(recording) == round(recording.episode.length_s / 0.02)


def test_another_seed_is_another_start():
    trained = source.from_file(source.pretrained_path(ENV), "pretrained")
    first, again, other = (playback.record(trained, seed).poses.qpos[0] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_what_an_evaluation_recorded_is_found_again(tmp_path):
    run = new_run(tmp_path)
    for step in (100, 300):
        write_poses(short(step // 10).poses, run, step)
    assert len(playback.recorded(run)) == 30  # the newest
    found = playback.recorded(run, 100)
    assert np.array_equal(found.poses.qpos, short(10).poses.qpos)
    assert found.poses.term_names == ("a",)
    with pytest.raises(NotFoundError, match="it has 100, 300"):
        playback.recorded(run, 200)


def test_a_recorded_fall_is_another_episode_of_the_same_evaluation(tmp_path):
    run = new_run(tmp_path)
    write_poses(short(20).poses, run, 100)
    with pytest.raises(NotFoundError, match="no recorded fall; its evaluations saw none"):
        playback.recorded(run, fall=True)
    write_fall(short(5).poses, run, 100)
    assert len(playback.recorded(run, 100, fall=True)) == 5 and len(playback.recorded(run)) == 20
    assert write_fall(None, run, 200) is None


def test_a_run_without_recordings_says_so(tmp_path):
    with pytest.raises(NotFoundError, match="no recorded episode yet"):
        playback.recorded(new_run(tmp_path))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", short().poses.to_bytes()[:-300]])
def test_a_damaged_recording_is_named(tmp_path, content):
    run = new_run(tmp_path)
    (run.pose_dir / "5.npz").write_bytes(content)
    with pytest.raises(CorruptFileError, match=r"5\.npz cannot be read"):
        playback.recorded(run)


@pytest.mark.parametrize(
    ("count", "wanted", "found"), [(3, 4, [0, 1, 2]), (10, 4, [0, 3, 6, 9]), (100, 3, [0, 50, 99]), (1, 12, [0])]
)
def test_moments_are_spread_from_first_to_last(count, wanted, found):
    assert playback.moments(count, wanted) == found


def test_a_film_runs_in_real_time_and_its_sheet_lies_beside_it(tmp_path):
    painter = rendering.open_painter(task_cfg(ENV), 64, 48)
    film = playback.film(short(30), painter, tmp_path / "new" / "film.mp4", fps=25.0)
    assert (film.frames, film.fps, film.duration_s) == (15, 25.0, 0.6)  # every other of 30 poses 0.02 s apart
    with av.open(film.file) as file:
        assert sum(1 for _ in file.decode(video=0)) == 15
    with Image.open(film.sheet) as sheet:
        assert sheet.size == (4 * (64 + 4) + 4, 3 * (48 + 4) + 4)


def test_a_target_that_moves_on_is_recorded_with_each_pose(tmp_path):
    from vbot_rl.poses import PoseRecorder
    from vbot_sim.settings import override
    from vbot_sim.tasks import build_task

    course = task_cfg("vbot_navigation_section011")
    world = build_task(override(course, "course.start.along_share", 0.0), 1, seed=0)
    world.reset()
    recorder = PoseRecorder()
    idle = np.zeros((1, 12), np.float32)
    for place in ((-3.0, 0.0), (0.0, 0.0)):
        world._qpos[0, :2] = place
        recorder.before(world)
        recorder.after(world.step(idle))
    run = new_run(tmp_path)
    write_poses(recorder.poses(), run, 8)
    poses = playback.recorded(run, 8).poses
    assert poses.target_at(0).tolist() != poses.target_at(1).tolist()
    assert poses.target_at(0).tolist() == poses.target_m.tolist()
    assert short().poses.target_at(7).tolist() == [0.0, 0.0]
