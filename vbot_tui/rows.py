"""From what the rooms below know to what the screen shows: pure translations, no file and no thread.

A trial's decisions come from its study, its numbers from its run; where both speak, the run's newer word is taken for
numbers and the study's for how it ended.
"""

import math
from collections.abc import Mapping

from automl.flags import Flag
from automl.state import Value
from automl.view import StudyView, TrialView
from sessions.files import parse_utc
from sessions.notes import Note
from sessions.store import RunView
from vbot_tui.model import NAN, FlagView, NoteView, StudyHead, TrialRow

Flags = Mapping[str, tuple[FlagView, ...]]
CYCLE_PARTS = ("perf/rollout_s", "perf/update_s", "perf/eval_s")


def number(value: float | None) -> float:
    """Return a number; NaN (always the same one) where there is none."""
    return NAN if value is None or math.isnan(value) else float(value)


def flag_view(flag: Flag) -> FlagView:
    """Return a diagnosis as the screen shows it."""
    evidence = tuple((name, number(value)) for name, value in flag.evidence.items())
    return FlagView(
        flag.name,
        flag.title,
        flag.rule,
        flag.window,
        evidence,
        flag.confidence,
        flag.advice,
        flag.step,
        flag.evaluation,
    )


def named_flags(names: tuple[str, ...]) -> tuple[FlagView, ...]:
    """Return flags of which only the names are known yet."""
    return tuple(FlagView(name, name.replace("_", " "), "", "", (), NAN, "") for name in names)


def note_view(note: Note) -> NoteView:
    """Return a note as the screen shows it."""
    return NoteView(number(parse_utc(note.time)), note.author, note.text, note.run or "", note.step)


def settings(params: Mapping[str, Value]) -> tuple[tuple[str, str], ...]:
    """Return searched settings with short names and short values."""
    return tuple((path.rsplit(".", 1)[-1], _short(value)) for path, value in params.items())


def _short(value: Value) -> str:
    if isinstance(value, bool) or not isinstance(value, float):
        return str(value)
    return f"{value:.3g}"


def run_row(run: RunView, flags: Flags) -> TrialRow:
    """Return the row of a run that belongs to no study."""
    return TrialRow(
        run_id=run.id,
        label=run.label,
        state=run.state,
        phase=run.phase,
        env_steps=run.env_steps,
        total_env_steps=run.total_env_steps,
        steps_per_s=number(run.steps_per_s),
        eta_s=number(run.eta_s or None),
        score=number(run.score),
        success=number(run.success),
        spark=run.sparkline,
        spark_name=run.sparkline_tag,
        flags=flags.get(run.id, ()),
        updated=number(run.data_time),
        interval_s=_cycle_s(run),
        notes=run.note_count,
        end_reason=run.end_reason or "",
        end_detail=run.end_detail or "",
        metrics=run.metrics,
    )


def trial_row(study: StudyView, trial: TrialView, run: RunView | None, flags: Flags) -> TrialRow:
    """Return the row of a trial; a trial that has no run yet is told by its study alone."""
    row = run_row(run, flags) if run is not None else TrialRow(run_id=trial.run or "", flags=())
    running = trial.state == "running" and run is not None
    ordered_to = f"asked to {trial.stopping}" if trial.stopping else ""
    return TrialRow(
        run_id=row.run_id,
        study_id=study.id,
        number=trial.number,
        label=row.label,
        state=row.state if running else trial.state,
        phase=ordered_to or row.phase,
        env_steps=max(row.env_steps, trial.env_steps),
        total_env_steps=row.total_env_steps or trial.total_env_steps,
        steps_per_s=row.steps_per_s,
        eta_s=row.eta_s,
        score=row.score if math.isfinite(row.score) else number(trial.score),
        success=row.success if math.isfinite(row.success) else number(trial.success),
        spark=row.spark,
        spark_name=row.spark_name,
        flags=row.flags or named_flags(trial.flags),
        updated=row.updated,
        interval_s=row.interval_s,
        notes=row.notes,
        end_reason=trial.end_reason or row.end_reason,
        end_detail=trial.end_detail or row.end_detail,
        params=settings(trial.params),
        metrics=row.metrics,
    )


def _cycle_s(run: RunView) -> float:
    """Return the usual time between two writes of a run, from its own timing."""
    parts = [run.metrics[name] for name in CYCLE_PARTS if math.isfinite(run.metrics.get(name, NAN))]
    return sum(parts) if parts else NAN


def head(study: StudyView, driver: str) -> StudyHead:
    """Return the one-line picture of a study. ``driver`` is here, elsewhere or nobody."""
    busy = sum(trial.state == "running" for trial in study.trials)
    ended = sum(trial.state not in ("running", "queued", "paused") for trial in study.trials)
    best = study.trial(study.best) if study.best is not None else None
    return StudyHead(
        id=study.id,
        env=study.env,
        state="running" if study.state == "unattended" else study.state,
        driver=driver,
        slots_busy=busy,
        slots=study.slots,
        trials=len(study.trials),
        finished=ended,
        max_trials=max(study.max_trials, len(study.trials)),
        best_trial=study.best,
        best_score=number(best.score if best else None),
        reason=study.reason if study.state in ("paused", "stopping", "stopped") else "",
        trouble=study.trouble,
    )
