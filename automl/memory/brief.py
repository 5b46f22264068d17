"""The brief: what happened since the person last looked, what runs, what leads, what fell, what needs them, what next.

`gather` makes it from the files of runs and studies, `render` puts it into words, `write` puts these into WAKE_UP.md.
Nothing in it is typed by hand, so it can be made anew at any moment.
"""

import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from automl.memory.brief_text import MOST_LINES, Brief, Leader, Line, first_line, render, short
from automl.memory.digest import RunDigest, StudyDigest, TrialDigest
from automl.memory.index import FlagNote, Index, RunNow, StudyNow
from automl.memory.looked import last_look
from sessions import notes
from sessions.files import Clock, utc_now, write_atomic
from sessions.notes import Note
from sessions.workspace import Workspace

FILE_NAME = "WAKE_UP.md"
MOST_LEADERS = 3
JUDGED_RUNS = 8  # ended runs whose curves one brief reads when nobody has judged them yet
LOW_DISK_BYTES = 2 * 1024**3
QUIET_ENDS = ("finished", "early_stop", "budget", "user")  # ends that were meant


@dataclass(frozen=True)
class _Found:
    """What the parts of the brief are made from."""

    index: Index
    since: str
    new_notes: tuple[Note, ...] = ()
    todos: tuple[Note, ...] = ()
    flagged: dict[str, tuple[FlagNote, ...]] = field(default_factory=dict)
    ended: tuple[RunNow, ...] = ()
    unjudged: int = 0


def gather(
    workspace: Workspace, since: str | None = None, index: Index | None = None, clock: Clock = time.time
) -> Brief:
    """Look at everything.

    Args:
        workspace: where.
        since: what happened after this UTC time is news; the person's last look if left out.
        index: digests, if they were read already.
        clock: what time it is.
    """
    index = index or Index(workspace)
    since = since or last_look(workspace)
    found = _find(index, since or "")
    brief = Brief(
        now=utc_now(clock),
        since=since,
        runs=len(index.runs),
        studies=len(index.studies),
        happened=_happened(found),
        running=_running(index),
        leads=leaders(index.runs),
        fell=_fell(found),
        needs=_needs(found, workspace),
        todos=found.todos,
        next=_next(index, found),
        unjudged=found.unjudged,
    )
    index.save()
    return brief


def write(workspace: Workspace, brief: Brief) -> Path:
    """Replace WAKE_UP.md in one step.

    Raises:
        OSError: it cannot be written; the old one stays.
    """
    path = workspace.root / FILE_NAME
    write_atomic(path, render(brief), durable=False)
    return path


def refresh(workspace: Workspace, clock: Clock = time.time) -> Path:
    """Make WAKE_UP.md anew; the time of the last look stays.

    Raises:
        OSError: it cannot be written; the old one stays.
    """
    return write(workspace, gather(workspace, clock=clock))


def leaders(runs: Iterable[RunNow]) -> tuple[Leader, ...]:
    """The best runs of each environment; ties go to the older one, and runs that broke do not lead."""
    groups: dict[str, list[RunNow]] = {}
    for run in runs:
        if run.digest.ranks and run.state not in ("failed", "diverged"):
            groups.setdefault(run.digest.env or "?", []).append(run)
    found = []
    for env, group in sorted(groups.items()):
        ranked = sorted(group, key=lambda run: (-(run.digest.score or 0.0), run.id))
        found += [_leader(env, run) for run in ranked[:MOST_LEADERS]]
    return tuple(found)


def _leader(env: str, run: RunNow) -> Leader:
    d = run.digest
    return Leader(env, d.id, d.best_step or 0, d.score or 0.0, d.success, d.fell, run.state, d.host or "", run.flags)


# --- the parts


def _find(index: Index, since: str) -> _Found:
    all_notes = notes.read(index.workspace)
    todos = tuple(todo.note for todo in notes.todos(index.workspace, all_notes) if todo.open)
    ended = tuple(
        sorted(
            (run for run in index.runs if run.state not in ("running", "queued") and run.digest.updated > since),
            key=lambda run: run.digest.updated,
            reverse=True,
        )
    )
    flagged: dict[str, tuple[FlagNote, ...]] = {}
    unjudged = 0
    for place, run in enumerate(ended):
        names = run.flags
        if names == ():
            continue
        found = index.flag_notes(run.id) if place < JUDGED_RUNS else None
        if found is None and names is None:
            unjudged += 1
        elif found is None and names:
            found = tuple(FlagNote(name, name.replace("_", " "), "") for name in names)
        if found:
            flagged[run.id] = found
    fresh = tuple(note for note in all_notes if note.time > since and note.kind is None)
    return _Found(index, since, fresh, todos, flagged, ended, unjudged)


def _happened(found: _Found) -> tuple[Line, ...]:
    lines = [Line(run.id, _ended_text(run), run.digest.updated) for run in found.ended]
    lines += [
        Line(
            run.id,
            f"{run.digest.kind or 'run'} created on {run.digest.host or 'an unknown machine'}",
            run.digest.created or "",
        )
        for run in found.index.runs
        if (run.digest.created or "") > found.since and run.state in ("running", "queued")
    ]
    for study in found.index.studies:
        digest = study.digest
        if digest.ended is not None and digest.updated > found.since:
            lines.append(Line(study.id, f"study {study.state}: {digest.ended}", digest.updated))
        elif digest.created > found.since:
            lines.append(Line(study.id, f"study created: {', '.join(map(short, digest.space))}", digest.created))
    lines += [
        Line(note.run or "notebook", f"{note.author}: {first_line(note.text)}", note.time) for note in found.new_notes
    ]
    return tuple(sorted(lines, key=lambda line: (line.time, line.about), reverse=True))


def _ended_text(run: RunNow) -> str:
    digest = run.digest
    score = f", score {digest.score:.3f} at step {digest.best_step:,}" if digest.score is not None else ""
    where = f"trial {digest.trial} of {digest.study}" if digest.study else (digest.kind or "run")
    reason = f" ({digest.end_detail})" if digest.end_detail and run.state != "finished" else ""
    return f"{where} {run.state}{score} after {digest.env_steps:,} steps{reason}"


def _running(index: Index) -> tuple[Line, ...]:
    studies = [study for study in index.studies if study.state in ("running", "paused", "unattended")]
    live = [run.digest for run in index.runs if run.state == "running"]
    return (
        *(Line(study.id, _study_text(study)) for study in studies),
        *(Line(digest.id, _live_text(digest), digest.updated) for digest in live),
    )


def _study_text(study: StudyNow) -> str:
    digest = study.digest
    final = sum(trial.state not in ("queued", "running", "paused") for trial in digest.trials)
    live = sum(trial.state == "running" for trial in digest.trials)
    best = digest.champion
    score = f", best {best.score:.3f} (trial {best.number})" if best and best.score is not None else ""
    left = f", {digest.elapsed_s / 3600:.1f} of {digest.budget_s / 3600:.1f} h used" if digest.budget_s else ""
    limit = f" of {digest.max_trials}" if digest.max_trials else ""
    return f"study {study.state}: {final}{limit} trials ended, {live} running{score}{left}"


def _live_text(digest: RunDigest) -> str:
    share = (
        f" of {digest.total_env_steps:,} ({digest.env_steps / digest.total_env_steps:.0%})"
        if (digest.total_env_steps)
        else ""
    )
    eta = f", about {digest.eta_s / 60:,.0f} min left" if digest.eta_s else ""
    score = f", score {digest.score:.3f}" if digest.score is not None else ""
    return f"step {digest.env_steps:,}{share}{eta}{score}"


def _fell(found: _Found) -> tuple[Line, ...]:
    lines = []
    for run in found.ended:
        digest = run.digest
        if run.state in ("failed", "diverged") or (digest.end_reason or "finished") not in QUIET_ENDS:
            why = digest.end_detail or digest.end_reason or "it ended without a word"
            lines.append(Line(run.id, f"{run.state}: {why}", digest.updated, f"vbot diagnose {run.id}"))
        for note in found.flagged.get(run.id, ()):
            evidence = f": {note.evidence}" if note.evidence else ""
            lines.append(Line(run.id, f"{note.title}{evidence}", digest.updated, f"vbot diagnose {run.id}"))
        if digest.end_reason == "early_stop":
            lines.append(
                Line(run.id, f"stopped early: {digest.end_detail or 'not in the better part'}", digest.updated)
            )
    return tuple(lines)


def _needs(found: _Found, workspace: Workspace) -> tuple[Line, ...]:
    paused = [run for run in found.index.runs if run.state == "paused" and run.digest.study is None]
    broken = [run for run in found.ended if run.state in ("failed", "diverged") and run.digest.study is None]
    disk = _disk(workspace)
    return (
        *(line for study in found.index.studies for line in _study_needs(study)),
        *(_resume(run, "nobody said why") for run in paused),
        *(_resume(run, "no reason recorded") for run in broken[:MOST_LINES]),
        *([disk] if disk else []),
    )


def _resume(run: RunNow, otherwise: str) -> Line:
    digest = run.digest
    why = digest.end_detail or otherwise
    return Line(run.id, f"{run.state}: {why}", digest.updated, f"vbot train --resume {run.id}")


def _study_needs(study: StudyNow) -> list[Line]:
    digest = study.digest
    if study.state == "damaged":
        return [Line(study.id, f"its files cannot be read: {digest.damage}")]
    lines = []
    if study.state == "unattended":
        lines.append(Line(study.id, "nobody schedules it", digest.updated, f"vbot automl resume {study.id}"))
    elif study.state == "paused":
        lines.append(Line(study.id, f"paused by {digest.paused}", digest.updated, "vbot-tui, then P"))
    crashed = [trial for trial in digest.trials if trial.end_reason == "crashed" or trial.state == "failed"]
    if crashed and (digest.ended is None or len(crashed) == len(digest.trials)):
        last = crashed[-1]
        lines.append(
            Line(
                study.id,
                f"{len(crashed)} of {len(digest.trials)} trials crashed, the last one (trial "
                f"{last.number}): {last.end_detail or 'no reason recorded'}",
                digest.updated,
                f"vbot diagnose {last.run}" if last.run else "",
            )
        )
    return lines


def _disk(workspace: Workspace) -> Line | None:
    anchor = next(path for path in (workspace.root, *workspace.root.parents) if path.exists())
    free = shutil.disk_usage(anchor).free
    if free >= LOW_DISK_BYTES:
        return None
    return Line("disk", f"{free / 1024**3:.1f} GiB free where the workspace is; trainings will stop when it is full")


def _next(index: Index, found: _Found) -> tuple[Line, ...]:
    lines = []
    for study in index.studies:
        if study.state == "unattended":
            lines.append(Line(study.id, "drive the study on", do=f"vbot automl resume {study.id}"))
        champion = study.digest.champion
        if study.state in ("finished", "stopped") and champion is not None and not _followed_up(index, study.digest):
            lines.append(_final_run(index, study, champion))
    lines += [
        Line(
            leader.run,
            f"the leading run raises {', '.join(leader.flags)}: look before trusting it",
            do=f"vbot diagnose {leader.run}",
        )
        for leader in leaders(index.runs)[:1]
        if leader.flags
    ]
    lines += [
        Line(f"TODO {todo.id}", first_line(todo.text), do=f"vbot note done {todo.id} --run RUN")
        for todo in found.todos[:3]
    ]
    if not index.runs and not index.studies:
        lines.append(Line("start", "nothing is here yet: start a first study with S in the cockpit", do="vbot-tui"))
    elif not lines and not any(run.state == "running" for run in index.runs):
        lines.append(Line("start", "nothing runs: start a study", do="vbot automl run --preset first"))
    return tuple(lines)


def _final_run(index: Index, study: StudyNow, champion: TrialDigest) -> Line:
    """What `U` in the cockpit does with the best trial; its config alone would only repeat the trial's own length."""
    from automl.phases import full_length

    score = f" (score {champion.score:.3f})" if champion.score is not None else ""
    config = index.workspace.runs / (champion.run or "") / "config.yaml"
    steps = full_length(study.digest.trial_env_steps or champion.env_steps)
    return Line(
        study.id,
        f"train its best trial, {champion.number}{score}, in full length",
        do=f"vbot train {study.digest.env} --final --config {config} --steps {steps}",
    )


def _followed_up(index: Index, study: StudyDigest) -> bool:
    """Whether a long run was made from the study, or a later study searches the same keys."""
    champion = study.champion.run if study.champion else None
    finals = [run.digest for run in index.runs if run.digest.kind == "final"]
    if champion and any(champion in f"{digest.command} {digest.parent}" for digest in finals):
        return True
    return any(
        other.id > study.id and other.digest.env == study.env and set(study.space) <= set(other.digest.space)
        for other in index.studies
    )
