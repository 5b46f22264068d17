"""From a study's spec, log and fold to the picture that its screen shows: pure translations, no file, no thread.

What an optimizer has to be asked for (importances, the next suggestion) is computed elsewhere and handed in.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from automl import asha
from automl.budget import makespan
from automl.journal import Event
from automl.report import best_step, value_text
from automl.space import Choice, Dimension, Factor, share_of_range
from automl.spec import StudySpec
from automl.state import Params, StudyState, TrialState
from automl.view import StudyView, TrialView
from sessions.files import parse_utc
from vbot_tui import text
from vbot_tui.rows import number
from vbot_tui.study_model import (
    NAN,
    Forecast,
    Happening,
    RungPoint,
    RungRow,
    Searched,
    StudyPage,
    Tried,
    Waiting,
)

HISTORY = 300
"""So many of the newest events are told."""
FEWEST = 8
"""Finished trials from which importances are computed; what ``automl.importance`` asks for."""


@dataclass(frozen=True)
class Asked:
    """What an optimizer answered about a study: for how many finished trials, and the answer."""

    finished: int = -1
    importance: Mapping[str, float] = field(default_factory=dict)
    lean: Mapping[str, float | None] = field(default_factory=dict)
    following: Params = field(default_factory=dict)
    trouble: str = ""


def study_page(spec: StudySpec, state: StudyState, events: Sequence[Event], view: StudyView, asked: Asked) -> StudyPage:
    """Return the picture of a study.

    Args:
        spec: what it was asked to do, completed.
        state: the fold of its log.
        events: its log.
        view: the same with the latest reports of its runs.
        asked: what an optimizer said last.
    """
    return StudyPage(
        id=view.id,
        env=spec.env,
        preset=spec.preset,
        mode=spec.mode,
        sampler=spec.sampler,
        seed=spec.seed,
        state=view.state,
        reason=view.reason,
        keys=tuple(searched(path, item, asked) for path, item in spec.space.items()),
        trials=tuple(tried(spec, state, state.trials[item.number], item) for item in view.trials
                     if item.number in state.trials),
        halving=spec.early_stop.enabled,
        rungs=rungs(spec, state),
        queue=queue(spec, state, view.max_trials, asked),
        best=best_so_far(events),
        history=history(events),
        elapsed_s=view.elapsed_s,
        budget_s=number(view.budget_s),
        max_trials=view.max_trials,
        trial_env_steps=spec.trial_env_steps,
        slots=view.slots,
        forecast=forecast(spec, state, events, view),
        insight=_insight(state, asked),
        trouble=view.trouble,
    )  # fmt: skip


# --- searched keys and trials


def searched(path: str, dimension: Dimension, asked: Asked) -> Searched:
    """Return a searched key with its ends as a person reads them."""
    lean = asked.lean.get(path)
    preset = value_text(dimension.around)
    common = (asked.importance.get(path, NAN), NAN if lean is None else lean)
    if isinstance(dimension, Choice):
        names = dimension.choices
        place = place_of(dimension, dimension.around)
        return Searched(path, value_text(names[0]), value_text(names[-1]), "choice", preset, place, *common)
    low, high, how = dimension.low, dimension.high, "linear"
    if isinstance(dimension, Factor):
        middle = float(dimension.around or 1.0)
        low, high, how = middle * low, middle * high, "factor"
    elif dimension.log:
        how = "log"
    elif dimension.one_minus:
        how = "1-x"
    return Searched(
        path, value_text(low), value_text(high), how, preset, place_of(dimension, dimension.around), *common
    )


def place_of(dimension: Dimension, value: object) -> float:
    """Return where a value lies between the ends of what is searched, 0 to 1; NaN where it is none of them."""
    if isinstance(dimension, Choice):
        if value not in dimension.choices:
            return NAN
        return dimension.choices.index(value) / max(1, len(dimension.choices) - 1)
    share = share_of_range(dimension, value)
    return NAN if share is None else share


def tried(spec: StudySpec, state: StudyState, trial: TrialState, seen: TrialView) -> Tried:
    """Return one trial with the reason why it stands where it stands."""
    return Tried(
        number=trial.number,
        run_id=trial.run or "",
        state=trial.state,
        origin=trial.origin,
        standing=number(trial.standing),
        best_step=best_step(trial),
        env_steps=seen.env_steps,
        total_env_steps=seen.total_env_steps,
        rungs=tuple(RungPoint(item.step, number(item.score), item.decision) for item in trial.rungs),
        values=tuple(value_text(trial.params.get(path)) for path in spec.space),
        places=tuple(place_of(dimension, trial.params.get(path)) for path, dimension in spec.space.items()),
        why=why(spec, state, trial),
        flags=trial.flags,
        excluded=bool(getattr(trial, "excluded", None)),
    )


def why(spec: StudySpec, state: StudyState, trial: TrialState) -> str:
    """Return why a trial stands where it stands: who ended it and on which numbers, or what it waits for."""
    words = _why(spec, state, trial)
    lost = len(trial.failures)
    if lost and not trial.is_final:
        words += f" ({lost} earlier start{'s' * (lost > 1)} lost: {trial.failures[-1].splitlines()[-1]})"
    return " ".join(words.split())


def _why(spec: StudySpec, state: StudyState, trial: TrialState) -> str:
    if trial.is_final:
        return f"{trial.end_reason}: {trial.end_detail}" if trial.end_detail else trial.end_reason or trial.state
    if trial.order is not None:
        return f"asked to {trial.order.how} by {trial.order.who}: {trial.order.why}"
    if trial.state == "paused" and trial.halved_at is not None:
        return _halved(spec, state, trial, trial.halved_at)
    if trial.state == "paused":
        return "paused by a person; resume goes on from its checkpoint"
    if trial.state == "queued":
        return "goes on from its checkpoint when a slot is free" if trial.attempts else "waits for a free slot"
    if not trial.rungs:
        return "running; no evaluation yet"
    newest = trial.rungs[-1]
    return f"running; {_score(newest.score)} at {text.count(newest.step)} steps, decision {newest.decision}"


def _halved(spec: StudySpec, state: StudyState, trial: TrialState, rung: int) -> str:
    score = asha.score_at(spec.early_stop, trial, rung, spec.trial_env_steps)
    cut = cut_off(spec, state, rung)
    needs = f", {cut:.3f} goes on now" if math.isfinite(cut) else ""
    step = text.count(spec.early_stop.rungs[rung] * spec.trial_env_steps)
    return f"{_score(score)} at rung {rung + 1} ({step} steps){needs}; waits for its promotion"


def _score(value: float | None) -> str:
    return "no score" if value is None else f"score {value:.3f}"


# --- halving and the queue


def rungs(spec: StudySpec, state: StudyState) -> tuple[RungRow, ...]:
    """Return the points at which trials are compared, with their cut-offs; empty where halving is off."""
    cfg = spec.early_stop
    if not cfg.enabled:
        return ()
    out = []
    for index, share in enumerate(cfg.rungs):
        scores = asha.rung_scores(cfg, state.trials.values(), index, spec.trial_env_steps)
        waiting = tuple(
            item.number for _, item in sorted(state.trials.items())
            if item.halved_at == index and item.state == "paused"
        )  # fmt: skip
        step = math.ceil(share * spec.trial_env_steps)
        row = RungRow(step, tuple(sorted(scores, reverse=True)), cut_off(spec, state, index), waiting, cfg.min_peers)
        out.append(row)
    return tuple(out)


def cut_off(spec: StudySpec, state: StudyState, rung: int) -> float:
    """Return the lowest score that goes on at a rung by now; NaN while too few trials have been there.

    A newcomer is ranked together with those that have been there, so of n of them the best (n + 1) / eta count.
    """
    cfg = spec.early_stop
    scores = sorted(asha.rung_scores(cfg, state.trials.values(), rung, spec.trial_env_steps), reverse=True)
    if len(scores) + 1 < cfg.min_peers:
        return NAN
    places = max(1, math.floor((len(scores) + 1) / cfg.eta))
    by_rank = scores[places - 1] if places <= len(scores) else -math.inf
    return min(by_rank, asha.forgiven(cfg, state.trials.values(), rung, spec.trial_env_steps))


def suggested(state: StudyState) -> int:
    """Return how many trials the search itself has made: those that persons asked for and repeats do not count."""
    return sum(trial.origin not in ("person", "confirm", "final") for trial in state.trials.values())


def queue(spec: StudySpec, state: StudyState, most: int, asked: Asked) -> tuple[Waiting, ...]:
    """Return what will start next, in the order in which it starts; ``most`` is after how many trials it ends."""
    queued = sorted(state.in_state("queued"), key=lambda item: (item.run is None, item.number))
    out = [Waiting(f"T{trial.number}", why(spec, state, trial)) for trial in queued]
    for request in state.requests:
        own = ", ".join(f"{path.rsplit('.', 1)[-1]}={value_text(value)}" for path, value in request.params.items())
        out.append(Waiting("asked for", f"{own or 'as suggested'} (by {request.who}: {request.why})"))
    if state.ended is None and state.stop is None:
        out += _suggestions(spec, state, most, asked)
    return tuple(out)


def _suggestions(spec: StudySpec, state: StudyState, most: int, asked: Asked) -> list[Waiting]:
    left = most - suggested(state)
    out = []
    if left > 0:
        values = ", ".join(f"{path.rsplit('.', 1)[-1]}={value_text(value)}" for path, value in asked.following.items())
        out.append(
            Waiting(f"{left} more", f"by {spec.sampler}; the next: {values}" if values else f"by {spec.sampler}")
        )
    if spec.confirm.top and not state.confirming:
        out.append(Waiting("then", f"the best {spec.confirm.top} again with {spec.confirm.seeds} fresh seeds each"))
    return out


# --- time


def best_so_far(events: Sequence[Event]) -> tuple[tuple[float, int, float], ...]:
    """Return every ended trial that has a score as (hours of scheduling, number, score), in the order of ending."""
    return tuple(
        (float(event["t"]) / 3600.0, int(event["trial"]), float(event["score"]))
        for event in events
        if event["type"] == "trial_finished" and event.get("score") is not None
    )


def durations(events: Sequence[Event]) -> list[float]:
    """Return how long trials took that came to their end, in seconds of scheduling, pauses left out."""
    since: dict[int, float] = {}
    spent: dict[int, float] = {}
    out = []
    for event in events:
        kind, trial, at = event["type"], event.get("trial"), float(event.get("t", 0.0))
        if trial is None:
            continue
        if kind == "trial_launched":
            since[trial] = at
        elif kind in ("trial_paused", "attempt_lost", "trial_finished"):
            spent[trial] = spent.get(trial, 0.0) + at - since.pop(trial, at)
            if kind == "trial_finished" and event["state"] == "finished":
                out.append(spent[trial])
    return out


def forecast(spec: StudySpec, state: StudyState, events: Sequence[Event], view: StudyView) -> Forecast:
    """Return when the study will end: by its trials, at the pace so far, or by its budget, whichever is first."""
    if state.ended is not None:
        return Forecast()
    left_s = math.inf if view.budget_s is None else max(0.0, view.budget_s - view.elapsed_s)
    known = durations(events)
    if known:
        paces = _quartiles(known)
    else:
        speeds = [item.steps_per_s for item in view.trials if item.steps_per_s]
        if not speeds:
            return Forecast(left_s, left_s, left_s, "budget") if math.isfinite(left_s) else Forecast()
        paces = _quartiles([spec.trial_env_steps / speed for speed in speeds])
    low, middle, high = (work_s(spec, state, view, pace) for pace in paces)
    if middle >= left_s:
        return Forecast(left_s, min(low, left_s), left_s, "budget")
    return Forecast(middle, low, min(high, left_s), "trials")


def work_s(spec: StudySpec, state: StudyState, view: StudyView, pace_s: float) -> float:
    """Return how long the work that is left takes: a trial is not split over slots, so the last to end decides.

    Args:
        spec: what the study was asked to do.
        state: the fold of its log.
        view: the same with the latest reports of its runs.
        pace_s: what a whole trial takes; a running one that tells how long it still needs is taken at its word.
    """
    to_come = max(0, view.max_trials - suggested(state)) + len(state.requests)
    if spec.confirm.top:
        repeats = sum(trial.origin == "confirm" for trial in state.trials.values())
        to_come += max(0, spec.confirm.top * spec.confirm.seeds - repeats)
    running = [item for item in view.trials if item.state == "running"]
    queued = [item for item in view.trials if item.state == "queued"]
    left = [item.eta_s if item.eta_s is not None else pace_s * _unfinished(item) for item in running]
    return makespan([*left, *(pace_s * _unfinished(item) for item in queued), *[pace_s] * to_come], view.slots)


def _unfinished(trial: TrialView) -> float:
    """Return which share of a trial is still to be done."""
    return max(0.0, 1.0 - trial.env_steps / max(1, trial.total_env_steps))


def _quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    if len(values) < 2:
        return values[0], values[0], values[0]
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, middle, high


def _insight(state: StudyState, asked: Asked) -> str:
    finished = sum(trial.state == "finished" and trial.score is not None for trial in state.trials.values())
    if finished < FEWEST:
        return f"known from {FEWEST} finished trials on; there are {finished}"
    if asked.trouble:
        return asked.trouble
    return f"from {asked.finished} finished trials" if asked.finished >= 0 else "being computed"


# --- history


def history(events: Sequence[Event]) -> tuple[Happening, ...]:
    """Return what was decided, by whom and why, newest first."""
    out: list[Happening] = []
    for event in reversed(events):
        told = _TOLD.get(str(event["type"]))
        if told is None:
            continue
        words, role = told(event)
        out.append(
            Happening(number(parse_utc(str(event.get("time", "")))), float(event.get("t", 0)) / 3600, words, role)
        )
        if len(out) == HISTORY:
            break
    return tuple(out)


def _told_command(event: Event) -> tuple[str, str]:
    what = str(event["kind"]).replace("_", " ")
    about = f" T{event['trial']}" if event.get("trial") is not None else ""
    verdict = "" if event["accepted"] else f" REFUSED: {event['answer']}"
    return f"{event['who']} asked: {what}{about} ({event['why']}){verdict}", "accent" if event["accepted"] else "warn"


def _told_rung(event: Event) -> tuple[str, str]:
    decision = str(event["decision"])
    role = "" if decision == "continue" else "warn"
    return f"T{event['trial']} {_score(event['score'])} at {text.count(event['step'])} steps: {decision}", role


def _told_end(event: Event) -> tuple[str, str]:
    role = {"finished": "good", "failed": "bad", "diverged": "bad"}.get(str(event["state"]), "warn")
    return f"T{event['trial']} {event['state']} ({_score(event['score'])}): {event['reason']}, {event['detail']}", role


_TOLD = {
    "study_created": lambda event: ("the study was made", "dim"),
    "scheduler_started": lambda event: (f"a scheduler took it ({event.get('host', '')})", "dim"),
    "scheduler_stopped": lambda event: (f"a scheduler let go: {event['why']}", "dim"),
    "trial_created": lambda event: (f"T{event['trial']} made, by {event['origin']}", "dim"),
    "trial_started": lambda event: (f"T{event['trial']} started (start {event['attempt']})", "dim"),
    "trial_ordered": lambda event: (f"T{event['trial']} to {event['how']} by {event['who']}: {event['why']}", "warn"),
    "trial_paused": lambda event: (f"T{event['trial']} paused at {text.count(event['env_steps'])} steps", "warn"),
    "trial_promoted": lambda event: (f"T{event['trial']} promoted: {event['why']}", "good"),
    "attempt_lost": lambda event: (f"T{event['trial']} lost its process: {event['detail']}", "bad"),
    "confirm_started": lambda event: (f"confirming {', '.join(f'T{item}' for item in event['trials'])}", "accent"),
    "study_paused": lambda event: (f"paused by {event['who']}: {event['why']}", "warn"),
    "study_ended": lambda event: (f"ended: {event['why']}", "accent"),
    "command": _told_command,
    "rung": _told_rung,
    "trial_finished": _told_end,
}
