"""Entering our environments into Gymnasium's registry, without loading any of them."""

from vbot_sim.config import ENV_IDS

SINGLE = "vbot_sim.gym_env:VbotEnv"
VECTOR = "vbot_sim.gym_env:VbotVectorEnv"


def register_environments() -> None:
    """Make `gymnasium.make` and `gymnasium.make_vec` know every environment; twice does nothing."""
    from gymnasium.envs.registration import register, registry

    for env in ENV_IDS:
        if env not in registry:
            # The task ends its own episodes, and its checker is a test, not a wrapper around each step.
            register(env, SINGLE, kwargs={"env": env}, vector_entry_point=VECTOR, disable_env_checker=True)
