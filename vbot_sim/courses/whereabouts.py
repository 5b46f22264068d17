"""Where robots are on a course, and which of many places each of them is at."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vbot_sim.courses.routes import FOOTPRINT_M, Zone
from vbot_sim.courses.rules import Box

F32 = NDArray[np.float32]
Bools = NDArray[np.bool_]
Ids = NDArray[np.integer] | slice


@dataclass
class Whereabouts:
    """Where trunks are and how they move; each array is [N]."""

    x_m: F32
    y_m: F32
    z_m: F32
    yaw_rad: F32
    speed_mps: F32
    above_ground_m: F32
    touching: Bools  # the trunk touches the ground

    def take(self, ids: Ids) -> "Whereabouts":
        """Return those of some simulations."""
        return Whereabouts(*(getattr(self, name)[ids] for name in self.__dataclass_fields__))


class Places:
    """Zones and boxes as tables, so that everybody is compared with all of them at once.

    Args:
        places: Z of them.
    """

    def __init__(self, places: Sequence[Zone | Box]) -> None:
        zones = [k for k, place in enumerate(places) if isinstance(place, Zone)]
        boxes = [k for k, place in enumerate(places) if isinstance(place, Box)]
        self._count = len(places)
        self._zones, self._boxes = np.array(zones, np.intp), np.array(boxes, np.intp)
        given = [place for place in places if isinstance(place, Zone)]
        self._x, self._y = _row(z.x_m for z in given), _row(z.y_m for z in given)
        self._radius = _row(z.radius_m for z in given)
        self._low, self._high = _row(z.z_min_m for z in given), _row(z.z_max_m for z in given)
        found = [place for place in places if isinstance(place, Box)]
        self._x_range = _row(b.x_min_m for b in found), _row(b.x_max_m for b in found)
        self._y_range = _row(b.y_min_m for b in found), _row(b.y_max_m for b in found)
        self._z_range = _row(b.z_min_m for b in found), _row(b.z_max_m for b in found)

    def at(self, at: Whereabouts) -> Bools:
        """Return who is where [N, Z]."""
        found = np.zeros((len(at.x_m), self._count), np.bool_)
        if len(self._zones):
            found[:, self._zones] = self._at_zones(at)
        if len(self._boxes):
            found[:, self._boxes] = self._in_boxes(at)
        return found

    def _at_zones(self, at: Whereabouts) -> Bools:
        dx, dy = self._x - at.x_m[:, None], self._y - at.y_m[:, None]
        cos, sin = np.cos(at.yaw_rad)[:, None], np.sin(at.yaw_rad)[:, None]
        ahead, left = np.abs(cos * dx + sin * dy), np.abs(cos * dy - sin * dx)
        beneath = (ahead <= FOOTPRINT_M[0]) & (left <= FOOTPRINT_M[1])
        near = np.where(self._radius > 0.0, dx * dx + dy * dy < self._radius**2, beneath)
        z = at.z_m[:, None]
        there: Bools = near & (z >= self._low) & (z <= self._high)
        return there

    def _in_boxes(self, at: Whereabouts) -> Bools:
        inside = np.ones((len(at.x_m), len(self._boxes)), np.bool_)
        for values, (low, high) in ((at.x_m, self._x_range), (at.y_m, self._y_range), (at.z_m, self._z_range)):
            inside &= (values[:, None] >= low) & (values[:, None] <= high)
        return inside


def _row(numbers: Iterable[float]) -> F32:
    return np.array(list(numbers), np.float32)
