"""What walking and standing cost: body-motion numbers by speed, measured once on physics (see `gait.json`).

An audit scripts only where the trunk goes. How much a body shakes, turns and strains meanwhile is looked up here:
"walking" is a trained policy's mean action, "exploring" the same policy with the noise it was trained with.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Skill = Literal["walking", "exploring"]
Floats = NDArray[np.floating]

QUANTITIES = (
    "vertical_speed_sq",
    "roll_pitch_rate_sq",
    "tilt_sq",
    "torque_sq",
    "joint_speed_sq",
    "joint_speed_change_sq",
    "action_change_sq",
    "hip_abs_rad",
)


@dataclass(frozen=True)
class Gait:
    """Body motion of one skill.

    Attributes:
        speed_mps: speeds at which the quantities are known; the outermost values hold beyond them.
        costs: one column per quantity; changes are per 10 ms, as their reward terms want them.
        yaw_rate_radps: root mean square while walking at these speeds.
        hold_speed_mps: planar speeds that a robot sways through while it stands inside the circle, equally likely.
        hold_yaw_rate_radps: its yaw rates meanwhile.
    """

    speed_mps: Floats
    costs: Mapping[str, Floats]
    yaw_rate_radps: Floats
    hold_speed_mps: Floats
    hold_yaw_rate_radps: Floats

    def at(self, quantity: str, speed_mps: Floats) -> Floats:
        """Return a quantity at the given speeds, interpolated."""
        return np.interp(speed_mps, self.speed_mps, self.costs[quantity]).astype(np.float32)

    def yaw_rate(self, speed_mps: Floats) -> Floats:
        """Return the yaw rate of a walking trunk at the given speeds."""
        return np.interp(speed_mps, self.speed_mps, self.yaw_rate_radps).astype(np.float32)


@cache
def gait(skill: Skill) -> Gait:
    """Return the measured body motion of a skill."""
    return _from_dict(_file()[skill])


@cache
def _file() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(files("automl.audit").joinpath("gait.json").read_text(encoding="utf-8"))
    return content


def _from_dict(data: Mapping[str, Any]) -> Gait:
    table, hold = data["table"], data["hold"]
    # Fast and slow moments of the sway come independently: a stride through one list pairs them in all combinations.
    speeds = np.asarray(hold["speed_quantiles_mps"], np.float32)
    yaw_rates = np.asarray(hold["yaw_rate_quantiles_radps"], np.float32)
    order = np.argsort(np.arange(len(yaw_rates)) * 3 % len(yaw_rates), kind="stable")
    return Gait(
        speed_mps=np.asarray(table["speed_mps"]),
        costs={name: np.asarray(table[name]) for name in QUANTITIES},
        yaw_rate_radps=np.asarray(table["yaw_rate_radps"]),
        hold_speed_mps=speeds,
        hold_yaw_rate_radps=yaw_rates[order],
    )
