"""The solids that terrain is made of: each as MJCF, and each with the height of its upper surface.

Lengths are in metres, positions in the world frame. A height is that of the highest point of the solid above (x, y),
minus infinity where there is none; so the height of a world is the maximum over its parts.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

STONE = (0.58, 0.56, 0.52)
NOWHERE = -np.inf


class Part(Protocol):
    """One solid of a world."""

    @property
    def overhead(self) -> bool:
        """Whether a robot can also walk beneath it, so that the ground below matters."""
        ...

    def xml(self, affinity: int) -> str:
        """Return the MJCF geom; `affinity` is 1 where robot geoms also collide with each other."""
        ...

    def bounds(self) -> tuple[float, float, float, float]:
        """Return x_min, x_max, y_min, y_max of its shadow on the ground."""
        ...

    def height_m(self, x_m: F64, y_m: F64) -> F64:
        """Return the height of its upper surface."""
        ...


def _geom(kind: str, size: str, place: str, rgb: tuple[float, float, float], affinity: int) -> str:
    """Return a geom that the robot can touch; friction is decided by the feet, which have priority."""
    colour = " ".join(f"{part:g}" for part in rgb)
    return (
        f'<geom type="{kind}" {size} {place} contype="1" conaffinity="{affinity}" condim="3" '
        f'friction="1.0" rgba="{colour} 1"/>\n'
    )


@dataclass(frozen=True)
class Box:
    """A box, turned about the world's x axis by `tilt_deg` (positive: rising along +y)."""

    half_m: tuple[float, float, float]
    centre_m: tuple[float, float, float]
    tilt_deg: float = 0.0
    rgb: tuple[float, float, float] = STONE
    overhead: bool = False

    def xml(self, affinity: int) -> str:
        """Return the MJCF geom."""
        half = math.radians(self.tilt_deg) / 2.0
        size = f'size="{_row(self.half_m)}"'
        place = f'pos="{_row(self.centre_m)}" quat="{math.cos(half):.12g} {math.sin(half):.12g} 0 0"'
        return _geom("box", size, place, self.rgb, affinity)

    def bounds(self) -> tuple[float, float, float, float]:
        """Return x_min, x_max, y_min, y_max of its shadow."""
        angle = math.radians(self.tilt_deg)
        reach = self.half_m[1] * math.cos(angle) + self.half_m[2] * abs(math.sin(angle))
        x, y, _ = self.centre_m
        return x - self.half_m[0], x + self.half_m[0], y - reach, y + reach

    def height_m(self, x_m: F64, y_m: F64) -> F64:
        """Return the height of the upper face, and beyond its raised edge that of the end face that shows there."""
        angle = math.radians(self.tilt_deg)
        cos, sin = math.cos(angle), math.sin(angle)
        hx, hy, hz = self.half_m
        along = y_m - self.centre_m[1] + hz * sin  # from the middle of the upper face, seen from above
        height = self.centre_m[2] + hz * cos + along * (sin / cos)
        inside = np.abs(along) <= hy * cos
        if sin != 0.0:
            beyond = along * math.copysign(1.0, sin) - hy * cos
            face = (beyond > 0.0) & (beyond <= 2.0 * hz * abs(sin))
            edge = self.centre_m[2] + hz * cos + hy * abs(sin)
            height = np.where(face, edge - beyond * (cos / abs(sin)), height)
            inside |= face
        return np.where(inside & (np.abs(x_m - self.centre_m[0]) <= hx), height, NOWHERE)


@dataclass(frozen=True)
class Pillar:
    """An upright cylinder."""

    radius_m: float
    half_length_m: float
    centre_m: tuple[float, float, float]
    rgb: tuple[float, float, float] = STONE
    overhead: bool = False

    def xml(self, affinity: int) -> str:
        """Return the MJCF geom."""
        size = f'size="{self.radius_m:g} {self.half_length_m:g}"'
        return _geom("cylinder", size, f'pos="{_row(self.centre_m)}"', self.rgb, affinity)

    def bounds(self) -> tuple[float, float, float, float]:
        """Return x_min, x_max, y_min, y_max of its shadow."""
        return _disc(self.centre_m, self.radius_m)

    def height_m(self, x_m: F64, y_m: F64) -> F64:
        """Return the height of the upper face."""
        inside = np.hypot(x_m - self.centre_m[0], y_m - self.centre_m[1]) <= self.radius_m
        return np.where(inside, self.centre_m[2] + self.half_length_m, NOWHERE)


@dataclass(frozen=True)
class Ball:
    """A fixed sphere; mostly only its cap shows."""

    radius_m: float
    centre_m: tuple[float, float, float]
    rgb: tuple[float, float, float] = STONE
    overhead: bool = False

    def xml(self, affinity: int) -> str:
        """Return the MJCF geom."""
        return _geom("sphere", f'size="{self.radius_m:g}"', f'pos="{_row(self.centre_m)}"', self.rgb, affinity)

    def bounds(self) -> tuple[float, float, float, float]:
        """Return x_min, x_max, y_min, y_max of its shadow."""
        return _disc(self.centre_m, self.radius_m)

    def height_m(self, x_m: F64, y_m: F64) -> F64:
        """Return the height of the upper half."""
        above = self.radius_m**2 - (x_m - self.centre_m[0]) ** 2 - (y_m - self.centre_m[1]) ** 2
        return np.where(above >= 0.0, self.centre_m[2] + np.sqrt(np.maximum(above, 0.0)), NOWHERE)


@dataclass(frozen=True)
class Relief:
    """Uneven ground: heights on a regular grid over a rectangle, flat triangles between them.

    Attributes:
        name: of the height field; equal names must have equal shares.
        half_m: half lengths of the rectangle in x and y.
        centre_m: its centre; z is that of height 0.
        top_m: height of the share 1.
        shares: [rows along y, columns along x], from exactly 0 to exactly 1.
    """

    name: str
    half_m: tuple[float, float]
    centre_m: tuple[float, float, float]
    top_m: float
    shares: F64
    rgb: tuple[float, float, float] = (0.50, 0.55, 0.42)
    overhead: bool = False

    def asset_xml(self) -> str:
        """Return the MJCF asset; its text lists the row of the largest y first."""
        rows, columns = self.shares.shape
        heights = " ".join(f"{share:.5g}" for share in self.shares[::-1].ravel())
        size = f"{self.half_m[0]:g} {self.half_m[1]:g} {self.top_m:g} 0.05"
        return f'<hfield name="{self.name}" nrow="{rows}" ncol="{columns}" size="{size}" elevation="{heights}"/>\n'

    def xml(self, affinity: int) -> str:
        """Return the MJCF geom."""
        return _geom("hfield", f'hfield="{self.name}"', f'pos="{_row(self.centre_m)}"', self.rgb, affinity)

    def bounds(self) -> tuple[float, float, float, float]:
        """Return x_min, x_max, y_min, y_max of its shadow."""
        (x, y, _), (hx, hy) = self.centre_m, self.half_m
        return x - hx, x + hx, y - hy, y + hy

    def height_m(self, x_m: F64, y_m: F64) -> F64:
        """Return the height of the triangles: each cell has two, parted by its rising diagonal."""
        rows, columns = self.shares.shape
        u = (x_m - self.centre_m[0] + self.half_m[0]) * ((columns - 1) / (2.0 * self.half_m[0]))
        v = (y_m - self.centre_m[1] + self.half_m[1]) * ((rows - 1) / (2.0 * self.half_m[1]))
        inside = (u >= 0.0) & (u <= columns - 1) & (v >= 0.0) & (v <= rows - 1)
        column = np.clip(u, 0, columns - 2).astype(np.intp)
        row = np.clip(v, 0, rows - 2).astype(np.intp)
        a, b = u - column, v - row
        low, right = self.shares[row, column], self.shares[row, column + 1]
        up, far = self.shares[row + 1, column], self.shares[row + 1, column + 1]
        right_of_it = low + a * (right - low) + b * (far - right)
        left_of_it = low + b * (up - low) + a * (far - up)
        share = np.where(a >= b, right_of_it, left_of_it)
        return np.where(inside, self.centre_m[2] + self.top_m * share, NOWHERE)


def _row(numbers: tuple[float, ...]) -> str:
    return " ".join(f"{number:.10g}" for number in numbers)


def _disc(centre_m: tuple[float, float, float], radius_m: float) -> tuple[float, float, float, float]:
    x, y, _ = centre_m
    return x - radius_m, x + radius_m, y - radius_m, y + radius_m
