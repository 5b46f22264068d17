"""The papers of a run: its settings with their origins, its evaluations and its checkpoints, read again when changed.

Runs in the core's thread; only runs that a screen has opened are read.
"""

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from sessions.errors import VbotError
from sessions.runs import EvalSummary, RunDir
from sessions.workspace import Workspace
from vbot_tui.model import EvalView, Papers, Setting
from vbot_tui.rows import number

Mark = tuple[int, ...]


class PaperDesk:
    """The papers of opened runs of one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._known: dict[str, tuple[Mark, Papers]] = {}

    def of(self, run_id: str) -> Papers:
        """Return the papers of a run; read again only when one of them is another."""
        run = self._workspace.run(run_id)
        mark = tuple(_stamp(path) for path in (run.config_path, run.eval_dir, run.checkpoint_dir))
        known = self._known.get(run_id)
        if known is None or known[0] != mark:
            known = self._known[run_id] = mark, read(run)
        return known[1]


def _stamp(path: Path) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


def read(run: RunDir) -> Papers:
    """Return the papers of a run as they are on disk now."""
    from automl.memory.config_diff import read_config, shown

    config = read_config(run)
    meanings = _meanings()
    settings = [] if config is None else [
        Setting(key, shown(value), config.origins.get(key, "default"), meanings.get(key, ""))
        for key, value in config.values.items()
    ]  # fmt: skip
    return Papers(
        run.id,
        tuple(sorted(settings, key=lambda item: (item.origin in ("default", "task", "preset"), item.key))),
        tuple(_eval(item) for item in run.evals()),
        tuple(step for step, _ in run.checkpoints()),
        _facts(run),
        "" if config is not None else f"{run.config_path} cannot be read",
    )


@cache
def _meanings() -> Mapping[str, str]:
    """Return what each setting means, by its path."""
    from vbot_tui.cli.config import meanings

    return meanings()


def _eval(item: EvalSummary) -> EvalView:
    return EvalView(
        item.step, item.protocol, item.canonical, item.episodes,
        number(item.score), number(item.success), number(item.fell), number(item.points_mean),
    )  # fmt: skip


def _facts(run: RunDir) -> tuple[tuple[str, str], ...]:
    """Return what is fixed about a run: where it comes from."""
    try:
        record = run.record()
    except (VbotError, OSError):
        return ()
    facts = {"env": record.env, "kind": record.kind, "created": record.created, "host": record.host,
             "code": record.code_version, "parent": record.parent or "", "command": record.command}  # fmt: skip
    return tuple((name, value) for name, value in facts.items() if value)
