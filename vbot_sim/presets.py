"""Named sets of scales and settings for the flat task: ours, and those of the predecessor.

A preset is more than its scales: the control rate, the speed cap and the gates belong to it, because a scale means
little without them. The predecessor's presets differ from what it ran only where docs/deviations.md says so.
"""

from dataclasses import dataclass, replace

from vbot_sim.catalogue import scales
from vbot_sim.schema import (
    ControlCfg,
    EpisodeCfg,
    ObservationCfg,
    RandomizationCfg,
    RewardCfg,
    SpawnCfg,
    TaskCfg,
)


@dataclass(frozen=True)
class Preset:
    """A task under a name, with one sentence about where it comes from."""

    name: str
    help: str
    task: TaskCfg


DEFAULT = Preset(
    "default",
    "One stage from scratch: walk in fast, face the target, stand still inside it.",
    TaskCfg(
        reward=RewardCfg(
            scales=scales(
                forward_velocity=1.2,
                heading_tracking=0.18,
                fine_position_tracking=0.2,
                hold_still=0.4,
                success_bonus=60.0,
                time_cost=-0.3,
                near_target_speed=-1.5,
                orientation=-0.4,
                lin_vel_z=-0.2,
                ang_vel_xy=-0.01,
                dof_vel=-2e-5,
                dof_acc=-5e-4,
                action_rate=-0.02,
                hip_deviation=-0.018,
                termination=-300.0,
            ),
            fine_range_m=4.0,
            fine_requires_reach=False,
            heading_sigma_rad=0.8,
            heading_inside=True,
            speed_cap_mps=1.8,
            near_target_slope_per_s=1.2,
            near_target_floor_mps=0.15,
            near_target_cap_mps=1.8,
            alive_outside_only=False,
            stop_budget_s=None,
        ),
        episode=EpisodeCfg(after_success_s=1.0),
        randomization=RandomizationCfg(
            foot_friction=(0.35, 1.25), mass_scale=(0.8, 1.2), push_speed_mps=0.5, push_spread=True, obs_noise=1.0
        ),
    ),
)

_HEAD_SCALES = scales(
    position_tracking=1.5,
    fine_position_tracking=8.0,
    heading_tracking=0.8,
    forward_velocity=1.5,
    distance_progress=1.5,
    alive_bonus=0.15,
    approach=30.0,
    arrival_bonus=100.0,
    inner_fence_bonus=40.0,
    stop=5.0,
    zero_ang_bonus=10.0,
    near_target_speed=-2.0,
    departure_penalty=-5.0,
    boundary_penalty=-3.0,
    orientation=-0.05,
    lin_vel_z=-0.3,
    ang_vel_xy=-0.03,
    torques=-1e-5,
    dof_vel=-5e-5,
    dof_acc=-2.5e-7,
    action_rate=-0.01,
    termination=-100.0,
)
_T1_SCALES = _HEAD_SCALES | {
    "position_tracking": 1.7334,
    "fine_position_tracking": 11.9952,
    "heading_tracking": 0.3012,
    "forward_velocity": 1.7706,
    "distance_progress": 1.0919,
    "alive_bonus": 0.1145,
    "approach": 40.4576,
    "arrival_bonus": 130.1906,
    "inner_fence_bonus": 30.2582,
    "stop": 5.9671,
    "zero_ang_bonus": 9.2717,
    "near_target_speed": -0.7087,
    "boundary_penalty": -4.4430,
    "orientation": -0.02472,
    "lin_vel_z": -0.2269,
    "action_rate": -0.005337,
    "termination": -75.0,
}
_SPEED_SCALES = _T1_SCALES | {
    "forward_velocity": 3.5,
    "distance_progress": 1.5,
    "alive_bonus": 0.08,
    "approach": 50.0,
    "arrival_bonus": 160.0,
    "near_target_speed": -0.4,
    "lin_vel_z": -0.15,
    "ang_vel_xy": -0.02,
    "torques": -5e-6,
    "dof_vel": -3e-5,
    "dof_acc": -1.5e-7,
    "action_rate": -0.003,
}
_BASE_CLASS_SCALES = _HEAD_SCALES | {
    "distance_progress": 2.0,
    "alive_bonus": 0.5,
    "approach": 4.0,
    "arrival_bonus": 50.0,
    "inner_fence_bonus": 0.0,
    "stop": 2.0,
    "zero_ang_bonus": 6.0,
    "near_target_speed": 0.0,
    "departure_penalty": 0.0,
    "boundary_penalty": 0.0,
}
_PHASE5_SCALES = _HEAD_SCALES | {
    "heading_tracking": 1.0,
    "forward_velocity": 0.8,
    "approach": 5.0,
    "near_target_speed": -0.5,
    "departure_penalty": 0.0,
    "termination": -200.0,
}

_OLD_CONTROL = ControlCfg(rate_hz=100.0, filter_new=0.3, action_clip=None)
_WON_OBSERVATION = ObservationCfg(position_scale_m=5.0, command_zero_inside=True)

_HEAD_TASK = TaskCfg(
    control=_OLD_CONTROL,
    spawn=SpawnCfg(radius_min_m=10.0, radius_max_m=12.0, distribution="area", clip_radius_m=11.0, joint_noise_rad=0.0),
    observation=ObservationCfg(position_scale_m=12.0, command_zero_inside=True),
    reward=RewardCfg(scales=_HEAD_SCALES),
)


def _winning(low_m: float, high_m: float, table: dict[str, float]) -> TaskCfg:
    """Return the setting of the runs that won: targets in a disc of 3 m, positions divided by 5."""
    spawn = replace(_HEAD_TASK.spawn, radius_min_m=low_m, radius_max_m=high_m, target_radius_m=3.0)
    return replace(_HEAD_TASK, spawn=spawn, observation=_WON_OBSERVATION, reward=RewardCfg(scales=table))


_PHASE5_TASK = replace(
    _HEAD_TASK,
    spawn=replace(_HEAD_TASK.spawn, radius_min_m=0.5, radius_max_m=11.0),
    episode=EpisodeCfg(limit_s=40.0),
    observation=_WON_OBSERVATION,
    reward=RewardCfg(
        scales=_PHASE5_SCALES,
        fine_requires_reach=False,
        stop_budget_s=None,
        alive_until_reach=True,
        near_target_radius_m=0.5,
        speed_cap_mps=0.6,
        time_decay=(1.0, 0.5),
    ),
)

SECTION001: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        DEFAULT,
        Preset("head", "The predecessor's last defaults: spawn 10-12 m, 100 Hz, speed tied to distance.", _HEAD_TASK),
        Preset("t1_best", "Its best search result, first stage: spawn 2-5 m.", _winning(2.0, 5.0, _T1_SCALES)),
        Preset("speed_opt", "Its last stage, paid for speed: spawn 8-11 m.", _winning(8.0, 11.0, _SPEED_SCALES)),
        Preset("phase5", "An older reward with time decay and an open-ended stop bonus; 40 s episodes.", _PHASE5_TASK),
        Preset(
            "base_class",
            "Scales a run falls back to when its own are lost.",
            replace(_HEAD_TASK, reward=RewardCfg(scales=_BASE_CLASS_SCALES)),
        ),
    )
}
