"""What a person calls a policy: RUN, RUN@STEP or pretrained:ENV, and which checkpoint is meant by it."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from automl.checkpoints import best_step
from sessions.errors import NotFoundError, UsageError
from vbot_tui.cli.console import Console

if TYPE_CHECKING:
    from sessions.runs import RunDir
    from sessions.workspace import Workspace
    from vbot_rl.source import Trained

PRETRAINED = "pretrained:"
POLICY_HELP = "RUN, RUN@STEP (without a step: the best checkpoint by score) or pretrained:ENV"


@dataclass(frozen=True)
class Selected:
    """One checkpoint: of a run, or of the package (then there is no run)."""

    name: str
    step: int
    checkpoint: Path
    run: "RunDir | None"

    def load(self) -> "Trained":
        """Read the policy and its config."""
        from vbot_rl import source

        if self.run is None:
            return source.from_file(self.checkpoint, self.name)
        return source.from_run(self.run, self.step)


def look_into(arguments: argparse.Namespace, console: Console) -> "Workspace":
    """The workspace of a verb that lists what is there; one that does not exist yet is empty, and that is said.

    Raises:
        WorkspaceError: it is no directory.
    """
    from sessions.workspace import Workspace

    workspace = Workspace.open(arguments.workspace, create=False)
    if not workspace.root.exists():
        console.tell(f"vbot: the workspace {workspace.root} does not exist yet; check --workspace or $VBOT_WORKSPACE.")
    return workspace


def split(text: str) -> tuple[str, int | None]:
    """The run's name and the step after the `@`, if there is one."""
    name, at, step = text.rpartition("@")
    if not at:
        return text, None
    digits = step.replace(",", "").replace("_", "")
    if not name or not digits.isdigit():
        raise UsageError(f"'{text}' names no checkpoint: write RUN@STEP with a whole number of env steps.")
    return name, int(digits)


def find(workspace: str | None, text: str) -> Selected:
    """The checkpoint that RUN[@STEP] or pretrained:ENV means; a workspace is needed for runs only.

    Raises:
        WorkspaceError: there is no such workspace.
        NotFoundError, SimError: what `select` and `select_pretrained` raise.
    """
    from sessions.workspace import Workspace

    if text.startswith(PRETRAINED):
        return select_pretrained(text)
    return select(Workspace.open(workspace, create=False), text)


def select_pretrained(text: str) -> Selected:
    """The policy of the package that pretrained:ENV means.

    Raises:
        UnknownEnvError, NotFoundError: no such environment, or no policy comes with it.
    """
    from vbot_rl import source

    path = source.pretrained_path(text.removeprefix(PRETRAINED))
    return Selected(text, source.from_file(path, text).step, path, None)


def select(workspace: "Workspace", text: str) -> Selected:
    """The checkpoint that RUN[@STEP] means: the step named, else the best by score, else the newest.

    Raises:
        NotFoundError: no such run, no such step, or a run without checkpoints.
    """
    if text.startswith(PRETRAINED):
        return select_pretrained(text)
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
    return Selected(f"{run.id}@{step}", step, checkpoints[step], run)
