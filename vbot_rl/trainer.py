"""The loop of one run: rollout, update, evaluation, records, checkpoints; from a fresh start or exactly where it was.

A `Trainer` assumes that its process holds the run's lock. Signals, descriptors and exit codes are in `train_one`. Of an
undisturbed run and one that was killed and resumed, weights and records are the same bit for bit, because everything
that decides the future is in the checkpoint and records after it are cut off.
"""

import errno
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np

from sessions.runs import RunDir, StopRequest
from vbot_rl import checkpoint, pt_file, schedules
from vbot_rl.blas import use_one_thread
from vbot_rl.config import RunCfg
from vbot_rl.evaluate import EvalResult, evaluate, write_fall, write_poses
from vbot_rl.event_writer import EventWriter
from vbot_rl.launch import WARM_START_FILE
from vbot_rl.policy import Policy, net_description
from vbot_rl.poses import FallRecorder, PoseRecorder
from vbot_rl.ppo import Ppo, UpdateStats
from vbot_rl.rollout_meter import RolloutMeter
from vbot_rl.status import StatusWriter
from vbot_sim.tasks import build_task, mirror_of
from vbot_sim.vector_task import VectorTask

Clock = Callable[[], float]
Say = Callable[[str], None]

FULL = (errno.ENOSPC, errno.EDQUOT)
ROOM_LOOK_S = 1.0
ROOM_PATIENCE_S = 120.0
EVAL_TAGS = ("score", "success", "fell", "reached", "points_mean", "t_success_s", "distance_m")


@dataclass(frozen=True)
class Outcome:
    """How a call of `Trainer.train` ended."""

    request: StopRequest | None  # None: all steps are done
    env_steps: int


class Diverged(Exception):
    """Numbers that are not finite appeared; the message says which and when."""


class Trainer:
    """One run in progress.

    Args:
        run: its directory.
        cfg: its config.
        stop: asked once per update and within evaluations for a request to end.
        say: takes lines for the log.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        run: RunDir,
        cfg: RunCfg,
        stop: Callable[[], StopRequest | None] = lambda: None,
        say: Say = print,
        clock: Clock = time.monotonic,
    ) -> None:
        self.run, self.cfg, self._stop, self._say, self._clock = run, cfg, stop, say, clock
        train = cfg.train
        self.status = StatusWriter(run, train.total_env_steps, clock)
        self.status.phase("building the world")
        use_one_thread()
        self.world = build_task(cfg.task, train.num_envs, train.seed, train.threads, clock)
        self.ppo = _learner(cfg, self.world)
        self.meter = RolloutMeter(self.world.term_names, cfg.task.control.action_clip)
        self.env_steps, self.updates, self.evaluations_done = 0, 0, 0
        self.pending: dict[str, float] | None = None  # tags of an update whose event waits for an evaluation
        self._last_save = clock()
        self._resume_or_begin()

    # ------------------------------------------------------------------ starting

    def _resume_or_begin(self) -> None:
        found, problems = checkpoint.newest(self.run)
        for problem in problems:
            self._say(problem)
        if found is not None:
            self._load(found.state)
            self._say(f"resumed from {found.path.name}")
            return
        self.events = EventWriter(self.run.path)
        for stale in self.run.event_files():  # of a process that died before its first checkpoint
            if stale != self.events.path:
                stale.unlink()
        self.world.reset()
        if self.cfg.train.random_episode_phase:
            self.world.set_random_episode_phase()
        if self.cfg.train.warm_start:
            source = self.run.path / WARM_START_FILE
            for line in checkpoint.warm_start(
                self.ppo, checkpoint.load(source), self.cfg.train.warm_start, source.name
            ):
                self._say(f"loaded {line}")

    def _load(self, state: Mapping[str, Any]) -> None:
        self.ppo.load_state_dict(state["ppo"])
        self.world.load_state_dict(state["task"])
        self.env_steps, self.updates = int(state["env_steps"]), int(state["updates"])
        self.evaluations_done = int(state["evaluations_done"])
        self.pending = dict(state["pending"]) if state["pending"] is not None else None
        self.events = EventWriter(self.run.path, (str(state["events"]["name"]), int(state["events"]["length"])))
        self.status.restore(self.env_steps, state["metrics"])

    # ------------------------------------------------------------------ the loop

    def train(self) -> Outcome:
        """Train until all steps are done or somebody asks to end; a checkpoint is written either way.

        Raises:
            Diverged: the state is dumped to ``diverged.pt``; the last checkpoint is from before.
            OSError: a file could not be written.
        """
        cfg = self.cfg.train
        self.status.phase("training")
        while self.pending is not None or self.env_steps < cfg.total_env_steps:
            if self.pending is None:
                self.pending = self._update()
            evaluated = self._evaluation_due()
            if evaluated:
                result = self._evaluate()
                if result is None:
                    return self._end(self._stop())
                self.pending |= _eval_values(result) | {"perf/eval_s": self._eval_s}
            self._with_room(partial(self.events.write, self.env_steps, self.pending))
            self.status.update(self.env_steps, self.pending, self._eta_s())
            self.pending = None
            request = self._stop()
            if request is not None and self.env_steps < cfg.total_env_steps:
                return self._end(request)
            if evaluated or self._clock() - self._last_save >= cfg.checkpoint_interval_s:
                self._save()
        return self._end(None)

    def _end(self, request: StopRequest | None) -> Outcome:
        self.status.phase("saving")
        self._save()
        self.events.close()
        return Outcome(request, self.env_steps)

    def _update(self) -> dict[str, float]:
        """One rollout and what is learned from it; returns the tags of its event."""
        begin = self._clock()
        scale, world_s, physics_s = np.float32(self.cfg.train.reward_scale), 0.0, self.world.physics_s
        obs = self.world.obs
        while not self.ppo.full:
            actions = self.ppo.act(obs)
            before = self._clock()
            step = self.world.step(actions)
            world_s += self._clock() - before
            self.meter.add(step, actions)
            self.ppo.record(step.reward * scale, step.terminated, step.truncated, step.done_ids, step.final_obs)
            obs = step.obs
        middle, physics_s = self._clock(), self.world.physics_s - physics_s
        stats = self.ppo.update(obs, self.env_steps / self.cfg.train.total_env_steps)
        end = self._clock()
        self._check_learning_rate(stats)
        self.updates += 1
        batch = self.cfg.ppo.horizon * self.cfg.train.num_envs
        self.env_steps += batch
        self._trained_steps, self._trained_s = self._trained_steps + batch, self._trained_s + end - begin
        values = self.meter.values() | self.world.gauges() | _ppo_values(stats)
        self._guard(values)
        return values | {
            "perf/steps_per_s": batch / max(end - begin, 1e-9),
            "perf/mean_steps_per_s": self._trained_steps / max(self._trained_s, 1e-9),
            "perf/rollout_s": middle - begin,
            "perf/physics_s": physics_s,
            "perf/env_s": world_s - physics_s,
            "perf/act_s": middle - begin - world_s,
            "perf/update_s": end - middle,
            "perf/rss_mb": _rss_mb(),
        }

    def _check_learning_rate(self, stats: UpdateStats) -> None:
        """The first update of a process must have used the rate that its schedule asks for, whatever was loaded."""
        cfg = self.cfg.ppo
        if cfg.schedule != "kl_adaptive":
            wanted = schedules.learning_rate(cfg, self.env_steps / self.cfg.train.total_env_steps, 0.0)
            assert stats.learning_rate == wanted, (stats.learning_rate, wanted)

    def _guard(self, values: Mapping[str, float]) -> None:
        bad = [tag for tag, value in values.items() if not np.isfinite(value)]
        if not np.isfinite(self.ppo.net.params.flat).all():
            bad.append("the weights")
        if not bad:
            return
        dump = {"metrics": dict(values), "updates": self.updates, "rollout": self.ppo.rollout_dump()}
        state = {**self._state(), **dump, "pending": None}
        (self.run.path / "diverged.pt").write_bytes(pt_file.dumps(state))
        shown = ", ".join(bad[:4]) + (", ..." if len(bad) > 4 else "")
        raise Diverged(
            f"not finite at step {self.env_steps:,}: {shown}; the state is in diverged.pt; "
            "lower ppo.learning_rate or look at the reward terms"
        )

    # ------------------------------------------------------------------ evaluation and records

    def _evaluation_due(self) -> bool:
        cfg = self.cfg.train
        if self.evaluations_done == cfg.evaluations:
            return False
        share = (self.evaluations_done + 1) / cfg.evaluations
        return self.env_steps >= cfg.total_env_steps * min(1.0, cfg.judge_from + (1.0 - cfg.judge_from) * share)

    def _evaluate(self) -> EvalResult | None:
        """Judge the policy on the canonical cases; None when asked to end meanwhile."""
        self.status.phase("evaluating")
        self._say(self._progress_line())
        begin, recorder, falls = self._clock(), PoseRecorder(), FallRecorder()
        result = evaluate(
            Policy.of(self.ppo),
            self.cfg.task,
            n=self.cfg.train.evaluation_cases,
            threads=self.cfg.train.threads,
            env=self.cfg.env,
            step=self.env_steps,
            keep_going=self._keep_evaluating,
            poses=recorder,
            falls=falls,
        )
        if result is None:
            return None
        self._with_room(lambda: result.write(self.run.eval_dir))
        self._with_room(lambda: write_poses(recorder.poses(), self.run, self.env_steps))
        write_fall(falls.poses(), self.run, self.env_steps)
        while self._evaluation_due():
            self.evaluations_done += 1
        self._eval_s = self._clock() - begin
        self.status.scored(result)
        self.status.phase("training")
        self._say(
            f"step {self.env_steps:,}: score {result.score:.3f}, success {result.success:.3f}, fell {result.fell:.3f}"
        )
        return result

    def _keep_evaluating(self) -> bool:
        self.status.beat()
        return self._stop() is None

    def _progress_line(self) -> str:
        values = self.pending or {}
        shown = ("perf/steps_per_s", "reward/total", "episode/success", "ppo/kl", "ppo/std")
        words = (f"{tag} {short(values[tag])}" for tag in shown if tag in values)
        return f"step {self.env_steps:,}: {', '.join(words)}"

    def _eta_s(self) -> float:
        left = max(self.cfg.train.total_env_steps - self.env_steps, 0)
        return self.status.seconds_for(left) + (self.cfg.train.evaluations - self.evaluations_done) * self._eval_s

    def _state(self) -> dict[str, Any]:
        return {
            "env": self.cfg.env,
            "preset": self.cfg.preset,
            "updates": self.updates,
            "evaluations_done": self.evaluations_done,
            "pending": self.pending,
            "net": net_description(self.ppo),
            "ppo": self.ppo.state_dict(),
            "task": self.world.state_dict(),
            "events": {"name": self.events.path.name, "length": self.events.length},
            "metrics": dict(self.status.metrics),
            "threads": self.cfg.train.threads,
            "term_names": list(self.world.term_names),
        }

    def _save(self) -> None:
        self._with_room(self.events.sync)
        self._with_room(lambda: checkpoint.save(self.run, self.env_steps, self._state()))
        self.status.checkpoints = checkpoint.thin_out(self.run, self.cfg.train.keep_last)
        self._last_save = self._clock()

    def _with_room(self, write: Callable[[], object]) -> None:
        """Write something; on a full disk wait for room, because the training so far is worth more than minutes.

        Raises:
            OSError: it cannot be written, there was no room for long, or somebody asks to end.
        """
        begin = self._clock()
        while True:
            try:
                write()
                return
            except OSError as error:
                waited_s = self._clock() - begin
                if error.errno not in FULL or waited_s > ROOM_PATIENCE_S or self._stop() is not None:
                    raise
            if not waited_s >= ROOM_LOOK_S:
                self._say(f"the disk is full; waiting up to {ROOM_PATIENCE_S:.0f} s for room")
            self.status.phase("waiting for room on the disk")
            self._sleep(ROOM_LOOK_S)
            self.status.phase("training")

    _sleep = staticmethod(time.sleep)
    _eval_s = _trained_s = 0.0
    _trained_steps = 0


def short(value: float) -> str:
    """Four digits, or a whole number where there are more before the point."""
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e9 else f"{value:.4g}"


def _learner(cfg: RunCfg, world: VectorTask) -> Ppo:
    """The learner of a run, on its device.

    Raises:
        ConfigError: the device is not there.
    """
    sizes = (world.obs_dim, world.act_dim, cfg.train.num_envs, cfg.train.seed, cfg.train.threads)
    mirror = mirror_of(cfg.task) if cfg.ppo.symmetry != "none" else None
    if cfg.train.device == "cpu":
        return Ppo(cfg.ppo, *sizes, mirror, world.privileged_dim)
    from vbot_rl.torch_learner import TorchPpo

    return TorchPpo(cfg.ppo, *sizes, mirror, world.privileged_dim, device=cfg.train.device)


def _ppo_values(stats: UpdateStats) -> dict[str, float]:
    values = asdict(stats)
    found = {"value/mean": values.pop("value_mean"), "value/return_mean": values.pop("return_mean")}
    return {f"ppo/{name}": float(value) for name, value in values.items()} | found


def _eval_values(result: EvalResult) -> dict[str, float]:
    values = {name: getattr(result, name) for name in EVAL_TAGS}
    return {f"eval/{name}": float(value) for name, value in values.items() if value is not None}


def _rss_mb() -> float:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
