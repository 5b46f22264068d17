"""The reward terms of the courses, beside those of the flat task: one pure function per term.

What each is for, its unit and its kind are in `vbot_sim.catalogue.COURSE_TERMS`. Terms that the old sections shared
with the flat task (position_tracking, forward_velocity, torques and so on) are those of `vbot_sim.rewards`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vbot_sim.catalogue import COURSE_TERMS
from vbot_sim.courses.journey import IDLE, SITTING, WALKING
from vbot_sim.courses.schema import CoursePayCfg
from vbot_sim.rewards import REGISTRY, RewardFunction, Term, TermInputs
from vbot_sim.robot import STANDING_HEIGHT_M
from vbot_sim.schema import RewardCfg

FloatArray = Any  # an array [N] of floats; numpy's operators return Any

IMPACT_FROM_MPS2 = 15.0
SATURATED_FROM = 0.9
OSCILLATION_FROM_MPS = 1.5
SWING_FROM_RADPS, LIFT_TO_RADPS, DRAG_BELOW_RADPS = 2.0, 5.0, 1.0
CROUCH_BELOW_M = 0.20
SLOPE_WIDTH = 0.05
GAP_X_M, GAP_REACH_M = 1.5, 1.5
ZONE_BOUNDS = (-0.3, 2.0)


@dataclass
class CourseInputs(TermInputs):
    """What the terms of a course may look at beside what every task has; [N] unless marked."""

    pay: CoursePayCfg = field(default_factory=CoursePayCfg)
    gravity_x: FloatArray = 0.0  # gravity in the body frame
    gravity_y: FloatArray = 0.0
    gravity_z: FloatArray = 0.0
    turn_rate_radps: FloatArray = 0.0  # size of the angular velocity
    acceleration_mps2: FloatArray = 0.0  # size of the trunk's proper acceleration, mean over the step
    climb_m: FloatArray = 0.0  # of the trunk in this step
    above_ground_m: FloatArray = 0.0
    contact: Any = 0.0  # [N, 4] feet on the ground
    calf_speed_radps: Any = 0.0  # [N, 4]
    joint_offset_rad: Any = 0.0  # [N, 12]
    torque_share: Any = 0.0  # [N, 12] torque asked for over its limit
    touching: FloatArray = 0.0
    goal_weight: FloatArray = 0.0  # of goals reached in this step
    phases: FloatArray = 0.0
    milestones: FloatArray = 0.0
    zone_gain_m: FloatArray = 0.0
    record_climb_m: FloatArray = 0.0
    height_neared_m: FloatArray = 0.0
    clearance_factor: FloatArray = 1.0
    swing_factor: FloatArray = 1.0
    slope_error: FloatArray = np.inf
    standstill: FloatArray = 0.0  # time without getting away, over the limit
    gap_y: FloatArray = False  # whether the robot is where gaps and balls matter
    x_m: FloatArray = 0.0
    ball_distance_m: FloatArray = np.inf
    celebration: FloatArray = 0
    place_gain_m: FloatArray = 0.0
    at_place: FloatArray = False
    celebrated: FloatArray = False
    bonuses_paid: FloatArray = 0.0

    @classmethod
    def zeros(cls, num_envs: int, dt_s: float, limit_s: float) -> "CourseInputs":
        """Return inputs of a robot that rests on its target, to be filled in."""
        flat = TermInputs.zeros(num_envs, dt_s, limit_s)
        zero, one, off = np.zeros(num_envs, np.float32), np.ones(num_envs, np.float32), np.zeros(num_envs, np.bool_)
        far = np.full(num_envs, np.inf, np.float32)
        own: dict[str, Any] = {
            name: zero.copy() for name, spec in cls.__dataclass_fields__.items() if spec.default == 0.0
        }
        own |= {name: one.copy() for name in ("clearance_factor", "swing_factor")}
        own |= {name: off.copy() for name in ("gap_y", "at_place", "celebrated", "touching")}
        own |= {name: far.copy() for name in ("slope_error", "ball_distance_m")}
        own |= {name: np.zeros((num_envs, 4), np.float32) for name in ("contact", "calf_speed_radps")}
        own |= {name: np.zeros((num_envs, 12), np.float32) for name in ("joint_offset_rad", "torque_share")}
        own["gravity_z"] = -one
        return cls(**vars(flat), **own)


def waypoint_approach(x: CourseInputs, cfg: RewardCfg) -> FloatArray:
    """Metres won towards the goal that was the next one during the step."""
    return (x.previous_distance_m - x.distance_m) * (x.celebration == IDLE)


def waypoint_facing(x: CourseInputs, cfg: RewardCfg) -> FloatArray:
    """Facing the goal."""
    facing = np.exp(np.abs(x.bearing_error_rad) * np.float32(-1.0 / x.pay.facing_sigma_rad))
    return np.where(x.inside | (x.celebration > IDLE), np.float32(1.0), facing)


def alive_upright(x: CourseInputs, cfg: RewardCfg) -> FloatArray:
    """1 when upright, half when leaning, nothing when lying; fading with time."""
    upright = 0.5 * (x.gravity_z < -0.7) + 0.5 * (x.gravity_z < -0.9)
    return upright * np.clip(1.0 - x.time_s / x.pay.alive_horizon_s, 0.0, 1.0)


def zone_approach(x: CourseInputs, cfg: RewardCfg) -> FloatArray:
    """Ten times the metres won towards open goals near by."""
    return 10.0 * x.zone_gain_m


def waypoint_bonus(x: CourseInputs, cfg: RewardCfg) -> FloatArray:
    """Goals reached."""
    return x.goal_weight


def phase_bonus(x: CourseInputs, cfg: RewardCfg) -> FloatArray:
    """Phases begun."""
    return x.phases


def milestone_bonus(x: CourseInputs, cfg: RewardCfg) -> FloatArray:
    """Lines passed."""
    return x.milestones


def height_progress(x: CourseInputs, cfg: RewardCfg) -> FloatArray:
    """Metres above the highest point so far."""
    return x.record_climb_m


def height_approach(x: CourseInputs, cfg: RewardCfg) -> FloatArray:
    """Nearer to the height of the goal than ever."""
    return x.height_neared_m


def foot_clearance(x: CourseInputs, cfg: RewardCfg) -> FloatArray:
    """Feet in the air whose calves swing forward."""
    lifting = 0.2 * np.clip(x.calf_speed_radps, 0.0, LIFT_TO_RADPS) * (x.contact == 0)
    return x.clearance_factor * lifting.sum(axis=1)


def stance_ratio(x: CourseInputs, cfg: RewardCfg) -> FloatArray:
    """Two feet down."""
    return np.clip(1.0 - 0.33 * np.abs(x.contact.sum(axis=1) - 2.0), 0.0, 1.0)


def slope_orientation(x: CourseInputs, cfg: RewardCfg) -> FloatArray:
    """Leaning with the slope."""
    return np.exp(-np.square(np.minimum(x.slope_error, 10.0)) / SLOPE_WIDTH) * np.isfinite(x.slope_error)


def gap_alignment(x: CourseInputs, cfg: RewardCfg) -> FloatArray:
    """Between the balls, near x = +-1.5."""
    off = np.minimum(np.abs(x.x_m - GAP_X_M), np.abs(x.x_m + GAP_X_M))
    return np.clip(1.0 - off / GAP_REACH_M, 0.0, 1.0) * x.gap_y


def ball_contact(x: CourseInputs, cfg: RewardCfg) -> FloatArray:
    """Near a ball: 4 when steady, -8 when not."""
    near = np.clip(1.0 - x.ball_distance_m, 0.0, 1.0) * x.gap_y
    level = np.clip(1.0 - np.sqrt(x.tilt_sq) / 0.6, 0.0, 1.0)
    steady = 0.7 * level + 0.3 * np.clip(1.0 - x.turn_rate_radps / 3.0, 0.0, 1.0)
    return near * (4.0 * steady - 8.0 * (1.0 - steady))


def celeb_walk_approach(x: CourseInputs, cfg: RewardCfg) -> FloatArray:
    """Metres won towards the place of the celebration."""
    return x.place_gain_m


def celeb_walk_bonus(x: CourseInputs, cfg: RewardCfg) -> FloatArray:
    """There."""
    return x.at_place


def celeb_sit_reward(x: CourseInputs, cfg: RewardCfg) -> FloatArray:
    """Below standing height."""
    return np.maximum(STANDING_HEIGHT_M - x.above_ground_m, 0.0) * (x.celebration >= SITTING)


def celebration_bonus(x: CourseInputs, cfg: RewardCfg) -> FloatArray:
    """Done."""
    return x.celebrated


def dof_pos(x: CourseInputs, cfg: RewardCfg) -> FloatArray:
    """Joint angles, squared."""
    return np.square(x.joint_offset_rad).sum(axis=1)


def impact_penalty(x: CourseInputs, cfg: RewardCfg) -> FloatArray:
    """Hard landings."""
    return np.square(np.maximum(x.acceleration_mps2 - IMPACT_FROM_MPS2, 0.0)) / 100.0


def torque_saturation(x: CourseInputs, cfg: RewardCfg) -> FloatArray:
    """Torques beyond nine tenths of what there is."""
    return np.square(np.maximum(np.abs(x.torque_share) - SATURATED_FROM, 0.0)).sum(axis=1)


def height_oscillation(x: CourseInputs, cfg: RewardCfg) -> FloatArray:
    """Metres risen or sunk too fast."""
    return np.maximum(np.abs(x.climb_m) - OSCILLATION_FROM_MPS * x.dt_s, 0.0)


def swing_contact_penalty(x: CourseInputs, cfg: RewardCfg) -> FloatArray:
    """Feet that touch while their calves swing forward."""
    swinging = np.square(x.calf_speed_radps) / 10.0 * ((x.calf_speed_radps > SWING_FROM_RADPS) & (x.contact > 0))
    return x.swing_factor * swinging.sum(axis=1)


def drag_foot_penalty(x: CourseInputs, cfg: RewardCfg) -> FloatArray:
    """Feet on the ground whose calves do not swing."""
    return ((x.contact > 0) & (x.calf_speed_radps < DRAG_BELOW_RADPS)).sum(axis=1)


def stagnation_penalty(x: CourseInputs, cfg: RewardCfg) -> FloatArray:
    """From half of the time allowed on, up to 1."""
    return np.clip(2.0 * (x.standstill - 0.5), 0.0, 1.0) * (x.celebration == IDLE)


def crouch_penalty(x: CourseInputs, cfg: RewardCfg) -> FloatArray:
    """Too low; but not while celebrating, which asks for it."""
    return (x.above_ground_m < CROUCH_BELOW_M) & (x.celebration <= WALKING)


def roll(x: CourseInputs, cfg: RewardCfg) -> FloatArray:
    """Sideways tilt."""
    return np.square(x.gravity_y)


def trunk_touch(x: CourseInputs, cfg: RewardCfg) -> FloatArray:
    """The trunk touches."""
    return x.touching


def score_clear(x: CourseInputs, cfg: RewardCfg) -> FloatArray:
    """Bonuses taken back."""
    return -x.bonuses_paid * x.terminated


_FUNCTIONS: tuple[Callable[[Any, RewardCfg], FloatArray], ...] = (
    waypoint_approach,
    waypoint_facing,
    alive_upright,
    zone_approach,
    waypoint_bonus,
    phase_bonus,
    milestone_bonus,
    height_progress,
    height_approach,
    foot_clearance,
    stance_ratio,
    slope_orientation,
    gap_alignment,
    ball_contact,
    celeb_walk_approach,
    celeb_walk_bonus,
    celeb_sit_reward,
    celebration_bonus,
    dof_pos,
    impact_penalty,
    torque_saturation,
    height_oscillation,
    swing_contact_penalty,
    drag_foot_penalty,
    stagnation_penalty,
    crouch_penalty,
    roll,
    trunk_touch,
    score_clear,
)
BONUSES = ("waypoint_bonus", "phase_bonus", "milestone_bonus", "celeb_walk_bonus", "celebration_bonus")
_ON_FAILURE = ("termination", "score_clear")


def registry(pay: CoursePayCfg) -> dict[str, Term]:
    """Return all terms that can be paid on a course, those of the flat task first."""
    by_name = {fn.__name__: fn for fn in _FUNCTIONS}
    bounds = {
        "waypoint_approach": pay.approach_bounds,
        "celeb_walk_approach": pay.approach_bounds,
        "zone_approach": ZONE_BOUNDS,
    }
    own = {name: Term(info, by_name[name], bounds.get(name)) for name, info in COURSE_TERMS.items()}
    return REGISTRY | own


class CourseReward(RewardFunction):
    """The weighted terms of a course; on failure all but its price can be left out."""

    def __init__(self, cfg: RewardCfg, dt_s: float, pay: CoursePayCfg) -> None:
        super().__init__(cfg, dt_s, registry(pay))
        self.pay = pay
        self.bonus_rows = [k for k, name in enumerate(self.names) if name in BONUSES]
        self._replaced_rows = [k for k, name in enumerate(self.names) if name not in _ON_FAILURE]
        self._clear_row = self.names.index("score_clear") if "score_clear" in self.names else None

    def compute(self, x: TermInputs, out: NDArray[np.float32]) -> NDArray[np.float32]:
        """Write the weighted contribution of each term into `out` [n_terms, N]; return their sum [N]."""
        total = super().compute(x, out)
        if self._clear_row is not None:
            np.clip(out[self._clear_row], *self.pay.clear_bounds, out=out[self._clear_row])
        if self.pay.failure_replaces_pay:
            out[self._replaced_rows] *= ~x.terminated
        if self._clear_row is not None or self.pay.failure_replaces_pay:
            total = out.sum(axis=0)
        return total
