"""Rewards that were cheated and the settings that cured them, one fault at a time, on rewards that are otherwise sound.

The numbers are those of the predecessor's record. Its own configs of the time had several faults at once and could not
show which one an audit found.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vbot_sim.catalogue import scales
from vbot_sim.config import TaskCfg, task_cfg
from vbot_sim.settings import override

ENV = "vbot_navigation_section001"
NEAR_SPAWN = {"spawn.radius_min_m": 2.0, "spawn.radius_max_m": 5.0}

#: Round six: a walk too weakly paid for episodes of 40 s.
WEAK_WALK = {
    "reward.scales.forward_velocity": 0.8,
    "reward.scales.approach": 5.0,
    "reward.scales.heading_tracking": 1.0,
}
#: A reward in which being alive, arriving and walking are paid; written out so that presets may change.
ALIVE_PAYS = {
    "reward.scales": scales(
        forward_velocity=0.4,
        heading_tracking=0.06,
        fine_position_tracking=0.2,
        hold_still=0.4,
        time_cost=-0.1,
        alive_bonus=0.5,
        arrival_bonus=150.0,
        termination=-100.0,
        success_bonus=100.0,
    ),
}


def task(base: str, settings: Mapping[str, Any]) -> TaskCfg:
    """A preset with some settings changed."""
    cfg = task_cfg(ENV, base)
    for path, value in settings.items():
        cfg = override(cfg, path, value)
    return cfg


@dataclass(frozen=True)
class Pair:
    """One fault and its cure on one base."""

    exploit: str
    base: str
    broken: Mapping[str, Any]
    cured: Mapping[str, Any] = field(default_factory=dict)
    both: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""

    @property
    def broken_task(self) -> TaskCfg:
        return task(self.base, {**self.both, **self.broken})

    @property
    def cured_task(self) -> TaskCfg:
        return task(self.base, {**self.both, **self.cured})

    def __str__(self) -> str:
        return f"{self.exploit} on {self.base}{f' ({self.note})' if self.note else ''}"


LAZY = {"reward.scales.alive_bonus": 1.5, "reward.scales.arrival_bonus": 50.0, "episode.limit_s": 30.0}
UNGATED = {"reward.fine_requires_reach": False}
UNLIMITED = {"reward.stop_budget_s": None}
DECAY = {"reward.time_decay": [1.0, 0.5]}
NO_GATE = {"reward.stop_speed_gate_mps": None}
# The predecessor's penalty of the time grew with any speed within its radius.
WIDE_MOAT = {"reward.near_target_radius_m": 2.0, "reward.near_target_slope_per_s": 0.0}
SMALL_MOAT = {"reward.near_target_radius_m": 0.5, "reward.near_target_slope_per_s": 0.0}
NO_CAP = {"reward.speed_cap_mps": 10.0, "reward.scales.near_target_speed": 0.0}

PAIRS = (
    Pair("lazy_robot", "head", LAZY),
    Pair("lazy_robot", "head", LAZY, both=NEAR_SPAWN, note="spawn 2-5 m"),
    Pair("lazy_robot", "t1_best", LAZY),
    Pair("lazy_robot", "speed_opt", LAZY),
    Pair("lazy_robot", "default", LAZY),
    Pair("lazy_robot", "head", {"episode.limit_s": 40.0}, note="4000 steps"),
    Pair("lazy_robot", "head", {"episode.limit_s": 40.0}, both=NEAR_SPAWN, note="4000 steps, spawn 2-5 m"),
    Pair("lazy_robot", "t1_best", {"episode.limit_s": 40.0}, note="4000 steps"),
    Pair("lazy_robot", "head", {"episode.limit_s": 40.0, **WEAK_WALK}, both=NEAR_SPAWN, note="round six"),
    Pair("hover_at_rim", "head", UNGATED),
    Pair("hover_at_rim", "head", UNGATED, both=NEAR_SPAWN, note="spawn 2-5 m"),
    Pair("hover_at_rim", "t1_best", UNGATED),
    Pair("hover_at_rim", "speed_opt", UNGATED),
    Pair("reach_and_farm", "head", UNLIMITED),
    Pair("reach_and_farm", "head", UNLIMITED, both=NEAR_SPAWN, note="spawn 2-5 m"),
    Pair("reach_and_farm", "t1_best", UNLIMITED),
    Pair("reach_and_farm", "speed_opt", UNLIMITED),
    Pair("die_early", "head", DECAY),
    Pair("die_early", "head", DECAY, both=NEAR_SPAWN, note="spawn 2-5 m"),
    Pair("die_early", "t1_best", DECAY),
    Pair("die_early", "speed_opt", DECAY),
    Pair("deceleration_moat", "head", WIDE_MOAT),
    Pair("deceleration_moat", "head", WIDE_MOAT, SMALL_MOAT, note="radius 0.5 m"),
    Pair("deceleration_moat", "t1_best", {**WIDE_MOAT, "reward.scales.near_target_speed": -2.0}),
    Pair("fly_through", "head", NO_GATE),
    Pair("fly_through", "t1_best", NO_GATE),
    Pair("fly_through", "speed_opt", NO_GATE),
    Pair("sprint_crash", "head", NO_CAP),
    Pair("sprint_crash", "speed_opt", NO_CAP),
    Pair("touch_and_die", "default", {"reward.alive_until_reach": True}, both=ALIVE_PAYS),
)
