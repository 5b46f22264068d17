"""Where settings come from: trials of studies and entries of the library.

A source is read and never written: deriving from it makes something new that names it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from automl.confirm import best_number, confirmed, search_trials
from automl.spec import StudySpec, load
from automl.spec_parts import SeedConfig
from automl.state import StudyState, TrialState
from automl.studies import SPEC_FILE, study_state
from sessions.errors import NotFoundError, UsageError
from sessions.workspace import Workspace
from vbot_sim.settings import get

if TYPE_CHECKING:
    from vbot_rl.config import Resolved

LIBRARY = "library:"
SEEDS = 3  # trials of a study that are taken when none is named


@dataclass(frozen=True)
class Source:
    """Settings that were tried before.

    Attributes:
        name: how a person calls them: STUDY:TRIAL or library:NAME.
        env: environment they were tried on.
        preset: what they are a change of.
        sets: what was the same for all trials.
        params: what was searched.
        run: the run that tried them, if it is known.
        score: what it scored.
    """

    name: str
    env: str
    preset: str
    sets: Mapping[str, Any] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    run: str | None = None
    score: float | None = None

    def resolved(self, **more: Any) -> "Resolved":  # noqa: ANN401 - settings by path
        """The whole config, searched values marked as such.

        Args:
            **more: further settings; they are overrides.
        """
        from vbot_rl.config import override, run_cfg

        origins = dict.fromkeys(self.params, "search")
        return override(run_cfg(self.env, self.preset, sets={**self.sets, **self.params}, origins=origins), more)

    def seed_for(self, spec: StudySpec) -> SeedConfig:
        """What these settings have at the keys of a study."""
        cfg = self.resolved().cfg
        return SeedConfig({path: get(cfg, path) for path in spec.space}, self.name)


def find(workspace: Workspace, text: str) -> Source:
    """The settings that STUDY[:TRIAL] or library:NAME means: without a trial the study's best.

    Raises:
        NotFoundError: there is no such study, trial or entry.
        UsageError: it has no trial with a score yet.
    """
    return several(workspace, text, 1)[0]


def several(workspace: Workspace, text: str, count: int = SEEDS) -> list[Source]:
    """Like `find`, but up to `count` of a study's best when no trial is named, the best first."""
    if text.startswith(LIBRARY):
        from automl.library import source_of

        return [source_of(workspace, text.removeprefix(LIBRARY))]
    name, colon, number = text.partition(":")
    directory = workspace.study(name)
    spec, state = load(directory / SPEC_FILE), study_state(workspace, directory.name)
    if not colon:
        return [of_trial(directory.name, spec, trial) for trial in best_trials(directory.name, state, count, spec)]
    digits = number.removeprefix("T").removeprefix("t")
    trial = state.trials.get(int(digits)) if digits.isdigit() else None
    if trial is None:
        known = f"0 to {max(state.trials)}" if state.trials else "none yet"
        raise NotFoundError(f"{directory.name} has no trial '{number}'; its trials are {known}.")
    return [of_trial(directory.name, spec, trial)]


def best_trials(study: str, state: StudyState, count: int, spec: StudySpec | None = None) -> list[TrialState]:
    """A study's best trials, those that fresh seeds confirmed first.

    Raises:
        UsageError: no trial has a score.
    """
    best = best_number(state, spec)
    numbers = [best] if best is not None else []
    numbers += [item.source for item in confirmed(state)]
    numbers += [trial.number for trial in search_trials(state, spec)]
    found = [state.trials[number] for number in dict.fromkeys(numbers)]
    if not found:
        raise UsageError(f"no trial of {study} has a score yet; wait for one, or name it as {study}:TRIAL.")
    return found[:count]


def of_trial(study: str, spec: StudySpec, trial: TrialState) -> Source:
    """A trial's settings as a source."""
    name = f"{study}:{trial.number}"
    return Source(name, spec.env, spec.preset, spec.sets, trial.params, trial.run, trial.standing)
