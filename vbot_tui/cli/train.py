"""`vbot train`: one run, in a process of its own, exactly as a trial of a study runs.

This process only prepares the run, watches it and reports; it may end at any moment without harming the training.
"""

import argparse
import shlex
import signal
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sessions.errors import UsageError
from vbot_tui.cli.console import Console
from vbot_tui.cli.hand_set import base_of_file, guard
from vbot_tui.cli.parser import Verbs, did_you_mean, positive_int, seed_int

if TYPE_CHECKING:
    from automl.lineage import Source
    from sessions.runs import RunDir, RunStatus
    from sessions.workspace import Workspace
    from vbot_rl.config import Resolved
    from vbot_rl.launch import Launched, WarmStart

POLL_S = 0.2
DEFAULT_PARTS = "weights,normalizer"

DESCRIPTION = """\
Train one policy on ENV and print what came of it. Ctrl-C stops it with a checkpoint; a second one kills it.
The defaults of the flat task are those that were found best; for courses see 'vbot automl run courses'. --set changes
one of them, e.g. --set ppo.learning_rate=5e-4."""


def add_verbs(verbs: Verbs) -> None:
    """Enter `train`."""
    parser = verbs.add("train", "train one policy", train, description=DESCRIPTION)
    parser.add_argument("env", metavar="ENV", nargs="?", help="environment, e.g. vbot_navigation_section001")
    length = parser.add_mutually_exclusive_group()
    length.add_argument(
        "--smoke", action="store_true", help="a short run (at most 500k steps) to see that everything works"
    )
    length.add_argument(
        "--final",
        action="store_true",
        help="in full length, recorded as a final run; judged in its last 15 %% only",
    )
    parser.add_argument("--preset", metavar="NAME", help="named scales and settings of ENV (default: 'default')")
    parser.add_argument(
        "--from", metavar="SOURCE", dest="source", help="settings that were found: STUDY, STUDY:TRIAL or library:NAME"
    )
    parser.add_argument("--config", metavar="FILE", help="start from a run's config.yaml instead of a preset")
    parser.add_argument("--set", metavar="A.B=C", action="append", default=[], dest="sets", help="override one setting")
    parser.add_argument("--seed", type=seed_int, help="same seed, same run")
    parser.add_argument("--num-envs", type=positive_int, metavar="N", help="simulations side by side")
    parser.add_argument("--threads", type=positive_int, metavar="N", help="threads of this run (all usable cores)")
    parser.add_argument(
        "--steps", type=positive_int, metavar="N", help="length in env steps; 500k and 2M are understood"
    )
    parser.add_argument("--device", help="where the learner computes")
    parser.add_argument(
        "--warm-start",
        metavar="RUN",
        help="start from what another run (RUN or RUN@STEP) or pretrained:ENV has learned",
    )
    parser.add_argument("--load", metavar="PARTS", help="some of weights,normalizer,optimizer,schedule")
    parser.add_argument("--resume", metavar="RUN", help="go on with a run from its newest checkpoint")
    parser.add_argument("--render", action="store_true", help="at the end, write a film of the best checkpoint")
    parser.add_argument(
        "--anyway", action="store_true", help="train long with hand-set rewards outside a study, and mark the run"
    )


def train(arguments: argparse.Namespace, console: Console) -> int:
    """Prepare the run, start it, watch it, report it."""
    from sessions.workspace import Workspace
    from vbot_rl.launch import require_device

    if arguments.resume is None:
        resolved, base = resolve_with_base(arguments)
        by_hand = guard(resolved, base, arguments.anyway)
        require_device(resolved.cfg.train.device)
        workspace = Workspace.open(arguments.workspace)
        run = new_run(workspace, resolved, arguments, by_hand)
    else:
        workspace = Workspace.open(arguments.workspace, create=False)
        run = run_to_resume(workspace, arguments)
    return launch_and_watch(workspace, run, console, arguments.render)


def resolve(arguments: argparse.Namespace) -> "Resolved":
    """The config that the arguments ask for."""
    return resolve_with_base(arguments)[0]


def resolve_with_base(arguments: argparse.Namespace) -> "tuple[Resolved, Resolved]":
    """The config that the arguments ask for, and what it is based on: a preset, a file or what a study found."""
    from pathlib import Path

    from automl.local import usable_cores
    from vbot_rl.config import FINAL_JUDGE_FROM, load_yaml, override, run_cfg

    sets = {**assignments(arguments.sets), **given_settings(arguments)}
    if arguments.final:
        sets.setdefault("train.judge_from", FINAL_JUDGE_FROM)
    if arguments.config is None:
        sets.setdefault("train.threads", usable_cores())  # a single run has the machine; trials get a thread each
        if arguments.source is not None:
            base = found_settings(arguments)
            return override(base, sets), base
        if arguments.env is None:
            raise UsageError("name the environment to train on, e.g. vbot train vbot_navigation_section001 --smoke.")
        preset = arguments.preset or "default"
        return run_cfg(arguments.env, preset, smoke=arguments.smoke, sets=sets), run_cfg(arguments.env, preset)
    if arguments.preset is not None or arguments.smoke or arguments.source is not None:
        raise UsageError("--config holds every setting, its preset included; leave --preset, --from and --smoke away.")
    path = Path(arguments.config)
    loaded = load_yaml(path)
    if arguments.env not in (None, loaded.cfg.env):
        raise UsageError(f"{arguments.config} is for {loaded.cfg.env}, not for {arguments.env}; leave ENV away.")
    return override(loaded, sets), base_of_file(path, loaded)


def found_settings(arguments: argparse.Namespace) -> "Resolved":
    """What a study or the library found.

    Raises:
        UsageError: the arguments say otherwise.
        NotFoundError: there is no such study, trial or entry.
    """
    source = find_source(arguments)
    if arguments.preset is not None or arguments.smoke:
        raise UsageError("--from names settings with their preset; leave --preset and --smoke away.")
    if arguments.env not in (None, source.env):
        raise UsageError(f"{source.name} was tried on {source.env}, not on {arguments.env}; leave ENV away.")
    return source.resolved()


def find_source(arguments: argparse.Namespace) -> "Source":
    """The settings that --from names."""
    from automl.lineage import find
    from sessions.workspace import Workspace

    return find(Workspace.open(arguments.workspace, create=False), arguments.source)


def given_settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """The settings that have an option of their own, by their path."""
    named = {
        "train.seed": arguments.seed,
        "train.num_envs": arguments.num_envs,
        "train.threads": arguments.threads,
        "train.total_env_steps": arguments.steps,
        "train.device": arguments.device,
    }
    return {path: value for path, value in named.items() if value is not None}


def assignments(texts: list[str]) -> dict[str, Any]:
    """The settings given as `--set a.b=c`."""
    from vbot_sim.settings import parse_assignment

    return dict(parse_assignment(text) for text in texts)


def new_run(workspace: "Workspace", resolved: "Resolved", arguments: argparse.Namespace, by_hand: str = "") -> "RunDir":
    """Make the run's directory; what was set by hand for a long training is marked in its record."""
    from vbot_rl.launch import create_run

    kind = "smoke" if arguments.smoke else "final" if arguments.final else "train"
    parent, start = warm_start(workspace, arguments)
    if parent is None and arguments.source is not None:
        parent = find_source(arguments).run
    return create_run(
        workspace,
        resolved,
        kind=kind,
        label=kind,
        parent=parent,
        command="vbot " + shlex.join(sys.argv[1:]),
        warm_start=start,
        hand_set=by_hand,
    )


def warm_start(workspace: "Workspace", arguments: argparse.Namespace) -> "tuple[str | None, WarmStart | None]":
    """The run to start from and what to take of it, if anything."""
    from typing import get_args

    from vbot_rl.config import WarmPart
    from vbot_rl.launch import WarmStart
    from vbot_tui.cli.select import select

    if arguments.warm_start is None:
        if arguments.load is not None:
            raise UsageError("--load says what to take from the run named with --warm-start; name one.")
        return None, None
    parts = tuple(part.strip() for part in (arguments.load or DEFAULT_PARTS).split(","))
    for part in parts:
        if part not in get_args(WarmPart):
            raise UsageError(f"--load: there is no part '{part}'{did_you_mean(part, get_args(WarmPart))}")
    chosen = select(workspace, arguments.warm_start)
    if chosen.run is None and set(parts) - set(DEFAULT_PARTS.split(",")):
        raise UsageError(f"{chosen.name} holds {DEFAULT_PARTS} only; leave the other parts of --load away.")
    return chosen.name, WarmStart(chosen.checkpoint, parts)


def run_to_resume(workspace: "Workspace", arguments: argparse.Namespace) -> "RunDir":
    """The run to go on with; everything that would change it is refused."""
    from sessions.locks import describe_holder
    from sessions.runs import settle
    from vbot_rl.config import load_yaml
    from vbot_rl.launch import require_device

    changed = [arguments.env, arguments.preset, arguments.config, arguments.source]
    changed += [arguments.warm_start, arguments.load]
    changed += [*arguments.sets, *given_settings(arguments)]
    if any(item is not None for item in changed) or arguments.smoke or arguments.final:
        raise UsageError("--resume goes on with the run as it was configured; give no other setting with it.")
    run = workspace.run(arguments.resume)
    if run.is_alive():
        raise UsageError(f"{run.id} is running already, held by {describe_holder(run.lock_path)}.")
    status = settle(run)
    if status is not None and status.state == "finished":
        raise UsageError(
            f"{run.id} is finished ({status.env_steps:,} steps); start another run with --warm-start or a longer one."
        )
    require_device(load_yaml(run.config_path).cfg.train.device)
    run.clear_stop_request()
    return run


def launch_and_watch(workspace: "Workspace", run: "RunDir", console: Console, render: bool = False) -> int:
    """Start the run's process, show how far it is, and report how it ended."""
    from automl.local import usable_cores
    from automl.memory.keeper import remember
    from vbot_rl.launch import launch

    before = run.status()
    steps_before = before.env_steps if before else 0
    slot = workspace.take_slot(usable_cores())
    if slot is None:
        console.tell("vbot: every training slot of this machine is taken; this run shares the cores with them.")
    started = time.monotonic()
    with Interrupts() as asked:
        launched = launch(run, slot, nice=0)
        console.progress(f"{run.id}: starting")
        watch(run, launched, console, asked)
    wall_s = time.monotonic() - started
    result = describe(run, steps_before, wall_s)
    remember(workspace, run)
    if render and run.checkpoints():
        from vbot_tui.cli.render import film_of_run

        film = film_of_run(str(workspace.root), run.id, console)
        result |= {"film": film["file"], "sheet": film["sheet"]}
    console.show(result, as_text(result))
    return 0 if result["state"] in ("finished", "stopped") else 1


def watch(run: "RunDir", launched: "Launched", console: Console, asked: "Interrupts") -> None:
    """Wait for the process; the first Ctrl-C or SIGTERM asks it to stop, the second kills it."""
    import subprocess

    obeyed = 0
    while True:
        with suppress(subprocess.TimeoutExpired):
            launched.popen.wait(timeout=POLL_S)
            return
        if asked.count == obeyed:
            status = run.status()
            if status is not None:
                console.progress(progress_line(run, status))
            continue
        obeyed += 1
        if obeyed == 1:
            run.request_stop("vbot train", "interrupted")
            launched.popen.terminate()
            console.tell("stopping with a checkpoint (once more: kill)")
        else:
            run.request_stop("vbot train", "interrupted twice", action="kill")
            launched.popen.kill()


class Interrupts:
    """Counts Ctrl-C and SIGTERM while it is entered, instead of letting them fall on whatever line is running.

    SIGTERM counts too, so that `timeout` and service managers stop the run as a person would.
    """

    def __init__(self) -> None:
        self.count = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "Interrupts":
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._take)
        return self

    def __exit__(self, *exc: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _take(self, number: int, frame: object) -> None:
        self.count += 1


def progress_line(run: "RunDir", status: "RunStatus") -> str:
    """How far the run is, in one line."""
    words = [f"{run.id}: {status.phase or status.state}"]
    if status.total_env_steps:
        words.append(f"{status.env_steps / status.total_env_steps:4.0%} of {status.total_env_steps:,} steps")
    if status.steps_per_s:
        words.append(f"{status.steps_per_s:,.0f} steps/s")
    if status.eta_s is not None:
        words.append(f"{status.eta_s:.0f} s left")
    if status.success is not None:
        words.append(f"success {status.success:.0%}")
    return "  ".join(words)


def describe(run: "RunDir", steps_before: int, wall_s: float) -> dict[str, Any]:
    """What came of the run, from its own record."""
    from sessions.runs import settle

    status = settle(run)
    steps = status.env_steps if status else 0
    return {
        "run": run.id,
        "dir": str(run.path),
        "state": status.state if status else "failed",
        "end_reason": status.end_reason if status else "crashed",
        "end_detail": status.end_detail if status else "the process ended before it said anything",
        "hand_set": run.record().hand_set,
        "env_steps": steps,
        "wall_s": round(wall_s, 3),
        "steps_per_s": round((steps - steps_before) / wall_s, 1),
        "score": status.score if status else None,
        "success": status.success if status else None,
    }


def as_text(result: dict[str, Any]) -> str:
    """The report for a person."""
    lines = [f"{result['run']}: {result['state']} ({result['end_reason']}{detail(result['end_detail'])})"]
    lines.append(
        f"  {result['env_steps']:,} steps in {result['wall_s']:.1f} s"
        f" ({result['steps_per_s']:,.0f} steps/s, all included)"
    )
    if result["score"] is not None:
        lines.append(
            f"  score {result['score']:.3f}, success {result['success']:.1%} (best checkpoint, competition protocol)"
        )
    if result["hand_set"]:
        lines.append(f"  marked as set by hand: {result['hand_set']}")
    if "film" in result:
        lines.append(f"  film {result['film']}")
    return "\n".join([*lines, f"  {result['dir']}"])


def detail(text: str | None) -> str:
    """The sentence behind an end reason, if there is one."""
    return f": {text}" if text else ""
