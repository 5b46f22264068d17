"""Pictures made by the physics engine's own rays: what is seen is exactly what a robot can touch.

Slower than `vbot_sim.drawing` and true for every kind of geom, height fields included: the painter for overviews of
terrain, and for whoever wants to see the collision geometry itself.
"""

import math

import numpy as np
from numpy.typing import NDArray

from vbot_sim import rendering
from vbot_sim.rendering import LIGHT, SKY_LOW, SKY_TOP, Camera, Image, Vector
from vbot_sim.schema import TaskCfg

OVERSAMPLING = 2
AMBIENT, DIFFUSE = 0.5, 0.55
HAZE_M = 90.0
GRID_SHARE = 0.12
_TARGET_RADIUS_M = 0.5
_TARGET_RGB = (0.9, 0.5, 0.1)


class RayPainter:
    """Draws a world by casting a ray through every pixel.

    Args:
        task: whose world is drawn.
        width: of the images.
        height: of the images.
    """

    backend = "rays"

    def __init__(self, task: TaskCfg, width: int, height: int) -> None:
        import mujoco

        self._mujoco = mujoco
        self._size = (width * OVERSAMPLING, height * OVERSAMPLING)
        self._posed = rendering.PosedModel(task)
        light = np.asarray(LIGHT)
        self._light = light / np.linalg.norm(light)

    def paint(self, qpos: Vector, target_m: Vector, camera: Camera) -> Image:
        """Draw one pose."""
        from PIL import Image as Pictures

        self._posed.pose(qpos, target_m)
        rays = self._rays(camera)
        geom, distance, normal = self._cast(camera.position(), rays)
        shaded = self._shade(camera.position(), rays, geom, distance, normal, target_m)
        width, height = self._size
        pixels = np.clip(255.0 * shaded, 0, 255).astype(np.uint8).reshape(height, width, 3)
        image: Image = np.asarray(Pictures.fromarray(pixels).reduce(OVERSAMPLING))
        return image

    def close(self) -> None:
        """Nothing is held."""

    def _rays(self, camera: Camera) -> Vector:
        """Unit vectors through the pixels [P, 3], row by row from the top."""
        width, height = self._size
        right, up, forward = camera.axes()
        unit = math.tan(math.radians(camera.fov_deg) / 2.0) / (height / 2.0)
        across = (np.arange(width) + 0.5 - width / 2.0) * unit
        upward = (height / 2.0 - 0.5 - np.arange(height)) * unit
        rays = forward + across[None, :, None] * right + upward[:, None, None] * up
        rays /= np.linalg.norm(rays, axis=2, keepdims=True)
        return rays.reshape(-1, 3)

    def _cast(self, origin: Vector, rays: Vector) -> tuple[NDArray[np.int32], Vector, Vector]:
        """Number of the geom hit by each ray (-1: none), the way to it and the surface's normal."""
        count = len(rays)
        geom, distance = np.full(count, -1, np.int32), np.zeros(count)
        normal = np.zeros(3 * count)
        posed = self._posed
        self._mujoco.mj_multiRay(
            posed.model, posed.data, origin, rays.ravel(), None, 1, -1, geom, distance, normal, count, 1e6
        )
        return geom, distance, normal.reshape(-1, 3)

    def _shade(
        self, origin: Vector, rays: Vector, geom: NDArray[np.int32], distance: Vector, normal: Vector, target: Vector
    ) -> Vector:
        hit = geom >= 0
        sky = np.clip(1.0 - 2.5 * rays[:, 2:], 0.0, 1.0) * np.asarray(SKY_LOW)
        sky = sky + (1.0 - np.clip(1.0 - 2.5 * rays[:, 2:], 0.0, 1.0)) * np.asarray(SKY_TOP)
        colour = self._posed.model.geom_rgba[geom, :3].astype(np.float64)
        place = origin + distance[:, None] * rays
        world = self._posed.model.geom_bodyid[geom] == 0
        flat = world & (normal[:, 2] > 0.5)
        line = np.abs(place[:, :2] - np.round(place[:, :2])).min(axis=1) < 0.012
        colour[flat & line] *= 1.0 - GRID_SHARE
        marked = flat & (np.hypot(place[:, 0] - target[0], place[:, 1] - target[1]) < _TARGET_RADIUS_M)
        colour[marked] = 0.5 * colour[marked] + 0.5 * np.asarray(_TARGET_RGB)
        colour *= (AMBIENT + DIFFUSE * np.maximum(normal @ self._light, 0.0))[:, None]
        haze = np.exp(-distance / HAZE_M)[:, None]
        seen: Vector = np.where(hit[:, None], haze * colour + (1.0 - haze) * np.asarray(SKY_LOW), sky)
        return seen
