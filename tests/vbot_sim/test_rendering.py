import math
import os
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

from vbot_sim import drawing, rendering
from vbot_sim.config import task_cfg
from vbot_sim.drawing import Lens
from vbot_sim.rendering import Camera, RenderError
from vbot_sim.robot import DEFAULT_JOINTS_RAD, STANDING_HEIGHT_M

TASK = task_cfg("vbot_navigation_section001")
STANDING = np.array([0.0, 0.0, STANDING_HEIGHT_M, 1.0, 0.0, 0.0, 0.0, *DEFAULT_JOINTS_RAD])
FAR_TARGET = np.array([11.0, 11.0])


def orange(image):
    """Pixels of the trunk's colour: far more red than blue."""
    return (image[..., 0].astype(int) - image[..., 2] > 60) & (image[..., 0] > 90)


def test_a_camera_without_turn_looks_along_x():
    right, up, forward = Camera((0.0, 0.0, 0.0), azimuth_deg=0.0, elevation_deg=0.0).axes()
    assert forward == pytest.approx([1.0, 0.0, 0.0])
    assert right == pytest.approx([0.0, -1.0, 0.0])
    assert up == pytest.approx([0.0, 0.0, 1.0])


def test_what_is_looked_at_is_in_the_middle():
    lens = Lens(Camera((1.0, 2.0, 0.3)), 640, 480)
    assert lens.pixels(lens.seen(np.array([[1.0, 2.0, 0.3]])))[0] == pytest.approx((320.0, 240.0))


def test_at_45_degrees_the_edge_of_the_view_is_where_it_should_be():
    camera = Camera((0.0, 0.0, 0.0), distance_m=1.0, azimuth_deg=0.0, elevation_deg=0.0, fov_deg=45.0)
    lens = Lens(camera, 100, 100)
    edge = math.tan(math.radians(22.5))  # 1 m away, half of the field of view
    assert lens.pixels(lens.seen(np.array([[0.0, 0.0, edge]])))[0] == pytest.approx((50.0, 0.0))


def test_what_is_behind_the_camera_is_cut_off():
    triangle = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 0.0, -1.0]])
    front = drawing.clipped(triangle, near_m=0.5)
    assert len(front) == 3
    assert front[:, 2].min() == pytest.approx(0.5)
    assert len(drawing.clipped(triangle - (0.0, 0.0, 5.0))) == 0


@pytest.mark.parametrize(
    "solid", [drawing.box(np.array([1.0, 2.0, 3.0])), drawing.cylinder(1.0, 2.0), drawing.ball(np.full(3, 1.0))]
)
def test_faces_look_outward(solid):
    for face in solid.faces:
        corners = solid.vertices[list(face)]
        assert drawing.normal(corners) @ corners.mean(axis=0) >= 0.0


def test_a_box_has_the_area_of_a_box():
    solid = drawing.box(np.array([0.5, 1.0, 1.5]))
    area = 0.0
    for face in solid.faces:
        a, b, c, d = solid.vertices[list(face)]
        area += 0.5 * np.linalg.norm(np.cross(c - a, d - b))
    assert area == pytest.approx(2 * (1 * 2 + 2 * 3 + 1 * 3))


def test_grid_lines_end_at_the_edge_of_the_platform():
    for start, end in rendering.grid_lines(np.array([10.0, 0.0, 0.0])):
        assert math.hypot(*start) <= 12.5 + 1e-9
        assert math.hypot(*end) <= 12.5 + 1e-9


def test_the_robot_is_in_the_picture_and_gone_when_the_camera_looks_elsewhere():
    painter = rendering.open_painter(TASK, 160, 120)
    near = painter.paint(STANDING, FAR_TARGET, rendering.camera_on(STANDING))
    away = painter.paint(STANDING, FAR_TARGET, Camera((5.0, 5.0, 0.2)))
    assert near.shape == (120, 160, 3)
    assert near.dtype == np.uint8
    assert orange(near).mean() > 0.01
    assert not orange(away).any()


def test_the_target_is_where_it_is_said_to_be():
    painter = rendering.open_painter(TASK, 160, 120)
    above = Camera((3.0, 0.0, 0.0), distance_m=4.0, elevation_deg=-89.0)
    there = painter.paint(STANDING, np.array([3.0, 0.0]), above)
    moved = painter.paint(STANDING, FAR_TARGET, above)
    assert (there[60, 80].astype(int) - moved[60, 80])[0] > 20
    assert np.array_equal(there[2, 2], moved[2, 2])


def test_a_robot_lying_on_its_side_looks_different():
    painter = rendering.open_painter(TASK, 80, 60)
    lying = STANDING.copy()
    lying[3:7] = math.cos(math.pi / 4), math.sin(math.pi / 4), 0.0, 0.0
    pictures = [painter.paint(pose, FAR_TARGET, rendering.camera_on(pose)).astype(int) for pose in (STANDING, lying)]
    assert np.abs(pictures[0] - pictures[1]).max() > 50


def test_the_camera_follows_with_a_lag_and_catches_up():
    path = np.zeros((200, 19))
    path[1:, 0] = 1.0
    x = [camera.lookat_m[0] for camera in rendering.following(path, 0.02, lag_s=0.25)]
    assert x[0] == 0.0
    assert all(a <= b for a, b in pairwise(x))
    assert x[13] == pytest.approx(1.0 - math.exp(-13 * 0.02 / 0.25))
    assert x[-1] == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize(
    ("size", "backend", "words"),
    [((8, 100), "software", "16 to 2160"), ((100, 9000), "software", "16 to 2160"), ((100, 100), "vulkan", "egl")],
)
def test_what_cannot_be_drawn_is_refused_with_what_can(size, backend, words):
    with pytest.raises(RenderError, match=words):
        rendering.open_painter(TASK, *size, backend)


TRY_EGL = """
from vbot_sim.config import task_cfg
from vbot_sim.rendering import open_painter
open_painter(task_cfg("vbot_navigation_section001"), 64, 48, "egl")
"""


def test_a_backend_that_does_not_work_is_named_with_one_that_does():
    environment = {**os.environ, "PYOPENGL_PLATFORM": "none-such"}  # OpenGL is promised to something else
    words = [sys.executable, "-c", TRY_EGL]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert "RenderError: Drawing with 'egl' does not work on this machine" in done.stderr.splitlines()[-1]
    assert done.stderr.rstrip().endswith("use 'software'.")


def at(x, y, z):
    return np.array([x, y, z, *STANDING[3:]])


def test_terrain_is_drawn_where_it_is() -> None:
    cfg = task_cfg("vbot_navigation_section012")
    painter = rendering.open_painter(cfg, 96, 72)
    pose = at(2.0, 12.0, 1.57)
    stairs = painter.paint(pose, np.array([2.0, 14.0]), rendering.camera_on(pose))
    away = painter.paint(pose, np.array([2.0, 14.0]), rendering.Camera((2.0, 12.0, 1.57), azimuth_deg=270.0))
    assert len(np.unique(stairs.reshape(-1, 3), axis=0)) > 100  # steps in light and shade
    assert np.abs(stairs.astype(int) - away).mean() > 10


def test_rays_and_polygons_agree_on_the_terrain() -> None:
    from vbot_sim.raycasting import RayPainter

    cfg = task_cfg("vbot_navigation_section013")
    pose = at(0.0, 26.0, 1.6)
    camera = rendering.Camera((0.0, 29.0, 1.4), 9.0, 120.0, -35.0)
    target = np.array([0.0, 32.3])
    rays = RayPainter(cfg, 64, 48).paint(pose, target, camera).astype(float)
    drawn = rendering.open_painter(cfg, 64, 48).paint(pose, target, camera).astype(float)
    assert np.corrcoef(rays.mean(axis=2).ravel(), drawn.mean(axis=2).ravel())[0, 1] > 0.6
