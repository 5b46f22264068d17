"""The report of a study, for a person: what was found, how sure that is, and the command behind every number.

A pure function of the study's spec and folded log, so that it says the same wherever and whenever it is written.
"""

from collections.abc import Iterable, Sequence

from automl.confirm import Confirmed, at_the_edge, confirmed, told_apart
from automl.importance import importances, tendency
from automl.repeats import repeated
from automl.spec import StudySpec
from automl.state import StudyState, TrialState, Value

MOST_ROWS = 40
MOST_SETTINGS = 10
BARS = "▁▂▃▄▅▆▇█"


def ranked(state: StudyState) -> list[TrialState]:
    """Trials with a score that nobody has excluded, best first; the earlier one of equals first."""
    scored = [trial for trial in state.trials.values() if trial.score is not None and trial.excluded is None]
    return sorted(scored, key=lambda trial: (-(trial.score or 0.0), trial.number))


def best_step(trial: TrialState) -> int | None:
    """The env step of the evaluation that gave the trial its score; the first of equals."""
    scored = [rung for rung in trial.rungs if rung.score is not None]
    best = max(scored, key=lambda rung: (rung.score or 0.0, -rung.step), default=None)
    return best.step if best and trial.score is not None else None


def report_text(study: str, spec: StudySpec, state: StudyState) -> str:
    """The report as Markdown."""
    order = ranked(state)
    parts = [
        _head(study, spec, state),
        _result(spec, state, order),
        _seeds(state),
        _ranking(order),
        _settings(spec, order),
        _keys(spec, state),
        _unscored(state),
        _commands(study, order),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def curve(trial: TrialState) -> str:
    """The scores of a trial's evaluations as bars between 0 and 1, a dot where there was none."""
    return "".join("·" if rung.score is None else BARS[_bar(rung.score)] for rung in trial.rungs) or "-"


def _bar(score: float) -> int:
    return min(len(BARS) - 1, max(0, int(score * len(BARS))))


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table that is also readable as plain text."""
    body = [list(row) for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(head, *body, strict=True)]
    lines = [head, ["-" * width for width in widths], *body]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )


def _head(study: str, spec: StudySpec, state: StudyState) -> str:
    words = state.ended or (f"paused by {state.pause.who}: {state.pause.why}" if state.pause else "not ended yet")
    counts = {word: len(state.in_state(word)) for word in sorted({trial.state for trial in state.trials.values()})}
    budget = f" of {_hours(spec.budget_s)}" if spec.budget_s else ""
    lines = [
        f"# {study}",
        "",
        f"- task: {spec.env}, preset {spec.preset}, mode {spec.mode}",
        f"- search: {spec.sampler}, seed {spec.seed}, {len(spec.space)} keys, {spec.trial_env_steps:,} steps per trial",
        f"- trials: {', '.join(f'{count} {word}' for word, count in counts.items()) or 'none'} "
        f"({_limit(spec)} suggested)",
        f"- time: {_hours(state.elapsed_s)}{budget} of scheduling, downtime apart",
        f"- state: {words}",
    ]
    if len(state.code_versions) > 1:
        lines.append(
            f"- **the code changed during the study** ({' -> '.join(state.code_versions)}): "
            "compare trials across the change with care"
        )
    return "\n".join(lines)


def _limit(spec: StudySpec) -> str:
    return "as many as there was time for" if spec.trial_limit is None else f"at most {spec.trial_limit}"


def _result(spec: StudySpec, state: StudyState, order: Sequence[TrialState]) -> str:
    if not order:
        return "## Result\n\nNo trial has a score."
    means = confirmed(state)
    best = state.trials[means[0].source] if means else order[0]
    lines = ["## Result", ""]
    if means:
        lines += _confirmed_lines(means)
    else:
        lines.append(
            f"The highest score is {_score(best.score)} of trial {best.number} "
            f"(success {_percent(best.success)}, fell {_percent(best.fell)}, at step {best_step(best) or 0:,}). "
            "It comes from one training with one seed: nothing is confirmed yet."
        )
    for path, end in at_the_edge(spec, best):
        lines += ["", f"`{path}` of T{best.number} lies at the {end} end of its range: widen it and search on."]
    return "\n".join(lines)


def _confirmed_lines(means: Sequence[Confirmed]) -> list[str]:
    best = means[0]
    head = ["trial", "fresh seeds", "mean", "95 % interval", "chosen for", "luck"]
    rows = [
        [
            f"T{item.source}",
            ", ".join(map(_score, item.scores)) + (f" ({item.diverged} diverged)" if item.diverged else ""),
            _score(item.mean),
            "-" if item.half_width is None else f"± {item.half_width:.4f}",
            _score(item.first),
            f"{item.luck:+.4f}",
        ]
        for item in means
    ]
    lines = [
        f"The best settings are those of trial {best.source}: {_score(best.mean)} on {len(best.scores)} fresh seeds, "
        f"where the trial itself had {_score(best.first)}.",
        "",
        markdown_table(head, rows),
    ]
    if len(means) > 1 and not told_apart(best, means[1]):
        lines += ["", f"T{best.source} and T{means[1].source} are not told apart by these seeds."]
    return lines


def _seeds(state: StudyState) -> str:
    """Configurations that were trained with several seeds, compared by their means."""
    groups = repeated(state)
    if not groups:
        return ""
    paths = list(groups[0].params)
    head = [*(f"`{path}`" for path in paths), "seeds", "mean", "95 % interval", "scores"]
    rows = [
        [
            *(value_text(group.params.get(path)) for path in paths),
            str(len(group.scores)),
            _score(group.mean),
            "-" if group.half_width is None else f"± {group.half_width:.4f}",
            ", ".join(map(_score, group.scores)),
        ]
        for group in groups
    ]
    return f"## Same settings, several seeds\n\n{markdown_table(head, rows)}"


def _keys(spec: StudySpec, state: StudyState) -> str:
    found = importances(spec, state) if state.ended else {}
    if not found:
        return ""
    rows = []
    for path, share in sorted(found.items(), key=lambda item: -item[1]):
        lean = tendency(spec, state, path)
        rows.append([f"`{path}`", _percent(share), "-" if lean is None else f"{lean:+.2f}"])
    return (
        "## What each key did\n\nImportance by PED-ANOVA; the lean is Spearman's rank correlation with the score "
        f"(+1: more is better).\n\n{markdown_table(['key', 'importance', 'lean'], rows)}"
    )


def _ranking(order: Sequence[TrialState]) -> str:
    if not order:
        return ""
    head = ["rank", "trial", "score", "success", "fell", "best at", "steps", "curve", "state", "origin", "flags"]
    rows = [
        [
            str(place),
            f"T{trial.number}",
            _score(trial.score),
            _percent(trial.success),
            _percent(trial.fell),
            f"{best_step(trial) or 0:,}",
            f"{trial.env_steps:,}",
            curve(trial),
            trial.state,
            trial.origin,
            ", ".join(trial.flags) or "-",
        ]
        for place, trial in enumerate(order[:MOST_ROWS], 1)
    ]
    more = len(order) - len(rows)
    note = f"\n\n{more} more are in state.yaml." if more > 0 else ""
    return f"## Ranking\n\nScore on the canonical competition cases.\n\n{markdown_table(head, rows)}{note}"


def _settings(spec: StudySpec, order: Sequence[TrialState]) -> str:
    if not order or not spec.space:
        return ""
    shown = order[:MOST_SETTINGS]
    rows = [
        [f"`{path}`", value_text(getattr(dimension, "around", None))]
        + [value_text(trial.params.get(path)) for trial in shown]
        for path, dimension in spec.space.items()
    ]
    table = markdown_table(["key", "preset", *(f"T{trial.number}" for trial in shown)], rows)
    return f"## Settings of the best {len(shown)}\n\n{table}"


def _unscored(state: StudyState) -> str:
    """Trials that are not ranked, and why."""
    rows = [
        [f"T{number}", *_not_ranked(trial)]
        for number, trial in sorted(state.trials.items())
        if trial.excluded is not None or (trial.is_final and trial.score is None)
    ]
    if not rows:
        return ""
    return (
        f"## Without a score, or excluded\n\n{markdown_table(['trial', 'state', 'reason', 'said'], rows[:MOST_ROWS])}"
    )


def _not_ranked(trial: TrialState) -> tuple[str, str, str]:
    if trial.excluded is not None:
        return trial.state, "excluded", _last_line(trial.excluded)
    return trial.state, trial.end_reason or "-", _last_line(trial.end_detail)


def _commands(study: str, order: Sequence[TrialState]) -> str:
    if not order:
        return ""
    lines = ["## Reproduce", "", f"The whole study: `vbot automl run studies/{study}/study.yaml`", ""]
    lines.append("Train a trial again from its own config (its seed is in it), and judge the checkpoint that scored:")
    lines.append("")
    lines += [
        f"- T{trial.number}, {_score(trial.score)}: `vbot train --config runs/{trial.run}/config.yaml`, "
        f"`vbot eval {trial.run}@{best_step(trial) or 0}`"
        for trial in order[:MOST_ROWS]
    ]
    return "\n".join(lines)


def _last_line(detail: str | None) -> str:
    lines = [line.strip() for line in (detail or "").splitlines() if line.strip()]
    return lines[-1].replace("|", "/")[:120] if lines else "-"


def value_text(value: Value | None) -> str:
    """A setting in few digits."""
    if isinstance(value, float):
        return f"{value:.4g}"
    return "-" if value is None else str(value)


def _score(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _hours(seconds: float | None) -> str:
    minutes = (seconds or 0.0) / 60
    return f"{minutes / 60:.1f} h" if minutes >= 90 else f"{minutes:.1f} min"
