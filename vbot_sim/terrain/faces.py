"""Terrain as flat faces for painters that know no geoms: boxes and caps cut into tiles, reliefs into coarse squares.

Small faces can be drawn far ones first without one hiding what is in front of it.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from vbot_sim.terrain.ground import Ground
from vbot_sim.terrain.parts import Ball, Box, Part, Pillar, Relief

F64 = NDArray[np.float64]

TILE_M = 0.6
RELIEF_TILE_M = 0.25
CAP_TILE_M = 0.2
ROUND = 10


@dataclass(frozen=True, eq=False)
class Face:
    """One flat face; corners [K, 3] run anticlockwise seen from outside."""

    corners: F64
    rgb: tuple[float, float, float]


def faces_of(ground: Ground) -> list[Face]:
    """Return everything of a ground that can be seen from above or from the side."""
    return [Face(corners, part.rgb) for part in ground.parts for corners in _corners(part)]  # type: ignore[attr-defined]


def _corners(part: Part) -> list[F64]:
    if isinstance(part, Box):
        return _box(part)
    if isinstance(part, Relief):
        return _surface(part, RELIEF_TILE_M)
    if isinstance(part, Ball):
        return _surface(part, CAP_TILE_M)
    assert isinstance(part, Pillar), "every kind of part has its faces"
    return _pillar(part)


def _cuts(half: float) -> F64:
    return np.linspace(-half, half, max(1, math.ceil(2.0 * half / TILE_M)) + 1)


def _box(part: Box) -> list[F64]:
    """Return tiles of the upper face and of the four sides."""
    hx, hy, hz = part.half_m
    found = [
        np.array([(x0, y0, hz), (x1, y0, hz), (x1, y1, hz), (x0, y1, hz)])
        for x0, x1 in pairwise(_cuts(hx))
        for y0, y1 in pairwise(_cuts(hy))
    ]
    for x0, x1 in pairwise(_cuts(hx)):
        found.append(np.array([(x0, -hy, -hz), (x1, -hy, -hz), (x1, -hy, hz), (x0, -hy, hz)]))
        found.append(np.array([(x1, hy, -hz), (x0, hy, -hz), (x0, hy, hz), (x1, hy, hz)]))
    for y0, y1 in pairwise(_cuts(hy)):
        found.append(np.array([(hx, y0, -hz), (hx, y1, -hz), (hx, y1, hz), (hx, y0, hz)]))
        found.append(np.array([(-hx, y1, -hz), (-hx, y0, -hz), (-hx, y0, hz), (-hx, y1, hz)]))
    cos, sin = math.cos(math.radians(part.tilt_deg)), math.sin(math.radians(part.tilt_deg))
    turn = np.array([(1.0, 0.0, 0.0), (0.0, cos, -sin), (0.0, sin, cos)])
    return [corners @ turn.T + np.asarray(part.centre_m) for corners in found]


def _surface(part: Relief | Ball, tile_m: float) -> list[F64]:
    """Return squares over the upper surface, where it is."""
    x_min, x_max, y_min, y_max = part.bounds()
    x = np.linspace(x_min, x_max, max(2, round((x_max - x_min) / tile_m) + 1))
    y = np.linspace(y_min, y_max, max(2, round((y_max - y_min) / tile_m) + 1))
    z = part.height_m(*np.meshgrid(x, y, indexing="ij"))
    found = []
    for i, k in np.ndindex(len(x) - 1, len(y) - 1):
        around = ((i, k), (i + 1, k), (i + 1, k + 1), (i, k + 1))
        corners = np.array([(x[a], y[b], z[a, b]) for a, b in around])
        if np.isfinite(corners).all():
            found.append(corners)
    return found


def _pillar(part: Pillar) -> list[F64]:
    x, y, z = part.centre_m
    angles = [2.0 * math.pi * k / ROUND for k in range(ROUND + 1)]
    ring = [(x + part.radius_m * math.cos(a), y + part.radius_m * math.sin(a)) for a in angles]
    low, high = z - part.half_length_m, z + part.half_length_m
    sides = [np.array([(*a, low), (*b, low), (*b, high), (*a, high)]) for a, b in pairwise(ring)]
    return [*sides, np.array([(*spot, high) for spot in ring[:-1]])]
