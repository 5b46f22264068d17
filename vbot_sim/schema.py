"""The settings of a task, section by section, with their defaults, units and limits.

Only data and its checks: no physics, no arrays. Named sets of values are in `vbot_sim.presets`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from vbot_sim.catalogue import ALIASES, COURSE_TERMS, TERMS, scales
from vbot_sim.courses.schema import CourseCfg
from vbot_sim.errors import ConfigError
from vbot_sim.settings import nearest, require

TICK_S = 0.01
"""Scales of terms of kind "rate" are per this much simulated time, whatever the control rate."""


@dataclass(frozen=True)
class PhysicsCfg:
    """How the world is integrated.

    Attributes:
        timestep_s: length of one physics step.
        cone: friction cone of the contact solver.
        iterations: limit of the solver's iterations (Newton needs two or three).
        collision: "reduced" (feet and trunk), "legs" (and a capsule for each thigh and calf) or "full" (all 48 geoms
            of the robot, self-collision included).
        contact_time_s: time constant of contacts, smaller is stiffer; not below twice the time step.
        joint_friction_nm: dry friction of each joint; without it a step takes a fifth less time.
    """

    timestep_s: float = 0.01
    cone: Literal["pyramidal", "elliptic"] = "pyramidal"
    iterations: int = 20
    collision: Literal["reduced", "legs", "full"] = "reduced"
    contact_time_s: float = 0.02
    joint_friction_nm: float = 0.2

    def __post_init__(self) -> None:
        require(0.0 < self.timestep_s <= 0.02, f"timestep_s must be in (0, 0.02], got {self.timestep_s}.")
        require(self.iterations >= 4, f"iterations must be at least 4 (fewer is unstable), got {self.iterations}.")
        require(self.contact_time_s > 0.0, f"contact_time_s must be positive, got {self.contact_time_s}.")
        require(self.joint_friction_nm >= 0.0, f"joint_friction_nm must not be negative, got {self.joint_friction_nm}.")


@dataclass(frozen=True)
class ControlCfg:
    """How an action becomes joint targets.

    Attributes:
        rate_hz: control steps per second; one step must be a whole number of physics steps.
        action_scale_rad: joint offset from the default pose per unit of action.
        action_clip: actions are clipped to plus or minus this; null leaves them as they are.
        filter_new: share of the new action taken up per 10 ms by the low-pass filter; 1 switches it off.
        kp: stiffness of the position actuators, Nm/rad.
        kv: damping of the position actuators, Nm s/rad.
    """

    rate_hz: float = 50.0
    action_scale_rad: float = 0.25
    action_clip: float | None = 4.0
    filter_new: float = 1.0
    kp: float = 80.0
    kv: float = 6.0

    def __post_init__(self) -> None:
        require(self.rate_hz > 0, f"rate_hz must be positive, got {self.rate_hz}.")
        require(0.0 < self.filter_new <= 1.0, f"filter_new must be in (0, 1], got {self.filter_new}.")
        require(
            self.action_clip is None or self.action_clip > 0,
            f"action_clip must be positive or null, got {self.action_clip}.",
        )


@dataclass(frozen=True)
class SpawnCfg:
    """Where an episode starts, relative to its target.

    Attributes:
        radius_min_m: smallest distance to the target.
        radius_max_m: largest distance to the target.
        distribution: "area" (uniform over the annulus) or "radius" (uniform over the distance).
        target_radius_m: targets are uniform in this disc about the arena's centre; 0 fixes them there.
        clip_radius_m: spawns farther than this from the centre are moved onto it; null leaves them.
        height_m: height of the trunk's origin; the feet just touch the ground at 0.277.
        joint_noise_rad: standard deviation of the joint angles about the default pose.
    """

    radius_min_m: float = 0.5
    radius_max_m: float = 12.0
    distribution: Literal["area", "radius"] = "radius"
    target_radius_m: float = 0.0
    clip_radius_m: float | None = None
    height_m: float = 0.5
    joint_noise_rad: float = 0.05

    def __post_init__(self) -> None:
        require(
            0.0 <= self.radius_min_m <= self.radius_max_m,
            f"radius_min_m ({self.radius_min_m}) must be at least 0 and at most radius_max_m ({self.radius_max_m}).",
        )
        require(self.height_m >= 0.277, f"height_m must be at least 0.277 (feet on the ground), got {self.height_m}.")


@dataclass(frozen=True)
class EpisodeCfg:
    """How long an episode lasts and what counts.

    Attributes:
        limit_s: time limit.
        success_ends: whether success ends the episode (as a truncation).
        success_final: such an end is one for good: nothing that would have come after it is added to what was paid.
            Where no state after success is ever lived through, its value cannot be learned, only guessed too high.
        after_success_s: time the episode still goes on after success when `success_ends`.
        reach_radius_m: "reached" is a distance below this.
        fence_radius_m: the inner fence.
        success_speed_mps: success needs a planar speed below this, inside the reach radius...
        success_hold_s: ...for this long on end.
    """

    limit_s: float = 10.0
    success_ends: bool = True
    success_final: bool = False
    after_success_s: float = 0.0
    reach_radius_m: float = 0.5
    fence_radius_m: float = 0.75
    success_speed_mps: float = 0.15
    success_hold_s: float = 0.5

    def __post_init__(self) -> None:
        require(self.limit_s > 0, f"limit_s must be positive, got {self.limit_s}.")
        require(self.success_hold_s > 0, f"success_hold_s must be positive, got {self.success_hold_s}.")


@dataclass(frozen=True)
class ObservationCfg:
    """How the 54 numbers are scaled.

    Attributes:
        position_scale_m: the target's position and distance are divided by this and clipped to 1.
        command_zero_inside: whether the velocity command vanishes inside the reach radius.
    """

    position_scale_m: float = 12.0
    command_zero_inside: bool = False

    def __post_init__(self) -> None:
        require(self.position_scale_m > 0, f"position_scale_m must be positive, got {self.position_scale_m}.")


@dataclass(frozen=True)
class RewardCfg:
    """Scales of the reward terms, and the shape parameters and switches of their formulas.

    Attributes:
        scales: one number per term, 0 switches a term off; terms of the courses may be left out.
        position_sigma_m: range of position_tracking.
        fine_sigma_m: range of fine_position_tracking...
        fine_range_m: ...which pays nothing at or beyond this distance...
        fine_requires_reach: ...and, if set, nothing before the first reach of the episode.
        heading_sigma_rad: width of heading_tracking.
        heading_inside: whether heading_tracking pays in full inside the reach radius (instead of nothing).
        speed_cap_mps: forward_velocity pays no more than for this speed.
        alive_until_reach: alive_bonus stops for good at the first reach.
        alive_outside_only: alive_bonus pauses while inside the reach radius.
        stop_budget_s: stop and zero_ang_bonus are paid for this long after the first reach; null never ends.
        stop_speed_gate_mps: they are paid only below this planar speed; null at any speed.
        hold_speed_mps: planar speed below which hold_still pays.
        hold_yaw_rate_radps: yaw rate below which hold_still pays.
        near_target_radius_m: near_target_speed acts only within this distance; null at any distance.
        near_target_slope_per_s: allowed speed per metre of distance, between the floor and the cap.
        near_target_floor_mps: lowest allowed speed.
        near_target_cap_mps: highest allowed speed.
        boundary_radius_m: boundary_penalty starts here.
        time_decay: factor on the navigation terms at the start and at the time limit; null is a constant 1.
    """

    scales: Mapping[str, float] = field(default_factory=scales)
    position_sigma_m: float = 5.0
    fine_sigma_m: float = 0.5
    fine_range_m: float = 2.5
    fine_requires_reach: bool = True
    heading_sigma_rad: float = 0.5
    heading_inside: bool = False
    speed_cap_mps: float = 0.6
    alive_until_reach: bool = False
    alive_outside_only: bool = True
    stop_budget_s: float | None = 0.5
    stop_speed_gate_mps: float | None = 0.3
    hold_speed_mps: float = 0.2
    hold_yaw_rate_radps: float = 0.5
    near_target_radius_m: float | None = None
    near_target_slope_per_s: float = 0.5
    near_target_floor_mps: float = 0.05
    near_target_cap_mps: float = 0.6
    boundary_radius_m: float = 10.0
    time_decay: tuple[float, float] | None = None

    KEY_ALIASES: ClassVar[Mapping[str, Mapping[str, str]]] = {"scales": ALIASES}

    def __post_init__(self) -> None:
        unknown = [name for name in self.scales if name not in TERMS and name not in COURSE_TERMS]
        if unknown:
            known = [*TERMS, *ALIASES, *COURSE_TERMS]
            raise ConfigError(f"Unknown reward term '{unknown[0]}' in reward.scales.{nearest(unknown[0], known)}")
        missing = [name for name in TERMS if name not in self.scales]
        require(not missing, f"reward.scales has no scale for {', '.join(missing)}; give 0 to switch a term off.")
        for name in ("position_sigma_m", "fine_sigma_m", "heading_sigma_rad"):
            require(getattr(self, name) > 0, f"reward.{name} must be positive, got {getattr(self, name)}.")


@dataclass(frozen=True)
class TerminationCfg:
    """What ends an episode as a failure.

    Attributes:
        trunk_contact: a trunk geom touches anything.
        tilt_deg: the trunk leans more than this from upright; an inverted robot leans 180.
        joint_speed_radps: some joint is faster than this.
        out_of_bounds_m: the trunk is farther than this from the arena's centre.
    """

    trunk_contact: bool = True
    tilt_deg: float = 75.0
    joint_speed_radps: float = 100.0
    out_of_bounds_m: float = 12.5

    def __post_init__(self) -> None:
        require(0.0 < self.tilt_deg < 180.0, f"tilt_deg must be between 0 and 180, got {self.tilt_deg}.")


@dataclass(frozen=True)
class RandomizationCfg:
    """What differs between simulations and episodes; everything is off by default.

    Attributes:
        foot_friction: range of the sliding friction of the feet, per episode; null keeps 1.0.
        mass_scale: range of the factor on each body's mass and inertia, per episode; null keeps 1.
        contact_time_s: range of the time constant of the feet's contacts, per episode; null keeps that of the physics.
        push_speed_mps: size of a push, a sudden change of planar velocity in a random direction; 0 is off.
        push_interval_s: time between pushes.
        push_spread: each simulation has its own times in the interval; without it all are pushed at the same times of
            their episodes, and never at others.
        obs_noise: level of the uniform observation noise (1 = the documented amplitudes); 0 is off.
        latency_steps: range of the delay of an action in control steps, per episode.
    """

    foot_friction: tuple[float, float] | None = None
    mass_scale: tuple[float, float] | None = None
    contact_time_s: tuple[float, float] | None = None
    push_speed_mps: float = 0.0
    push_interval_s: float = 4.0
    push_spread: bool = False
    obs_noise: float = 0.0
    latency_steps: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        for name in ("foot_friction", "mass_scale", "contact_time_s"):
            pair = getattr(self, name)
            require(
                pair is None or 0.0 < pair[0] <= pair[1], f"{name} must be a range of positive numbers, got {pair}."
            )
        low, high = self.latency_steps
        require(0 <= low <= high <= 10, f"latency_steps must be a range within 0 to 10, got {self.latency_steps}.")
        require(self.push_interval_s > 0, f"push_interval_s must be positive, got {self.push_interval_s}.")


@dataclass(frozen=True)
class TaskCfg:
    """Everything that defines a task."""

    physics: PhysicsCfg = PhysicsCfg()
    control: ControlCfg = ControlCfg()
    spawn: SpawnCfg = SpawnCfg()
    episode: EpisodeCfg = EpisodeCfg()
    observation: ObservationCfg = ObservationCfg()
    reward: RewardCfg = field(default_factory=RewardCfg)
    termination: TerminationCfg = TerminationCfg()
    randomization: RandomizationCfg = RandomizationCfg()
    course: CourseCfg | None = None  # None is the flat task

    def __post_init__(self) -> None:
        softest = 2.0 * self.physics.timestep_s
        asked = self.randomization.contact_time_s
        require(
            asked is None or asked[0] >= softest - 1e-9,
            f"randomization.contact_time_s begins at {asked[0] if asked else 0:g} s, below twice physics.timestep_s "
            f"({softest:g} s), where the engine does not go; choose smaller time steps.",
        )
        strangers = [name for name in COURSE_TERMS if self.reward.scales.get(name)] if self.course is None else []
        require(
            not strangers, f"reward.scales.{strangers[0] if strangers else ''} is paid on courses only; set it to 0."
        )
        ratio = 1.0 / (self.control.rate_hz * self.physics.timestep_s)
        require(
            round(ratio) >= 1 and abs(ratio - round(ratio)) < 1e-6,
            f"A control step at control.rate_hz = {self.control.rate_hz:g} is {ratio:.3f} physics steps of "
            f"{self.physics.timestep_s:g} s; choose a rate that makes it a whole number.",
        )

    @property
    def substeps(self) -> int:
        """Physics steps per control step."""
        return round(1.0 / (self.control.rate_hz * self.physics.timestep_s))

    @property
    def control_dt_s(self) -> float:
        """Simulated time of one control step."""
        return self.substeps * self.physics.timestep_s
