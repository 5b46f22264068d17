"""The command line's grammar: argparse whose errors are ours, and the table the verbs enter themselves in.

What a verb does is in the verb's own module; a verb that is not built does not exist here.
"""

import argparse
import difflib
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from sessions.errors import UsageError
from vbot_tui.cli.console import Console

Handler = Callable[[argparse.Namespace, Console], int]


class Parser(argparse.ArgumentParser):
    """An argument parser that raises UsageError instead of printing its usage and leaving."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - argparse's own arguments
        kwargs.setdefault("allow_abbrev", False)
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(**kwargs)

    def error(self, message: str) -> NoReturn:
        """Report wrong usage as one sentence that says where to look."""
        raise UsageError(f"{message}{'' if message.endswith(('.', '?')) else '.'} Try '{self.prog} --help'.")

    def _check_value(self, action: argparse.Action, value: object) -> None:
        if action.choices is not None and value not in action.choices:
            raise argparse.ArgumentError(action, f"there is no '{value}'{did_you_mean(str(value), action.choices)}")


class Verbs:
    """The verbs of one parser; each gets `--workspace` and `--json`."""

    def __init__(self, parser: Parser, metavar: str = "VERB") -> None:
        self._sub = parser.add_subparsers(metavar=metavar, dest=metavar.lower(), required=True, parser_class=Parser)

    def add(self, name: str, help: str, run: Handler | None = None, *, description: str = "") -> Parser:
        """Enter a verb; `run` gets the parsed arguments and the console and returns the exit code."""
        parser = self._sub.add_parser(name, help=help, description=description or f"{help}.")
        if run is not None:
            parser.set_defaults(run=run)
            parser.add_argument(
                "--workspace", metavar="DIR", help="where runs and studies are kept (else $VBOT_WORKSPACE)"
            )
            parser.add_argument("--json", action="store_true", help="print exactly one JSON object on stdout")
        return parser


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown word: the nearest known one, or the whole list when it is short."""
    names = [str(name) for name in known]
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    if near:
        return f"; did you mean '{near[0]}'?"
    return f" (there are: {', '.join(names)})" if names else ""


def positive_int(text: str) -> int:
    """An argument that counts things; accepts 500_000, 500k and 2M."""
    from vbot_sim.settings import COUNT_FORMS, count

    try:
        number = count(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number; write it as {COUNT_FORMS}") from None
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} must be at least 1")
    return number


def positive_float(text: str) -> float:
    """An argument that measures something: more than 0."""
    try:
        number = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number") from None
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} must be greater than 0")
    return number


def seed_int(text: str) -> int:
    """An argument that seeds a random generator: 0 or more."""
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"'{text}' is not a seed: give a whole number from 0 up")
    return int(text)
