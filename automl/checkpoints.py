"""Which checkpoint a study starts from: of a run of the workspace, or of the package."""

from collections.abc import Mapping
from pathlib import Path

from sessions.errors import NotFoundError
from sessions.runs import RunDir, best_score
from sessions.workspace import Workspace

PRETRAINED = "pretrained:"


def checkpoint_of(workspace: Workspace, name: str, step: int | None = None) -> tuple[str, Path]:
    """The checkpoint to start from: id of the run, or pretrained:ENV, with the file.

    Without a step it is the best by score, else the newest.

    Raises:
        NotFoundError: there is no such run or checkpoint.
    """
    if name.startswith(PRETRAINED):
        from vbot_rl.source import pretrained_path

        return name, pretrained_path(name.removeprefix(PRETRAINED))
    run = workspace.run(name)
    known = dict(run.checkpoints())
    if not known:
        raise NotFoundError(f"{run.id} has no checkpoint to start from; name another run.")
    chosen = best_step(run, known) if step is None else step
    if chosen not in known:
        raise NotFoundError(f"{run.id} has no checkpoint at step {chosen:,}; it has {_listed(known)}.")
    return f"{run.id}@{chosen}", known[chosen]


def best_step(run: RunDir, checkpoints: Mapping[int, Path]) -> int:
    """The step of the best checkpoint by score; the newest one where none was judged."""
    best = best_score([item for item in run.evals() if item.step in checkpoints])
    return best.step if best is not None else max(checkpoints)


def _listed(steps: Mapping[int, Path]) -> str:
    return ", ".join(f"{step:,}" for step in sorted(steps))
