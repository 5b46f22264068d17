"""How courses are judged: the official start and rules, and the same under strict physics.

A protocol changes only what it is about. The route stays the policy's own, because which way to take is part of what
it does; points follow from where the robot was.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from vbot_sim.courses.rounds import Rounds
from vbot_sim.courses.routes import SECTIONS
from vbot_sim.courses.schema import CelebrationCfg, CourseLimitsCfg, StartCfg
from vbot_sim.courses.spawns import CourseSpawns, official
from vbot_sim.schema import PhysicsCfg, RandomizationCfg, TaskCfg, TerminationCfg
from vbot_sim.terrain.ground import height_map

if TYPE_CHECKING:
    from vbot_sim.protocols import Protocol

JUDGING_RELIEF_SEED = 9001
"""Random ground that no training uses by default."""
STRICT_CONTACT_S = 0.005


def course_task(task: TaskCfg, how: "Protocol", strict_variation: RandomizationCfg) -> TaskCfg:
    """Return a task with a course as `how` judges it."""
    course = task.course
    assert course is not None, "the flat task is judged in vbot_sim.protocols"
    if how.spawn is None:  # the training protocol: its own world, without levels
        episode = replace(task.episode, success_ends=True, after_success_s=how.after_success_s)
        return replace(task, episode=episode)
    section = SECTIONS[course.section]
    judged = replace(
        task,
        episode=replace(task.episode, limit_s=section.limit_s, success_ends=True, after_success_s=how.after_success_s),
        physics=PhysicsCfg(
            timestep_s=task.physics.timestep_s, iterations=task.physics.iterations, collision=task.physics.collision
        ),
        spawn=replace(task.spawn, joint_noise_rad=0.0),
        termination=TerminationCfg(),
        randomization=RandomizationCfg(),
        course=replace(
            course,
            ground="course",
            relief_seed=JUDGING_RELIEF_SEED,
            start=StartCfg(),
            celebration=CelebrationCfg(),
            limits=CourseLimitsCfg(),
        ),
    )
    if not how.strict:
        return judged
    fine = PhysicsCfg(
        timestep_s=0.002,
        cone="elliptic",
        iterations=max(50, task.physics.iterations),
        collision="full",
        contact_time_s=STRICT_CONTACT_S,
    )
    return replace(judged, physics=fine, randomization=strict_variation)


def course_cases(judged: TaskCfg, rng: np.random.Generator, count: int) -> CourseSpawns:
    """Return the start states of `count` evaluation episodes: official starts, or the field at all its levels."""
    course, noise = judged.course, judged.spawn.joint_noise_rad
    assert course is not None, "flat cases are drawn in vbot_sim.spawns"
    ground = height_map(course.world, course.relief_seed)
    if course.ground == "course":
        return official(rng, count, SECTIONS[course.section].start, ground, noise)
    walked = replace(course, field=replace(course.field, by_success=False))
    rounds = Rounds(walked, count, judged.control_dt_s, judged.episode.reach_radius_m, rng)
    return rounds.draw(np.arange(count), ground, noise)
