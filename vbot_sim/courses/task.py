"""Many simulations of a course: the flat task's step with ground, routes, celebration and points.

What is added to each part of the step is in the module of its name; here is only the order. The training field is the
same task with `Rounds` in the place of a route.
"""

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vbot_sim.courses import places, sensing
from vbot_sim.courses.ends import CourseEnds
from vbot_sim.courses.episode import CourseEpisode
from vbot_sim.courses.journey import IDLE, Journey
from vbot_sim.courses.placing import place
from vbot_sim.courses.rewards import CourseInputs, CourseReward
from vbot_sim.courses.rounds import Rounds
from vbot_sim.courses.routes import BALL_ZONES, SECTIONS
from vbot_sim.courses.spawns import ABOVE_M, CourseSpawns, heading, official, standing
from vbot_sim.courses.whereabouts import Whereabouts
from vbot_sim.episode import BoolArray, IntArray
from vbot_sim.errors import ConfigError
from vbot_sim.kinematics import TrunkMotion, to_body, trunk_motion
from vbot_sim.robot import TORQUE_LIMITS_NM
from vbot_sim.schema import TaskCfg
from vbot_sim.spawns import Spawns
from vbot_sim.terminations import NO_CAUSE, cause_index, failures, tilted
from vbot_sim.terrain.ground import height_map
from vbot_sim.vector_task import FloatArray, Joints, VectorTask

GRAVITY_MPS2 = 9.81
STEEP_RAD = 0.55
"""On steeper ground the default pose may topple."""
_BY_PLACE = ("foot_clearance", "swing_contact_penalty", "slope_orientation", "gap_alignment", "ball_contact")
_LIMITS_NM = np.asarray(TORQUE_LIMITS_NM, np.float32)
_BALLS = np.array([(zone.x_m, zone.y_m) for zone in BALL_ZONES], np.float32)


class CourseTask(VectorTask):
    """N simulations of a course, or of the training field.

    Args:
        cfg: a task with a course.
        num_envs: how many simulations.
        seed: of the one random generator behind spawns, noise and variation.
        threads: physics threads, this one included.
        clock: seconds, for `physics_s`.
    """

    inputs_type = CourseInputs
    episode_type = CourseEpisode
    spawns_type = CourseSpawns
    episode: CourseEpisode
    reward_function: CourseReward
    _inputs: CourseInputs

    def __init__(
        self,
        cfg: TaskCfg,
        num_envs: int,
        seed: int,
        threads: int = 1,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        if cfg.course is None:
            raise ConfigError("This task has no course; build it with vbot_sim.tasks.build_task.")
        self.course = cfg.course
        self.section = SECTIONS[cfg.course.section]
        self.layout = sensing.Layout.of(cfg.course.sensing)
        self.obs_dim, self.noisy = self.layout.size, self.layout.noisy
        self.privileged_dim = self.layout.privileged
        self.ground = height_map(cfg.course.world, cfg.course.relief_seed)
        super().__init__(cfg, num_envs, seed, threads, clock)
        self.rounds: Rounds | None = None
        if cfg.course.ground == "field":
            radius = cfg.episode.reach_radius_m
            self.rounds = Rounds(cfg.course, num_envs, self.control_dt_s, radius, self._rng)
        self.journey: Journey = self.rounds or Journey(cfg.course, num_envs, self.control_dt_s)
        self._startable = self._standing_legs()
        section, paid = cfg.course.sensing.layout == "section", set(self.term_names)
        self._feels_acceleration = section or "impact_penalty" in paid
        self._feels_torque = section or "torque_saturation" in paid
        self._place_counts = self.rounds is None and not paid.isdisjoint(_BY_PLACE)
        self._previous_velocity = np.zeros((num_envs, 3), np.float32)
        self._bonuses = np.zeros(num_envs, np.float32)
        self._touching = np.zeros(num_envs, np.bool_)
        self._feet_down = np.zeros((num_envs, 4), np.float32)
        self._acceleration: tuple[FloatArray, FloatArray, FloatArray] = (self._bonuses,) * 3
        self._torque_share = np.zeros((num_envs, 12), np.float32)
        self._previous_z = np.zeros(num_envs, np.float32)

    def _reward(self) -> CourseReward:
        return CourseReward(self.cfg.reward, self.control_dt_s, self.course.pay)

    # ------------------------------------------------------------------ starting

    def reset(self, spawns: Spawns | None = None) -> FloatArray:
        """Start a new episode everywhere and return the observations [N, obs_dim]; see `VectorTask.reset`."""
        if self.rounds is not None:
            self.rounds.pinned = spawns is not None
        return super().reset(spawns)

    def _draw_spawns(self, ids: IntArray) -> CourseSpawns:
        noise = self.cfg.spawn.joint_noise_rad
        if self.rounds is not None:
            return self.rounds.draw(ids, self.ground, noise)
        spawns = official(self._rng, len(ids), self.section.start, self.ground, noise)
        along = self._rng.random(len(ids)) < self.course.start.along_share
        return self._moved_along(spawns, np.flatnonzero(along)) if along.any() else spawns

    def _standing_legs(self) -> NDArray[np.intp]:
        """Return the legs that a robot can begin with: on the steep stairs its default pose topples."""
        journey = self.journey
        legs = np.arange(len(journey.legs))
        spot, target = journey.leg_start(legs).astype(np.float64), journey.leg_target(legs)
        near = journey.leg_height(legs) + ABOVE_M
        _, orientation = place(self.ground, spot[:, 0], spot[:, 1], heading(spot, target), near.astype(np.float64))
        upright = 1.0 - 2.0 * (orientation[:, 1] ** 2 + orientation[:, 2] ** 2)
        return np.flatnonzero(upright > math.cos(STEEP_RAD))

    def _moved_along(self, spawns: CourseSpawns, which: NDArray[np.intp]) -> CourseSpawns:
        """Let some episodes start at the end of a random leg, looking at the next goal."""
        cfg, rng, journey = self.course.start, self._rng, self.journey
        leg = rng.choice(self._startable, len(which))
        later = leg > 0
        which, leg = which[later], leg[later]
        spot = journey.leg_start(leg) + rng.uniform(-cfg.along_spread_m, cfg.along_spread_m, (len(which), 2))
        target = journey.leg_target(leg)
        yaw = heading(spot, target) + rng.uniform(-cfg.yaw_spread_rad, cfg.yaw_spread_rad, len(which))
        near = journey.leg_height(leg) + ABOVE_M
        to = target.astype(np.float64)
        moved = standing(rng, self.ground, spot, yaw, to, near.astype(np.float64), leg, self.cfg.spawn.joint_noise_rad)
        for name in CourseSpawns.__dataclass_fields__:
            getattr(spawns, name)[which] = getattr(moved, name)
        return spawns

    def _place(self, ids: IntArray, spawns: Spawns) -> None:
        assert isinstance(spawns, CourseSpawns), "a course starts from its own kind of spawns"
        super()._place(ids, spawns)
        at = self._whereabouts(self._q[ids], self._v[ids], np.zeros(len(ids), np.bool_))
        self.journey.begin(ids, at, spawns.leg)
        if self.rounds is not None:
            self.rounds.aim_at(ids, spawns.target_m, at)
        self._target[ids] = self.journey.targets()[ids]
        distance = np.hypot(self._target[ids, 0] - at.x_m, self._target[ids, 1] - at.y_m)
        self.episode.begin(ids, distance)
        self._previous_velocity[ids] = 0.0
        self._bonuses[ids] = 0.0
        self._feet_down[ids] = 0.0
        self._torque_share[ids] = 0.0
        self._previous_z[ids] = at.z_m

    def _restart(self, ids: IntArray) -> None:
        if self.rounds is not None:
            self.rounds.grade(ids, self._inputs.terminated[ids])
        super()._restart(ids)

    def _whereabouts(self, q: FloatArray, v: FloatArray, touching: BoolArray) -> Whereabouts:
        x, y, z = q[:, 0], q[:, 1], q[:, 2]
        above = z - self.ground.height_m(x, y, z)
        return Whereabouts(x, y, z, sensing.yaw_of(q), np.hypot(v[:, 0], v[:, 1]), above, touching)

    # ------------------------------------------------------------------ stepping

    def _advance_episode(self, motion: TrunkMotion) -> None:
        contact = self._contact
        self._touching = contact[:, 0] > 0.0
        np.greater(contact[:, 1:5], 0.0, out=self._feet_down)
        self._at = self._whereabouts(self._q, self._v, self._touching)
        self.journey.advance(self._at)
        self.episode.stagnant = self.journey.stagnant()
        if self.rounds is not None:
            self.episode.advance(motion.distance_m, motion.speed_mps)
            return
        journey = self.journey
        near = motion.distance_m < journey.target_radius(self.course.celebration.radius_m)
        inside = (journey.bonus > 0.0) | (near & (journey.celebration > IDLE))
        self.episode.follow(motion.distance_m, inside, journey.arrived, journey.finished)

    def _failures(self, motion: TrunkMotion, max_joint_speed: FloatArray, bad: BoolArray) -> NDArray[np.int8]:
        limits, at = self.course.limits, self._at
        strict = self.episode.steps * self.control_dt_s > limits.grace_s
        cause = failures(
            self.cfg.termination,
            self._touching & strict,
            motion.gravity_b[2],
            max_joint_speed,
            np.zeros_like(motion.centre_distance_m),  # a course has bounds of its own
            bad,
        )
        self._name(cause, self._outside(at), "out_of_bounds")
        self._name(cause, at.above_ground_m < limits.buried_m, "trunk_contact")
        if limits.soft_tilt_deg is not None:
            self._name(cause, tilted(motion.gravity_b[2], limits.soft_tilt_deg) & strict, "tilt")
        if limits.joint_jump_radps is not None:
            jump = np.abs(self._v[:, 6:] - self._previous_joint_speed).max(axis=1)
            self._name(cause, jump > limits.joint_jump_radps * self.reward_function.ticks, "joint_speed")
        return cause

    @staticmethod
    def _name(cause: NDArray[np.int8], who: BoolArray, name: str) -> None:
        """Name the cause of those who have none yet."""
        cause[who & (cause == NO_CAUSE)] = cause_index(name)

    def _outside(self, at: Whereabouts) -> BoolArray:
        """Return who has left the course, or its lane."""
        if self.rounds is not None:
            return self.rounds.outside(at)
        x_min, x_max, y_min, y_max = self.section.bounds_m
        out: BoolArray = (at.x_m < x_min) | (at.x_m > x_max) | (at.y_m < y_min) | (at.y_m > y_max)
        return out | (at.z_m < self.section.floor_m)

    def _fill_inputs(self, motion: TrunkMotion, terminated: BoolArray) -> None:
        super()._fill_inputs(motion, terminated)
        x, at, journey, v = self._inputs, self._at, self.journey, self._v
        x.pay = self.course.pay
        x.gravity_x, x.gravity_y, x.gravity_z = motion.gravity_b
        x.turn_rate_radps = np.sqrt(sum(rate * rate for rate in motion.gyro_b))
        if self._feels_acceleration:
            self._acceleration = self._proper_acceleration()
            x.acceleration_mps2 = np.sqrt(sum(part * part for part in self._acceleration))
        x.climb_m, x.above_ground_m = at.z_m - self._previous_z, at.above_ground_m
        self._previous_z = at.z_m.copy()
        x.contact, x.calf_speed_radps, x.joint_offset_rad = self._feet_down, v[:, 8::3], self._joint_offset
        if self._feels_torque:
            x.torque_share = self._torque_share = self._torque_asked()
        x.touching = self._touching
        x.goal_weight, x.phases, x.milestones = journey.bonus, journey.phases, journey.milestones
        x.zone_gain_m, x.record_climb_m = journey.zone_gain_m, journey.climbed_m
        journey.near_height(self._height_error(at))
        x.height_neared_m = journey.height_neared_m
        limit = self.course.limits.stagnation_s
        x.standstill = journey.still_steps * np.float32(self.control_dt_s / limit) if limit else np.zeros_like(at.x_m)
        x.celebration, x.place_gain_m = journey.celebration, journey.place_gain_m
        x.at_place, x.celebrated = journey.arrived_at_place, journey.celebrated
        x.bonuses_paid = self._bonuses
        if self._place_counts:
            self._fill_places(x, at, motion)

    def _fill_places(self, x: CourseInputs, at: Whereabouts, motion: TrunkMotion) -> None:
        """Hand the terms what depends on the place along the course."""
        x.clearance_factor, x.swing_factor = places.clearance_factor(at.y_m), places.swing_factor(at.y_m)
        x.slope_error = places.slope_error(at.y_m, motion.gravity_b[1])
        x.gap_y = (at.y_m > places.GAP_RANGE_M[0]) & (at.y_m < places.GAP_RANGE_M[1])
        x.x_m = at.x_m
        away = np.hypot(at.x_m[:, None] - _BALLS[:, 0], at.y_m[:, None] - _BALLS[:, 1])
        x.ball_distance_m = away.min(axis=1)

    def _proper_acceleration(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the mean proper acceleration over the step in the body frame, three arrays [N]."""
        change = (self._v[:, :3] - self._previous_velocity) * np.float32(1.0 / self.control_dt_s)
        self._previous_velocity[:] = self._v[:, :3]
        q = self._q
        up = change[:, 2] + np.float32(GRAVITY_MPS2)
        parts: tuple[FloatArray, FloatArray, FloatArray] = to_body(
            q[:, 3], q[:, 4], q[:, 5], q[:, 6], change[:, 0], change[:, 1], up
        )
        return parts

    def _torque_asked(self) -> FloatArray:
        """Return the torque that the joints ask for over its limit [N, 12], not cut off at 1."""
        control = self.cfg.control
        asked = control.kp * (self._ctrl - self._q[:, 7:]) - control.kv * self._v[:, 6:]
        share: FloatArray = (asked / _LIMITS_NM).astype(np.float32)
        return share

    def _height_error(self, at: Whereabouts) -> FloatArray:
        x, y = self._target[:, 0], self._target[:, 1]
        wanted = self.ground.height_m(x, y, at.z_m)
        error: FloatArray = np.abs(at.z_m - at.above_ground_m - wanted)
        return error

    def _observe(self, motion: TrunkMotion, noise: FloatArray | None) -> None:
        self._bonuses += self._terms[self.reward_function.bonus_rows].sum(axis=0)
        changed = self.journey.changed
        if changed.any():
            np.copyto(self._target, self.journey.targets(), where=changed[:, None])
            motion = trunk_motion(self._q, self._v, self._target)
            self.episode.rebase(changed, motion.distance_m)
        super()._observe(motion, noise)

    def _write_rows(self, out: FloatArray, motion: TrunkMotion, joints: Joints, ids: IntArray | slice) -> None:
        """Write the observations of the simulations `ids` into `out`."""
        layout, q = self.layout, self._q[ids]
        middle = out[:, layout.privileged : layout.privileged + layout.middle]
        super()._write_rows(middle, motion, joints, ids)
        if self.rounds is None:  # instead of "slow enough": how far the celebration is
            np.multiply(self.journey.celebration[ids], np.float32(1.0 / 3.0), out=middle[:, 53], casting="unsafe")
        journey, time_left = self.journey, self._time_left(ids)
        if self.course.sensing.layout == "section":
            acceleration = self._acceleration
            begun = self.episode.steps[ids] == 0
            x, y, z = (np.where(begun, np.float32(0.0), part[ids]) for part in acceleration)
            sensing.write_section(
                middle,
                motion,
                q[:, 2],
                journey.celebration[ids],
                self._feet_down[ids],
                (x, y, z),
                self._torque_share[ids],
            )
        if layout.privileged:
            sensing.write_privileged(out[:, : sensing.OWN_DIM], self.ground, q, journey.share()[ids], time_left)
        if layout.scan:
            sensing.write_scan(out[:, -layout.scan :], self.ground, q)
        elif layout.privileged:
            sensing.write_scan(out[:, sensing.OWN_DIM : layout.privileged], self.ground, q)

    def _time_left(self, ids: IntArray | slice) -> FloatArray:
        left: FloatArray = (1.0 - self.episode.steps[ids] / self.episode.limit_steps).astype(np.float32)
        return left

    def _ends(self, ids: IntArray, cause: NDArray[np.int8]) -> CourseEnds:
        journey = self.journey
        return CourseEnds(
            **vars(super()._ends(ids, cause)),
            points=journey.points()[ids],
            progress=journey.share()[ids],
            place_m=self._q[ids, :3].copy(),
            farthest_y_m=journey.farthest_y_m[ids],
            stagnant=self.episode.stagnant[ids],
        )

    # ------------------------------------------------------------------ looking and continuing

    def gauges(self) -> dict[str, float]:
        """Return the mean level of each kind of lane, by tag."""
        if self.rounds is None:
            return {}
        return {f"course/level_{kind}": level for kind, level in self.rounds.mean_levels().items()}

    def _arrays(self) -> dict[str, NDArray[Any]]:
        own = {
            "previous_velocity": self._previous_velocity,
            "bonuses": self._bonuses,
            "previous_z": self._previous_z,
        }
        return super()._arrays() | own | {f"journey_{name}": array for name, array in self.journey.arrays().items()}
