"""The work that the arguments of `vbot automl` describe: a study, or a pipeline of studies."""

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sessions.errors import UsageError
from vbot_tui.cli.parser import Parser, positive_float, positive_int, seed_int

if TYPE_CHECKING:
    from automl.lineage import Source
    from automl.pipeline import PipelineSpec
    from automl.spec import StudySpec

FIRST_ENV = "vbot_navigation_section001"
SOURCE_HELP = "STUDY, STUDY:TRIAL or library:NAME"


def add_spec_options(parser: Parser) -> None:
    """What a study is made of: a file, one that is shipped, or values to search around."""
    from automl.samplers import NAMES

    parser.add_argument(
        "spec", metavar="SPEC", nargs="?", type=Path, help="a study file, or 'courses' (else the first study)"
    )
    parser.add_argument(
        "--preset", metavar="NAME", help="a shipped study: first (default), ppo, hp, reward, stage or full"
    )
    parser.add_argument(
        "--around",
        metavar="A.B=C",
        action="append",
        default=[],
        help="search this setting around a value, beginning with it",
    )
    parser.add_argument(
        "--from",
        metavar="SOURCE",
        action="append",
        default=[],
        dest="sources",
        help=f"try the settings of {SOURCE_HELP} first",
    )
    add_base_options(parser)
    parser.add_argument("--sampler", choices=NAMES, help="where suggestions come from (default: tpe)")
    parser.add_argument("--audited", action="store_true", help="draw no reward that the audit says would be cheated")
    parser.add_argument("--hp-trials", type=positive_int, metavar="N", help="how many trials")
    parser.add_argument("--final-steps", type=positive_int, metavar="N", help="length of the final run in env steps")
    add_run_options(parser)


def add_base_options(parser: Parser) -> None:
    """What every trial starts from."""
    parser.add_argument("--env", metavar="ENV", help=f"environment (default: {FIRST_ENV})")
    parser.add_argument("--task-preset", metavar="NAME", help="named settings of ENV that every trial starts from")
    parser.add_argument(
        "--set", metavar="A.B=C", action="append", default=[], dest="sets", help="a setting that every trial gets"
    )


def add_run_options(parser: Parser) -> None:
    """How long it may take, where, and what may go wrong."""
    parser.add_argument("--trial-steps", type=positive_int, metavar="N", help="length of a trial in env steps")
    parser.add_argument("--budget-hours", type=positive_float, metavar="H", help="end after so many hours")
    parser.add_argument("--slots", type=positive_int, metavar="N", help="trials at once (default: one per core)")
    parser.add_argument("--seed", type=seed_int, help="same seed and results, same suggestions")
    parser.add_argument("--anyway", action="store_true", help="start in spite of what the checks before it found")


def requested_spec(arguments: argparse.Namespace) -> "StudySpec":
    """The study that the arguments describe, checked as a whole before anything is made.

    Raises:
        UsageError: they describe a pipeline, or contradict each other.
    """
    from automl.pipeline import PipelineSpec

    work = requested_work(arguments)
    if isinstance(work, PipelineSpec):
        raise UsageError("this is a pipeline of several studies; start it with 'vbot automl run'.")
    return work


def requested_work(arguments: argparse.Namespace) -> "StudySpec | PipelineSpec":
    """The study or pipeline that the arguments describe, checked as a whole before anything is made.

    Raises:
        UsageError: they contradict each other.
        SimError: something in it does not exist.
    """
    from automl.pipeline import PipelineSpec, checked
    from automl.spec import complete

    work = _named_work(arguments)
    if isinstance(work, PipelineSpec):
        return checked(_changed_pipeline(work, arguments))
    spec = with_run_options(_changed(work, arguments), arguments)
    complete(spec)
    return spec


def _named_work(arguments: argparse.Namespace) -> "StudySpec | PipelineSpec":
    from automl.derive import around, base_study
    from automl.presets import named_work, shipped, shipped_pipeline

    if arguments.spec is not None and (arguments.env, arguments.preset, arguments.task_preset) != (None, None, None):
        raise UsageError(
            "SPEC names its environment and its keys itself; leave --env and --preset away, and --task-preset too."
        )
    if arguments.spec is not None and not arguments.around:
        return named_work(arguments.spec)
    env, preset = arguments.env or FIRST_ENV, arguments.task_preset or "default"
    if arguments.around:
        if arguments.spec is not None or arguments.preset is not None:
            raise UsageError("--around makes a study of its own; leave SPEC and --preset away.")
        source = found_sources(arguments, 1)[0] if arguments.sources else None
        return around(base_study(env, preset, assignments(arguments.sets), source), assignments(arguments.around))
    if arguments.preset == "full":
        return shipped_pipeline(env)
    return shipped(arguments.preset or "first", env)


def _changed(spec: "StudySpec", arguments: argparse.Namespace) -> "StudySpec":
    """The study with what options say about its content."""
    from automl.spec import FinalCfg

    changes: dict[str, Any] = {}
    if not arguments.around:
        if arguments.task_preset is not None:
            changes["preset"] = arguments.task_preset
        if arguments.sets:
            changes["sets"] = {**spec.sets, **assignments(arguments.sets)}
    if arguments.sampler is not None:
        changes["sampler"] = arguments.sampler
    if arguments.audited:
        changes["audited"] = True
    if arguments.hp_trials is not None:
        changes["max_trials"] = arguments.hp_trials
    if arguments.final_steps is not None:
        changes["final"] = FinalCfg(arguments.final_steps, spec.final.share)
    spec = dataclasses.replace(spec, **changes)
    if arguments.around or not arguments.sources:
        return spec
    seeds = tuple(source.seed_for(spec) for source in found_sources(arguments, 3))
    return dataclasses.replace(spec, seed_configs=(*spec.seed_configs, *seeds))


def _changed_pipeline(work: "PipelineSpec", arguments: argparse.Namespace) -> "PipelineSpec":
    """The pipeline with what options say: of every stage, but for the budget, which is that of the whole."""
    refused = [
        arguments.sampler,
        arguments.audited or None,
        arguments.task_preset,
        arguments.final_steps,
        *arguments.sets,
        *arguments.sources,
    ]
    if any(item is not None for item in refused):
        raise UsageError("a pipeline says what its stages do in its file; only lengths, slots and seed can be given.")
    named = {"max_trials": arguments.hp_trials, "trial_env_steps": arguments.trial_steps}
    named |= {"slots": arguments.slots, "seed": arguments.seed}
    given = {name: value for name, value in named.items() if value is not None}
    stages = tuple(dataclasses.replace(stage, study=dataclasses.replace(stage.study, **given)) for stage in work.stages)
    budget_s = arguments.budget_hours * 3600 if arguments.budget_hours is not None else work.budget_s
    return dataclasses.replace(work, stages=stages, budget_s=budget_s)


def with_run_options(spec: "StudySpec", arguments: argparse.Namespace) -> "StudySpec":
    """The study with the lengths, slots and seed that the arguments name."""
    budget_s = arguments.budget_hours * 3600 if arguments.budget_hours is not None else None
    named = {
        "trial_env_steps": arguments.trial_steps,
        "budget_s": budget_s,
        "slots": arguments.slots,
        "seed": arguments.seed,
    }
    return dataclasses.replace(spec, **{name: value for name, value in named.items() if value is not None})


def found_sources(arguments: argparse.Namespace, each: int) -> "list[Source]":
    """The settings behind `--from`; a study named without a trial gives up to `each` of its best."""
    from automl.lineage import several
    from sessions.workspace import Workspace

    workspace = Workspace.open(arguments.workspace, create=False)
    return [source for text in arguments.sources for source in several(workspace, text, each)]


def assignments(texts: list[str]) -> dict[str, Any]:
    """The settings given as `a.b=c`."""
    from vbot_sim.settings import parse_assignment

    return dict(parse_assignment(text) for text in texts)
