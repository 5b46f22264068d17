"""Time: how long trials take, what is kept back for confirmation and final run, and when a study will end.

Pure functions of the spec and the folded log; seconds are those that schedulers were on, as every event carries them.
Times are learned from trials that one scheduler watched from start to end. A trial's own evaluations are counted
apart, because a run three times as long has as many of them. How long a final run can be follows from how fast its
configuration trained by its own word, because early evaluations take longer than late ones, and a final run has none.
"""

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import mean

from automl import confirm
from automl.phases import FINAL, final_seeds, phase, suggested, winner
from automl.spec import StudySpec
from automl.state import StudyState, TrialState

CONFIRM_SHARE = 0.3
EVALUATIONS = 8
AIM = 0.99  # a final run that is cut to fit is meant to end here, so that its last evaluation is not lost
LONGEST_LEAD_S = 5.0


@dataclass(frozen=True)
class Pace:
    """How fast trials go: seconds per env step of training, and seconds per evaluation."""

    step_s: float
    eval_s: float

    def seconds(self, steps: int, evaluations: int) -> float:
        """What a training of this length takes."""
        return steps * self.step_s + evaluations * self.eval_s


def pace_of(*trials: TrialState) -> Pace | None:
    """The pace of these trials together; None when no scheduler saw enough of them."""
    seen = [trial for trial in trials if trial.timed and trial.seconds > 0 and trial.env_steps > 0]
    if not seen:
        return None
    judged = sum(_judging_s(trial) for trial in seen)
    count = sum(len(trial.rungs) for trial in seen)
    trained = sum(trial.seconds for trial in seen) - judged
    return Pace(trained / sum(trial.env_steps for trial in seen), judged / count if count else 0.0)


def _judging_s(trial: TrialState) -> float:
    # Never all of its time: what it said of its last evaluation may not hold for the others.
    return min(len(trial.rungs) * (trial.eval_s or 0.0), 0.9 * trial.seconds)


def study_pace(state: StudyState) -> Pace | None:
    """The pace of all trials together."""
    return pace_of(*state.trials.values())


def training_pace(state: StudyState, source: int) -> Pace | None:
    """The pace at which trials of this one's configuration train, by their own word; else what schedulers saw.

    Whether one scheduler saw a trial from start to end does not matter to what it says of itself.
    """
    params, seen = state.trials[source].params, pace_of(state.trials[source]) or study_pace(state)
    alike = [trial for trial in state.trials.values() if trial.params == params and trial.env_steps]
    speeds = [(trial.env_steps, trial.trained_per_s) for trial in alike if trial.trained_per_s]
    judged = [trial.eval_s for trial in alike if trial.eval_s is not None]
    if not speeds or not judged:
        return seen
    return Pace(sum(steps / speed for steps, speed in speeds) / sum(steps for steps, _ in speeds), mean(judged))


def trial_s(spec: StudySpec, state: StudyState, source: int | None = None, steps: int | None = None) -> float | None:
    """What one training takes, by the pace of trial `source` where it is known."""
    own = pace_of(state.trials[source]) if source is not None and source in state.trials else None
    pace = own or study_pace(state)
    return None if pace is None else pace.seconds(steps or spec.trial_env_steps, evaluations(spec, state))


def evaluations(spec: StudySpec, state: StudyState) -> int:
    """How often a run evaluates itself: as often as the finished ones did."""
    seen = max((len(trial.rungs) for trial in state.in_state("finished")), default=0)
    return seen or int(spec.sets.get("train.evaluations", EVALUATIONS))


def makespan(durations: Iterable[float], slots: int) -> float:
    """When the last of these jobs ends if each begins as soon as a slot is free, in this order."""
    free = [0.0] * max(slots, 1)
    for duration in durations:
        heapq.heapreplace(free, free[0] + duration)
    return max(free)


def confirm_s(spec: StudySpec, state: StudyState, slots: int) -> float:
    """What confirmation takes, at most its share of the budget; 0 as long as there is nothing to confirm."""
    sources = state.confirming or confirm.candidates(spec, state)
    made = {(trial.lineage.get("confirms"), trial.lineage.get("repeat")) for trial in state.trials.values()}
    wanted = [(source, repeat) for repeat in range(spec.confirm.seeds) for source in sources]
    times = [trial_s(spec, state, source) or 0.0 for source, repeat in wanted if (source, repeat) not in made]
    return min(makespan(times, slots), CONFIRM_SHARE * spec.budget_s if spec.budget_s else float("inf"))


def final_s(spec: StudySpec, state: StudyState, slots: int) -> float:
    """What the final run takes, at most its share of the budget; all of that as long as no pace is known."""
    if not spec.final.env_steps or not state.trials:
        return 0.0
    share = spec.final.share * spec.budget_s if spec.budget_s else float("inf")
    each = trial_s(spec, state, winner(state, spec), spec.final.env_steps)
    seeds = final_seeds(spec, slots) - sum(trial.origin == FINAL for trial in state.trials.values())
    return share if each is None else min(makespan([each] * seeds, slots), share)


def closes_at_s(spec: StudySpec, state: StudyState, slots: int) -> float | None:
    """When the present phase has to make room for the next one; None where nothing comes after it, or no budget."""
    if spec.budget_s is None:
        return None
    now = phase(state)
    later = 0.0
    if now in ("search", "confirm"):
        later += final_s(spec, state, slots)
    if now == "search":
        later += confirm_s(spec, state, slots)
    return spec.budget_s - later if later else None


def ends_at_s(spec: StudySpec, state: StudyState) -> float | None:
    """When everything that still runs is asked to end, early enough to end in time."""
    if spec.budget_s is None:
        return None
    lead_s = 0.0 if phase(state) == FINAL else min(max(0.005 * spec.budget_s, 0.1), LONGEST_LEAD_S)
    return spec.budget_s - lead_s


def overdue_at_s(spec: StudySpec) -> float:
    """When what still runs is killed, because its checkpoint takes too long."""
    return float("inf") if spec.budget_s is None else spec.budget_s + max(0.01 * spec.budget_s, 0.5)


def final_steps(spec: StudySpec, state: StudyState, source: int, slots: int, elapsed_s: float) -> int:
    """The length of a final run that begins now: as asked for, or as much as there is time for."""
    finals = [trial for trial in state.trials.values() if trial.origin == FINAL]
    pace = training_pace(state, source)
    if finals and finals[0].total is not None and len(finals) < slots:
        return finals[0].total
    if spec.budget_s is None or pace is None or pace.step_s <= 0:
        return spec.final.env_steps
    waves = -(-(final_seeds(spec, slots) - len(finals)) // max(slots, 1))
    left_s = (AIM * spec.budget_s - elapsed_s) / max(waves, 1) - evaluations(spec, state) * pace.eval_s
    fits = int(left_s / pace.step_s)
    return min(spec.final.env_steps, max(fits, spec.trial_env_steps))


def ends_in_s(
    spec: StudySpec, state: StudyState, slots: int, elapsed_s: float, left_s: Mapping[int, float]
) -> float | None:
    """In how many seconds the study will have ended, by what is known now; None while nothing is.

    Args:
        spec: what the study is asked to do.
        state: its folded log.
        slots: trials at once.
        elapsed_s: seconds spent.
        left_s: of running trials, by number, what they say themselves that they still need.
    """
    if state.ended is not None:
        return 0.0
    budget_left = None if spec.budget_s is None else max(spec.budget_s - elapsed_s, 0.0)
    work = _work_s(spec, state, slots, left_s)
    if work is None:
        return budget_left
    return work if budget_left is None else min(work, budget_left)


def _work_s(spec: StudySpec, state: StudyState, slots: int, left_s: Mapping[int, float]) -> float | None:
    usual = trial_s(spec, state)
    if spec.trial_limit is None and "search" not in state.closed:
        return None
    running = [left_s.get(trial.number, usual) for trial in state.in_state("running")]
    search_over = phase(state) != "search" or "search" in state.closed
    waiting = 0 if search_over else max((spec.trial_limit or 0) - suggested(state), 0)
    waiting += len(state.in_state("queued"))
    if any(seconds is None for seconds in running) or (waiting and usual is None):
        return None
    search = makespan([*(seconds or 0.0 for seconds in running), *[usual or 0.0] * waiting], slots)
    return search + confirm_s(spec, state, slots) + final_s(spec, state, slots)
