"""Where suggestions come from: TPE, Gaussian processes, CMA-ES and the baselines, as functions of what was tried.

Every sampler is built anew for each question and seeded by the caller, so none has a memory of its own: the same
trials and the same seed give the same answer, in this process or another. optuna, cmaes, scipy and torch are imported
only where a suggestion is computed.
"""

import itertools
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from automl.perturb import perturbed
from automl.space import Choice, Dimension, Factor, Range, at_share, decode, share_of_range
from automl.state import Params, TrialState, Value

if TYPE_CHECKING:
    import optuna

NAMES = ("tpe", "gp", "cmaes", "random", "perturb", "grid")
SPREAD = 0.25  # of the first CMA-ES generation, in shares of each range
WORST = -2.0  # below any score: a trial that diverged or breaks a limit without having a score

Rated = tuple[TrialState, float]
"""A trial with what it is worth to a sampler: its score, lowered where it breaks a limit."""


def from_optuna(name: str, space: Mapping[str, Dimension], seen: Sequence[Any], seed: int, startup: int) -> Params:
    """Ask one of optuna's samplers about trials in its own form; `space` is what is drawn from."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler, wanted = _sampler(name, seed, startup), {path: distribution(item) for path, item in space.items()}
    ended = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)
    if name == "tpe" and any(trial.state in ended for trial in seen):
        # All trials have the same keys. Finding that out anew takes optuna longer than all the rest.
        common = {path: wanted[path] for path in sorted(wanted) if not wanted[path].single()}
        sampler.infer_relative_search_space = lambda study, trial: common
    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.add_trials(list(seen))
    raw = study.ask(wanted).params
    return {path: decode(dimension, raw[path]) for path, dimension in space.items()}


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


def _sampler(name: str, seed: int, startup: int) -> "optuna.samplers.BaseSampler":
    import optuna

    if name == "tpe":
        return optuna.samplers.TPESampler(seed=seed, n_startup_trials=startup)
    if name == "gp":
        return optuna.samplers.GPSampler(seed=seed, n_startup_trials=startup, warn_independent_sampling=False)
    return optuna.samplers.RandomSampler(seed=seed)


def from_cmaes(
    space: Mapping[str, Dimension], base: Params, rated: Sequence[Rated], drawn: Params, seed: int
) -> Params:
    """Draw from the distribution that CMA-ES has after all full generations of rated trials.

    Trials are taken in order of their numbers, a generation at a time; those that are not a full generation yet wait.
    Every key with an order is moved; choices keep what is in `drawn`.

    Args:
        space: all searched keys.
        base: where the first generation is centred.
        rated: trials with their worth.
        drawn: values for the keys that CMA-ES cannot move.
        seed: of this one draw.
    """
    paths = [path for path, dimension in space.items() if share_of_range(dimension, base.get(path)) is not None]
    if len(paths) < 2:  # its covariance needs two keys
        return drawn
    import numpy as np
    from cmaes import CMA

    bounds = np.tile(np.array([0.0, 1.0]), (len(paths), 1))
    start = np.clip([_share(space, path, base) for path in paths], 0.05, 0.95)
    optimizer = CMA(mean=np.asarray(start), sigma=SPREAD, bounds=bounds, seed=seed)
    for generation in _generations(rated, optimizer.population_size):
        told = [
            (np.array([_share(space, path, trial.params) for path in paths]), -worth) for trial, worth in generation
        ]
        optimizer.tell(told)
    optimizer.reseed_rng(seed)
    point = optimizer.ask()
    return {**drawn, **{path: at_share(space[path], float(x)) for path, x in zip(paths, point, strict=True)}}


def _share(space: Mapping[str, Dimension], path: str, params: Params) -> float:
    share = share_of_range(space[path], params.get(path))
    return 0.5 if share is None else share


def _generations(rated: Sequence[Rated], size: int) -> Iterator[Sequence[Rated]]:
    ordered = sorted(rated, key=lambda pair: pair[0].number)
    for begin in range(0, len(ordered) - size + 1, size):
        yield ordered[begin : begin + size]


def from_best(space: Mapping[str, Dimension], rated: Sequence[Rated], seed: int) -> Params:
    """Jitter around the best trial, as the predecessor searched."""
    best = max(rated, key=lambda pair: (pair[1], -pair[0].number))[0]
    return perturbed(space, best.params, random.Random(seed))


def size(space: Mapping[str, Dimension]) -> int | None:
    """How many configurations a space holds; None for infinitely many."""
    counts = [len(_values(dimension)) if _is_finite(dimension) else 0 for dimension in space.values()]
    return math.prod(counts) if all(counts) else None


def points(space: Mapping[str, Dimension]) -> Iterator[Params]:
    """All configurations of a finite space, the last key changing fastest."""
    paths = list(space)
    for values in itertools.product(*(_values(space[path]) for path in paths)):
        yield dict(zip(paths, values, strict=True))


def _is_finite(dimension: Dimension) -> bool:
    return isinstance(dimension, Choice) or (isinstance(dimension, Range) and dimension.integer)


def _values(dimension: Dimension) -> Sequence[Value]:
    if isinstance(dimension, Choice):
        return dimension.choices
    return range(math.ceil(dimension.low), math.floor(dimension.high) + 1)
