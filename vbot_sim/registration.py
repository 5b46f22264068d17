"""Entering our environments into Gymnasium's registry, without loading any of them."""

from typing import TYPE_CHECKING

from vbot_sim.config import ENV_IDS

if TYPE_CHECKING:
    from vbot_sim.schema import TaskCfg

SINGLE = "vbot_sim.gym_env:VbotEnv"
VECTOR = "vbot_sim.gym_env:VbotVectorEnv"


def register_environments() -> None:
    """Make `gymnasium.make` and `gymnasium.make_vec` know every environment that is built; twice does nothing."""
    from gymnasium.envs.registration import register, registry

    for env in built_environments():
        if env not in registry:
            # The task ends its own episodes, and its checker is a test, not a wrapper around each step.
            register(env, SINGLE, kwargs={"env": env}, vector_entry_point=VECTOR, disable_env_checker=True)


def built_environments() -> tuple[str, ...]:
    """Ids of the environments whose world exists."""
    return tuple(env for env in ENV_IDS if task_or_none(env) is not None)


def task_or_none(env: str) -> "TaskCfg | None":
    """The default task of an environment, or None where it is not built yet."""
    from vbot_sim.config import task_cfg
    from vbot_sim.errors import UnknownEnvError

    try:
        return task_cfg(env)
    except UnknownEnvError:
        return None
