"""What to try next: a pure function of the study's spec, its folded log and the number of the trial.

Optuna is used as a sampler and nothing else: a study in memory is built anew for every question, and the sampler's
seed comes from the study's seed and the trial's number, so a restart asks the same question and gets the same answer.
optuna is imported only inside `suggest`.
"""

import copy
import hashlib
import math
import random
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from automl.perturb import perturbed
from automl.space import Choice, Dimension, Factor, Range, encode
from automl.spec import StudySpec, base_params
from automl.state import Params, StudyState, TrialState, Value

if TYPE_CHECKING:
    import optuna

WORST_SCORE = -1.0
REDRAWS = 8


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
    if not spec.space or (number == 0 and not others):
        return base
    known = {_key(trial.params) for trial in others}
    params = base
    for redraw in range(REDRAWS):
        params = _draw(spec, others, trial_seed(spec.seed, number, f"suggest-{redraw}"))
        if _key(params) not in known:
            break
    return params


def _draw(spec: StudySpec, others: list[TrialState], seed: int) -> Params:
    if spec.sampler == "perturb":
        scored = [trial for trial in others if trial.state == "finished" and trial.score is not None]
        if len(scored) >= spec.startup_trials:
            best = max(scored, key=lambda trial: (trial.score or 0.0, -trial.number))
            return perturbed(spec.space, best.params, random.Random(seed))
    return _draw_by_optuna(spec, others, seed)


def _draw_by_optuna(spec: StudySpec, others: list[TrialState], seed: int) -> Params:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler: optuna.samplers.BaseSampler
    if spec.sampler in ("random", "perturb"):
        sampler = optuna.samplers.RandomSampler(seed=seed)
    else:
        sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=spec.startup_trials)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    distributions = {path: distribution(dimension) for path, dimension in spec.space.items()}
    worst = min((trial.score for trial in others if trial.score is not None), default=WORST_SCORE)
    looked_at = [] if isinstance(sampler, optuna.samplers.RandomSampler) else sorted(others, key=lambda t: t.number)
    seen = (_remembered(spec, trial, distributions, worst) for trial in looked_at)
    study.add_trials([trial for trial in seen if trial is not None])
    raw = study.ask(distributions).params
    return {path: decode(dimension, raw[path]) for path, dimension in spec.space.items()}


class _Memory:
    """What was made of finished trials for the last space asked about; it saves time and changes no answer."""

    space: Mapping[str, Dimension] | None = None
    known: ClassVar[dict[int, "tuple[TrialState, optuna.trial.FrozenTrial | None]"]] = {}


def _remembered(
    spec: StudySpec, trial: TrialState, distributions: Mapping[str, Any], worst: float
) -> "optuna.trial.FrozenTrial | None":
    if _Memory.space is not spec.space:
        _Memory.space, _Memory.known = spec.space, {}
    known = _Memory.known.get(trial.number)
    if known is not None and known[0] is trial:
        return known[1]
    made = as_optuna(spec, trial, distributions, worst)
    if made is not None:
        # optuna copies what it is given in depth, which for 3,000 trials is most of a second.
        vars(made)["__deepcopy__"] = lambda memo: copy.copy(made)
    if trial.state == "finished":
        _Memory.known[trial.number] = trial, made
    return made


def as_optuna(
    spec: StudySpec, trial: TrialState, distributions: Mapping[str, Any], worst: float
) -> "optuna.trial.FrozenTrial | None":
    """How the sampler shall see a trial; None for one that says nothing about its configuration.

    Finished: its score. Diverged: the worst score so far, because the region is bad. Stopped, killed or paused
    by halving: what its evaluations said. Running, waiting or paused by a person: a place already taken.
    Crashed: nothing.
    """
    from optuna.trial import TrialState as Word
    from optuna.trial import create_trial

    raw = {path: encode(dimension, trial.params.get(path)) for path, dimension in spec.space.items()}
    if any(value is None for value in raw.values()) or trial.state == "failed":
        return None
    rungs = {rung.step: rung.score for rung in trial.rungs if rung.score is not None and math.isfinite(rung.score)}
    common = {"params": raw, "distributions": dict(distributions)}
    if trial.state == "finished" and trial.score is not None:
        return create_trial(state=Word.COMPLETE, value=trial.score, **common)
    if trial.state == "diverged":
        return create_trial(state=Word.COMPLETE, value=min(worst, WORST_SCORE), **common)
    if trial.state in ("stopped", "killed") or (trial.state == "paused" and trial.halved_at is not None):
        return create_trial(state=Word.PRUNED, intermediate_values=rungs, **common) if rungs else None
    return create_trial(state=Word.RUNNING, **common)


def distribution(dimension: Dimension) -> "optuna.distributions.BaseDistribution":
    """What optuna draws from for a dimension."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    match dimension:
        case Choice():
            return CategoricalDistribution(dimension.choices)
        case Factor():
            return FloatDistribution(dimension.low, dimension.high, log=True)
        case Range(integer=True):
            return IntDistribution(int(dimension.low), int(dimension.high), log=dimension.log)
        case Range(one_minus=True):
            return FloatDistribution(1 - dimension.high, 1 - dimension.low, log=True)
        case Range():
            return FloatDistribution(dimension.low, dimension.high, log=dimension.log)


def decode(dimension: Dimension, raw: Value) -> Value:
    """A drawn coordinate as the value of the config key; numbers keep six digits, which no training can tell apart."""
    if isinstance(dimension, Choice) or isinstance(raw, str | bool):
        return raw
    if isinstance(dimension, Factor):
        return _rounded(raw * float(dimension.around or 1.0))
    if dimension.integer:
        return int(raw)
    return _rounded(1 - raw) if dimension.one_minus else _rounded(raw)


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")


def _key(params: Params) -> tuple[tuple[str, Value], ...]:
    return tuple(sorted(params.items()))
