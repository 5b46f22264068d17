"""When an episode is over and why: pure tests on arrays, and the order in which causes are named."""

import math

import numpy as np
from numpy.typing import NDArray

from vbot_sim.episode import BoolArray, FloatArray
from vbot_sim.schema import TerminationCfg

CAUSES: tuple[str, ...] = (
    "success",
    "time_limit",
    "trunk_contact",
    "tilt",
    "joint_speed",
    "out_of_bounds",
    "non_finite",
)
FALL_CAUSES: tuple[str, ...] = ("trunk_contact", "tilt")
NO_CAUSE = -1


def cause_index(name: str) -> int:
    """Return the number of a cause."""
    return CAUSES.index(name)


def tilted(gravity_z_b: FloatArray, limit_deg: float) -> BoolArray:
    """Return where the trunk leans more than the limit from upright.

    Args:
        gravity_z_b: z component of the unit gravity vector in the body frame: -1 upright, +1 upside down.
        limit_deg: the limit in degrees.
    """
    over: BoolArray = gravity_z_b > -math.cos(math.radians(limit_deg))
    return over


def failures(
    cfg: TerminationCfg,
    trunk_contact: BoolArray,
    gravity_z_b: FloatArray,
    max_joint_speed_radps: FloatArray,
    centre_distance_m: FloatArray,
    non_finite: BoolArray,
) -> NDArray[np.int8]:
    """Return the cause of failure of each simulation as an index into CAUSES, or NO_CAUSE."""
    cause = np.full(gravity_z_b.shape, NO_CAUSE, np.int8)
    cause[centre_distance_m > cfg.out_of_bounds_m] = cause_index("out_of_bounds")
    cause[max_joint_speed_radps > cfg.joint_speed_radps] = cause_index("joint_speed")
    cause[tilted(gravity_z_b, cfg.tilt_deg)] = cause_index("tilt")
    if cfg.trunk_contact:
        cause[trunk_contact] = cause_index("trunk_contact")
    cause[non_finite] = cause_index("non_finite")
    return cause


def endings(failure: NDArray[np.int8], success_over: BoolArray, time_over: BoolArray) -> NDArray[np.int8]:
    """Return the cause of the end of each episode, or NO_CAUSE; a failure comes before success, success before time."""
    cause = failure.copy()
    free = failure == NO_CAUSE
    cause[free & time_over] = cause_index("time_limit")
    cause[free & success_over] = cause_index("success")
    return cause
