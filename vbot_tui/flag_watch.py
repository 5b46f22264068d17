"""Keeps the flags of runs current without holding anything up: a live run is judged again every ten seconds at most.

Runs on the core's thread. A run that has ended is judged once, when it is looked at; before that its study's log or the
workspace's memory gives the names.
"""

from automl.diagnosis import FlagCache
from automl.flags import RunFacts, diagnose
from sessions.runs import FINAL_STATES
from sessions.store import RunView, Store
from sessions.workspace import Workspace
from vbot_tui.model import FlagView
from vbot_tui.rows import flag_view, named_flags

AGAIN_S = 10.0


class FlagWatch:
    """The flags of all runs, as far as they are known."""

    def __init__(self, workspace: Workspace, store: Store) -> None:
        self.flags: dict[str, tuple[FlagView, ...]] = {}
        self._workspace = workspace
        self._store = store
        self._cache = FlagCache(workspace)
        self._judged: dict[str, tuple[int, str, float]] = {}

    def update(self, runs: tuple[RunView, ...], selected: str, now: float, budget: int = 1) -> bool:
        """Judge what is due, at most ``budget`` runs; the selected one first.

        Returns:
            Whether more is due.
        """
        due = [run for run in runs if self._due(run, run.id == selected, now)]
        due.sort(key=lambda run: (run.id != selected, not run.alive))
        for run in due[:budget]:
            self._judge(run, run.id == selected, now)
        return len(due) > budget

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
            facts = RunFacts(run.state, run.total_env_steps, (run.age_s(now) or 0.0) if run.alive else 0.0)
            up = [flag.name for flag in self.flags.get(run.id, ())]
            found = diagnose(self._store.series(run.id).mapping(), facts, raised=up)
            self.flags[run.id] = tuple(flag_view(flag) for flag in found)
            self._judged[run.id] = (run.data_version, run.state, now)
        else:
            names = self._cache.names(self._workspace.run(run.id), run.state)
            self.flags[run.id] = named_flags(names)
            self._judged[run.id] = (-1, run.state, now)
