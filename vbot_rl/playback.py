"""One episode to look at: of a policy, run now, or of an evaluation, recorded then.

Whoever shows it gets poses and numbers and needs no physics; how it is shown is not decided here.
"""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sessions.errors import CorruptFileError, NotFoundError
from sessions.runs import RunDir
from vbot_rl.evaluate import FALLS_DIR, Episode, evaluate
from vbot_rl.poses import PoseRecorder, Poses
from vbot_rl.source import Trained
from vbot_sim import rendering, video
from vbot_sim.rendering import Image, Painter

FILM_FPS = 25.0
SHEET_COLUMNS, SHEET_ROWS = 4, 3


@dataclass(frozen=True)
class Recording:
    """An episode, pose by pose."""

    name: str
    poses: Poses
    episode: Episode | None  # how it ended; unknown for a recorded evaluation

    def __len__(self) -> int:
        return len(self.poses.qpos)

    @property
    def duration_s(self) -> float:
        """How long it lasts."""
        return len(self) * self.poses.dt_s

    def caption(self, k: int) -> str:
        """What the numbers say at pose `k`."""
        poses = self.poses
        return f"{k * poses.dt_s:5.2f} s   {poses.distance_m[k]:5.2f} m to go   {poses.speed_mps[k]:4.2f} m/s"

    def ending(self) -> str:
        """How it ended, in words."""
        episode = self.episode
        if episode is None:
            return f"{self.duration_s:.1f} s, {self.poses.distance_m[-1]:.2f} m from the target at the end"
        if episode.success and episode.t_success_s is not None and not episode.fell:
            return f"success after {episode.t_success_s:.2f} s"
        return f"{episode.cause} after {episode.length_s:.2f} s, {episode.final_distance_m:.2f} m from the target"


def record(trained: Trained, seed: int = 0, protocol: str = "competition") -> Recording:
    """Run one episode of a policy from the start that `seed` gives.

    Raises:
        ConfigError: there is no such protocol.
    """
    recorder = PoseRecorder()
    result = evaluate(
        trained.policy(),
        trained.cfg.task,
        protocol,
        n=1,
        seed=seed,
        env=trained.cfg.env,
        step=trained.step,
        poses=recorder,
    )
    assert result is not None, "nobody asked to abandon it"
    return Recording(f"{trained.name} seed {seed}", recorder.poses(), result.episodes[0])


def recorded(run: RunDir, step: int | None = None, fall: bool = False) -> Recording:
    """The episode that an evaluation of a run recorded: of `step`, or the newest.

    Args:
        run: whose.
        step: of which policy.
        fall: the first fall among its cases, instead of its first case.

    Raises:
        NotFoundError: there is none.
        CorruptFileError: it cannot be read.
    """
    folder, what = (run.pose_dir / FALLS_DIR, "fall") if fall else (run.pose_dir, "episode")
    found = {int(path.stem): path for path in folder.glob("*.npz") if path.stem.isdigit()}
    if not found:
        until = "; its evaluations saw none among the first cases" if fall else " yet; wait for its first evaluation"
        raise NotFoundError(f"run {run.id} has no recorded {what}{until}")
    wanted = max(found) if step is None else step
    if wanted not in found:
        steps = ", ".join(str(known) for known in sorted(found))
        raise NotFoundError(f"run {run.id} has no recorded {what} of step {wanted}; it has {steps}")
    name = f"{run.id}@{wanted} {'falling' if fall else 'as evaluated'}"
    return Recording(name, load_poses(found[wanted]), None)


def load_poses(path: Path) -> Poses:
    """Read a recorded episode.

    Raises:
        CorruptFileError: it cannot be read.
    """
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as data:
            poses = Poses(
                qpos=data["qpos"],
                target_m=data["target_m"],
                targets_m=data.get("targets_m"),
                terms=data["terms"],
                term_names=tuple(str(name) for name in data["term_names"]),
                distance_m=data["distance_m"],
                speed_mps=data["speed_mps"],
                dt_s=float(data["dt_s"]),
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise CorruptFileError(f"the recorded episode {path} cannot be read ({error}); evaluate again") from None
    if poses.qpos.ndim != 2 or poses.qpos.shape[1] != 19 or not len(poses.qpos):
        raise CorruptFileError(f"the recorded episode {path} holds no poses; evaluate again")
    return poses


@dataclass(frozen=True)
class Film:
    """The files that show a recording."""

    file: str
    sheet: str
    frames: int
    fps: float
    duration_s: float


def film(recording: Recording, painter: Painter, path: Path, fps: float = FILM_FPS) -> Film:
    """Write a recording as a film and, beside it, a sheet with moments from beginning to end.

    Raises:
        RenderError: the encoder is missing.
        OSError: a file could not be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    stride = max(1, round(1.0 / (fps * recording.poses.dt_s)))
    shown = range(0, len(recording), stride)
    rate = 1.0 / (stride * recording.poses.dt_s)
    kept = set(moments(len(shown), SHEET_COLUMNS * SHEET_ROWS))
    moments_kept: list[Image] = []

    def keep(images: Iterator[Image]) -> Iterator[Image]:
        for k, image in enumerate(images):
            if k in kept:
                moments_kept.append(image)
            yield image

    count = video.write_film(path, keep(frames(recording, painter, shown)), rate)
    sheet = path.with_suffix(".png")
    video.write_sheet(sheet, moments_kept, SHEET_COLUMNS)
    return Film(str(path), str(sheet), count, rate, round(count / rate, 3))


def frames(recording: Recording, painter: Painter, shown: range) -> Iterator[Image]:
    """The pictures of some poses, the camera following the robot, the numbers written in."""
    poses = recording.poses
    cameras = rendering.following(poses.qpos[:: shown.step], shown.step * poses.dt_s)
    for k, camera in zip(shown, cameras, strict=True):
        lines = [recording.name, recording.caption(k)]
        if k == shown[-1]:
            lines.append(recording.ending())
        yield video.labelled(painter.paint(poses.qpos[k], poses.target_at(k), camera), lines)


def moments(count: int, wanted: int) -> list[int]:
    """At most `wanted` indices out of `count`, evenly spread, the first and the last among them."""
    if count <= wanted:
        return list(range(count))
    return [round(k * (count - 1) / (wanted - 1)) for k in range(wanted)]
