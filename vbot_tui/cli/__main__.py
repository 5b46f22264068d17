"""Entry of the `vbot` command: from arguments to an exit code.

Exit 0: done. 1: the work failed. 2: wrong usage. Errors of the house's two trees (`VbotError`, `SimError`) become one
sentence on stderr; anything else is a defect and keeps its traceback.
"""

import contextlib
import os
import sys
import traceback
from collections.abc import Sequence

from sessions.errors import VbotError
from vbot_sim.errors import SimError
from vbot_tui.cli import (
    analyze,
    audit,
    automl,
    bench,
    brief,
    compare,
    config,
    diagnose,
    doctor,
    evaluate,
    export,
    import_history,
    library,
    listing,
    note,
    play,
    render,
    report,
    train,
    view,
)
from vbot_tui.cli.console import Console
from vbot_tui.cli.parser import Parser, Verbs

DESCRIPTION = """\
Train a quadruped robot, search for what trains it best, and look at what was learned.
`vbot-tui` opens the cockpit; these verbs do the same work without a screen."""

EPILOG = """\
RUN is the id of a run or the beginning of one; RUN@STEP names one of its checkpoints.
With --json stdout is exactly one object. Exit: 0 done, 1 the work failed, 2 wrong usage."""

VERB_MODULES = (
    train,
    evaluate,
    play,
    render,
    export,
    automl,
    library,
    listing,
    brief,
    report,
    compare,
    diagnose,
    analyze,
    audit,
    config,
    note,
    view,
    import_history,
    bench,
    doctor,
)


def build_parser() -> Parser:
    """The whole grammar of the command."""
    parser = Parser(prog="vbot", description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument("--version", action="store_true", help="print the version and leave")
    verbs = Verbs(parser)
    for module in VERB_MODULES:
        module.add_verbs(verbs)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv) or ["--help"]
    console = Console(sys.stdout, sys.stderr, as_json="--json" in words)
    if words == ["--version"]:
        from importlib.metadata import version

        print(f"vbot {version('vbot-tui')}")
        return 0
    try:
        arguments = build_parser().parse_args(words)
        # A library that prints must not get between the reader and the one object.
        with contextlib.redirect_stdout(sys.stderr) if console.as_json else contextlib.nullcontext():
            code: int = arguments.run(arguments, console)
        return code
    except (VbotError, SimError) as error:
        return console.fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        return console.fail("interrupted.", 1)
    except BrokenPipeError:
        # The reader (head, less) has left: nobody is there to be told, not even by the interpreter's last flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        return console.fail(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}.", 1)
    except Exception as error:
        traceback.print_exc()
        return console.fail(f"defect: {type(error).__name__}: {error}", 1)


def run() -> None:
    """The console script: `main` as a process, with stdout kept clean of what C libraries print."""
    if "--json" not in sys.argv:
        code = main()
        sys.stdout.flush()
        sys.exit(code)
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)
        sys.stdout = out
        code = main()
        sys.stdout = sys.__stdout__
    sys.exit(code)


if __name__ == "__main__":
    run()
