"""New studies out of what is there: around settings set by hand, a sweep of one key, the same settings with n seeds.

Pure functions from a base to a spec; the base is an environment with a preset, or a source from `automl.lineage`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from automl.lineage import Source
from automl.space import Choice, Dimension, Range
from automl.spec import StudySpec
from automl.state import Value
from vbot_sim.errors import ConfigError
from vbot_sim.settings import get, require

AROUND = 2.0  # a value is searched between half and twice of it


def base_study(env: str, preset: str, sets: Mapping[str, Any], source: Source | None = None) -> StudySpec:
    """A study that searches nothing yet: the settings of a source, or of a preset, with more settings on top."""
    if source is None:
        return StudySpec(env=env, preset=preset, sets=dict(sets))
    known = {**source.sets, **source.params, **sets}
    return StudySpec(env=source.env, preset=source.preset, sets=known, based_on=source.name)


def around(base: StudySpec, values: Mapping[str, Any]) -> StudySpec:
    """Search around values that somebody has in mind, beginning with them.

    Raises:
        ConfigError: an unknown key, or a value nothing can be searched around.
    """
    from automl.spec_parts import SeedConfig

    meant = {path: meant_by(base, path, value) for path, value in values.items()}
    space = {path: _around(path, value, _preset_value(base, path)) for path, value in meant.items()}
    sets = {path: value for path, value in base.sets.items() if path not in space}
    words = "values given by hand"
    first = SeedConfig(meant, words)
    return replace(base, label="around", sets=sets, space={**base.space, **space}, seed_configs=(first,))


def _around(path: str, value: object, preset: object) -> Dimension:
    if isinstance(value, bool | str):
        require(value != preset, f"{path} is {value!r} already; there is nothing to search around it.")
        assert isinstance(preset, bool | str | int | float)
        return Choice((value, preset))
    if not isinstance(value, int | float) or value == 0:
        raise ConfigError(f"{path}: nothing can be searched around {value!r}; give it a range in a study file.")
    low, high = sorted((value / AROUND, value * AROUND))
    if isinstance(preset, int) and not isinstance(preset, bool) and isinstance(value, int):
        return Range(max(1, round(low)), max(round(high), 2), integer=True)
    return Range(low, high, log=low > 0)


def sweep(base: StudySpec, path: str, values: Sequence[Value], seeds: int = 1) -> StudySpec:
    """Train with each value of one key, each with so many seeds.

    Raises:
        ConfigError: fewer than two values, or one twice.
    """
    meant = tuple(dict.fromkeys(meant_by(base, path, value) for value in values))
    require(len(meant) >= 2, f"a sweep of {path} needs two values or more, got {list(values)}.")
    sets = {key: value for key, value in base.sets.items() if key != path}
    label = f"sweep-{path.rsplit('.', 1)[-1]}"[:24]
    space = {path: Choice(meant)}
    return replace(base, label=label, sets=sets, space=space, sampler="grid", repeats=seeds, max_trials=None)


def repeat(base: StudySpec, seeds: int) -> StudySpec:
    """Train the same settings with so many seeds."""
    return replace(base, label="seeds", space={}, max_trials=seeds)


def widened(base: StudySpec, space: Mapping[str, Dimension]) -> StudySpec:
    """Search these keys, beginning with what the base has for them."""
    from automl.spec_parts import SeedConfig

    kept = {path: base.sets[path] for path in space if path in base.sets}
    sets = {path: value for path, value in base.sets.items() if path not in space}
    first = (SeedConfig(kept, base.based_on),) if kept else ()
    return replace(base, label="derived", sets=sets, space=dict(space), seed_configs=first)


def default_keys(source: Source) -> dict[str, Dimension]:
    """What is searched around a source when nothing is named: what it was searched for, between half and twice."""
    found: dict[str, Dimension] = {}
    for path, value in source.params.items():
        if isinstance(value, int | float) and not isinstance(value, bool) and value != 0:
            found[path] = _around(path, value, value)
    return found


def meant_by(base: StudySpec, path: str, value: object) -> Any:  # noqa: ANN401 - a value of any setting
    """A value as the config takes it: a person's 5e-4 is text to YAML.

    Raises:
        ConfigError: an unknown key, or a value that does not fit.
    """
    from vbot_rl.config import run_cfg

    return get(run_cfg(base.env, base.preset, sets={**base.sets, path: value}).cfg, path)


def _preset_value(base: StudySpec, path: str) -> object:
    from vbot_rl.config import run_cfg

    return get(run_cfg(base.env, base.preset, sets=dict(base.sets)).cfg, path)
