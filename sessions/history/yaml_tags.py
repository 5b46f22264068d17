"""A YAML loader for files that were dumped with Python and numpy objects inside.

It starts from the safe loader and adds readings for the known tags as plain data (a numpy number becomes a float, a
tuple a list). Nothing is ever imported, looked up by name or called: an unknown tag yields the data under it, and a
note. Timestamps stay text, numbers follow YAML 1.2 (`1e-5` is one).
"""

import base64
import binascii
import re
import struct
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

Loader: TypeAlias = Any
Node: TypeAlias = Any
Data: TypeAlias = Any
"""Plain data of unknown shape (yaml has no types of its own for these)."""

PYTHON_TAG = "tag:yaml.org,2002:python/"
_STRUCT = {"f8": "d", "f4": "f", "f2": "e", "i8": "q", "i4": "i", "i2": "h", "i1": "b"} | {
    "u8": "Q",
    "u4": "I",
    "u2": "H",
    "u1": "B",
    "b1": "?",
}
_MAX_ARRAY = 100_000


@dataclass(frozen=True)
class Dtype:
    """A numpy type as written in a pickle: kind and size (`f8`), and byte order."""

    code: str
    order: str = "<"

    def unpack(self, data: bytes) -> list[Any]:
        """The numbers in `data`; ValueError when this type or this length cannot be read."""
        letter = _STRUCT.get(self.code)
        size = struct.calcsize(letter) if letter else 0
        if letter is None or len(data) % size or len(data) // size > _MAX_ARRAY:
            raise ValueError(f"{len(data)} bytes of numpy type {self.code!r}")
        order = ">" if self.order == ">" else "<"
        return list(struct.unpack(f"{order}{len(data) // size}{letter}", data))


@dataclass(frozen=True)
class BadBinary:
    """Binary text that is not valid base64."""


@cache
def loader_class(pure: bool = False) -> Loader:
    """The loader class (built on first use, because yaml is imported here); `pure` avoids libyaml."""
    import yaml

    fast = getattr(yaml, "CSafeLoader", None)
    base: Any = yaml.SafeLoader if pure or fast is None else fast

    class TolerantLoader(base):  # type: ignore[misc]
        """Safe loader that reads foreign tags as data; `notes` says what it had to guess."""

        def __init__(self, stream: str) -> None:
            super().__init__(stream)
            self.notes: list[str] = []

        def construct_mapping(self, node: Node, deep: bool = False) -> dict[Hashable, Any]:
            return _mapping(self, node, deep)

    _set_resolvers(TolerantLoader)
    TolerantLoader.add_constructor("tag:yaml.org,2002:binary", _binary)
    TolerantLoader.add_constructor("tag:yaml.org,2002:int", _number)
    TolerantLoader.add_constructor("tag:yaml.org,2002:float", _number)
    TolerantLoader.add_constructor("tag:yaml.org,2002:bool", _bool)
    TolerantLoader.add_constructor("tag:yaml.org,2002:timestamp", _text)
    TolerantLoader.add_constructor(None, _unknown)
    TolerantLoader.add_multi_constructor(PYTHON_TAG, _python)
    return TolerantLoader


def _set_resolvers(loader: Loader) -> None:
    loader.yaml_implicit_resolvers = {}
    for tag, pattern, first in (
        ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
        ("int", r"^[-+]?[0-9]{1,400}$", "-+0123456789"),
        ("float", r"^[-+]?(?:[0-9]{1,400}\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,6})?$", "-+0123456789."),
        ("float", r"^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$", "-+."),
        ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ):
        loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))


def _mapping(loader: Loader, node: Node, deep: bool) -> dict[Hashable, Any]:
    """A mapping with text keys; a key given twice keeps its last value, and a note.

    Merge keys (`<<`) are not followed: the older tools never wrote them, and they can be nested into a bomb.
    """
    import yaml

    if not isinstance(node, yaml.MappingNode):
        raise yaml.constructor.ConstructorError(None, None, "expected a mapping", node.start_mark)
    found: dict[Hashable, Any] = {}
    for key_node, value_node in node.value:
        is_text = isinstance(key_node, yaml.ScalarNode)
        key = key_node.value if is_text else str(loader.construct_object(key_node, deep=True))
        if key in found:
            line = key_node.start_mark.line + 1
            loader.notes.append(f"key {key!r} is given twice (line {line}), the last value counts")
        found[key] = loader.construct_object(value_node, deep=deep)
    return found


def _text(loader: Loader, node: Node) -> Data:
    return loader.construct_scalar(node)


def _bool(loader: Loader, node: Node) -> Data:
    return str(loader.construct_scalar(node)).lower() == "true"


def _number(loader: Loader, node: Node) -> Data:
    raw = str(loader.construct_scalar(node))
    return parse_number(raw) if parse_number(raw) is not None else raw


def parse_number(raw: str) -> int | float | None:
    """The number in `raw` (YAML or Python spelling), or None."""
    word = raw.strip().lower().replace(".inf", "inf").replace(".nan", "nan")
    if not word or len(word) > 400 or "_" in word:
        return None
    try:
        return int(word)
    except ValueError:
        pass
    try:
        return float(word)
    except ValueError:
        return None


def _binary(loader: Loader, node: Node) -> Data:
    try:
        return base64.b64decode("".join(str(loader.construct_scalar(node)).split()), validate=True)
    except (binascii.Error, ValueError):
        loader.notes.append(f"binary value in line {node.start_mark.line + 1} is damaged")
        return BadBinary()


def _python(loader: Loader, suffix: str, node: Node) -> Data:
    """The data under a `!!python/...` tag."""
    content = plain(loader, node)
    kind, _, name = suffix.partition(":")
    if kind in ("tuple", "list", "dict", "str", "unicode", "none", "module", "name"):
        return None if kind == "none" else content
    if kind in ("int", "long", "float"):
        return parse_number(str(content))
    if kind == "bool":
        return str(content).lower() == "true"
    leaf = name.rsplit(".", 1)[-1]
    arguments = content.get("args", []) if isinstance(content, dict) else content
    if leaf == "dtype":
        return _dtype(content, arguments)
    if leaf == "scalar" or (name.startswith("numpy.") and isinstance(arguments, list) and len(arguments) == 2):
        return _scalar(loader, node, arguments)
    if leaf == "_reconstruct" and isinstance(content, dict):
        return _array(loader, node, content.get("state"))
    if leaf == "OrderedDict":
        return _ordered(arguments)
    if leaf.endswith("Path") and isinstance(arguments, list):
        return "/".join(str(part).rstrip("\\/") for part in arguments)
    loader.notes.append(f"an object of {name or kind} in line {node.start_mark.line + 1} was read as plain data")
    return content


def plain(loader: Loader, node: Node) -> Data:
    """What stands under a tag, as dict, list or text."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


def _unknown(loader: Loader, node: Node) -> Data:
    loader.notes.append(f"unknown tag {node.tag} in line {node.start_mark.line + 1} was read as plain data")
    return plain(loader, node)


def _dtype(content: Data, arguments: Data) -> Dtype:
    code = str(arguments[0]) if isinstance(arguments, list) and arguments else "f8"
    order = code[0] if code[:1] in "<>|=" else "<"
    state = content.get("state") if isinstance(content, dict) else None
    if isinstance(state, list) and len(state) > 1 and state[1] in ("<", ">"):
        order = state[1]
    return Dtype(code.lstrip("<>|="), order)


def _scalar(loader: Loader, node: Node, arguments: Data) -> Data:
    where = f"line {node.start_mark.line + 1}"
    parts = list(arguments) if isinstance(arguments, list) else []
    dtype, data = [*parts, None, None][:2]
    if not isinstance(dtype, Dtype):
        dtype = Dtype("f8")
        loader.notes.append(f"numpy number in {where} has lost its type and was taken for a float64")
    try:
        values: list[Data] = dtype.unpack(data) if isinstance(data, bytes) else []
    except (ValueError, struct.error):
        values = []
    if len(values) != 1:
        loader.notes.append(f"numpy number in {where} cannot be read")
        return None
    return values[0]


def _array(loader: Loader, node: Node, state: Data) -> Data:
    """A numpy array from its pickle state (version, shape, dtype, fortran order, bytes), as nested lists."""
    where = f"line {node.start_mark.line + 1}"
    try:
        _, shape, dtype, fortran, data = state
        flat = dtype.unpack(data)
        if fortran and len(shape) > 1:
            raise ValueError("column order")
        for length in reversed([int(size) for size in shape][1:]):
            flat = [flat[start : start + length] for start in range(0, len(flat), max(length, 1))]
        return flat
    except (TypeError, ValueError, AttributeError, struct.error):
        loader.notes.append(f"numpy array in {where} cannot be read")
        return None


def _ordered(arguments: Data) -> Data:
    pairs = arguments[0] if isinstance(arguments, list) and len(arguments) == 1 else arguments
    if isinstance(pairs, list) and all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        return {str(key): value for key, value in pairs}
    return pairs
