"""What the policy sees on a course, and what only its critic sees.

A row is [privileged | own motion and target | scan]. The middle is either the flat task's 54 numbers or, as in the old
sections, these 69:

| index | content | scale |
|---|---|---|
| 0-44 | as in the flat task: velocity, turning, gravity, joints, joint speeds, filtered action | as there |
| 45-46 | target in the heading frame | 1 / 5 |
| 47 | bearing to the target | 1 / pi |
| 48 | height of the trunk, (z - 0.5) / 1.2, clipped to 1 | 1 |
| 49 | celebration: idle, walking, posing, done | 1 / 3 |
| 50-53 | feet on the ground | 1 |
| 54-56 | proper acceleration of the trunk, body frame, clipped to 3 | 1 / 20 |
| 57-68 | torque over its limit | 1 |

As everywhere here, directions are relative to the robot, where the old ones were in the world's axes. The scan is the
height of the ground relative to the feet of a standing robot, on a grid that turns with its heading.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vbot_sim.courses.schema import SensingCfg
from vbot_sim.kinematics import F32, TrunkMotion
from vbot_sim.observation import NOISY, OBS_DIM
from vbot_sim.robot import LEGS, STANDING_HEIGHT_M
from vbot_sim.symmetry import BEARING, JOINTS_MIRROR, MIRROR, SIDE_MIN, Mirror, SignedPermutation
from vbot_sim.terrain.ground import HeightMap

SECTION_DIM = 69
SECTION_BEARING = 47
POSITION_SCALE_M = 5.0
ACCELERATION_SCALE, ACCELERATION_CLIP = 20.0, 3.0

SCAN_FORWARD_M = np.linspace(-0.35, 0.65, 11)
SCAN_LEFT_M = np.array([-0.3, -0.15, 0.0, 0.15, 0.3])
SCAN_DIM = len(SCAN_FORWARD_M) * len(SCAN_LEFT_M)
SCAN_RANGE_M = 0.5
FEET_RANGE_M = 0.2
OWN_DIM = len(LEGS) + 3
"""Privileged beside a scan: height of each foot above the ground, of the trunk, progress and time left."""

_GRID = np.stack(np.meshgrid(SCAN_FORWARD_M, SCAN_LEFT_M, indexing="ij"), axis=-1).reshape(-1, 2).astype(np.float32)
_HIP = np.array([[0.18453, -0.051], [0.18453, 0.051], [-0.18453, -0.051], [-0.18453, 0.051]], np.float32)
_SIDE = np.array([-0.0975, 0.0975, -0.0975, 0.0975], np.float32)
_THIGH_M, _CALF_M = np.float32(0.1985), np.float32(0.214)


@dataclass(frozen=True)
class Layout:
    """Where the parts of a row are."""

    privileged: int  # numbers for the critic alone, first in the row
    middle: int
    scan: int

    @classmethod
    def of(cls, cfg: SensingCfg) -> "Layout":
        """Return the layout of a sensing config."""
        blind = cfg.privileged and not cfg.scan
        return cls(
            privileged=(OWN_DIM + (SCAN_DIM if blind else 0)) if cfg.privileged else 0,
            middle=OBS_DIM if cfg.layout == "navigation" else SECTION_DIM,
            scan=SCAN_DIM if cfg.scan else 0,
        )

    @property
    def size(self) -> int:
        """Length of a row."""
        return self.privileged + self.middle + self.scan

    @property
    def noisy(self) -> slice:
        """The numbers that are measured and carry noise."""
        return slice(self.privileged, self.privileged + NOISY)


def yaw_of(q: F32) -> F32:
    """Return the headings [N] of generalised positions [N, 19]."""
    w, x, y, z = q[:, 3], q[:, 4], q[:, 5], q[:, 6]
    yaw: F32 = np.arctan2(2.0 * (x * y + w * z), 1.0 - 2.0 * (y * y + z * z))
    return yaw


def feet_m(q: F32) -> F32:
    """Return the places of the feet's centres [N, 4, 3] in the world."""
    hip, thigh, calf = q[:, 7::3], q[:, 8::3], q[:, 9::3]
    ahead = -_THIGH_M * np.sin(thigh) - _CALF_M * np.sin(thigh + calf)
    below = -_THIGH_M * np.cos(thigh) - _CALF_M * np.cos(thigh + calf)
    cos, sin = np.cos(hip), np.sin(hip)
    x, y, z = _HIP[:, 0] + ahead, _HIP[:, 1] + _SIDE * cos - below * sin, _SIDE * sin + below * cos
    qw, qx, qy, qz = (q[:, k, None] for k in (3, 4, 5, 6))
    tx, ty, tz = 2.0 * (qy * z - qz * y), 2.0 * (qz * x - qx * z), 2.0 * (qx * y - qy * x)
    turned = (x + qw * tx + qy * tz - qz * ty, y + qw * ty + qz * tx - qx * tz, z + qw * tz + qx * ty - qy * tx)
    places: F32 = np.stack(turned, axis=-1) + q[:, None, :3]
    return places


def write_scan(out: F32, ground: HeightMap, q: F32) -> None:
    """Write the heights around [N, 55]: ground below the feet's level is negative; in units of half a metre."""
    yaw = yaw_of(q)[:, None]
    cos, sin = np.cos(yaw), np.sin(yaw)
    x = q[:, :1] + cos * _GRID[:, 0] - sin * _GRID[:, 1]
    y = q[:, 1:2] + sin * _GRID[:, 0] + cos * _GRID[:, 1]
    level = q[:, 2:3] - np.float32(STANDING_HEIGHT_M)
    height = ground.height_m(x, y, np.broadcast_to(q[:, 2:3], x.shape)) - level
    np.clip(height * np.float32(1.0 / SCAN_RANGE_M), -1.0, 1.0, out=out)


def write_privileged(out: F32, ground: HeightMap, q: F32, progress: F32, time_left: F32) -> None:
    """Write what only the critic sees beside a scan [N, 7]."""
    feet = feet_m(q)
    z = np.broadcast_to(q[:, 2:3], feet.shape[:2])
    above = feet[:, :, 2] - ground.height_m(feet[:, :, 0], feet[:, :, 1], z)
    np.clip(above * np.float32(1.0 / FEET_RANGE_M), -1.0, 1.0, out=out[:, :4])
    trunk = q[:, 2] - ground.height_m(q[:, 0], q[:, 1], q[:, 2])
    np.clip(trunk - np.float32(STANDING_HEIGHT_M), -1.0, 1.0, out=out[:, 4])
    out[:, 5], out[:, 6] = progress, time_left


def write_section(
    out: F32,
    motion: TrunkMotion,
    z_m: F32,
    celebration: NDArray[np.int32],
    contact: F32,
    acceleration_b: tuple[F32, F32, F32],
    torque_share: F32,
) -> None:
    """Write numbers 45 to 68 of the old sections' layout into the middle [N, 69] of a row."""
    np.clip(motion.target_forward_m * np.float32(1.0 / POSITION_SCALE_M), -1.0, 1.0, out=out[:, 45])
    np.clip(motion.target_left_m * np.float32(1.0 / POSITION_SCALE_M), -1.0, 1.0, out=out[:, 46])
    np.multiply(motion.bearing_error_rad, np.float32(1.0 / math.pi), out=out[:, SECTION_BEARING])
    np.clip((z_m - np.float32(0.5)) * np.float32(1.0 / 1.2), -1.0, 1.0, out=out[:, 48])
    np.multiply(celebration, np.float32(1.0 / 3.0), out=out[:, 49], casting="unsafe")
    out[:, 50:54] = contact
    for column, part in enumerate(acceleration_b):
        scaled = part * np.float32(1.0 / ACCELERATION_SCALE)
        np.clip(scaled, -ACCELERATION_CLIP, ACCELERATION_CLIP, out=out[:, 54 + column])
    np.clip(torque_share, -1.0, 1.0, out=out[:, 57:69])


def mirror(cfg: SensingCfg) -> Mirror:
    """Return what a mirror does to the rows and actions of a course; with no side, a goal straight ahead."""
    layout = Layout.of(cfg)
    bearing = BEARING if layout.middle == OBS_DIM else SECTION_BEARING
    scan = _scan_mirror()
    parts = []
    if cfg.privileged:
        feet = [k ^ 1 for k in range(len(LEGS))]  # right and left change places
        parts.append(SignedPermutation(np.array([*feet, 4, 5, 6]), np.ones(OWN_DIM, np.float32)))
        if not cfg.scan:
            parts.append(scan)
    parts.append(MIRROR.observation if layout.middle == OBS_DIM else _section_mirror())
    if cfg.scan:
        parts.append(scan)
    return Mirror(_joined(parts), JOINTS_MIRROR, side=layout.privileged + bearing, side_min=SIDE_MIN)


def _scan_mirror() -> SignedPermutation:
    left = len(SCAN_LEFT_M)
    source = [row * left + (left - 1 - column) for row in range(len(SCAN_FORWARD_M)) for column in range(left)]
    return SignedPermutation(np.array(source), np.ones(SCAN_DIM, np.float32))


def _section_mirror() -> SignedPermutation:
    flat = MIRROR.observation
    source = np.concatenate([flat.source[:45], np.arange(45, 50), [51, 50, 53, 52], np.arange(54, 57)])
    sign = np.concatenate([flat.sign[:45], [1, -1, -1, 1, 1], np.ones(4), [1, -1, 1]])
    return _joined([SignedPermutation(source, sign.astype(np.float32)), JOINTS_MIRROR])


def _joined(parts: list[SignedPermutation]) -> SignedPermutation:
    """Return one map of the parts side by side."""
    starts = np.cumsum([0, *(len(part.source) for part in parts[:-1])])
    source = np.concatenate([part.source + start for part, start in zip(parts, starts, strict=True)])
    sign = np.concatenate([part.sign for part in parts])
    return SignedPermutation(source.astype(np.intp), sign.astype(np.float32))
