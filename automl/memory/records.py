"""Entries of the experiment record: written once from a run's or a study's own files when it has ended.

An entry says what was changed, how it went, what it was worth, what was wrong, which checkpoint to take and how to do
it again. What it means is for the person to write, below it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from automl.diagnosis import facts_of, read_curves, with_config
from automl.flags import Points, diagnose
from automl.memory.brief_text import counted
from automl.memory.compare import value_at
from automl.memory.config_diff import Change, changes, preset_values, read_config, shown
from automl.memory.digest import RunDigest, StudyDigest, TrialDigest, read_run, read_study
from automl.memory.index import FlagNote, Index, flag_note
from automl.memory.report_file import append, entries, read, report_path
from automl.mutes import muted
from sessions.errors import NotFoundError, UsageError
from sessions.metrics import REWARD_TOTAL
from sessions.runs import FINAL_STATES, EvalSummary, RunDir, effective_state
from sessions.workspace import Workspace

CURVE_SAMPLES = 8
CURVES = (
    ("success", "episode/success"),
    ("fell", "episode/fell"),
    ("distance m", "task/distance_m"),
    ("speed m/s", "task/speed_mps"),
    ("reward/step", REWARD_TOTAL),
    ("std", "ppo/std"),
    ("learning rate", "ppo/learning_rate"),
)


@dataclass(frozen=True)
class Added:
    """What became of one request for an entry."""

    id: str
    kind: str
    path: str
    added: bool  # False: the record had it already


def add(workspace: Workspace, name: str) -> Added:
    """Write the entry of an ended run or study into its record, once.

    Raises:
        NotFoundError: no such run or study.
        UsageError: it has not ended, or its files do not tell its environment.
        OSError: it could not be written.
    """
    found = find(workspace, name)
    return add_run(workspace, found) if isinstance(found, RunDir) else add_study(workspace, found)


def find(workspace: Workspace, name: str) -> RunDir | str:
    """The run, or the id of the study, that a name means; an exact id wins, a study goes before its trials' runs.

    Raises:
        NotFoundError: nothing or several things fit.
    """
    if (workspace.runs / name / "run.json").exists():
        return RunDir(workspace.runs / name)
    try:
        return workspace.study(name).name
    except NotFoundError as about_studies:
        try:
            return workspace.run(name)
        except NotFoundError as about_runs:
            raise NotFoundError(f"{about_runs}; {about_studies}") from None


def add_run(workspace: Workspace, run: RunDir) -> Added:
    """The entry of one run; see `add`."""
    state = effective_state(run)
    if state not in FINAL_STATES:
        raise UsageError(f"{run.id} is {state}: a record holds what has ended; wait, or end it first")
    digest = read_run(run)
    if not digest.env:
        raise UsageError(f"{run.id} does not say its environment ({run.path / 'run.json'} is damaged); nothing written")
    path = report_path(workspace, digest.env)
    if any(entry.id == run.id for entry in entries(read(path))):
        return Added(run.id, "run", str(path), False)
    return Added(run.id, "run", str(path), append(workspace, digest.env, "run", run.id, run_entry(run, digest)))


def add_study(workspace: Workspace, study: str) -> Added:
    """The entry of one study; see `add`."""
    digest = read_study(workspace.study(study))
    if digest.damage:
        raise UsageError(f"study {study} cannot be read ({digest.damage}); nothing was written")
    if digest.ended is None:
        raise UsageError(f"study {study} has not ended: a record holds what has; end it with: vbot automl stop {study}")
    path = report_path(workspace, digest.env)
    if any(entry.id == study for entry in entries(read(path))):
        return Added(study, "study", str(path), False)
    body = study_entry(workspace, digest)
    return Added(study, "study", str(path), append(workspace, digest.env, "study", study, body))


def missing(index: Index) -> list[str]:
    """Ended studies and ended runs of their own that have no entry yet; trials are told of by their study."""
    texts = {path.stem: read(path) for path in index.workspace.reports.glob("REPORT_*.md")}
    have = {entry.id for text in texts.values() for entry in entries(text)}
    studies = [study.id for study in index.studies if study.digest.ended is not None]
    runs = [
        run.id
        for run in index.runs
        if run.state in FINAL_STATES and run.digest.kind in ("train", "final") and run.digest.env
    ]
    return [name for name in (*studies, *runs) if name not in have]


# --- the entry of a run


def run_entry(run: RunDir, digest: RunDigest) -> str:
    """The text of a run's entry."""
    curves = read_curves(run)
    facts = with_config(facts_of(run.status(), False), run)
    flags = tuple(flag_note(flag) for flag in diagnose(curves, facts, muted=muted(run)))
    state = digest.state(False)
    blocks = [
        f"## {digest.created[:10] if digest.created else ''} {_title(digest, state, flags)}",
        _facts(digest, state),
        "### Config as a difference\n" + _config_text(run),
        "### Curve\n" + curve_table(curves),
        "### Evaluations on fixed cases\n" + eval_table(run.evals()),
        "### Flags\n" + flag_lines(flags),
        "### Best checkpoint\n" + _best_checkpoint(run, digest),
        "### Do it again\n" + _again(run, digest),
    ]
    return "\n\n".join(blocks)


def _title(digest: RunDigest, state: str, flags: Sequence[FlagNote]) -> str:
    score = f"score {digest.score:.3f}" if digest.score is not None else "not scored"
    raised = f", {' and '.join(flag.title for flag in flags)}" if flags else ""
    return f"{digest.id}: {state}, {score}{raised}"


def _facts(digest: RunDigest, state: str) -> str:
    rows = [
        ("run", f"`{digest.id}` ({digest.kind})"),
        ("environment", digest.env or "?"),
        ("study", f"`{digest.study}`, trial {digest.trial}" if digest.study else "none"),
        ("started from", f"`{digest.parent}`" if digest.parent else "nothing learned"),
        ("machine, code", f"{digest.host}, {digest.code_version}"),
        ("created, ended", f"{digest.created}, {digest.updated}"),
        ("length", f"{digest.env_steps:,} of {digest.total_env_steps:,} env steps"),
        ("end", f"{state}, {digest.end_reason}: {digest.end_detail or 'nothing more was said'}"),
    ]
    return "\n".join(f"- {name}: {text}" for name, text in rows)


def _config_text(run: RunDir) -> str:
    config = read_config(run)
    if config is None:
        return "The config cannot be read."
    found = changes(config, preset_values(config.env, config.preset))
    head = f"Against the preset `{config.preset}` of {config.env}:"
    return f"{head} no difference." if not found else f"{head}\n\n{change_table(found)}"


def change_table(found: Sequence[Change]) -> str:
    """Changed keys, as a Markdown table."""
    rows = [(f"`{item.key}`", shown(item.before), shown(item.value), item.origin) for item in found]
    return markdown_table(("key", "preset", "this run", "origin"), rows)


def curve_table(curves: Mapping[str, Points], samples: int = CURVE_SAMPLES) -> str:
    """The main curves at a few steps, evenly spread, the last one included."""
    columns = [(name, curves[tag]) for name, tag in CURVES if curves.get(tag)]
    steps = sorted({step for _, points in columns for step, _ in points})
    if not steps:
        return "No curve was recorded."
    rows = [(f"{step:,}", *(_cell(value_at(points, step)) for _, points in columns)) for step in spread(steps, samples)]
    return markdown_table(("env step", *(name for name, _ in columns)), rows)


def spread(steps: Sequence[int], count: int) -> list[int]:
    """At most `count` of the steps, evenly spread, first and last included."""
    if len(steps) <= count:
        return list(steps)
    return [steps[round(place * (len(steps) - 1) / (count - 1))] for place in range(count)]


def eval_table(evals: Sequence[EvalSummary]) -> str:
    """All evaluations, one line each; those of other than the canonical cases are marked."""
    rows = [
        (
            f"{item.step:,}",
            item.protocol + ("" if item.canonical else " (quick look)"),
            str(item.episodes),
            _cell(item.score),
            _cell(item.success),
            _cell(item.fell),
            _cell(item.points_mean),
        )
        for item in evals
    ]
    head = ("env step", "protocol", "episodes", "score", "success", "fell", "points")
    return markdown_table(head, rows) if rows else "It was never evaluated."


def flag_lines(flags: Sequence[FlagNote]) -> str:
    """Flags with their evidence."""
    return "\n".join(f"- {flag.title} (`{flag.name}`): {flag.evidence}" for flag in flags) or "None was raised."


def _best_checkpoint(run: RunDir, digest: RunDigest) -> str:
    steps = dict(run.checkpoints())
    if digest.best_step in steps:
        return f"`{run.id}@{digest.best_step}`: `runs/{run.id}/checkpoints/{steps[digest.best_step].name}`"
    if digest.best_step is not None:
        return f"The best evaluation was at step {digest.best_step:,}, whose checkpoint is not kept."
    return f"None was judged; the newest is `{run.id}@{max(steps)}`." if steps else "There is none."


def _again(run: RunDir, digest: RunDigest) -> str:
    lines = [f"vbot train {digest.env} --config runs/{run.id}/config.yaml"]
    if digest.command:
        lines.append(f"# it was started by: {digest.command}")
    return "\n".join(["```sh", *lines, "```", f"Config hash `{digest.config_hash}`, code `{digest.code_version}`."])


# --- the entry of a study


def study_entry(workspace: Workspace, digest: StudyDigest) -> str:
    """The text of a study's entry."""
    best = digest.champion
    score = f"best {best.score:.3f} (trial {best.number})" if best and best.score is not None else "nothing scored"
    word = "stopped" if digest.stopped else "finished"
    blocks = [
        f"## {digest.created[:10]} {digest.id}: {word}, {counted(len(digest.trials), 'trial')}, {score}",
        "\n".join(
            [
                f"- study: `{digest.id}` ({digest.label}, mode {digest.mode})",
                f"- environment: {digest.env}, preset `{digest.preset}`",
                f"- asked for: {digest.max_trials or 'any number of'} trials of {digest.trial_env_steps:,} env steps",
                f"- created, ended: {digest.created}, {digest.updated} ({digest.elapsed_s / 3600:.2f} h scheduled)",
                f"- end: {digest.ended}",
            ]
        ),
        "### Searched, and set for all\n" + _space_table(digest),
        "### Trials by score\n" + trial_table(digest),
        "### Flags\n" + _study_flags(digest),
        "### Best trial\n" + _best_trial(workspace, best),
        f"### Do it again\n```sh\nvbot automl run studies/{digest.id}/study.yaml\n```",
    ]
    return "\n\n".join(blocks)


def _space_table(digest: StudyDigest) -> str:
    rows = []
    for key, form in digest.space.items():
        spec = dict(form) if isinstance(form, dict) else {"in": form}
        around = spec.pop("around", None)
        rows.append((f"`{key}`", ", ".join(f"{name} {shown(value)}" for name, value in spec.items()), shown(around)))
    rows += [(f"`{key}`", f"set to {shown(value)}", "") for key, value in digest.sets.items()]
    return markdown_table(("key", "where", "preset"), rows) if rows else "Nothing."


def trial_table(digest: StudyDigest) -> str:
    """All trials, best first, with the values they tried and the runs they are."""
    keys = list(digest.space)
    ranked = sorted(digest.trials, key=lambda trial: (trial.score is None, -(trial.score or 0.0), trial.number))
    rows = [
        (
            str(trial.number),
            trial.state,
            _cell(trial.score),
            _cell(trial.success),
            _cell(trial.fell),
            f"{trial.env_steps:,}",
            *(shown(trial.params.get(key, "-")) for key in keys),
            trial.end_reason or "-",
            " ".join(trial.flags) or "-",
            f"`{trial.run}`" if trial.run else "-",
        )
        for trial in ranked
    ]
    names = [key.rsplit(".", 1)[-1] for key in keys]
    head = ("trial", "state", "score", "success", "fell", "env steps", *names, "end", "flags", "run")
    return markdown_table(head, rows) if rows else "No trial was made."


def _study_flags(digest: StudyDigest) -> str:
    seen: dict[str, list[int]] = {}
    for trial in digest.trials:
        for flag in trial.flags:
            seen.setdefault(flag, []).append(trial.number)
    lines = [
        f"- `{flag}` in {len(numbers)} of {len(digest.trials)} trials: {', '.join(map(str, numbers))}"
        for flag, numbers in sorted(seen.items())
    ]
    return "\n".join(lines) or "None was raised."


def _best_trial(workspace: Workspace, best: TrialDigest | None) -> str:
    if best is None or best.run is None:
        return "No trial has a score."
    run = RunDir(workspace.runs / best.run)
    return f"{_best_checkpoint(run, read_run(run))}\n\n{_config_text(run)}"


# --- Markdown


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; a bar within a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
