"""The recording of one evaluation episode, for playback without physics."""

import io
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vbot_sim.vector_task import Step, VectorTask


@dataclass(frozen=True)
class Poses:
    """One episode, one row per control step."""

    qpos: NDArray[np.float32]  # [T, 19] at the start of each step
    target_m: NDArray[np.float32]  # [2]
    terms: NDArray[np.float32]  # [T, n_terms] weighted contributions in each step
    term_names: tuple[str, ...]
    distance_m: NDArray[np.float32]  # [T] at the end of each step
    speed_mps: NDArray[np.float32]  # [T]
    dt_s: float

    def to_bytes(self) -> bytes:
        """The content of an ``.npz`` file."""
        out = io.BytesIO()
        np.savez_compressed(
            out,
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
    _target: NDArray[np.float32] | None = None
    _names: tuple[str, ...] = ()
    _dt_s: float = 0.0

    def before(self, world: VectorTask) -> None:
        """Take the pose from which a step starts."""
        if self._target is None:
            self._target, self._names, self._dt_s = world.targets()[self.sim], world.term_names, world.control_dt_s
        self._qpos.append(world.qpos()[self.sim].astype(np.float32))

    def after(self, step: Step) -> None:
        """Take what the step brought."""
        self._terms.append(step.terms[:, self.sim].copy())
        self._numbers.append((float(step.distance_m[self.sim]), float(step.speed_mps[self.sim])))

    def poses(self) -> Poses:
        """What was recorded."""
        numbers = np.array(self._numbers, np.float32).reshape(-1, 2)
        return Poses(
            qpos=np.array(self._qpos, np.float32).reshape(-1, 19),
            target_m=np.zeros(2, np.float32) if self._target is None else self._target.astype(np.float32),
            terms=np.array(self._terms, np.float32).reshape(-1, len(self._names)),
            term_names=self._names,
            distance_m=numbers[:, 0],
            speed_mps=numbers[:, 1],
            dt_s=self._dt_s,
        )
