"""What each searched key did: its share of the differences in score (PED-ANOVA), and which way it worked.

optuna is imported only inside `importances`.
"""

from collections.abc import Sequence

from automl.confirm import search_trials
from automl.space import Choice, encode
from automl.spec import StudySpec
from automl.state import StudyState

FEWEST = 8


def importances(spec: StudySpec, state: StudyState) -> dict[str, float]:
    """The share of each key, all together 1; empty while fewer than eight trials are finished."""
    trials = search_trials(state)
    if len(trials) < FEWEST or not spec.space:
        return {}
    import optuna

    from automl.samplers import distribution
    from automl.suggest import as_optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction="maximize")
    distributions = {path: distribution(dimension) for path, dimension in spec.space.items()}
    seen = (as_optuna(spec, trial, distributions, 0.0) for trial in trials)
    study.add_trials([trial for trial in seen if trial is not None])
    if len(study.trials) < FEWEST:
        return {}
    found = optuna.importance.get_param_importances(study)
    return {path: float(found.get(path, 0.0)) for path in spec.space}


def tendency(spec: StudySpec, state: StudyState, path: str) -> float | None:
    """Spearman's rank correlation of a key's value with the score; None for choices and for too few trials."""
    dimension = spec.space[path]
    trials = search_trials(state)
    if isinstance(dimension, Choice) or len(trials) < FEWEST:
        return None
    pairs = [(encode(dimension, trial.params.get(path)), trial.score) for trial in trials]
    numbers = [(float(x), float(y)) for x, y in pairs if isinstance(x, int | float) and y is not None]
    return correlation(ranks([x for x, _ in numbers]), ranks([y for _, y in numbers]))


def ranks(values: Sequence[float]) -> list[float]:
    """Ranks from 1; equal values share the mean of theirs."""
    order = sorted(values)
    first = {value: order.index(value) + 1 for value in set(values)}
    return [first[value] + (order.count(value) - 1) / 2 for value in values]


def correlation(xs: Sequence[float], ys: Sequence[float]) -> float | None:
    """Pearson's correlation; None when one side does not vary."""
    count = len(xs)
    if count < 2:
        return None
    mean_x, mean_y = sum(xs) / count, sum(ys) / count
    spread_x = sum((x - mean_x) ** 2 for x in xs)
    spread_y = sum((y - mean_y) ** 2 for y in ys)
    if not spread_x or not spread_y:
        return None
    return float(sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / (spread_x * spread_y) ** 0.5)
