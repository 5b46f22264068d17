"""Many simulations of one task: actions in, observations, rewards and ends of episodes out.

One control step: action -> filter -> joint targets -> physics -> motion -> failures -> reward terms -> observation ->
finished simulations start anew in the same step, their final observation kept. Learning, files and screens are other
rooms' business. The courses (`vbot_sim.courses.task`) extend this task; `vbot_sim.tasks` builds the right one.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vbot_sim.episode import BoolArray, EpisodeState, IntArray
from vbot_sim.errors import ConfigError
from vbot_sim.kinematics import TrunkMotion, trunk_motion
from vbot_sim.model import build_model
from vbot_sim.observation import NOISY, OBS_DIM, noise_amplitudes, write_observation
from vbot_sim.randomization import ActionPipeline, PhysicsVariation, Pushes
from vbot_sim.rewards import RewardFunction, TermInputs
from vbot_sim.robot import DEFAULT_JOINTS_RAD
from vbot_sim.schema import TICK_S, TaskCfg
from vbot_sim.spawns import Spawns, draw_spawns
from vbot_sim.terminations import CAUSES, NO_CAUSE, cause_index, endings, failures

__all__ = ["CAUSES", "EpisodeEnds", "Spawns", "Step", "VectorTask"]

FloatArray = NDArray[np.float32]

ACT_DIM = 12
STATE_VERSION = 1
_JOINT_SPEED_LIMIT_RADPS = 1e3  # what rewards and observations see of a simulation that blows up
_FIRST_BAD_WARNING = 3  # BADQPOS, BADQVEL, BADQACC, BADCTRL
_STAGE_NONE = 0


@dataclass(frozen=True)
class EpisodeEnds:
    """The episodes that ended in a step, in the order of `Step.done_ids`; arrays are [K]."""

    cause: NDArray[np.int8]  # index into CAUSES
    length_s: NDArray[np.floating]
    return_: NDArray[np.float64]
    success: BoolArray  # the success test was passed at some time, whatever came after
    success_time_s: NDArray[np.float64]  # NaN without success
    fell: BoolArray  # trunk contact, tilt, joint speed or a blown-up state
    out_of_bounds: BoolArray
    touched: BoolArray  # was inside the reach radius at some time
    fence: BoolArray  # was inside the inner fence at some time
    spawn_distance_m: FloatArray
    min_distance_m: FloatArray
    final_distance_m: FloatArray
    terms_sum: NDArray[np.float32]  # [n_terms, K]


@dataclass(frozen=True)
class Step:
    """The outcome of one control step. Arrays are views of buffers, valid until the next step."""

    obs: FloatArray  # [N, obs_dim], after the reset of finished simulations
    reward: FloatArray  # [N]
    terminated: BoolArray  # [N] ended for good: by a failure, or by a success that is final
    truncated: BoolArray  # [N] ended by the time limit or by any other success
    done_ids: NDArray[np.intp]  # [K]
    final_obs: FloatArray  # [K, obs_dim], before the reset
    terms: FloatArray  # [n_terms, N] weighted contributions; they add up to the reward
    episodes: EpisodeEnds | None
    distance_m: FloatArray  # [N]
    speed_mps: FloatArray  # [N] planar
    reached: BoolArray  # [N] inside the reach radius now


class Joints(NamedTuple):
    """What an observation says of the joints, each [N, 12]."""

    offset_rad: FloatArray  # from the default pose
    speed_radps: FloatArray
    action: FloatArray


class VectorTask:
    """N simulations of the task described by a config.

    Args:
        cfg: the task.
        num_envs: how many simulations.
        seed: of the one random generator behind spawns, noise and variation.
        threads: physics threads, this one included.
        clock: seconds, for `physics_s`.
    """

    obs_dim: int = OBS_DIM
    act_dim: int = ACT_DIM
    privileged_dim: int = 0  # the first numbers of an observation that are for a critic alone
    noisy: slice = slice(0, NOISY)  # the numbers of an observation that are measured
    inputs_type = TermInputs  # what reward terms may look at
    episode_type = EpisodeState  # what is remembered of an episode
    spawns_type: type[Spawns] = Spawns

    physics_s: float  # spent in the physics engine so far

    def __init__(
        self,
        cfg: TaskCfg,
        num_envs: int,
        seed: int,
        threads: int = 1,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        if num_envs < 1:
            raise ConfigError(f"num_envs must be at least 1, got {num_envs}.")
        import mujoco
        from mujoco.batch import Batch, SimulationError

        mujoco.set_mju_user_warning(_ignore_warning)  # warnings are counted per simulation and handled in step()
        self.cfg = cfg
        self.num_envs = num_envs
        self.control_dt_s = cfg.control_dt_s
        self.physics_s, self._clock = 0.0, clock
        self._simulation_error: type[Exception] = SimulationError
        self._rng = np.random.Generator(np.random.PCG64(seed))
        self._batch = Batch(
            build_model(cfg.physics, cfg.control, cfg.course), nsim=num_envs, nthread=threads, persistent=False
        )
        self._batch.reset(stage=_STAGE_NONE)
        self._rest = self._batch.state[0].copy()
        self._qpos = self._batch.bind("qpos")
        self._qvel = self._batch.bind("qvel")
        self._ctrl = self._batch.bind("ctrl")
        self._contact = self._batch.bind("sensordata")

        self.reward_function = self._reward()
        self.term_names: tuple[str, ...] = self.reward_function.names
        self._torque = self._batch.bind("actuator_force") if "torques" in self.term_names else None
        self.episode = self.episode_type(cfg.episode, num_envs, self.control_dt_s)
        self.variation = PhysicsVariation(cfg.randomization, self._batch)
        self._pushes = Pushes(cfg.randomization, self.control_dt_s)
        share = 1.0 - (1.0 - cfg.control.filter_new) ** (self.control_dt_s / TICK_S)
        self._actions = ActionPipeline(
            num_envs, cfg.control.action_clip, share, cfg.randomization.latency_steps, self.act_dim
        )
        self._noise = noise_amplitudes(cfg.randomization.obs_noise) if cfg.randomization.obs_noise > 0 else None
        self._allocate()
        self._pinned: Spawns | None = None
        self._parked = np.zeros(num_envs, np.bool_)
        self._moving: IntArray | None = None  # the simulations that are stepped; None: all
        self._warned = self._warnings().copy()

    def _reward(self) -> RewardFunction:
        return RewardFunction(self.cfg.reward, self.control_dt_s)

    def _allocate(self) -> None:
        """Create the buffers that are filled anew in every step."""
        n, terms = self.num_envs, len(self.term_names)
        self._q = np.zeros((n, 19), np.float32)
        self._v = np.zeros((n, 18), np.float32)
        self._stance = np.asarray(DEFAULT_JOINTS_RAD, np.float32)
        self._target = np.zeros((n, 2), np.float32)
        self._joint_offset = np.zeros((n, 12), np.float32)
        self._previous_joint_speed = np.zeros((n, 12), np.float32)
        self._scratch = np.zeros((n, 12), np.float32)
        self._inputs = self.inputs_type.zeros(n, self.control_dt_s, self.cfg.episode.limit_s)
        self._inputs.take_episode(self.episode)
        self._terms = np.zeros((terms, n), np.float32)
        self._terms_sum = np.zeros((terms, n), np.float32)
        self._return = np.zeros(n, np.float64)
        self.obs = np.zeros((n, self.obs_dim), np.float32)

    # ------------------------------------------------------------------ starting

    def reset(self, spawns: Spawns | None = None) -> FloatArray:
        """Start a new episode everywhere and return the observations [N, 54].

        Args:
            spawns: fixed start states, one per simulation; every episode of a simulation then starts from its own,
                with its own variation drawn now. None draws new ones for every episode.
        """
        if spawns is not None and len(spawns) != self.num_envs:
            raise ConfigError(f"{len(spawns)} spawns were given for {self.num_envs} simulations; give one for each.")
        self._pinned = spawns
        self._set_parked(np.zeros(self.num_envs, np.bool_))
        ids = np.arange(self.num_envs)
        self.variation.draw(ids, self._rng)
        self._actions.begin(ids, self._rng)
        self._begin(ids)
        self._observe_new(ids, self._draw_noise())
        return self.obs

    def set_random_episode_phase(self) -> None:
        """Let every simulation be at a random time of its episode, so that time limits are not reached in step."""
        self.episode.steps[:] = self._rng.integers(0, self.episode.limit_steps, self.num_envs)

    def park(self, ids: IntArray) -> None:
        """Leave the simulations `ids` out of every step until the next `reset()`.

        Their physics stands still, which saves its time, and they end no further episode; otherwise their rows of a
        step mean nothing. The others go on bit for bit as if nothing had happened.
        """
        parked = self._parked.copy()
        parked[ids] = True
        self._set_parked(parked)

    def _set_parked(self, parked: BoolArray) -> None:
        self._parked[:] = parked
        self._moving = np.flatnonzero(~parked) if parked.any() else None

    def _begin(self, ids: IntArray) -> None:
        """Put the simulations `ids` (sorted) at the start of an episode."""
        self._place(ids, self._draw_spawns(ids) if self._pinned is None else self._pinned.take(ids))

    def _place(self, ids: IntArray, spawns: Spawns) -> None:
        state = self._batch.state
        state[ids] = self._rest
        self._qpos[ids] = spawns.qpos()
        self._ctrl[ids] = self._stance
        self._q[ids] = self._qpos[ids]
        self._v[ids] = 0.0
        self._target[ids] = spawns.target_m
        self._previous_joint_speed[ids] = 0.0
        self._return[ids] = 0.0
        self._terms_sum[:, ids] = 0.0
        self.episode.begin(ids, spawns.distance_m().astype(np.float32))

    def _draw_spawns(self, ids: IntArray) -> Spawns:
        return draw_spawns(self._rng, len(ids), self.cfg.spawn)

    def _restart(self, ids: IntArray) -> None:
        """Begin the next episode of finished simulations; pinned ones keep their variation."""
        if self._pinned is None:
            self.variation.draw(ids, self._rng)
            self._actions.begin(ids, self._rng)
        else:
            self._actions.forget(ids)
        self._begin(ids)

    # ------------------------------------------------------------------ stepping

    def step(self, actions: NDArray[np.floating]) -> Step:
        """Advance every simulation by one control step under `actions` [N, 12]."""
        bad = self._advance_physics(actions)
        self._v[:] = self._qvel
        joint_speed = self._v[:, 6:]
        max_joint_speed = np.maximum(joint_speed.max(axis=1), -joint_speed.min(axis=1))
        np.clip(self._v, -_JOINT_SPEED_LIMIT_RADPS, _JOINT_SPEED_LIMIT_RADPS, out=self._v)
        self._q[:] = self._qpos
        motion = trunk_motion(self._q, self._v, self._target)
        self._advance_episode(motion)

        failure = self._failures(motion, max_joint_speed, bad)
        cause = endings(failure, self.episode.success_over(), self.episode.time_over())
        if self._moving is not None:
            failure[self._parked] = cause[self._parked] = NO_CAUSE
        terminated = failure != NO_CAUSE
        self._fill_inputs(motion, terminated)
        reward = self.reward_function.compute(self._inputs, self._terms)
        self._return += reward
        self._terms_sum += self._terms
        self._previous_joint_speed[:] = joint_speed

        noise = self._draw_noise()
        self._observe(motion, noise)
        done_ids = np.flatnonzero(cause != NO_CAUSE)
        final_obs = self.obs[done_ids]
        episodes = self._ends(done_ids, cause) if len(done_ids) else None
        if self.cfg.episode.success_final:
            terminated = terminated | (cause == cause_index("success"))
        truncated = (cause != NO_CAUSE) & ~terminated
        distance, reached = motion.distance_m, self.episode.inside.copy()
        if len(done_ids):
            self._restart(done_ids)
            self._observe_new(done_ids, noise)
        return Step(
            obs=self.obs,
            reward=reward,
            terminated=terminated,
            truncated=truncated,
            done_ids=done_ids,
            final_obs=final_obs,
            terms=self._terms,
            episodes=episodes,
            distance_m=distance,
            speed_mps=motion.speed_mps,
            reached=reached,
        )

    def _advance_episode(self, motion: TrunkMotion) -> None:
        self.episode.advance(motion.distance_m, motion.speed_mps)

    def _failures(self, motion: TrunkMotion, max_joint_speed: FloatArray, bad: BoolArray) -> NDArray[np.int8]:
        """Return the cause of failure of each simulation, or NO_CAUSE."""
        contact = self._contact[:, 0] > 0.0
        return failures(
            self.cfg.termination, contact, motion.gravity_b[2], max_joint_speed, motion.centre_distance_m, bad
        )

    def _advance_physics(self, actions: NDArray[np.floating]) -> BoolArray:
        """Apply the actions and step the physics; return where the outcome is not finite, with the pose put back."""
        bad = np.zeros(self.num_envs, np.bool_)
        if not np.isfinite(np.sum(actions)):
            bad |= ~np.isfinite(actions).all(axis=1)
            actions = np.where(bad[:, None], 0.0, actions).astype(np.float32)
        applied = self._actions.push(actions)
        np.multiply(applied, np.float32(self.cfg.control.action_scale_rad), out=self._scratch)
        np.add(self._scratch, self._stance, out=self._ctrl)
        self._pushes.apply(self._qvel, self.episode.steps, self._rng)
        begin = self._clock()
        try:
            if self._moving is None or len(self._moving):
                self._batch.step(self._moving, nstep=self.cfg.substeps)
        except self._simulation_error as error:
            bad[error.ids] = True  # type: ignore[attr-defined]
        self.physics_s += self._clock() - begin
        warnings = self._warnings()
        if not np.array_equal(warnings, self._warned):
            bad |= (warnings != self._warned).any(axis=1)
            self._warned[:] = warnings
        if not np.isfinite(self._qpos.sum() + self._qvel.sum()):
            bad |= ~(np.isfinite(self._qpos).all(axis=1) & np.isfinite(self._qvel).all(axis=1))
        if bad.any():
            self._qpos[bad] = self._q[bad]
            self._qvel[bad] = 0.0
        return bad

    def _warnings(self) -> NDArray[np.int32]:
        """Return how often each simulation was found unstable, by kind [N, 4]."""
        counts: NDArray[np.int32] = self._batch.warning[:, _FIRST_BAD_WARNING:, 1]
        return counts

    def _fill_inputs(self, motion: TrunkMotion, terminated: BoolArray) -> None:
        """Hand the terms what they may look at."""
        x, v = self._inputs, self._v
        joint_speed = v[:, 6:]
        np.subtract(self._q[:, 7:], self._stance, out=self._joint_offset)
        x.take_episode(self.episode)
        x.centre_distance_m = motion.centre_distance_m
        x.bearing_error_rad = motion.bearing_error_rad
        x.speed_mps = motion.speed_mps
        x.approach_speed_mps = motion.approach_speed_mps
        x.yaw_rate_radps = motion.gyro_b[2]
        x.vertical_speed_mps = motion.vertical_speed_mps
        x.roll_pitch_rate_sq = motion.gyro_b[0] ** 2 + motion.gyro_b[1] ** 2
        x.tilt_sq = motion.gravity_b[0] ** 2 + motion.gravity_b[1] ** 2
        x.joint_speed_sq = np.einsum("ij,ij->i", joint_speed, joint_speed)
        change = np.subtract(joint_speed, self._previous_joint_speed, out=self._scratch)
        x.joint_speed_change_sq = np.einsum("ij,ij->i", change, change)
        x.action_change_sq = self._actions.change_sq
        x.hip_abs_rad = np.abs(self._joint_offset[:, ::3]).sum(axis=1)
        if self._torque is not None:
            torque = self._torque.astype(np.float32)
            x.torque_sq = np.einsum("ij,ij->i", torque, torque)
        x.terminated = terminated

    def _observe(self, motion: TrunkMotion, noise: FloatArray | None) -> None:
        joints = Joints(self._joint_offset, self._v[:, 6:], self._actions.filtered)
        self._write_rows(self.obs, motion, joints, slice(None))
        if noise is not None:
            self.obs[:, self.noisy] += noise

    def _observe_new(self, ids: IntArray, noise: FloatArray | None) -> None:
        """Write the first observation of new episodes."""
        q, v = self._q[ids], self._v[ids]
        rows = np.empty((len(ids), self.obs_dim), np.float32)
        motion = trunk_motion(q, v, self._target[ids])
        joints = Joints(q[:, 7:] - self._stance, v[:, 6:], self._actions.filtered[ids])
        self._write_rows(rows, motion, joints, ids)
        if noise is not None:
            rows[:, self.noisy] += noise[ids]
        self.obs[ids] = rows

    def _write_rows(self, out: FloatArray, motion: TrunkMotion, joints: Joints, ids: IntArray | slice) -> None:
        """Write the observations of the simulations `ids` into `out`."""
        write_observation(out, motion, *joints, self.cfg.observation, self.cfg.episode)

    def _draw_noise(self) -> FloatArray | None:
        if self._noise is None:
            return None
        drawn = self._rng.random((self.num_envs, NOISY), dtype=np.float32)
        drawn *= 2.0
        drawn -= 1.0
        drawn *= self._noise
        return drawn

    def _ends(self, ids: IntArray, cause: NDArray[np.int8]) -> EpisodeEnds:
        episode, causes = self.episode, cause[ids]
        success = episode.succeeded[ids]
        out = causes == cause_index("out_of_bounds")
        failed = causes >= cause_index("trunk_contact")
        return EpisodeEnds(
            cause=causes,
            length_s=episode.steps[ids] * self.control_dt_s,
            return_=self._return[ids],
            success=success,
            success_time_s=np.where(success, episode.success_steps[ids] * self.control_dt_s, np.nan),
            fell=failed & ~out,
            out_of_bounds=out,
            touched=episode.ever_reached[ids],
            fence=episode.ever_fence[ids],
            spawn_distance_m=episode.spawn_distance_m[ids],
            min_distance_m=episode.min_distance_m[ids],
            final_distance_m=episode.distance_m[ids],
            terms_sum=self._terms_sum[:, ids],
        )

    # ------------------------------------------------------------------ looking and continuing

    def qpos(self) -> NDArray[np.float64]:
        """Return a copy of the generalised positions [N, 19], for playback and tests."""
        positions: NDArray[np.float64] = self._qpos.copy()
        return positions

    def gauges(self) -> dict[str, float]:
        """Return what this task has to tell about itself beside its steps, by tag."""
        return {}

    def targets(self) -> FloatArray:
        """Return a copy of the targets' world positions [N, 2]."""
        return self._target.copy()

    def _arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything that must survive, as live arrays."""
        return {
            "physics": self._batch.state,
            "q": self._q,
            "v": self._v,
            "target": self._target,
            "previous_joint_speed": self._previous_joint_speed,
            "return": self._return,
            "terms_sum": self._terms_sum,
            "obs": self.obs,
        }

    def state_dict(self) -> dict[str, Any]:
        """Return everything a bitwise continuation needs, as arrays, numbers, texts and dictionaries of them."""
        pinned = self._pinned
        return {
            "version": STATE_VERSION,
            "num_envs": self.num_envs,
            "arrays": {name: array.copy() for name, array in self._arrays().items()},
            "episode": self.episode.state_dict(),
            "variation": self.variation.state_dict(),
            "actions": self._actions.state_dict(),
            "rng": json.dumps(self._rng.bit_generator.state),
            "parked": self._parked.copy(),
            "pinned": {} if pinned is None else {f.name: getattr(pinned, f.name).copy() for f in fields(pinned)},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from what `state_dict` of a task with the same config and size returned."""
        if state.get("version") != STATE_VERSION or state.get("num_envs") != self.num_envs:
            raise ConfigError(
                f"The saved world has version {state.get('version')} and {state.get('num_envs')} simulations, this one "
                f"version {STATE_VERSION} and {self.num_envs}; resume with the same num_envs."
            )
        for name, array in self._arrays().items():
            saved = np.asarray(state["arrays"][name])
            if saved.shape != array.shape:
                raise ConfigError(
                    f"The saved world's '{name}' has shape {saved.shape}, this task needs {array.shape}; "
                    "resume with the task config the state was saved with."
                )
            array[...] = saved
        self.episode.load_state_dict(state["episode"])
        self.variation.load_state_dict(state["variation"])
        self._actions.load_state_dict(state["actions"])
        self._rng.bit_generator.state = json.loads(state["rng"])
        pinned = {name: np.asarray(array) for name, array in state["pinned"].items()}
        self._pinned = self.spawns_type(**pinned) if pinned else None
        self._set_parked(np.asarray(state.get("parked", np.zeros(self.num_envs)), np.bool_))
        self._warned[:] = self._warnings()


def _ignore_warning(_message: str) -> None:
    """Take MuJoCo's warnings off the terminal and out of its log file in the working directory."""
