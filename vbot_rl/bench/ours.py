"""Our side: the trainer as it ships, and the physics engine alone as the limit."""

import tempfile
import time

import numpy as np

from sessions.runs import StopRequest
from sessions.workspace import Workspace
from vbot_rl.bench.workload import Workload
from vbot_rl.launch import create_run
from vbot_rl.trainer import Trainer
from vbot_sim.model import build_model
from vbot_sim.robot import DEFAULT_JOINTS_RAD
from vbot_sim.vector_task import VectorTask

SETTLE_S = 2.0  # simulated time before the physics is measured: robots have landed, some have fallen and restarted
PHYSICS_STEPS = 20  # control steps from one saved state: too few for the mixture of contacts to change
ACTION_STD = 1.0


def train(work: Workload) -> list[float]:
    """Wall time of each update of the shipped trainer, its records included."""
    stamps: list[float] = []

    def stop() -> StopRequest | None:  # asked once per update
        stamps.append(time.perf_counter())
        return StopRequest(who="bench", why="measured") if len(stamps) > work.all_updates else None

    with tempfile.TemporaryDirectory(prefix="vbot-bench-") as folder:
        run = create_run(Workspace.open(folder), work.resolved(), "train", "bench")
        Trainer(run, work.config(), stop=stop, say=lambda line: None).train()
    return list(np.diff(stamps))


def physics(work: Workload) -> tuple[float, list[float]]:
    """Physics steps per second of the engine alone, and the wall time of each measured stretch.

    The states are those of noisy actions on the real task, so that the mixture of contacts is that of training; only
    the engine's steps are timed.
    """
    from mujoco.batch import Batch

    cfg = work.config()
    rng = np.random.default_rng(work.seed)
    world = VectorTask(cfg.task, work.num_envs, work.seed, work.threads)
    world.reset()
    world.set_random_episode_phase()
    for _ in range(round(SETTLE_S / world.control_dt_s)):
        world.step(rng.standard_normal((work.num_envs, world.act_dim), dtype=np.float32) * ACTION_STD)
    state = world.state_dict()["arrays"]["physics"]
    model = build_model(cfg.task.physics, cfg.task.control)
    batch = Batch(model, nsim=work.num_envs, nthread=work.threads, persistent=False)
    ctrl = batch.bind("ctrl")
    batch.bind("sensordata")
    stance = np.asarray(DEFAULT_JOINTS_RAD)
    times = []
    for _ in range(work.all_updates):
        batch.state[:] = state
        noise = rng.standard_normal((PHYSICS_STEPS, work.num_envs, world.act_dim)) * ACTION_STD
        begin = time.perf_counter()
        for actions in noise:
            ctrl[:] = stance + cfg.task.control.action_scale_rad * actions
            batch.step(nstep=cfg.task.substeps)
        times.append(time.perf_counter() - begin)
    counted = times[work.warmup :]
    return work.num_envs * PHYSICS_STEPS * cfg.task.substeps / float(np.median(counted)), counted
