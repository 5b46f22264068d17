"""The list of fault cases: a number and a name each, and the reasons of those that cannot happen here."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.fault.lab import Lab

Body = Callable[[Lab], None]


@dataclass(frozen=True)
class Case:
    """One fault: what is done, and that what must hold did."""

    number: int
    name: str
    title: str
    body: Body


CASES: dict[str, Case] = {}


def case(number: int, title: str) -> Callable[[Body], Body]:
    """Enter a function as a case; its name, with dashes, is the case's name."""

    def enter(body: Body) -> Body:
        name = body.__name__.replace("_", "-")
        CASES[name] = Case(number, name, title, body)
        return body

    return enter


NOT_HERE: dict[str, str] = {}
