"""One pass of a study's life: look at the runs, obey commands, decide, journal, act.

The engine has no thread, no lock and no clock of its own, so a whole study can be played in a test in milliseconds.
Two rules make it survive being killed at any moment: what it decides is journalled before it is done, and everything
it does can be done twice.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from automl import asha, budget, confirm, phases
from automl.clock import Clock
from automl.commands import Command, answer
from automl.crashes import crash_signature, equal_crashes
from automl.executor import FINAL_WORDS, EvalPoint, Executor, RunReport, Slot, StartError, TrialOrder
from automl.journal import Journal
from automl.spec import StudySpec
from automl.state import Params, Rung, StopOrder, StudyFold, StudyState, TrialState
from automl.suggest import origin as origin_of
from automl.suggest import suggest, trial_seed
from sessions.files import to_json

TICK_S = 30.0
START_PAUSE_S = 10.0
CRASHES_TO_PAUSE = 3
LONGEST_PASS_S = 5.0

_ORDER_REASONS = {
    "kill": "user",
    "stop": "user",
    "prune": "early_stop",
    "flag": "early_stop",
    "budget": "budget",
}
_STATE_REASONS = {"finished": "finished", "diverged": "diverged", "failed": "crashed"}

Suggester = Callable[[StudySpec, StudyState, int], Params]


@dataclass
class _Watch:
    """What only the living scheduler knows of a running trial."""

    env_steps: int = -1
    idle_s: float = 0.0
    asked_at: float | None = None
    impatient: bool = False


class Engine:
    """Decides what a study does next and does it through an executor.

    Args:
        study: the study's id.
        spec: what it was asked to do, completed.
        journal: its log, open for writing.
        executor: where trials run.
        clock: what time it is.
        slots: trials at once.
        host: words about this process for the log.
        suggester: gives the next configuration.
        spent_s: seconds already spent, where the one before counted further than its last event.
        code: the version of the code that a trial started now would run.
    """

    def __init__(
        self,
        study: str,
        spec: StudySpec,
        journal: Journal,
        executor: Executor,
        clock: Clock,
        slots: int,
        host: Mapping[str, Any] | None = None,
        suggester: Suggester = suggest,
        spent_s: float = 0.0,
        code: Callable[[], str] = str,
    ) -> None:
        self.study = study
        self.spec = spec
        self.reports: dict[str, RunReport] = {}
        self.released_by: Command | None = None
        self._journal = journal
        self._executor = executor
        self._clock = clock
        self._slots = slots
        self._suggester = suggester
        self._code = code
        self._fold = StudyFold(journal.read())
        self._watches: dict[int, _Watch] = {}
        self._began = self._last_pass = clock.monotonic()
        self._spent_before = max(self._fold.state().elapsed_s, spent_s)
        self._no_start_before = self._began
        self._next_tick = self._began + TICK_S
        self._emit("scheduler_started", **(host or {}))
        for trial in self.state.in_state("running"):
            if trial.run is not None and executor.report(trial.run).alive:
                executor.adopt(trial.run)
                if not trial.launched:
                    self._emit("trial_launched", trial=trial.number)

    @property
    def state(self) -> StudyState:
        """Everything decided so far."""
        return self._fold.state()

    @property
    def elapsed_s(self) -> float:
        """Seconds that schedulers of this study have been on, downtime and the time after its end apart."""
        if self._fold.ended:
            return self._spent_before
        return self._spent_before + self._clock.monotonic() - self._began

    def seconds_to_deadline(self) -> float:
        """Until the budget asks for something, so that nobody sleeps over it; at least a twentieth of a second."""
        ends_at = None if self._fold.ended else budget.ends_at_s(self.spec, self.state)
        left = math.inf if ends_at is None else ends_at - self.elapsed_s
        return max(left, 0.05) if left > 0 else math.inf

    def step(self, commands: Iterable[Command] = ()) -> None:
        """One pass. Raises JournalWriteError when a decision could not be journalled; then it was not acted on."""
        now = self._clock.monotonic()
        pass_s = min(now - self._last_pass, LONGEST_PASS_S)
        self._last_pass = now
        for command in commands:
            self.obey(command)
        for trial in self.state.in_state("running"):
            self._look_at(trial, pass_s)
        self._pause_after_equal_crashes()
        self._close_phase()
        self._begin_to_confirm()
        self._close_study()
        self._fill_slots()
        if now >= self._next_tick:
            self._emit("tick")
            self._next_tick = now + TICK_S

    def obey(self, command: Command) -> str:
        """Answer a command and journal the answer; the passes to come act on it. A known id is not obeyed again."""
        state = self.state
        if command.id in state.commands:
            return state.commands[command.id]
        reply = answer(command, state, self.spec.space)
        had_ended = self._fold.ended
        self._emit(
            "command",
            id=command.id,
            kind=command.kind,
            who=command.who,
            why=command.why or "no reason given",
            trial=command.trial,
            params=command.params,
            accepted=reply.accepted,
            answer=reply.text,
        )
        if not reply.accepted:
            return reply.text
        if had_ended and not self._fold.ended:
            self._began = self._clock.monotonic()
        if command.kind == "release":
            self.released_by = command
        trial = state.trials.get(command.trial) if command.trial is not None else None
        if command.kind == "kill_trial" and trial and trial.order and trial.order.how == "kill":
            self._watch(trial.number).impatient = True
        return reply.text

    def stop(self, why: str) -> None:
        """Write the last word of this scheduler; its trials go on."""
        self._emit("scheduler_stopped", why=why)

    # --- running trials

    def _look_at(self, trial: TrialState, pass_s: float) -> None:
        run = trial.run
        if run is None:
            return
        report = self.reports[run] = self._executor.report(run)
        self._journal_rungs(trial, report.evals)
        if report.alive:
            self._hold_to_order(self.state.trials[trial.number], report, pass_s)
        else:
            self._conclude(self.state.trials[trial.number], report)

    def _journal_rungs(self, trial: TrialState, evals: Iterable[EvalPoint]) -> None:
        """Journal new evaluations up to the one that ends the trial or has it pause.

        What a run measured behind such a decision, because nobody looked in time, counts when it is promoted: so
        decisions are the same however often the scheduler was away.
        """
        seen = {rung.step for rung in trial.rungs}
        for point in sorted(evals, key=lambda point: point.step):
            order = self.state.trials[trial.number].order
            if order is not None and order.how in ("prune", "halve"):
                return
            if point.step in seen:
                continue
            decision, rung = self._early_stop(trial, point, seen)
            seen.add(point.step)
            self._emit("rung", trial=trial.number, decision=decision, rung=rung, **vars(point))
            self._stop_on_flags(self.state.trials[trial.number])

    def _early_stop(self, trial: TrialState, point: EvalPoint, seen: set[int]) -> tuple[str, int | None]:
        if point.score is None or not math.isfinite(point.score):
            return "prune", None
        cfg, total = self.spec.early_stop, self.spec.trial_env_steps
        compared = cfg.enabled and point.step < total and phases.phase_of(trial) == "search"
        rung = asha.rung_of(cfg, point.step, seen, total) if compared else None
        if rung is None:
            return "continue", None
        others = [other for other in self.state.trials.values() if other.number != trial.number]
        peers = asha.rung_scores(cfg, others, rung, total)
        promise = Rung(**vars(point), decision="").promise
        return asha.decide(cfg, promise, peers, asha.forgiven(cfg, others, rung, total), rung), rung

    def _stop_on_flags(self, trial: TrialState) -> None:
        if not self.spec.stop_on_flags or trial.order is not None or trial.run is None:
            return
        raised = [flag for flag in self._executor.flags(trial.run) if flag in self.spec.stop_on_flags]
        if raised:
            why = f"flag {raised[0]} at step {trial.rungs[-1].step:,}"
            self._order(trial.number, StopOrder("flag", "scheduler", why))

    def _hold_to_order(self, trial: TrialState, report: RunReport, pass_s: float) -> None:
        watch = self._watch(trial.number)
        if report.env_steps != watch.env_steps:
            watch.env_steps, watch.idle_s = report.env_steps, 0.0
        else:
            watch.idle_s += pass_s
        if trial.order is None and watch.idle_s > self.spec.stall_s:
            self._order(trial.number, StopOrder("stall", "scheduler", f"no step for {watch.idle_s:.0f} s"))
            trial = self.state.trials[trial.number]
        if trial.order is None or trial.run is None:
            return
        now = self._clock.monotonic()
        if watch.asked_at is None:
            watch.asked_at = now
        overdue = trial.order.how == "budget" and self.elapsed_s >= budget.overdue_at_s(self.spec)
        if watch.impatient or overdue or now - watch.asked_at > self.spec.stop_grace_s:
            self._executor.kill(trial.run)
        else:
            self._executor.ask_to_stop(trial.run, trial.order)

    def _conclude(self, trial: TrialState, report: RunReport) -> None:
        """The run's process is gone: say in the log what became of the trial."""
        assert trial.run is not None
        said_itself = report.state in FINAL_WORDS | {"paused"}
        report = self.reports[trial.run] = self._executor.settle(trial.run)
        if report.alive:  # somebody started it again between the two looks
            return
        self._watches.pop(trial.number, None)
        how = trial.order.how if trial.order else None
        if not trial.launched and how is None and report.state not in ("finished", "diverged"):
            # A scheduler died between noting the start and starting: what the run says is about an earlier attempt.
            self._emit("attempt_void", trial=trial.number, attempt=trial.attempts)
            return
        if how == "halve" and not (said_itself and report.state in ("diverged", "failed")):
            self._emit("trial_paused", trial=trial.number, env_steps=report.env_steps)
        elif how == "prune":
            self._finish(trial, "stopped", report)
        elif said_itself and report.state in ("finished", "diverged"):
            self._finish(trial, report.state, report)
        elif how == "pause" or (said_itself and report.state == "paused"):
            self._emit("trial_paused", trial=trial.number, env_steps=report.env_steps)
        elif how in ("kill", "stop", "flag", "budget"):
            self._finish(trial, "killed" if how == "kill" else "stopped", report)
        elif said_itself and how != "stall":
            self._finish(trial, report.state, report)
        else:
            self._try_again(trial, report)

    def _try_again(self, trial: TrialState, report: RunReport) -> None:
        if len(trial.failures) + 1 < self.spec.max_attempts:
            self._emit("attempt_lost", trial=trial.number, attempt=trial.attempts, detail=_detail(trial, report))
        else:
            self._finish(trial, "failed", report)

    def _finish(self, trial: TrialState, state: str, report: RunReport) -> None:
        scored = state in ("finished", "stopped", "killed")
        journalled = {rung.step for rung in self.state.trials[trial.number].rungs}
        best = max(
            (point for point in report.evals if scored and point.score is not None and point.step in journalled),
            key=lambda point: (point.score or 0.0, -point.step),
            default=None,
        )
        ordered = _ORDER_REASONS.get(trial.order.how) if trial.order else None
        self._emit(
            "trial_finished",
            trial=trial.number,
            state=state,
            score=best.score if best else None,
            success=best.success if best else None,
            fell=best.fell if best else None,
            env_steps=report.env_steps,
            eval_s=report.eval_s,
            trained_per_s=report.trained_per_s,
            reason=_STATE_REASONS.get(state) or ordered or report.end_reason or "user",
            detail=_detail(trial, report),
            flags=list(report.flags),
        )

    def _pause_after_equal_crashes(self) -> None:
        state = self.state
        if state.pause is not None or state.ended is not None:
            return
        recent = [state.trials[number] for number in state.finish_order[state.streak_start :]]
        if equal_crashes(recent, CRASHES_TO_PAUSE):
            what = crash_signature(recent[-1].end_detail)
            why = f"{CRASHES_TO_PAUSE} trials in a row ended with the same error: {what}"
            self._emit("study_paused", who="scheduler", why=why)

    # --- the study as a whole

    def _close_study(self) -> None:
        state = self.state
        if state.ended is not None:
            return
        running = state.in_state("running")
        ends_at = budget.ends_at_s(self.spec, state)
        if state.stop is not None:
            order, why = StopOrder("stop", state.stop.who, state.stop.why), f"{state.stop.who}: {state.stop.why}"
        elif ends_at is not None and self.elapsed_s >= ends_at:
            why = f"the budget of {self.spec.budget_s:g} s is spent"
            order = StopOrder("budget", "scheduler", why)
        elif not running and phases.next_job(self.spec, state, self._slots) is None:
            count = len(state.trials)
            order, why = None, f"all {count} trials are done" if count > 1 else "the only trial is done"
        else:
            return
        for trial in running:
            if trial.order is None and order is not None:
                self._order(trial.number, order)
        if not running:
            self._end_halved()
            self._emit("study_ended", why=why)

    def _close_phase(self) -> None:
        """End the search, or the confirmation, in time for what comes after it."""
        state, now = self.state, phases.phase(self.state)
        closes_at = budget.closes_at_s(self.spec, state, self._slots)
        if closes_at is None or now in state.closed or state.stop or self.elapsed_s < closes_at:
            return
        mine = [trial for trial in state.in_state("running", "queued") if phases.phase_of(trial) == now]
        if not mine and not (now == "search" and phases.search_left(self.spec, state)):
            return
        why = f"the time left is kept for {'the final run' if now == 'confirm' else 'what comes after the search'}"
        self._emit("phase_closed", phase=now, why=why)
        for trial in mine:
            if trial.state == "running" and trial.order is None:
                self._order(trial.number, StopOrder("budget", "scheduler", why))
            elif trial.state == "queued":
                self._finish(replace(trial, order=StopOrder("budget", "scheduler", why)), "stopped", self._rest(trial))

    def _rest(self, trial: TrialState) -> RunReport:
        """What there is of a trial that waits and will not go on."""
        report = self._executor.settle(trial.run) if trial.run is not None else RunReport(False, "queued")
        return replace(report, end_reason="early_stop", end_detail=None)

    def _end_halved(self) -> None:
        """Trials that still wait for a promotion will get none any more."""
        for trial in self.state.in_state("paused"):
            if trial.halved_at is not None and trial.run is not None:
                report = self._rest(trial)
                why = f"not in the better part at rung {trial.halved_at + 1}, and the study ended"
                self._finish(replace(trial, order=StopOrder("prune", "scheduler", why)), "stopped", report)

    def _begin_to_confirm(self) -> None:
        """Once the search is through, choose the trials that are trained again; the choice stands from then on."""
        state = self.state
        if state.ended or not phases.may_confirm(self.spec, state):
            return
        if chosen := confirm.candidates(self.spec, state):
            self._emit("confirm_started", trials=list(chosen), seeds=self.spec.confirm.seeds)

    def _fill_slots(self) -> None:
        while self._may_start(state := self.state):
            job = phases.next_job(self.spec, state, self._slots)
            slot = self._executor.reserve() if job is not None else None
            if job is None or slot is None:
                return
            number = -1
            try:
                number = self._trial_for(job, state)
                self._start(number, slot)
            except StartError as error:
                slot.release()
                if not error.for_good:
                    self._no_start_before = self._clock.monotonic() + START_PAUSE_S
                self._not_started(self.state.trials[number], error)
            except BaseException:
                slot.release()
                raise

    def _may_start(self, state: StudyState) -> bool:
        if state.pause or state.stop or state.ended or self._clock.monotonic() < self._no_start_before:
            return False
        ends_at = budget.ends_at_s(self.spec, state)
        return (ends_at is None or self.elapsed_s < ends_at) and len(state.in_state("running")) < self._slots

    def _trial_for(self, job: phases.Job, state: StudyState) -> int:
        """The number of the trial that a job starts, made if need be."""
        if job.kind == "continue":
            return job.trial
        if job.kind == "promote":
            rung = state.trials[job.trial].halved_at
            self._emit("trial_promoted", trial=job.trial, why=f"among the best of rung {rung} now")
            return job.trial
        number = max(state.trials, default=-1) + 1
        if job.kind == "search":
            return self._create(state, number)
        return self._create_repeat(state, number, job)

    def _create(self, state: StudyState, number: int) -> int:
        wish = state.requests[0] if state.requests else None
        params = {**self._suggester(self.spec, state, number), **(wish.params if wish else {})}
        origin, lineage = ("person", {}) if wish else origin_of(self.spec, number, params)
        seed = trial_seed(self.spec.seed, number, "training")
        facts = {"params": params, "origin": origin, "seed": seed, **({"lineage": lineage} if lineage else {})}
        self._emit("trial_created", trial=number, **facts)
        return number

    def _create_repeat(self, state: StudyState, number: int, job: phases.Job) -> int:
        """One more training of a trial's settings, with a seed that the study has not used."""
        source, lineage, steps = job.trial, {"confirms": job.trial, "repeat": job.repeat}, None
        if job.kind == phases.FINAL:
            lineage = {"final_of": source, "repeat": job.repeat}
            steps = budget.final_steps(self.spec, state, source, self._slots, self.elapsed_s)
        seed = trial_seed(self.spec.seed, source, f"{job.kind}-{job.repeat}")
        params = dict(state.trials[source].params)
        facts = {"params": params, "origin": job.kind, "seed": seed, "lineage": lineage, "env_steps": steps}
        self._emit("trial_created", trial=number, **facts)
        return number

    def _start(self, number: int, slot: Slot) -> None:
        trial = self.state.trials[number]
        if trial.run is not None and self._ended_meanwhile(trial, slot):
            return
        order = self._order_for(trial)
        run = trial.run or self._executor.new_run(order)
        if trial.run is None:
            self._emit("trial_prepared", trial=number, run=run)
        if trial.attempts == 0:
            self._executor.prepare(run, order)
        self._watches.pop(number, None)
        self._emit("trial_started", trial=number, attempt=trial.attempts + 1, code_version=self._code())
        self._executor.start(run, slot)
        self._emit("trial_launched", trial=number)

    def _ended_meanwhile(self, trial: TrialState, slot: Slot) -> bool:
        """Whether a run was through before anybody told it to pause; then its later evaluations are taken in now."""
        run = trial.run
        assert run is not None
        report = self._executor.report(run)
        if report.alive or report.state not in ("finished", "diverged"):
            return False
        slot.release()
        self._journal_rungs(trial, report.evals)
        trial = self.state.trials[trial.number]
        if trial.order is not None and trial.order.how == "halve":
            self._emit("trial_paused", trial=trial.number, env_steps=report.env_steps)
        else:
            self._finish(trial, "stopped" if trial.order else report.state, self._executor.settle(run))
        return True

    def _not_started(self, trial: TrialState, error: StartError) -> None:
        report = RunReport(False, "failed", end_reason="crashed", end_detail=str(error))
        if error.for_good:
            self._finish(trial, "failed", report)
        else:
            self._try_again(trial, report)

    def _order_for(self, trial: TrialState) -> TrialOrder:
        from vbot_rl.config import FINAL_JUDGE_FROM

        spec = self.spec
        at_the_end = {"train.judge_from": FINAL_JUDGE_FROM} if trial.origin == phases.FINAL else {}
        return TrialOrder(
            study=self.study,
            number=trial.number,
            label=f"{spec.label[:16]}_t{trial.number:03d}",
            env=spec.env,
            preset=spec.preset,
            sets={**at_the_end, **spec.sets},
            params=trial.params,
            seed=trial.seed,
            env_steps=trial.total or spec.trial_env_steps,
            lineage=trial.lineage,
            warm_start=spec.warm_start,
        )

    def _order(self, number: int, order: StopOrder) -> None:
        self._emit("trial_ordered", trial=number, how=order.how, who=order.who, why=order.why)

    def _watch(self, number: int) -> _Watch:
        return self._watches.setdefault(number, _Watch())

    def _emit(self, event_type: str, /, **facts: Any) -> None:  # noqa: ANN401 - whatever an event says
        event = {"type": event_type, "time": self._clock.utc(), "t": round(self.elapsed_s, 3), **facts}
        stored = self._journal.append(_finite(event))
        if event_type == "study_ended":
            self._spent_before = self.elapsed_s
        self._fold.apply(stored)


def _finite(event: Mapping[str, Any]) -> dict[str, Any]:
    """The event as strict JSON holds it: numbers that are none become null."""
    plain: dict[str, Any] = json.loads(to_json(dict(event)))
    return plain


def _detail(trial: TrialState, report: RunReport) -> str:
    order = trial.order
    words = report.end_detail or ""
    if order is not None and order.why not in words:
        return f"{order.who}: {order.why}" + (f" ({words})" if words else "")
    return words or f"the run ended in state {report.state}"
