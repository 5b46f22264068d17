"""Small makers of events, states and specs for the tests of the search."""

from typing import Any

from automl.space import Choice, Dimension, Factor, Range
from automl.spec import StudySpec
from automl.state import Params, StudyState, fold

SPACE: dict[str, Dimension] = {
    "ppo.learning_rate": Range(1e-4, 1e-2, log=True, around=1e-3),
    "task.reward.scales.termination": Factor(0.25, 4.0, around=-100.0),
}


def spec(**changes: Any) -> StudySpec:
    values: dict[str, Any] = {"space": SPACE, "max_trials": 3, "trial_env_steps": 1000, "startup_trials": 2, **changes}
    return StudySpec(**values)


def created(trial: int, params: Params | None = None, origin: str = "tpe") -> dict[str, Any]:
    return {
        "type": "trial_created",
        "trial": trial,
        "params": params or {"ppo.learning_rate": 1e-3, "task.reward.scales.termination": -100.0},
        "origin": origin,
        "seed": 7,
    }


def started(trial: int, attempt: int = 1) -> dict[str, Any]:
    return {"type": "trial_started", "trial": trial, "attempt": attempt}


def prepared(trial: int) -> dict[str, Any]:
    return {"type": "trial_prepared", "trial": trial, "run": f"run-{trial}"}


def rung(trial: int, step: int, score: float | None, decision: str = "continue") -> dict[str, Any]:
    return {"type": "rung", "trial": trial, "step": step, "score": score, "success": score, "fell": 0.0} | {
        "decision": decision
    }


def finished(trial: int, score: float | None = 0.5, state: str = "finished", detail: str = "") -> dict[str, Any]:
    return {
        "type": "trial_finished",
        "trial": trial,
        "state": state,
        "score": score,
        "success": score,
        "fell": 0.0,
        "env_steps": 1000,
        "reason": "crashed" if state == "failed" else "finished",
        "detail": detail,
        "flags": [],
    }


def command(kind: str, trial: int | None = None, accepted: bool = True, **more: Any) -> dict[str, Any]:
    return {
        "type": "command",
        "id": more.pop("id", f"{kind}-{trial}"),
        "kind": kind,
        "who": "ann",
        "why": "because",
        "trial": trial,
        "params": more.pop("params", None),
        "accepted": accepted,
        "answer": "yes" if accepted else "no",
    }


def ran(trial: int, score: float | None = 0.5, params: Params | None = None, state: str = "finished") -> list[Any]:
    """A whole life of a trial."""
    life = [created(trial, params), prepared(trial), started(trial)]
    if score is not None:
        life.append(rung(trial, 1000, score))
    return [*life, finished(trial, score if state != "failed" else None, state)]


def study(*events: Any) -> StudyState:
    flat = [event for item in events for event in (item if isinstance(item, list) else [item])]
    return fold(flat)


__all__ = ["Choice", "Factor", "Range"]
