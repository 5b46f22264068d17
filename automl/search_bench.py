"""`vbot bench search`: which way of searching finds a policy that does the job, and how soon.

Each arm is an ordinary study with the same start, the same ranges, the same time and the same seeds; they differ in
the sampler and in early stopping. What an arm found is confirmed: its best few checkpoints are judged on fresh cases,
and the best of these on fresh cases again, because the best of many looked better on the cases it was chosen by.

Outcomes are kept in a file of the workspace after each arm, so that a benchmark that was cut goes on where it stopped.
"""

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from automl.asha import AshaCfg
from automl.commands import Command
from automl.headless import run_study
from automl.journal import read_journal
from automl.presets import PPO_SPACE, reward_space
from automl.space import Dimension, Factor, Range
from automl.spec import FIRST_ENV, StudySpec
from automl.studies import LOG_FILE, create_study, send
from sessions.errors import UsageError, WorkFailed
from sessions.files import read_json, to_json, write_atomic
from sessions.workspace import Workspace
from vbot_sim.config import task_cfg
from vbot_sim.settings import leaves

GOOD = 0.9  # success that ends the clock
WANTED = 0.99  # success of what an arm found
FRESH_CASES = 512
FRESH_SEED = 77_001  # of the cases that the best checkpoint is reported on, and that end the clock
CHOICE_SEED = 77_002  # of the cases by which it is chosen
CHOSEN_FROM = 4  # checkpoints, the best on the canonical cases
TABLE_FILE = "bench-search.json"
TRIES = 8  # checkpoints that are judged afresh before the clock is said not to have ended
# The old preset was trained with 0.999 at a hundred decisions a second, which is 0.998 at fifty.
DISCOUNT = Range(0.995, 0.9995, one_minus=True)
REWARD = "reward."
KEPT = 60  # checkpoints of a run, so that the first good one is still there afterwards
JUDGED = 10  # times per trial; the rungs below are at the third and the fifth

Say = Callable[[str], None]


@dataclass(frozen=True)
class Arm:
    """One way of searching."""

    name: str
    sampler: Literal["tpe", "gp", "cmaes", "random", "perturb", "grid"]
    early_stop: AshaCfg = field(default_factory=AshaCfg)


# With the old reward all stand or fall after a million steps; half a million later it shows who walks. One of three
# goes on, because ten minutes see nine trials that far and only two to their end.
HALVING = AshaCfg(enabled=True, eta=3.0, rungs=(0.3, 0.5), min_peers=2, wait=True)
ARMS = (
    Arm("tpe+asha", "tpe", HALVING),
    Arm("random", "random"),
    Arm("perturb", "perturb"),
    Arm("random+asha", "random", HALVING),
    Arm("gp+asha", "gp", HALVING),
    Arm("cmaes", "cmaes"),
)
STANDARD = ("tpe+asha", "random", "perturb")


@dataclass(frozen=True)
class Plan:
    """How long and how often.

    Attributes:
        env: environment.
        preset: what every search starts from.
        own_world: whether all else is the preset's too, instead of the default's: starts, control, variation.
        budget_s: scheduler seconds of one study.
        trial_env_steps: length of a trial.
        slots: trials at once.
        sets: settings of every trial.
        cases: fresh cases that judge a checkpoint.
    """

    env: str = FIRST_ENV
    preset: str = "head"
    own_world: bool = False
    budget_s: float = 600.0
    trial_env_steps: int = 5_000_000
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
        done: whether it was searched and judged to the end.
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
    done: bool = False


def world(env: str, preset: str) -> dict[str, Any]:
    """All settings of the default but its reward, where a preset has others.

    What is searched is a reward. The old preset starts 10 to 12 m away, from where no beginner ever meets the target,
    and decides a hundred times a second, which makes everything take twice as long.
    """
    ours, theirs = leaves(task_cfg(env)), leaves(task_cfg(env, preset))
    other = (path for path in ours if not path.startswith(REWARD) and ours[path] != theirs.get(path))
    return {f"task.{path}": ours[path] for path in other}


def by_magnitude(env: str, preset: str) -> dict[str, Dimension]:
    """The predecessor's ranges of reward scales as factors on the preset: -0.5 is as far from -2 as -8 would be."""
    known = leaves(task_cfg(env, preset))
    space = dict(reward_space(env, preset))
    for path, item in space.items():
        around = known[path.removeprefix("task.")]
        if isinstance(item, Range) and isinstance(around, int | float) and around:
            low, high = sorted((item.low / around, item.high / around))
            space[path] = Factor(low, high)
    return space


def spec_of(plan: Plan, arm: Arm, repeat: int) -> StudySpec:
    """The study of an arm."""
    space = {**PPO_SPACE, "ppo.gamma": DISCOUNT, **by_magnitude(plan.env, plan.preset)}
    around = {} if plan.own_world else world(plan.env, plan.preset)
    sets = {"train.keep_last": KEPT, "train.evaluations": JUDGED, **around, **dict(plan.sets)}
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


class Table:
    """The outcomes of a benchmark, in a file that is written whole after each change.

    Raises:
        UsageError: the file belongs to a benchmark of another plan.
    """

    def __init__(self, workspace: Workspace, plan: Plan) -> None:
        self._path = workspace.root / TABLE_FILE
        self._plan = json.loads(to_json(asdict(plan)))
        self._outcomes: dict[tuple[str, int], Outcome] = {}
        if not self._path.exists():
            return
        kept = read_json(self._path)
        if kept["plan"] != self._plan:
            raise UsageError(f"{self._path} holds another benchmark; name another --workspace, or the same arguments.")
        for row in kept["outcomes"]:
            self._outcomes[row["arm"], row["repeat"]] = Outcome(**row)

    def get(self, arm: str, repeat: int) -> Outcome | None:
        """What is known of an arm's repeat."""
        return self._outcomes.get((arm, repeat))

    def put(self, outcome: Outcome) -> None:
        """Keep what is known by now."""
        self._outcomes[outcome.arm, outcome.repeat] = outcome
        rows = [asdict(one) for one in self._outcomes.values()]
        write_atomic(self._path, to_json({"plan": self._plan, "outcomes": rows}))

    def done(self) -> list[Outcome]:
        """All that were searched and judged."""
        return [outcome for outcome in self._outcomes.values() if outcome.done]


def run_arm(workspace: Workspace, plan: Plan, arm: Arm, repeat: int, table: Table, say: Say) -> Outcome:
    """Search once and judge what was found; what a benchmark before has done of it is not done again.

    A search that was cut is ended and begun anew, because its trials went on without anybody counting.

    Raises:
        WorkFailed: somebody ended it before its time.
    """
    known = table.get(arm.name, repeat)
    if known is not None and known.done:
        return known
    if known is not None and not _has_ended(workspace, known.study):
        say(f"{arm.name}, repeat {repeat}: {known.study} was cut; it is ended, and searched anew")
        _end(workspace, known.study)
        known = None
    if known is None:
        known = Outcome(arm.name, repeat, create_study(workspace, spec_of(plan, arm, repeat)), 0)
        table.put(known)
        say(f"{arm.name}, repeat {repeat}: study {known.study}")
        if run_study(workspace, known.study).state == "unattended":
            raise WorkFailed(f"the benchmark was left while {arm.name} was searching; the same command goes on.")
    events = read_journal(workspace.studies / known.study / LOG_FILE).events
    trials = sum(event["type"] == "trial_created" for event in events)
    outcome = replace(judged(workspace, plan, replace(known, trials=trials), events), done=True)
    table.put(outcome)
    return outcome


def _has_ended(workspace: Workspace, study: str) -> bool:
    return any(event["type"] == "study_ended" for event in read_journal(workspace.studies / study / LOG_FILE).events)


def _end(workspace: Workspace, study: str) -> None:
    send(workspace, study, Command("stop_study", "vbot bench search", "it was cut, and is searched anew"))
    if run_study(workspace, study).state == "unattended":
        raise WorkFailed("the benchmark was left while it ended a search that had been cut; the same command goes on.")


def judged(workspace: Workspace, plan: Plan, outcome: Outcome, events: Sequence[dict[str, Any]]) -> Outcome:
    """The outcome with its best checkpoint confirmed, and with the time of the first good one."""
    points = evaluations(events)
    best = choose(points, lambda name: judge(workspace, name, plan.cases, CHOICE_SEED)["score"])
    if best is None:
        return outcome
    name, success = best
    found = judge(workspace, name, plan.cases, FRESH_SEED)
    return replace(
        outcome,
        best=name,
        chosen_success=success,
        success=found["success"],
        fell=found["fell"],
        score=found["score"],
        good_s=first_good_s(points, lambda name: judge(workspace, name, plan.cases, FRESH_SEED)["success"]),
    )


def choose(
    points: Sequence[tuple[float, str, float, float]], fresh_score: Callable[[str], float]
) -> tuple[str, float] | None:
    """The checkpoint that is best on cases it was not found by, of the best on the canonical ones; and its success."""
    leading = sorted(points, key=lambda point: (-point[2], point[0]))[:CHOSEN_FROM]
    scored = {name: fresh_score(name) for _, name, _, _ in leading} if len(leading) > 1 else {}
    best = max(leading, key=lambda point: scored.get(point[1], 0.0), default=None)
    return None if best is None else (best[1], best[3])


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


def judge(workspace: Workspace, checkpoint: str, cases: int, seed: int) -> dict[str, Any]:
    """Success, fell and score of a checkpoint on competition cases of a seed, in a process of its own.

    Raises:
        WorkFailed: it could not be judged.
    """
    words = ["eval", checkpoint, "--episodes", str(cases), "--seed", str(seed), "--json"]
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
