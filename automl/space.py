"""Searched keys: where a value may lie, and how it is written in a study file.

A dimension is data; which library draws from it is the business of `automl.samplers`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from automl.state import Value
from vbot_sim.errors import ConfigError
from vbot_sim.settings import nearest


@dataclass(frozen=True)
class Range:
    """A number between `low` and `high`; `log` spreads draws over its magnitude, `one_minus` over that of 1 - x."""

    low: float
    high: float
    log: bool = False
    integer: bool = False
    one_minus: bool = False
    around: Value | None = None


@dataclass(frozen=True)
class Factor:
    """The preset's own value times a factor between `low` and `high`, drawn over its magnitude; the sign stays."""

    low: float
    high: float
    around: Value | None = None


@dataclass(frozen=True)
class Choice:
    """One of a few values."""

    choices: tuple[Value, ...]
    around: Value | None = None


Dimension = Range | Factor | Choice
FORM_KEYS = ("low", "high", "log", "integer", "one_minus", "factor", "choices", "around")


def parse_dimension(path: str, data: object) -> Dimension:
    """A dimension from its YAML form.

    `{low, high, log, integer, one_minus}`, `{factor: [low, high]}` or `{choices: [...]}`, each with an optional
    `around`, the preset's value.

    Raises:
        ConfigError: the form is none of these, or it holds no value.
    """
    if not isinstance(data, Mapping):
        raise _bad(path, data, "is not a mapping")
    fields = dict(data)
    for key in fields:
        if key not in FORM_KEYS:
            raise ConfigError(f"space.{path}: unknown key '{key}'.{nearest(str(key), FORM_KEYS)}")
    around = fields.pop("around", None)
    if set(fields) == {"choices"} and isinstance(fields["choices"], list | tuple) and fields["choices"]:
        return Choice(tuple(fields["choices"]), around)
    if set(fields) == {"factor"} and isinstance(fields["factor"], list | tuple) and len(fields["factor"]) == 2:
        low, high = (_number(path, data, bound) for bound in fields["factor"])
        return _checked(path, data, Factor(low, high, around))
    if {"low", "high"} <= set(fields) <= {"low", "high", "log", "integer", "one_minus"}:
        low, high = (_number(path, data, fields.pop(bound)) for bound in ("low", "high"))
        return _checked(path, data, Range(low, high, around=around, **{key: bool(on) for key, on in fields.items()}))
    raise _bad(path, data, "has none of the three forms")


def dimension_to_dict(dimension: Dimension) -> dict[str, Any]:
    """The YAML form that `parse_dimension` reads back."""
    match dimension:
        case Choice():
            data: dict[str, Any] = {"choices": list(dimension.choices)}
        case Factor():
            data = {"factor": [dimension.low, dimension.high]}
        case Range():
            data = {"low": dimension.low, "high": dimension.high}
            data |= {key: True for key in ("log", "integer", "one_minus") if getattr(dimension, key)}
    return data if dimension.around is None else data | {"around": dimension.around}


def centred(dimension: Dimension, path: str, around: object) -> Dimension:
    """The dimension with the preset's value known.

    Raises:
        ConfigError: the value cannot be searched in this way.
    """
    if isinstance(around, bool | str) and isinstance(dimension, Range | Factor):
        raise ConfigError(f"space.{path}: the preset has {around!r}, which is no number; use {{choices: [...]}}.")
    if not isinstance(around, int | float | str | bool):
        raise ConfigError(f"space.{path}: the preset has {around!r}, and only single values can be searched.")
    if isinstance(dimension, Factor) and around == 0:
        raise ConfigError(f"space.{path}: the preset has 0, which no factor changes; use {{low: ..., high: ...}}.")
    return replace(dimension, around=around)


def encode(dimension: Dimension, value: Value | None) -> Value | None:
    """A value in the coordinate that is drawn, moved to the nearest end where it lies outside; None if impossible."""
    if isinstance(dimension, Choice):
        return value if value in dimension.choices else None
    if isinstance(value, str | bool) or value is None:
        return None
    if isinstance(dimension, Factor):
        ratio = value / float(dimension.around or 1.0)
        return min(max(ratio, dimension.low), dimension.high)
    inside = min(max(value, dimension.low), dimension.high)
    if dimension.integer:
        return round(inside)
    return min(max(1 - inside, 1 - dimension.high), 1 - dimension.low) if dimension.one_minus else float(inside)


def decode(dimension: Dimension, raw: Value) -> Value:
    """A drawn coordinate as the value of the config key; numbers keep six digits, which no training can tell apart."""
    if isinstance(dimension, Choice) or isinstance(raw, str | bool):
        return raw
    if isinstance(dimension, Factor):
        return _rounded(raw * float(dimension.around or 1.0))
    if dimension.integer:
        return int(raw)
    return _rounded(1 - raw) if dimension.one_minus else _rounded(raw)


def share_of_range(dimension: Dimension, value: object) -> float | None:
    """Where a value lies between the ends of what is drawn, 0 to 1 on the scale of the draws; None for a choice."""
    if isinstance(dimension, Choice) or isinstance(value, str | bool) or not isinstance(value, int | float):
        return None
    raw = encode(dimension, value)
    assert isinstance(raw, int | float)
    low, high, by_magnitude, flip = _scale(dimension)
    if by_magnitude:
        low, high, raw = math.log(low), math.log(high), math.log(raw)
    share = (raw - low) / (high - low)
    return 1 - share if flip else share


def at_share(dimension: Range | Factor | Choice, share: float) -> Value:
    """The value at a share of the range: the inverse of `share_of_range`.

    Raises:
        ConfigError: a choice has no range.
    """
    if isinstance(dimension, Choice):
        raise ConfigError(f"The choices {list(dimension.choices)} have no order to take a share of.")
    low, high, by_magnitude, flip = _scale(dimension)
    share = 1 - share if flip else share
    raw = low * (high / low) ** share if by_magnitude else low + (high - low) * share
    whole = isinstance(dimension, Range) and dimension.integer
    return decode(dimension, round(min(max(raw, low), high)) if whole else min(max(raw, low), high))


def _scale(dimension: Range | Factor) -> tuple[float, float, bool, bool]:
    """Ends of what is drawn, whether over magnitudes, and whether a higher draw means a lower value."""
    if isinstance(dimension, Factor):
        return dimension.low, dimension.high, True, False
    if dimension.one_minus:
        return 1 - dimension.high, 1 - dimension.low, True, True
    return dimension.low, dimension.high, dimension.log, False


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")


def _checked(path: str, data: object, dimension: Range | Factor) -> Dimension:
    low, high = dimension.low, dimension.high
    if not low < high:
        raise _bad(path, data, "has a lower end that is not below its upper end")
    needs_positive = isinstance(dimension, Factor) or dimension.log
    if needs_positive and low <= 0:
        raise _bad(path, data, "spreads over magnitudes, so its lower end must be above 0")
    if isinstance(dimension, Range) and dimension.one_minus and (high >= 1 or dimension.log or dimension.integer):
        raise _bad(path, data, "spreads over 1 - x, so it must stay below 1 and be neither log nor integer")
    return dimension


def _number(path: str, data: object, bound: object) -> float:
    if isinstance(bound, str):  # YAML reads 1e-3 as text
        try:
            bound = float(bound)
        except ValueError:
            raise _bad(path, data, f"has the bound {bound!r}, which is no number") from None
    if isinstance(bound, bool) or not isinstance(bound, int | float):
        raise _bad(path, data, f"has the bound {bound!r}, which is no number")
    return bound


def _bad(path: str, data: object, why: str) -> ConfigError:
    return ConfigError(
        f"space.{path}: {data!r} {why}; write {{low: 1e-4, high: 1e-3, log: true}}, {{factor: [0.25, 4]}} "
        "or {choices: [a, b]}."
    )
