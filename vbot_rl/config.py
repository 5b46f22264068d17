"""What a run is: task, learner and training settings as data, each value knowing where it came from.

Light on purpose (standard library only at import): the cockpit reads and shows configs before its first paint.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from vbot_sim import settings
from vbot_sim.config import TaskCfg, task_cfg
from vbot_sim.errors import ConfigError
from vbot_sim.settings import require

SCHEMA = 1
SMOKE_ENV_STEPS = 300_000
SMOKE_MAX_ENV_STEPS = 500_000
FINAL_JUDGE_FROM = 0.85
MIN_EVALUATIONS = 5

WarmPart = Literal["weights", "normalizer", "optimizer", "schedule"]
Schedule = Literal["constant", "linear", "cosine", "kl_adaptive"]
Symmetry = Literal["none", "augment", "alternate"]


@dataclass(frozen=True)
class PpoCfg:
    """Settings of the learner; rates and thresholds are per update unless the name says otherwise."""

    horizon: int = 32  # control steps per simulation and update
    epochs: int = 5
    minibatches: int = 4
    gamma: float = 0.99
    gae_lambda: float = 0.95
    clip: float = 0.2
    learning_rate: float = 1e-3
    schedule: Schedule = "linear"
    schedule_floor: float = 0.05  # linear and cosine end at this fraction of learning_rate
    learning_rate_min: float = 1e-5  # bounds of kl_adaptive
    learning_rate_max: float = 3e-3
    kl_target: float = 0.02
    kl_stop: float | None = None  # no further epoch once the mean KL of one exceeds this
    entropy_coef: float = 0.001
    entropy_coef_end: float | None = 0.0  # reached linearly at the end of the run; None keeps it constant
    value_coef: float = 1.0
    max_grad_norm: float = 1.0  # actor and critic each
    hidden: tuple[int, ...] = (128, 128)
    init_std: float = 0.8
    std_floor: float = 0.05
    std_ceiling: float = 1.5
    std_ceiling_end: float | None = None  # reached geometrically at the end of the run; None keeps the ceiling
    quiet_share: float = 0.0  # of the simulations, acting with less noise for a while
    quiet_noise: float = 0.0  # what is left of it then; at 0 they are not learned from meanwhile
    normalize_observations: bool = True
    freeze_normalizer: bool = False  # keep the statistics that were warm-started
    observation_clip: float = 10.0
    normalize_values: bool = True
    symmetry: Symmetry = (
        "alternate"  # augment: learn from each sample and its mirror image; alternate: from one of both
    )

    def __post_init__(self) -> None:
        """Refuse values that cannot train."""
        for name in ("horizon", "epochs", "minibatches"):
            require(getattr(self, name) >= 1, f"ppo.{name} must be at least 1, got {getattr(self, name)}.")
        for name in ("gamma", "gae_lambda"):
            require(0 <= getattr(self, name) <= 1, f"ppo.{name} must be between 0 and 1, got {getattr(self, name)}.")
        for name in ("clip", "learning_rate", "learning_rate_min", "kl_target", "max_grad_norm", "init_std"):
            require(getattr(self, name) > 0, f"ppo.{name} must be greater than 0, got {getattr(self, name)}.")
        widths = list(self.hidden)
        require(bool(widths) and min(widths) >= 1, f"ppo.hidden needs layer widths, got {widths}.")
        require(
            0 < self.std_floor <= self.std_ceiling, "ppo.std_floor must be greater than 0 and at most ppo.std_ceiling."
        )
        end = self.std_ceiling_end
        require(
            end is None or self.std_floor <= end <= self.std_ceiling,
            f"ppo.std_ceiling_end must be from ppo.std_floor to ppo.std_ceiling, got {end}.",
        )
        require(0 <= self.quiet_noise <= 1, f"ppo.quiet_noise must be from 0 to 1, got {self.quiet_noise}.")
        require(0 <= self.quiet_share <= 0.5, f"ppo.quiet_share must be from 0 to 0.5, got {self.quiet_share}.")
        require(
            self.learning_rate_min <= self.learning_rate_max,
            "ppo.learning_rate_min must be at most ppo.learning_rate_max.",
        )


@dataclass(frozen=True)
class TrainCfg:
    """Settings of the loop around the learner."""

    total_env_steps: int = 6_000_000
    num_envs: int = 256
    seed: int = 1
    threads: int = 1
    device: Literal["cpu", "cuda"] = "cpu"  # of the update; physics and acting stay on the processor
    evaluations: int = 8  # spread evenly, the last one at the end
    judge_from: float = 0.0  # share of the run before the first of them: a fast early policy is not yet a sure one
    evaluation_cases: int | None = None  # None: the canonical ones; other numbers are quick looks that never rank
    checkpoint_interval_s: float = 20.0
    keep_last: int = 2
    reward_scale: float = 1.0
    random_episode_phase: bool = True  # start at different times of the episode: limits must not come in waves
    warm_start: tuple[WarmPart, ...] = ()  # what is taken from the run directory's warm_start.pt at the first start

    def __post_init__(self) -> None:
        """Refuse values that cannot train."""
        for name in ("total_env_steps", "num_envs", "threads", "keep_last", "evaluation_cases"):
            value = getattr(self, name)
            require(value is None or value >= 1, f"train.{name} must be at least 1, got {value}.")
        require(
            self.evaluations >= MIN_EVALUATIONS,
            f"train.evaluations must be at least {MIN_EVALUATIONS}, got {self.evaluations}; trials are ranked by them.",
        )
        require(0 <= self.judge_from < 1, f"train.judge_from must be at least 0 and below 1, got {self.judge_from}.")
        require(
            self.checkpoint_interval_s > 0,
            f"train.checkpoint_interval_s must be positive, got {self.checkpoint_interval_s}.",
        )
        require(self.reward_scale > 0, f"train.reward_scale must be greater than 0, got {self.reward_scale}.")
        require(self.seed >= 0, f"train.seed must be 0 or more, got {self.seed}.")


@dataclass(frozen=True)
class RunCfg:
    """Everything that decides a run."""

    env: str
    preset: str
    task: TaskCfg
    ppo: PpoCfg = field(default_factory=PpoCfg)
    train: TrainCfg = field(default_factory=TrainCfg)

    def __post_init__(self) -> None:
        """Check what only the sections together can show."""
        batch = self.ppo.horizon * self.train.num_envs
        require(
            batch >= self.ppo.minibatches,
            f"ppo.minibatches is {self.ppo.minibatches}, more than the {batch} samples of an update "
            "(ppo.horizon x train.num_envs); lower it.",
        )
        require(
            self.train.total_env_steps > batch * (MIN_EVALUATIONS - 1),
            f"train.total_env_steps is {self.train.total_env_steps}, but a run needs {MIN_EVALUATIONS} updates of "
            f"{batch} steps for its evaluations; raise it, or lower train.num_envs or ppo.horizon.",
        )


@dataclass(frozen=True)
class Resolved:
    """A config and, by dotted path, the origin of each of its values."""

    cfg: RunCfg
    origins: Mapping[str, str]


def run_cfg(
    env: str,
    preset: str = "default",
    smoke: bool = False,
    sets: Sequence[str] | Mapping[str, Any] = (),
    origins: Mapping[str, str] | None = None,
) -> Resolved:
    """Resolve the config of a run.

    Args:
        env: environment id.
        preset: named reward and task settings of that environment.
        smoke: a short run, at most 500 k steps, for checking that everything works.
        sets: assignments, as "a.b=c" texts or as values by dotted path.
        origins: origin by path for entries of ``sets`` that are not a person's override (for example "search").

    Raises:
        ConfigError, UnknownEnvError: with what to write instead.
    """
    cfg = RunCfg(env, preset, task_cfg(env, preset))
    found = _base_origins(cfg, preset)
    if smoke:
        cfg = replace(cfg, train=replace(cfg.train, total_env_steps=SMOKE_ENV_STEPS, evaluations=MIN_EVALUATIONS))
        found["train.total_env_steps"] = found["train.evaluations"] = "preset"
    result = override(Resolved(cfg, found), sets, origins)
    cfg = result.cfg
    if smoke and cfg.train.total_env_steps > SMOKE_MAX_ENV_STEPS:
        raise ConfigError(
            f"A smoke run has at most {SMOKE_MAX_ENV_STEPS} steps, but train.total_env_steps is "
            f"{cfg.train.total_env_steps}; leave --smoke away for a longer run."
        )
    return result


def override(
    resolved: Resolved, sets: Sequence[str] | Mapping[str, Any], origins: Mapping[str, str] | None = None
) -> Resolved:
    """A copy with the assignments ``sets`` applied, each marked with its origin ("override" unless ``origins`` says).

    Raises:
        ConfigError: an unknown path (the nearest is named) or a value that does not fit.
    """
    assignments = _assignments(sets)
    cfg, found = _apply(resolved.cfg, assignments), dict(resolved.origins)
    before, after = settings.leaves(resolved.cfg), settings.leaves(cfg)
    for path, _ in assignments:
        named = [leaf for leaf in after if leaf == path or leaf.startswith(path + ".")]
        for leaf in named or [leaf for leaf in after if after[leaf] != before.get(leaf)]:  # an older name of a leaf
            found[leaf] = (origins or {}).get(path, "override")
    return Resolved(cfg, found)


def _base_origins(cfg: RunCfg, preset: str) -> dict[str, str]:
    """Origins before anybody overrides: the learner's settings are defaults, the task's its own or its preset's."""
    plain = settings.leaves(cfg if preset == "default" else RunCfg(cfg.env, "default", task_cfg(cfg.env)))
    found = {}
    for path, value in settings.leaves(cfg).items():
        if not path.startswith("task."):
            found[path] = "default"
        else:
            found[path] = "task" if path in plain and plain[path] == value else "preset"
    return found


def _assignments(sets: Sequence[str] | Mapping[str, Any]) -> list[tuple[str, Any]]:
    if isinstance(sets, Mapping):
        return list(sets.items())
    return [settings.parse_assignment(text) for text in sets]


def _apply(cfg: RunCfg, assignments: Sequence[tuple[str, Any]]) -> RunCfg:
    """All assignments together: one that only fits once a later one is in place is no error."""
    try:
        changed = cfg
        for path, value in assignments:
            if path in ("env", "preset"):
                raise ConfigError(f"'{path}' is chosen before the settings; give it as its own argument.")
            changed = settings.override(changed, path, value)
        return changed
    except ConfigError as error:
        if len(assignments) < 2 or str(error).startswith("Unknown"):
            raise
    return _apply_at_once(cfg, assignments)


def _apply_at_once(cfg: RunCfg, assignments: Sequence[tuple[str, Any]]) -> RunCfg:
    tree: Any = settings.to_dict(cfg)
    for path, value in assignments:
        *sections, leaf = path.split(".")
        node = tree
        for name in sections:
            if name not in node:
                settings.get(cfg, path)  # says what it is called
            node = node[name]
        node[leaf] = value
    return settings.from_dict(RunCfg, tree)


def to_yaml(resolved: Resolved) -> str:
    """The text of ``config.yaml``: schema, the effective config and the origins that are not plain defaults."""
    import yaml

    content = {"schema": SCHEMA, "config": settings.to_dict(resolved.cfg), "origins": dict(resolved.origins)}
    return str(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120))


def load_yaml(path: Path) -> Resolved:
    """Read a ``config.yaml``.

    Raises:
        ConfigError: the file is missing, damaged, of a newer schema, or has unknown keys.
    """
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"The config {path} cannot be read ({error.strerror}); check the path.") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise ConfigError(f"The config {path} is not valid YAML; restore it or create the run again.") from None
    if not isinstance(content, dict) or not isinstance(content.get("config"), dict):
        raise ConfigError(f"The config {path} has no section 'config'; restore it or create the run again.")
    if content.get("schema") != SCHEMA:
        raise ConfigError(
            f"The config {path} has schema {content.get('schema')!r}; this version reads schema {SCHEMA}."
        )
    cfg = settings.from_dict(RunCfg, content["config"])
    return Resolved(cfg, dict(content.get("origins") or {}))


def config_hash(cfg: RunCfg) -> str:
    """Twelve hex digits that are equal for equal configs."""
    import hashlib
    import json

    text = json.dumps(settings.to_dict(cfg), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
