"""`vbot bench cockpit`: how fast, how light and how robust the screen is; measured on the real program.

The measuring is done by `vbot_tui.bench`; here are only arguments, the training beside it, and words.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sessions.errors import UsageError, VbotError
from vbot_tui.cli.console import Console
from vbot_tui.cli.parser import Verbs, did_you_mean, positive_int
from vbot_tui.cli.tables import table

HELP = """\
Measure the cockpit: the real program in a terminal of its own, made-up runs, a slow line, a stalled one, a cut one,
damaged files, random keys. A real training of one thread runs beside it, as in use. Each timing is the median of the
rounds; costs are seconds of CPU. Takes about six minutes."""
ENV = "vbot_navigation_section001"
WARM_UP_S = 8.0
PEERS = ("wandb==0.31.0", "terminalboard==0.5.3", "plotext==5.3.2")  # terminalboard needs the older plotext


def add_verb(names: Verbs) -> None:
    """Enter `bench cockpit`."""
    parser = names.add("cockpit", "how fast, light and robust the screen is", cockpit, description=HELP)
    parser.add_argument("--only", metavar="NAME", action="append", default=[], help="only this figure (repeatable)")
    parser.add_argument("--rounds", type=positive_int, default=5, metavar="N", help="how often a timing is taken")
    parser.add_argument("--peers", action="store_true", help="instead: side by side with LEET and terminalboard")
    parser.add_argument("--long", action="store_true", help="leave the stalled line unread for 60 s instead of 10")
    parser.add_argument("--alone", action="store_true", help="no training beside it")


def cockpit(arguments: argparse.Namespace, console: Console) -> int:
    """Take the figures; exit 1 when one misses its target."""
    from vbot_tui.bench.figures import TARGETS, measure
    from vbot_tui.bench.stage import Stage

    if arguments.peers:
        return beside_peers(arguments, console)
    for name in arguments.only:
        if name not in TARGETS:
            raise UsageError(f"there is no figure '{name}'{did_you_mean(name, TARGETS)}")
    with (
        tempfile.TemporaryDirectory(prefix="vbot-bench-", ignore_cleanup_errors=True) as folder,
        training(Path(folder) / "beside", console, wanted=not arguments.alone),
    ):
        stage = Stage(Path(folder), arguments.rounds, console.tell, long=arguments.long)
        found = measure(stage, arguments.only)
    load = os.getloadavg()[0]
    console.tell(f"load of the machine at the end: {load:.2f}")
    result = {item.name: item.as_json() for item in found}
    console.show(result, text(result))
    return 0 if all(item.holds for item in found) else 1


def beside_peers(arguments: argparse.Namespace, console: Console) -> int:
    """Measure other terminal viewers on the same numbers; one that cannot be installed says why."""
    from vbot_rl.bench import peer_env
    from vbot_tui.bench.peers import compare
    from vbot_tui.bench.stage import Stage

    home, trouble = None, ""
    try:
        home = peer_env.python(
            say=console.tell, locked=PEERS, tried="import wandb, terminalboard, plotext._core", whole=False
        )
    except VbotError as error:
        trouble = str(error)
        console.tell(f"vbot: {trouble}")
    with tempfile.TemporaryDirectory(prefix="vbot-bench-", ignore_cleanup_errors=True) as folder:
        stage = Stage(Path(folder), arguments.rounds, console.tell)
        found = compare(stage, home.parent.parent if home is not None else None, trouble)
    sides = {side.name: side.as_json() for side in found}
    result = {
        "sides": sides,
        "versions": list(PEERS),
        "load_average": round(os.getloadavg()[0], 2),
    }
    console.show(result, peers_text(sides))
    return 0


def peers_text(sides: dict[str, Any]) -> str:
    """The comparison for a person."""
    keys = ("first_data_ms", "append_to_change_ms", "idle_cpu_pct", "memory_mb", "idle_bytes_per_s", "live_bytes_per_s")
    titles = ["VIEWER", "FIRST DATA ms", "APPEND TO CHANGE ms", "IDLE CPU %", "MEMORY MB", "IDLE B/S", "LIVE B/S"]
    rows = [[name, *(str(side.get(key, "-")) for key in keys)] for name, side in sides.items()]
    missing = [f"{name}: {side['trouble']}" for name, side in sides.items() if "trouble" in side]
    return "\n".join([table(titles, rows), *missing])


@contextmanager
def training(root: Path, console: Console, *, wanted: bool) -> Iterator[None]:
    """A real training of one thread in a workspace of its own, ended afterwards."""
    if not wanted:
        yield
        return
    root.mkdir(parents=True)
    words = [
        sys.executable,
        "-P",
        "-m",
        "vbot_tui.cli",
        "train",
        ENV,
        "--final",
        "--workspace",
        str(root),
        "--threads",
        "1",
    ]
    with (root / "train.out").open("wb") as out:
        beside = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
    console.tell("a training runs beside it")
    try:
        time.sleep(WARM_UP_S)
        yield
    finally:
        _end(beside, root)


def _end(beside: "subprocess.Popen[bytes]", root: Path) -> None:
    from sessions.workspace import Workspace

    for run in Workspace(root).run_dirs():
        status = run.status()
        if status is not None and status.pid is not None and run.is_alive():
            with suppress(ProcessLookupError):
                os.kill(status.pid, signal.SIGKILL)
    with suppress(ProcessLookupError):
        os.killpg(beside.pid, signal.SIGKILL)
    beside.wait(10)


def text(result: dict[str, Any]) -> str:
    """The figures for a person."""
    rows = [
        [name, f"{item['value']:g}", f"{item['target']:g}", "yes" if item["holds"] else "NO"]
        for name, item in result.items()
    ]
    return table(["FIGURE", "VALUE", "TARGET", "HOLDS"], rows)
