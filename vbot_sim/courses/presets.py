"""Named settings for each course: ours, the training field, and those of the predecessor.

Ours follow what was measured: progress towards the next goal up to a walking speed, facing it, few penalties, and no
shaping of gait or height. What the predecessor's presets leave out is in docs/courses.md.
"""

from dataclasses import replace

from vbot_sim.catalogue import scales
from vbot_sim.courses.routes import SECTIONS
from vbot_sim.courses.schema import (
    CelebrationCfg,
    CourseCfg,
    CourseLimitsCfg,
    CoursePayCfg,
    SectionName,
    SensingCfg,
    StartCfg,
)
from vbot_sim.presets import Preset
from vbot_sim.schema import (
    ControlCfg,
    EpisodeCfg,
    ObservationCfg,
    PhysicsCfg,
    RandomizationCfg,
    RewardCfg,
    SpawnCfg,
    TaskCfg,
    TerminationCfg,
)

_GAIT = {
    "forward_velocity": 0.4,
    "heading_tracking": 0.05,
    "time_cost": -0.05,
    "lin_vel_z": -0.03,
    "ang_vel_xy": -0.003,
    "orientation": -0.016,
    "roll": -0.16,
    "dof_vel": -1.6e-5,
    "dof_acc": -4e-4,
    "action_rate": -0.013,
    "hip_deviation": -0.015,
    "trunk_touch": -0.1,
}
_SHAPE = RewardCfg(speed_cap_mps=1.0, heading_sigma_rad=0.8, heading_inside=True, alive_outside_only=False)
_CONTROL = ControlCfg(action_scale_rad=0.5)
_PHYSICS = PhysicsCfg(collision="legs")
_SPAWN = SpawnCfg(joint_noise_rad=0.05)
_VARIATION = RandomizationCfg(foot_friction=(0.5, 1.25), mass_scale=(0.9, 1.1), push_speed_mps=0.3)

ANY_SPEED_MPS = 100.0
REACH_M = 0.3
"""A goal counts when the robot's footprint is over it, 0.15 m to each side: who has learned to stop half a metre before
it stands there and waits."""

#: Weights of goals differ between sections; this makes a route's bonuses alike.
_GOAL_SCALE: dict[SectionName, float] = {
    "section011": 40.0,
    "section012": 3.0,
    "section013": 40.0,
    "long_course": 40.0,
}


def _field(section: SectionName) -> TaskCfg:
    """Return the training field, judged on a section.

    Success is touching the target, for two steps so that there is time to name another one. Stopping there is learned
    on the course itself: asked for at once, it is not met in two million steps, and nothing rises.
    """
    return TaskCfg(
        physics=_PHYSICS,
        control=_CONTROL,
        spawn=_SPAWN,
        episode=EpisodeCfg(
            limit_s=10.0,
            reach_radius_m=REACH_M,
            success_final=True,
            success_speed_mps=ANY_SPEED_MPS,
            success_hold_s=0.04,
        ),
        reward=replace(
            _SHAPE,
            scales=scales(**_GAIT, waypoint_bonus=30.0, success_bonus=50.0, termination=-50.0),
        ),
        termination=TerminationCfg(trunk_contact=False, tilt_deg=70.0),
        randomization=_VARIATION,
        course=CourseCfg(section=section, ground="field"),
    )


def _default(section: SectionName) -> TaskCfg:
    """Return the section itself, with starts all along it."""
    return TaskCfg(
        physics=_PHYSICS,
        control=_CONTROL,
        spawn=_SPAWN,
        episode=EpisodeCfg(limit_s=40.0, reach_radius_m=REACH_M, success_final=True),
        reward=replace(
            _SHAPE,
            scales=scales(
                **_GAIT,
                waypoint_bonus=_GOAL_SCALE[section],
                celeb_walk_bonus=20.0,
                celeb_sit_reward=4.0,
                celebration_bonus=100.0,
                stagnation_penalty=-0.2,
                termination=-100.0,
            ),
        ),
        termination=TerminationCfg(trunk_contact=True, tilt_deg=70.0),
        randomization=_VARIATION,
        course=CourseCfg(section=section, start=StartCfg(along_share=0.7)),
    )


_HEAD_SCALES = {
    "position_tracking": 0.259,
    "forward_velocity": 3.163,
    "waypoint_approach": 280.534,
    "waypoint_facing": 0.637,
    "alive_upright": 1.013,
    "zone_approach": 74.727,
    "waypoint_bonus": 50.046,
    "phase_bonus": 13.067,
    "milestone_bonus": 1.0,
    "orientation": -0.026,
    "slope_orientation": 0.04,
    "lin_vel_z": -0.005,
    "ang_vel_xy": -0.038,
    "torques": -5e-6,
    "dof_pos": -0.008,
    "dof_vel": -3e-5,
    "dof_acc": -1.5e-7,
    "action_rate": -0.007,
    "impact_penalty": -0.100,
    "torque_saturation": -0.012,
    "height_oscillation": -2.0,
    "swing_contact_penalty": -0.003,
    "foot_clearance": 0.219,
    "stance_ratio": 0.070,
    "drag_foot_penalty": -0.15,
    "stagnation_penalty": -0.5,
    "crouch_penalty": -1.5,
    "celeb_walk_approach": 200.0,
    "celeb_walk_bonus": 30.0,
    "celeb_sit_reward": 5.0,
    "celebration_bonus": 50.0,
    "termination": -150.0,
}
#: What a section of the predecessor paid differently.
_HEAD_OWN: dict[SectionName, dict[str, float]] = {
    "section011": {"score_clear": 0.3},
    "section012": {"waypoint_bonus": 1.0, "zone_approach": 0.0},
    "section013": {"score_clear": 0.3, "gap_alignment": 2.0, "ball_contact": 1.0},
    "long_course": {},
}
_OLD_CONTROL = ControlCfg(rate_hz=100.0, action_scale_rad=0.4, action_clip=1.0, filter_new=0.3, kp=100.0, kv=8.0)
_OLD_LIMITS = CourseLimitsCfg(grace_s=1.0, soft_tilt_deg=50.0, joint_jump_radps=80.0)


def _head(section: SectionName) -> TaskCfg:
    """Return the predecessor's last settings of a section."""
    limit_s = {"section011": 120.0, "section012": 60.0, "section013": 120.0, "long_course": 180.0}[section]
    bounds = (-0.5, 5.0) if section == "section012" else (-0.5, 2.5)
    return TaskCfg(
        physics=_PHYSICS,
        control=_OLD_CONTROL,
        spawn=SpawnCfg(joint_noise_rad=0.0),
        episode=EpisodeCfg(limit_s=limit_s),
        observation=ObservationCfg(position_scale_m=5.0, command_zero_inside=True),
        reward=RewardCfg(
            scales=scales(**(_HEAD_SCALES | _HEAD_OWN[section])), speed_cap_mps=0.8, alive_outside_only=False
        ),
        termination=TerminationCfg(tilt_deg=70.0),
        course=CourseCfg(
            section=section,
            sensing=SensingCfg(layout="section", scan=False, privileged=False),
            celebration=CelebrationCfg(aside=True),
            limits=_OLD_LIMITS,
            pay=CoursePayCfg(approach_bounds=bounds, failure_replaces_pay=True),
        ),
    )


def _head_long() -> TaskCfg:
    """Return the predecessor's long course: the flat task's older reward over seven goals."""
    own = {
        "position_tracking": 0.259,
        "fine_position_tracking": 5.0,
        "heading_tracking": 0.8,
        "forward_velocity": 3.163,
        "distance_progress": 2.0,
        "approach": 8.0,
        "alive_bonus": 1.013,
        "waypoint_bonus": 50.046,
        "arrival_bonus": 100.0,
        "stop": 2.0,
        "zero_ang_bonus": 6.0,
    }
    costs = {name: _HEAD_SCALES[name] for name in ("orientation", "lin_vel_z", "ang_vel_xy", "torques", "dof_vel")}
    costs |= {name: _HEAD_SCALES[name] for name in ("dof_acc", "action_rate", "termination")}
    base = _head("long_course")
    assert base.course is not None
    return replace(
        base,
        control=replace(_OLD_CONTROL, action_clip=None),
        reward=RewardCfg(
            scales=scales(**own, **costs),
            fine_sigma_m=0.3,
            fine_range_m=1.5,
            fine_requires_reach=False,
            speed_cap_mps=2.0,
            alive_outside_only=False,
            stop_budget_s=None,
            stop_speed_gate_mps=None,
            time_decay=(1.0, 0.5),
        ),
        termination=TerminationCfg(tilt_deg=75.0),
        course=replace(
            base.course,
            sensing=SensingCfg(scan=False, privileged=False),
            celebration=CelebrationCfg(pose="stand", hold_s=0.5, radius_m=0.8),
            limits=CourseLimitsCfg(stagnation_s=None),
            pay=CoursePayCfg(),
        ),
    )


def _presets(section: SectionName) -> dict[str, Preset]:
    head = _head_long() if section == "long_course" else _head(section)
    found = (
        Preset(
            "default", "The course itself, with starts all along it, and a celebration at its end.", _default(section)
        ),
        Preset("field", "The training field: levels that rise with success; judged on the course.", _field(section)),
        Preset("head", "The predecessor's last scales and settings.", head),
    )
    return {preset.name: preset for preset in found}


COURSES: dict[str, dict[str, Preset]] = {name: _presets(name) for name in SECTIONS}  # type: ignore[arg-type]
