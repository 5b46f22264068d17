"""`state.yaml` and `report.md` of a study: copies for people, written from the log and never read back.

They may be deleted at any time; the next trial that ends, or `vbot automl report`, writes them again.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from automl.report import best_step, ranked, report_text
from automl.spec import StudySpec
from automl.state import StudyState, TrialState
from sessions.files import write_atomic

STATE_FILE = "state.yaml"
REPORT_FILE = "report.md"
SCHEMA = 1


def write_papers(directory: Path, study: str, spec: StudySpec, state: StudyState) -> None:
    """Write both files beside the log.

    Raises:
        OSError: they cannot be written; the log is not touched.
    """
    write_atomic(directory / STATE_FILE, state_yaml(study, spec, state), durable=False)
    write_atomic(directory / REPORT_FILE, report_text(study, spec, state), durable=False)


def state_yaml(study: str, spec: StudySpec, state: StudyState) -> str:
    """The study as YAML, one line per trial, so that thousands of trials are written in no time and can be grepped."""
    head = {
        "schema": SCHEMA,
        "study": study,
        "env": spec.env,
        "preset": spec.preset,
        "mode": spec.mode,
        "sampler": spec.sampler,
        "seed": spec.seed,
        "score_version": spec.score_version,
        "searched": list(spec.space),
        "elapsed_s": round(state.elapsed_s, 1),
        "budget_s": spec.budget_s,
        "ended": state.ended,
        "paused": asdict(state.pause) if state.pause else None,
        "code_versions": list(state.code_versions),
        "ranking": [trial.number for trial in ranked(state)],
    }
    lines = ["# Written from events.jsonl, which alone decides; changes made here are lost."]
    lines += [f"{key}: {flow(value)}" for key, value in head.items()]
    lines.append("trials:" if state.trials else "trials: []")
    lines += [f"  - {flow(trial_row(trial))}" for _, trial in sorted(state.trials.items())]
    return "\n".join(lines) + "\n"


def trial_row(trial: TrialState) -> dict[str, Any]:
    """What there is to know of a trial, as plain data."""
    return {
        "number": trial.number,
        "state": trial.state,
        "score": trial.score,
        "success": trial.success,
        "fell": trial.fell,
        "best_step": best_step(trial),
        "env_steps": trial.env_steps,
        "origin": trial.origin,
        "seed": trial.seed,
        "run": trial.run,
        "params": dict(trial.params),
        "curve": [[rung.step, rung.score] for rung in trial.rungs],
        "flags": list(trial.flags),
        "attempts": trial.attempts,
        "end_reason": trial.end_reason,
        "end_detail": trial.end_detail,
        "lineage": dict(trial.lineage),
        "code_versions": list(trial.code_versions),
    }


def flow(value: object) -> str:
    """A value in YAML's one-line form, which is JSON but for floats: YAML takes 1e-05 for a text."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(str(key))}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, float) and not isinstance(value, bool):
        return _float(value)
    return json.dumps(value, ensure_ascii=True)


def _float(value: float) -> str:
    if not math.isfinite(value):
        return "null"
    mantissa, sign, exponent = repr(value).partition("e")
    if not sign:
        return mantissa
    mantissa += "" if "." in mantissa else ".0"
    return f"{mantissa}e{exponent if exponent[0] in '+-' else f'+{exponent}'}"
