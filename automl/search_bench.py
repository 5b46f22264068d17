"""`vbot bench search`: which way of searching finds a policy that does the job, and how soon.

Each arm is an ordinary study with the same start, the same ranges, the same time and the same seeds; they differ in
the sampler and in early stopping. What an arm found is judged on fresh cases, because the best of many looked better on
the cases it was chosen by.
"""

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from automl.asha import AshaCfg
from automl.headless import run_study
from automl.journal import read_journal
from automl.presets import PPO_SPACE, reward_space
from automl.spec import FIRST_ENV, StudySpec
from automl.studies import LOG_FILE, create_study
from sessions.errors import WorkFailed
from sessions.workspace import Workspace

GOOD = 0.9  # success that ends the clock
WANTED = 0.99  # success of what an arm found
FRESH_CASES = 512
FRESH_SEED = 77_001
TRIES = 8  # checkpoints that are judged afresh before the clock is said not to have ended
KEPT = 60  # checkpoints of a run, so that the first good one is still there afterwards

Say = Callable[[str], None]


@dataclass(frozen=True)
class Arm:
    """One way of searching."""

    name: str
    sampler: Literal["tpe", "gp", "cmaes", "random", "perturb", "grid"]
    early_stop: AshaCfg = field(default_factory=AshaCfg)


ARMS = (
    Arm("tpe+asha", "tpe", AshaCfg(enabled=True, eta=2.0, rungs=(0.4, 0.7), min_peers=3)),
    Arm("random", "random"),
    Arm("perturb", "perturb"),
    Arm("gp+asha", "gp", AshaCfg(enabled=True, eta=2.0, rungs=(0.4, 0.7), min_peers=3)),
    Arm("cmaes", "cmaes"),
)
STANDARD = ("tpe+asha", "random", "perturb")


@dataclass(frozen=True)
class Plan:
    """How long and how often.

    Attributes:
        env: environment.
        preset: what every search starts from.
        budget_s: scheduler seconds of one study.
        trial_env_steps: length of a trial.
        slots: trials at once.
        sets: settings of every trial.
        cases: fresh cases that judge a checkpoint.
    """

    env: str = FIRST_ENV
    preset: str = "head"
    budget_s: float = 600.0
    trial_env_steps: int = 1_500_000
    slots: int | None = None
    sets: tuple[tuple[str, Any], ...] = ()
    cases: int = FRESH_CASES


@dataclass(frozen=True)
class Outcome:
    """What one study of an arm came to.

    Attributes:
        arm, repeat, study: which one.
        trials: trials begun.
        best: the checkpoint with the highest score on the canonical cases, as RUN@STEP.
        chosen_success: its success there.
        success, fell, score: on fresh cases.
        good_s: seconds until the first checkpoint with a success of 0.9, confirmed on fresh cases; None = never.
    """

    arm: str
    repeat: int
    study: str
    trials: int
    best: str | None = None
    chosen_success: float | None = None
    success: float | None = None
    fell: float | None = None
    score: float | None = None
    good_s: float | None = None


def spec_of(plan: Plan, arm: Arm, repeat: int) -> StudySpec:
    """The study of an arm."""
    space = {**PPO_SPACE, **reward_space(plan.env, plan.preset)}
    sets = {"train.keep_last": KEPT, **dict(plan.sets)}
    base = StudySpec(label=f"bench-{arm.name.partition('+')[0]}", env=plan.env, preset=plan.preset, space=space)
    return replace(
        base,
        sets=sets,
        sampler=arm.sampler,
        seed=repeat,
        startup_trials=4,
        max_trials=None,
        trial_env_steps=plan.trial_env_steps,
        budget_s=plan.budget_s,
        slots=plan.slots,
        early_stop=arm.early_stop,
    )


def run_arm(workspace: Workspace, plan: Plan, arm: Arm, repeat: int, say: Say) -> Outcome:
    """Search once and judge what was found.

    Raises:
        WorkFailed: somebody ended it before its time.
    """
    study = create_study(workspace, spec_of(plan, arm, repeat))
    say(f"{arm.name}, repeat {repeat}: study {study}")
    view = run_study(workspace, study)
    if view.state == "unattended":
        raise WorkFailed(f"the benchmark was left while {arm.name} was searching; start it again.")
    events = read_journal(workspace.studies / study / LOG_FILE).events
    return judged(workspace, plan, Outcome(arm.name, repeat, study, len(view.trials)), events)


def judged(workspace: Workspace, plan: Plan, outcome: Outcome, events: Sequence[dict[str, Any]]) -> Outcome:
    """The outcome with its best checkpoint judged afresh, and with the time of the first good one."""
    points = evaluations(events)
    best = max(points, key=lambda point: (point[2], -point[0]), default=None)
    if best is None:
        return outcome
    _, name, _, success = best
    found = judge(workspace, name, plan.cases)
    return replace(
        outcome,
        best=name,
        chosen_success=success,
        success=found["success"],
        fell=found["fell"],
        score=found["score"],
        good_s=first_good_s(points, lambda checkpoint: judge(workspace, checkpoint, plan.cases)["success"]),
    )


def evaluations(events: Sequence[dict[str, Any]]) -> list[tuple[float, str, float, float]]:
    """Every evaluation with a score, as (seconds, RUN@STEP, score, success), in the order in which they were seen."""
    runs = {event["trial"]: event["run"] for event in events if event["type"] == "trial_prepared"}
    return [
        (float(event["t"]), f"{runs[event['trial']]}@{event['step']}", event["score"], event["success"] or 0.0)
        for event in events
        if event["type"] == "rung" and event["score"] is not None
    ]


def first_good_s(
    points: Sequence[tuple[float, str, float, float]], fresh_success: Callable[[str], float | None]
) -> float | None:
    """Seconds until the first checkpoint whose success of 0.9 also holds on fresh cases."""
    good = [point for point in sorted(points) if point[3] >= GOOD]
    for seconds, name, _, _ in good[:TRIES]:
        success = fresh_success(name)
        if success is not None and success >= GOOD:
            return seconds
    return None


def judge(workspace: Workspace, checkpoint: str, cases: int) -> dict[str, Any]:
    """Success, fell and score of a checkpoint on fresh competition cases, in a process of its own.

    Raises:
        WorkFailed: it could not be judged.
    """
    words = ["eval", checkpoint, "--episodes", str(cases), "--seed", str(FRESH_SEED), "--json"]
    command = [sys.executable, "-P", "-m", "vbot_tui.cli", *words, "--workspace", str(workspace.root)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    try:
        said = json.loads(done.stdout)
    except ValueError:
        said = {}
    if done.returncode != 0 or "success" not in said:
        raise WorkFailed(f"{checkpoint} could not be judged: {said.get('error') or done.stderr[-200:]}")
    return {name: said[name] for name in ("success", "fell", "score")}


def summary(plan: Plan, outcomes: Sequence[Outcome], facts: dict[str, Any]) -> dict[str, Any]:
    """The table with medians, and whether it shows what a search is for."""
    arms = {}
    for name in dict.fromkeys(outcome.arm for outcome in outcomes):
        mine = [outcome for outcome in outcomes if outcome.arm == name]
        arms[name] = {
            "repeats": [asdict(outcome) for outcome in mine],
            "success_median": median([outcome.success for outcome in mine], 0.0),
            "success_lowest": min(outcome.success or 0.0 for outcome in mine),
            "good_s_median": median([outcome.good_s for outcome in mine], float("inf")),
        }
    return {"minutes": plan.budget_s / 60, "cases": plan.cases, **asdict(plan), **facts, "arms": arms, **claims(arms)}


def median(values: Sequence[float | None], missing: float) -> float | None:
    """The median, a missing value counting as the worst; None where that is the median."""
    found = statistics.median([missing if value is None else value for value in values])
    return None if found == float("inf") else found


def claims(arms: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Whether the model-based arm always ends well, is the fastest, and takes half of the better baseline's time."""
    ours = arms.get("tpe+asha")
    others = [arms[name]["good_s_median"] for name in ("random", "perturb") if name in arms]
    if ours is None or not others:
        return {"solved": None, "fastest": None, "half": None}
    known = [seconds for seconds in others if seconds is not None]
    mine = ours["good_s_median"]
    fastest = mine is not None and all(mine < seconds for seconds in known)
    return {
        "solved": ours["success_lowest"] >= WANTED,
        "fastest": fastest,
        "half": mine is not None and (not known or mine <= min(known) / 2),
    }
