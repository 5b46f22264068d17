"""Which trials the table shows, and in which order: a small language, and sorting by any column. Pure.

``state:running score>0.8 (flag:moat OR has:note) NOT /seed3/``: words side by side must all hold; AND, OR, NOT (or
``!``) and parentheses work as in print. A number is compared with ``< <= > >= = !=``; its name is a column, a searched
setting or a metric, in full or its last part.
"""

import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from vbot_tui.glyphs import flag_letter
from vbot_tui.model import TrialRow

Test = Callable[[TrialRow], bool]
_TOKEN = re.compile(r"\s*(?:(/(?:[^/\\]|\\.)*/i?)|([()])|(!(?!=))|([^\s()]+))")
_COMPARE = re.compile(r"([\w./-]+?)(<=|>=|!=|<|>|=)(.*)")
_OPERATORS: Mapping[str, Callable[[float, float], bool]] = MappingProxyType(
    {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "!=": operator.ne}
)
_NUMBERS: Mapping[str, Callable[[TrialRow], float]] = MappingProxyType(
    {
        "trial": lambda row: math.nan if row.number is None else float(row.number),
        "steps": lambda row: float(row.env_steps),
        "progress": lambda row: row.progress,
        "speed": lambda row: row.steps_per_s,
        "eta": lambda row: row.eta_s,
        "score": lambda row: row.score,
        "success": lambda row: row.success,
        "flags": lambda row: float(len(row.flags)),
        "notes": lambda row: float(row.notes),
    }
)
_HAS: Mapping[str, Test] = MappingProxyType(
    {
        "note": lambda row: row.notes > 0,
        "flag": lambda row: bool(row.flags),
        "score": lambda row: math.isfinite(row.score),
    }
)
SORTS = ("as it is", *_NUMBERS)
"""What the table can be sorted by; the first is the usual order: the living, then the best."""


class FilterError(ValueError):
    """A filter that cannot be understood; the message says what and where."""


def everything(row: TrialRow) -> bool:
    """Let every row through."""
    del row
    return True


def parse(words: str) -> Test:
    """Return the test that a filter stands for; an empty one lets everything through."""
    tokens = [next(part for part in match.groups() if part) for match in _TOKEN.finditer(words)]
    if not tokens:
        return everything
    test, rest = _either(tokens)
    if rest:
        raise FilterError(f"'{rest[0]}' was not expected there")
    return test


def _either(tokens: list[str]) -> tuple[Test, list[str]]:
    left, rest = _both(tokens)
    while rest and rest[0] == "OR":
        right, rest = _both(rest[1:])
        left = _or(left, right)
    return left, rest


def _both(tokens: list[str]) -> tuple[Test, list[str]]:
    left, rest = _one(tokens)
    while rest and rest[0] not in ("OR", ")"):
        right, rest = _one(rest[1:] if rest[0] == "AND" else rest)
        left = _and(left, right)
    return left, rest


def _one(tokens: list[str]) -> tuple[Test, list[str]]:
    if not tokens or tokens[0] in ("AND", "OR", ")"):
        raise FilterError(f"something is missing {f'before {tokens[0]!r}' if tokens else 'at the end'}")
    head, rest = tokens[0], tokens[1:]
    if head in ("NOT", "!"):
        test, rest = _one(rest)
        return (lambda row: not test(row)), rest
    if head == "(":
        test, rest = _either(rest)
        if not rest or rest[0] != ")":
            raise FilterError("a ')' is missing")
        return test, rest[1:]
    return _word(head), rest


def _and(left: Test, right: Test) -> Test:
    return lambda row: left(row) and right(row)


def _or(left: Test, right: Test) -> Test:
    return lambda row: left(row) or right(row)


def _word(word: str) -> Test:
    if word.startswith("/") and len(word) > 1:
        return _regex(word)
    name, colon, value = word.partition(":")
    if colon and name in ("state", "flag", "has", "end"):
        return _field(name, value.lower())
    compared = _COMPARE.fullmatch(word)
    if compared:
        return _number(*compared.groups())
    needle = word.lower()
    return lambda row: needle in _text(row).lower()


def _regex(word: str) -> Test:
    body, _, flags = word[1:].rpartition("/")
    try:
        pattern = re.compile(body, re.IGNORECASE if flags == "i" else 0)
    except re.error as error:
        raise FilterError(f"{word} is not a regular expression: {error}") from None
    return lambda row: pattern.search(_text(row)) is not None


def _field(name: str, value: str) -> Test:
    if not value:
        raise FilterError(f"{name}: needs a value")
    if name == "has":
        if value not in _HAS:
            raise FilterError(f"has: knows {', '.join(_HAS)}, not '{value}'")
        return _HAS[value]
    if name == "state":
        return lambda row: row.state.startswith(value)
    if name == "end":
        return lambda row: value in f"{row.end_reason} {row.end_detail}".lower()
    return lambda row: any(value in flag.name.lower() or value == flag_letter(flag.name).lower() for flag in row.flags)


def _number(name: str, sign: str, value: str) -> Test:
    scale = {"k": 1e3, "M": 1e6, "G": 1e9, "%": 0.01}.get(value[-1:], 1.0)
    try:
        bound = float(value if scale == 1.0 else value[:-1]) * scale
    except ValueError:
        raise FilterError(f"{name}{sign} needs a number, not '{value}'") from None
    compare = _OPERATORS[sign]

    def test(row: TrialRow) -> bool:
        have = number_of(row, name)
        return not math.isnan(have) and compare(have, bound)

    return test


def unknown(words: str, rows: Iterable[TrialRow]) -> str:
    """Return what is wrong with the names of numbers in a filter: none of the rows has such a one; empty if all do."""
    tokens = [next(part for part in match.groups() if part) for match in _TOKEN.finditer(words)]
    names = [found[1] for word in tokens if not word.startswith("/") and (found := _COMPARE.fullmatch(word))]
    have = tuple(rows)
    for name in names:
        if have and name not in _NUMBERS and not any(_has_number(row, name) for row in have):
            known = ", ".join(_NUMBERS)
            return f"'{name}' is not known to the filter; there are {known}, searched settings and metrics"
    return ""


def _has_number(row: TrialRow, name: str) -> bool:
    names = (*(key for key, _ in row.params), *row.metrics)
    return any(name in (key, key.rsplit("/", 1)[-1]) for key in names)


def number_of(row: TrialRow, name: str) -> float:
    """Return a number of a trial by the name of a column, a searched setting or a metric; NaN where it has none."""
    if name in _NUMBERS:
        return _NUMBERS[name](row)
    for key, value in row.params:
        if key == name:
            try:
                return float(value)
            except ValueError:
                return math.nan
    if name in row.metrics:
        return row.metrics[name]
    return next((value for key, value in row.metrics.items() if key.rsplit("/", 1)[-1] == name), math.nan)


def _text(row: TrialRow) -> str:
    settings = " ".join(f"{name}={value}" for name, value in row.params)
    return f"{row.name} {row.label} {row.state} {row.run_id} {settings}"


def arranged(rows: tuple[TrialRow, ...], test: Test, sort: str, *, reverse: bool = False) -> tuple[TrialRow, ...]:
    """Return the rows that pass a test, in an order: highest first, or lowest; those without the number last."""
    if test is everything and sort not in _NUMBERS and not reverse:
        return rows
    shown = [row for row in rows if test(row)]
    if sort not in _NUMBERS:
        return tuple(reversed(shown)) if reverse else tuple(shown)
    have = [row for row in shown if not math.isnan(number_of(row, sort))]
    rest = [row for row in shown if math.isnan(number_of(row, sort))]
    have.sort(key=lambda row: number_of(row, sort), reverse=not reverse)
    return (*have, *rest)
