"""Checkpoints of a run: what is in one, how it is written and found again, which are kept, and starting from another's.

A checkpoint is one nested dictionary of arrays and builtins, in a ``.pt`` file for ``torch.load(weights_only=True)``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sessions.errors import CorruptFileError, NotFoundError, UsageError
from sessions.files import write_atomic
from sessions.runs import RunDir, best_score
from vbot_rl import pt_file
from vbot_rl.ppo import Ppo

SCHEMA = 1
PARTS = ("weights", "normalizer", "optimizer", "schedule")
_STALE = re.compile(r"\.step_\d+\.pt\..+\.tmp")

State = dict[str, Any]


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint and where it came from."""

    step: int
    path: Path
    state: State


def path_of(run: RunDir, step: int) -> Path:
    """Where the checkpoint of ``step`` is."""
    return run.checkpoint_dir / f"step_{step}.pt"


def pin_path(run: RunDir, step: int) -> Path:
    """A file that keeps a checkpoint from being thinned out."""
    return run.checkpoint_dir / f"step_{step}.pin"


def save(run: RunDir, step: int, state: State) -> Path:
    """Write a checkpoint in one step.

    Raises:
        OSError: nothing was changed.
    """
    path = path_of(run, step)
    write_atomic(path, pt_file.dumps({"schema": SCHEMA, "env_steps": step, **state}))
    return path


def load(path: Path) -> State:
    """Read a checkpoint.

    Raises:
        NotFoundError: there is no such file.
        CorruptFileError: it is damaged or of another schema.
    """
    try:
        state = pt_file.loads(path.read_bytes())
    except FileNotFoundError:
        raise NotFoundError(f"there is no checkpoint {path}; `vbot ls` shows what the run has") from None
    except pt_file.PtFileError as error:
        raise CorruptFileError(f"the checkpoint {path} is damaged ({error}); use an earlier one") from None
    if not isinstance(state, dict) or state.get("schema") != SCHEMA:
        raise CorruptFileError(f"{path} is not a checkpoint of schema {SCHEMA}; use one that this version wrote")
    return state


def newest(run: RunDir) -> tuple[Checkpoint | None, list[str]]:
    """The newest checkpoint that can be read, and a sentence about each newer one that cannot."""
    problems: list[str] = []
    for step, path in reversed(run.checkpoints()):
        try:
            return Checkpoint(step, path, load(path)), problems
        except CorruptFileError as error:
            problems.append(str(error))
    return None, problems


def find(run: RunDir, step: int | None) -> Checkpoint:
    """The checkpoint of ``step``; without a step the best by score, or the newest where nothing was evaluated.

    Raises:
        NotFoundError, CorruptFileError: with what there is instead.
    """
    known = dict(run.checkpoints())
    if not known:
        raise NotFoundError(f"run {run.id} has no checkpoint yet; wait for its first evaluation")
    if step is None:
        best = best_score(run.evals())
        step = best.step if best is not None and best.step in known else max(known)
    if step not in known:
        steps = ", ".join(str(s) for s in known)
        raise NotFoundError(f"run {run.id} has no checkpoint at step {step}; it has {steps}")
    return Checkpoint(step, known[step], load(known[step]))


def superseded(steps: Sequence[int], keep_last: int, best: int | None, pinned: Sequence[int]) -> list[int]:
    """Which checkpoints may go: all but the last ones, the best and the pinned."""
    kept = {*sorted(steps)[-keep_last:], *pinned, *(() if best is None else (best,))}
    return [step for step in sorted(steps) if step not in kept]


def thin_out(run: RunDir, keep_last: int) -> tuple[int, ...]:
    """Delete what is superseded, and remains of interrupted writes; the steps that stay."""
    steps = [step for step, _ in run.checkpoints()]
    pinned = [step for step in steps if pin_path(run, step).exists()]
    best = best_score([item for item in run.evals() if item.step in steps])
    gone = superseded(steps, keep_last, best.step if best else None, pinned)
    for step in gone:
        path_of(run, step).unlink(missing_ok=True)
    for path in run.checkpoint_dir.iterdir():
        if _STALE.fullmatch(path.name):
            path.unlink(missing_ok=True)
    return tuple(step for step in steps if step not in gone)


def warm_start(ppo: Ppo, state: State, parts: Sequence[str], source: str) -> list[str]:
    """Take parts of another run's checkpoint into a fresh learner.

    Args:
        ppo: the learner; only what ``parts`` names changes.
        state: the checkpoint.
        parts: some of "weights", "normalizer", "optimizer", "schedule".
        source: words for messages about where the checkpoint is from.

    Returns:
        One line per part about what was loaded.

    Raises:
        UsageError: an unknown part, or shapes that do not fit; nothing was changed.
    """
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        raise UsageError(f"cannot load '{unknown[0]}' from {source}; the parts are {', '.join(PARTS)}")
    learner = state["ppo"]
    _check_shapes(ppo, state, parts, source)
    told = []
    if "weights" in parts:
        ppo.net.params.flat[...] = learner["weights"]
        told.append(f"weights: {learner['weights'].size} numbers, layers {list(state['net']['hidden'])}")
    if "normalizer" in parts:
        ppo.obs_norm.load_state_dict(learner["obs_norm"])
        ppo.value_norm.load_state_dict(learner["value_norm"])
        told.append(f"normalizer: statistics of {int(learner['obs_norm']['count'])} observations, and of returns")
    if "optimizer" in parts:
        ppo.adam.load_state_dict(learner["optimizer"])
        told.append(f"optimizer: moments after {int(learner['optimizer']['steps'])} steps")
    if "schedule" in parts:
        ppo.learning_rate = float(learner["learning_rate"])
        told.append(f"schedule: learning rate {ppo.learning_rate:.3g} to go on from")
    return told


def _check_shapes(ppo: Ppo, state: State, parts: Sequence[str], source: str) -> None:
    shape, net = ppo.net.shape, state["net"]
    found = (int(net["obs_dim"]), int(net["act_dim"]), tuple(int(h) for h in net["hidden"]))
    wanted = (shape.obs_dim, shape.act_dim, shape.hidden)
    if {"weights", "optimizer"} & set(parts) and int(net.get("privileged", 0)) != shape.privileged:
        raise UsageError(
            f"the critic in {source} has {net.get('privileged', 0)} numbers for itself, this run's {shape.privileged}; "
            "set task.course.sensing as it was there, or load only the normalizer"
        )
    if {"weights", "optimizer"} & set(parts) and found != wanted:
        raise UsageError(
            f"the network in {source} has {_words(found)}, this run has {_words(wanted)}; "
            f"set ppo.hidden={list(found[2])} to use it, or load only the normalizer"
        )
    if "normalizer" in parts and found[0] != wanted[0]:
        raise UsageError(
            f"{source} saw {found[0]} observations, this run has {wanted[0]}; its normalizer cannot be used"
        )


def _words(shape: tuple[int, int, tuple[int, ...]]) -> str:
    return f"{shape[0]} inputs, layers {list(shape[2])} and {shape[1]} actions"
