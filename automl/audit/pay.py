"""What scripted behaviours earn, step by step and term by term: the world's own reward function does the paying."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from automl.audit.behaviours import STEP_S, Cases, Track
from automl.audit.gait import gait
from vbot_sim.episode import EpisodeState
from vbot_sim.rewards import RewardFunction, TermInputs
from vbot_sim.schema import TICK_S, TaskCfg

Floats = NDArray[np.floating]
Ints = NDArray[np.int64]

STANDING_MPS = 0.05
_TICKS = STEP_S / TICK_S
_RECORDED = ("previous_distance_m", "inside", "ever_reached", "first_reach", "first_fence", "first_success")


@dataclass(frozen=True)
class Income:
    """What one behaviour earns. `terms` is [terms, T, N] and `total` [T, N] their sum; steps are [N], -1 for never.

    `first_reach` and `success` are the steps of the first touch and of the passed success test; `dies` that of a fall.
    `inputs` are what the terms saw, for paying again under other scales; `columns` are the behaviour's columns in them.
    """

    track: Track
    terms: Floats
    total: Floats
    distance_m: Floats
    first_reach: Ints
    success: Ints
    dies: Ints
    inputs: TermInputs
    columns: slice


def pay(tracks: Sequence[Track], cases: Cases, task: TaskCfg) -> dict[str, Income]:
    """Pay all behaviours at once."""
    function = RewardFunction(task.reward, STEP_S)
    x = _inputs(tracks, cases, task)
    steps, columns = x.distance_m.shape
    out = np.zeros((len(function.terms), steps, columns), np.float32)
    with np.errstate(under="ignore"):
        function.compute(x, out)
    return {track.name: _income(track, k, len(cases.distance_m), x, out) for k, track in enumerate(tracks)}


def _income(track: Track, number: int, cases: int, x: TermInputs, out: Floats) -> Income:
    own = slice(number * cases, (number + 1) * cases)
    fallen = np.full(cases, -1, np.int64) if track.dies is None else track.dies
    terms = np.ascontiguousarray(out[:, :, own])
    if (fallen >= 0).any():
        terms[:, np.arange(terms.shape[1])[:, None] > np.where(fallen < 0, terms.shape[1], fallen)] = 0.0
    return Income(
        track=track,
        terms=terms,
        total=terms.sum(axis=0, dtype=np.float64),
        distance_m=x.distance_m[:, own],
        first_reach=first(x.first_reach[:, own]),
        success=first(x.first_success[:, own]),
        dies=fallen,
        inputs=x,
        columns=own,
    )


def first(marks: NDArray[np.bool_]) -> Ints:
    """Return the row of the first mark in each column, -1 without one."""
    return np.where(marks.any(axis=0), np.argmax(marks, axis=0), -1).astype(np.int64)


def _inputs(tracks: Sequence[Track], cases: Cases, task: TaskCfg) -> TermInputs:
    """Turn paths into what the terms look at; arrays are [T, tracks x cases]."""
    radial = np.concatenate([t.radial_m for t in tracks], axis=1)
    lateral = np.concatenate([t.lateral_m for t in tracks], axis=1)
    distance = np.hypot(radial, lateral).astype(np.float32)
    spawn = np.tile(cases.distance_m, len(tracks)).astype(np.float32)
    x = TermInputs.zeros(1, STEP_S, task.episode.limit_s)
    x.distance_m = distance
    x.spawn_distance_m = spawn
    x.bearing_error_rad = np.concatenate([t.bearing_rad for t in tracks], axis=1).astype(np.float32)
    x.centre_distance_m = _centre_distance(radial, lateral, cases, len(tracks))
    start = np.concatenate([cases.distance_m if t.start_m is None else t.start_m for t in tracks]).astype(np.float32)
    _move(x, radial, lateral, start, tracks)
    _progress(x, task)
    x.previous_distance_m[0] = start
    x.terminated = np.zeros(distance.shape, np.bool_)
    for k, track in enumerate(tracks):
        for case in np.flatnonzero(track.dies >= 0) if track.dies is not None else ():
            x.terminated[track.dies[case], k * len(cases.distance_m) + case] = True  # type: ignore[index]
    return x


def _centre_distance(radial: Floats, lateral: Floats, cases: Cases, repeats: int) -> Floats:
    outward = np.tile(cases.outward, (repeats, 1))
    target = np.tile(cases.target_m, (repeats, 1))
    east = target[:, 0] + radial * outward[:, 0] - lateral * outward[:, 1]
    north = target[:, 1] + radial * outward[:, 1] + lateral * outward[:, 0]
    return np.hypot(east, north).astype(np.float32)


def _move(x: TermInputs, radial: Floats, lateral: Floats, start: Floats, tracks: Sequence[Track]) -> None:
    """Fill in velocities and, by speed and skill, the motion of the body."""
    along = np.diff(radial, axis=0, prepend=start[None].astype(np.float64)) / STEP_S
    across = np.diff(lateral, axis=0, prepend=np.zeros_like(lateral[:1])) / STEP_S
    speed = np.hypot(along, across).astype(np.float32)
    distance = np.maximum(x.distance_m, 1e-6)
    x.approach_speed_mps = (-(along * radial + across * lateral) / distance).astype(np.float32)
    x.speed_mps, x.yaw_rate_radps = speed.copy(), np.zeros_like(speed)
    names = ("roll_pitch_rate_sq", "tilt_sq", "torque_sq", "joint_speed_sq", "hip_abs_rad")
    for name in (*names, "joint_speed_change_sq", "action_change_sq", "vertical_speed_mps"):
        setattr(x, name, np.zeros_like(speed))
    width = speed.shape[1] // len(tracks)
    for k, track in enumerate(tracks):
        own = (slice(None), slice(k * width, (k + 1) * width))
        body, v = gait(track.skill), speed[own]
        for name in names:
            getattr(x, name)[own] = body.at(name, v)
        x.joint_speed_change_sq[own] = body.at("joint_speed_change_sq", v) * _TICKS**2
        x.action_change_sq[own] = body.at("action_change_sq", v) * _TICKS**2
        x.vertical_speed_mps[own] = np.sqrt(body.at("vertical_speed_sq", v))
        _sway(x, own, track)


def _sway(x: TermInputs, own: tuple[slice, slice], track: Track) -> None:
    """Let a standing trunk sway as measured, and a walking one turn as measured."""
    body, speed = gait(track.skill), x.speed_mps[own]
    standing = speed < STANDING_MPS
    cycle = np.arange(len(speed)) % len(body.hold_speed_mps)
    sway = np.broadcast_to(body.hold_speed_mps[cycle][:, None], speed.shape)
    steady = np.broadcast_to(body.hold_yaw_rate_radps[cycle][:, None], speed.shape)
    x.yaw_rate_radps[own] = np.where(standing | track.glides, steady, body.yaw_rate(speed))
    x.speed_mps[own] = np.where(standing, sway, speed)


def _progress(x: TermInputs, task: TaskCfg) -> None:
    """Judge the episodes step by step with the world's own rules."""
    steps, columns = x.distance_m.shape
    episode = EpisodeState(task.episode, columns, STEP_S)
    episode.begin(slice(None), x.spawn_distance_m)
    seen = {name: np.zeros((steps, columns), getattr(episode, name).dtype) for name in _RECORDED}
    since = np.zeros((steps, columns), np.float32)
    for k in range(steps):
        episode.advance(x.distance_m[k], x.speed_mps[k])
        for name, rows in seen.items():
            rows[k] = getattr(episode, name)
        since[k] = episode.steps - episode.reach_steps
    for name, rows in seen.items():
        setattr(x, name, rows)
    x.since_reach_s = since * np.float32(STEP_S)
    x.time_s = (np.arange(1, steps + 1, dtype=np.float32) * np.float32(STEP_S))[:, None]
