"""Search, confirmation, final run: what a study does next, as a pure function of its spec and its folded log.

How long each of them may take is the business of `automl.budget`; who does it, that of `automl.engine`.
"""

from dataclasses import dataclass, replace
from typing import Literal

from automl import asha, confirm
from automl.spec import StudySpec
from automl.state import StudyState, TrialState

FINAL = "final"
AFTER_SEARCH = (confirm.ORIGIN, FINAL)


@dataclass(frozen=True)
class Job:
    """One thing to start.

    Attributes:
        kind: `continue` a trial that waits, `promote` one that was halved, or make a new one.
        trial: the trial meant; for `confirm` and `final` the one whose settings are trained again.
        repeat: which repeat of a confirmation or final run.
    """

    kind: Literal["continue", "promote", "search", "confirm", "final"]
    trial: int = -1
    repeat: int = 0


def phase_of(trial: TrialState) -> str:
    """The phase that a trial belongs to."""
    return trial.origin if trial.origin in AFTER_SEARCH else "search"


def phase(state: StudyState) -> str:
    """What the study is at: "search", "confirm", "final", or nothing after its end."""
    if state.ended is not None:
        return ""
    if any(trial.origin == FINAL for trial in state.trials.values()):
        return FINAL
    return "confirm" if state.confirming else "search"


def search_left(spec: StudySpec, state: StudyState) -> bool:
    """Whether the search has a trial to start, now or when a slot is free."""
    if "search" in state.closed:
        return False
    if state.requests or any(phase_of(trial) == "search" for trial in state.in_state("queued")):
        return True
    return _may_suggest(spec, state) or _promotable(spec, state) is not None


def _may_suggest(spec: StudySpec, state: StudyState) -> bool:
    return spec.trial_limit is None or suggested(state) < spec.trial_limit


def _promotable(spec: StudySpec, state: StudyState) -> TrialState | None:
    """The trial to promote; where nobody else will come any more, none waits for others."""
    found = asha.promotable(spec.early_stop, state.trials, spec.trial_env_steps)
    alone = not _may_suggest(spec, state) and not state.in_state("running", "queued")
    if found is not None or not alone:
        return found
    return asha.promotable(replace(spec.early_stop, wait=False), state.trials, spec.trial_env_steps)


def suggested(state: StudyState) -> int:
    """How many trials the search has made by itself."""
    return sum(trial.origin not in ("person", *AFTER_SEARCH) for trial in state.trials.values())


def may_confirm(spec: StudySpec, state: StudyState) -> bool:
    """Whether the search is through and the trials to confirm shall be chosen now."""
    wanted = spec.confirm.top and not state.confirming and "confirm" not in state.closed
    return bool(wanted) and not state.in_state("running") and not search_left(spec, state)


def next_job(spec: StudySpec, state: StudyState, slots: int) -> Job | None:
    """The next thing to start; None when there is nothing, or nothing yet."""
    waiting = [trial for trial in state.in_state("queued") if phase_of(trial) not in state.closed]
    if waiting:
        return Job("continue", min(waiting, key=lambda trial: (trial.run is None, trial.number)).number)
    if "search" not in state.closed and (job := _search_job(spec, state)) is not None:
        return job
    endless = "search" in state.closed and not spec.final.env_steps
    repeat = confirm.next_repeat(spec, state, endless) if "confirm" not in state.closed else None
    return Job("confirm", *repeat) if repeat is not None else _final_job(spec, state, slots)


def _search_job(spec: StudySpec, state: StudyState) -> Job | None:
    if state.requests:
        return Job("search")
    promoted = _promotable(spec, state)
    if promoted is not None:
        return Job("promote", promoted.number)
    return Job("search") if _may_suggest(spec, state) else None


def _final_job(spec: StudySpec, state: StudyState, slots: int) -> Job | None:
    finals = [trial for trial in state.trials.values() if trial.origin == FINAL]
    if not spec.final.env_steps or len(finals) >= final_seeds(spec, slots) or not state.trials:
        return None
    if any(trial.origin != FINAL for trial in state.in_state("running")) or may_confirm_later(spec, state):
        return None
    source = finals[0].lineage.get("final_of", 0) if finals else winner(state, spec)
    return Job("final", int(source), len(finals))


def may_confirm_later(spec: StudySpec, state: StudyState) -> bool:
    """Whether the choice of trials to confirm is still to be made."""
    return may_confirm(spec, state) and bool(confirm.candidates(spec, state))


def winner(state: StudyState, spec: StudySpec | None = None) -> int:
    """The trial whose settings the final run takes: the best one, or the preset where nothing has a score."""
    best = confirm.best_number(state, spec)
    return min(state.trials) if best is None else best


def final_seeds(spec: StudySpec, slots: int) -> int:
    """How many final runs there are."""
    return spec.final.seeds or max(slots, 1)


def full_length(trial_env_steps: int) -> int:
    """How many env steps a final run of a trial takes: those of a training by default, never fewer than the trial's."""
    from vbot_rl.config import TrainCfg

    return max(TrainCfg().total_env_steps, trial_env_steps)
