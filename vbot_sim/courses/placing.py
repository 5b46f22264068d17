"""Putting robots on uneven ground: the trunk parallel to the ground under its feet, the feet just above it."""

import numpy as np
from numpy.typing import NDArray

from vbot_sim.robot import FOOT_RADIUS_M, STANDING_HEIGHT_M
from vbot_sim.terrain.ground import HeightMap

F64 = NDArray[np.float64]

#: Feet of the default pose below the trunk: forward and left, in the order of the legs.
FEET_M = np.array([[0.1967, -0.1485], [0.1967, 0.1485], [-0.1724, -0.1485], [-0.1724, 0.1485]])
CLEARANCE_M = 0.015
_FOOTPRINT_M = FOOT_RADIUS_M


def place(ground: HeightMap, x_m: F64, y_m: F64, yaw_rad: F64, near_z_m: F64) -> tuple[F64, F64]:
    """Return trunk heights [k] and orientations [k, 4] (w x y z) of robots that stand at the given places.

    Args:
        ground: heights.
        x_m: [k].
        y_m: [k].
        yaw_rad: [k] headings.
        near_z_m: [k] roughly where the trunk is: what is far above it is not stood on.
    """
    heights = feet_ground(ground, x_m, y_m, yaw_rad, near_z_m)
    fore, aft = heights[:, :2].mean(axis=1), heights[:, 2:].mean(axis=1)
    right, left = heights[:, ::2].mean(axis=1), heights[:, 1::2].mean(axis=1)
    pitch = -np.arctan2(fore - aft, FEET_M[0, 0] - FEET_M[2, 0])  # positive is nose down
    roll = np.arctan2(left - right, 2.0 * FEET_M[1, 1])
    plane = heights.mean(axis=1) + np.tan(-pitch) * -FEET_M[:, 0].mean()
    flat = plane[:, None] + np.tan(-pitch)[:, None] * FEET_M[:, 0] + np.tan(roll)[:, None] * FEET_M[:, 1]
    rise = (heights - flat).max(axis=1)
    z = plane + STANDING_HEIGHT_M / (np.cos(pitch) * np.cos(roll)) + np.maximum(rise, 0.0) + CLEARANCE_M
    return z, _quaternion(yaw_rad, pitch, roll)


def feet_ground(ground: HeightMap, x_m: F64, y_m: F64, yaw_rad: F64, near_z_m: F64) -> F64:
    """Return the highest ground under each foot [k, 4] of the default pose."""
    cos, sin = np.cos(yaw_rad)[:, None], np.sin(yaw_rad)[:, None]
    x = x_m[:, None] + cos * FEET_M[:, 0] - sin * FEET_M[:, 1]
    y = y_m[:, None] + sin * FEET_M[:, 0] + cos * FEET_M[:, 1]
    z = np.broadcast_to(near_z_m[:, None], x.shape)
    heights = [
        ground.height_m(x + a * _FOOTPRINT_M, y + b * _FOOTPRINT_M, z)
        for a, b in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))
    ]
    highest: F64 = np.max(heights, axis=0).astype(np.float64)
    return highest


def _quaternion(yaw: F64, pitch: F64, roll: F64) -> F64:
    """Return orientations [k, 4] turned by roll about x, then pitch about y, then yaw about z."""
    cy, sy, cp, sp = np.cos(yaw / 2), np.sin(yaw / 2), np.cos(pitch / 2), np.sin(pitch / 2)
    cr, sr = np.cos(roll / 2), np.sin(roll / 2)
    return np.stack(
        [
            cy * cp * cr + sy * sp * sr,
            cy * cp * sr - sy * sp * cr,
            cy * sp * cr + sy * cp * sr,
            sy * cp * cr - cy * sp * sr,
        ],
        axis=1,
    )
