"""Pictures of a world: a pose and a camera in, pixels out, on machines without a screen.

Two painters draw the same scene: `vbot_sim.drawing.SoftPainter` by projecting the primitive geoms, and `GlPainter` by
MuJoCo through EGL or OSMesa. The first is the default: it needs no graphics library, looks the same on every machine,
and where there is no graphics card it is the faster one.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from vbot_sim.arena import PLATFORM_RADIUS_M
from vbot_sim.errors import SimError
from vbot_sim.model import model_xml
from vbot_sim.schema import TaskCfg

Image = NDArray[np.uint8]
Vector = NDArray[np.floating]

BACKENDS = ("software", "egl", "osmesa")
SKY_TOP, SKY_LOW = (0.55, 0.66, 0.78), (0.87, 0.90, 0.92)
LIGHT = (0.35, 0.25, 1.0)
GRID_M = 1.0
GRID_RGBA = (0.30, 0.37, 0.33, 1.0)
TRUNK_RGBA = (0.86, 0.53, 0.24, 1.0)
MAX_GEOMS = 1000
MAX_SIZE = 2160
_FIRST_TRUNK_GEOM = "trunk_"
FLAT_LOOK_M = 0.22


class RenderError(SimError):
    """Nothing can be drawn the way it was asked for."""


@dataclass(frozen=True)
class Camera:
    """A camera that looks at a point; angles as in MuJoCo (azimuth 0 looks along +x, negative elevation down)."""

    lookat_m: tuple[float, float, float]
    distance_m: float = 2.4
    azimuth_deg: float = 130.0
    elevation_deg: float = -18.0
    fov_deg: float = 45.0

    def axes(self) -> tuple[Vector, Vector, Vector]:
        """Unit vectors to the right, up and forward, in the world frame."""
        az, el = math.radians(self.azimuth_deg), math.radians(self.elevation_deg)
        forward = np.array([math.cos(el) * math.cos(az), math.cos(el) * math.sin(az), math.sin(el)])
        right = np.array([math.sin(az), -math.cos(az), 0.0])
        return right, np.cross(right, forward), forward

    def position(self) -> Vector:
        """Where it is, in the world frame."""
        position: Vector = np.asarray(self.lookat_m) - self.distance_m * self.axes()[2]
        return position


class Painter(Protocol):
    """Draws poses of one world."""

    backend: str

    def paint(self, qpos: Vector, target_m: Vector, camera: Camera) -> Image:
        """Draw generalised positions [19] with the target at [2]; the image is [height, width, 3]."""
        ...

    def close(self) -> None:
        """Give back what drawing holds."""
        ...


def camera_on(qpos: Vector) -> Camera:
    """A camera beside the robot."""
    return Camera((float(qpos[0]), float(qpos[1]), _look_height(qpos)))


def _look_height(qpos: Vector) -> float:
    """Height to look at: the same for all robots on flat ground, so that pictures of it do not shake."""
    return FLAT_LOOK_M if qpos[2] < 2.0 * FLAT_LOOK_M else float(qpos[2]) - 0.04


def following(path: Vector, dt_s: float, lag_s: float = 0.25) -> Iterator[Camera]:
    """Cameras that follow the trunk along `path` [T, 19] without taking over its shaking."""
    share = 1.0 - math.exp(-dt_s / lag_s)
    at = np.array([*path[0, :2], _look_height(path[0])], float)
    for qpos in path:
        at = at + share * (np.array([*qpos[:2], _look_height(qpos)]) - at)
        yield Camera((float(at[0]), float(at[1]), float(at[2])))


def scene_model(task: TaskCfg) -> Any:  # noqa: ANN401 (mujoco has no type information)
    """Compile a model to look at: with all geoms of the legs, a sky, and room for large images."""
    import mujoco

    physics = replace(task.physics, collision="full")
    spec = mujoco.MjSpec.from_string(model_xml(physics, task.control, task.course))
    spec.visual.global_.offwidth = spec.visual.global_.offheight = MAX_SIZE
    spec.visual.headlight.ambient = [0.45, 0.45, 0.45]
    spec.visual.headlight.diffuse = [0.35, 0.35, 0.35]
    spec.visual.headlight.specular = [0.0, 0.0, 0.0]
    spec.visual.quality.offsamples = 2
    spec.add_texture(
        name="sky",
        type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=SKY_LOW,
        rgb2=SKY_TOP,
        width=128,
        height=768,
    )
    for geom in spec.geoms:
        if geom.name.startswith(_FIRST_TRUNK_GEOM):
            geom.rgba = TRUNK_RGBA
    spec.body("base").add_geom(  # seen only: the collision boxes leave the head in the air
        name="trunk_neck", type=mujoco.mjtGeom.mjGEOM_BOX, size=[0.03, 0.04, 0.04], pos=[0.15, 0.0, 0.1],
        rgba=TRUNK_RGBA, contype=0, conaffinity=0, mass=0.0,
    )  # fmt: skip
    return spec.compile()


def grid_lines(centre_m: Vector, reach_m: float = 6.0) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Lines of the ground's grid near a point, cut off at the platform's edge."""
    lines = []
    radius = PLATFORM_RADIUS_M
    for axis in (0, 1):
        first = math.ceil((centre_m[axis] - reach_m) / GRID_M)
        for k in range(first, math.floor((centre_m[axis] + reach_m) / GRID_M) + 1):
            at = k * GRID_M
            half = math.sqrt(max(radius**2 - at**2, 0.0))
            low, high = max(-half, centre_m[1 - axis] - reach_m), min(half, centre_m[1 - axis] + reach_m)
            if low < high:
                lines.append(((at, low), (at, high)) if axis == 0 else ((low, at), (high, at)))
    return lines


class PosedModel:
    """A model to look at, and its geoms in a given pose."""

    def __init__(self, task: TaskCfg) -> None:
        import mujoco

        self._mujoco = mujoco
        self.model = scene_model(task)
        self.data = mujoco.MjData(self.model)
        self.flat = task.course is None

    def pose(self, qpos: Vector, target_m: Vector) -> None:
        """Put the robot and the target where they belong."""
        self.model.site("target").pos[:2] = target_m
        self.data.qpos[:] = qpos
        self._mujoco.mj_kinematics(self.model, self.data)
        self._mujoco.mj_comPos(self.model, self.data)
        self._mujoco.mj_camlight(self.model, self.data)


class GlPainter:
    """MuJoCo's own renderer in a context without a window.

    Args:
        task: whose world is drawn.
        width: of the images.
        height: of the images.
        backend: "egl" or "osmesa".
    """

    def __init__(self, task: TaskCfg, width: int, height: int, backend: str) -> None:
        import mujoco

        self.backend = backend
        self._context = _context_class(backend)(width, height)
        self._context.make_current()
        self._mujoco = mujoco
        self._posed = PosedModel(task)
        model = self._posed.model
        self._scene = mujoco.MjvScene(model, maxgeom=MAX_GEOMS)
        self._render = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100.value)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN.value, self._render)
        self._rect = mujoco.MjrRect(0, 0, width, height)
        self._option, self._perturb = mujoco.MjvOption(), mujoco.MjvPerturb()
        self._pixels: Image = np.empty((height, width, 3), np.uint8)

    def paint(self, qpos: Vector, target_m: Vector, camera: Camera) -> Image:
        """Draw one pose."""
        mj, posed = self._mujoco, self._posed
        posed.pose(qpos, target_m)
        view = mj.MjvCamera()
        view.lookat[:] = camera.lookat_m
        view.distance, view.azimuth, view.elevation = camera.distance_m, camera.azimuth_deg, camera.elevation_deg
        self._context.make_current()
        everything = mj.mjtCatBit.mjCAT_ALL.value
        mj.mjv_updateScene(posed.model, posed.data, self._option, self._perturb, view, everything, self._scene)
        self._scene.flags[mj.mjtRndFlag.mjRND_SHADOW.value] = 0  # blocky at any affordable size of its map
        for start, end in grid_lines(np.asarray(camera.lookat_m)) if posed.flat else ():
            self._add_line(start, end)
        mj.mjr_render(self._rect, self._scene, self._render)
        mj.mjr_readPixels(self._pixels, None, self._rect, self._render)
        return self._pixels[::-1].copy()

    def _add_line(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Enter a thin flat box along a line on the ground."""
        scene = self._scene
        if scene.ngeom >= MAX_GEOMS:
            return
        middle = [(start[0] + end[0]) / 2, (start[1] + end[1]) / 2, 0.0]
        half = [max((end[0] - start[0]) / 2, 0.008), max((end[1] - start[1]) / 2, 0.008), 0.0005]
        box = self._mujoco.mjtGeom.mjGEOM_BOX.value
        colour = np.asarray(GRID_RGBA, np.float32)
        self._mujoco.mjv_initGeom(scene.geoms[scene.ngeom], box, half, middle, np.eye(3).ravel(), colour)
        scene.ngeom += 1

    def close(self) -> None:
        """Give back the graphics context."""
        self._context.make_current()
        self._render.free()
        self._context.free()


def _context_class(backend: str) -> Any:  # noqa: ANN401 (mujoco has no type information)
    """Load a kind of graphics context."""
    if backend == "egl":
        from mujoco.egl import GLContext
    else:
        from mujoco.osmesa import GLContext
    return GLContext


def open_painter(task: TaskCfg, width: int = 640, height: int = 480, backend: str = "software") -> Painter:
    """Return a painter.

    Args:
        task: whose world is drawn.
        width: of the images.
        height: of the images.
        backend: one of BACKENDS.

    Raises:
        RenderError: the size is out of range, the backend is unknown or does not work on this machine.
    """
    if not (16 <= width <= MAX_SIZE and 16 <= height <= MAX_SIZE):
        raise RenderError(f"Images can be from 16 to {MAX_SIZE} pixels wide and high, got {width} x {height}.")
    if backend not in BACKENDS:
        raise RenderError(f"There is no backend '{backend}' to draw with; use one of {', '.join(BACKENDS)}.")
    if backend == "software":
        from vbot_sim.drawing import SoftPainter

        return SoftPainter(task, width, height)
    try:
        return GlPainter(task, width, height, backend)
    except Exception as error:  # whatever a graphics stack may throw
        raise RenderError(
            f"Drawing with '{backend}' does not work on this machine ({_first_line(error)}); use 'software'."
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
