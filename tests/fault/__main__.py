"""`python -m tests.fault [CASE ...] [--seed N] [--rounds N]`: every fault for real, then a random mix of them.

Last line: `N passed, 0 failed`; the exit code is 1 when anything failed.
"""

import argparse
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from tests.fault import cases_files, cases_scheduler, cases_training, cases_trials
from tests.fault.catalogue import CASES, NOT_HERE
from tests.fault.lab import Lab, Unavailable
from tests.fault.mix import Storm

MODULES = (cases_scheduler, cases_trials, cases_files, cases_training)


def main() -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="make fault", description="Break things for real and see that all holds.")
    parser.add_argument(
        "names", nargs="*", metavar="CASE", help="only these cases (see --list; 'mix' is the random mix)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the random mix and of all random moments")
    parser.add_argument("--rounds", type=int, default=200, help="faults of the random mix")
    parser.add_argument("--list", action="store_true", help="name the cases and leave")
    arguments = parser.parse_args()
    if arguments.list:
        for item in sorted(CASES.values(), key=lambda item: item.number):
            print(f"{item.number:3} {item.name:28} {item.title}")
        return 0
    unknown = [name for name in arguments.names if name not in CASES and name != "mix"]
    if unknown:
        parser.error(f"there is no case {unknown[0]!r}; --list names them")
    return run(arguments.names, arguments.seed, arguments.rounds)


def run(names: list[str], seed: int, rounds: int) -> int:
    """The cases of these names, all of them if there are none; the exit code."""
    chosen = (
        [CASES[name] for name in names if name in CASES] if names else sorted(CASES.values(), key=lambda c: c.number)
    )
    passed = failed = 0
    for item in chosen:
        good = attempt(f"{item.number:3} {item.name}", item.title, seed, item.body)
        passed, failed = passed + good, failed + (not good)
    if not names or "mix" in names:
        title = f"{rounds} faults in random order, seed {seed}"
        good = attempt("    mix", title, seed, lambda lab: Storm(lab, rounds).run())
        passed, failed = passed + good, failed + (not good)
    for name, reason in NOT_HERE.items() if not names else ():
        print(f"    {name}: not here: {reason}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def attempt(name: str, title: str, seed: int, body: Callable[[Lab], None]) -> bool:
    """Run one case in a workspace of its own, and say how it went."""
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="vbot-fault-", ignore_cleanup_errors=True) as folder:
        lab = Lab(Path(folder) / "workspace", seed)
        try:
            body(lab)
            verdict, words = "ok", ""
        except Unavailable as error:
            verdict, words = "cannot be injected here", str(error)
        except Exception:
            verdict, words = "FAILED", traceback.format_exc()
        finally:
            lab.close()
    print(f"{name}: {verdict} ({time.monotonic() - begin:.1f} s): {title}", flush=True)
    if words:
        print(words, flush=True)
    return verdict != "FAILED"


if __name__ == "__main__":
    sys.exit(main())
