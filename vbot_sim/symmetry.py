"""The robot seen in a mirror: observations and actions of the same motion with left and right exchanged.

The mirror is the robot's own x-z plane. Components along y change sign, and so do rotations about x and z; the legs
change sides. All of the task is relative to the robot, so a mirrored motion is an equally good one and earns the same
reward. The robot's measured inertias differ by a few grams between the sides: the physics follows the mirror nearly,
not exactly.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vbot_sim.robot import JOINTS


@dataclass(frozen=True)
class SignedPermutation:
    """A linear map of vectors: number i of the result is ``sign[i]`` times number ``source[i]`` of the input."""

    source: NDArray[np.intp]
    sign: NDArray[np.float32]

    def __call__(self, values: NDArray[np.floating]) -> NDArray[np.float32]:
        """Map ``values`` [..., n]; returns a new array."""
        mapped: NDArray[np.float32] = values[..., self.source] * self.sign
        return mapped


@dataclass(frozen=True)
class Mirror:
    """What a mirror does to the observations and the actions of a task.

    Attributes:
        observation: of an observation.
        action: of an action.
        side: index of the number of an observation that says how far left or right the task lies; None: no such.
        side_min: its magnitude from which an observation has a side.
    """

    observation: SignedPermutation
    action: SignedPermutation
    side: int | None = None
    side_min: float = 0.0

    def sided(self, observations: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Which of ``observations`` [n, D] may be learned from in the mirror, because they have a side.

        To go straight a walker must begin with one leg, left or right. A policy that learns from both images of a
        straight course begins with neither: it stood still before up to half of such targets.
        """
        if self.side is None:
            return np.ones(len(observations), np.bool_)
        sided: NDArray[np.bool_] = np.abs(observations[:, self.side]) >= self.side_min
        return sided


_OTHER_SIDE = {"R": "L", "L": "R"}
_EVEN, _ODD = 1.0, -1.0

#: Signs of the observation outside the four joint blocks: index of the first number, and the signs from there on.
_VELOCITY = (_EVEN, _ODD, _EVEN)  # 0-2
_GYRO = (_ODD, _EVEN, _ODD)  # 3-5: turning about y looks the same in the mirror
_GRAVITY = (_EVEN, _ODD, _EVEN)  # 6-8
_COMMAND = (_EVEN, _ODD, _ODD)  # 45-47: forward, left, yaw rate
_TARGET = (_EVEN, _ODD, _ODD, _EVEN, _EVEN, _EVEN)  # 48-53: forward, left, bearing, distance, two flags
_JOINT_BLOCKS = 3  # 9-44: angles, speeds, filtered action


def _mirrored_joint(name: str) -> str:
    return name[0] + _OTHER_SIDE[name[1]] + name[2:]


def _joints() -> SignedPermutation:
    """Legs change sides; hips turn about x, and so the other way."""
    source = [JOINTS.index(_mirrored_joint(name)) for name in JOINTS]
    sign = [_ODD if "_hip_" in name else _EVEN for name in JOINTS]
    return SignedPermutation(np.array(source, np.intp), np.array(sign, np.float32))


def _observation(joints: SignedPermutation) -> SignedPermutation:
    head, tail = (*_VELOCITY, *_GYRO, *_GRAVITY), (*_COMMAND, *_TARGET)
    count = len(joints.source)
    blocks = [joints.source + len(head) + count * k for k in range(_JOINT_BLOCKS)]
    end = len(head) + count * _JOINT_BLOCKS
    source = np.concatenate([np.arange(len(head)), *blocks, np.arange(end, end + len(tail))])
    sign = np.concatenate([head, *[joints.sign] * _JOINT_BLOCKS, tail])
    return SignedPermutation(source.astype(np.intp), sign.astype(np.float32))


JOINTS_MIRROR = _joints()
BEARING = 50  # divided by pi; inside the reach radius it fades
SIDE_MIN = 20.0 / 180.0
MIRROR = Mirror(_observation(JOINTS_MIRROR), JOINTS_MIRROR, side=BEARING, side_min=SIDE_MIN)
