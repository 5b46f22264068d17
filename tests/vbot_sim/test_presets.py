"""What the shipped default pays for, on scripted walks without physics."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from tests.vbot_sim.builders import ENV
from vbot_sim.config import task_cfg
from vbot_sim.episode import EpisodeState
from vbot_sim.rewards import RewardFunction, TermInputs

DT, GAMMA, LIMIT_S = 0.02, 0.99, 10.0


@dataclass(frozen=True)
class Pay:
    plain: float
    discounted: float
    per_s: float


def walk(start_m: float, speed_mps: float, stop_m: float, seconds: float) -> list[float]:
    """Distances of a walk straight to `stop_m`, and waiting there."""
    count = round(seconds / DT)
    return [max(stop_m, start_m - speed_mps * DT * k) for k in range(count + 1)]


def paid(preset: str, distances: Sequence[float], falls: bool = False) -> Pay:
    """The return of an episode that faces the target all the time; a success ends it."""
    cfg = task_cfg(ENV, preset)
    function = RewardFunction(cfg.reward, DT)
    episode = EpisodeState(cfg.episode, 1, DT)
    episode.begin(slice(None), np.asarray([distances[0]], np.float32))
    out = np.zeros((len(function.terms), 1), np.float32)
    rewards: list[float] = []
    for k in range(1, len(distances)):
        speed = np.asarray([(distances[k - 1] - distances[k]) / DT], np.float32)
        episode.advance(np.asarray([distances[k]], np.float32), np.abs(speed))
        x = TermInputs.zeros(1, DT, LIMIT_S)
        x.take_episode(episode)
        x.approach_speed_mps, x.speed_mps = speed, np.abs(speed)
        x.terminated = np.asarray([falls and k == len(distances) - 1])
        rewards.append(float(function.compute(x, out)[0]))
        if episode.success_over()[0]:
            break
    weights = GAMMA ** np.arange(len(rewards))
    return Pay(sum(rewards), float(weights @ rewards), sum(rewards) / (len(rewards) * DT))


JOB = walk(8.0, 1.6, 0.2, LIMIT_S)
CHEATS: dict[str, tuple[list[float], bool]] = {
    "stand still": ([8.0] * 501, False),
    "hover at the rim": (walk(8.0, 1.6, 0.52, LIMIT_S), False),
    "hold at 1 m": (walk(8.0, 1.6, 1.0, LIMIT_S), False),
    "sprint and crash": (walk(8.0, 3.0, 0.3, 2.7), True),
    "touch and die": (walk(8.0, 1.6, 0.45, 4.9), True),
    "die early": ([8.0] * 11, True),
    "retreat": ([8.0 + 1.0 * DT * k for k in range(200)], False),
}


@pytest.mark.parametrize("name", sorted(CHEATS))
def test_the_default_pays_the_job_better_than_a_cheat(name: str) -> None:
    distances, falls = CHEATS[name]
    job, cheat = paid("default", JOB), paid("default", distances, falls)
    assert cheat.plain < 0.9 * job.plain
    assert cheat.discounted < job.discounted
    assert cheat.per_s < 0.8 * job.per_s


def test_standing_still_costs_and_dying_costs_more() -> None:
    stand, die = paid("default", *CHEATS["stand still"]), paid("default", *CHEATS["die early"])
    # facing the target 0.18 - time 0.3 per 10 ms, for 10 s
    assert stand.plain == pytest.approx(-120.0, abs=0.1)
    assert die.discounted < 2 * stand.discounted


def test_the_faster_of_two_walks_is_paid_better_per_second() -> None:
    slow, fast = paid("default", walk(8.0, 0.9, 0.2, LIMIT_S)), paid("default", walk(8.0, 1.6, 0.2, LIMIT_S))
    assert fast.per_s > 1.2 * slow.per_s and fast.discounted > slow.discounted
