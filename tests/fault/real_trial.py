"""The real trial process with one thing gone wrong inside it, named by `VBOT_TEST_FAULT`.

`checkpoint:N` kills it between writing and renaming its N-th checkpoint; `nan:N` makes the physics of one robot of the
training world no number at its N-th step.
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import vbot_rl.checkpoint
from sessions import files
from vbot_rl import train_one


def main() -> int:
    """Break what is asked for, then train."""
    what, _, count = os.environ.get("VBOT_TEST_FAULT", "").partition(":")
    if what == "checkpoint":
        _die_at_checkpoint(int(count))
    elif what == "nan":
        _blow_up(int(count))
    return train_one.main()


def _die_at_checkpoint(count: int) -> None:
    save, replace, left = vbot_rl.checkpoint.save, os.replace, count

    def saving(*arguments: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            files.os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment]
        return save(*arguments)

    assert replace is files.os.replace
    vbot_rl.checkpoint.save = saving


def _blow_up(count: int) -> None:
    from vbot_sim.vector_task import VectorTask

    step: Callable[..., Any] = VectorTask.step
    done = 0

    def stepping(task: Any, actions: Any) -> Any:
        nonlocal done
        done += 1
        if done == count:
            state = task.state_dict()
            state["arrays"]["physics"][0, 1:] = float("nan")
            task.load_state_dict(state)
        return step(task, actions)

    VectorTask.step = stepping  # type: ignore[method-assign]


if __name__ == "__main__":
    sys.exit(main())
