"""All behaviours on one stage: scripted for a task, paid by it, and the job chosen among its variants."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from automl.audit import behaviours as act
from automl.audit.pay import Income, Ints, pay
from automl.audit.returns import Worth, discounted, last_row, until
from vbot_sim.rewards import RewardFunction
from vbot_sim.schema import TaskCfg

STAND, STEP_INSIDE, RETREAT, ROCK, ZIG_ZAG, SPRINT = (
    "stand still at the spawn",
    "stand just inside the boundary",
    "walk away and stand",
    "rock to and fro at the spawn",
    "zig-zag to the target",
    "sprint and fall at the touch",
)
HOVER, OUTSIDE, COME_IN, COME_IN_WELL, PASS = (
    "stand 2 cm outside the circle",
    "stand half a metre outside the circle",
    "come in as a learner does",
    "come in and stop",
    "pass through again and again",
)
LATEST_ARRIVAL = 0.9
COME_IN_FROM_M = 1.1  # outside the circle


@dataclass(frozen=True)
class Stage:
    """A task with its paid behaviours.

    Attributes:
        task: what is audited.
        gamma: discount per step of the audit.
        names: reward terms with a scale, in the order of the incomes' rows.
        incomes: behaviours by name.
        job: the walk-in that pays best of those that arrive in time.
        speed_mps: its speed.
        walk: the walk-in that pays best, in time or not: a discounting learner does not see the time limit.
    """

    task: TaskCfg
    gamma: float
    names: tuple[str, ...]
    incomes: Mapping[str, Income]
    job: Income
    speed_mps: float
    walk: Income

    def start(self, income: Income) -> Ints:
        """Return the first step of each case."""
        return np.zeros(income.terms.shape[2], np.int64)

    def job_end(self) -> Ints:
        """Return when the episode of the job ends."""
        if not self.task.episode.success_ends:
            return last_row(self.job)
        on = round(self.task.episode.after_success_s / act.STEP_S)
        return np.where(
            self.job.success >= 0, np.minimum(self.job.success + on, last_row(self.job)), last_row(self.job)
        )

    def rest_rows(self) -> int:
        """Return how many steps are left of an episode when the job has arrived, on average."""
        arrived = until(self.job, self.job.first_reach)
        return int(max(float(np.mean(last_row(self.job) - arrived)), 1.0 / act.STEP_S))

    def discounted(self, income: Income, end: Ints | None = None) -> Worth:
        """Return the discounted return from the spawn."""
        return discounted(income, self.start(income), last_row(income) if end is None else end, self.gamma, True)


def build(task: TaskCfg, gamma: float) -> Stage:
    """Script and pay everything; `gamma` is per control step of the task."""
    per_step = gamma ** (act.STEP_S / task.control_dt_s)
    incomes = pay(scripts(task), act.spawn_cases(task), task)
    names = RewardFunction(task.reward, act.STEP_S).names
    jobs = {speed: incomes[job_name(speed)] for speed in act.SANE_SPEEDS_MPS}
    slowest = min(jobs)
    plain = Stage(task, per_step, names, incomes, jobs[slowest], slowest, jobs[slowest])
    worth = {speed: plain.discounted(income).total() for speed, income in jobs.items()}
    in_time = {speed: income for speed, income in jobs.items() if arrives(income)}
    if not in_time:
        fastest = max(jobs)
        in_time = {fastest: jobs[fastest]}
    best = max(in_time, key=lambda speed: worth[speed])
    walk = max(worth, key=lambda speed: worth[speed])
    return Stage(task, per_step, names, incomes, jobs[best], best, jobs[walk])


def arrives(income: Income) -> bool:
    """Return whether a walk-in reaches the target well before the time limit, from every spawn."""
    late = LATEST_ARRIVAL * income.terms.shape[1]
    return bool(np.all((income.first_reach >= 0) & (income.first_reach <= late)))


def job_name(speed_mps: float) -> str:
    """Return the name of the walk-in at a speed."""
    return f"do the job at {speed_mps:g} m/s"


def scripts(task: TaskCfg) -> list[act.Track]:
    """Script all behaviours for a task."""
    cases, limit, reach = act.spawn_cases(task), task.episode.limit_s, task.episode.reach_radius_m
    hold = min(act.HOLD_M, 0.8 * reach)
    rim_in, rim_out, outside = reach - act.RIM_M, reach + act.RIM_M, reach + act.OUTSIDE_M
    return [
        *(act.walk_to(job_name(speed), cases, limit, hold, speed) for speed in act.SANE_SPEEDS_MPS),
        act.stand(STAND, cases, limit),
        act.step_inside(STEP_INSIDE, cases, limit, task.reward.boundary_radius_m),
        act.sprint(SPRINT, cases, limit, reach),
        act.zig_zag(ZIG_ZAG, cases, limit, act.PACE_MPS),
        act.rock(ROCK, cases, limit),
        act.retreat(RETREAT, cases, limit, task.termination.out_of_bounds_m),
        act.stay(HOVER, limit, rim_out),
        act.stay(OUTSIDE, limit, outside),
        act.enter(COME_IN, limit, reach + COME_IN_FROM_M, rim_in, "exploring"),
        act.enter(COME_IN_WELL, limit, outside, hold, "walking"),
        act.pass_through(PASS, limit, outside),
    ]


def mean_seconds(steps: Ints) -> float | None:
    """Return the mean time of an event over the cases where it happens."""
    happened = steps[steps >= 0]
    return None if len(happened) == 0 else float((happened + 1).mean()) * act.STEP_S
