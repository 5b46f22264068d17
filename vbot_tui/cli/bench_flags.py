"""`vbot bench flags`: how often are flags right? The gallery's recorded runs, or new ones."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vbot_tui.cli.console import Console
from vbot_tui.cli.parser import Verbs, did_you_mean, positive_int
from vbot_tui.cli.tables import table

if TYPE_CHECKING:
    from automl.recordings import Recording

RECORDINGS = Path("tests/automl/assets")
FRESH_SEED = 101
HELP = """\
Judge recorded runs of the gallery after every update, as the cockpit does, and compare with the flags that each config
declared before it was trained. The recordings come with the source tree; --fresh trains new runs instead: the ten
configs whose reward is cheated and ten healthy ones, about twenty minutes on two cores. With --workspace it goes on
where it was left."""


def add_verb(names: Verbs) -> None:
    """Enter `flags` among the benchmarks."""
    parser = names.add("flags", "how often are flags right?", flags, description=HELP)
    parser.add_argument("--part", choices=("report", "tuning", "all"), default="report", help="which recordings")
    parser.add_argument("--recordings", metavar="DIR", type=Path, help="where they are (default: of the source tree)")
    parser.add_argument("--fresh", action="store_true", help="train twenty of them anew, with a seed of its own")
    parser.add_argument("--only", metavar="A,B", type=exhibits, default=(), help="only these configs of the gallery")
    parser.add_argument("--seed", type=positive_int, default=FRESH_SEED, metavar="N", help="of the fresh runs")
    parser.add_argument("--at-once", type=positive_int, default=2, metavar="N", help="fresh runs side by side")


def exhibits(text: str) -> tuple[str, ...]:
    """Names of the gallery, separated by commas."""
    from automl.exploits import names

    known = names()
    chosen = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    for name in chosen:
        if name not in known:
            raise argparse.ArgumentTypeError(f"the gallery has no '{name}'{did_you_mean(name, known)}")
    return chosen


def flags(arguments: argparse.Namespace, console: Console) -> int:
    """Measure recall, precision, confusion and delay."""
    from automl.flagbench import measure

    recordings = fresh(arguments, console) if arguments.fresh else recorded(arguments)
    result = measure(recordings)
    console.show(result, as_text(result))
    return 0


def recorded(arguments: argparse.Namespace) -> "list[Recording]":
    """The recordings that were asked for."""
    from automl.recordings import load_all
    from sessions.errors import NotFoundError

    folder = arguments.recordings or Path(__file__).parents[2] / RECORDINGS
    found = load_all(folder, None if arguments.part == "all" else arguments.part)
    found = [item for item in found if not arguments.only or item.exhibit in arguments.only]
    if not found:
        raise NotFoundError(
            f"{folder} has no recorded run of that kind; recordings come with the source tree: name another folder with"
            " --recordings, or train new ones with --fresh"
        )
    return found


def fresh(arguments: argparse.Namespace, console: Console) -> "list[Recording]":
    """Train exhibits anew, some side by side, and record them; those that a named workspace has already are kept."""
    from concurrent.futures import ThreadPoolExecutor

    from automl import exploits
    from automl.recordings import load, path_of, save
    from sessions.workspace import Workspace
    from vbot_tui.cli.bench import chosen_root

    with chosen_root(arguments.workspace) as root:
        workspace = Workspace.open(str(root))

        def train(name: str) -> "Recording":
            known = path_of(root / "recordings", name, arguments.seed)
            if known.is_file():
                return load(known)
            run, code = exploits.train(workspace, name, arguments.seed)
            console.tell(f"{name}: {run.id} ended with {code}")
            return load(save(run, root / "recordings", name, arguments.seed, "report"))

        with ThreadPoolExecutor(arguments.at_once) as pool:
            return list(pool.map(train, arguments.only or (*exploits.CHEATED, *exploits.SOUND)))


def as_text(result: dict[str, Any]) -> str:
    """The figures for a person."""
    rows = [
        [
            name,
            str(row["runs"]),
            ", ".join(f"{flag} {count}" for flag, count in row.items() if flag != "runs") or "-",
        ]
        for name, row in result["confusion"].items()
    ]
    lines = [
        f"{result['runs']} runs, {result['healthy']} of them healthy, {len(result['modes'])} modes",
        f"recall {_number(result['recall'])} (still up at the end: {_number(result['recall_at_end'])}), "
        f"precision {_number(result['precision'])}, median delay {_number(result['delay'])} of the run",
        table(["CONFIG", "RUNS", "RAISED"], rows),
    ]
    return "\n".join([*lines, *_cases("missed", result["missed"]), *_cases("false", result["false"])])


def _cases(word: str, cases: Sequence[dict[str, Any]]) -> list[str]:
    return [f"{word}: {case['exhibit']} seed {case['seed']}: {', '.join(case['flags'])}" for case in cases]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
