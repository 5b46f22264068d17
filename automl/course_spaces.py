"""The predecessor's search spaces of the three course sections, as data: reward key -> range, one column per section.

Keys have today's names. Left out are two keys that nothing read (per_turn_bonus, turn_reward), the unread
waypoint_bonus of section012, and the keys that raised foot clearance near one obstacle or another, which are no
settings here. `automl.presets` takes what an environment knows.
"""

from automl.space import Choice, Dimension, Range

SECTIONS = ("section011", "section012", "section013")

_Ends = tuple[float, float] | None

_SCALES: dict[str, tuple[_Ends, _Ends, _Ends]] = {
    "forward_velocity": ((2, 10), (3, 30), (2, 10)),
    "waypoint_approach": ((200, 800), (300, 5000), (100, 600)),
    "zone_approach": ((80, 350), None, (30, 200)),
    "position_tracking": ((0.5, 2.5), (0.1, 2.0), (0.1, 0.8)),
    "waypoint_facing": ((0.2, 1.5), (0.1, 3.0), (0.2, 1.5)),
    "alive_upright": ((1, 4), (0.01, 0.3), (0.5, 3.0)),
    "waypoint_bonus": ((10, 60), None, (20, 120)),
    "phase_bonus": ((40, 180), None, (5, 40)),
    "celeb_walk_approach": ((50, 400), None, None),
    "celeb_walk_bonus": ((10, 80), None, None),
    "celeb_sit_reward": ((1, 15), None, None),
    "celebration_bonus": ((20, 150), None, (50, 300)),
    "ball_contact": (None, None, (1, 10)),
    "gap_alignment": (None, None, (0.5, 5)),
    "orientation": ((-0.03, -0.003), (-0.1, -0.01), (-0.06, -0.005)),
    "lin_vel_z": ((-0.08, -0.008), (-0.05, -0.005), (-0.08, -0.008)),
    "ang_vel_xy": ((-0.15, -0.03), (-0.15, -0.005), (-0.1, -0.01)),
    "action_rate": ((-0.08, -0.015), (-0.05, -0.002), (-0.02, -0.002)),
    "impact_penalty": ((-0.12, -0.015), (-0.3, -0.01), (-0.25, -0.03)),
    "torque_saturation": ((-0.12, -0.02), (-0.1, -0.005), (-0.03, -0.003)),
    "swing_contact_penalty": ((-0.02, -0.001), (-0.03, -0.001), (-0.01, -0.0005)),
    "stance_ratio": ((0, 0.01), (0, 0.25), (0.02, 0.2)),
    "foot_clearance": ((0.15, 0.7), (0.05, 2.0), (0, 0.5)),
    "drag_foot_penalty": ((-0.5, -0.08), (-0.6, -0.05), (-0.5, -0.05)),
    "stagnation_penalty": ((-2.5, -0.4), (-8, -1), (-3, -0.3)),
    "crouch_penalty": ((-2.5, -0.3), (-5, -0.5), (-3, -0.2)),
    "dof_pos": ((-0.06, -0.005), (-0.06, 0), (-0.02, -0.002)),
    "slope_orientation": (None, (0, 0.3), (0.01, 0.1)),
    "height_oscillation": (None, None, (-5, -0.5)),
}
_TERMINATION = ((-100.0, -75.0, -50.0, -25.0), (-50.0, -25.0, -10.0), (-200.0, -150.0, -100.0, -50.0))
_ALIVE_HORIZON_S = ((15.0, 50.0), (2.0, 8.0), (12.0, 50.0))  # of old in steps of 10 ms


def course_space(section: str) -> dict[str, Dimension]:
    """The space of one section by the config's paths; empty for one that had none."""
    if section not in SECTIONS:
        return {}
    column = SECTIONS.index(section)
    space: dict[str, Dimension] = {
        f"task.reward.scales.{name}": Range(float(ends[0]), float(ends[1]))
        for name, row in _SCALES.items()
        if (ends := row[column]) is not None
    }
    low, high = _ALIVE_HORIZON_S[column]
    space["task.course.pay.alive_horizon_s"] = Range(low, high)
    space["task.reward.scales.termination"] = Choice(_TERMINATION[column])
    return space
