"""`vbot automl run|check|sweep|seeds|derive`: making studies and pipelines, looked over before anything is trained."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sessions.errors import UsageError, WorkFailed
from vbot_tui.cli.automl_spec import (
    FIRST_ENV,
    SOURCE_HELP,
    add_base_options,
    add_run_options,
    add_spec_options,
    assignments,
    requested_work,
    with_run_options,
)
from vbot_tui.cli.console import Console
from vbot_tui.cli.parser import Parser, Verbs, positive_int
from vbot_tui.cli.tables import number as figure
from vbot_tui.cli.tables import percent, table

if TYPE_CHECKING:
    from automl.pipeline import PipelineSpec
    from automl.preflight import Finding
    from automl.spec import StudySpec
    from sessions.workspace import Workspace

RUN_HELP = """\
Create a study and schedule it until it ends: from SPEC, a YAML file, from one that is shipped, or around values.
Before anything is trained it is looked over: keys that change nothing, rewards that can be cheated, room on the disk,
whether it was run before, and a few steps of training. A SPEC with stages is a pipeline and goes through the queue.
Ctrl-C leaves the study, and its running trials go on: 'vbot automl resume' takes it up again, 'vbot automl stop'
ends it."""
SWEEP_HELP = """\
Train with each VALUE of one setting, all else equal: the settings are those of --from, or of ENV and its preset.
With --seeds each value is trained so often, and the report compares means."""
DERIVE_HELP = """\
Write a study file that begins with the settings of SOURCE and searches around them; SOURCE is not touched."""


def add_actions(actions: Verbs) -> None:
    """Enter the actions that make studies."""
    runner = actions.add("run", "create a study and schedule it until it ends", run, description=RUN_HELP)
    add_spec_options(runner)
    add_detach(runner)
    checker = actions.add("check", "look a study over without starting it", check)
    add_spec_options(checker)
    sweeper = actions.add("sweep", "train with each value of one setting", sweep, description=SWEEP_HELP)
    sweeper.add_argument("key", metavar="KEY", help="the setting, e.g. ppo.learning_rate")
    sweeper.add_argument("values", metavar="VALUE", nargs="+", help="its values")
    _add_source_options(sweeper)
    seeder = actions.add("seeds", "train the same settings with several seeds", seeds)
    _add_source_options(seeder)
    deriver = actions.add("derive", "write a study file around known settings", derive, description=DERIVE_HELP)
    deriver.add_argument("source", metavar="SOURCE", help=SOURCE_HELP)
    deriver.add_argument("--set", metavar="A.B=C", action="append", default=[], dest="sets", help="change a setting")
    deriver.add_argument("--out", metavar="FILE", type=Path, required=True, help="the study file to write")


def _add_source_options(parser: Parser) -> None:
    parser.add_argument("--from", metavar="SOURCE", dest="source", help=f"the settings of {SOURCE_HELP}")
    parser.add_argument("--seeds", type=positive_int, metavar="N", default=1, help="trainings of each, default 1")
    add_base_options(parser)
    add_run_options(parser)
    add_detach(parser)


def add_detach(parser: Parser) -> None:
    """The option to return at once."""
    parser.add_argument("--detach", action="store_true", help="schedule in the background and return at once")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Create a study or a pipeline, look it over and schedule it."""
    return start(requested_work(arguments), arguments, console)


def sweep(arguments: argparse.Namespace, console: Console) -> int:
    """Train with each value of one key."""
    return start(swept_spec(arguments), arguments, console)


def swept_spec(arguments: argparse.Namespace) -> "StudySpec":
    """The study of a sweep."""
    from automl.derive import sweep as swept

    values = list(assignments([f"{arguments.key}{k}={value}" for k, value in enumerate(arguments.values)]).values())
    return with_run_options(swept(_base(arguments), arguments.key, values, arguments.seeds), arguments)


def seeds(arguments: argparse.Namespace, console: Console) -> int:
    """Train the same settings with several seeds."""
    from automl.derive import repeat

    return start(with_run_options(repeat(_base(arguments), arguments.seeds), arguments), arguments, console)


def _base(arguments: argparse.Namespace) -> "StudySpec":
    from automl.derive import base_study
    from automl.lineage import find
    from sessions.workspace import Workspace

    source = None
    if arguments.source is not None:
        if (arguments.env, arguments.task_preset) != (None, None):
            raise UsageError("--from names its environment and its preset itself; leave --env and --task-preset away.")
        source = find(Workspace.open(arguments.workspace, create=False), arguments.source)
    env, preset = arguments.env or FIRST_ENV, arguments.task_preset or "default"
    return base_study(env, preset, assignments(arguments.sets), source)


def derive(arguments: argparse.Namespace, console: Console) -> int:
    """Write a study file around known settings."""
    from automl.derive import base_study, default_keys, widened
    from automl.lineage import find
    from automl.spec import complete, to_yaml
    from sessions.files import write_atomic
    from sessions.workspace import Workspace

    source = find(Workspace.open(arguments.workspace, create=False), arguments.source)
    base = base_study(source.env, source.preset, assignments(arguments.sets), source)
    spec = widened(base, default_keys(source))
    complete(spec)
    if arguments.out.exists():
        raise UsageError(f"{arguments.out} exists already; name another file.")
    write_atomic(arguments.out, to_yaml(spec))
    said = {"file": str(arguments.out), "source": source.name, "searched": list(spec.space)}
    console.show(said, f"{arguments.out}: {len(spec.space)} keys around {source.name}; 'vbot automl run' takes it.")
    return 0


def check(arguments: argparse.Namespace, console: Console) -> int:
    """Look a study over; exit 1 when it would be refused."""
    from automl.preflight import train_briefly
    from sessions.workspace import Workspace

    workspace = Workspace.open(arguments.workspace)
    work = requested_work(arguments)
    findings = look_over(workspace, work, train_briefly)
    rows = [[item.level, item.check, item.text] for item in findings]
    text = (
        table(["LEVEL", "CHECK", "FOUND"], rows)
        if rows
        else "Nothing was found: settings, keys, reward, room and a few steps of training are in order."
    )
    refused = any(item.level == "error" for item in findings)
    console.show({"passes": not refused, "findings": [vars(item) for item in findings]}, _stages(work) + text)
    return 1 if refused else 0


def _stages(work: "StudySpec | PipelineSpec") -> str:
    """What a pipeline would train, a line per stage; nothing for a study."""
    from automl.pipeline import PipelineSpec

    if not isinstance(work, PipelineSpec):
        return ""
    rows = []
    before = "nothing"
    for stage in work.stages:
        source = before if stage.start_from is None else stage.start_from or "nothing"
        study, limit = stage.study, stage.study.trial_limit
        lengths = figure(study.trial_env_steps), figure(study.final.env_steps or None)
        rows.append([stage.name, study.env, source, figure(limit), *lengths, "yes" if stage.beside else "no"])
        before = stage.name
    return table(["STAGE", "ENV", "STARTS FROM", "TRIALS", "STEPS EACH", "FINAL STEPS", "BESIDE"], rows) + "\n\n"


def look_over(workspace: "Workspace", work: "StudySpec | PipelineSpec", smoke: Any) -> "list[Finding]":  # noqa: ANN401
    """What the checks find; only the first stage of a pipeline can be trained for a moment already."""
    from dataclasses import replace

    from automl.pipeline import PipelineSpec, doubtful
    from automl.preflight import preflight

    if not isinstance(work, PipelineSpec):
        return list(preflight(workspace, work, smoke))
    found = doubtful(work)
    for number, stage in enumerate(work.stages):
        for item in preflight(workspace, stage.study, smoke if number == 0 else None):
            found.append(replace(item, text=f"stage {stage.name}: {item.text}"))
    return found


def start(work: "StudySpec | PipelineSpec", arguments: argparse.Namespace, console: Console) -> int:
    """Look the work over, say what was found, and begin."""
    from automl.pipeline import PipelineSpec
    from automl.preflight import train_briefly
    from automl.spec import complete
    from automl.studies import create_study
    from sessions.workspace import Workspace
    from vbot_tui.cli.automl import schedule

    if not isinstance(work, PipelineSpec):
        complete(work)
    workspace = Workspace.open(arguments.workspace)
    judge(look_over(workspace, work, train_briefly), arguments.anyway, console)
    if isinstance(work, PipelineSpec):
        return run_pipeline(workspace, work, arguments.detach, console)
    study = create_study(workspace, work)
    console.tell(f"study {study}")
    return schedule(workspace, study, arguments.detach, console)


def judge(findings: "list[Finding]", anyway: bool, console: Console) -> None:
    """Say what was found.

    Raises:
        UsageError: something speaks against the start, and nobody said to start anyway.
        WorkFailed: it was tried for a moment and failed.
    """
    errors = [item for item in findings if item.level == "error"]
    for item in findings:
        if item.level != "error" or anyway:
            console.tell(f"{item.level}: {item.check}: {item.text}")
    if errors and not anyway:
        more = f" ({len(errors) - 1} more: 'vbot automl check' lists them)" if len(errors) > 1 else ""
        kind = WorkFailed if errors[0].check == "smoke" else UsageError
        raise kind(f"{errors[0].text.rstrip('.')}; --anyway starts all the same{more}.")


def run_pipeline(workspace: "Workspace", work: "PipelineSpec", detach: bool, console: Console) -> int:
    """Queue a pipeline and work through it, here or in the background."""
    from automl.pipeline import enqueue, stage_rows, wall_s
    from automl.queue import editing
    from automl.queue_worker import detach as start_worker
    from automl.queue_worker import work as work_through
    from vbot_tui.cli.automl_queue import as_object, as_text

    name = workspace.new_study_id(work.label)
    with editing(workspace) as edit:
        made = enqueue(edit, work, name)
    console.tell(f"pipeline {name}: {', '.join(made)}")
    if detach:
        pid = start_worker(workspace)
        console.show({"pipeline": name, "items": made, "pid": pid}, f"worked on in the background (process {pid}).")
        return 0
    queue = work_through(workspace, console.tell, made)
    mine = [queue.item(item) for item in made]
    rows = stage_rows(queue, made)
    text = f"{as_text(queue, mine)}\n\n{_stages_text(rows)}"
    console.show({"pipeline": name, "wall_s": wall_s(queue, made), "stages": rows, **as_object(queue, mine)}, text)
    return 0 if all(item.state == "done" for item in mine) else 1


def _stages_text(rows: list[dict[str, Any]]) -> str:
    """What came of each stage, for a person."""
    heads = ["STAGE", "STATE", "TIME", "SCORE", "POINTS", "SUCCESS", "FELL", "POLICY"]
    cells = [
        [
            row["stage"],
            row["state"],
            f"{row['wall_s']:.0f} s",
            figure(row["score"], 3),
            f"{figure(row['points_mean'], 2)} of {figure(row['points_max'])}",
            percent(row["success"]),
            percent(row["fell"]),
            f"{row['run']}@{row['step']}" if row["run"] else "-",
        ]
        for row in rows
    ]
    return table(heads, cells)
