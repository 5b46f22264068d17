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


NOT_HERE: dict[str, str] = {
    "9, fewer robots after running out of memory": "what a trial trains is what the log says; nobody changes it on the "
    "quiet. Killed by the kernel is killed: case 5",
    "16, repair": "a damaged log is refused with line and byte and never guessed at; put a copy back",
    "27, the cockpit's own keys": "they are pressed in a real terminal by tests/pty",
    "39, a log that is cut": "a trial's log grows as it likes; only its end is ever read",
}
