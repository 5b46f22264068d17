"""The filter of lists: `score>0.9 flag:lazy_robot !state:failed or /first_t00[12]/`.

Terms that stand side by side must all hold; `or` parts alternatives; `!` turns a term round. A term is `name:word` (the
value has this word in it), a comparison `name>number` (also on dotted config keys), `/pattern/`, or a word of the id.
"""

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass

from sessions.errors import UsageError

Look = Callable[[str], object]  # the value of a name for one run

NUMBERS = ("score", "success", "fell", "steps", "trial", "best_step", "last_score", "evals")
WORDS = ("id", "kind", "state", "env", "study", "host", "end", "created", "updated", "flag", "has")
_TERM = re.compile(r"(?P<name>[A-Za-z_][\w.]*)(?P<op>>=|<=|!=|>|<|=|:)(?P<value>.+)", re.DOTALL)


@dataclass(frozen=True)
class Term:
    """One condition; `op` is one of : = != < <= > >= ~ (pattern)."""

    name: str
    op: str
    value: str
    negated: bool = False

    def holds(self, look: Look) -> bool:
        """Whether it holds for a run."""
        return self._met(look(self.name)) != self.negated

    def _met(self, have: object) -> bool:
        if have is None:
            return self.op == "!="
        if isinstance(have, tuple | list | frozenset):
            hit = any(self.value.lower() in str(item).lower() for item in have)
            return hit != (self.op == "!=")
        if self.op == "~":
            return re.search(self.value, str(have)) is not None
        if self.op == ":":
            return self.value.lower() in str(have).lower()
        wanted = _number(self.value)
        if wanted is not None and isinstance(have, int | float):
            return _COMPARE[self.op](float(have), wanted)
        return _COMPARE_TEXT[self.op](str(have), self.value)


@dataclass(frozen=True)
class Query:
    """Alternatives of conditions that must hold together; without any, everything fits."""

    groups: tuple[tuple[Term, ...], ...] = ()

    def fits(self, look: Look) -> bool:
        """Whether a run fits. Terms that are costly to look up should come last: the first that fails decides."""
        return not self.groups or any(all(term.holds(look) for term in group) for group in self.groups)


_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_COMPARE_TEXT: dict[str, Callable[[str, str], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def parse(text: str) -> Query:
    """Read a filter.

    Raises:
        UsageError: it has an unknown name, a comparison without a number, or a broken pattern.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"the filter {text!r} cannot be read ({error}); close the quotation marks") from None
    groups: list[list[Term]] = [[]]
    for word in words:
        if word.lower() == "or":
            groups.append([])
        elif word.lower() != "and":
            groups[-1].append(_term(word))
    if any(not group for group in groups) and len(groups) > 1:
        raise UsageError(f"the filter {text!r} has an 'or' without a condition on each side")
    # Dotted keys open a file per run: whatever is known from the index goes first.
    ordered = (tuple(sorted(group, key=lambda term: "." in term.name)) for group in groups if group)
    return Query(tuple(ordered))


def _term(word: str) -> Term:
    negated = word.startswith("!")
    body = word[negated:]
    if len(body) > 2 and body.startswith("/") and body.endswith("/"):
        try:
            re.compile(body[1:-1])
        except re.error as error:
            raise UsageError(f"the pattern {body} is broken ({error})") from None
        return Term("id", "~", body[1:-1], negated)
    match = _TERM.fullmatch(body)
    if match is None:
        if not body or any(sign in body for sign in "<>=:"):
            raise UsageError(f"'{word}' is no condition; write name:word, name>number, /pattern/ or a part of the id")
        return Term("id", ":", body, negated)
    name, op, value = match["name"], match["op"], match["value"]
    if name not in (*NUMBERS, *WORDS) and "." not in name:
        known = ", ".join((*NUMBERS, *WORDS))
        raise UsageError(f"'{name}' is not known to the filter; there are {known} and dotted config keys")
    if name in NUMBERS and _number(value) is None:
        raise UsageError(f"'{word}' compares {name} with {value!r}, which is no number")
    if name in NUMBERS and op == ":":
        op = "="
    return Term(name, op, value, negated)


def _number(text: str) -> float | None:
    try:
        return float(text.replace("_", ""))
    except ValueError:
        return None
