"""A world put together: its parts as MJCF, and the height of its ground anywhere.

Heights come from a fine table that is filled from the parts once, because looking up beats casting rays a thousand
times. There are two: of everything, and of what lies beneath what one can walk under.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from vbot_sim.terrain.field import field_parts
from vbot_sim.terrain.parts import F64, NOWHERE, Part, Relief
from vbot_sim.terrain.sections import course_parts

CELL_X_M, CELL_Y_M = 0.05, 0.02
MARGIN_M = 0.5
HEADROOM_M = 0.25
"""Ground higher than this above a trunk is not what its robot stands on, but what it walks under."""

FLOOR_M = 0.0
VOID_M = -2.0
"""What the table says where there is no ground."""

FIELD = "field"

F32 = NDArray[np.float32]


@dataclass(frozen=True)
class HeightMap:
    """Heights by place; `upper` and `lower` are [columns along x, rows along y]."""

    x_min_m: float
    y_min_m: float
    upper: F32
    lower: F32

    def height_m(self, x_m: NDArray[np.floating], y_m: NDArray[np.floating], z_m: NDArray[np.floating]) -> F32:
        """Return the height of the ground at (x, y) for a robot whose trunk is at height z; any equal shapes."""
        cell = self._cells(x_m, y_m)
        upper = self.upper.ravel()[cell]
        return np.where(upper > z_m + np.float32(HEADROOM_M), self.lower.ravel()[cell], upper)

    def _cells(self, x_m: NDArray[np.floating], y_m: NDArray[np.floating]) -> NDArray[np.intp]:
        columns, rows = self.upper.shape
        column = ((x_m - self.x_min_m) * (1.0 / CELL_X_M)).astype(np.intp)
        row = ((y_m - self.y_min_m) * (1.0 / CELL_Y_M)).astype(np.intp)
        np.clip(column, 0, columns - 1, out=column)
        np.clip(row, 0, rows - 1, out=row)
        column *= rows
        column += row
        return column


@dataclass(frozen=True, eq=False)
class Ground:
    """The solids of a world.

    Attributes:
        parts: the solids.
        floor: whether there is a plane at height 0 under them.
    """

    parts: tuple[Part, ...]
    floor: bool

    def assets_xml(self) -> str:
        """Return the MJCF assets of its height fields."""
        return "".join(part.asset_xml() for part in self.parts if isinstance(part, Relief))

    def bodies_xml(self, affinity: int) -> str:
        """Return the MJCF geoms; `affinity` is 1 where robot geoms also collide with each other."""
        floor = (
            f'<geom name="floor" type="plane" size="0 0 1" contype="1" conaffinity="{affinity}" condim="3" '
            'friction="1.0" rgba=".36 .42 .38 1"/>\n'
        )
        return (floor if self.floor else "") + "".join(part.xml(affinity) for part in self.parts)

    def bounds(self) -> tuple[float, float, float, float]:
        """Return x_min, x_max, y_min, y_max of everything."""
        x_min, x_max, y_min, y_max = zip(*(part.bounds() for part in self.parts), strict=True)
        return min(x_min), max(x_max), min(y_min), max(y_max)

    def surface_m(self, x_m: F64, y_m: F64, below_overhead: bool = False) -> F64:
        """Return the exact height at each place, `NOWHERE` where there is no ground."""
        height = np.full(np.broadcast(x_m, y_m).shape, FLOOR_M if self.floor else NOWHERE)
        for part in self.parts:
            if not (below_overhead and part.overhead):
                np.maximum(height, part.height_m(x_m, y_m), out=height)
        return height

    def height_map(self) -> HeightMap:
        """Return the table of heights."""
        x_min, x_max, y_min, y_max = self.bounds()
        x_min, y_min = x_min - MARGIN_M, y_min - MARGIN_M
        columns = math.ceil((x_max + MARGIN_M - x_min) / CELL_X_M)
        rows = math.ceil((y_max + MARGIN_M - y_min) / CELL_Y_M)
        lower = np.full((columns, rows), FLOOR_M if self.floor else VOID_M)
        x, y = x_min + CELL_X_M * (np.arange(columns) + 0.5), y_min + CELL_Y_M * (np.arange(rows) + 0.5)
        for part in (part for part in self.parts if not part.overhead):
            _raise(lower, x, y, part)
        upper = lower.copy()
        for part in (part for part in self.parts if part.overhead):
            _raise(upper, x, y, part)
        return HeightMap(x_min, y_min, upper.astype(np.float32), lower.astype(np.float32))


def _raise(heights: F64, x_m: NDArray[np.floating], y_m: NDArray[np.floating], part: Part) -> None:
    """Enter a part into a table of heights [x, y]."""
    x_min, x_max, y_min, y_max = part.bounds()
    columns = slice(*np.searchsorted(x_m, (x_min, x_max)))
    rows = slice(*np.searchsorted(y_m, (y_min, y_max)))
    near = heights[columns, rows]
    np.maximum(near, part.height_m(*np.meshgrid(x_m[columns], y_m[rows], indexing="ij")), out=near)


@lru_cache(maxsize=8)
def build_ground(world: str, seed: int) -> Ground:
    """Return a world by name: a section, "long_course" or "field"; `seed` chooses its random ground."""
    if world == FIELD:
        return Ground(field_parts(seed), floor=True)
    return Ground(course_parts(world, seed), floor=False)


@lru_cache(maxsize=8)
def height_map(world: str, seed: int) -> HeightMap:
    """Return the table of heights of a world."""
    return build_ground(world, seed).height_map()
