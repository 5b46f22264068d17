"""Keeps the flags of runs current without holding anything up: a live run is judged again every ten seconds at most.

Runs on the core's thread. A run that has ended is judged once, when it is looked at; before that its study's log or the
workspace's memory gives the names.
"""

import time
from collections.abc import Callable
from contextlib import suppress

from automl.diagnosis import FlagCache, with_config
from automl.flags import RunFacts, diagnose
from automl.mutes import muted
from sessions.runs import FINAL_STATES, RunDir
from sessions.store import RunView, Store
from sessions.workspace import Workspace
from vbot_tui.model import FlagView
from vbot_tui.rows import flag_view, named_flags

AGAIN_S = 10.0
SLICE_S = 0.008
UNASKED_BYTES = 4 << 20
"""An ended run with longer curves is judged when somebody looks at it."""


class FlagWatch:
    """The flags of all runs, as far as they are known."""

    def __init__(self, workspace: Workspace, store: Store) -> None:
        self.flags: dict[str, tuple[FlagView, ...]] = {}
        self._workspace = workspace
        self._store = store
        self._cache = FlagCache(workspace)
        self._judged: dict[str, tuple[int, str, float]] = {}
        self._runs: tuple[RunView, ...] = ()
        self._pending: dict[str, RunView] = {}
        self._changed: set[str] = set()

    def update(
        self,
        runs: tuple[RunView, ...],
        selected: str,
        now: float,
        budget_s: float = SLICE_S,
        ticks: Callable[[], float] = time.monotonic,
    ) -> bool:
        """Judge what is due, the selected run first, for about so many seconds and at least one run.

        Returns:
            Whether more is due.
        """
        self._take(runs, selected)
        end = ticks() + budget_s
        due = [run for run in self._pending.values() if self._due(run, run.id == selected, now)]
        due.sort(key=lambda run: (run.id != selected, not run.alive))
        for index, run in enumerate(due):
            if index and ticks() >= end:
                return True
            before = self.flags.get(run.id)
            self._judge(run, run.id == selected, now)
            if self.flags.get(run.id) != before:
                self._changed.add(run.id)
        return False

    def forget(self, run_id: str) -> None:
        """Judge a run anew at the next look: what it may raise has changed."""
        self._judged.pop(run_id, None)
        view = self._store.get(run_id)
        if view is not None:
            self._pending[run_id] = view

    @property
    def changed(self) -> bool:
        """Whether flags have changed that nobody has taken yet."""
        return bool(self._changed)

    def take_changed(self) -> frozenset[str]:
        """Return the runs whose flags have changed since the last call."""
        changed, self._changed = frozenset(self._changed), set()
        return changed

    def _take(self, runs: tuple[RunView, ...], selected: str) -> None:
        """Remember which runs may have to be judged: those that changed, those that live, the selected one."""
        if runs is not self._runs:
            same = len(runs) == len(self._runs)
            fresh = [new for old, new in zip(self._runs, runs, strict=True) if old is not new] if same else runs
            self._pending.update((run.id, run) for run in fresh)
            self._runs = runs
        done = [
            run.id
            for run in self._pending.values()
            if not run.alive and run.id != selected and self._judged.get(run.id, (0, "", 0.0))[1] == run.state
        ]
        for run_id in done:
            del self._pending[run_id]
        if selected and selected not in self._pending:
            view = self._store.get(selected)
            if view is not None:
                self._pending[selected] = view

    def save(self) -> None:
        """Keep the names of ended runs' flags for the next start."""
        self._cache.save()

    def _due(self, run: RunView, selected: bool, now: float) -> bool:
        version, state, at = self._judged.get(run.id, (-1, "", 0.0))
        if run.alive:
            return now - at >= AGAIN_S and (version != run.data_version or (run.age_s(now) or 0.0) > AGAIN_S)
        if run.state not in FINAL_STATES or run.loading:
            return False
        return state != run.state or (selected and version != run.data_version)

    def _judge(self, run: RunView, selected: bool, now: float) -> None:
        if run.alive or selected:
            directory = RunDir(self._workspace.runs / run.id)
            facts = RunFacts(run.state, run.total_env_steps, (run.age_s(now) or 0.0) if run.alive else 0.0)
            up = [flag.name for flag in self.flags.get(run.id, ())]
            curves = self._store.series(run.id).mapping()
            found = diagnose(curves, with_config(facts, directory), raised=up, muted=muted(directory))
            self.flags[run.id] = tuple(flag_view(flag) for flag in found)
            self._judged[run.id] = (run.data_version, run.state, now)
        else:
            folder = RunDir(self._workspace.runs / run.id)
            if run.id in self._cache or _event_bytes(folder) <= UNASKED_BYTES:
                self.flags[run.id] = named_flags(self._cache.names(folder, run.state))
            self._judged[run.id] = (-1, run.state, now)


def _event_bytes(run: RunDir) -> int:
    total = 0
    for path in run.event_files():
        with suppress(OSError):
            total += path.stat().st_size
    return total
