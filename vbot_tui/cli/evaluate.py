"""`vbot eval`: how good is a policy, judged by fixed episodes under a named protocol."""

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sessions.errors import UsageError
from vbot_tui.cli.console import Console
from vbot_tui.cli.parser import Verbs, positive_int, seed_int
from vbot_tui.cli.select import POLICY_HELP, Selected, find, split
from vbot_tui.cli.tables import number, percent, table

if TYPE_CHECKING:
    from vbot_rl.evaluate import EvalResult

PROTOCOLS = ("competition", "strict", "training")
SHOWN_STRETCHES = 5
EVERY_S = 3.0

DESCRIPTION = """\
Judge a policy: deterministic actions, frozen normaliser, one episode per case. Without --episodes and --seed these are
the canonical cases, the only ones that rank. The result is kept with the run."""


def add_verbs(verbs: Verbs) -> None:
    """Enter `eval`."""
    parser = verbs.add("eval", "how good is a policy? judged by fixed episodes", evaluate, description=DESCRIPTION)
    parser.add_argument("run_name", metavar="RUN", help=POLICY_HELP)
    parser.add_argument("--protocol", choices=PROTOCOLS, default="competition", help="the rules (default: competition)")
    parser.add_argument(
        "--episodes", type=positive_int, metavar="N", help="so many cases instead of the canonical ones"
    )
    parser.add_argument("--seed", type=seed_int, metavar="S", help="other cases than the canonical ones")
    parser.add_argument("--all-checkpoints", action="store_true", help="judge every checkpoint of RUN, best first")
    parser.add_argument(
        "--threads", type=positive_int, metavar="N", help="threads of the physics (default: one per core)"
    )


def evaluate(arguments: argparse.Namespace, console: Console) -> int:
    """Judge one checkpoint, or all of a run."""
    from automl.local import usable_cores
    from vbot_rl.launch import choose_libraries

    choose_libraries()  # before numpy is loaded
    chosen = find(arguments.workspace, arguments.run_name)
    threads = arguments.threads or usable_cores()
    results = list(judge(chosen, checkpoints(chosen, arguments), arguments, threads, console))
    results.sort(key=lambda result: (-result.score, result.step))
    answer = as_object(chosen, results[0])
    if arguments.all_checkpoints:
        answer["checkpoints"] = [as_object(chosen, result) for result in results]
    console.show(answer, as_text(chosen, results))
    return 0


def checkpoints(chosen: Selected, arguments: argparse.Namespace) -> list[int]:
    """The steps to judge."""
    if not arguments.all_checkpoints:
        return [chosen.step]
    if chosen.run is None or split(arguments.run_name)[1] is not None:
        raise UsageError("--all-checkpoints judges every step of a run; name the run without @STEP.")
    return [step for step, _ in chosen.run.checkpoints()]


def judge(
    chosen: Selected, steps: Sequence[int], arguments: argparse.Namespace, threads: int, console: Console
) -> "Iterator[EvalResult]":
    """Judge the checkpoints one after the other; each result is on disk before the next begins.

    A policy of the package has no run to keep results with: its result is only shown.
    """
    from vbot_rl.evaluate import evaluate as judge_policy
    from vbot_rl.evaluate import evaluate_run

    how = (arguments.protocol, arguments.episodes, arguments.seed, threads)
    for count, step in enumerate(steps, 1):
        name = chosen.name if chosen.run is None else f"{chosen.run.id}@{step}"
        place = f" ({count} of {len(steps)})" if len(steps) > 1 else ""
        told = Progress(f"{name}: {arguments.protocol}{place}", console)
        if chosen.run is not None:
            yield evaluate_run(chosen.run, how[0], step, *how[1:], told=told)
            continue
        trained = chosen.load()
        result = judge_policy(trained.policy(), trained.cfg.task, *how, trained.cfg.env, step, told=told)
        assert result is not None, "nobody asked to abandon it"
        yield result


class Progress:
    """Shows how many episodes are over, every few seconds."""

    def __init__(self, about: str, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._about, self._console, self._clock = about, console, clock
        self._at = clock()
        console.progress(about)

    def __call__(self, over: int, episodes: int) -> None:
        """Take the state after one control step."""
        if self._clock() - self._at < EVERY_S:
            return
        self._at = self._clock()
        self._console.progress(f"{self._about}, {over} of {episodes} episodes over")


def as_object(chosen: Selected, result: "EvalResult") -> dict[str, Any]:
    """The result as JSON; the episodes one by one are in the file."""
    from vbot_rl.evaluate import without_episodes

    run = chosen.run
    file = None if run is None else str(run.eval_dir / result.file_name)
    return {"run": chosen.name if run is None else run.id, "file": file, **without_episodes(result)}


def as_text(chosen: Selected, results: "Sequence[EvalResult]") -> str:
    """The result for a person: a line per checkpoint, and how the episodes of the best one ended."""
    best = results[0]
    cases = "canonical cases" if best.canonical else f"cases of seed {best.seed}"
    rows = [
        [
            number(r.step),
            f"{r.score:.3f}",
            f"{percent(r.success)} ({percent(r.success_low)} to {percent(r.success_high)})",
            percent(r.fell),
            f"{r.points_mean:.2f} of {r.points_max:g}",
            "-" if r.t_success_s is None else f"{r.t_success_s:.2f} s",
        ]
        for r in results
    ]
    causes = ", ".join(f"{cause} {percent(share)}" for cause, share in best.causes.items())
    return "\n".join(
        [
            f"{chosen.name if chosen.run is None else chosen.run.id}: {best.protocol_id}, {best.n} {cases}",
            table(["STEP", "SCORE", "SUCCESS (95 %)", "FELL", "POINTS", "TIME"], rows),
            f"how the episodes of {best.step:,} ended: {causes}",
            *where(best),
        ]
    )


def where(result: "EvalResult") -> list[str]:
    """On a course: the metres along it in which episodes without success ended, most first."""
    worst = sorted(result.where, key=lambda stretch: -(stretch.fell + stretch.stuck))[:SHOWN_STRETCHES]
    if not worst:
        return []
    shown = [f"{s.y_m:g}-{s.y_m + 1:g} m ({s.fell} fell, {s.stuck} stuck)" for s in worst]
    return ["where those without success ended, along y: " + ", ".join(shown)]
