"""Real training that is over in seconds: a tiny network, few robots, and legs so weak that every episode is short."""

from typing import Any

from automl.space import Factor, Range
from automl.spec import FIRST_ENV, StudySpec

SETS: dict[str, Any] = {
    "train.num_envs": 16,
    "ppo.horizon": 16,
    "ppo.epochs": 1,
    "ppo.minibatches": 1,
    "ppo.hidden": [16],
    "task.control.kp": 2.0,
}


def tiny_spec(**changes: Any) -> StudySpec:
    values: dict[str, Any] = {
        "label": "tiny",
        "env": FIRST_ENV,
        "space": {
            "ppo.learning_rate": Factor(0.5, 2.0),
            "ppo.entropy_coef": Range(1e-4, 1e-2, log=True),
            "task.reward.scales.termination": Factor(0.5, 2.0),
        },
        "sets": SETS,
        "max_trials": 2,
        "startup_trials": 1,
        "trial_env_steps": 2_000,
        "slots": 2,
        **changes,
    }
    return StudySpec(**values)


LONG_STEPS = 500_000_000
