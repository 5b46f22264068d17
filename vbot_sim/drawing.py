"""Drawing a world without any graphics library: primitive geoms as shaded polygons, far ones first, and a shadow.

It needs Pillow only and looks the same everywhere. Terrain is drawn before the robot, so a robot behind a wall is seen
through it; `vbot_sim.raycasting` is exact and slow.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vbot_sim import rendering
from vbot_sim.arena import PLATFORM_RADIUS_M
from vbot_sim.courses.schema import CourseCfg
from vbot_sim.rendering import Camera, Image, Vector
from vbot_sim.schema import TaskCfg
from vbot_sim.terrain.faces import faces_of
from vbot_sim.terrain.ground import build_ground, height_map

Colour = tuple[int, int, int]

OVERSAMPLING = 2
NEAR_M = 0.05
AMBIENT, DIFFUSE = 0.55, 0.5
SHADOW = 0.72
_ROUND = 12
_FLOOR: tuple[int, int, int] = (92, 107, 97)
SIGHT_M = 9.0
_TARGET_RADIUS_M = 0.5


@dataclass(frozen=True)
class Solid:
    """A body of flat faces in its own frame; corners run anticlockwise seen from outside."""

    vertices: NDArray[np.float64]  # [V, 3]
    faces: tuple[tuple[int, ...], ...]


def box(half: Vector) -> Solid:
    """A box by its half sizes."""
    x, y, z = half
    corners = [(sx * x, sy * y, sz * z) for sx in (-1, 1) for sy in (-1, 1) for sz in (-1, 1)]
    faces = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
    return Solid(np.array(corners), faces)


def cylinder(radius: float, half_length: float) -> Solid:
    """A prism that stands for a cylinder along z."""
    ring = [(radius * math.cos(a), radius * math.sin(a)) for a in _angles(_ROUND)]
    vertices = [(x, y, -half_length) for x, y in ring] + [(x, y, half_length) for x, y in ring]
    sides = tuple((k, (k + 1) % _ROUND, (k + 1) % _ROUND + _ROUND, k + _ROUND) for k in range(_ROUND))
    caps = (tuple(range(_ROUND - 1, -1, -1)), tuple(range(_ROUND, 2 * _ROUND)))
    return Solid(np.array(vertices), sides + caps)


def ball(radii: Vector, bands: int = 5, parts: int = 8) -> Solid:
    """A coarse ball or ellipsoid."""
    heights = [math.pi * (k / bands - 0.5) for k in range(bands + 1)]
    vertices = [
        (radii[0] * math.cos(h) * math.cos(a), radii[1] * math.cos(h) * math.sin(a), radii[2] * math.sin(h))
        for h in heights
        for a in _angles(parts)
    ]
    faces = tuple(
        (b * parts + p, b * parts + (p + 1) % parts, (b + 1) * parts + (p + 1) % parts, (b + 1) * parts + p)
        for b in range(bands)
        for p in range(parts)
    )
    return Solid(np.array(vertices), faces)


def _angles(count: int) -> list[float]:
    return [2.0 * math.pi * k / count for k in range(count)]


def solid_of(kind: str, size: Vector) -> Solid | None:
    """The solid of a geom by MuJoCo's type name; None where there is none."""
    if kind == "box":
        return box(size)
    if kind in ("cylinder", "capsule"):
        return cylinder(float(size[0]), float(size[1] + (size[0] if kind == "capsule" else 0.0)))
    if kind == "sphere":
        return ball(np.full(3, size[0]))
    return ball(size) if kind == "ellipsoid" else None


def normal(corners: Vector) -> Vector:
    """The outward normal of a face [K, 3]; zero for one without area."""
    across = np.cross(corners[2] - corners[0], corners[-1] - corners[1])
    length = float(np.linalg.norm(across))
    return across / length if length > 0.0 else across


def clipped(points: Vector, near_m: float = NEAR_M) -> Vector:
    """The part of a polygon [K, 3] in camera coordinates that lies in front of the camera."""
    kept = []
    for here, there in zip(points, np.roll(points, -1, axis=0), strict=True):
        if here[2] >= near_m:
            kept.append(here)
        if (here[2] >= near_m) != (there[2] >= near_m):
            kept.append(here + (near_m - here[2]) / (there[2] - here[2]) * (there - here))
    return np.array(kept).reshape(-1, 3)


class Lens:
    """World points to pixels for one camera and image size."""

    def __init__(self, camera: Camera, width: int, height: int) -> None:
        right, up, forward = camera.axes()
        self._rotation = np.stack([right, up, forward])
        self.position = camera.position()
        self._focal = 0.5 * height / math.tan(math.radians(camera.fov_deg) / 2.0)
        self._centre = np.array([width / 2.0, height / 2.0])

    def seen(self, points: Vector) -> Vector:
        """World points [K, 3] in camera coordinates: right, up, depth."""
        turned: Vector = (points - self.position) @ self._rotation.T
        return turned

    def pixels(self, seen: Vector) -> list[tuple[float, float]]:
        """Camera coordinates [K, 3] as pixels."""
        scaled = self._focal * seen[:, :2] / seen[:, 2:3]
        return [(float(x), float(y)) for x, y in self._centre + scaled * (1.0, -1.0)]

    def polygon(self, points: Vector) -> list[tuple[float, float]]:
        """World points [K, 3] of a polygon as pixels; empty where it is behind the camera."""
        front = clipped(self.seen(points))
        return self.pixels(front) if len(front) >= 3 else []


class SoftPainter:
    """Draws a world with Pillow.

    Args:
        task: whose world is drawn.
        width: of the images.
        height: of the images.
    """

    backend = "software"

    def __init__(self, task: TaskCfg, width: int, height: int) -> None:
        self._size = (width * OVERSAMPLING, height * OVERSAMPLING)
        self._posed = rendering.PosedModel(task)
        self._solids = list(_solids(self._posed.model))
        light = np.asarray(rendering.LIGHT)
        self._light = light / np.linalg.norm(light)
        self._terrain = None if task.course is None else _Terrain(task.course, self._light)
        self._ground = _FLOOR if self._terrain else _rgb(self._posed.model.geom("platform").rgba)

    def paint(self, qpos: Vector, target_m: Vector, camera: Camera) -> Image:
        """Draw one pose."""
        from PIL import Image as Pictures
        from PIL import ImageDraw

        self._posed.pose(qpos, target_m)
        picture = Pictures.new("RGB", self._size)
        draw = ImageDraw.Draw(picture)
        lens = Lens(camera, *self._size)
        self._paint_sky(draw)
        bodies = self._bodies()
        level = 0.0
        if self._terrain is None:
            self._paint_ground(draw, lens, camera, target_m)
        else:
            level = self._terrain.level(qpos)
            self._paint_terrain(draw, lens, camera, self._terrain)
            self._paint_target(draw, lens, target_m, self._terrain.level_at(target_m, float(qpos[2])))
        for corners, _, facing in bodies:
            if facing @ self._light > 0.0:
                self._paint(draw, lens, self._shadow(corners, level), _darker(self._ground, SHADOW))
        self._paint_bodies(draw, lens, bodies)
        image: Image = np.asarray(picture.reduce(OVERSAMPLING))
        return image

    def close(self) -> None:
        """Nothing is held."""

    def _bodies(self) -> list[tuple[Vector, Colour, Vector]]:
        """Corners in the world, colour and normal of every face of the robot."""
        data, found = self._posed.data, []
        for geom, solid, colour in self._solids:
            rotation = data.geom_xmat[geom].reshape(3, 3)
            vertices = solid.vertices @ rotation.T + data.geom_xpos[geom]
            for face in solid.faces:
                corners = vertices[list(face)]
                found.append((corners, colour, normal(corners)))
        return found

    def _paint_sky(self, draw: Any) -> None:  # noqa: ANN401 (Pillow's drawing surface)
        width, height = self._size
        for y in range(0, height, OVERSAMPLING):
            share = min(1.0, 2.0 * y / height)
            mixed = [
                (1 - share) * top + share * low for top, low in zip(rendering.SKY_TOP, rendering.SKY_LOW, strict=True)
            ]
            draw.rectangle((0, y, width, y + OVERSAMPLING), fill=_rgb(mixed))

    def _paint_ground(self, draw: Any, lens: Lens, camera: Camera, target_m: Vector) -> None:  # noqa: ANN401
        self._paint(draw, lens, _disc(0.0, 0.0, PLATFORM_RADIUS_M, 96), self._ground)
        for start, end in rendering.grid_lines(np.asarray(camera.lookat_m)):
            across = np.array([end[1] - start[1], end[0] - start[0]])
            side = 0.008 * across / np.linalg.norm(across)
            corners = [np.add(start, -side), np.add(end, -side), np.add(end, side), np.add(start, side)]
            self._paint(draw, lens, _on_ground(np.array(corners)), _rgb(rendering.GRID_RGBA))
        self._paint_target(draw, lens, target_m, 0.0)

    def _paint_target(self, draw: Any, lens: Lens, target_m: Vector, level: float) -> None:  # noqa: ANN401
        colour = _rgb(self._posed.model.site("target").rgba)
        mixed = tuple(round(0.6 * a + 0.4 * b) for a, b in zip(colour, self._ground, strict=True))
        disc = _disc(float(target_m[0]), float(target_m[1]), _TARGET_RADIUS_M, 32)
        disc[:, 2] = level
        self._paint(draw, lens, disc, mixed)

    def _paint_terrain(self, draw: Any, lens: Lens, camera: Camera, terrain: "_Terrain") -> None:  # noqa: ANN401
        if terrain.floor:
            here = _disc(*camera.lookat_m[:2], SIGHT_M, 48)
            self._paint(draw, lens, here, self._ground)
        for corners, colour in terrain.seen_from(lens.position, np.asarray(camera.lookat_m)):
            self._paint(draw, lens, corners, colour)

    def _paint_bodies(self, draw: Any, lens: Lens, bodies: list[tuple[Vector, Colour, Vector]]) -> None:  # noqa: ANN401
        facing = [item for item in bodies if item[2] @ (lens.position - item[0][0]) > 0.0]
        facing.sort(key=lambda item: -float(np.linalg.norm(item[0].mean(axis=0) - lens.position)))
        for corners, colour, outward in facing:
            bright = AMBIENT + DIFFUSE * max(0.0, float(outward @ self._light))
            self._paint(draw, lens, corners, _darker(colour, bright))

    def _shadow(self, corners: Vector, level: float) -> Vector:
        """A face as the sun throws it on level ground."""
        above = corners[:, 2:] - level
        return np.column_stack([corners[:, :2] - above * (self._light[:2] / self._light[2]), 0.0 * above + level])

    @staticmethod
    def _paint(draw: Any, lens: Lens, corners: Vector, colour: tuple[int, ...]) -> None:  # noqa: ANN401
        pixels = lens.polygon(corners)
        if pixels:
            draw.polygon(pixels, fill=colour)


class _Terrain:
    """The faces of a course, ready to be drawn."""

    def __init__(self, course: CourseCfg, light: Vector) -> None:
        ground = build_ground(course.world, course.relief_seed)
        faces = faces_of(ground)
        self.floor = ground.floor
        self._heights = height_map(course.world, course.relief_seed)
        self._corners = [face.corners for face in faces]
        self._middle = np.array([face.corners.mean(axis=0) for face in faces])
        self._normal = np.array([normal(face.corners) for face in faces])
        bright = AMBIENT + DIFFUSE * np.maximum(self._normal @ light, 0.0)
        self._colour = [_darker(_rgb(face.rgb), float(share)) for face, share in zip(faces, bright, strict=True)]

    def seen_from(self, eye: Vector, lookat: Vector) -> Iterator[tuple[Vector, Colour]]:
        """Corners and colour of the faces near the middle of the picture that face the camera, far ones first."""
        away = self._middle - eye
        near = np.hypot(*(self._middle - lookat)[:, :2].T) < SIGHT_M
        facing = np.einsum("ij,ij->i", self._normal, away) < 0.0
        chosen = np.flatnonzero(near & facing)
        for k in chosen[np.argsort(-np.linalg.norm(away[chosen], axis=1))]:
            yield self._corners[k], self._colour[k]

    def level(self, qpos: Vector) -> float:
        """Height of the ground under a robot."""
        return self.level_at(qpos[:2], float(qpos[2]))

    def level_at(self, place_m: Vector, z_m: float) -> float:
        """Height of the ground at a place for a robot whose trunk is at a height."""
        x, y = np.asarray(place_m, np.float64)[:, None]
        return float(self._heights.height_m(x, y, np.array([z_m]))[0])


def _solids(model: Any) -> Any:  # noqa: ANN401 (mujoco has no type information)
    """Number, solid and colour of every geom of the robot."""
    import mujoco

    for k in range(model.ngeom):
        kind = mujoco.mjtGeom(int(model.geom_type[k])).name.removeprefix("mjGEOM_").lower()
        solid = solid_of(kind, model.geom_size[k])
        if solid is not None and model.geom_bodyid[k] != 0 and model.geom_rgba[k][3] > 0.0:
            yield k, solid, _rgb(model.geom_rgba[k])


def _disc(x: float, y: float, radius: float, parts: int) -> Vector:
    return _on_ground(np.array([(x + radius * math.cos(a), y + radius * math.sin(a)) for a in _angles(parts)]))


def _on_ground(points: Vector) -> Vector:
    return np.column_stack([points, np.zeros(len(points))])


def _rgb(colour: Any) -> Colour:  # noqa: ANN401 (anything with at least three numbers from 0 to 1)
    red, green, blue = (round(255 * min(1.0, max(0.0, float(part)))) for part in list(colour)[:3])
    return red, green, blue


def _darker(colour: Colour, share: float) -> Colour:
    red, green, blue = (min(255, round(part * share)) for part in colour)
    return red, green, blue
