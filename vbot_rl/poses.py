"""The recording of one evaluation episode, for playback without physics."""

import io
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vbot_sim.vector_task import Step, VectorTask


@dataclass(frozen=True)
class Poses:
    """One episode, one row per control step."""

    qpos: NDArray[np.float32]  # [T, 19] at the start of each step
    target_m: NDArray[np.float32]  # [2] the first target
    terms: NDArray[np.float32]  # [T, n_terms] weighted contributions in each step
    term_names: tuple[str, ...]
    distance_m: NDArray[np.float32]  # [T] at the end of each step
    speed_mps: NDArray[np.float32]  # [T]
    dt_s: float
    targets_m: NDArray[np.float32] | None = None  # [T, 2] where it moves on, as on a course

    def target_at(self, k: int) -> NDArray[np.float32]:
        """The target [2] at pose ``k``."""
        return self.target_m if self.targets_m is None else self.targets_m[k]

    def to_bytes(self) -> bytes:
        """The content of an ``.npz`` file."""
        out = io.BytesIO()
        moving: dict[str, Any] = {} if self.targets_m is None else {"targets_m": self.targets_m}
        np.savez_compressed(
            out,
            **moving,
            qpos=self.qpos,
            target_m=self.target_m,
            terms=self.terms,
            term_names=np.array(self.term_names),
            distance_m=self.distance_m,
            speed_mps=self.speed_mps,
            dt_s=np.array(self.dt_s),
            schema=np.array(1),
        )
        return out.getvalue()


@dataclass
class PoseRecorder:
    """Collects one simulation's episode."""

    sim: int = 0
    _qpos: list[NDArray[np.float32]] = field(default_factory=list)
    _terms: list[NDArray[np.float32]] = field(default_factory=list)
    _numbers: list[tuple[float, float]] = field(default_factory=list)
    _targets: list[NDArray[np.float32]] = field(default_factory=list)
    _names: tuple[str, ...] = ()
    _dt_s: float = 0.0

    def before(self, world: VectorTask) -> None:
        """Take the pose from which a step starts."""
        self._names, self._dt_s = world.term_names, world.control_dt_s
        self._targets.append(world.targets()[self.sim].astype(np.float32))
        self._qpos.append(world.qpos()[self.sim].astype(np.float32))

    def after(self, step: Step) -> None:
        """Take what the step brought."""
        self._terms.append(step.terms[:, self.sim].copy())
        self._numbers.append((float(step.distance_m[self.sim]), float(step.speed_mps[self.sim])))

    def poses(self) -> Poses:
        """What was recorded."""
        numbers = np.array(self._numbers, np.float32).reshape(-1, 2)
        targets = np.array(self._targets, np.float32).reshape(-1, 2)
        return Poses(
            qpos=np.array(self._qpos, np.float32).reshape(-1, 19),
            target_m=targets[0] if len(targets) else np.zeros(2, np.float32),
            targets_m=targets if np.any(targets != targets[:1]) else None,
            terms=np.array(self._terms, np.float32).reshape(-1, len(self._names)),
            term_names=self._names,
            distance_m=numbers[:, 0],
            speed_mps=numbers[:, 1],
            dt_s=self._dt_s,
        )


FALL_CASES = 16


class FallRecorder:
    """Collects the first cases of an evaluation, to keep the episode of the first of them that falls."""

    def __init__(self, cases: int = FALL_CASES) -> None:
        self._cases = cases
        self._qpos: list[NDArray[np.float32]] = []  # [cases, 19] a step
        self._terms: list[NDArray[np.float32]] = []  # [n_terms, cases]
        self._numbers: list[NDArray[np.float32]] = []  # [2, cases]
        self._fell: dict[int, int] = {}  # case -> steps until its first end, of those that fell
        self._ended: set[int] = set()
        self._world: VectorTask | None = None

    def before(self, world: VectorTask) -> None:
        """Take the poses from which a step starts."""
        self._world = world
        self._qpos.append(world.qpos()[: self._cases].astype(np.float32))

    def after(self, step: Step) -> None:
        """Take what the step brought."""
        n = self._cases
        self._terms.append(step.terms[:, :n].copy())
        self._numbers.append(np.stack([step.distance_m[:n], step.speed_mps[:n]]))
        if step.episodes is None:
            return
        for sim, fell in zip(step.done_ids.tolist(), step.episodes.fell.tolist(), strict=True):
            if sim < n and sim not in self._ended:
                self._ended.add(sim)
                if fell:
                    self._fell[sim] = len(self._qpos)

    def poses(self) -> Poses | None:
        """The episode of the first case that fell; None when none of them did."""
        if not self._fell or self._world is None:
            return None
        sim = min(self._fell)
        count = self._fell[sim]
        return Poses(
            qpos=np.stack([qpos[sim] for qpos in self._qpos[:count]]),
            target_m=self._world.targets()[sim].astype(np.float32),
            terms=np.stack([terms[:, sim] for terms in self._terms[:count]]),
            term_names=self._world.term_names,
            distance_m=np.array([numbers[0, sim] for numbers in self._numbers[:count]], np.float32),
            speed_mps=np.array([numbers[1, sim] for numbers in self._numbers[:count]], np.float32),
            dt_s=self._world.control_dt_s,
        )


class Trail:
    """Where the robots of an evaluation are and how fast they were half a second ago."""

    def __init__(self, num_envs: int, dt_s: float, back_s: float = 0.5) -> None:
        self._speeds = np.zeros((max(1, round(back_s / dt_s)), num_envs), np.float32)
        self._xy = np.zeros((num_envs, 2))
        self._steps = 0

    def before(self, world: VectorTask) -> None:
        """Take the places from which a step starts."""
        self._xy = world.qpos()[:, :2].copy()

    def after(self, step: Step) -> None:
        """Take what the step brought."""
        self._speeds[self._steps % len(self._speeds)] = step.speed_mps
        self._steps += 1

    def of(self, sim: int) -> tuple[float, float, float]:
        """Place x, y in m, and planar speed in m/s half a second before the latest step."""
        oldest = self._steps % len(self._speeds) if self._steps >= len(self._speeds) else 0
        x, y = self._xy[sim]
        return float(x), float(y), float(self._speeds[oldest, sim])
