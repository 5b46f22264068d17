"""Where the body-motion numbers of the scripted behaviours come from: a trained policy, watched while it walks.

    python -P -m automl.audit.measure RUN[@STEP] --out automl/audit/gait.json

Runs physics, so it is a tool for whoever renews `gait.json`, never a part of an audit. Each quantity is the mean over
all control steps in a band of planar speed (smoothed over 0.3 s), once with the policy's mean actions and once with
the exploration noise it was trained with.
"""

import argparse
import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

BANDS_MPS = (0.0, 0.1, 0.45, 0.8, 1.2, 1.6, 2.0, 2.6)
SMOOTHING_S = 0.3
WARM_UP_S = 1.0
FAR_M = 1.0
FEWEST = 200

Floats = NDArray[np.float64]


def observe(policy: Any, task: Any, noise: float, seconds: float, robots: int, seed: int) -> dict[str, Floats]:  # noqa: ANN401
    """Let the policy act and record, per control step and robot, what reward terms look at."""
    from vbot_sim.vector_task import VectorTask

    world = VectorTask(task, robots, seed)
    rng = np.random.default_rng(seed)
    std = np.exp(policy.net.params.log_std) * noise
    obs, smooth = world.reset(), np.zeros(robots)
    keep = 1.0 - world.control_dt_s / SMOOTHING_S
    rows: dict[str, list[Floats]] = {}
    for _ in range(round(seconds / world.control_dt_s)):
        actions = policy.act(obs)
        obs = world.step(actions + std * rng.standard_normal(actions.shape).astype(np.float32)).obs
        x = world._inputs
        smooth = keep * smooth + (1.0 - keep) * x.speed_mps
        per_tick = x.ticks**-2
        now = {
            "smooth_mps": smooth,
            "time_s": np.asarray(x.time_s),
            "distance_m": x.distance_m,
            "speed_mps": x.speed_mps,
            "yaw_rate_radps": x.yaw_rate_radps,
            "vertical_speed_sq": np.square(x.vertical_speed_mps),
            "roll_pitch_rate_sq": x.roll_pitch_rate_sq,
            "tilt_sq": x.tilt_sq,
            "torque_sq": x.torque_sq,
            "joint_speed_sq": x.joint_speed_sq,
            "joint_speed_change_sq": x.joint_speed_change_sq * per_tick,
            "action_change_sq": x.action_change_sq * per_tick,
            "hip_abs_rad": x.hip_abs_rad,
        }
        for name, value in now.items():
            rows.setdefault(name, []).append(np.array(value, np.float64))
    return {name: np.concatenate(values) for name, values in rows.items()}


def summarize(seen: dict[str, Floats]) -> dict[str, Any]:
    """Reduce the records to one row per speed band, and the sway of standing inside the circle."""
    settled = seen["time_s"] > WARM_UP_S
    names = [name for name in seen if name.endswith(("_sq", "_abs_rad"))]
    table: dict[str, list[float]] = {name: [] for name in ("speed_mps", "samples", "yaw_rate_radps", *names)}
    for low, high in pairwise(BANDS_MPS):
        place = seen["distance_m"] < FAR_M if low == 0.0 else seen["distance_m"] > FAR_M
        pick = settled & place & (seen["smooth_mps"] >= low) & (seen["smooth_mps"] < high)
        if pick.sum() < FEWEST:
            continue
        table["speed_mps"].append(0.0 if low == 0.0 else float(seen["smooth_mps"][pick].mean()))
        table["samples"].append(int(pick.sum()))
        table["yaw_rate_radps"].append(float(np.sqrt(np.mean(seen["yaw_rate_radps"][pick] ** 2))))
        for name in names:
            table[name].append(float(seen[name][pick].mean()))
    hold = settled & (seen["distance_m"] < 0.5) & (seen["smooth_mps"] < 0.45)
    sway = {
        "samples": int(hold.sum()),
        "distance_mean_m": float(seen["distance_m"][hold].mean()),
        "speed_quantiles_mps": _quantiles(seen["speed_mps"][hold]),
        "yaw_rate_quantiles_radps": _quantiles(np.abs(seen["yaw_rate_radps"][hold])),
    }
    return {"table": {k: [_short(v) for v in values] for k, values in table.items()}, "hold": sway}


def measure_ramps(policy: Any, task: Any, robots: int, seed: int) -> dict[str, float]:  # noqa: ANN401
    """Measure speeding up and braking on straight walks of 8 m with mean actions (medians over robots)."""
    from vbot_sim.spawns import Spawns
    from vbot_sim.vector_task import VectorTask

    world = VectorTask(task, robots, seed)
    position = np.tile([8.0, 0.0], (robots, 1))
    noise = np.random.default_rng(seed).standard_normal((robots, 12)) * 0.05
    obs = world.reset(Spawns(position, np.full(robots, np.pi), np.zeros((robots, 2)), np.full(robots, 0.3), noise))
    speed = []
    for _ in range(round(9.5 / world.control_dt_s)):
        obs = world.step(policy.act(obs)).obs
        speed.append(np.array(world._inputs.speed_mps))
    dt, v = world.control_dt_s, np.array(speed)
    top = v.max(axis=0)
    gain = [_ramp(v[:, k], 0.2 * top[k], 0.8 * top[k], dt) for k in range(robots)]
    loss = [_ramp(v[::-1, k], 0.2 * top[k], 0.8 * top[k], dt) for k in range(robots)]
    found = {"top_mps": top, "speed_up_mps2": gain, "brake_mps2": loss}
    return {name: _short(float(np.nanmedian(values))) for name, values in found.items()}


def _ramp(speed: Floats, low: float, high: float, dt: float) -> float:
    """Return the mean slope between the last moment below `low` and the first one above `high` after the start."""
    above = int(np.argmax(speed > high))
    below = np.flatnonzero(speed[: above + 1] < low)
    if len(below) == 0 or speed[above] <= high:  # it never was that slow, or that fast
        return np.nan
    return (high - low) / ((above - int(below[-1])) * dt)


def _quantiles(values: Floats) -> list[float]:
    return [_short(float(v)) for v in np.quantile(values, np.arange(0.05, 1.0, 0.1))]


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def main(argv: Sequence[str] | None = None) -> int:
    """Measure one checkpoint and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run")
    parser.add_argument("--workspace")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--robots", type=int, default=128)
    arguments = parser.parse_args(argv)
    from dataclasses import replace

    from sessions.workspace import Workspace
    from vbot_rl import checkpoint
    from vbot_rl.config import load_yaml
    from vbot_rl.policy import Policy
    from vbot_sim.settings import override

    name, _, step = arguments.run.partition("@")
    run = Workspace.open(arguments.workspace, create=False).run(name)
    found = checkpoint.find(run, int(step) if step else None)
    policy = Policy.from_checkpoint(found.state)
    cfg = load_yaml(run.path / "config.yaml").cfg
    # A vanishing weight makes the world record torques; success must not end the standing that is to be measured.
    task = override(cfg.task, "reward.scales.torques", -1e-12)
    task = replace(task, episode=replace(task.episode, success_ends=False))
    result = {
        "policy": f"{cfg.env}, preset {cfg.preset}, {found.step} env steps",
        "command": "python -P -m automl.audit.measure RUN[@STEP] --out automl/audit/gait.json",
        "noise_std": _short(float(np.exp(policy.net.params.log_std).mean())),
        "ramps": measure_ramps(policy, task, arguments.robots, seed=3),
        "walking": summarize(observe(policy, task, 0.0, arguments.seconds, arguments.robots, seed=1)),
        "exploring": summarize(observe(policy, task, 1.0, arguments.seconds, arguments.robots, seed=2)),
    }
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
