"""The names the older tools used for one thing at different times, and how to read values that were stored as text."""

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from sessions.history.model import Tag
from sessions.history.yaml_tags import parse_number

Data: TypeAlias = Any

REWARD_KEYS = ("reward_scales", "reward_config", "reward_weights", "reward_overrides", "rewards", "reward")
HP_KEYS = ("rl_overrides", "hp_config", "rl_config", "hyperparameters", "ppo", "hp", "ppo_overrides")
ENV_KEYS = ("env_name", "environment", "env", "env_id")
TAG_KEYS = ("run_tag", "experiment_id", "config_id", "tag", "run_name", "name", "_source")
METRIC_KEYS = ("final_metrics", "metrics", "performance", "results")
NUMBER_KEYS = ("trial", "trial_index", "trial_number", "number", "index")
SCORE_KEYS = ("score", "composite_score")
CAMPAIGN_KEYS = ("automl_id", "campaign_id", "campaign", "study_id")
HISTORY_KEYS = ("hp_search_history", "search_history", "trial_history", "history", "trials")

HP_NAMES = frozenset(
    [
        "learning_rate",
        "entropy_loss_scale",
        "policy_hidden_layer_sizes",
        "value_hidden_layer_sizes",
        "rollouts",
        "learning_epochs",
        "mini_batches",
        "discount_factor",
        "lambda_param",
        "ratio_clip",
        "value_clip",
        "grad_norm_clip",
        "kl_threshold",
        "max_env_steps",
        "seed",
        "check_point_interval",
        "num_envs",
        "learning_rate_scheduler",
        "learning_rate_scheduler_kl_threshold",
        "value_loss_scale",
        "clip_predicted_values",
        "share_policy_value_features",
        "time_limit_bootstrap",
        "rewards_shaper_scale",
    ]
)
"""Flat seed files mix both kinds of keys; these are the hyper-parameters."""

_TAG = re.compile(r"^(?P<campaign>automl_\d{8}_\d{6})(?:_(?P<stage>.+?))?_i(?P<number>\d{1,6})_(?P<stamp>\d{9,11})$")
_CAMPAIGN = re.compile(r"automl_\d{8}_\d{6}")
_TUPLE = re.compile(r"^[\[(]\s*-?[\d.]+(?:\s*,\s*-?[\d.]+)*\s*,?\s*[\])]$")


def parse_tag(text: str) -> Tag | None:
    """The parts of a launch's name, or None."""
    match = _TAG.match(text)
    if match is None:
        return None
    return Tag(match["campaign"], match["stage"] or "", int(match["number"]), int(match["stamp"]))


def campaign_in(text: str) -> str:
    """The first campaign id inside a path or a line, or an empty string."""
    match = _CAMPAIGN.search(text)
    return match.group(0) if match else ""


def first(data: Mapping[str, Data], keys: Iterable[str], kind: type | tuple[type, ...] = object) -> Data:
    """The value of the first of `keys` that is present with a value of `kind`, else None."""
    for key in keys:
        value = data.get(key)
        if value is not None and isinstance(value, kind):
            return value
    return None


def text_of(value: Data) -> str:
    """A short text, whatever was stored."""
    return "" if value is None or isinstance(value, dict | list) else str(value)[:500]


def number_of(value: Data) -> float | None:
    """A finite number, also when it was stored as text; None for anything else (a bool is not a number)."""
    number = parse_number(value) if isinstance(value, str) else value
    if isinstance(number, bool) or not isinstance(number, int | float):
        return None
    try:
        return float(number) if math.isfinite(number) else None
    except OverflowError:
        return None


def count_of(value: Data) -> int | None:
    """A whole number of trials or steps, or None."""
    number = number_of(value)
    return int(number) if number is not None and abs(number) < 1e15 and number == int(number) else None


def params_of(value: Data) -> dict[str, Data]:
    """A flat set of parameters: text that is a number or a list of them becomes that; groups are opened one level."""
    if not isinstance(value, dict):
        return {}
    found: dict[str, Data] = {}
    for key, item in value.items():
        if isinstance(item, dict):
            found.update({name: _value_of(inner) for name, inner in item.items() if not isinstance(inner, dict)})
        else:
            found[key] = _value_of(item)
    return found


def _value_of(value: Data) -> Data:
    if not isinstance(value, str):
        return value
    number = parse_number(value)
    if number is not None and number == number and abs(number) != float("inf"):
        return number
    if len(value) < 200 and _TUPLE.match(value.strip()):
        return [parse_number(part) for part in value.strip().strip("[]() ").rstrip(",").split(",")]
    return {"True": True, "False": False, "None": None}.get(value, value)
