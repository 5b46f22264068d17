import av
import numpy as np
import pytest
from PIL import Image

from vbot_sim import video
from vbot_sim.rendering import RenderError


def grey(level, size=(48, 64)):
    return np.full((*size, 3), level, np.uint8)


def test_a_film_can_be_played_back_picture_by_picture(tmp_path):
    path = tmp_path / "film.mp4"
    assert video.write_film(path, (grey(level) for level in (20, 120, 220)), 25.0) == 3
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        assert (stream.width, stream.height, float(stream.average_rate)) == (64, 48, 25.0)
        assert stream.codec_context.pix_fmt == "yuv420p"  # what every player understands
        levels = [frame.to_ndarray(format="rgb24").mean() for frame in file.decode(stream)]
    assert levels == pytest.approx([20, 120, 220], abs=6)


def test_a_film_of_nothing_is_refused_and_leaves_nothing(tmp_path):
    with pytest.raises(RenderError, match="no step"):
        video.write_film(tmp_path / "film.mp4", [], 25.0)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_film_leaves_the_old_one(tmp_path):
    path = tmp_path / "film.mp4"
    path.write_bytes(b"old")

    def images():
        yield grey(0)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        video.write_film(path, images(), 25.0)
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["film.mp4"]


def test_a_sheet_has_the_images_in_reading_order(tmp_path):
    path = tmp_path / "sheet.png"
    video.write_sheet(path, [grey(50), grey(100), grey(150)], columns=2)
    with Image.open(path) as picture:
        sheet = np.asarray(picture)
    assert sheet.shape == (2 * 48 + 3 * 4, 2 * 64 + 3 * 4, 3)
    assert [sheet[24, 32, 0], sheet[24, 100, 0], sheet[76, 32, 0]] == [50, 100, 150]


def test_a_label_is_written_in_the_upper_left_corner():
    plain = grey(100, (240, 320))
    written = video.labelled(plain, ["12.3 m"])
    changed = np.argwhere((written != plain).any(axis=2))
    assert len(changed) > 20
    assert changed.max(axis=0)[0] < 40
    assert (plain == 100).all()
