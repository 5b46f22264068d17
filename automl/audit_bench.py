"""`vbot bench audit`: does a search that asks the audit first train fewer rewards that end in an exploit?

Two studies of the same random draws, length and number of trials: one takes every reward as it comes, the other draws
anew until the audit lets one pass. The ranges are as wide as somebody's who knows little about the task, and hold the
faults of the predecessor's rewards. A trial ended in an exploit when a detector of one was up at its end: detectors
look at what the trained robot does, the audit at the reward alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from automl.diagnosis import flag_names
from automl.headless import run_study
from automl.space import Choice, Dimension, Range
from automl.spec import FIRST_ENV, StudySpec
from automl.spec_parts import WarmStartCfg
from automl.studies import create_study, study_state
from automl.veto import WINS, temptation
from sessions.errors import WorkFailed
from sessions.workspace import Workspace

Say = Callable[[str], None]

EXPLOITS = (
    "lazy_robot",
    "standing_dominance",
    "sprint_crash",
    "touch_and_die",
    "die_early",
    "fly_through",
    "reach_and_farm",
    "celebration_farm",
    "hover_at_rim",
    "conservative_hovering",
    "deceleration_moat",
)
"""The flags that say how a reward is cheated; the others tell of the learner or of the machine."""

ARMS: Mapping[str, bool] = {"without": False, "with": True}

_SCALES: Mapping[str, tuple[float, float]] = {
    "forward_velocity": (0.05, 3.0),
    "position_tracking": (0.02, 2.0),
    "fine_position_tracking": (0.02, 4.0),
    "hold_still": (0.02, 4.0),
    "alive_bonus": (0.01, 2.0),
    "arrival_bonus": (10.0, 300.0),
    "success_bonus": (1.0, 300.0),
}
SPACE: Mapping[str, Dimension] = {
    **{f"task.reward.scales.{name}": Range(low, high, log=True) for name, (low, high) in _SCALES.items()},
    "task.reward.scales.time_cost": Range(-0.5, 0.0),
    "task.reward.scales.near_target_speed": Range(-10.0, 0.0),
    "task.reward.scales.termination": Range(-300.0, 0.0),
    "task.reward.fine_requires_reach": Choice((True, False)),
    "task.reward.alive_until_reach": Choice((True, False)),
    "task.reward.speed_cap_mps": Choice((0.6, 1.8, 10.0)),
    "task.episode.limit_s": Choice((10.0, 20.0, 30.0)),
}
# A policy that can do the job shows soonest what a reward makes of it; the rate is that of the gallery.
SETS: Mapping[str, Any] = {
    "ppo.schedule": "constant",
    "ppo.learning_rate": 7e-4,
    "ppo.symmetry": "none",
    "train.evaluation_cases": 32,
    "train.evaluations": 5,
}


@dataclass(frozen=True)
class Plan:
    """What both studies have in common.

    Attributes:
        env: environment.
        trials: of each study.
        trial_env_steps: length of a trial.
        seed: of the draws.
        slots: trials at once; None = one per core.
        start: what each trial starts from; None = from scratch.
        sets: settings of every trial.
    """

    env: str = FIRST_ENV
    trials: int = 8
    trial_env_steps: int = 350_000
    seed: int = 1
    slots: int | None = None
    start: str | None = f"pretrained:{FIRST_ENV}"
    sets: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What became of one trial.

    Attributes:
        arm, trial, run: which one.
        state: how it ended.
        temptation: how near the audit sees the best exploit to winning; it wins from 1 on.
        flags: the exploits whose detectors were up at the end.
        success, fell: at its last evaluation.
    """

    arm: str
    trial: int
    run: str
    state: str
    temptation: float
    flags: tuple[str, ...]
    success: float | None
    fell: float | None


def spec_of(plan: Plan, arm: str) -> StudySpec:
    """The study of an arm."""
    return StudySpec(
        label=f"bench-{arm}-audit",
        env=plan.env,
        space=SPACE,
        sets={**SETS, **dict(plan.sets)},
        sampler="random",
        seed=plan.seed,
        try_preset=False,
        warm_start=None if plan.start is None else WarmStartCfg(plan.start),
        audited=ARMS[arm],
        max_trials=plan.trials,
        trial_env_steps=plan.trial_env_steps,
        slots=plan.slots,
    )


def run_arm(workspace: Workspace, plan: Plan, arm: str, say: Say) -> list[Outcome]:
    """Search once, and see what became of every trial.

    Raises:
        WorkFailed: somebody ended it before its time.
    """
    study = create_study(workspace, spec_of(plan, arm))
    say(f"{arm} the audit: study {study}")
    view = run_study(workspace, study)
    if view.state == "unattended":
        raise WorkFailed(f"the benchmark was left while the search {arm} the audit was running; start it again.")
    found = [
        Outcome(
            arm,
            trial.number,
            trial.run,
            trial.state,
            round(temptation(spec_of(plan, arm), trial.params), 3),
            tuple(name for name in flag_names(workspace.run(trial.run)) if name in EXPLOITS),
            trial.success,
            trial.fell,
        )
        for trial in study_state(workspace, study).trials.values()
        if trial.run is not None
    ]
    for one in found:
        say(f"  trial {one.trial}: {one.state}, {', '.join(one.flags) or 'no exploit'}")
    return found


def summary(plan: Plan, outcomes: Sequence[Outcome], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Both shares, and how often the audit was right about the rewards that nobody kept from being trained."""
    arms = {arm: _arm([one for one in outcomes if one.arm == arm]) for arm in ARMS}
    free = [one for one in outcomes if one.arm == "without"]
    cheated = [one for one in free if one.flags]
    refused = [one for one in free if one.temptation >= WINS]
    return {
        **asdict(plan),
        "keys": len(SPACE),
        **facts,
        "arms": arms,
        "foreseen": _share(sum(one.temptation >= WINS for one in cheated), len(cheated)),
        "refused_rightly": _share(sum(bool(one.flags) for one in refused), len(refused)),
    }


def _arm(mine: Sequence[Outcome]) -> dict[str, Any]:
    successes = [one.success for one in mine if one.success is not None]
    return {
        "trials": [asdict(one) for one in mine],
        "exploited": sum(bool(one.flags) for one in mine),
        "share": _share(sum(bool(one.flags) for one in mine), len(mine)),
        "success_mean": round(sum(successes) / len(successes), 4) if successes else None,
    }


def _share(some: int, all_: int) -> float | None:
    return round(some / all_, 4) if all_ else None
