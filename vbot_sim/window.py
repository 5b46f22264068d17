"""A window onto a world, where there is a screen: MuJoCo's own viewer, showing poses that somebody else made."""

import os
import sys
import time
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from vbot_sim import rendering
from vbot_sim.rendering import Vector
from vbot_sim.schema import TaskCfg


def has_display(environ: Mapping[str, str] | None = None) -> bool:
    """Whether a window can be opened here."""
    known = os.environ if environ is None else environ
    if sys.platform == "linux" and not (known.get("DISPLAY") or known.get("WAYLAND_DISPLAY")):
        return False
    try:
        import glfw
    except ImportError:
        return False
    # The viewer would wait for ever for a window system that does not answer, so it is asked here first.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        works = bool(glfw.init())
        if works:
            glfw.terminate()
    return works


def show(task: TaskCfg, poses: Iterable[tuple[Vector, Vector, float]]) -> None:
    """Show poses (positions [19], target [2], how long in s) until they end or the window is closed."""
    import mujoco.viewer

    posed = rendering.PosedModel(task)
    with mujoco.viewer.launch_passive(posed.model, posed.data, show_left_ui=False, show_right_ui=False) as viewer:
        placed = False
        due = time.monotonic()
        for qpos, target_m, duration_s in poses:
            if not viewer.is_running():
                return
            with viewer.lock():
                posed.pose(qpos, target_m)
                _aim(viewer.cam, rendering.camera_on(qpos), whole=not placed)
                placed = True
            viewer.sync()
            due += duration_s
            time.sleep(max(0.0, due - time.monotonic()))


def _aim(view: Any, camera: rendering.Camera, whole: bool) -> None:  # noqa: ANN401 (mujoco has no type information)
    """Keep the robot in the middle; from where it is seen is the viewer's own business after the start."""
    view.lookat[:] = camera.lookat_m
    if whole:
        view.distance, view.azimuth, view.elevation = camera.distance_m, camera.azimuth_deg, camera.elevation_deg
