"""Small trees in the older tools' formats, and where the real samples are."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

ASSETS = Path(__file__).parent / "assets" / "tree"
LEGACY = Path(__file__).parents[3].parent / "shared" / "legacy"

CAMPAIGN = "automl_20260210_120000"
ENV = "vbot_navigation_section001"
REWARD = {"alive_bonus": 0.25, "termination": -100}
HP = {"learning_rate": 0.0003, "rollouts": 24}
METRICS = {
    "episode_length_mean": 1200.0,
    "episode_reward_mean": 2.0,
    "success_rate": 0.5,
    "termination_rate": 0.001,
}
NO_METRICS = dict.fromkeys(METRICS, 0.0)
# 0.60 * 0.5 + 0.25 * 0.999 + 0.10 * 2 / 10 + 0.05 * (1 - 1200 / 4000)
SCORE = 0.3 + 0.24975 + 0.02 + 0.035


def write(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files (path -> content) under `root`."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def block(values: Mapping[str, Any], indent: int) -> str:
    """A YAML mapping of plain values."""
    return "".join(f"{' ' * indent}{key}: {value}\n" for key, value in values.items())


def trial(
    number: int,
    metrics: Mapping[str, Any] = METRICS,
    score: float | str = SCORE,
    reward: Mapping[str, Any] = REWARD,
    hp: Mapping[str, Any] = HP,
) -> str:
    """One item of `hp_search_history`."""
    groups = f"- hp_config:\n{block(hp, 4)}  metrics:\n{block(metrics, 4)}  reward_config:\n{block(reward, 4)}"
    return f"{groups}  score: {score}\n  trial: {number}\n"


def state(*trials: str, campaign: str = CAMPAIGN, status: str = "completed", **more: object) -> str:
    """A state file."""
    head = {"automl_id": campaign, "budget_hours": 8.0, "mode": "stage", "status": status}
    if trials:
        head["current_iteration"] = len(trials) - 1
    history = "".join(trials) if trials else "[]\n"
    joined = "hp_search_history:\n" + history if trials else "hp_search_history: " + history
    return block(head | more, 0) + joined


def tag(number: int, stamp: int = 1770700000, campaign: str = CAMPAIGN) -> str:
    """The name of a launch."""
    return f"{campaign}_{ENV}_i{number}_{stamp}"


def summary(
    number: int,
    metrics: Mapping[str, Any] | None = None,
    stamp: int = 1770700000,
    started: str = "2026-02-10T05:06:40Z",
    reward: Mapping[str, Any] = REWARD,
) -> str:
    """A summary.yaml; its start is the launch's unix time in UTC (1770700000 = 2026-02-10 05:06:40)."""
    name = tag(number, stamp)
    known = {key: METRICS[key] for key in ("episode_reward_mean", "success_rate")} if metrics is None else metrics
    return (
        f"campaign_id: {CAMPAIGN}\nconfig:\n  environment: {ENV}\n  hyperparameters:\n{block(HP, 4)}"
        f"config_id: {name}\nexecution:\n  started_at: '{started}'\n  duration_hours: 0.25\n  status: completed\n"
        f"experiment_id: {name}\nresults:\n  final_metrics:\n{block(known, 4)}  reward_scales:\n{block(reward, 4)}"
        f"  run_dir: runs\\{ENV}\\26-02-10_05-06-50-123456_PPO\ntrial_index: {number}\n"
    )
