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
    """What a mirror does to the observations and the actions of a task."""

    observation: SignedPermutation
    action: SignedPermutation


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
MIRROR = Mirror(observation=_observation(JOINTS_MIRROR), action=JOINTS_MIRROR)
