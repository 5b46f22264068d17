# ruff: noqa: ANN401  (this module handles values of any type: that is its subject)
"""Configs are data: frozen dataclasses to nested dictionaries and back, with dotted paths and helpful errors.

This module knows no particular config. It must stay light (standard library at import), because the cockpit reads
configs before its first paint.
"""

import dataclasses
import difflib
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from vbot_sim.errors import ConfigError

T = TypeVar("T")
COUNT_FORMS = "500000, 500_000, 500k or 2M"


def nearest(name: str, known: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" for the closest known name, or list what is known."""
    names = sorted(known)
    close = _closest(name, names)
    if close is None:  # a full path against a bare leaf name
        tails = {n.rsplit(".", 1)[-1]: n for n in names}
        tail = _closest(name.rsplit(".", 1)[-1], tails)
        close = tails[tail] if tail is not None else None
    if close is not None:
        return f" Did you mean '{close}'?"
    shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    return f" Known: {shown}." if names else ""


def _closest(name: str, names: Iterable[str], cutoff: float = 0.5) -> str | None:
    """Return the name most like `name`, the earliest of equals (difflib itself returns the last); None if none is."""
    matcher = difflib.SequenceMatcher(b=name)
    best: str | None = None
    likeness = cutoff
    for candidate in names:
        matcher.set_seq1(candidate)
        ratio = matcher.ratio()
        if ratio > likeness or (best is None and ratio == likeness):
            best, likeness = candidate, ratio
    return best


def _fields(cls: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(cls)
    return {f.name: hints[f.name] for f in dataclasses.fields(cls) if f.init}


def _key_aliases(cls: Any, field: str) -> Mapping[str, str]:
    """Return older names of the keys of a dictionary-valued field, if its class declares any."""
    aliases: Mapping[str, Mapping[str, str]] = getattr(cls, "KEY_ALIASES", {})
    return aliases.get(field, {})


def from_dict(cls: type[T], data: Mapping[str, Any], where: str = "") -> T:
    """Build the dataclass `cls` from nested dictionaries.

    Args:
        cls: a dataclass type.
        data: values by field name; a missing field takes its default.
        where: dotted path of `data` in a larger config, for messages.

    Raises:
        ConfigError: unknown key (the nearest known one is named), wrong type or refused value.
    """
    if not isinstance(data, Mapping):
        raise ConfigError(f"{where or cls.__name__} must be a table of settings, got {_shown(data)}.")
    hints = _fields(cls)
    values: dict[str, Any] = {}
    for key, value in data.items():
        path = f"{where}.{key}" if where else str(key)
        if key not in hints:
            raise ConfigError(f"Unknown setting '{path}'.{nearest(str(key), hints)}")
        values[key] = _coerce(hints[key], value, path, _key_aliases(cls, key))
    try:
        return cls(**values)
    except ConfigError as error:
        raise _located(error, where) from None
    except TypeError as error:
        raise ConfigError(f"{where or cls.__name__} is incomplete: {error}.") from None


def _located(error: ConfigError, where: str) -> ConfigError:
    text = str(error)
    return error if not where or where in text else ConfigError(f"{where}: {text}")


def _shown(value: Any) -> str:
    return f"{value!r} ({type(value).__name__})"


def _coerce(hint: Any, value: Any, path: str, aliases: Mapping[str, str] | None = None) -> Any:
    """Check `value` against the annotation `hint`; return it in its canonical type."""
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return _coerce_union(get_args(hint), value, path, aliases)
    if hint is Any:
        return value
    if origin is Literal:
        if value not in get_args(hint):
            choices = ", ".join(repr(c) for c in get_args(hint))
            raise ConfigError(f"{path} must be one of {choices}, got {_shown(value)}.")
        return value
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return value if isinstance(value, hint) else from_dict(hint, value, path)
    if origin is tuple:
        return _coerce_tuple(get_args(hint), value, path)
    if origin in (dict, Mapping) or hint is dict or getattr(origin, "__name__", "") == "Mapping":
        return _coerce_dict(get_args(hint), value, path, aliases or {})
    return _coerce_scalar(hint, value, path)


def _coerce_union(options: tuple[Any, ...], value: Any, path: str, aliases: Mapping[str, str] | None) -> Any:
    if value is None and type(None) in options:
        return None
    errors = []
    for option in options:
        if option is type(None):
            continue
        try:
            return _coerce(option, value, path, aliases)
        except ConfigError as error:
            errors.append(str(error))
    suffix = " It may also be null." if type(None) in options else ""
    raise ConfigError(errors[0] + suffix)


def _coerce_tuple(args: tuple[Any, ...], value: Any, path: str) -> tuple[Any, ...]:
    if not isinstance(value, (list, tuple)):
        raise ConfigError(f"{path} must be a list, got {_shown(value)}.")
    if len(args) == 2 and args[1] is Ellipsis:
        return tuple(_coerce(args[0], v, f"{path}[{i}]") for i, v in enumerate(value))
    if len(value) != len(args):
        raise ConfigError(f"{path} must have {len(args)} values, got {len(value)}.")
    return tuple(_coerce(a, v, f"{path}[{i}]") for i, (a, v) in enumerate(zip(args, value, strict=True)))


def _coerce_dict(args: tuple[Any, ...], value: Any, path: str, aliases: Mapping[str, str]) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigError(f"{path} must be a table, got {_shown(value)}.")
    item = args[1] if len(args) == 2 else Any
    return {aliases.get(str(k), str(k)): _coerce(item, v, f"{path}.{k}") for k, v in value.items()}


def _coerce_scalar(hint: Any, value: Any, path: str) -> Any:
    if hint is float:
        return _coerce_float(value, path)
    if hint is int and isinstance(value, float) and value.is_integer():
        return int(value)
    if hint is int and isinstance(value, bool):
        raise ConfigError(f"{path} must be a whole number, got {_shown(value)}.")
    if isinstance(hint, type) and isinstance(value, hint):
        return value
    wanted = {"int": "a whole number", "bool": "true or false", "str": "text"}.get(getattr(hint, "__name__", ""), hint)
    raise ConfigError(f"{path} must be {wanted}, got {_shown(value)}.")


def _coerce_float(value: Any, path: str) -> float:
    if isinstance(value, str):  # YAML reads 1e-3 as text
        try:
            value = float(value)
        except ValueError:
            raise ConfigError(f"{path} must be a number, got {_shown(value)}.") from None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ConfigError(f"{path} must be a number, got {_shown(value)}.")
    if value != value or value in (float("inf"), float("-inf")):
        raise ConfigError(f"{path} must be a finite number, got {value}.")
    return float(value)


def count(text: str) -> int:
    """A whole number as people write it: one of `COUNT_FORMS`, in thousands (k) and millions (M).

    Raises:
        ValueError: it is none.
    """
    factor = {"k": 1_000, "m": 1_000_000}.get(text[-1:].lower(), 1)
    if factor == 1:
        return int(text)
    number = float(text[:-1]) * factor
    if not abs(number) < float("inf"):
        raise ValueError(text)
    return round(number)


def to_dict(cfg: Any) -> dict[str, Any]:
    """Turn a config dataclass into nested dictionaries of plain values (tuples become lists)."""
    return {f.name: _plain(getattr(cfg, f.name)) for f in dataclasses.fields(cfg) if f.init}


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return to_dict(value)
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value


def leaves(cfg: Any) -> dict[str, Any]:
    """Return every leaf value by its dotted path, in order of declaration."""
    found: dict[str, Any] = {}
    _collect(cfg, "", found)
    return found


def _collect(value: Any, path: str, found: dict[str, Any]) -> None:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        items: Iterable[tuple[str, Any]] = ((f.name, getattr(value, f.name)) for f in dataclasses.fields(value))
    elif isinstance(value, Mapping) and path:
        items = ((str(k), v) for k, v in value.items())
    else:
        found[path] = value
        return
    for name, item in items:
        _collect(item, f"{path}.{name}" if path else name, found)


def get(cfg: Any, path: str) -> Any:
    """Return the value at a dotted path (a leaf or a whole section)."""
    value = cfg
    for name in path.split("."):
        value = _child(cfg, value, name, path)
    return value


def _child(root: Any, value: Any, name: str, path: str) -> Any:
    if dataclasses.is_dataclass(value) and name in {f.name for f in dataclasses.fields(value)}:
        return getattr(value, name)
    if isinstance(value, Mapping) and name in value:
        return value[name]
    raise ConfigError(f"Unknown setting '{path}'.{nearest(path, leaves(root))}")


def override(cfg: T, path: str, value: Any) -> T:
    """Return a copy of `cfg` with the value at `path` replaced and checked.

    Raises:
        ConfigError: the path does not exist (the nearest one is named) or the value does not fit.
    """
    return typing.cast(T, _override(cfg, cfg, path.split("."), value, path))


def _override(root: Any, node: Any, names: list[str], value: Any, path: str) -> Any:
    name, rest = names[0], names[1:]
    if not dataclasses.is_dataclass(node):
        raise ConfigError(f"Unknown setting '{path}'.{nearest(path, leaves(root))}")
    child = _child(root, node, name, path)
    cls = type(node)
    if not rest:
        new = _coerce(_fields(cls)[name], value, path, _key_aliases(cls, name))
    elif isinstance(child, Mapping):
        new = _override_item(root, cls, name, child, rest, value, path)
    else:
        new = _override(root, child, rest, value, path)
    try:
        return dataclasses.replace(typing.cast(Any, node), **{name: new})
    except ConfigError as error:
        raise _located(error, path) from None


def _override_item(
    root: Any, cls: Any, field: str, items: Mapping[str, Any], rest: list[str], value: Any, path: str
) -> dict[str, Any]:
    key = ".".join(rest)
    key = _key_aliases(cls, field).get(key, key)
    if key not in items:
        raise ConfigError(f"Unknown setting '{path}'.{nearest(path, leaves(root))}")
    args = get_args(_fields(cls)[field])
    return {**items, key: _coerce(args[1] if len(args) == 2 else Any, value, path)}


def parse_assignment(text: str) -> tuple[str, Any]:
    """Split "a.b=c" into its path and its value, read as YAML."""
    path, sign, raw = text.partition("=")
    if not sign or not path.strip():
        raise ConfigError(f"'{text}' is not an assignment; write it as path=value, for example ppo.learning_rate=3e-4.")
    import yaml

    try:
        return path.strip(), yaml.safe_load(raw) if raw.strip() else ""
    except yaml.YAMLError:
        raise ConfigError(f"The value in '{text}' is not valid YAML; quote it or simplify it.") from None


def require(condition: bool, message: str) -> None:
    """Raise a ConfigError with `message` unless `condition` holds."""
    if not condition:
        raise ConfigError(message)
