"""What must be remembered within an episode to pay and to judge it, for many simulations at once.

One object owns this state, and `begin` resets all of it: nothing leaks from one episode into the next. It knows only
distances, speeds and steps, so that scripted trajectories can be judged by the same rules as simulated ones.
"""

import math
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from vbot_sim.schema import EpisodeCfg

FloatArray = NDArray[np.floating]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.integer]

_EPS = 1e-9


def steps_for(duration_s: float, dt_s: float) -> int:
    """Return the number of control steps that last at least `duration_s`."""
    return math.ceil(duration_s / dt_s - _EPS)


class EpisodeState:
    """Progress of the current episode of each simulation; every array is [N]."""

    #: Arrays that make up the state, with their types; all are saved and restored.
    FIELDS: ClassVar[dict[str, type]] = {
        "steps": np.int32,
        "spawn_distance_m": np.float32,
        "previous_distance_m": np.float32,
        "distance_m": np.float32,
        "min_distance_m": np.float32,
        "inside": np.bool_,
        "ever_reached": np.bool_,
        "ever_fence": np.bool_,
        "reach_steps": np.int32,
        "still_steps": np.int32,
        "succeeded": np.bool_,
        "success_steps": np.int32,
        "first_reach": np.bool_,
        "first_fence": np.bool_,
        "first_success": np.bool_,
    }

    steps: NDArray[np.int32]
    spawn_distance_m: NDArray[np.float32]
    previous_distance_m: NDArray[np.float32]
    distance_m: NDArray[np.float32]
    min_distance_m: NDArray[np.float32]
    inside: BoolArray
    ever_reached: BoolArray
    ever_fence: BoolArray
    reach_steps: NDArray[np.int32]
    still_steps: NDArray[np.int32]
    succeeded: BoolArray
    success_steps: NDArray[np.int32]
    first_reach: BoolArray
    first_fence: BoolArray
    first_success: BoolArray

    def __init__(self, cfg: EpisodeCfg, num_envs: int, dt_s: float) -> None:
        self.cfg = cfg
        self.dt_s = dt_s
        self.limit_steps = steps_for(cfg.limit_s, dt_s)
        self.hold_steps = steps_for(cfg.success_hold_s, dt_s)
        self.after_success_steps = steps_for(cfg.after_success_s, dt_s)
        for name, dtype in self.FIELDS.items():
            setattr(self, name, np.zeros(num_envs, dtype))

    def begin(self, ids: IntArray | slice, distance_m: FloatArray) -> None:
        """Start a new episode in the simulations `ids` at the given distance to the target."""
        for name in self.FIELDS:
            getattr(self, name)[ids] = 0
        for distance in (self.spawn_distance_m, self.previous_distance_m, self.distance_m, self.min_distance_m):
            distance[ids] = distance_m
        self.reach_steps[ids] = -1
        self.success_steps[ids] = -1

    def advance(self, distance_m: FloatArray, speed_mps: FloatArray) -> None:
        """Take in one control step: the distance to the target and the planar speed at its end, each [N]."""
        cfg = self.cfg
        self.steps += 1
        self.previous_distance_m[:] = self.distance_m
        self.distance_m[:] = distance_m
        np.minimum(self.min_distance_m, distance_m, out=self.min_distance_m)

        np.less(distance_m, cfg.reach_radius_m, out=self.inside)
        still = self.inside & (speed_mps < cfg.success_speed_mps)
        self.still_steps += 1
        self.still_steps *= still
        self._take(distance_m < cfg.fence_radius_m, self.still_steps >= self.hold_steps)

    def _take(self, fence: BoolArray, done: BoolArray) -> None:
        """Note what happened for the first time: being inside, within the fence, and the job done."""
        np.greater(self.inside, self.ever_reached, out=self.first_reach)
        self.ever_reached |= self.inside
        np.copyto(self.reach_steps, self.steps, where=self.first_reach)

        np.greater(fence, self.ever_fence, out=self.first_fence)
        self.ever_fence |= fence

        held = done & (self.steps <= self.limit_steps)
        np.greater(held, self.succeeded, out=self.first_success)
        self.succeeded |= held
        np.copyto(self.success_steps, self.steps, where=self.first_success)

    @property
    def since_reach_s(self) -> FloatArray:
        """Time since the first reach of the episode; 0 in the step of the reach, meaningless before it."""
        return (self.steps - self.reach_steps) * self.dt_s

    @property
    def time_s(self) -> FloatArray:
        """Time since the start of the episode."""
        return self.steps * self.dt_s

    def success_over(self) -> BoolArray:
        """Return which episodes end now because of success (after the time they go on)."""
        if not self.cfg.success_ends:
            return np.zeros(len(self.steps), np.bool_)
        return self.succeeded & (self.steps - self.success_steps >= self.after_success_steps)

    def time_over(self) -> BoolArray:
        """Return which episodes end now by the time limit; a success is let go on for its time after success."""
        over = self.steps >= self.limit_steps
        return over & ~self.succeeded if self.cfg.success_ends else over

    def state_dict(self) -> dict[str, NDArray[np.generic]]:
        """Return copies of all arrays."""
        return {name: getattr(self, name).copy() for name in self.FIELDS}

    def load_state_dict(self, state: dict[str, NDArray[np.generic]]) -> None:
        """Restore what `state_dict` returned."""
        for name in self.FIELDS:
            getattr(self, name)[:] = state[name]
