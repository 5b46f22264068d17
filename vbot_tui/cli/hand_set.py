"""AutoML first: a long training with learning or reward settings that a person made up belongs into a study.

What counts is the effective config against what it is based on, however the difference came about: an option, a whole
section, an edited file.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sessions.errors import UsageError, VbotError

if TYPE_CHECKING:
    from vbot_rl.config import Resolved

LONGEST = 500_000  # env steps; a check of an idea may be shorter
SEARCHABLE = ("ppo.", "task.reward.", "task.course.pay.")
NAMED = 6  # settings in a command that is still read


def hand_set(resolved: "Resolved", base: "Resolved") -> dict[str, Any]:
    """The learning and reward settings that differ from what they are based on."""
    from vbot_sim.settings import leaves

    before = leaves(base.cfg)
    return {
        path: value
        for path, value in leaves(resolved.cfg).items()
        if path.startswith(SEARCHABLE) and value != before.get(path)
    }


def base_of_file(path: Path, loaded: "Resolved") -> "Resolved":
    """What a config file is based on: itself, if it is the untouched record of a study's trial, else its preset."""
    from sessions.runs import RunDir
    from vbot_rl.config import config_hash, run_cfg

    preset = run_cfg(loaded.cfg.env, loaded.cfg.preset)
    try:
        record = RunDir(path.resolve().parent).record()
    except VbotError:
        return preset
    if record.config_hash != config_hash(loaded.cfg):
        return preset
    searched = all(loaded.origins.get(name) == "search" for name in hand_set(loaded, preset))
    return loaded if record.study is not None or searched else preset


def guard(resolved: "Resolved", base: "Resolved", anyway: bool) -> str:
    """Refuse a long training with hand-set settings; with `anyway`, the words that mark its run.

    Raises:
        UsageError: with the study that would do the same.
    """
    found = hand_set(resolved, base)
    steps = resolved.cfg.train.total_env_steps
    if not found or steps <= LONGEST:
        return ""
    if anyway:
        return ", ".join(f"{path}={_word(value)}" for path, value in found.items())
    raise UsageError(
        f"{_named(list(found))} set by hand for {steps:,} steps: search around it instead with "
        f"'{study_command(resolved, found)}', or add --anyway to train once and mark the run."
    )


def study_command(resolved: "Resolved", found: Mapping[str, Any]) -> str:
    """The study that begins with these settings and searches around those that can be searched."""
    cfg = resolved.cfg
    words = ["vbot automl run", f"--env {cfg.env}"]
    words += [f"--task-preset {cfg.preset}"] if cfg.preset != "default" else []
    words.append(f"--trial-steps {cfg.train.total_env_steps}")
    for path, value in list(found.items())[:NAMED]:
        plain = isinstance(value, int | float | str) and value != 0
        words.append(f"--{'around' if plain else 'set'} {path}={_word(value)}")
    return " ".join(words) + (" ..." if len(found) > NAMED else "")


def _named(paths: list[str]) -> str:
    more = f" and {len(paths) - NAMED} more" if len(paths) > NAMED else ""
    return ", ".join(paths[:NAMED]) + more


def _word(value: object) -> str:
    if isinstance(value, tuple | list):
        return "[" + ",".join(map(_word, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return "null" if value is None else str(value)
