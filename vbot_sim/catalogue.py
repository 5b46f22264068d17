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

_COURSE_NAVIGATION = (
    TermInfo("waypoint_approach", "difference", "m", "Metres won towards the next goal, within approach_bounds."),
    TermInfo("waypoint_facing", "rate", "1", "Facing the next goal: exp(-error / facing_sigma_rad), full inside it."),
    TermInfo("alive_upright", "rate", "1", "Being upright, fading over alive_horizon_s."),
    TermInfo("zone_approach", "difference", "dm", "Tenths of metres won towards open goals within 5 m."),
    TermInfo("waypoint_bonus", "event", "1", "Once for each goal of the route, times the goal's weight."),
    TermInfo("phase_bonus", "event", "1", "Once at each new phase of the section."),
    TermInfo("milestone_bonus", "event", "1", "Once at each line along the course, times the line's weight."),
    TermInfo("height_progress", "difference", "m", "Metres climbed above the highest point so far."),
    TermInfo(
        "height_approach", "difference", "m", "Metres by which the height of the next goal was neared as never yet."
    ),
    TermInfo("foot_clearance", "rate", "rad/s", "Feet in the air that swing forward, times the place's factor."),
    TermInfo("stance_ratio", "rate", "1", "Two feet on the ground, as when trotting."),
    TermInfo("slope_orientation", "rate", "1", "Leaning as the slope under the robot asks for, where there is one."),
    TermInfo("gap_alignment", "rate", "1", "Third section: aiming between the balls."),
    TermInfo("ball_contact", "rate", "1", "Third section: steady near a ball is paid, unsteady costs."),
    TermInfo("celeb_walk_approach", "difference", "m", "Metres won towards the place of the celebration."),
    TermInfo("celeb_walk_bonus", "event", "1", "Once at the place of the celebration."),
    TermInfo("celeb_sit_reward", "rate", "m", "While celebrating: metres that the trunk is below standing height."),
    TermInfo("celebration_bonus", "event", "1", "Once when the celebration is complete."),
)
_COURSE_COSTS = (
    TermInfo("dof_pos", "rate", "rad2", "Sum of squared joint angles away from the default pose."),
    TermInfo("impact_penalty", "rate", "m2/s4", "Square of the trunk's acceleration above 15 m/s2, over 100."),
    TermInfo(
        "torque_saturation", "rate", "1", "Sum of squared shares by which joints ask for over 0.9 of their torque."
    ),
    TermInfo("height_oscillation", "difference", "m", "Rising or sinking faster than 1.5 m/s."),
    TermInfo("swing_contact_penalty", "rate", "rad2/s2", "Feet that touch while they swing forward."),
    TermInfo("drag_foot_penalty", "rate", "1", "Feet on the ground whose calves hardly move."),
    TermInfo("stagnation_penalty", "rate", "1", "Not getting away from a place, from half of stagnation_s on."),
    TermInfo("crouch_penalty", "rate", "1", "Trunk lower than 0.20 m above the ground."),
    TermInfo("roll", "rate", "1", "Sideways tilt: squared lateral part of gravity in the body frame."),
    TermInfo("trunk_touch", "rate", "1", "The trunk touches the ground."),
    TermInfo("score_clear", "event", "1", "On failure: the bonuses paid so far are taken back in this share."),
)

#: Terms that are paid on the courses only; a table of scales may leave them out.
COURSE_TERMS: dict[str, TermInfo] = {t.name: t for t in (*map(_navigation, _COURSE_NAVIGATION), *_COURSE_COSTS)}

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
    "traversal_bonus": "milestone_bonus",
    "score_clear_factor": "score_clear",
}


def scales(**given: float) -> dict[str, float]:
    """Return a complete table of scales: the given ones, and 0 (off) for every other term."""
    return {name: float(given.get(name, 0.0)) for name in TERMS} | {k: float(v) for k, v in given.items()}
