"""The rows of the table in their order, made anew only where something changed: a thousand at rest cost nothing.

Used by the core's thread alone; what it gives out is immutable.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

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
        self._order: list[Place] = []  # where each row stands; a place ends in the row's key, so all differ
        self._listed: list[TrialRow] = []  # the rows, in that order
        self._shared: frozenset[str] = frozenset()  # labels that several runs have
        self._rows: tuple[TrialRow, ...] = ()
        self.noted: dict[str, int] = {}
        """How many notes there are on each run that has some."""

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
            changed = [new for old, new in zip(self._runs, runs, strict=True) if new is not old]
            if flagged:
                changed += [run for run in runs if run.id in flagged and run not in changed]
            if all(run.id in self._row_of for run in changed):
                self._runs = runs
                return self._changed([self._run_row(run, flags) for run in changed])
        self._runs = runs
        self._shared = frozenset(label for label, count in Counter(run.label for run in runs).items() if count > 1)
        return self._anew([self._run_row(run, flags) for run in runs])

    def _run_row(self, run: RunView, flags: Flags) -> TrialRow:
        """Return the row of a run; where several have its label, the end of its id tells them apart."""
        row = rows.run_row(run, flags)
        return replace(row, label=f"{run.label}-{run.id[-4:]}") if run.label in self._shared else row

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
        self._listed = sorted(self._row_of.values(), key=place_of)
        self._order = [place_of(row) for row in self._listed]
        self.noted = {row.run_id: row.notes for row in self._listed if row.notes}
        self._rows = tuple(self._listed)
        return self._rows

    def _changed(self, found: Sequence[TrialRow]) -> tuple[TrialRow, ...]:
        moved = False
        for row in found:
            before = self._row_of[row.key]
            if before != row:
                self._replace(before, row)
                moved = True
        if moved:
            self._rows = tuple(self._listed)
        return self._rows

    def _replace(self, before: TrialRow, row: TrialRow) -> None:
        """Put a row in the place of what it was."""
        at = bisect_left(self._order, place_of(before))
        del self._order[at], self._listed[at]
        place = place_of(row)
        at = bisect_left(self._order, place)
        self._order.insert(at, place)
        self._listed.insert(at, row)
        self._row_of[row.key] = row
        if row.notes:
            self.noted[row.run_id] = row.notes
        else:
            self.noted.pop(row.run_id, None)
