"""The 54 numbers the policy sees.

| index | content | scale |
|---|---|---|
| 0-2 | linear velocity, body frame | 2 |
| 3-5 | angular velocity, body frame | 0.25 |
| 6-8 | gravity direction, body frame | 1 |
| 9-20 | joint angles less the default pose | 1 |
| 21-32 | joint speeds | 0.05 |
| 33-44 | the filtered action | 1 |
| 45-47 | velocity command: towards the target in the heading frame (at most 1 m/s), yaw rate | 2, 2, 0.25 |
| 48-49 | target in the heading frame, clipped to 1 | 1 / position_scale_m |
| 50 | bearing to the target, fading inside the reach radius | 1 / pi |
| 51 | distance, clipped to 1 | 1 / position_scale_m |
| 52 | inside the reach radius | 1 |
| 53 | inside, and slow enough for success | 1 |

Everything is relative to the robot, so that the task looks the same from every side of the arena.
"""

import math

import numpy as np

from vbot_sim.kinematics import F32, TrunkMotion
from vbot_sim.schema import EpisodeCfg, ObservationCfg

OBS_DIM = 54
VELOCITY_SCALE = 2.0
GYRO_SCALE = 0.25
JOINT_SPEED_SCALE = 0.05
YAW_DEADBAND_RAD = math.radians(8.0)

#: Amplitudes of the uniform noise at level 1, in the units of the quantities.
NOISE_VELOCITY, NOISE_GYRO, NOISE_GRAVITY, NOISE_JOINT, NOISE_JOINT_SPEED = 0.1, 0.2, 0.05, 0.03, 1.5
NOISY = 33
"""The first 33 numbers are measured and carry noise; the others are computed."""


def noise_amplitudes(level: float) -> F32:
    """Return the amplitude of the noise on each measured number [33], in observation units."""
    rows = (
        [NOISE_VELOCITY * VELOCITY_SCALE] * 3
        + [NOISE_GYRO * GYRO_SCALE] * 3
        + [NOISE_GRAVITY] * 3
        + [NOISE_JOINT] * 12
        + [NOISE_JOINT_SPEED * JOINT_SPEED_SCALE] * 12
    )
    return np.asarray(rows, np.float32) * np.float32(level)


def write_observation(
    out: F32, motion: TrunkMotion, joint_offset: F32, joint_speed: F32, action: F32, obs: ObservationCfg, ep: EpisodeCfg
) -> None:
    """Fill `out` [N, 54] in place.

    Args:
        out: the buffer.
        motion: the trunks' motion.
        joint_offset: [N, 12] joint angles less the default pose.
        joint_speed: [N, 12].
        action: [N, 12] the filtered action.
        obs: scales.
        ep: the reach radius and the success speed.
    """
    for column, velocity in enumerate(motion.velocity_b):
        np.multiply(velocity, np.float32(VELOCITY_SCALE), out=out[:, column])
    for column, rate in enumerate(motion.gyro_b):
        np.multiply(rate, np.float32(GYRO_SCALE), out=out[:, 3 + column])
    for column, gravity in enumerate(motion.gravity_b):
        out[:, 6 + column] = gravity
    out[:, 9:21] = joint_offset
    np.multiply(joint_speed, np.float32(JOINT_SPEED_SCALE), out=out[:, 21:33])
    out[:, 33:45] = action
    _write_target(out, motion, obs, ep)


def _write_target(out: F32, motion: TrunkMotion, obs: ObservationCfg, ep: EpisodeCfg) -> None:
    distance, bearing = motion.distance_m, motion.bearing_error_rad
    inside = distance < ep.reach_radius_m
    pull = np.float32(VELOCITY_SCALE) / np.maximum(distance, np.float32(1.0))
    if obs.command_zero_inside:
        pull = pull * ~inside
    np.multiply(motion.target_forward_m, pull, out=out[:, 45])
    np.multiply(motion.target_left_m, pull, out=out[:, 46])
    turning = (np.abs(bearing) > YAW_DEADBAND_RAD) & ~inside
    np.multiply(np.clip(bearing, -1.0, 1.0), turning * np.float32(GYRO_SCALE), out=out[:, 47])
    unit = np.float32(1.0 / obs.position_scale_m)
    np.clip(motion.target_forward_m * unit, -1.0, 1.0, out=out[:, 48])
    np.clip(motion.target_left_m * unit, -1.0, 1.0, out=out[:, 49])
    fade = np.minimum(distance * np.float32(1.0 / (math.pi * ep.reach_radius_m)), np.float32(1.0 / math.pi))
    np.multiply(bearing, fade, out=out[:, 50])
    np.minimum(distance * unit, 1.0, out=out[:, 51])
    out[:, 52] = inside
    out[:, 53] = inside & (motion.speed_mps < ep.success_speed_mps)
