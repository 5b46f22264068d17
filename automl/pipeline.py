"""A chain of studies as one spec: a curriculum whose stages start from the stage before once its gate is passed.

A pipeline file has `stages`; each holds the study of that stage. It is turned into items of the queue: the study with
its confirmation and final run, the evaluation of all checkpoints of what it trained, the gate, then the next study.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from automl.preflight import Finding
from automl.queue import Edit, Queue
from automl.space import Choice, Factor, Range
from automl.spec import StudySpec, complete, spec_from_dict, spec_to_dict
from automl.spec_file import parse_yaml, read_text
from automl.spec_parts import WARM_PARTS, SeedConfig
from sessions.files import parse_utc
from vbot_sim.errors import ConfigError
from vbot_sim.settings import from_dict, get, require, to_dict

GATES = ("success", "score", "fell")
RATE = "ppo.learning_rate"
FIGURES = ("run", "step", "score", "points_mean", "points_max", "success", "fell")


@dataclass(frozen=True)
class Stage:
    """One stage of a curriculum.

    Attributes:
        name: what other stages call it.
        study: the search of this stage, with its confirmation and final run.
        start_from: the stage whose best checkpoint it starts from; "" = from scratch, None = the stage before.
        parts: what is taken of that checkpoint, and nothing else.
        learning_rate_factor: learning rates of the study times this; None = 1 from scratch, 0.3 otherwise.
        seeds: so many of that stage's best trials are tried here first.
        promote: what the best checkpoint must reach before the next stage begins: success, score (at least), fell
            (at most).
        protocol: how it is judged.
        retries: so often a stage is searched again when it fails.
        beside: it begins as soon as what it starts from is judged, beside the stages before it. Several trainings of
            one thread each do more in a minute than one of several threads.
    """

    name: str
    study: StudySpec
    start_from: str | None = None
    parts: tuple[str, ...] = ("weights", "normalizer")
    learning_rate_factor: float | None = None
    seeds: int = 0
    promote: Mapping[str, float] = field(default_factory=dict)
    protocol: str = "competition"
    retries: int = 0
    beside: bool = False

    def __post_init__(self) -> None:
        """Refuse gates and parts that do not exist."""
        require(bool(self.name), "every stage needs a name.")
        strange = [name for name in self.promote if name not in GATES]
        require(not strange, f"stage {self.name}: promote has {strange[:1]}; gates are {', '.join(GATES)}.")
        strange = [part for part in self.parts if part not in WARM_PARTS]
        require(not strange, f"stage {self.name}: parts has {strange[:1]}; the parts are {', '.join(WARM_PARTS)}.")
        factor = self.learning_rate_factor
        require(factor is None or factor > 0, f"stage {self.name}: learning_rate_factor must be above 0.")
        require(self.seeds >= 0, f"stage {self.name}: seeds must not be negative.")


@dataclass(frozen=True)
class PipelineSpec:
    """A curriculum.

    Attributes:
        label: a short name.
        stages: one after the other, but for those that may run beside what is before them.
        budget_s: scheduler seconds of all stages together, shared equally by those that name none of their own; what
            one of these leaves unused is shared by those after it.
        sharing: the names of these stages; `checked` fills them in.
    """

    label: str
    stages: tuple[Stage, ...]
    budget_s: float | None = None
    mode: str = "full"
    sharing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse chains that hang in the air."""
        require(self.mode == "full", f"a study with stages has mode 'full', got '{self.mode}'.")
        require(bool(self.stages), "a pipeline needs at least one stage.")
        known: list[str] = []
        for stage in self.stages:
            require(stage.name not in known, f"two stages are called '{stage.name}'.")
            before = stage.start_from
            require(
                not before or before in known, f"stage {stage.name} starts from '{before}', which does not come before."
            )
            require(known != [] or not stage.seeds, f"stage {stage.name} is the first; it has no seeds to take over.")
            known.append(stage.name)


def from_data(data: Mapping[str, Any]) -> PipelineSpec:
    """A pipeline from plain data.

    Raises:
        ConfigError: an unknown key or a value that does not fit.
    """
    rows = data.get("stages", ())
    require(isinstance(rows, list | tuple), "stages must be a list of stages.")
    stages = []
    for number, row in enumerate(rows, 1):
        require(isinstance(row, Mapping), f"stage {number} must be a table of settings.")
        name = str(row.get("name", f"stage {number}"))
        try:
            stages.append(from_dict(Stage, {**row, "study": spec_from_dict(row.get("study", {}))}))
        except ConfigError as error:
            raise ConfigError(f"stage {name}: {error}") from None
    return from_dict(PipelineSpec, {"label": "curriculum", **data, "stages": tuple(stages)})


def to_data(pipeline: PipelineSpec) -> dict[str, Any]:
    """Plain data that `from_data` reads back."""
    rows = [{**to_dict(stage), "study": spec_to_dict(stage.study)} for stage in pipeline.stages]
    return {**to_dict(pipeline), "stages": rows}


def to_yaml(pipeline: PipelineSpec) -> str:
    """The text of a pipeline file."""
    import yaml

    return str(yaml.safe_dump(to_data(pipeline), sort_keys=False, allow_unicode=True))


def load_work(path: Path) -> StudySpec | PipelineSpec:
    """A study file, or a pipeline file: the latter has `stages`.

    Raises:
        ConfigError: it cannot be read or is neither.
    """
    data = parse_yaml(read_text(path), str(path))
    try:
        if not (isinstance(data, Mapping) and "stages" in data):
            return spec_from_dict(data)
        return from_data(data)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def checked(pipeline: PipelineSpec) -> PipelineSpec:
    """The pipeline with its budget shared out and every study of it found to be one that can run.

    Raises:
        SimError: a study names what does not exist.
    """
    open_ended = [stage for stage in pipeline.stages if stage.study.budget_s is None]
    given = sum(stage.study.budget_s or 0.0 for stage in pipeline.stages)
    share = None
    if pipeline.budget_s is not None and open_ended:
        share = (pipeline.budget_s - given) / len(open_ended)
        require(share >= 1, f"budget_s is {pipeline.budget_s:g}, but stages name {given:g} s for themselves already.")
    stages = tuple(
        replace(stage, study=replace(stage.study, budget_s=stage.study.budget_s or share)) for stage in pipeline.stages
    )
    for stage in stages:
        try:
            complete(stage.study)
        except ConfigError as error:
            raise ConfigError(f"stage {stage.name}: {error}") from None
    return replace(pipeline, stages=stages, sharing=tuple(stage.name for stage in open_ended) if share else ())


def doubtful(pipeline: PipelineSpec) -> list[Finding]:
    """What experience speaks against: two stages in a row that start warm and change the task."""
    found = []
    for first, second, third in zip(pipeline.stages, pipeline.stages[1:], pipeline.stages[2:], strict=False):
        warm = second.start_from in (None, first.name) and third.start_from in (None, second.name)
        if warm and _task(first.study) != _task(second.study) != _task(third.study):
            text = f"stages {second.name} and {third.name} both start warm and change the task; one combined change"
            found.append(Finding("note", "curriculum", f"{text} has kept more of what was learned."))
    return found


def _task(spec: StudySpec) -> dict[str, Any]:
    """What a study's task is, rewards apart."""
    own = {path: value for path, value in spec.sets.items() if path.startswith("task.")}
    return {"env": spec.env, **{path: value for path, value in own.items() if not path.startswith("task.reward.")}}


def enqueue(edit: Edit, pipeline: PipelineSpec, name: str, behind: Sequence[str] = ()) -> list[str]:
    """Put a pipeline's items into the queue, behind others, and return their ids, in order."""
    made: list[str] = []
    studies: dict[str, str] = {}
    judged: dict[str, str] = {}
    before: str | None = None
    ends = list(behind)  # what has to be over before a stage that runs beside nothing
    for stage in pipeline.stages:
        source = before if stage.start_from is None else stage.start_from or None
        start: dict[str, Any] = {}
        after = list(behind) if stage.beside else ends
        if source is not None:
            after = list(dict.fromkeys([*after, judged[source]]))
            factor = 0.3 if stage.learning_rate_factor is None else stage.learning_rate_factor
            start = {"item": studies[source], "parts": list(stage.parts), "learning_rate_factor": factor}
            start["seeds"] = stage.seeds
        elif stage.learning_rate_factor is not None:
            start = {"learning_rate_factor": stage.learning_rate_factor}
        if stage.name in pipeline.sharing:
            start["shares_budget"] = True
        label = f"{pipeline.label}/{stage.name}"
        spec = spec_to_dict(
            replace(stage.study, label=stage.study.label if stage.study.label != "search" else stage.name)
        )
        study = edit.add("study", label, spec, after, start, retries=stage.retries, pipeline=name, beside=stage.beside)
        verdict = edit.add(
            "evaluate",
            f"{label} judged",
            {"of": study, "protocol": stage.protocol},
            [study],
            gate=stage.promote,
            pipeline=name,
            beside=True,
        )
        ends = [*ends, verdict] if stage.beside else [verdict]
        studies[stage.name], judged[stage.name] = study, verdict
        made += [study, verdict]
        before = stage.name
    return made


def wall_s(queue: Queue, made: Sequence[str]) -> float:
    """Seconds from the first beginning of a pipeline's items to the last end, by the ids that `enqueue` returned."""
    items = [queue.item(name) for name in made]
    begun = [time for item in items if (time := parse_utc(item.began)) is not None]
    over = [time for item in items if (time := parse_utc(item.ended)) is not None]
    return round(max(over) - min(begun), 1) if begun and over else 0.0


def stage_rows(queue: Queue, made: Sequence[str]) -> list[dict[str, Any]]:
    """What came of each stage of a pipeline, by the ids that `enqueue` returned: its study and its verdict as one row.

    Figures are those of its best checkpoint on the canonical cases; None where it was not judged.
    """
    rows = []
    for trained, judged in zip(made[::2], made[1::2], strict=True):
        study, verdict = queue.item(trained), queue.item(judged)
        figures = {name: verdict.result.get(name) for name in FIGURES}
        times = [item.wall_s for item in (study, verdict) if item.wall_s is not None]
        own = {"stage": study.spec.get("label", study.label), "env": study.spec.get("env"), "study": study.study}
        rows.append({**own, "state": queue.word(verdict), "wall_s": round(sum(times), 1), **figures})
    return rows


def slowed(spec: StudySpec, factor: float) -> StudySpec:
    """The study with all its learning rates times a factor: the one that it sets, or those that it searches."""
    from vbot_rl.config import run_cfg

    if factor == 1.0:
        return spec
    rate = float(f"{factor * float(get(run_cfg(spec.env, spec.preset, sets=dict(spec.sets)).cfg, RATE)):.6g}")
    dimension = spec.space.get(RATE)
    if dimension is None:
        return replace(spec, sets={**spec.sets, RATE: rate})
    require(not isinstance(dimension, Choice), f"{RATE} is searched by choices, which no factor changes; name others.")
    assert not isinstance(dimension, Choice)
    scale = rate if isinstance(dimension, Factor) else factor  # a factor is around the preset's value, a range is not
    moved = Range(dimension.low * scale, dimension.high * scale, log=True)
    first = SeedConfig(
        {RATE: min(max(rate, moved.low), moved.high)}, f"the preset at {factor:g} times its learning rate"
    )
    space = {**spec.space, RATE: moved}
    return replace(spec, space=space, try_preset=False, seed_configs=(first, *spec.seed_configs))
