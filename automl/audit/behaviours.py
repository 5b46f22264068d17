"""Scripted behaviours: where a robot's trunk is at each moment, as functions of time. No physics, no pay.

A `Track` is a planar path relative to the target for a few spawn cases at once, and how the body moves along it.
What is assumed, and from where: speeding up at 1.5 and braking at 3 m/s2 is what the trained policy of `gait.json` does
on straight walks (1.49 and 3.15 measured); it walks off in any direction at once, and 2 rad/s is its yaw rate at low
speed; a sane speed is one from which it can still stop (it walks at 2.1 m/s and stops in 19 of 20 episodes). Shaking
and effort are in that file too.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from automl.audit.gait import Skill
from vbot_sim.schema import TaskCfg

Floats = NDArray[np.floating]

STEP_S = 0.02
TURN_RADPS = 2.0
SPEED_UP_MPS2 = 1.5
BRAKE_MPS2 = 3.0
HOLD_M = 0.4
RIM_M = 0.02
OUTSIDE_M = 0.5
PACE_MPS = 1.0
SPRINT_MPS = 3.5
SANE_SPEEDS_MPS = (0.6, 1.0, 1.4, 2.0)
CASES = 6
_DRAWS = 600
_EDGE_MARGIN_M = 0.5


@dataclass(frozen=True)
class Cases:
    """Spawns that stand for a task's distribution: equally likely, by quantiles of distance. Arrays are [N]."""

    distance_m: Floats
    bearing_rad: Floats  # how far the target is off the nose
    target_m: Floats  # [N, 2]
    outward: Floats  # [N, 2] unit vector from the target to the spawn


@dataclass(frozen=True)
class Track:
    """A scripted behaviour. Arrays are [T, N]; row k is the end of step k.

    Attributes:
        name: for tables.
        radial_m: along the line from target to spawn; negative beyond the target.
        lateral_m: across it.
        bearing_rad: angle between nose and target.
        skill: whose body motion it has.
        glides: moves with the steady trunk of a standing robot, the best that could be done.
        start_m: where it is at the start, [N], for a decision on the way; None for the spawn.
        dies: step of a fall, [N]; -1 never.
    """

    name: str
    radial_m: Floats
    lateral_m: Floats
    bearing_rad: Floats
    skill: Skill = "walking"
    glides: bool = False
    start_m: Floats | None = None
    dies: NDArray[np.int64] | None = None


def spawn_cases(task: TaskCfg) -> Cases:
    """Return the cases of a task, from its own spawn distribution."""
    from vbot_sim.spawns import draw_spawns

    spawns = draw_spawns(np.random.default_rng(0), _DRAWS, task.spawn)
    order = np.argsort(spawns.distance_m(), kind="stable")
    pick = order[((np.arange(CASES) + 0.5) * _DRAWS / CASES).astype(np.int64)]
    distance = np.maximum(spawns.distance_m()[pick], 1e-3)
    # Bearings cover the half circle and are spread over the distances.
    bearing = np.pi * (np.arange(CASES) * 5 % CASES + 0.5) / CASES
    outward = (spawns.position_m[pick] - spawns.target_m[pick]) / distance[:, None]
    return Cases(distance, bearing, spawns.target_m[pick], outward)


def times(limit_s: float) -> Floats:
    """Return the ends of the steps of an episode as a column [T, 1]."""
    return np.arange(1, round(limit_s / STEP_S) + 1)[:, None] * STEP_S


def travelled(time_s: Floats, length_m: Floats, speed_mps: Floats | float, brakes: bool = True) -> Floats:
    """Return how far a robot is along a way, from rest to rest (or, without braking, at full speed to its end)."""
    speed = np.asarray(speed_mps, np.float64)
    if brakes:  # a short way is not long enough for full speed
        speed = np.minimum(speed, np.sqrt(2.0 * length_m / (1.0 / SPEED_UP_MPS2 + 1.0 / BRAKE_MPS2)))
    speed = np.maximum(speed, 1e-6)
    gained = np.where(
        time_s < speed / SPEED_UP_MPS2, 0.5 * SPEED_UP_MPS2 * time_s**2, speed * time_s - 0.5 * speed**2 / SPEED_UP_MPS2
    )
    if not brakes:
        return np.clip(gained, 0.0, length_m)
    braking_m = 0.5 * speed**2 / BRAKE_MPS2
    cruise_end_s = (length_m - braking_m) / speed + 0.5 * speed / SPEED_UP_MPS2
    late = np.clip(time_s - cruise_end_s, 0.0, speed / BRAKE_MPS2)
    braked = length_m - braking_m + speed * late - 0.5 * BRAKE_MPS2 * late**2
    return np.clip(np.where(time_s <= cruise_end_s, gained, braked), 0.0, length_m)


def walk_to(
    name: str, cases: Cases, limit_s: float, stop_m: Floats | float, speed_mps: Floats | float, skill: Skill = "walking"
) -> Track:
    """Walk in, turning to the target meanwhile, brake, and stand at a distance to it for the rest of the episode."""
    time_s = times(limit_s)
    way = np.maximum(cases.distance_m - stop_m, 0.0)
    radial = cases.distance_m - travelled(time_s, way, speed_mps)
    bearing = np.maximum(cases.bearing_rad - TURN_RADPS * time_s, 0.0)
    return Track(name, radial, np.zeros_like(radial), bearing, skill=skill)


def stand(name: str, cases: Cases, limit_s: float) -> Track:
    """Do nothing."""
    still = np.broadcast_to(cases.distance_m, (len(times(limit_s)), CASES))
    bearing = np.broadcast_to(cases.bearing_rad, still.shape)
    return Track(name, still, np.zeros_like(still), bearing)


def step_inside(name: str, cases: Cases, limit_s: float, boundary_m: float) -> Track:
    """Leave the zone that costs, and stand there."""
    centre = np.linalg.norm(cases.target_m + cases.outward * cases.distance_m[:, None], axis=1)
    inward = np.maximum(centre - boundary_m, 0.0) * 1.1
    return walk_to(name, cases, limit_s, cases.distance_m - inward, PACE_MPS)


def sprint(name: str, cases: Cases, limit_s: float, reach_m: float) -> Track:
    """Run at full speed and fall at the touch."""
    time_s = times(limit_s)
    way = np.maximum(cases.distance_m - 0.9 * reach_m, 0.0)
    gone = travelled(time_s, way, SPRINT_MPS, brakes=False)
    radial = cases.distance_m - gone
    dies = np.argmax(radial < reach_m, axis=0)
    dies = np.where((radial < reach_m).any(axis=0), dies, -1)
    bearing = np.maximum(cases.bearing_rad - TURN_RADPS * time_s, 0.0)
    return Track(name, radial, np.zeros_like(radial), bearing, dies=dies)


def stay(name: str, limit_s: float, where_m: float) -> Track:
    """Stand at a distance from the first moment on, facing the target, swaying as an exploring policy does."""
    still = np.full((len(times(limit_s)), CASES), where_m)
    nothing = np.zeros_like(still)
    return Track(name, still, nothing, nothing, skill="exploring", start_m=still[0])


def enter(name: str, limit_s: float, from_m: float, stop_m: float, skill: Skill) -> Track:
    """Come in at an even pace from somewhere on the way, brake, and stand inside."""
    braking_m = min(0.5 * PACE_MPS**2 / BRAKE_MPS2, from_m - stop_m)
    coast_s = (from_m - stop_m - braking_m) / PACE_MPS
    late = np.clip(times(limit_s) - coast_s, 0.0, PACE_MPS / BRAKE_MPS2)
    braked = PACE_MPS * late - 0.5 * BRAKE_MPS2 * late**2
    gone = np.minimum(times(limit_s), coast_s) * PACE_MPS + np.minimum(braked, braking_m)
    radial = np.broadcast_to(from_m - gone, (len(gone), CASES))
    nothing = np.zeros_like(radial)
    return Track(name, radial, nothing, nothing, skill=skill, start_m=np.full(CASES, from_m))


def pass_through(name: str, limit_s: float, from_m: float) -> Track:
    """Glide straight through the circle at an even pace, turn as far behind it, and come back, for ever."""
    gone = times(limit_s) * PACE_MPS
    leg, turn_m = 2.0 * from_m, np.pi / TURN_RADPS * PACE_MPS
    phase = np.mod(gone, leg + turn_m)
    side = np.where(np.floor(gone / (leg + turn_m)) % 2 == 0, 1.0, -1.0)
    radial = side * (from_m - np.minimum(phase, leg))
    turned = np.clip((phase - leg) / turn_m, 0.0, 1.0) * np.pi
    bearing = np.where(phase > from_m, np.pi - turned, 0.0)
    shape = (len(gone), CASES)
    radial, bearing = np.broadcast_to(radial, shape), np.broadcast_to(bearing, shape)
    return Track(name, radial, np.zeros(shape), bearing, glides=True, start_m=np.full(CASES, from_m))


def zig_zag(name: str, cases: Cases, limit_s: float, speed_mps: float) -> Track:
    """Walk in on a line that swings 45 degrees to either side, a metre each, and stop."""
    straight = walk_to("", cases, limit_s, HOLD_M, speed_mps / np.sqrt(2.0))
    gone = cases.distance_m - straight.radial_m
    total = np.maximum(cases.distance_m - HOLD_M, 1e-6)
    swing = np.abs(np.mod(gone, 2.0) - 1.0) - 1.0  # 0, -1, 0, ...
    fade = np.clip((total - gone) / 1.0, 0.0, 1.0)
    moving = gone < total - 1e-6
    bearing = np.where(moving & (straight.bearing_rad == 0.0), np.pi / 4.0, straight.bearing_rad)
    return Track(name, straight.radial_m, swing * fade, bearing)


def rock(name: str, cases: Cases, limit_s: float) -> Track:
    """Walk half a metre towards the target and half a metre back, facing it, for ever."""
    time_s = times(limit_s)
    gone = time_s * 0.5 * PACE_MPS
    swing = 0.5 - np.abs(np.mod(gone, 1.0) - 0.5)
    bearing = np.maximum(cases.bearing_rad - TURN_RADPS * time_s, 0.0)
    radial = cases.distance_m - swing
    return Track(name, radial, np.zeros_like(radial), bearing)


def retreat(name: str, cases: Cases, limit_s: float, edge_m: float) -> Track:
    """Walk away from the target and stand before the edge."""
    time_s = times(limit_s)
    along = np.sum(cases.target_m * cases.outward, axis=1)
    rest = np.maximum(edge_m - _EDGE_MARGIN_M, 0.0) ** 2 - np.sum(cases.target_m**2, axis=1)
    furthest = np.sqrt(np.maximum(along**2 + rest, 0.0)) - along
    way = np.maximum(furthest - cases.distance_m, 0.0)
    radial = cases.distance_m + travelled(time_s, way, PACE_MPS)
    bearing = np.minimum(cases.bearing_rad + TURN_RADPS * time_s, np.pi)
    return Track(name, radial, np.zeros_like(radial), bearing)
