"""One picture of a whole world, with the robot at its start: for papers, and for looking before training."""

from dataclasses import dataclass, replace

import numpy as np

from vbot_sim import rendering
from vbot_sim.courses.schema import StartCfg
from vbot_sim.rendering import Camera, Image, Vector
from vbot_sim.robot import DEFAULT_JOINTS_RAD, STANDING_HEIGHT_M
from vbot_sim.schema import TaskCfg

SIZE = (960, 420)


@dataclass(frozen=True)
class Scene:
    """What is seen: the robot's pose [19], the target [2] and from where."""

    qpos: Vector
    target_m: Vector
    camera: Camera


_CAMERAS = {
    "section001": Camera((0.0, 0.0, 0.0), 30.0, 130.0, -25.0),
    "section011": Camera((0.0, 2.2, 0.0), 13.5, 160.0, -42.0),
    "section012": Camera((0.4, 16.2, 1.4), 17.0, 160.0, -30.0),
    "section013": Camera((0.0, 29.4, 1.2), 12.0, 155.0, -45.0),
    "long_course": Camera((0.0, 15.2, 0.5), 27.0, 180.0, -30.0),
    "field": Camera((61.0, 2.6, 0.3), 21.0, 62.0, -32.0),
}


def scene_of(task: TaskCfg) -> Scene:
    """Return the scene that shows the whole world of a task."""
    if task.course is None:
        pose = np.array([0.0, 0.0, STANDING_HEIGHT_M, 1.0, 0.0, 0.0, 0.0, *DEFAULT_JOINTS_RAD])
        return Scene(pose, np.zeros(2), _CAMERAS["section001"])
    from vbot_sim.tasks import build_task

    official = replace(task, course=replace(task.course, start=StartCfg()))
    world = build_task(official, 1, seed=0)
    world.reset()
    return Scene(world.qpos()[0], world.targets()[0].astype(np.float64), _CAMERAS[task.course.world])


def overview(task: TaskCfg, size: tuple[int, int] = SIZE) -> Image:
    """Draw the world of a task by the physics engine's rays, in a few seconds.

    Raises:
        RenderError: the size is out of range.
    """
    from vbot_sim.raycasting import RayPainter

    largest = rendering.MAX_SIZE
    if not (16 <= size[0] <= largest and 16 <= size[1] <= largest):
        raise rendering.RenderError(
            f"Images can be from 16 to {largest} pixels wide and high, got {size[0]} x {size[1]}."
        )
    scene = scene_of(task)
    return RayPainter(task, *size).paint(scene.qpos, scene.target_m, scene.camera)
