"""The reward: one pure function per term over arrays of all simulations, and the one place where they are weighted.

The trainer, the breakdown, the evaluation and the audit all call `RewardFunction`. Terms see only `TermInputs`, a
plain struct of arrays, so a scripted trajectory can be paid without physics. What each term is for, its unit and its
kind are in `vbot_sim.catalogue`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vbot_sim.catalogue import ALIASES, TERMS, Kind, TermInfo
from vbot_sim.episode import BoolArray, EpisodeState
from vbot_sim.errors import ConfigError
from vbot_sim.schema import TICK_S, RewardCfg
from vbot_sim.settings import nearest

__all__ = ["ALIASES", "REGISTRY", "RewardFunction", "Term", "TermInputs"]

STOP_SPEED_SIGMA_MPS = 0.2
STOP_YAW_RATE_SIGMA_RADPS = 0.1
ZERO_YAW_RATE_RADPS = 0.05
FORWARD_FLOOR_MPS = -1.0
APPROACH_PER_TICK = (0.0, 1.0)
DEPARTURE_SPEED_MPS = 1.0
_EPS_S = 1e-6

FloatArray = Any  # an array [N] of floats; numpy's operators return Any


@dataclass
class TermInputs:
    """What the terms may look at: one value per simulation, at the end of a control step.

    `change` quantities are differences over one control step, in their own unit. World speeds are planar.
    """

    dt_s: float
    limit_s: float
    time_s: FloatArray
    distance_m: FloatArray
    previous_distance_m: FloatArray
    spawn_distance_m: FloatArray
    centre_distance_m: FloatArray
    bearing_error_rad: FloatArray
    speed_mps: FloatArray
    approach_speed_mps: FloatArray  # velocity along the unit vector to the target
    yaw_rate_radps: FloatArray
    vertical_speed_mps: FloatArray
    roll_pitch_rate_sq: FloatArray
    tilt_sq: FloatArray  # squared horizontal part of gravity in the body frame
    torque_sq: FloatArray
    joint_speed_sq: FloatArray
    joint_speed_change_sq: FloatArray
    action_change_sq: FloatArray
    hip_abs_rad: FloatArray
    inside: BoolArray
    ever_reached: BoolArray
    since_reach_s: FloatArray
    first_reach: BoolArray
    first_fence: BoolArray
    first_success: BoolArray
    terminated: BoolArray

    @classmethod
    def zeros(cls, num_envs: int, dt_s: float, limit_s: float) -> "TermInputs":
        """Return inputs of a robot that rests on its target, to be filled in."""
        arrays: dict[str, Any] = {
            f.name: np.zeros(num_envs, np.bool_ if f.type is BoolArray else np.float32)
            for f in fields(cls)
            if f.name not in ("dt_s", "limit_s")
        }
        return cls(dt_s=dt_s, limit_s=limit_s, **arrays)

    def take_episode(self, episode: EpisodeState) -> None:
        """Point at the episode's progress (no copies)."""
        self.time_s = episode.time_s
        self.distance_m = episode.distance_m
        self.previous_distance_m = episode.previous_distance_m
        self.spawn_distance_m = episode.spawn_distance_m
        self.inside = episode.inside
        self.ever_reached = episode.ever_reached
        self.since_reach_s = episode.since_reach_s
        self.first_reach = episode.first_reach
        self.first_fence = episode.first_fence
        self.first_success = episode.first_success

    @property
    def ticks(self) -> float:
        """Length of the control step in units of 10 ms."""
        return self.dt_s / TICK_S


TermFunction = Callable[[TermInputs, RewardCfg], NDArray[np.generic]]


@dataclass(frozen=True)
class Term:
    """A reward term: its description and its raw value.

    `bounds_per_tick` limit the weighted value (scale times raw) per 10 ms.
    """

    info: TermInfo
    fn: TermFunction
    bounds_per_tick: tuple[float, float] | None = None

    @property
    def name(self) -> str:
        """Its name everywhere."""
        return self.info.name

    @property
    def kind(self) -> Kind:
        """How its scale is to be read."""
        return self.info.kind

    @property
    def unit(self) -> str:
        """Unit of its raw value."""
        return self.info.unit

    @property
    def help(self) -> str:
        """What it pays for, in one sentence."""
        return self.info.help


def position_tracking(x: TermInputs, cfg: RewardCfg) -> FloatArray:
    """Closeness over the whole arena."""
    return np.exp(x.distance_m * np.float32(-1.0 / cfg.position_sigma_m))


def fine_position_tracking(x: TermInputs, cfg: RewardCfg) -> FloatArray:
    """Closeness at short range."""
    near = x.distance_m < cfg.fine_range_m
    if cfg.fine_requires_reach:
        near = near & x.ever_reached
    return np.exp(x.distance_m * np.float32(-1.0 / cfg.fine_sigma_m)) * near


def heading_tracking(x: TermInputs, cfg: RewardCfg) -> FloatArray:
    """Facing the target."""
    facing = np.exp(np.abs(x.bearing_error_rad) * np.float32(-1.0 / cfg.heading_sigma_rad))
    return np.where(x.inside, np.float32(1.0 if cfg.heading_inside else 0.0), facing)


def forward_velocity(x: TermInputs, cfg: RewardCfg) -> FloatArray:
    """Speed towards the target, capped."""
    return np.clip(x.approach_speed_mps, FORWARD_FLOOR_MPS, cfg.speed_cap_mps) * ~x.inside


def distance_progress(x: TermInputs, cfg: RewardCfg) -> FloatArray:
    """Share of the initial distance that is covered."""
    return np.clip(1.0 - x.distance_m / np.maximum(x.spawn_distance_m, 1e-3), -0.5, 1.0) * ~x.inside


def alive_bonus(x: TermInputs, cfg: RewardCfg) -> NDArray[np.generic]:
    """Being there."""
    paid = np.ones(x.inside.shape, np.bool_)
    if cfg.alive_outside_only:
        paid &= ~x.inside
    if cfg.alive_until_reach:
        paid &= ~x.ever_reached
    return paid


def approach(x: TermInputs, cfg: RewardCfg) -> FloatArray:
    """Metres won in this step."""
    return (x.previous_distance_m - x.distance_m) * ~x.inside


def arrival_bonus(x: TermInputs, cfg: RewardCfg) -> NDArray[np.generic]:
    """First entry into the reach radius."""
    return x.first_reach


def inner_fence_bonus(x: TermInputs, cfg: RewardCfg) -> NDArray[np.generic]:
    """First entry into the inner fence."""
    return x.first_fence


def _stop_paid(x: TermInputs, cfg: RewardCfg) -> BoolArray:
    """Where stopping is paid: inside, slow enough, and within the budget since the first reach."""
    paid = x.inside
    if cfg.stop_speed_gate_mps is not None:
        paid = paid & (x.speed_mps < cfg.stop_speed_gate_mps)
    if cfg.stop_budget_s is not None:
        paid = paid & (x.since_reach_s < cfg.stop_budget_s - _EPS_S)
    return paid


def stop(x: TermInputs, cfg: RewardCfg) -> FloatArray:
    """Standing still and not turning."""
    slow = np.exp(-np.square(x.speed_mps / np.float32(STOP_SPEED_SIGMA_MPS)))
    steady = np.exp(-np.square(np.square(x.yaw_rate_radps / np.float32(STOP_YAW_RATE_SIGMA_RADPS))))
    return (np.float32(0.8) * slow + np.float32(1.2) * steady) * _stop_paid(x, cfg)


def zero_ang_bonus(x: TermInputs, cfg: RewardCfg) -> NDArray[np.generic]:
    """Not turning at all."""
    straight: BoolArray = np.abs(x.yaw_rate_radps) < ZERO_YAW_RATE_RADPS
    return _stop_paid(x, cfg) & straight


def hold_still(x: TermInputs, cfg: RewardCfg) -> NDArray[np.generic]:
    """Standing inside."""
    still: BoolArray = (x.speed_mps < cfg.hold_speed_mps) & (np.abs(x.yaw_rate_radps) < cfg.hold_yaw_rate_radps)
    return still & x.inside


def success_bonus(x: TermInputs, cfg: RewardCfg) -> NDArray[np.generic]:
    """The success test is passed."""
    return x.first_success


def near_target_speed(x: TermInputs, cfg: RewardCfg) -> FloatArray:
    """Speed above what the distance allows, squared."""
    allowed = np.clip(
        x.distance_m * np.float32(cfg.near_target_slope_per_s), cfg.near_target_floor_mps, cfg.near_target_cap_mps
    )
    excess = np.square(np.maximum(x.speed_mps - allowed, 0.0))
    return excess if cfg.near_target_radius_m is None else excess * (x.distance_m < cfg.near_target_radius_m)


def boundary_penalty(x: TermInputs, cfg: RewardCfg) -> FloatArray:
    """Metres beyond the boundary radius."""
    return np.maximum(x.centre_distance_m - np.float32(cfg.boundary_radius_m), 0.0)


def departure_penalty(x: TermInputs, cfg: RewardCfg) -> FloatArray:
    """Metres lost while inside."""
    lost = x.distance_m - x.previous_distance_m
    return lost * (x.inside & (lost > DEPARTURE_SPEED_MPS * x.dt_s))


def orientation(x: TermInputs, cfg: RewardCfg) -> FloatArray:
    """Tilt."""
    return x.tilt_sq


def lin_vel_z(x: TermInputs, cfg: RewardCfg) -> FloatArray:
    """Vertical speed, squared."""
    return np.square(x.vertical_speed_mps)


def ang_vel_xy(x: TermInputs, cfg: RewardCfg) -> FloatArray:
    """Roll and pitch rates, squared."""
    return x.roll_pitch_rate_sq


def torques(x: TermInputs, cfg: RewardCfg) -> FloatArray:
    """Joint torques, squared."""
    return x.torque_sq


def dof_vel(x: TermInputs, cfg: RewardCfg) -> FloatArray:
    """Joint speeds, squared."""
    return x.joint_speed_sq


def dof_acc(x: TermInputs, cfg: RewardCfg) -> FloatArray:
    """Changes of joint speed per 10 ms, squared."""
    return x.joint_speed_change_sq * np.float32(x.ticks**-2)


def action_rate(x: TermInputs, cfg: RewardCfg) -> FloatArray:
    """Changes of the applied action per 10 ms, squared."""
    return x.action_change_sq * np.float32(x.ticks**-2)


def hip_deviation(x: TermInputs, cfg: RewardCfg) -> FloatArray:
    """Hip angles."""
    return x.hip_abs_rad


def time_cost(x: TermInputs, cfg: RewardCfg) -> FloatArray:
    """Every moment."""
    return np.ones(x.inside.shape, np.float32)


def termination(x: TermInputs, cfg: RewardCfg) -> NDArray[np.generic]:
    """A failure ended the episode."""
    return x.terminated


_FUNCTIONS: tuple[TermFunction, ...] = (
    position_tracking,
    fine_position_tracking,
    heading_tracking,
    forward_velocity,
    distance_progress,
    alive_bonus,
    approach,
    arrival_bonus,
    inner_fence_bonus,
    stop,
    zero_ang_bonus,
    hold_still,
    success_bonus,
    near_target_speed,
    boundary_penalty,
    departure_penalty,
    orientation,
    lin_vel_z,
    ang_vel_xy,
    torques,
    dof_vel,
    dof_acc,
    action_rate,
    hip_deviation,
    time_cost,
    termination,
)
_BOUNDS = {"approach": APPROACH_PER_TICK}


def _register() -> dict[str, Term]:
    by_name = {getattr(fn, "__name__", ""): fn for fn in _FUNCTIONS}
    return {name: Term(info, by_name[name], _BOUNDS.get(name)) for name, info in TERMS.items()}


REGISTRY: dict[str, Term] = _register()


class RewardFunction:
    """The weighted terms of one reward config, for one length of control step."""

    def __init__(self, cfg: RewardCfg, dt_s: float, registry: Mapping[str, Term] = REGISTRY) -> None:
        for name, scale in cfg.scales.items():
            if name not in registry and scale != 0.0:
                raise ConfigError(f"Unknown reward term '{name}'.{nearest(name, registry)}")
        self.cfg = cfg
        self.dt_s = dt_s
        self.ticks = dt_s / TICK_S
        self.terms: tuple[Term, ...] = tuple(term for name, term in registry.items() if cfg.scales.get(name))
        self.names: tuple[str, ...] = tuple(term.name for term in self.terms)

    def factor(self, term: Term) -> float:
        """Return what a raw value is multiplied by in one control step."""
        scale = self.cfg.scales[term.name]
        return scale * self.ticks if term.kind == "rate" else scale

    def compute(self, x: TermInputs, out: NDArray[np.float32]) -> NDArray[np.float32]:
        """Write the weighted contribution of each term into `out` [n_terms, N]; return their sum [N]."""
        decay = self._decay(x)
        for row, term in zip(out, self.terms, strict=True):
            np.multiply(term.fn(x, self.cfg), np.float32(self.factor(term)), out=row)
            if term.bounds_per_tick is not None:
                low, high = term.bounds_per_tick
                np.clip(row, low * self.ticks, high * self.ticks, out=row)
            if decay is not None and term.info.navigation:
                row *= decay
        total: NDArray[np.float32] = out.sum(axis=0)
        return total

    def _decay(self, x: TermInputs) -> NDArray[np.float32] | None:
        """Return the factor on the navigation terms at this time of the episode."""
        if self.cfg.time_decay is None:
            return None
        start, end = self.cfg.time_decay
        share = np.clip(x.time_s / x.limit_s, 0.0, 1.0)
        decay: NDArray[np.float32] = (start + (end - start) * share).astype(np.float32)
        return decay
