"""Where the trunk is and how it moves, seen from its own frame and from its target.

Rows are simulations; everything is float32. Rotations use the quaternion directly (v + 2 w (q x v) + 2 q x (q x v)),
which needs no rotation matrices.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]


@dataclass
class TrunkMotion:
    """Pose and velocity of the trunk relative to body frame (b), world (w) and target; each array is [N]."""

    velocity_b: tuple[F32, F32, F32]
    gyro_b: tuple[F32, F32, F32]
    gravity_b: tuple[F32, F32, F32]
    target_forward_m: F32  # target in the heading frame: x ahead, y left
    target_left_m: F32
    distance_m: F32
    bearing_error_rad: F32
    speed_mps: F32
    approach_speed_mps: F32
    vertical_speed_mps: F32
    centre_distance_m: F32


def trunk_motion(qpos: F32, qvel: F32, target_m: F32) -> TrunkMotion:
    """Compute the motion of all trunks.

    Args:
        qpos: [N, 19], the trunk's world position, its quaternion (w x y z), the joints.
        qvel: [N, 18], the trunk's world velocity, its body-frame angular velocity, the joints.
        target_m: [N, 2], world position of the target.
    """
    px, py, w, x, y, z = np.ascontiguousarray(qpos[:, (0, 1, 3, 4, 5, 6)].T)
    vx, vy, vz, gx, gy, gz = np.ascontiguousarray(qvel[:, :6].T)

    forward_x = 1.0 - 2.0 * (y * y + z * z)
    forward_y = 2.0 * (x * y + w * z)
    inv_norm = 1.0 / np.maximum(np.hypot(forward_x, forward_y), np.float32(1e-6))
    cos_yaw, sin_yaw = forward_x * inv_norm, forward_y * inv_norm

    to_x, to_y = target_m[:, 0] - px, target_m[:, 1] - py
    ahead = cos_yaw * to_x + sin_yaw * to_y
    left = cos_yaw * to_y - sin_yaw * to_x
    distance = np.hypot(to_x, to_y)
    inv_distance = 1.0 / np.maximum(distance, np.float32(1e-3))
    return TrunkMotion(
        velocity_b=to_body(w, x, y, z, vx, vy, vz),
        gyro_b=(gx, gy, gz),
        gravity_b=(2.0 * (w * y - x * z), -2.0 * (y * z + w * x), 2.0 * (x * x + y * y) - 1.0),
        target_forward_m=ahead,
        target_left_m=left,
        distance_m=distance,
        bearing_error_rad=np.arctan2(left, ahead),
        speed_mps=np.hypot(vx, vy),
        approach_speed_mps=(vx * to_x + vy * to_y) * inv_distance,
        vertical_speed_mps=vz,
        centre_distance_m=np.hypot(px, py),
    )


def to_body(w: F32, x: F32, y: F32, z: F32, vx: F32, vy: F32, vz: F32) -> Any:  # noqa: ANN401 (a tuple of F32)
    """Rotate world vectors into the body frame."""
    tx, ty, tz = 2.0 * (y * vz - z * vy), 2.0 * (z * vx - x * vz), 2.0 * (x * vy - y * vx)
    return (
        vx - w * tx + (y * tz - z * ty),
        vy - w * ty + (z * tx - x * tz),
        vz - w * tz + (x * ty - y * tx),
    )
