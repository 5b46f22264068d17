"""Named ways to evaluate: which episodes, under which physics, for how long.

A protocol changes only what it is about and leaves the rest of a task (control rate, action scale, observation) as the
policy knows it. Cases are a pure function of protocol, number and seed. No case depends on the robot.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vbot_sim.errors import ConfigError
from vbot_sim.schema import PhysicsCfg, RandomizationCfg, SpawnCfg, TaskCfg, TerminationCfg
from vbot_sim.settings import nearest

if TYPE_CHECKING:
    from vbot_sim.scoring import Outcome
    from vbot_sim.spawns import Spawns
    from vbot_sim.vector_task import EpisodeEnds

CANONICAL_CASES = 256
CANONICAL_SEED = 20260219
"""The cases that rank policies: always these, so that two scores are comparable."""

AFTER_SUCCESS_S = 2.0
_OFFICIAL_SPAWN = SpawnCfg(
    radius_min_m=8.0, radius_max_m=12.0, distribution="area", target_radius_m=0.0, height_m=0.5, joint_noise_rad=0.0
)


@dataclass(frozen=True)
class Protocol:
    """A way to evaluate.

    Attributes:
        name: its name on the command line and in files.
        version: raised whenever the meaning of its results changes.
        help: one sentence.
        limit_s: time limit for success; None keeps the task's.
        after_success_s: how long an episode goes on after success, in which a fall still counts.
        spawn: where episodes start; None keeps the task's.
        strict: finer physics, varied friction and masses, pushes and observation noise.
    """

    name: str
    version: int
    help: str
    limit_s: float | None
    after_success_s: float
    spawn: SpawnCfg | None
    strict: bool = False

    @property
    def id(self) -> str:
        """Name and version, stored with every result."""
        return f"{self.name}-v{self.version}"


PROTOCOLS: dict[str, Protocol] = {
    protocol.name: protocol
    for protocol in (
        Protocol(
            "competition",
            1,
            "The official start: 8-12 m away, any heading, 10 s, and 2 s more standing.",
            10.0,
            AFTER_SUCCESS_S,
            _OFFICIAL_SPAWN,
        ),
        Protocol(
            "strict",
            1,
            "Competition in 15 s under fine physics, slippery feet, other masses, pushes and noisy sensors.",
            15.0,
            AFTER_SUCCESS_S,
            _OFFICIAL_SPAWN,
            strict=True,
        ),
        Protocol("training", 1, "The start and the world the policy was trained in.", None, AFTER_SUCCESS_S, None),
    )
}

_STRICT_VARIATION = RandomizationCfg(
    foot_friction=(0.4, 1.0),
    mass_scale=(0.8, 1.2),
    push_speed_mps=0.5,
    push_interval_s=4.0,
    obs_noise=1.0,
    latency_steps=(0, 0),
)


def protocol(name: str) -> Protocol:
    """Return a protocol by name.

    Raises:
        ConfigError: no such protocol.
    """
    if name not in PROTOCOLS:
        raise ConfigError(f"Unknown protocol '{name}'.{nearest(name, PROTOCOLS)}")
    return PROTOCOLS[name]


def evaluation_task(task: TaskCfg, how: Protocol) -> TaskCfg:
    """Return the task as `how` judges it; build a `VectorTask` with it and pin `cases` to it."""
    if task.course is not None:
        from vbot_sim.courses.judging import course_task

        return course_task(task, how, _STRICT_VARIATION)
    limit = how.limit_s if how.limit_s is not None else task.episode.limit_s
    episode = replace(
        task.episode,
        limit_s=limit,
        success_ends=True,
        after_success_s=how.after_success_s,
        reach_radius_m=0.5,
        fence_radius_m=0.75,
        success_speed_mps=0.15,
        success_hold_s=0.5,
    )
    judged = replace(task, episode=episode)
    if how.spawn is not None:  # an official protocol: the world is its own, whatever training made of it
        physics = PhysicsCfg(iterations=task.physics.iterations, collision=task.physics.collision)
        physics = replace(physics, timestep_s=task.physics.timestep_s)
        judged = replace(
            judged,
            spawn=how.spawn,
            physics=physics,
            termination=TerminationCfg(),
            randomization=RandomizationCfg(),
        )
    if how.strict:
        fine = replace(judged.physics, timestep_s=0.002, cone="elliptic", iterations=max(50, task.physics.iterations))
        judged = replace(judged, physics=fine, randomization=_STRICT_VARIATION)
    return judged


def cases(how: Protocol, task: TaskCfg, count: int = CANONICAL_CASES, seed: int = CANONICAL_SEED) -> "Spawns":
    """Return the start states of `count` evaluation episodes."""
    import numpy as np

    from vbot_sim.spawns import draw_spawns

    rng = np.random.Generator(np.random.PCG64(seed))
    judged = evaluation_task(task, how)
    if judged.course is not None:
        from vbot_sim.courses.judging import course_cases

        return course_cases(judged, rng, count)
    return draw_spawns(rng, count, judged.spawn)


def outcomes(ends: "EpisodeEnds") -> "list[Outcome]":
    """Translate the ends of episodes into what is scored."""
    from vbot_sim.scoring import Outcome
    from vbot_sim.terminations import CAUSES

    earned = getattr(ends, "points", None)  # on courses
    progress = getattr(ends, "progress", None)
    return [
        Outcome(
            cause=CAUSES[int(ends.cause[k])],
            success_time_s=float(ends.success_time_s[k]) if ends.success[k] else None,
            fence=bool(ends.fence[k]),
            fell=bool(ends.fell[k]),
            out_of_bounds=bool(ends.out_of_bounds[k]),
            earned=None if earned is None else float(earned[k]),
            progress=0.0 if progress is None else float(progress[k]),
        )
        for k in range(len(ends.cause))
    ]
