"""What a study is asked to do: one frozen description, complete enough to be run again from its YAML alone."""

import difflib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from sessions.errors import UsageError

from automl.asha import AshaCfg
from automl.space import Choice, Dimension, Factor, Range, centred, dimension_to_dict, parse_dimension
from automl.state import Params, Value

SCHEMA = 1
SAMPLERS = ("tpe", "random")
MODES = ("hp", "reward")
FIRST_ENV = "vbot_navigation_section001"


@dataclass(frozen=True)
class StudySpec:
    """One search.

    Attributes:
        label: a short name; part of the study's id.
        env: environment id.
        preset: named set of scales and settings that every trial starts from.
        mode: "hp" searches whatever keys `space` names; "reward" says that they are reward scales only.
        space: dotted path in the run's config -> where its value may lie.
        sets: overrides that every trial gets.
        sampler: "tpe" or "random".
        seed: everything random in the study comes from it and from trial numbers.
        startup_trials: so many trials are drawn at random before TPE begins to model.
        max_trials: the study ends after so many trials; those asked for by a person come on top.
        trial_env_steps: length of a trial.
        budget_s: seconds of scheduler time after which the study ends; None = no limit.
        slots: trials at once; None = one per core.
        max_attempts: a trial whose process vanished is continued from its checkpoint until so many starts.
        stop_grace_s: time between asking a trial to stop and killing it.
        stall_s: a trial whose steps stand still for so long is stopped and continued.
        score_version: which definition of the score ranks trials.
    """

    label: str = "search"
    env: str = FIRST_ENV
    preset: str = "default"
    mode: str = "hp"
    space: Mapping[str, Dimension] = field(default_factory=dict)
    sets: Mapping[str, Any] = field(default_factory=dict)
    sampler: str = "tpe"
    seed: int = 0
    startup_trials: int = 6
    max_trials: int = 12
    trial_env_steps: int = 3_000_000
    budget_s: float | None = None
    slots: int | None = None
    max_attempts: int = 3
    stop_grace_s: float = 20.0
    stall_s: float = 300.0
    early_stop: AshaCfg = field(default_factory=AshaCfg)
    score_version: int = 1
    schema: int = SCHEMA


def default_spec(env: str = FIRST_ENV) -> StudySpec:
    """The first study: learning rate, entropy and four reward scales around the shipped preset.

    The keys are those that a newcomer will want to understand: how boldly it learns, how long it keeps trying things,
    what walking pays, what coming nearer pays, what arriving pays and what a fall costs.
    """
    space: dict[str, Dimension] = {
        "ppo.learning_rate": Factor(1 / 3, 3.0),
        "ppo.entropy_coef": Range(5e-4, 1e-2, log=True),
        "task.reward.scales.forward_velocity": Factor(0.5, 2.0),
        "task.reward.scales.approach": Factor(0.5, 2.0),
        "task.reward.scales.arrival_bonus": Factor(0.5, 2.0),
        "task.reward.scales.termination": Factor(0.5, 2.0),
    }
    return StudySpec(label="first", env=env, space=space)


def complete(spec: StudySpec) -> StudySpec:
    """The spec with the preset's own value beside each searched key, checked against the config it overrides.

    Raises:
        UsageError: a value of the spec itself makes no sense.
        ConfigError: an unknown environment, preset or key; the message names the nearest known one.
    """
    from vbot_rl.config import run_cfg
    from vbot_sim.settings import get

    _check(spec)
    cfg = run_cfg(spec.env, spec.preset, sets=dict(spec.sets)).cfg
    space = {path: centred(dimension, path, get(cfg, path)) for path, dimension in spec.space.items()}
    return replace(spec, space=space)


def base_params(spec: StudySpec) -> Params:
    """The preset's own values of the searched keys: the first trial of every study."""
    params: dict[str, Value] = {}
    for path, dimension in spec.space.items():
        if dimension.around is None:
            raise UsageError(f"space.{path}: the preset's value is not known; complete the spec first")
        params[path] = dimension.around
    return params


def spec_to_dict(spec: StudySpec) -> dict[str, Any]:
    """Plain data for YAML."""
    data = {item.name: getattr(spec, item.name) for item in fields(spec)}
    data["space"] = {path: dimension_to_dict(dimension) for path, dimension in spec.space.items()}
    data["early_stop"] = asdict(spec.early_stop) | {"rungs": list(spec.early_stop.rungs)}
    data["sets"] = dict(spec.sets)
    return data


def spec_from_dict(data: object) -> StudySpec:
    """A spec from plain data; keys that are left out take their defaults.

    Raises:
        UsageError: an unknown key (the nearest known one is named) or a value of the wrong kind.
    """
    if not isinstance(data, Mapping):
        raise UsageError(f"a study file must be a mapping of keys, not {type(data).__name__}")
    _known_keys(data, StudySpec, "")
    values = dict(data)
    space = values.pop("space", {})
    if not isinstance(space, Mapping):
        raise UsageError("space must map dotted config paths to dimensions")
    early_stop = values.pop("early_stop", {})
    if not isinstance(early_stop, Mapping):
        raise UsageError("early_stop must be a mapping")
    _known_keys(early_stop, AshaCfg, "early_stop.")
    spec = StudySpec(
        **values,
        space={str(path): parse_dimension(str(path), form) for path, form in space.items()},
        early_stop=AshaCfg(**{**early_stop, "rungs": tuple(early_stop.get("rungs", AshaCfg().rungs))}),
    )
    _check(spec)
    return spec


def to_yaml(spec: StudySpec) -> str:
    """The text of a study file."""
    import yaml

    return str(yaml.safe_dump(spec_to_dict(spec), sort_keys=False, allow_unicode=True))


def from_yaml(text: str, where: str = "study file") -> StudySpec:
    """Read a study file.

    Raises:
        UsageError: it is not YAML, or not a study.
    """
    import yaml

    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UsageError(f"{where} is not valid YAML: {' '.join(str(error).split())}") from error
    try:
        return spec_from_dict(data)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from error


def load(path: Path) -> StudySpec:
    """Read a study file from disk.

    Raises:
        UsageError: it cannot be read or is no study.
    """
    try:
        return from_yaml(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the study file {path}: {error}") from error


def _known_keys(data: Mapping[Any, Any], cls: type, where: str) -> None:
    known = [item.name for item in fields(cls)]
    for key in data:
        if key not in known:
            nearest = difflib.get_close_matches(str(key), known, n=1, cutoff=0.0)[0]
            raise UsageError(f"unknown key {where}{key}; did you mean {where}{nearest}?")


_NUMBERS: Mapping[str, tuple[type | tuple[type, ...], float, str]] = {
    "seed": (int, 0, "an integer from 0"),
    "startup_trials": (int, 1, "an integer from 1"),
    "max_trials": (int, 1, "an integer from 1"),
    "trial_env_steps": (int, 1, "an integer from 1"),
    "max_attempts": (int, 1, "an integer from 1"),
    "stop_grace_s": ((int, float), 0, "seconds from 0"),
    "stall_s": ((int, float), 1, "seconds from 1"),
}
_OPTIONAL_NUMBERS: Mapping[str, tuple[type | tuple[type, ...], float, str]] = {
    "budget_s": ((int, float), 1, "seconds from 1, or null"),
    "slots": (int, 1, "an integer from 1, or null"),
}
_WORDS: Mapping[str, tuple[str, ...]] = {"sampler": SAMPLERS, "mode": MODES}


def _check(spec: StudySpec) -> None:
    for name in ("label", "env", "preset"):
        if not isinstance(getattr(spec, name), str):
            raise UsageError(f"{name} must be a word, not {getattr(spec, name)!r}")
    for name, words in _WORDS.items():
        if getattr(spec, name) not in words:
            raise UsageError(f"{name} is {getattr(spec, name)!r}; known are {', '.join(words)}")
    for name, (kind, low, words_) in (*_NUMBERS.items(), *_OPTIONAL_NUMBERS.items()):
        value = getattr(spec, name)
        if value is None and name in _OPTIONAL_NUMBERS:
            continue
        if isinstance(value, bool) or not isinstance(value, kind) or value < low:
            raise UsageError(f"{name} is {value!r}; it must be {words_}")
    if spec.schema != SCHEMA or spec.score_version != 1:
        raise UsageError(
            f"this study has schema {spec.schema} and score version {spec.score_version}; "
            f"this program knows schema {SCHEMA} and score version 1"
        )
    if not isinstance(spec.sets, Mapping):
        raise UsageError("sets must map dotted config paths to values")
    if clash := sorted(set(spec.sets) & set(spec.space)):
        raise UsageError(f"{clash[0]} is both searched and set; remove it from one of them")


__all__ = [
    "Choice",
    "Factor",
    "Range",
    "StudySpec",
    "base_params",
    "complete",
    "default_spec",
    "from_yaml",
    "load",
    "spec_from_dict",
    "spec_to_dict",
    "to_yaml",
]
