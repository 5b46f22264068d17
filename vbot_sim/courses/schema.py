"""The settings of a course, section by section, with their defaults, units and limits.

Only data and its checks, as in `vbot_sim.schema`, of which `CourseCfg` is the optional last section.
"""

from dataclasses import dataclass
from typing import Literal

from vbot_sim.settings import require

SectionName = Literal["section011", "section012", "section013", "long_course"]


@dataclass(frozen=True)
class SensingCfg:
    """What is observed beside the robot's own motion.

    Attributes:
        layout: "navigation" (the 54 numbers of the flat task) or "section" (the 69 of the courses).
        scan: 55 heights of the ground around and ahead of the trunk, for actor and critic.
        privileged: the same heights, the feet's, progress and time, for the critic alone.
    """

    layout: Literal["navigation", "section"] = "navigation"
    scan: bool = True
    privileged: bool = True


@dataclass(frozen=True)
class StartCfg:
    """Where episodes of a course start.

    Attributes:
        along_share: share of the episodes that start at a random place of the route instead of the official start.
        along_spread_m: how far from the route's points these may start, to each side.
        yaw_spread_rad: heading of these, about the direction of the next target, to each side.
    """

    along_share: float = 0.0
    along_spread_m: float = 0.3
    yaw_spread_rad: float = 0.6

    def __post_init__(self) -> None:
        require(0.0 <= self.along_share <= 1.0, f"along_share must be between 0 and 1, got {self.along_share}.")


@dataclass(frozen=True)
class FieldCfg:
    """How the training field is used.

    Attributes:
        flat_share: weight of flat lanes among the simulations...
        stairs_share: ...of staircases...
        ramp_share: ...of slopes...
        bumps_share: ...and of bumps.
        first_levels: simulations begin at one of so many lowest levels.
        by_success: levels rise after success and fall after failure; otherwise they are drawn anew each time.
        any_share: share of the episodes that take place at any level and leave a simulation's own as it is.
        down_share: share of the simulations that start on the landing and go down.
        edge_share: share of those that stand right at the upper edge.
        free_share: share of the starts anywhere with any heading and any target, except on stairs.
        go_on_share: share of reached targets after which there is another one instead of an end.
        yaw_spread_rad: heading at the start about the direction of the lane, to each side.
        target_spread_m: targets lie so far from the middle of the lane, to each side.
    """

    flat_share: float = 0.12
    stairs_share: float = 0.48
    ramp_share: float = 0.15
    bumps_share: float = 0.25
    first_levels: int = 3
    by_success: bool = True
    any_share: float = 0.0
    down_share: float = 0.35
    edge_share: float = 0.2
    free_share: float = 0.3
    go_on_share: float = 0.5
    yaw_spread_rad: float = 0.5
    target_spread_m: float = 0.4

    def __post_init__(self) -> None:
        for name in ("any_share", "down_share", "edge_share", "free_share", "go_on_share"):
            value = getattr(self, name)
            require(0.0 <= value <= 1.0, f"{name} must be between 0 and 1, got {value}.")
        shares = (self.flat_share, self.stairs_share, self.ramp_share, self.bumps_share)
        require(min(shares) >= 0.0 and sum(shares) > 0.0, f"shares of lanes must not be negative, got {shares}.")
        require(self.first_levels >= 1, f"first_levels must be at least 1, got {self.first_levels}.")


@dataclass(frozen=True)
class CelebrationCfg:
    """What is asked for at the end of a section: a pose held on its platform, without touching the ground.

    To sit, the trunk must come down below `height_m` above the ground. Standing is 0.26 and lying on the trunk 0.09,
    so it can be done without touching the ground, which the old thresholds did not allow for.

    Attributes:
        pose: "sit", or "stand": standing still.
        height_m: sitting: the trunk is lower than this above the ground...
        stand_speed_mps: ...standing: its planar speed is below this...
        hold_s: ...for this long on end...
        radius_m: ...within this distance of the place.
        aside: the place is 4 m beside the platform's middle, as of old, instead of the middle itself.
    """

    pose: Literal["sit", "stand"] = "sit"
    height_m: float = 0.20
    stand_speed_mps: float = 0.15
    hold_s: float = 0.3
    radius_m: float = 1.0
    aside: bool = False

    def __post_init__(self) -> None:
        require(
            0.12 <= self.height_m <= 0.25,
            f"height_m must be between 0.12 (lying) and 0.25 (standing), got {self.height_m}.",
        )
        require(self.hold_s > 0.0, f"hold_s must be positive, got {self.hold_s}.")


@dataclass(frozen=True)
class CourseLimitsCfg:
    """What ends an episode on a course beside the limits of every task.

    Attributes:
        grace_s: trunk contact and leaning are forgiven for so long after the start.
        soft_tilt_deg: after the grace time, leaning more than this is a fall; null leaves the task's own limit.
        joint_jump_radps: a joint's speed changes by more than this within 10 ms; null: no such limit.
        stagnation_s: the episode ends when the trunk has not moved `stagnation_m` for so long; null: never.
        stagnation_m: see above.
        buried_m: the trunk's origin is closer than this to the ground beneath it.
    """

    grace_s: float = 0.0
    soft_tilt_deg: float | None = None
    joint_jump_radps: float | None = None
    stagnation_s: float | None = 6.0
    stagnation_m: float = 0.6
    buried_m: float = 0.05


@dataclass(frozen=True)
class CoursePayCfg:
    """Shape parameters of the reward terms of the courses.

    Attributes:
        approach_bounds: limits of waypoint_approach and celeb_walk_approach, points per 10 ms.
        facing_sigma_rad: width of waypoint_facing.
        alive_horizon_s: alive_upright fades to nothing over this time.
        clear_bounds: limits of score_clear, points.
        failure_replaces_pay: on failure only termination and score_clear are paid.
    """

    approach_bounds: tuple[float, float] = (-0.5, 2.5)
    facing_sigma_rad: float = 0.5
    alive_horizon_s: float = 23.83
    clear_bounds: tuple[float, float] = (-100.0, 0.0)
    failure_replaces_pay: bool = False

    def __post_init__(self) -> None:
        require(self.facing_sigma_rad > 0, f"facing_sigma_rad must be positive, got {self.facing_sigma_rad}.")
        require(self.alive_horizon_s > 0, f"alive_horizon_s must be positive, got {self.alive_horizon_s}.")


@dataclass(frozen=True)
class CourseCfg:
    """Which course a task is about, and what is done there.

    Attributes:
        section: the course that the task is about and judged on.
        ground: where its episodes take place: on the course itself or on the training field.
        route: which of the section's routes is walked.
        relief_seed: chooses the random ground; every number is another one.
        sensing: what is observed.
        start: where episodes start on the course.
        field: how the training field is used.
        celebration: what is asked for at the end.
        limits: what ends an episode.
        pay: shapes of the reward terms.
    """

    section: SectionName = "section011"
    ground: Literal["course", "field"] = "course"
    route: str = "official"
    relief_seed: int = 1
    sensing: SensingCfg = SensingCfg()
    start: StartCfg = StartCfg()
    field: FieldCfg = FieldCfg()
    celebration: CelebrationCfg = CelebrationCfg()
    limits: CourseLimitsCfg = CourseLimitsCfg()
    pay: CoursePayCfg = CoursePayCfg()

    @property
    def world(self) -> str:
        """Name of the ground in `vbot_sim.terrain`."""
        return "field" if self.ground == "field" else self.section
