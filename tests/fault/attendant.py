"""A scheduler process for a study of stand-in trials; told to, it kills itself around an event of the log.

`--die after:trial_started:2` ends it by SIGKILL right after the second such event is on disk, `before:` right before;
`after:launch:1` after the first process was started and before that was journalled.
"""

import argparse
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import automl.scheduler
from automl.clock import SystemClock
from automl.headless import leaving_on_signals
from automl.journal import Journal
from automl.local import LocalExecutor
from automl.scheduler import Scheduler
from automl.spec import StudySpec
from automl.state import Params, StudyState
from automl.suggest import suggest, trial_seed
from sessions.errors import VbotError
from sessions.files import utc_now
from sessions.workspace import Workspace
from vbot_sim.errors import SimError

STAND_IN = (str(Path(__file__).with_name("stand_in.py")),)


def drawn(spec: StudySpec, state: StudyState, number: int) -> Params:
    """A suggestion that needs no library: a pure function of the study's seed, the number and what was scored."""
    scores = sum(int((trial.score or 0.0) * 1e6) for trial in state.trials.values() if trial.is_final)
    draw = random.Random(trial_seed(spec.seed, number, f"fault-{scores}"))
    return {"ppo.learning_rate": round(draw.uniform(1e-4, 1e-3), 9)}


def arm(text: str) -> None:
    """Have this process die at a point of its life."""
    when, point, count = text.split(":")
    left = int(count)

    def counted(before: bool) -> None:
        nonlocal left
        if before == (when == "before"):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def around(function: Callable[..., Any], matches: Callable[..., bool]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **named: Any) -> Any:
            hit = matches(*arguments)
            if hit:
                counted(before=True)
            result = function(*arguments, **named)
            if hit:
                counted(before=False)
            return result

        return wrapped

    if point == "launch":
        LocalExecutor.start = around(LocalExecutor.start, lambda *_: True)  # type: ignore[method-assign]
    elif point == "ask":
        LocalExecutor.ask_to_stop = around(LocalExecutor.ask_to_stop, lambda *_: True)  # type: ignore[method-assign]
    else:
        Journal.append = around(Journal.append, lambda _, event: event["type"] == point)  # type: ignore[method-assign]


def main() -> int:
    """Schedule until the study has ended or a signal comes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--workspace", required=True)
    parser.add_argument("--study", required=True)
    parser.add_argument("--die", default="")
    parser.add_argument("--tpe", action="store_true")
    parser.add_argument("--real", action="store_true", help="real trainings instead of stand-ins")
    parser.add_argument("--code", help="what this code calls itself")
    parser.add_argument("--jump", action="store_true", help="the wall clock jumps with every look")
    arguments = parser.parse_args()
    if arguments.code:
        automl.scheduler.code_version = lambda: arguments.code
    if arguments.jump:
        jumps = random.Random(1)
        true_time = time.time
        time.time = lambda: true_time() + jumps.choice((86_400.0, -3_600.0, 0.0))
        SystemClock.utc = lambda self: utc_now(time.time)  # type: ignore[method-assign]
    if arguments.die:
        arm(arguments.die)
    try:
        workspace = Workspace.open(arguments.workspace)
        program = None if arguments.real else STAND_IN
        executor = LocalExecutor(workspace, machine_slots=2, nice=0, program=program)
        chooser = suggest if arguments.tpe else drawn
        scheduler = Scheduler(workspace, arguments.study, executor, pass_s=0.03, suggester=chooser)
        with leaving_on_signals() as leave:
            scheduler.start()
            while not leave.is_set() and not scheduler.wait_idle(0.05):
                pass
            scheduler.stop()
    except (VbotError, SimError) as error:
        print(f"vbot: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
