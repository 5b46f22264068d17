"""What a study is asked to do: one frozen description, complete enough to be run again from its YAML alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from automl.asha import AshaCfg
from automl.flags import FLAG_NAMES
from automl.samplers import size
from automl.space import Choice, Dimension, Factor, Range, at_share, centred, dimension_to_dict, parse_dimension
from automl.spec_file import parse_yaml, read_text, with_counts
from automl.spec_parts import SeedConfig, WarmStartCfg, check_limits, excess
from automl.state import Params, TrialState, Value
from vbot_sim.errors import ConfigError
from vbot_sim.settings import from_dict, get, nearest, override, require, to_dict

if TYPE_CHECKING:
    from vbot_rl.config import RunCfg

SCHEMA = 1
FIRST_ENV = "vbot_navigation_section001"
TRIALS = 12
SCORE_VERSIONS = (1, 2)  # of the flat task, of the courses
FIRST_SCALES = ("forward_velocity", "fine_position_tracking", "hold_still", "termination")
FIRST_COURSE_SCALES = ("forward_velocity", "waypoint_bonus", "celebration_bonus", "termination")
REWARD = ("task.reward.", "task.course.pay.")  # where the settings of a reward are


@dataclass(frozen=True)
class ConfirmCfg:
    """Which trials are trained again before one is called best.

    Attributes:
        top: so many of the best; 0 confirms nothing.
        seeds: with so many fresh seeds each.
    """

    top: int = 0
    seeds: int = 2

    def __post_init__(self) -> None:
        """Refuse what cannot confirm."""
        require(self.top >= 0, f"confirm.top must not be negative, got {self.top}.")
        require(self.seeds >= 1, f"confirm.seeds must be at least 1, got {self.seeds}.")


@dataclass(frozen=True)
class FinalCfg:
    """The training that a study is for: the winner's settings in full length, after search and confirmation.

    Attributes:
        env_steps: its length; 0 trains none.
        share: at most so much of the budget is kept for it; it is made shorter where that does not suffice.
        seeds: so many of them with a fresh seed each; None = one per slot, as long as they run side by side.
    """

    env_steps: int = 0
    share: float = 0.3
    seeds: int | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be trained."""
        require(self.env_steps >= 0, f"final.env_steps must not be negative, got {self.env_steps}.")
        require(0 < self.share < 1, f"final.share must lie between 0 and 1, got {self.share}.")
        require(self.seeds is None or self.seeds >= 1, f"final.seeds must be at least 1, got {self.seeds}.")


@dataclass(frozen=True)
class StudySpec:
    """One search.

    Attributes:
        label: a short name; part of the study's id.
        env: environment id.
        preset: named set of scales and settings that every trial starts from.
        mode: "hp" searches whatever keys `space` names; "reward" says that they are reward settings only; "stage" that
            they are both and that the best ones are confirmed.
        space: dotted path in the run's config -> where its value may lie.
        sets: overrides that every trial gets.
        sampler: "tpe", "gp" (Gaussian processes), "cmaes"; "grid" tries every point of a finite space; baselines are
            "random" and "perturb" (jitter around the best trial so far).
        seed: everything random in the study comes from it and from trial numbers.
        startup_trials: so many trials are drawn at random before a model is made of them, or jitter begins.
        repeats: a grid study trains each of its points with so many seeds.
        try_preset: whether the first trial is the preset itself, so that it is known what has to be beaten.
        seed_configs: tried right after it, before anything is suggested.
        warm_start: what every trial starts from; None = from scratch.
        constraints: upper limits, e.g. {fell: 0.05}; a trial above one ranks behind all others.
        audited: whether a drawn configuration has to pass the reward audit; one that does not is drawn anew. What a
            person asked for (the preset, seed configurations) is trained all the same.
        max_trials: the search ends after so many trials; those asked for by a person come on top. None = 12, or as
            many as there is time for where there is a budget.
        trial_env_steps: length of a trial.
        budget_s: seconds of scheduler time after which the study ends, confirmation and final run included; None = no
            limit.
        slots: trials at once; None = one per core.
        max_attempts: a trial whose process vanished is continued from its checkpoint until so many starts.
        stop_grace_s: time between asking a trial to stop and killing it.
        stall_s: a trial whose steps stand still for so long is stopped and continued.
        early_stop: when trials are compared on their way, and the worse ones pause.
        stop_on_flags: a trial that raises one of these flags at an evaluation is stopped.
        confirm: which trials are trained again with fresh seeds once the search is through.
        final: the training in full length at the end.
        based_on: what the study was derived from, in words.
        score_version: which definition of the score ranks trials; follows from the environment.
    """

    label: str = "search"
    env: str = FIRST_ENV
    preset: str = "default"
    mode: Literal["hp", "reward", "stage"] = "hp"
    space: Mapping[str, Dimension] = field(default_factory=dict)
    sets: Mapping[str, Any] = field(default_factory=dict)
    sampler: Literal["tpe", "gp", "cmaes", "random", "perturb", "grid"] = "tpe"
    seed: int = 0
    startup_trials: int = 6
    repeats: int = 1
    try_preset: bool = True
    seed_configs: tuple[SeedConfig, ...] = ()
    warm_start: WarmStartCfg | None = None
    constraints: Mapping[str, float] = field(default_factory=dict)
    audited: bool = False
    max_trials: int | None = None
    trial_env_steps: int = 2_000_000
    budget_s: float | None = None
    slots: int | None = None
    max_attempts: int = 3
    stop_grace_s: float = 20.0
    stall_s: float = 300.0
    early_stop: AshaCfg = field(default_factory=AshaCfg)
    stop_on_flags: tuple[str, ...] = ()
    confirm: ConfirmCfg = field(default_factory=ConfirmCfg)
    final: FinalCfg = field(default_factory=FinalCfg)
    based_on: str = ""
    score_version: int = 1
    schema: int = SCHEMA

    def __post_init__(self) -> None:
        for name in (
            "startup_trials",
            "repeats",
            "max_trials",
            "trial_env_steps",
            "max_attempts",
            "stall_s",
            "budget_s",
            "slots",
        ):
            value = getattr(self, name)
            require(value is None or value >= 1, f"{name} must be at least 1, got {value!r}.")
        for name in ("seed", "stop_grace_s"):
            require(getattr(self, name) >= 0, f"{name} must not be negative, got {getattr(self, name)!r}.")
        known = self.schema == SCHEMA and self.score_version in SCORE_VERSIONS
        require(
            known,
            f"This study has schema {self.schema} and score version {self.score_version}; "
            f"this program knows schema {SCHEMA} and score versions {', '.join(map(str, SCORE_VERSIONS))}.",
        )
        for flag in self.stop_on_flags:
            require(flag in FLAG_NAMES, f"stop_on_flags: there is no flag '{flag}'.{nearest(flag, FLAG_NAMES)}")
        both = sorted(set(self.sets) & set(self.space))
        require(not both, f"{both[:1]} is both searched and set; remove it from one of the two.")
        require(
            self.mode != "stage" or self.confirm.top > 0,
            "mode 'stage' ends by confirming its best trials, but confirm.top is 0; set it to 3.",
        )
        check_limits(self.constraints)
        for seeded in self.seed_configs:
            strange = [path for path in seeded.params if path not in self.space]
            require(
                not strange,
                f"a seed configuration sets {strange[:1]}, which this study does not search; "
                "give it a range under space, or set it for all trials under sets.",
            )
        endless = self.sampler == "grid" and size(self.space) is None
        require(not endless, "sampler 'grid' needs {choices: [...]} or whole numbers for every searched key.")
        require(
            not (self.audited and self.sampler == "grid"),
            "sampler 'grid' tries every point, so audited can leave none out; take another sampler, or audited: false.",
        )
        if self.mode == "reward":
            stray = [path for path in self.space if not path.startswith(REWARD)]
            require(not stray, f"mode 'reward' searches reward settings only, and {stray[:1]} is none.")

    @property
    def trial_limit(self) -> int | None:
        """After how many suggested trials the search ends; None when only the budget ends it.

        A finite space ends it too: nothing is tried twice but by `repeats` of a grid.
        """
        points = size(self.space) if self.space else None
        if points is not None and self.sampler == "grid":
            points *= self.repeats
        endless = self.max_trials is None and (self.budget_s is not None or self.sampler == "grid")
        limit = TRIALS if self.max_trials is None and not endless else self.max_trials
        known = [number for number in (limit, points) if number is not None]
        return min(known, default=None)

    def excess(self, trial: TrialState) -> dict[str, float]:
        """By how much a trial exceeds each limit; at most 0 is admissible."""
        return excess(self.constraints, trial)

    def admits(self, trial: TrialState) -> bool:
        """Whether a trial keeps every limit."""
        return all(over <= 0 for over in self.excess(trial).values())


def default_spec(env: str = FIRST_ENV) -> StudySpec:
    """The first study: learning rate, entropy and four reward scales around the shipped preset.

    The keys are those that a newcomer will want to understand: how boldly it learns, how long it keeps trying things,
    what walking pays, what the last metres pay, what standing inside pays and what a fall costs.
    """
    from vbot_sim.config import task_cfg

    task = task_cfg(env)
    wanted = FIRST_SCALES if task.course is None else FIRST_COURSE_SCALES
    space: dict[str, Dimension] = {
        "ppo.learning_rate": Factor(1 / 3, 3.0),
        "ppo.entropy_coef": Range(5e-4, 1e-2, log=True),
    }
    space |= {f"task.reward.scales.{name}": Factor(0.5, 2.0) for name in wanted if task.reward.scales.get(name)}
    return StudySpec(label="first", env=env, space=space)


def complete(spec: StudySpec) -> StudySpec:
    """The spec with the preset's own value beside each searched key, checked against the config it overrides.

    Raises:
        SimError: an unknown environment, preset or key (the message names the nearest known one), a preset's value that
            cannot be searched in the way asked for, or a range that holds values the setting does not take.
    """
    from vbot_rl.config import run_cfg

    cfg = run_cfg(spec.env, spec.preset, sets=dict(spec.sets)).cfg
    for seeded in spec.seed_configs:
        run_cfg(spec.env, spec.preset, sets={**spec.sets, **seeded.params})
    space = {path: centred(dimension, path, get(cfg, path)) for path, dimension in spec.space.items()}
    for path, dimension in space.items():
        _check_drawn(cfg, path, dimension)
    version = SCORE_VERSIONS[0] if cfg.task.course is None else SCORE_VERSIONS[1]
    return replace(spec, space=space, max_trials=spec.trial_limit, score_version=version)


def _check_drawn(cfg: "RunCfg", path: str, dimension: Dimension) -> None:
    """Refuse what a draw could hand to a trial that would refuse it: every choice, and both ends of a range."""
    drawn = dimension.choices if isinstance(dimension, Choice) else (at_share(dimension, 0.0), at_share(dimension, 1.0))
    for value in drawn:
        try:
            override(cfg, path, value)
        except ConfigError as error:
            raise ConfigError(f"space.{path}: {value!r} could be drawn. {error}") from None


def base_params(spec: StudySpec) -> Params:
    """The preset's own values of the searched keys: the first trial of every study."""
    params: dict[str, Value] = {}
    for path, dimension in spec.space.items():
        if dimension.around is None:
            raise ConfigError(f"space.{path}: the preset's value is not known; complete the spec first.")
        params[path] = dimension.around
    return params


def spec_to_dict(spec: StudySpec) -> dict[str, Any]:
    """Plain data for YAML."""
    space = {path: dimension_to_dict(dimension) for path, dimension in spec.space.items()}
    return {**to_dict(spec), "space": space}


def spec_from_dict(data: Any) -> StudySpec:  # noqa: ANN401 - whatever YAML holds
    """A spec from plain data; keys that are left out take their defaults.

    Raises:
        ConfigError: an unknown key (the nearest known one is named) or a value of the wrong kind.
    """
    require(data is not None, "it is empty; a study is a table of settings, as docs/studies.md shows.")
    require(isinstance(data, Mapping), f"A study must be a table of settings, not {data!r}.")
    data = with_counts(data)
    space = data.get("space", {})
    require(isinstance(space, Mapping), "space must map dotted config paths to dimensions.")
    dimensions = {str(path): parse_dimension(str(path), form) for path, form in space.items()}
    return from_dict(StudySpec, {**data, "space": dimensions})


def to_yaml(spec: StudySpec) -> str:
    """The text of a study file."""
    import yaml

    return str(yaml.safe_dump(spec_to_dict(spec), sort_keys=False, allow_unicode=True))


def from_yaml(text: str, where: str = "study file") -> StudySpec:
    """Read a study file.

    Raises:
        ConfigError: it is not YAML, or not a study.
    """
    data = parse_yaml(text, where)
    try:
        return spec_from_dict(data)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error


def load(path: Path) -> StudySpec:
    """Read a study file from disk.

    Raises:
        ConfigError: it cannot be read or is no study.
    """
    return from_yaml(read_text(path), str(path))
