"""Does a searched key change anything? Rewards are computed on many random states, with the key at both of its ends.

No physics runs: terms see a plain struct of arrays, which is filled at random within what a robot can meet. What
never changes there is a ghost: searching it spends trials on nothing. numpy is loaded at the call.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from automl.samplers import from_optuna
from automl.space import Choice, Dimension, Range
from automl.spec import REWARD
from automl.state import Params, Value
from vbot_sim.settings import override

if TYPE_CHECKING:
    from vbot_rl.config import RunCfg
    from vbot_sim.schema import TaskCfg

STATES = 2048
BACKGROUNDS = 4  # settings of the other keys under which a key gets its chance to matter

# The two far ends of the draws by the unit at the end of a field's name. Magnitudes are spread over four decades, and
# a quarter of all values stay as they are at rest, because gates open at both.
_RANGES: Mapping[str, tuple[float, float]] = {
    "_mps2": (60.0, 60.0),
    "_m": (15.0, 15.0),
    "speed_mps": (4.0, 4.0),
    "_mps": (-4.0, 4.0),
    "_rad": (-3.1, 3.1),
    "_radps": (-20.0, 20.0),
    "_s": (12.0, 12.0),
    "_sq": (4.0, 4.0),
}
_DECADES = 4.0
_AT_REST = 0.25

# Settings of the learner that are looked at only under others: key -> (the other key, its values).
_ONLY_WITH: Mapping[str, tuple[str, tuple[Value, ...]]] = {
    "ppo.kl_target": ("ppo.schedule", ("kl_adaptive",)),
    "ppo.learning_rate_min": ("ppo.schedule", ("kl_adaptive",)),
    "ppo.learning_rate_max": ("ppo.schedule", ("kl_adaptive",)),
    "ppo.schedule_floor": ("ppo.schedule", ("linear", "cosine")),
}
_NOT_LEARNED = (
    "train.evaluations",
    "train.evaluation_cases",
    "train.checkpoint_interval_s",
    "train.keep_last",
    "train.threads",
    "train.device",
)


def ghosts(cfg: "RunCfg", space: Mapping[str, Dimension]) -> dict[str, str]:
    """Searched keys that change nothing, with the reason in words.

    Args:
        cfg: what every trial starts from.
        space: the searched keys, each with the preset's value.
    """
    found = {path: why for path in space if (why := _unread(cfg, space, path))}
    paid = [path for path in space if path.startswith(REWARD)]
    if paid:
        inputs = random_inputs(cfg.task)
        backgrounds = [_base(space), *_draws(space)]
        for path in paid:
            if not any(_matters(cfg, inputs, others, path, space[path]) for others in backgrounds):
                found[path] = f"no value of its range changes the reward on {STATES} random states"
    return found


def _unread(cfg: "RunCfg", space: Mapping[str, Dimension], path: str) -> str:
    """Why nobody looks at a learner's setting here; empty when somebody does."""
    from vbot_sim.settings import get

    if path in _NOT_LEARNED:
        return "it decides how a run is watched, not what it learns"
    if path not in _ONLY_WITH:
        return ""
    other, values = _ONLY_WITH[path]
    dimension = space.get(other)
    reachable = dimension.choices if isinstance(dimension, Choice) else (get(cfg, other),)
    if set(reachable) & set(values):
        return ""
    return f"it is read only with {other} {' or '.join(map(str, values))}, and here it is {reachable[0]}"


def _base(space: Mapping[str, Dimension]) -> Params:
    return {path: dimension.around for path, dimension in space.items() if dimension.around is not None}


def _draws(space: Mapping[str, Dimension]) -> list[Params]:
    return [from_optuna("random", space, (), seed, 1) for seed in range(BACKGROUNDS - 1)]


def _matters(cfg: "RunCfg", inputs: Any, others: Params, path: str, dimension: Dimension) -> bool:  # noqa: ANN401
    import numpy as np

    paid = [pay(_with(cfg, {**others, path: value}), inputs) for value in _ends(dimension)]
    return any(not np.array_equal(paid[0], other) for other in paid[1:])


def _with(cfg: "RunCfg", params: Params) -> "TaskCfg":
    """The task with these settings of its reward; others of the search do not matter to what is paid."""
    changed = cfg
    for path, value in params.items():
        if path.startswith(REWARD):
            changed = override(changed, path, value)
    return changed.task


def _ends(dimension: Dimension) -> Sequence[Value]:
    if isinstance(dimension, Choice):
        return dimension.choices
    if isinstance(dimension, Range):
        return (dimension.low, dimension.high) if not dimension.integer else (int(dimension.low), int(dimension.high))
    around = float(dimension.around or 1.0)
    return (dimension.low * around, dimension.high * around)


def random_inputs(task: "TaskCfg", states: int = STATES, seed: int = 0) -> Any:  # noqa: ANN401 - a struct of arrays
    """What the terms of a task look at, drawn at random: [states] each, flags set in half of them."""
    import numpy as np

    rng = np.random.default_rng(seed)
    inputs, _ = _world(task, states)
    for item in fields(inputs):
        array = getattr(inputs, item.name)
        if not isinstance(array, np.ndarray):
            continue
        drawn: Any
        if array.dtype == np.bool_:
            drawn = rng.random(array.shape) < 0.5
        elif np.issubdtype(array.dtype, np.integer):
            drawn = rng.integers(0, 4, array.shape)
        else:
            size = np.where(rng.random(array.shape) < 0.5, *_range_of(item.name))
            moved = size * 10.0 ** (-_DECADES * rng.random(array.shape))
            drawn = np.where(rng.random(array.shape) < _AT_REST, array, moved)
        setattr(inputs, item.name, drawn.astype(array.dtype))
    return inputs


def _range_of(name: str) -> tuple[float, float]:
    if "approach" in name or "vertical" in name:
        return _RANGES["_mps"]
    return next((ends for unit, ends in _RANGES.items() if name.endswith(unit)), (-4.0, 4.0))


def pay(task: "TaskCfg", inputs: Any) -> Any:  # noqa: ANN401 - an array [states]
    """The reward of each state."""
    import numpy as np

    _, function = _world(task, 1)
    if task.course is not None:
        inputs.pay = task.course.pay
    out = np.zeros((len(function.terms), len(inputs.distance_m)), np.float32)
    with np.errstate(all="ignore"):
        return function.compute(inputs, out)


def _world(task: "TaskCfg", states: int) -> tuple[Any, Any]:
    """What the terms of a task look at, at rest, and the function that pays them."""
    from vbot_sim.rewards import RewardFunction, TermInputs

    dt_s, limit_s = task.control_dt_s, task.episode.limit_s
    if task.course is None:
        return TermInputs.zeros(states, dt_s, limit_s), RewardFunction(task.reward, dt_s)
    from vbot_sim.courses.rewards import CourseInputs, CourseReward

    return CourseInputs.zeros(states, dt_s, limit_s), CourseReward(task.reward, dt_s, task.course.pay)
