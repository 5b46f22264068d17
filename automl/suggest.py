"""What to try next: a pure function of the study's spec, its folded log and the number of the trial.

The order is: the preset itself, the seed configurations, then what the study's sampler draws from `automl.samplers`.
The sampler's seed comes from the study's seed and the trial's number, so a restart asks the same question and gets the
same answer. A configuration that the study knows already is not given again while its space holds another one, and an
audited study is not given one whose reward would be cheated.
"""

import copy
import hashlib
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from automl import samplers
from automl.space import Dimension, encode
from automl.spec import StudySpec, base_params
from automl.state import Params, StudyState, TrialState, Value
from automl.veto import least_tempting

if TYPE_CHECKING:
    import optuna

WORST_SCORE = -1.0
REDRAWS = 8
RANDOM_REDRAWS = 24
MOST_POINTS = 100_000
MOST_TOLD = 600  # ended trials that a sampler is told of; a model made of more takes longer and says the same


def trial_seed(study_seed: int, number: int, purpose: str) -> int:
    """A 31-bit seed that belongs to one trial and one purpose."""
    digest = hashlib.blake2b(f"{study_seed}/{number}/{purpose}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") >> 1


def suggest(spec: StudySpec, state: StudyState, number: int) -> Params:
    """Values of all searched keys for trial `number`.

    The first trial is the preset itself, so that every study knows what it has to beat. The trial asked for is left
    out of what is looked at, so asking again later gives the same answer as long as nothing else was decided.
    """
    base = base_params(spec)
    others = [trial for trial in state.trials.values() if trial.number != number]
    if spec.sampler == "grid" and spec.space:
        return grid_point(spec, number)
    if not spec.space or (number == 0 and not others and spec.try_preset):
        return base
    known = [trial.params for trial in others]
    others = [trial for trial in others if trial.excluded is None and trial.origin != "final"]
    for seeded in spec.seed_configs:
        params: Params = {**base, **seeded.params}
        if params not in known:
            return params
    fresh = (params for params in _draws(spec, others, number) if params not in known)
    chosen = least_tempting(spec, fresh) if spec.audited else next(fresh, None)
    if chosen is not None:
        return chosen
    last = _draw(spec, "random", others, trial_seed(spec.seed, number, f"fresh-{RANDOM_REDRAWS - 1}"))
    if samplers.size(spec.space) is not None:
        untried = (point for point in itertools.islice(samplers.points(spec.space), MOST_POINTS))
        keys = {_key(params) for params in known}
        return next((point for point in untried if _key(point) not in keys), last)
    return last


def _draws(spec: StudySpec, others: list[TrialState], number: int) -> Iterator[Params]:
    """What the sampler says, asked again and again; then random draws, since one that has made up its mind goes on."""
    for redraw in range(REDRAWS):
        yield _draw(spec, spec.sampler, others, trial_seed(spec.seed, number, f"suggest-{redraw}"))
    for redraw in range(RANDOM_REDRAWS):
        yield _draw(spec, "random", others, trial_seed(spec.seed, number, f"fresh-{redraw}"))


def grid_point(spec: StudySpec, number: int) -> Params:
    """The configuration of a grid study's trial: every one once, then every one again with other seeds."""
    count = samplers.size(spec.space) or 1
    return next(itertools.islice(samplers.points(spec.space), number % count, None))


def origin(spec: StudySpec, number: int, params: Params) -> tuple[str, Mapping[str, Any]]:
    """Where a suggestion came from, and what is known of its ancestors: a word and a lineage for the log."""
    base = base_params(spec)
    if spec.sampler != "grid":
        if number == 0 and spec.try_preset:
            return "preset", {}
        for seeded in spec.seed_configs:
            if _key({**base, **seeded.params}) == _key(params):
                return "seed", {"seed": seeded.source} if seeded.source else {}
    return spec.sampler, {}


def _draw(spec: StudySpec, sampler: str, others: list[TrialState], seed: int) -> Params:
    if sampler == "perturb":
        scored = [trial for trial in others if trial.state == "finished" and trial.score is not None]
        if len(scored) >= spec.startup_trials:
            return samplers.from_best(spec.space, [(trial, worth(spec, trial)) for trial in scored], seed)
    if sampler == "cmaes":
        rated = [(trial, worth(spec, trial)) for trial in others if _says_something(trial)]
        drawn = samplers.from_optuna("random", spec.space, (), seed, spec.startup_trials)
        return samplers.from_cmaes(spec.space, base_params(spec), rated, drawn, seed)
    seen = () if sampler in ("random", "perturb") else _seen(spec, sampler, others)
    return samplers.from_optuna(sampler, spec.space, seen, seed, spec.startup_trials)


def worth(spec: StudySpec, trial: TrialState) -> float:
    """What a trial is worth to samplers without a notion of limits: its promise, below all others if it breaks one."""
    score = _told(trial) if trial.state != "diverged" else WORST_SCORE
    broken = sum(over for over in spec.excess(trial).values() if over > 0)
    return (WORST_SCORE if score is None else score) + (samplers.WORST - broken if broken else 0.0)


def _says_something(trial: TrialState) -> bool:
    if trial.state in ("finished", "diverged"):
        return True
    ended = trial.state in ("stopped", "killed") or (trial.state == "paused" and trial.halved_at is not None)
    return ended and _told(trial) is not None


def _told(trial: TrialState) -> float | None:
    """What samplers are told of a trial: its best promise once it has a score, until then the latest."""
    known = [rung.promise for rung in trial.rungs if rung.promise is not None]
    if trial.score is not None:
        return max(known, default=trial.score)
    return known[-1] if known else None


def _seen(spec: StudySpec, sampler: str, others: list[TrialState]) -> Sequence[Any]:
    distributions = {path: samplers.distribution(dimension) for path, dimension in spec.space.items()}
    worst = min((trial.score for trial in others if trial.score is not None), default=WORST_SCORE)
    seen = (_remembered(spec, trial, distributions, worst) for trial in telling(others, MOST_TOLD))
    found = [trial for trial in seen if trial is not None]
    return [_as_complete(trial) for trial in found] if sampler == "gp" else found


def telling(trials: Sequence[TrialState], most: int) -> list[TrialState]:
    """The trials that tell most, by number: all that have not ended, and of those that have at most so many.

    These are the best quarter, which decides where good ones are expected, and every so many-th of all others.
    """
    ordered = sorted(trials, key=lambda trial: trial.number)
    ended = [trial for trial in ordered if trial.is_final]
    if len(ended) <= most:
        return ordered
    ended.sort(key=lambda trial: -math.inf if trial.score is None else trial.score, reverse=True)
    best, others = ended[: most // 4], sorted(ended[most // 4 :], key=lambda trial: trial.number)
    places = most - len(best)
    spread = (others[place * len(others) // places] for place in range(places))
    kept = {trial.number for trial in itertools.chain(best, spread)}
    return [trial for trial in ordered if not trial.is_final or trial.number in kept]


def _as_complete(trial: "optuna.trial.FrozenTrial") -> "optuna.trial.FrozenTrial":
    """What was stopped on its way counts with its last rung for a model that knows no pruned trials."""
    from optuna.trial import TrialState as Word
    from optuna.trial import create_trial

    if trial.state != Word.PRUNED:
        return trial
    value = trial.intermediate_values[max(trial.intermediate_values)]
    same = {"params": trial.params, "distributions": trial.distributions, "constraints": trial.constraints or None}
    return create_trial(state=Word.COMPLETE, value=value, **same)


class _Memory:
    """What was made of finished trials for the last space asked about; it saves time and changes no answer."""

    space: Mapping[str, Dimension] | None = None
    constraints: Mapping[str, float] | None = None
    known: ClassVar[dict[int, "tuple[TrialState, optuna.trial.FrozenTrial | None]"]] = {}


def _remembered(
    spec: StudySpec, trial: TrialState, distributions: Mapping[str, Any], worst: float
) -> "optuna.trial.FrozenTrial | None":
    if _Memory.space is not spec.space or _Memory.constraints is not spec.constraints:
        _Memory.space, _Memory.constraints, _Memory.known = spec.space, spec.constraints, {}
    known = _Memory.known.get(trial.number)
    if known is not None and known[0] is trial:
        return known[1]
    made = as_optuna(spec, trial, distributions, worst)
    if made is not None:
        # optuna copies what it is given in depth, which for 3,000 trials is most of a second.
        vars(made)["__deepcopy__"] = lambda memo: copy.copy(made)
        vars(made)["_validate"] = lambda: None  # it was when it was made
    if trial.state in ("finished", "stopped", "killed", "failed"):
        _Memory.known[trial.number] = trial, made
    return made


def as_optuna(
    spec: StudySpec, trial: TrialState, distributions: Mapping[str, Any], worst: float
) -> "optuna.trial.FrozenTrial | None":
    """How the sampler shall see a trial; None for one that says nothing about its configuration.

    Finished: its best promise. Diverged: the worst score so far, because the region is bad. Stopped, killed or paused
    by halving: what its evaluations said. Running, waiting or paused by a person: a place already taken.
    Crashed: nothing.
    """
    from optuna.trial import TrialState as Word
    from optuna.trial import create_trial

    raw = {path: encode(dimension, trial.params.get(path)) for path, dimension in spec.space.items()}
    if any(value is None for value in raw.values()) or trial.state == "failed":
        return None
    rungs = {rung.step: rung.promise for rung in trial.rungs if rung.promise is not None}
    common = {"params": raw, "distributions": dict(distributions), "constraints": spec.excess(trial) or None}
    if trial.state == "finished" and trial.score is not None:
        return create_trial(state=Word.COMPLETE, value=_told(trial), **common)
    if trial.state == "diverged":
        return create_trial(state=Word.COMPLETE, value=min(worst, WORST_SCORE), **common)
    if trial.state in ("stopped", "killed") or (trial.state == "paused" and trial.halved_at is not None):
        return create_trial(state=Word.PRUNED, intermediate_values=rungs, **common) if rungs else None
    return create_trial(state=Word.RUNNING, **{**common, "constraints": None})


def _key(params: Params) -> tuple[tuple[str, Value], ...]:
    return tuple(sorted(params.items()))
