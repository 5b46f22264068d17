"""What a person calls a run: RUN, RUN@STEP, and which checkpoint is meant by it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sessions.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from sessions.runs import RunDir
    from sessions.workspace import Workspace


@dataclass(frozen=True)
class Selected:
    """One checkpoint of one run."""

    run: "RunDir"
    step: int
    checkpoint: Path


def split(text: str) -> tuple[str, int | None]:
    """The run's name and the step after the `@`, if there is one."""
    name, at, step = text.rpartition("@")
    if not at:
        return text, None
    digits = step.replace(",", "").replace("_", "")
    if not name or not digits.isdigit():
        raise UsageError(f"'{text}' names no checkpoint: write RUN@STEP with a whole number of env steps.")
    return name, int(digits)


def select(workspace: "Workspace", text: str) -> Selected:
    """The checkpoint that RUN[@STEP] means: the step named, else the best by score, else the newest.

    Raises:
        NotFoundError: no such run, no such step, or a run without checkpoints.
    """
    name, step = split(text)
    run = workspace.run(name)
    checkpoints = dict(run.checkpoints())
    if not checkpoints:
        raise NotFoundError(f"{run.id} has no checkpoint yet; wait for its first one or name another run.")
    if step is None:
        step = best_step(run, checkpoints)
    if step not in checkpoints:
        near = min(checkpoints, key=lambda have: abs(have - step))
        raise NotFoundError(f"{run.id} has no checkpoint at step {step:,}; the nearest one is {run.id}@{near}.")
    return Selected(run, step, checkpoints[step])


def best_step(run: "RunDir", checkpoints: dict[int, Path]) -> int:
    """The step of the best checkpoint by score; the newest one where none was judged."""
    from sessions.runs import best_score

    best = best_score([item for item in run.evals() if item.step in checkpoints])
    return best.step if best is not None else max(checkpoints)
