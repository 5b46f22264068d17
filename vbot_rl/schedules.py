"""What changes over a run, as pure functions of config, progress and the last measurement."""

import math

from vbot_rl.config import PpoCfg

KL_FACTOR = 1.5
KL_BAND = 2.0


def learning_rate(cfg: PpoCfg, progress: float, current: float) -> float:
    """Learning rate of the update that starts at ``progress`` in [0, 1]; kl_adaptive carries ``current`` along."""
    done = min(max(progress, 0.0), 1.0)
    if cfg.schedule == "kl_adaptive":
        return current
    if cfg.schedule == "constant":
        return cfg.learning_rate
    left = 1.0 - done if cfg.schedule == "linear" else 0.5 * (1.0 + math.cos(math.pi * done))
    return cfg.learning_rate * (cfg.schedule_floor + (1.0 - cfg.schedule_floor) * left)


def after_update(cfg: PpoCfg, current: float, kl: float) -> float:
    """Learning rate to carry to the next update, given the KL divergence that the last one caused."""
    if cfg.schedule != "kl_adaptive":
        return current
    if kl > cfg.kl_target * KL_BAND:
        return max(current / KL_FACTOR, cfg.learning_rate_min)
    if 0.0 <= kl < cfg.kl_target / KL_BAND:
        return min(current * KL_FACTOR, cfg.learning_rate_max)
    return current


def entropy_coef(cfg: PpoCfg, progress: float) -> float:
    """Weight of the entropy bonus at ``progress`` in [0, 1]."""
    if cfg.entropy_coef_end is None:
        return cfg.entropy_coef
    done = min(max(progress, 0.0), 1.0)
    return cfg.entropy_coef + (cfg.entropy_coef_end - cfg.entropy_coef) * done


def log_std_bounds(cfg: PpoCfg, progress: float) -> tuple[float, float]:
    """Lowest and highest log of the standard deviation at ``progress`` in [0, 1].

    A ceiling that comes down takes the noise away little by little, so that in the end the policy that is trained is
    the one that is judged, which has none.
    """
    low, high = math.log(cfg.std_floor), math.log(cfg.std_ceiling)
    if cfg.std_ceiling_end is not None:
        done = min(max(progress, 0.0), 1.0)
        high += (math.log(cfg.std_ceiling_end) - high) * done
    return low, high
