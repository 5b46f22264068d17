"""The registry of scalar tags: what each number means, its unit, how it was reduced, and which way is better.

Writers take their tag names from here and readers their words. Tags of one reward term or one cause of end share a
prefix and are described by it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal

Direction = Literal["up", "down", "none"]
Reduction = Literal["mean", "last", "sum", "fraction", "max"]

REWARD_PREFIX: Final = "reward/"
END_PREFIX: Final = "end/"
LEVEL_PREFIX: Final = "course/level_"
REWARD_TOTAL: Final = "reward/total"


@dataclass(frozen=True)
class Metric:
    """One kind of number that a run measures."""

    tag: str
    unit: str
    reduction: Reduction
    direction: Direction  # which way is better; "none" where neither is
    help: str


def reward_tag(term: str) -> str:
    """The tag of one reward term."""
    return REWARD_PREFIX + term


def end_tag(cause: str) -> str:
    """The tag of one cause of end."""
    return END_PREFIX + cause


def reward_terms(tags: Iterable[str]) -> tuple[str, ...]:
    """The reward terms among the tags, without the total, in the given order."""
    return tuple(
        tag.removeprefix(REWARD_PREFIX) for tag in tags if tag.startswith(REWARD_PREFIX) and tag != REWARD_TOTAL
    )


def describe(tag: str) -> Metric:
    """What a tag means; a tag nobody registered is described as itself."""
    known = REGISTRY.get(tag)
    if known is not None:
        return known
    for prefix, pattern in PREFIXES.items():
        if tag.startswith(prefix) and len(tag) > len(prefix):
            return replace(pattern, tag=tag, help=pattern.help.format(name=tag.removeprefix(prefix)))
    return Metric(tag, "", "last", "none", "a number of another tool")


def is_registered(tag: str) -> bool:
    """Whether the tag, or its prefix, is ours."""
    return tag in REGISTRY or any(tag.startswith(prefix) and len(tag) > len(prefix) for prefix in PREFIXES)


PREFIXES: Final[dict[str, Metric]] = {
    REWARD_PREFIX: Metric(
        REWARD_PREFIX, "/step", "mean", "none", "weighted contribution of the reward term {name}, per control step"
    ),
    END_PREFIX: Metric(END_PREFIX, "", "fraction", "none", "share of finished episodes that ended by {name}"),
    LEVEL_PREFIX: Metric(LEVEL_PREFIX, "", "mean", "up", "mean level on the training field's {name}, 0 the easiest"),
}

_METRICS: Final = (
    Metric(REWARD_TOTAL, "/step", "mean", "up", "reward per control step, summed apart from its terms"),
    Metric("episode/return", "", "mean", "up", "undiscounted reward of finished episodes"),
    Metric("episode/length_s", "s", "mean", "none", "duration of finished episodes"),
    Metric("episode/count", "", "sum", "none", "episodes finished since the last update"),
    Metric("episode/success", "", "fraction", "up", "share of finished episodes that stopped inside the circle"),
    Metric("episode/fell", "", "fraction", "down", "share of finished episodes that ended in a fall"),
    Metric(
        "episode/touched", "", "fraction", "up", "share of finished episodes that were inside the circle at any time"
    ),
    Metric(
        "episode/touched_fell",
        "",
        "fraction",
        "down",
        "share of finished episodes that fell after being inside the circle",
    ),
    Metric(
        "episode/left",
        "",
        "fraction",
        "down",
        "share of finished episodes that were inside the circle and ended outside",
    ),
    Metric("episode/min_distance_m", "m", "mean", "down", "nearest approach to the target in finished episodes"),
    Metric("episode/points", "", "mean", "up", "points by the rules of a course in finished episodes, falls included"),
    Metric("episode/progress", "", "fraction", "up", "share of a course's route that finished episodes covered"),
    Metric("episode/final_distance_m", "m", "mean", "down", "distance to the target at the end of finished episodes"),
    Metric("task/distance_m", "m", "mean", "down", "distance to the target, over all robots and steps"),
    Metric("task/speed_mps", "m/s", "mean", "none", "planar speed, over all robots and steps"),
    Metric("task/reached", "", "fraction", "none", "share inside the circle: occupancy, not success, which ends it"),
    Metric("task/speed_near_mps", "m/s", "mean", "down", "planar speed within 1 m of the target"),
    Metric("task/speed_inside_mps", "m/s", "mean", "none", "planar speed inside the circle"),
    Metric("task/near_fraction", "", "fraction", "none", "share of robots between 0.5 m and 1.5 m from the target"),
    Metric("ppo/learning_rate", "", "last", "none", "learning rate of the last update"),
    Metric("ppo/kl", "nat", "mean", "none", "distance between the policies before and after the update"),
    Metric("ppo/kl_last", "nat", "last", "none", "distance between the policies in the last pass over the data"),
    Metric("ppo/advantage_std", "", "last", "none", "spread of the advantages before they were normalised"),
    Metric("ppo/clip_fraction", "", "fraction", "none", "share of samples whose probability ratio was clipped"),
    Metric("ppo/entropy", "nat", "mean", "none", "entropy of the policy"),
    Metric("ppo/std", "", "mean", "none", "standard deviation of the policy's actions"),
    Metric("ppo/explained_variance", "", "last", "up", "share of the returns' variance that the critic explains"),
    Metric("ppo/policy_loss", "", "mean", "none", "loss of the policy"),
    Metric("ppo/value_loss", "", "mean", "down", "loss of the critic"),
    Metric("ppo/grad_norm", "", "mean", "none", "norm of the gradient before it was clipped"),
    Metric("ppo/action_saturation", "", "fraction", "down", "share of actions at their limit"),
    Metric("ppo/entropy_coef", "", "last", "none", "weight of the entropy bonus"),
    Metric("ppo/epochs_done", "", "last", "none", "passes over the data before the update stopped"),
    Metric("value/mean", "", "mean", "none", "the critic's mean estimate"),
    Metric("value/return_mean", "", "mean", "none", "mean return that the critic learns from"),
    Metric("perf/steps_per_s", "/s", "last", "up", "environment steps per second of wall time"),
    Metric("perf/mean_steps_per_s", "/s", "last", "up", "the same since the process began, evaluations apart"),
    Metric("perf/rollout_s", "s", "last", "down", "time to collect one rollout"),
    Metric("perf/physics_s", "s", "last", "down", "time in the physics engine within one rollout"),
    Metric("perf/env_s", "s", "last", "down", "time for rewards, observations and resets within one rollout"),
    Metric("perf/act_s", "s", "last", "down", "time for the policy's actions and bookkeeping within one rollout"),
    Metric("perf/update_s", "s", "last", "down", "time to learn from one rollout"),
    Metric("perf/eval_s", "s", "last", "down", "time of the last evaluation"),
    Metric("perf/rss_mb", "MB", "last", "down", "memory of the training process"),
    Metric("eval/score", "", "last", "up", "score v1 over the canonical competition cases"),
    Metric("eval/success", "", "fraction", "up", "share of evaluation episodes that succeeded"),
    Metric("eval/fell", "", "fraction", "down", "share of evaluation episodes with a fall"),
    Metric(
        "eval/reached", "", "fraction", "up", "share of evaluation episodes that were inside the circle at any time"
    ),
    Metric("eval/points_mean", "", "mean", "up", "competition points"),
    Metric("eval/t_success_s", "s", "mean", "down", "time to success of the episodes that succeeded"),
    Metric("eval/distance_m", "m", "mean", "down", "distance to the target at the end of evaluation episodes"),
)

REGISTRY: Final[dict[str, Metric]] = {metric.tag: metric for metric in _METRICS}
