"""Every setting of a config, described for a person: value, origin, type, choices and what it means.

What a setting means is said where it is defined, in the ``Attributes`` of its class or in the comment beside it; this
module reads that instead of saying it again. Works for any config made of frozen dataclasses.
"""

import ast
import dataclasses
import inspect
import io
import re
import tokenize
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin

_ITEM = re.compile(r"^    (\w+): (.*)$")


@dataclasses.dataclass(frozen=True)
class Described:
    """One setting.

    Attributes:
        key: its dotted path.
        value: what it is now.
        kind: number, whole, yes/no, text, choice, pair or list.
        optional: whether it may also be null.
        choices: the values it may have, where there are few.
        help: what it means, in a sentence or less; empty where nobody has said so.
    """

    key: str
    value: Any
    kind: str
    optional: bool = False
    choices: tuple[Any, ...] = ()
    help: str = ""


def describe(config: Any, where: str = "") -> list[Described]:  # noqa: ANN401 - any dataclass
    """Return every leaf of a config in the order of its definition."""
    out: list[Described] = []
    cls: Any = type(config)
    hints, words = _hints(cls), explained(cls)
    for field in dataclasses.fields(config):
        key = f"{where}.{field.name}" if where else field.name
        value = getattr(config, field.name)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            out += describe(value, key)
        elif isinstance(value, Mapping):
            out += [Described(f"{key}.{name}", item, *_kind(type(item))) for name, item in value.items()]
        else:
            out.append(Described(key, value, *_kind(hints[field.name]), help=words.get(field.name, "")))
    return out


@cache
def _hints(cls: Any) -> dict[str, Any]:  # noqa: ANN401 - a class
    return typing.get_type_hints(cls)


def _kind(hint: Any) -> tuple[str, bool, tuple[Any, ...]]:  # noqa: ANN401 - any annotation
    """Return kind, whether null is allowed, and the choices of an annotation."""
    if get_origin(hint) in (Union, types.UnionType):
        inner = [item for item in get_args(hint) if item is not type(None)]
        kind, _, choices = _kind(inner[0])
        return kind, len(inner) < len(get_args(hint)), choices
    if get_origin(hint) is Literal:
        return "choice", False, get_args(hint)
    if get_origin(hint) is tuple:
        return ("list" if Ellipsis in get_args(hint) else "pair"), False, ()
    names = {float: "number", int: "whole", bool: "yes/no", str: "text"}
    return names.get(hint, "list"), False, (True, False) if hint is bool else ()


@cache
def explained(cls: Any) -> dict[str, str]:  # noqa: ANN401 - a class
    """Return what the fields of a class mean: from its docstring, else from the comment in the line of each field."""
    return {**_comments(cls), **_attributes(inspect.getdoc(cls) or "")}


def _attributes(doc: str) -> dict[str, str]:
    """Return the items of the section ``Attributes`` of a docstring."""
    _, found, body = doc.partition("Attributes:\n")
    out: dict[str, str] = {}
    name = ""
    for row in body.splitlines() if found else ():
        item = _ITEM.match(row)
        if item is not None:
            name, words = item.groups()
            out[name] = words.strip()
        elif row.startswith("     ") and name:
            out[name] = f"{out[name]} {row.strip()}"
        elif row.strip():
            break
    return out


def _comments(cls: type) -> dict[str, str]:
    """Return the comments beside the fields of a class; nothing where its source is not at hand."""
    try:
        source = inspect.cleandoc("\n" + inspect.getsource(cls))
    except (OSError, TypeError):
        return {}
    spoken = {
        token.start[0]: token.string.lstrip("# ")
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    body = next(node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)).body
    return {
        node.target.id: spoken[node.lineno]
        for node in body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.lineno in spoken
    }
