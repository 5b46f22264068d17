"""The rows of the table in their order, made anew only where something changed: a thousand at rest cost nothing.

Used by the core's thread alone; what it gives out is immutable.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Mapping, Sequence

from automl.view import StudyView, TrialView
from sessions.store import RunView
from vbot_tui import rows
from vbot_tui.model import FlagView, Place, TrialRow, place_of

Flags = Mapping[str, tuple[FlagView, ...]]
_Trial = tuple[TrialView, RunView | None, tuple[FlagView, ...]]


class RowBook:
    """Either all runs that belong to no study, or the trials of one."""

    def __init__(self) -> None:
        self._shows = ""
        self._runs: tuple[RunView, ...] = ()
        self._trials: dict[int, _Trial] = {}
        self._row_of: dict[str, TrialRow] = {}
        self._order: list[tuple[Place, str]] = []
        self._rows: tuple[TrialRow, ...] = ()

    def row(self, key: str) -> TrialRow | None:
        """The row with this identity."""
        return self._row_of.get(key)

    def of_runs(self, runs: tuple[RunView, ...], flags: Flags, flagged: frozenset[str]) -> tuple[TrialRow, ...]:
        """Return the rows of runs.

        Args:
            runs: All of them, in a fixed order.
            flags: By run.
            flagged: The runs whose flags have changed since the last call.
        """
        if not self._begin("") and len(runs) == len(self._runs):
            changed = [
                new
                for old, new in zip(self._runs, runs, strict=True)
                if new is not old or (flagged and new.id in flagged)
            ]
            if all(run.id in self._row_of for run in changed):
                self._runs = runs
                return self._changed([rows.run_row(run, flags) for run in changed])
        self._runs = runs
        return self._anew([rows.run_row(run, flags) for run in runs])

    def of_study(self, study: StudyView, run_of: Callable[[str], RunView | None], flags: Flags) -> tuple[TrialRow, ...]:
        """Return the rows of a study's trials."""
        fresh = self._begin(study.id) or len(study.trials) != len(self._trials)
        changed: list[TrialRow] = []
        for trial in study.trials:
            run = run_of(trial.run) if trial.run else None
            source = (trial, run, flags.get(trial.run or "", ()))
            before = self._trials.get(trial.number)
            if before is None or before[1] is not run or before != source:
                fresh = fresh or before is None or before[0].run != trial.run
                self._trials[trial.number] = source
                changed.append(rows.trial_row(study, trial, run, flags))
        if fresh:
            return self._anew([rows.trial_row(study, item, run, flags) for item, run, _ in self._trials.values()])
        return self._changed(changed)

    def _begin(self, shows: str) -> bool:
        """Whether other rows than before are to be shown; then nothing is known."""
        if shows == self._shows and self._row_of:
            return False
        self._shows = shows
        self._trials = {}
        return True

    def _anew(self, found: Sequence[TrialRow]) -> tuple[TrialRow, ...]:
        self._row_of = {row.key: row for row in found}
        self._order = sorted((place_of(row), row.key) for row in self._row_of.values())
        return self._read()

    def _changed(self, found: Sequence[TrialRow]) -> tuple[TrialRow, ...]:
        moved = False
        for row in found:
            before = self._row_of[row.key]
            if before == row:
                continue
            old, new = (place_of(before), row.key), (place_of(row), row.key)
            if old != new:
                del self._order[bisect_left(self._order, old)]
                insort(self._order, new)
            self._row_of[row.key] = row
            moved = True
        return self._read() if moved else self._rows

    def _read(self) -> tuple[TrialRow, ...]:
        row_of = self._row_of
        self._rows = tuple([row_of[key] for _, key in self._order])
        return self._rows
