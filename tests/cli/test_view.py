import pytest

from tests.cli.command import vbot


def test_a_world_is_described_as_one_object():
    world = vbot("view", "vbot_navigation_section001", "--json").object
    assert len(world["feet"]) == 4
    feet = [geom for geom in world["geoms"] if geom["name"] in world["feet"]]
    assert len(feet) == 4
    assert all(geom["collides"] for geom in feet)
    assert sum(body["name"].endswith("_calf") for body in world["bodies"]) == 4
    assert sum(body["mass_kg"] for body in world["bodies"]) == pytest.approx(16.428, abs=0.01)


def test_a_person_gets_two_tables():
    out = vbot("view", "vbot_navigation_section001").out
    assert "BODY" in out
    assert "GEOM" in out


def test_an_unknown_world_is_refused_with_the_nearest_name():
    said = vbot("view", "vbot_navigation_section0001")
    assert said.code == 2
    assert "vbot_navigation_section001" in said.err


def test_a_course_is_described_without_a_row_for_each_step():
    out = vbot("view", "vbot_navigation_section012", "--text").out
    assert "of the ground:" in out
    assert "FR_calf_capsule" in out
    assert out.count("\n") < 70


def test_an_overview_is_a_small_picture(tmp_path):
    from PIL import Image

    file = tmp_path / "course.png"
    said = vbot("view", "vbot_navigation_section013", "--picture", file, "--json").object
    assert said["bytes"] == file.stat().st_size < 200_000
    with Image.open(file) as picture:
        assert picture.size == (960, 420)
    refused = vbot("view", "vbot_navigation_section013", "--picture", tmp_path / "course.jpg")
    assert refused.code == 2 and "let it end in .png" in refused.err
