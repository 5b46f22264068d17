"""What the cockpit and `vbot status` show of a study: immutable snapshots, made from the log and the runs' reports."""

from collections.abc import Mapping
from dataclasses import dataclass

from automl.budget import ends_in_s
from automl.confirm import best_number
from automl.executor import RunReport
from automl.phases import phase
from automl.spec import StudySpec
from automl.state import Params, Rung, StudyState, TrialState


@dataclass(frozen=True)
class TrialView:
    """One row of the trial table."""

    number: int
    run: str | None
    state: str
    params: Params
    origin: str
    attempts: int
    env_steps: int
    total_env_steps: int
    steps_per_s: float | None
    eta_s: float | None
    score: float | None
    success: float | None
    fell: float | None
    rungs: tuple[Rung, ...]
    flags: tuple[str, ...]
    stopping: str | None
    end_reason: str | None
    end_detail: str | None
    code_version: str | None = None  # of its latest attempt
    code_changed: bool = False  # some of it ran other code than the study began with


@dataclass(frozen=True)
class StudyView:
    """A study at one moment.

    Attributes:
        state: running, paused, stopping, finished, stopped, or unattended (not ended, but nobody schedules it).
        attended: whether a scheduler, of this process or another, holds it.
        reason: why it is paused or has ended; empty while it runs.
        trouble: what keeps the scheduler from working right now; empty when all is well.
        heartbeat: when the scheduler last went through a pass.
        phase: "search", "confirm" or "final"; empty after the end.
        ends_in_s: in how many seconds it will have ended, by what is known now.
    """

    id: str
    label: str
    env: str
    state: str
    reason: str
    attended: bool
    trouble: str
    trials: tuple[TrialView, ...]
    best: int | None
    elapsed_s: float
    budget_s: float | None
    max_trials: int
    slots: int
    searched: tuple[str, ...]
    heartbeat: str
    version: int = 0
    phase: str = ""
    ends_in_s: float | None = None

    @property
    def env_steps(self) -> int:
        """Steps of all trials together."""
        return sum(trial.env_steps for trial in self.trials)

    @property
    def score(self) -> float | None:
        """The best trial's score."""
        return next((trial.score for trial in self.trials if trial.number == self.best), None)

    def trial(self, number: int) -> TrialView | None:
        """The trial with this number."""
        return next((trial for trial in self.trials if trial.number == number), None)


def study_word(state: StudyState, attended: bool) -> tuple[str, str]:
    """The word for what a study is doing, and the reason that belongs to it."""
    if state.ended is not None:
        return ("stopped" if state.stop else "finished"), state.ended
    if not attended:
        return "unattended", "no scheduler holds it; its running trials go on"
    if state.stop is not None:
        return "stopping", f"{state.stop.who}: {state.stop.why}"
    if state.pause is not None:
        return "paused", f"{state.pause.who}: {state.pause.why}"
    return "running", ""


def build_view(
    study: str,
    spec: StudySpec,
    state: StudyState,
    reports: Mapping[str, RunReport],
    *,
    attended: bool,
    slots: int,
    heartbeat: str = "",
    trouble: str = "",
    elapsed_s: float | None = None,
    version: int = 0,
) -> StudyView:
    """A snapshot from the log's fold and the latest report of each run."""
    word, reason = study_word(state, attended)
    spent_s = state.elapsed_s if elapsed_s is None else elapsed_s
    left_s = {
        trial.number: report.eta_s
        for trial in state.in_state("running")
        if (report := reports.get(trial.run or "")) is not None and report.eta_s is not None
    }
    return StudyView(
        id=study,
        label=spec.label,
        env=spec.env,
        state=word,
        reason=reason,
        attended=attended,
        trouble=trouble,
        trials=tuple(
            _trial_view(
                trial, reports.get(trial.run or ""), trial.total or spec.trial_env_steps, state.code_changed(trial)
            )
            for _, trial in sorted(state.trials.items())
        ),
        best=best_number(state, spec),
        elapsed_s=spent_s,
        budget_s=spec.budget_s,
        max_trials=spec.trial_limit or 0,
        slots=slots,
        searched=tuple(spec.space),
        heartbeat=heartbeat,
        version=version,
        phase=phase(state),
        ends_in_s=ends_in_s(spec, state, slots, spent_s, left_s),
    )


def _trial_view(trial: TrialState, report: RunReport | None, total: int, code_changed: bool) -> TrialView:
    live = report if trial.state == "running" else None
    last = trial.rungs[-1] if trial.rungs else None
    return TrialView(
        number=trial.number,
        run=trial.run,
        state=trial.state,
        params=trial.params,
        origin=trial.origin,
        attempts=trial.attempts,
        env_steps=live.env_steps if live else max(trial.env_steps, last.step if last else 0),
        total_env_steps=(live.total_env_steps if live else 0) or total,
        steps_per_s=live.steps_per_s if live else None,
        eta_s=live.eta_s if live else None,
        score=_score(trial, live),
        success=trial.success if trial.is_final else (live.success if live else None),
        fell=trial.fell if trial.is_final else (last.fell if last else None),
        rungs=trial.rungs,
        flags=trial.flags,
        stopping=trial.order.how if trial.order else None,
        end_reason=trial.end_reason,
        end_detail=trial.end_detail,
        code_version=trial.code_versions[-1] if trial.code_versions else None,
        code_changed=code_changed,
    )


def _score(trial: TrialState, live: RunReport | None) -> float | None:
    if trial.is_final:
        return trial.score
    return live.score if live else max((rung.score for rung in trial.rungs if rung.score is not None), default=None)
