"""How good is a policy? Fixed episodes under a named protocol, deterministic actions, one result file per evaluation.

The trainer and the command line both come through here, so a score means the same wherever it was made.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sessions.files import to_json, utc_now, write_atomic
from sessions.runs import RunDir
from vbot_rl import checkpoint
from vbot_rl.blas import use_one_thread
from vbot_rl.config import RunCfg, load_yaml
from vbot_rl.policy import Policy
from vbot_rl.poses import FallRecorder, PoseRecorder, Poses, Trail
from vbot_sim import protocols, scoring
from vbot_sim.courses.rules import points_max
from vbot_sim.courses.stretches import Stretch, where_ended
from vbot_sim.schema import TaskCfg
from vbot_sim.tasks import build_task
from vbot_sim.vector_task import Step, VectorTask

SCHEMA = 1
FALLS_DIR = "falls"  # within the recorded episodes of a run


@dataclass(frozen=True)
class Episode:
    """One evaluation episode."""

    cause: str
    success: bool
    fell: bool
    out_of_bounds: bool
    reached: bool  # inside the circle at any time
    fence: bool
    t_success_s: float | None
    length_s: float
    spawn_distance_m: float
    min_distance_m: float
    final_distance_m: float
    points: float
    reward: float
    end_x_m: float | None = None  # place of the trunk at the end; the target of the official protocols is at 0, 0
    end_y_m: float | None = None
    speed_before_mps: float | None = None  # planar, half a second before the end


Played = tuple[scoring.Outcome, Episode]
Told = Callable[[int, int], object]


def _not_told(over: int, episodes: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True)
class EvalResult:
    """What an evaluation came to: its file's content."""

    protocol: str
    protocol_id: str
    env: str
    step: int
    n: int
    seed: int
    canonical: bool
    limit_s: float
    success: float
    success_low: float
    success_high: float
    fell: float
    fell_low: float
    fell_high: float
    reached: float
    out_of_bounds: float
    points_mean: float
    points_max: float
    t_success_s: float | None
    distance_m: float
    score: float
    score_version: int
    causes: dict[str, float]
    episodes: tuple[Episode, ...]
    where: tuple[Stretch, ...] = ()  # on a course: where the episodes ended that did not succeed
    created: str = ""
    schema: int = SCHEMA

    @property
    def file_name(self) -> str:
        """Name of its file; only canonical cases have the plain name."""
        cases = "" if self.canonical else f"-n{self.n}-s{self.seed}"
        return f"{self.protocol}-{self.step}{cases}.json"

    def write(self, folder: Path) -> Path:
        """Write the result file; OSError leaves things as they were."""
        path = folder / self.file_name
        write_atomic(path, to_json(asdict(self), indent=1) + "\n")
        return path


def evaluate(
    policy: Policy,
    task: TaskCfg,
    protocol: str = "competition",
    n: int | None = None,
    seed: int | None = None,
    threads: int = 1,
    env: str = "",
    step: int = 0,
    keep_going: Callable[[], bool] = lambda: True,
    poses: PoseRecorder | None = None,
    falls: FallRecorder | None = None,
    told: Told = _not_told,
) -> EvalResult | None:
    """Run one episode per case and judge it.

    Args:
        policy: who acts.
        task: the task the policy was trained on.
        protocol: "competition", "strict" or "training".
        n: number of cases; None takes the canonical ones.
        seed: of the cases; None takes the canonical ones.
        threads: physics threads.
        env: environment id, for the record.
        step: training step of the policy, for the record.
        keep_going: asked in every control step; False abandons the evaluation.
        poses: records the first case.
        falls: records the first fall among some cases.
        told: gets, after every control step, how many episodes are over and how many there are.

    Returns:
        The result; None when abandoned.
    """
    use_one_thread()
    how = protocols.protocol(protocol)
    judged = protocols.evaluation_task(task, how)
    count = protocols.CANONICAL_CASES if n is None else n
    chosen = protocols.CANONICAL_SEED if seed is None else seed
    world = build_task(judged, count, seed=chosen, threads=threads)
    world.reset(protocols.cases(how, task, count, chosen))
    played = _play(policy, world, keep_going, poses, falls, told)
    if played is None:
        return None
    outcomes, episodes = [outcome for outcome, _ in played], tuple(episode for _, episode in played)
    course_points = None if judged.course is None else points_max(judged.course.section)
    summary = scoring.summarize(outcomes, judged.episode.limit_s, course_points)
    return EvalResult(
        protocol=how.name,
        protocol_id=how.id,
        env=env,
        step=step,
        n=count,
        seed=chosen,
        canonical=(count, chosen) == (protocols.CANONICAL_CASES, protocols.CANONICAL_SEED),
        limit_s=judged.episode.limit_s,
        success=summary.success,
        success_low=summary.success_low,
        success_high=summary.success_high,
        fell=summary.fell,
        fell_low=summary.fell_low,
        fell_high=summary.fell_high,
        reached=sum(episode.reached for episode in episodes) / count,
        out_of_bounds=summary.out_of_bounds,
        points_mean=summary.points_mean,
        points_max=summary.points_max,
        t_success_s=summary.time_mean_s,
        distance_m=sum(episode.final_distance_m for episode in episodes) / count,
        score=summary.score,
        score_version=summary.score_version,
        causes=summary.causes,
        episodes=episodes,
        where=() if judged.course is None else where_ended([e.end_y_m or 0.0 for e in episodes], outcomes),
        created=utc_now(),
    )


def _play(
    policy: Policy,
    world: VectorTask,
    keep_going: Callable[[], bool],
    poses: PoseRecorder | None,
    falls: FallRecorder | None,
    told: Told,
) -> list[Played] | None:
    """Step ``world`` until every case has had one episode; None when asked to stop before that."""
    over: dict[int, Played] = {}
    trail = Trail(world.num_envs, world.control_dt_s)
    with np.errstate(all="ignore"):
        while len(over) < world.num_envs:
            if not keep_going():
                return None
            first_case = poses if 0 not in over else None
            if first_case is not None:
                first_case.before(world)
            if falls is not None:
                falls.before(world)
            trail.before(world)
            step = world.step(policy.act(world.obs))
            trail.after(step)
            if falls is not None:
                falls.after(step)
            if first_case is not None:
                first_case.after(step)
            new = _first_ends(step, over, trail)
            over.update(new)
            if new:
                world.park(np.array(sorted(new)))
            told(len(over), world.num_envs)
    return [over[i] for i in range(world.num_envs)]


def _first_ends(step: Step, known: Mapping[int, Played], trail: Trail) -> dict[int, Played]:
    """The episodes that ended in ``step``, without the repeats of cases that were over before."""
    ends = step.episodes
    if ends is None:
        return {}
    found = {}
    for k, (sim, outcome) in enumerate(zip(step.done_ids, protocols.outcomes(ends), strict=True)):
        if int(sim) in known:
            continue
        x, y, speed = trail.of(int(sim))
        episode = Episode(
            cause=outcome.cause,
            success=outcome.success,
            fell=outcome.fell,
            out_of_bounds=outcome.out_of_bounds,
            reached=bool(ends.touched[k]),
            fence=outcome.fence,
            t_success_s=outcome.success_time_s,
            length_s=round(float(ends.length_s[k]), 4),
            spawn_distance_m=_number(ends.spawn_distance_m, k),
            min_distance_m=_number(ends.min_distance_m, k),
            final_distance_m=_number(ends.final_distance_m, k),
            points=outcome.points,
            reward=round(float(ends.return_[k]), 4),
            end_x_m=round(x, 3),
            end_y_m=round(y, 3),
            speed_before_mps=round(speed, 3),
        )
        found[int(sim)] = (outcome, episode)
    return found


def _number(values: NDArray[Any], k: int) -> float:
    return round(float(values[k]), 4)


def load_policy(run: RunDir, step: int | None = None) -> tuple[Policy, RunCfg, int]:
    """The policy of a run at a step (without one: the best by score), its config and its step.

    Raises:
        NotFoundError, CorruptFileError, ConfigError: with what there is instead.
    """
    found = checkpoint.find(run, step)
    return Policy.from_checkpoint(found.state), load_yaml(run.config_path).cfg, found.step


def evaluate_run(
    run: RunDir,
    protocol: str = "competition",
    step: int | None = None,
    n: int | None = None,
    seed: int | None = None,
    threads: int = 1,
    told: Told = _not_told,
) -> EvalResult:
    """Evaluate a checkpoint of a run and store the result with it; ``told`` as in `evaluate`.

    Raises:
        NotFoundError, CorruptFileError, ConfigError: with what there is instead.
        OSError: the result could not be written.
    """
    policy, cfg, found = load_policy(run, step)
    result = evaluate(policy, cfg.task, protocol, n, seed, threads, cfg.env, found, told=told)
    assert result is not None, "nobody asked to abandon it"
    result.write(run.eval_dir)
    return result


def evaluate_all(run: RunDir, protocol: str = "competition", threads: int = 1) -> list[EvalResult]:
    """Evaluate every checkpoint on the canonical cases; best first."""
    results = [evaluate_run(run, protocol, step, threads=threads) for step, _ in run.checkpoints()]
    return sorted(results, key=lambda result: (-result.score, result.step))


def without_episodes(result: EvalResult) -> dict[str, Any]:
    """The result as plain data for a command line's answer, episodes left out."""
    plain = asdict(replace(result, episodes=()))
    del plain["episodes"]
    return plain


def write_poses(poses: Poses, run: RunDir, step: int) -> Path:
    """Write the recorded episode of an evaluation to the run."""
    path = run.pose_dir / f"{step}.npz"
    write_atomic(path, poses.to_bytes())
    return path


def write_fall(poses: Poses | None, run: RunDir, step: int) -> Path | None:
    """Write the recorded fall of an evaluation to the run, if there was one."""
    if poses is None:
        return None
    path = run.pose_dir / FALLS_DIR / f"{step}.npz"
    path.parent.mkdir(exist_ok=True)
    write_atomic(path, poses.to_bytes())
    return path
