"""`vbot bench`: how fast this machine trains, beside other trainers and in seconds until the task is solved.

The measuring is done by `vbot_rl.bench`; here are only arguments and words. The cockpit's own is in `bench_cockpit`.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vbot_tui.cli import bench_audit, bench_brief, bench_cockpit, bench_flags, bench_log, bench_search
from vbot_tui.cli.console import Console
from vbot_tui.cli.parser import Verbs, did_you_mean, positive_int
from vbot_tui.cli.tables import number, table

FIRST_ENV = "vbot_navigation_section001"
PEERS = ("sb3", "rsl_rl", "skrl")
BUSY = 0.5  # load average per core above which figures are not worth much

TRAIN_HELP = """\
Measure training on the standard work (1024 simulations, 24 steps, 5 epochs, 4 minibatches, 256-128-64 ELU): ours, the
physics engine alone, and the peers named, each in its own process with its best settings, in interleaved rounds.
Peers get an environment of their own in the user's cache, built with pip on the first call."""
SOLVE_HELP = """\
Measure the time from the start of `vbot train ENV --final` to the writing of the first checkpoint that, judged
afterwards, passes 512 fixed competition cases: success at least 0.99, no fall. Evaluations are counted apart."""
PATHS_HELP = """\
Train the same seeds twice, with all that this processor has and as if it had no AVX-512, and compare what was learned:
`difference` in mean success over the run beside `seed_spread`, what seeds of one path differ by."""
START_HELP = """\
Start a training on one thread, wait until its status shows the first update, and read the most memory it ever held;
several times. The command's own start, imports and building the simulations are all in the time."""


def add_verbs(verbs: Verbs) -> None:
    """Enter `bench` with its benchmarks."""
    names = Verbs(verbs.add("bench", "how fast does this machine train?"), metavar="NAME")
    trainer = names.add("train", "training speed beside other trainers", train, description=TRAIN_HELP)
    trainer.add_argument("--peers", metavar="A,B", type=peer_names, default=(), help=f"of {','.join(PEERS)}")
    trainer.add_argument("--rounds", type=positive_int, default=5, metavar="N", help="how often each side is measured")
    trainer.add_argument(
        "--control", choices=("100hz", "default", "both"), default="both", help="control rate of the task"
    )
    trainer.add_argument("--threads", type=positive_int, metavar="N", help="of every side (default: one per core)")
    solver = names.add("solve", "seconds until the task is solved", solve, description=SOLVE_HELP)
    solver.add_argument("env", metavar="ENV", nargs="?", default=FIRST_ENV, help=f"environment (default: {FIRST_ENV})")
    solver.add_argument("--seeds", type=positive_int, default=5, metavar="N", help="runs, of seeds 1 to N")
    solver.add_argument("--threads", type=positive_int, metavar="N", help="of each run (default: one per core)")
    bench_search.add_name(names)
    starter = names.add("start", "seconds to the first update, and memory", start, description=START_HELP)
    starter.add_argument("env", metavar="ENV", nargs="?", default=FIRST_ENV, help=f"environment (default: {FIRST_ENV})")
    starter.add_argument("--rounds", type=positive_int, default=5, metavar="N", help="how often")
    starter.add_argument("--num-envs", type=positive_int, default=1024, metavar="N", help="simulations side by side")
    learner = names.add("paths", "does it learn as well without AVX-512?", paths, description=PATHS_HELP)
    learner.add_argument("env", metavar="ENV", nargs="?", default=FIRST_ENV, help=f"environment (default: {FIRST_ENV})")
    learner.add_argument("--seeds", type=positive_int, default=3, metavar="N", help="runs on each path")
    learner.add_argument("--steps", default="2M", metavar="N", help="length of each run in env steps (2M)")
    bench_cockpit.add_verb(names)
    bench_flags.add_verb(names)
    bench_audit.add_verb(names)
    bench_brief.add_verb(names)
    bench_log.add_verb(names)


def peer_names(text: str) -> tuple[str, ...]:
    """Names of peers, separated by commas."""
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    for name in names:
        if name not in PEERS:
            raise argparse.ArgumentTypeError(f"there is no peer '{name}'{did_you_mean(name, PEERS)}")
    return names


def train(arguments: argparse.Namespace, console: Console) -> int:
    """Compare training speeds."""
    from automl.local import usable_cores
    from vbot_rl.bench.compare import compare, workloads
    from vbot_rl.bench.sides import Sides
    from vbot_rl.bench.workload import CONTROLS

    threads = arguments.threads or usable_cores()
    controls = [control for control in CONTROLS if arguments.control in (control, "both")]
    warn_if_busy(console, threads)
    python = None
    if arguments.peers:
        from vbot_rl.bench import peer_env

        python = peer_env.python(say=console.tell)
    result = compare(
        workloads(threads, controls), arguments.peers, arguments.rounds, Sides(python), load_average, console.tell
    )
    console.show(result, train_text(result))
    return 0


def solve(arguments: argparse.Namespace, console: Console) -> int:
    """Measure the time to a solution."""
    from automl.local import usable_cores
    from vbot_rl.launch import choose_libraries

    choose_libraries()
    from vbot_rl.bench.solve import Criterion, solve_seed, summary
    from vbot_sim.config import task_cfg

    task_cfg(arguments.env)  # an unknown name is said before anything is started
    threads = arguments.threads or usable_cores()
    warn_if_busy(console, threads)
    loads, solutions = [load_average()], []
    command = [sys.executable, "-P", "-m", "vbot_tui.cli"]
    with chosen_root(arguments.workspace) as root:
        for seed in range(1, arguments.seeds + 1):
            found = solve_seed(command, root, arguments.env, seed, threads, Criterion(), say=console.tell)
            told = "not solved" if found.wall_s is None else f"solved in {found.wall_s:.1f} s"
            console.tell(f"seed {seed}: {told}")
            solutions.append(found)
            loads.append(load_average())
    facts = {"env": arguments.env, "threads": threads, "load_average": [round(value, 2) for value in loads]}
    result = summary(solutions, Criterion(), facts)
    console.show(result, solve_text(result))
    return 0 if result["solved"] == len(solutions) else 1


def start(arguments: argparse.Namespace, console: Console) -> int:
    """Measure the start of a trial."""
    from vbot_rl.bench.start import measure, summary
    from vbot_sim.config import task_cfg

    task_cfg(arguments.env)  # an unknown name is said before anything is started
    warn_if_busy(console, 1)
    starts = []
    for _ in range(arguments.rounds):
        starts.append(measure([sys.executable, "-P", "-m", "vbot_tui.cli"], arguments.env, arguments.num_envs))
        console.tell(f"first update after {starts[-1].first_update_s:.2f} s, at most {starts[-1].peak_mb:.0f} MB")
    facts = {"env": arguments.env, "num_envs": arguments.num_envs, "load_average": round(load_average(), 2)}
    result = summary(starts, facts)
    told = f"median: first update after {result['first_update_s']:.2f} s, at most {result['peak_mb']:.0f} MB"
    console.show(result, told)
    return 0


def paths(arguments: argparse.Namespace, console: Console) -> int:
    """Compare what is learned on each path of the numeric libraries."""
    from vbot_rl.bench.paths import learn_on_all, summary
    from vbot_sim.config import task_cfg

    task_cfg(arguments.env)  # an unknown name is said before anything is started
    command = [sys.executable, "-P", "-m", "vbot_tui.cli"]
    with chosen_root(arguments.workspace) as root:
        found = learn_on_all(
            command, root, arguments.env, arguments.seeds, ["--steps", arguments.steps], say=console.tell
        )
    result = summary(found, {"env": arguments.env, "steps": arguments.steps})
    console.show(result, paths_text(result))
    return 1 if result["same"] is False else 0


@contextmanager
def chosen_root(workspace: str | None) -> Iterator[Path]:
    """The workspace that was named, which keeps the runs; else one that is gone afterwards."""
    if workspace is not None:
        yield Path(workspace)
        return
    with tempfile.TemporaryDirectory(prefix="vbot-bench-") as folder:
        yield Path(folder)


def load_average() -> float:
    """Load of the last minute."""
    return os.getloadavg()[0]


def warn_if_busy(console: Console, threads: int) -> None:
    """Say so when other work would disturb the figures."""
    if load_average() > BUSY * threads:
        console.tell(f"vbot: the machine is busy (load {load_average():.1f}); figures taken now are worth little.")


def train_text(result: dict[str, Any]) -> str:
    """The comparison for a person."""
    parts = []
    for name, report in result["controls"].items():
        rows = [["vbot", number(report["steps_per_s"]), "-", "-", f"{report['rss_mb']:.0f} MB", "as shipped"]]
        for peer, found in report["peers"].items():
            quartiles = f"{found['spread']['low']:.2f} to {found['spread']['high']:.2f}"
            rows.append(
                [
                    peer,
                    number(found["steps_per_s"]),
                    f"{found['ratio']:.2f}",
                    quartiles,
                    f"{found['rss_mb']:.0f} MB",
                    found["setting"],
                ]
            )
        parts += [
            f"{name}: {report['control_hz']:g} Hz control, {result['threads']} threads, {result['rounds']} rounds",
            table(["SIDE", "STEPS/S", "VBOT IS", "QUARTILES", "MEMORY", "SETTINGS"], rows),
            f"physics alone: {report['physics_steps_per_s']:,.0f} physics steps/s; training uses"
            f" {report['physics_share']:.0%} of that",
            "",
        ]
    return "\n".join([*parts, f"load of the machine: {', '.join(map(str, result['load_average']))}"])


def solve_text(result: dict[str, Any]) -> str:
    """The times for a person."""
    rows = [
        [
            str(item["seed"]),
            "-" if item["wall_s"] is None else f"{item['wall_s']:.1f} s",
            "-" if item["eval_s"] is None else f"{item['eval_s']:.1f} s",
            number(item["env_steps"]),
            "-" if item["success"] is None else f"{item['success']:.3f}",
            f"{item['run_s']:.1f} s",
        ]
        for item in result["seeds"]
    ]
    median = "-" if result["wall_s"] is None else f"{result['wall_s']:.1f} s"
    return "\n".join(
        [
            f"{result['env']}: {result['solved']} of {len(rows)} seeds solved, median {median}",
            table(["SEED", "SOLVED IN", "EVALUATIONS", "STEPS", "SUCCESS", "WHOLE RUN"], rows),
        ]
    )


def paths_text(result: dict[str, Any]) -> str:
    """The comparison of paths for a person."""
    rows = [
        [name, f"{path['mean_success']:.3f}", f"{path['final_success']:.3f}", number(path["steps_per_s"])]
        for name, path in result["paths"].items()
    ]
    spread = "one seed: no spread" if result["seed_spread"] is None else f"seeds differ by {result['seed_spread']:.3f}"
    return "\n".join(
        [
            table(["PATH", "MEAN SUCCESS", "FINAL SUCCESS", "STEPS/S"], rows),
            f"difference in mean success {result['difference']:+.3f}; {spread} (standard deviation)",
        ]
    )
