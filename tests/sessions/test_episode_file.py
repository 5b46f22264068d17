import io
import zipfile

import numpy as np
import pytest

from sessions.episode_file import EpisodeRef, read_episode, recorded
from sessions.errors import CorruptFileError
from sessions.runs import RunDir
from vbot_rl.poses import Poses

NAMES = ("approach", "fall")


def poses(count=3, **changes):
    """An episode in which every number tells its place."""
    known = {
        "qpos": np.arange(count * 19, dtype=np.float32).reshape(count, 19),
        "target_m": np.array([1.5, -2.0], np.float32),
        "terms": np.arange(count * 2, dtype=np.float32).reshape(count, 2) / 4,
        "term_names": NAMES,
        "distance_m": np.array([3.0, 2.5, 2.0], np.float32)[:count],
        "speed_mps": np.array([0.0, 0.5, 1.0], np.float32)[:count],
        "dt_s": 0.02,
    }
    return Poses(**{**known, **changes})


@pytest.fixture
def path(tmp_path):
    return tmp_path / "100.npz"


def test_an_episode_is_read_as_the_trainer_wrote_it(path):
    path.write_bytes(poses().to_bytes())
    episode = read_episode(path)
    assert len(episode) == 3
    assert list(episode.poses[1]) == [float(k) for k in range(19, 38)]
    assert list(episode.terms[2]) == [1.0, 1.25]
    assert episode.term_names == NAMES
    assert list(episode.distance_m) == [3.0, 2.5, 2.0]
    assert list(episode.speed_mps) == [0.0, 0.5, 1.0]
    assert episode.target_m == (1.5, -2.0)
    assert (episode.dt_s, episode.duration_s) == (0.02, 0.04)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"qpos": np.zeros((3, 7), np.float32)}, "other shapes"),
        ({"terms": np.zeros((2, 2), np.float32)}, "differ in length"),
        ({"speed_mps": np.zeros(1, np.float32)}, "differ in length"),
        ({"dt_s": 0.0}, "other shapes"),
        ({"qpos": np.full((3, 19), np.nan, np.float32)}, "not a number"),
    ],
)
def test_an_episode_that_does_not_fit_together_is_refused(path, changes, words):
    path.write_bytes(poses(**changes).to_bytes())
    with pytest.raises(CorruptFileError, match=words):
        read_episode(path)


def test_every_cut_and_every_flipped_byte_is_refused_or_harmless(path):
    data = poses().to_bytes()
    for at in range(0, len(data), 7):
        for hurt in (data[:at], data[:at] + bytes([data[at] ^ 255]) + data[at + 1 :]):
            path.write_bytes(hurt)
            try:
                assert len(read_episode(path)) == 3
            except CorruptFileError as error:
                assert str(path) in str(error)


def test_an_array_that_claims_to_be_huge_is_not_unpacked(path):
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("qpos.npy", bytes(65 << 20))
    path.write_bytes(whole.getvalue())
    with pytest.raises(CorruptFileError, match="too large"):
        read_episode(path)


def test_a_missing_file_is_the_same_error(path):
    with pytest.raises(CorruptFileError, match="evaluate the run again"):
        read_episode(path)


def test_recorded_episodes_come_in_the_order_of_their_steps_the_fall_second(tmp_path):
    run = RunDir(tmp_path)
    (run.pose_dir / "falls").mkdir(parents=True)
    for name in ("900.npz", "1000.npz", "falls/1000.npz", "odd.npz", ".5.tmp", "12.txt"):
        (run.pose_dir / name).touch()
    assert recorded(run) == (
        EpisodeRef(900, False, run.pose_dir / "900.npz"),
        EpisodeRef(1000, False, run.pose_dir / "1000.npz"),
        EpisodeRef(1000, True, run.pose_dir / "falls" / "1000.npz"),
    )


def test_a_run_without_recordings_has_none(tmp_path):
    assert recorded(RunDir(tmp_path)) == ()
