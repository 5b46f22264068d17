"""Configs as differences: what a run changed against its preset, and in what runs differ from one another."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from automl.memory.digest import fast_yaml
from sessions.errors import VbotError
from sessions.runs import RunDir
from vbot_sim.errors import SimError

MISSING = "-"
CHOSEN = ("override", "search")  # origins of values that somebody, or a study, chose for this run


@dataclass(frozen=True)
class Config:
    """A run's effective config: its leaves by dotted path, and the origin of each."""

    env: str
    preset: str
    values: Mapping[str, Any]
    origins: Mapping[str, str]


@dataclass(frozen=True)
class Change:
    """One key that differs from the preset."""

    key: str
    value: Any
    before: Any
    origin: str


@dataclass(frozen=True)
class Difference:
    """One key that is not the same in all runs: its value and its origin in each, in their order."""

    key: str
    values: tuple[Any, ...]
    origins: tuple[str, ...]


def read_config(run: RunDir) -> Config | None:
    """The config of a run as plain data, whatever version wrote it; None when it cannot be read."""
    try:
        data = fast_yaml(run.config_path)
    except (OSError, ValueError):
        return None
    if not isinstance(data, dict) or not isinstance(data.get("config"), dict):
        return None
    values = dict(leaves(data["config"]))
    origins = data.get("origins")
    known = {str(key): str(word) for key, word in origins.items()} if isinstance(origins, dict) else {}
    return Config(str(values.pop("env", "")), str(values.pop("preset", "")), values, known)


def leaves(tree: Mapping[str, Any], head: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of nested tables with their dotted paths; lists are leaves."""
    for key, value in tree.items():
        if isinstance(value, Mapping) and value:
            yield from leaves(value, f"{head}{key}.")
        else:
            yield f"{head}{key}", value


def preset_values(env: str, preset: str) -> Mapping[str, Any]:
    """What a run of this preset has when nobody changes anything; empty for a preset that no longer exists."""
    from vbot_rl.config import run_cfg
    from vbot_sim.settings import to_dict

    try:
        return dict(leaves(to_dict(run_cfg(env, preset).cfg)))
    except (SimError, VbotError):
        return {}


def changes(config: Config, base: Mapping[str, Any]) -> tuple[Change, ...]:
    """The keys whose value is not the preset's, with their origins; a key that one side lacks counts as changed."""
    if not base:
        chosen = [key for key, origin in config.origins.items() if origin in CHOSEN]
        return tuple(Change(key, config.values.get(key), MISSING, config.origins[key]) for key in chosen)
    found = [
        Change(key, value, base.get(key, MISSING), _origin(config, key))
        for key, value in config.values.items()
        if base.get(key, MISSING) != value
    ]
    gone = [key for key in base if key not in config.values and key not in ("env", "preset")]
    return (*found, *(Change(key, MISSING, base[key], "older version") for key in gone))


def _origin(config: Config, key: str) -> str:
    """Where a changed value came from; one that nobody chose was the preset's own when the run was made."""
    origin = config.origins.get(key, "default")
    return origin if origin in CHOSEN else f"{origin} of then"


def differences(configs: Sequence[Config | None]) -> tuple[Difference, ...]:
    """The keys that are not equal in all configs, by name; env and preset are keys like any other."""
    tables = [
        {"env": config.env, "preset": config.preset, **config.values} if config is not None else {}
        for config in configs
    ]
    keys = sorted({key for table in tables for key in table})
    found = []
    for key in keys:
        values = tuple(table.get(key, MISSING) for table in tables)
        if any(value != values[0] for value in values):
            origins = tuple(config.origins.get(key, "default") if config else MISSING for config in configs)
            found.append(Difference(key, values, origins))
    return tuple(found)


def shown(value: object) -> str:
    """A value in a table or a sentence."""
    if isinstance(value, float):
        return f"{value:.6g}"
    if value is None:
        return "none"
    return str(value)
