"""Building the simulations of a task, whatever it is about."""

import time
from collections.abc import Callable

from vbot_sim.schema import TaskCfg
from vbot_sim.symmetry import MIRROR, Mirror
from vbot_sim.vector_task import VectorTask


def build_task(
    cfg: TaskCfg,
    num_envs: int,
    seed: int,
    threads: int = 1,
    clock: Callable[[], float] = time.perf_counter,
) -> VectorTask:
    """Return the simulations of a task: flat, or on a course.

    Args:
        cfg: the task.
        num_envs: how many simulations.
        seed: of everything random.
        threads: physics threads, this one included.
        clock: seconds, for `VectorTask.physics_s`.
    """
    if cfg.course is None:
        return VectorTask(cfg, num_envs, seed, threads, clock)
    from vbot_sim.courses.task import CourseTask

    return CourseTask(cfg, num_envs, seed, threads, clock)


def mirror_of(cfg: TaskCfg) -> Mirror:
    """Return what a mirror does to the observations and actions of a task."""
    if cfg.course is None:
        return MIRROR
    from vbot_sim.courses.sensing import mirror

    return mirror(cfg.course.sensing)


def observation_size(cfg: TaskCfg) -> int:
    """Return how many numbers an observation of a task has."""
    if cfg.course is None:
        return VectorTask.obs_dim
    from vbot_sim.courses.sensing import Layout

    return Layout.of(cfg.course.sensing).size
