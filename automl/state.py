"""What a study is, as a pure fold over its event log.

The only way to change a study is to journal an event; the scheduler, the cockpit and `vbot status` all read the same
fold, so a restart is nothing but folding again. No clock, no file and no process is looked at here.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from automl.journal import Event

Value = float | int | str | bool
Params = Mapping[str, Value]

LIVE_STATES = frozenset({"running"})
FINAL_STATES = frozenset({"finished", "stopped", "killed", "failed", "diverged"})


@dataclass(frozen=True)
class Rung:
    """One evaluation of a trial on fixed cases, and what was decided on seeing it."""

    step: int
    score: float | None
    success: float | None
    fell: float | None
    decision: str
    progress: float | None = None

    @property
    def promise(self) -> float | None:
        """Its score plus the share of the way covered; None where the score is no number.

        As long as nobody arrives, scores are 0 or tell only who falls: this tells who walks. Scores that know the way
        themselves come without it.
        """
        if self.score is None or not math.isfinite(self.score):
            return None
        return self.score + (self.progress or 0.0)


@dataclass(frozen=True)
class StopOrder:
    """Why a running trial is being stopped.

    How: "kill", "pause", "stop" by a person; "halve" (pause until promoted), "prune", "flag", "stall", "budget" by the
    scheduler.
    """

    how: str
    who: str
    why: str


@dataclass(frozen=True)
class TrialState:
    """One configuration tried in a study, as far as the log tells."""

    number: int
    params: Params
    origin: str
    seed: int
    state: str = "queued"
    run: str | None = None
    attempts: int = 0
    launched: bool = False  # whether the process of the latest attempt is known to have started
    rungs: tuple[Rung, ...] = ()
    order: StopOrder | None = None
    halved_at: int | None = None  # the rung at which it waits for its promotion, or waited when it was ended there
    score: float | None = None
    success: float | None = None
    fell: float | None = None
    env_steps: int = 0
    end_reason: str | None = None
    end_detail: str | None = None
    flags: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    lineage: Mapping[str, Any] = field(default_factory=dict)
    excluded: str | None = None  # who left it out of ranking and suggestions, and why
    total: int | None = None  # its length in env steps, where that is not the study's
    code_versions: tuple[str, ...] = ()  # the code of each attempt
    began_t: float | None = None  # when its process was started, in seconds of scheduling
    seconds: float = 0.0  # how long its processes have run, as far as schedulers saw
    timed: bool = True  # whether one scheduler saw all of that, and nothing was done twice
    eval_s: float | None = None  # how long its last evaluation took
    trained_per_s: float | None = None  # env steps per second of training by its own word, evaluations apart

    @property
    def is_final(self) -> bool:
        """Whether nothing will happen to this trial any more unless somebody asks for it."""
        return self.state in FINAL_STATES

    @property
    def standing(self) -> float | None:
        """Its score, or while it has none what its latest evaluation gave; None where it is no number or excluded."""
        if self.excluded is not None:
            return None
        latest = self.rungs[-1].score if self.rungs and not self.is_final else None
        found = self.score if self.score is not None else latest
        return found if found is not None and math.isfinite(found) else None


@dataclass(frozen=True)
class Request:
    """A trial that somebody asked for and that has not been created yet."""

    params: Params
    who: str
    why: str


@dataclass(frozen=True)
class Pause:
    """Who paused a study, and why."""

    who: str
    why: str


@dataclass(frozen=True)
class StudyState:
    """Everything a study has decided so far."""

    trials: Mapping[int, TrialState] = field(default_factory=dict)
    requests: tuple[Request, ...] = ()
    commands: Mapping[str, str] = field(default_factory=dict)
    pause: Pause | None = None
    stop: Pause | None = None
    ended: str | None = None
    elapsed_s: float = 0.0
    finish_order: tuple[int, ...] = ()
    confirming: tuple[int, ...] = ()  # trials whose settings are trained again with fresh seeds
    streak_start: int = 0
    closed: tuple[str, ...] = ()  # phases that had to make room for the next because of the budget
    schedulers: int = 0
    code_versions: tuple[str, ...] = ()

    def in_state(self, *states: str) -> list[TrialState]:
        """Trials in any of these states, by number."""
        return [trial for _, trial in sorted(self.trials.items()) if trial.state in states]

    def code_changed(self, trial: TrialState) -> bool:
        """Whether any part of a trial ran other code than the study began with."""
        return any(version != self.code_versions[0] for version in trial.code_versions)

    def best(self) -> TrialState | None:
        """The trial that stands highest, those still running included; the earlier one of equals."""
        scored = [(score, trial) for trial in self.trials.values() if (score := trial.standing) is not None]
        return max(scored, key=lambda pair: (pair[0], -pair[1].number), default=(0.0, None))[1]


class StudyFold:
    """An incremental fold: give it events one by one, ask for the state at any time."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._trials: dict[int, TrialState] = {}
        self._commands: dict[str, str] = {}
        self._study = StudyState()
        self._elapsed_s = 0.0
        for event in events:
            self.apply(event)

    def apply(self, event: Event) -> None:
        """Take in the next event. Kinds from a later version are kept in the log and change nothing here."""
        if "t" in event:
            self._elapsed_s = float(event["t"])
        handler = _HANDLERS.get(event["type"])
        if handler is not None:
            handler(self, event)

    def state(self) -> StudyState:
        """The state after all events so far; later events do not change the returned object."""
        return replace(self._study, trials=dict(self._trials), commands=dict(self._commands), elapsed_s=self._elapsed_s)

    @property
    def ended(self) -> bool:
        """Whether the study has ended."""
        return self._study.ended is not None

    def _set(self, number: int, **changes: Any) -> None:  # noqa: ANN401 - the fields of TrialState
        # A copy without going through __init__: a log of 3,000 trials has tens of thousands of changes.
        changed = object.__new__(TrialState)
        vars(changed).update(vars(self._trials[number]), **changes)
        self._trials[number] = changed

    def _scheduler_started(self, event: Event) -> None:
        self._study = replace(self._study, schedulers=self._study.schedulers + 1)
        self._note_code(event.get("code_version"))
        for trial in [trial for trial in self._trials.values() if trial.state == "running"]:
            self._set(trial.number, timed=False)

    def _note_code(self, version: str | None) -> None:
        if version and version not in self._study.code_versions:
            self._study = replace(self._study, code_versions=(*self._study.code_versions, version))

    def _trial_created(self, event: Event) -> None:
        number = event["trial"]
        self._trials[number] = TrialState(
            number,
            event["params"],
            event["origin"],
            event["seed"],
            lineage=event.get("lineage", {}),
            total=event.get("env_steps"),
        )
        if event["origin"] == "person" and self._study.requests:
            self._study = replace(self._study, requests=self._study.requests[1:])

    def _trial_prepared(self, event: Event) -> None:
        self._set(event["trial"], run=event["run"])

    def _trial_started(self, event: Event) -> None:
        version = event.get("code_version")
        self._note_code(version)
        trial = self._trials[event["trial"]]
        self._set(
            trial.number,
            state="running",
            attempts=event["attempt"],
            launched=False,
            order=None,
            began_t=self._elapsed_s,
            code_versions=(*trial.code_versions, version) if version else trial.code_versions,
        )

    def _trial_launched(self, event: Event) -> None:
        self._set(event["trial"], launched=True)

    def _attempt_void(self, event: Event) -> None:
        trial = self._trials[event["trial"]]
        self._set(trial.number, state="queued", attempts=trial.attempts - 1, order=None, timed=False)

    def _rung(self, event: Event) -> None:
        measured = (event["step"], event["score"], event["success"], event["fell"])
        rung = Rung(*measured, event["decision"], event.get("progress"))
        trial = self._trials[event["trial"]]
        if any(known.step == rung.step for known in trial.rungs):
            return
        order = trial.order
        halved_at = trial.halved_at
        if rung.decision == "prune" and order is None:
            order = StopOrder("prune", "scheduler", f"score {rung.score} at step {rung.step:,} is not to be built on")
        elif rung.decision == "pause" and order is None:
            halved_at = event["rung"]
            why = f"score {rung.score} at step {rung.step:,} is not in the better part; it waits for its promotion"
            order = StopOrder("halve", "scheduler", why)
        self._set(trial.number, rungs=(*trial.rungs, rung), order=order, halved_at=halved_at)

    def _trial_ordered(self, event: Event) -> None:
        self._set(event["trial"], order=StopOrder(event["how"], event["who"], event["why"]))

    def _attempt_lost(self, event: Event) -> None:
        trial = self._trials[event["trial"]]
        self._set(trial.number, state="queued", order=None, failures=(*trial.failures, event["detail"]), timed=False)

    def _trial_paused(self, event: Event) -> None:
        self._stop_watch(event["trial"])
        self._set(event["trial"], state="paused", order=None, env_steps=event["env_steps"])

    def _stop_watch(self, number: int) -> None:
        trial = self._trials[number]
        if trial.began_t is not None:
            self._set(number, seconds=trial.seconds + self._elapsed_s - trial.began_t, began_t=None)

    def _trial_promoted(self, event: Event) -> None:
        self._set(event["trial"], state="queued", halved_at=None)

    def _trial_finished(self, event: Event) -> None:
        number = event["trial"]
        if self._trials[number].is_final:
            return
        self._stop_watch(number)
        self._set(
            number,
            eval_s=event.get("eval_s"),
            trained_per_s=event.get("trained_per_s"),
            state=event["state"],
            order=None,
            score=event["score"],
            success=event["success"],
            fell=event["fell"],
            env_steps=event["env_steps"],
            end_reason=event["reason"],
            end_detail=event["detail"],
            flags=tuple(event.get("flags", ())),
        )
        self._study = replace(self._study, finish_order=(*self._study.finish_order, number))

    def _confirm_started(self, event: Event) -> None:
        self._study = replace(self._study, confirming=tuple(event["trials"]))

    def _phase_closed(self, event: Event) -> None:
        self._study = replace(self._study, closed=(*self._study.closed, event["phase"]))

    def _study_paused(self, event: Event) -> None:
        self._study = replace(self._study, pause=Pause(event["who"], event["why"]))

    def _study_ended(self, event: Event) -> None:
        self._study = replace(self._study, ended=event["why"])

    def _command(self, event: Event) -> None:
        self._commands[event["id"]] = event["answer"]
        effect = _COMMAND_EFFECTS.get(event["kind"])
        if event["accepted"] and effect is not None:
            effect(self, event)

    def _order_by_command(self, event: Event) -> None:
        order = StopOrder(event["kind"].removesuffix("_trial"), event["who"], event["why"])
        trial = self._trials[event["trial"]]
        if trial.state == "running":
            self._set(trial.number, order=order)
        elif order.how == "pause":
            self._set(trial.number, state="paused")
        else:
            word = "stopped" if order.how == "stop" else "killed"
            self._set(trial.number, state=word, end_reason="user", end_detail=f"{order.who}: {order.why}")
            self._study = replace(self._study, finish_order=(*self._study.finish_order, trial.number))

    def _exclude_by_command(self, event: Event) -> None:
        self._set(event["trial"], excluded=f"{event['who']}: {event['why']}")

    def _restart_by_command(self, event: Event) -> None:
        number = event["trial"]
        afresh: dict[str, Any] = dict.fromkeys(("score", "end_reason", "end_detail", "halved_at"))
        self._set(number, state="queued", attempts=0, failures=(), **afresh)
        order = tuple(known for known in self._study.finish_order if known != number)
        self._study = replace(self._study, finish_order=order, ended=None, closed=(), streak_start=len(order))

    def _request_by_command(self, event: Event) -> None:
        request = Request(event.get("params") or {}, event["who"], event["why"])
        self._study = replace(self._study, requests=(*self._study.requests, request), ended=None, closed=())

    def _pause_by_command(self, event: Event) -> None:
        self._study = replace(self._study, pause=Pause(event["who"], event["why"]))

    def _resume_by_command(self, event: Event) -> None:
        self._study = replace(
            self._study, pause=None, stop=None, ended=None, closed=(), streak_start=len(self._study.finish_order)
        )

    def _stop_by_command(self, event: Event) -> None:
        self._study = replace(self._study, stop=Pause(event["who"], event["why"]))


def fold(events: Iterable[Event]) -> StudyState:
    """The state of a study whose log holds these events."""
    return StudyFold(events).state()


_Handler = Callable[[StudyFold, Event], None]

_HANDLERS: dict[str, _Handler] = {
    "scheduler_started": StudyFold._scheduler_started,
    "trial_created": StudyFold._trial_created,
    "trial_prepared": StudyFold._trial_prepared,
    "trial_started": StudyFold._trial_started,
    "trial_launched": StudyFold._trial_launched,
    "attempt_void": StudyFold._attempt_void,
    "rung": StudyFold._rung,
    "trial_ordered": StudyFold._trial_ordered,
    "attempt_lost": StudyFold._attempt_lost,
    "trial_paused": StudyFold._trial_paused,
    "trial_promoted": StudyFold._trial_promoted,
    "trial_finished": StudyFold._trial_finished,
    "confirm_started": StudyFold._confirm_started,
    "phase_closed": StudyFold._phase_closed,
    "study_paused": StudyFold._study_paused,
    "study_ended": StudyFold._study_ended,
    "command": StudyFold._command,
}

_COMMAND_EFFECTS: dict[str, _Handler] = {
    "kill_trial": StudyFold._order_by_command,
    "stop_trial": StudyFold._order_by_command,
    "pause_trial": StudyFold._order_by_command,
    "exclude_trial": StudyFold._exclude_by_command,
    "restart_trial": StudyFold._restart_by_command,
    "start_trial": StudyFold._request_by_command,
    "pause_study": StudyFold._pause_by_command,
    "resume_study": StudyFold._resume_by_command,
    "stop_study": StudyFold._stop_by_command,
}
