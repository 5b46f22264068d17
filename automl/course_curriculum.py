"""The curriculum of the courses, from nothing to a policy for each: the shipped pipeline `courses`.

First the training field, whose levels rise and fall with success; then each section, and the whole course, from what
was learned there. Every stage is one training, because what could be searched was tried by hand (docs/courses.md).
Stages after the field run side by side.
"""

from collections.abc import Mapping
from typing import Any

from automl.pipeline import PipelineSpec, Stage
from automl.spec import StudySpec

#: The learner on uneven ground; the observation is twice as wide as on flat ground.
PPO: Mapping[str, Any] = {
    "ppo.hidden": [256, 128, 64],
    "ppo.epochs": 4,
    "ppo.horizon": 24,
    "ppo.schedule": "kl_adaptive",
    "ppo.kl_target": 0.015,
    "ppo.entropy_coef": 0.002,
    "train.num_envs": 512,
    "train.evaluations": 5,
}
#: What follows a warm start: smaller and smaller steps, no hurry, because a fall loses everything, and a part of the
#: simulations without noise, so that nobody waits for noise to free a foot when the policy is judged.
WARM: Mapping[str, Any] = {
    "ppo.schedule": "linear",
    "ppo.quiet_share": 0.25,
    "task.reward.speed_cap_mps": 0.8,
}
#: A celebration held for longer than is asked for: robots that only had to pass through it fell onto their trunk.
HELD: Mapping[str, Any] = {"task.course.celebration.hold_s": 0.8}
LEARNED = ("weights", "normalizer")
WALKED = "task.course.route"

STALL_S = 1800.0
"""No training step is done during an evaluation, and one of a whole course takes minutes on a busy machine."""

#: On stairs a longer sight helps; on bumps and on the whole course it does not.
STAIRS: Mapping[str, Any] = {"task.reward.scales.waypoint_bonus": 40.0, "ppo.gamma": 0.997, **HELD}

FIELD_STEPS = 14_000_000
#: Stage -> section, what it starts from, its route, its steps, what differs from the preset. The river takes 55 of 60
#: points and no step higher than 0.10 m; the way over the bridge would be worth five more. The whole course and the
#: first section's bumps start from where stairs, the valley and sitting down at the end have been learned.
SECTIONS: tuple[tuple[str, str, str, int, Mapping[str, Any]], ...] = (
    ("section012", "field", "river", 14_000_000, STAIRS),
    ("long_course", "section012", "right", 8_000_000, HELD),
    ("section011", "section012", "snake", 12_000_000, {}),
    ("section013", "field", "official", 3_000_000, {}),
)
SIDE_BY_SIDE = 2


def courses(threads: int) -> PipelineSpec:
    """The pipeline; the field takes so many threads, and what follows shares them."""
    field = Stage("field", _study("field", "long_course", "field", FIELD_STEPS, threads, {WALKED: "right"}))
    stages = [field]
    shared = max(threads // SIDE_BY_SIDE, 1)
    for section, start, route, steps, own in SECTIONS:
        study = _study(section, section, "default", steps, shared, {WALKED: route, **WARM, **own})
        stages.append(Stage(section, study, start_from=start, parts=LEARNED, learning_rate_factor=0.3, beside=True))
    return PipelineSpec("courses", tuple(stages))


def _study(label: str, section: str, preset: str, steps: int, threads: int, sets: Mapping[str, Any]) -> StudySpec:
    return StudySpec(
        label=label,
        env=f"vbot_navigation_{section}",
        preset=preset,
        sets={**PPO, "train.threads": threads, **sets},
        max_trials=1,
        trial_env_steps=steps,
        slots=1,
        stall_s=STALL_S,
    )
