"""The names of the reward terms: what each one pays for, in which unit, and how its scale is to be read.

Pure data, so that a config can be checked without loading numpy. The formulas are in `vbot_sim.rewards`.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["rate", "event", "difference"]


@dataclass(frozen=True)
class TermInfo:
    """One reward term as data.

    Attributes:
        name: its name in config, event file and cockpit.
        kind: "rate" (the scale means per 10 ms of simulated time, whatever the control rate), "event" (paid once when
            something happens) or "difference" (paid per change of a quantity).
        unit: unit of the raw value that the scale multiplies.
        help: one sentence for the person who reads the breakdown.
        navigation: part of the pay for the job, which a time decay multiplies; the others are costs.
    """

    name: str
    kind: Kind
    unit: str
    help: str
    navigation: bool = False


_NAVIGATION = (
    TermInfo("position_tracking", "rate", "1", "Closeness to the target: exp(-distance / position_sigma_m)."),
    TermInfo(
        "fine_position_tracking", "rate", "1", "Closeness at short range: exp(-distance / fine_sigma_m) in its range."
    ),
    TermInfo("heading_tracking", "rate", "1", "Facing the target, while outside the reach radius."),
    TermInfo("forward_velocity", "rate", "m/s", "Speed towards the target up to speed_cap_mps, while outside."),
    TermInfo("distance_progress", "rate", "1", "Share of the way already covered, while outside."),
    TermInfo("alive_bonus", "rate", "1", "Pay for being there at all; see alive_until_reach, alive_outside_only."),
    TermInfo("approach", "difference", "m", "Metres won towards the target, at most 1 point per 10 ms, while outside."),
    TermInfo("arrival_bonus", "event", "1", "Once, at the first entry into the reach radius."),
    TermInfo("inner_fence_bonus", "event", "1", "Once, at the first entry into the inner fence."),
    TermInfo("stop", "rate", "1", "Standing still inside: 0.8 exp(-(v/0.2)^2) + 1.2 exp(-(yaw rate/0.1)^4)."),
    TermInfo("zero_ang_bonus", "rate", "1", "Extra pay inside for a yaw rate below 0.05 rad/s."),
    TermInfo("hold_still", "rate", "1", "Inside, slower than hold_speed_mps and hold_yaw_rate_radps."),
    TermInfo("success_bonus", "event", "1", "Once, when the success test is passed."),
)
_COSTS = (
    TermInfo("near_target_speed", "rate", "m2/s2", "Square of the speed above what the distance to the target allows."),
    TermInfo("boundary_penalty", "rate", "m", "Metres beyond boundary_radius_m from the arena's centre."),
    TermInfo("departure_penalty", "difference", "m", "Metres lost while inside, when faster than 1 m/s."),
    TermInfo("orientation", "rate", "1", "Tilt: squared horizontal part of gravity in the body frame."),
    TermInfo("lin_vel_z", "rate", "m2/s2", "Squared vertical speed."),
    TermInfo("ang_vel_xy", "rate", "rad2/s2", "Squared roll and pitch rates."),
    TermInfo("torques", "rate", "N2m2", "Sum of squared joint torques."),
    TermInfo("dof_vel", "rate", "rad2/s2", "Sum of squared joint speeds."),
    TermInfo("dof_acc", "rate", "rad2/s2", "Sum of squared changes of joint speed per 10 ms."),
    TermInfo("action_rate", "rate", "1", "Sum of squared changes of the applied action per 10 ms."),
    TermInfo("hip_deviation", "rate", "rad", "Sum of absolute hip angles: keeps the feet under the body."),
    TermInfo("time_cost", "rate", "1", "A price on every moment, so that dawdling does not pay."),
    TermInfo("termination", "event", "1", "Once, when the episode ends by a fall or another failure."),
)


def _navigation(info: TermInfo) -> TermInfo:
    return TermInfo(info.name, info.kind, info.unit, info.help, navigation=True)


TERMS: dict[str, TermInfo] = {t.name: t for t in (*map(_navigation, _NAVIGATION), *_COSTS)}

#: Terms that are paid on the courses only; a table of scales may leave them out.
COURSE_TERMS: dict[str, TermInfo] = {}

#: Names used by older tools, configs and logs.
ALIASES: dict[str, str] = {
    "approach_scale": "approach",
    "approach_reward": "approach",
    "stop_scale": "stop",
    "stop_bonus": "stop",
    "fine_tracking": "fine_position_tracking",
    "fine_tracking_gated": "fine_position_tracking",
    "alive": "alive_bonus",
    "arrival": "arrival_bonus",
    "inner_fence": "inner_fence_bonus",
    "heading": "heading_tracking",
    "progress": "distance_progress",
    "zero_ang": "zero_ang_bonus",
    "near_target": "near_target_speed",
    "boundary": "boundary_penalty",
    "departure": "departure_penalty",
}


def scales(**given: float) -> dict[str, float]:
    """Return a complete table of scales: the given ones, and 0 (off) for every other term."""
    return {name: float(given.get(name, 0.0)) for name in TERMS} | {k: float(v) for k, v in given.items()}
