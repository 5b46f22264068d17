"""What happened in one rollout, as scalar tags: rewards by term, ends of episodes, where the robots were."""

import numpy as np
from numpy.typing import NDArray

from sessions import metrics
from vbot_sim.courses.ends import CourseEnds
from vbot_sim.vector_task import CAUSES, EpisodeEnds, Step

NEAR_M = 1.0
RING_M = (0.5, 1.5)
LEFT_M = 0.75  # the inner fence: who ends beyond it has left the circle

FloatArray = NDArray[np.float32]


class RolloutMeter:
    """Sums over the steps since the last ``values()``."""

    def __init__(self, term_names: tuple[str, ...], action_clip: float | None) -> None:
        self._names = term_names
        self._clip = action_clip
        self._clear()

    def _clear(self) -> None:
        self._samples = 0
        self._terms = np.zeros(len(self._names))
        self._total = 0.0
        self._sums = np.zeros(4)  # distance, speed, reached, within the ring
        self._near = np.zeros(2)  # count, summed speed
        self._inside_speed = 0.0  # summed over those inside the circle
        self._saturated, self._actions = 0, 0
        self._ends: list[EpisodeEnds] = []

    def add(self, step: Step, actions: FloatArray) -> None:
        """Take in one control step of all simulations."""
        self._samples += len(step.reward)
        self._terms += step.terms.sum(axis=1, dtype=np.float64)
        self._total += float(step.reward.sum(dtype=np.float64))
        distance, speed = step.distance_m, step.speed_mps
        ring = np.count_nonzero((distance > RING_M[0]) & (distance < RING_M[1]))
        self._sums += [float(distance.sum()), float(speed.sum()), float(np.count_nonzero(step.reached)), float(ring)]
        self._inside_speed += float(speed @ step.reached)
        near = distance < NEAR_M
        self._near += [float(np.count_nonzero(near)), float(speed[near].sum())]
        if self._clip is not None:
            self._saturated += int(np.count_nonzero(np.abs(actions) >= self._clip))
        self._actions += actions.size
        if step.episodes is not None:
            self._ends.append(step.episodes)

    def values(self) -> dict[str, float]:
        """The tags of everything since the last call; what has no sample is left out."""
        n = max(self._samples, 1)
        found = {metrics.reward_tag(name): self._terms[i] / n for i, name in enumerate(self._names)}
        found[metrics.REWARD_TOTAL] = self._total / n
        found["task/distance_m"], found["task/speed_mps"] = self._sums[0] / n, self._sums[1] / n
        found["task/reached"], found["task/near_fraction"] = self._sums[2] / n, self._sums[3] / n
        if self._near[0]:
            found["task/speed_near_mps"] = self._near[1] / self._near[0]
        if self._sums[2]:
            found["task/speed_inside_mps"] = self._inside_speed / self._sums[2]
        found["ppo/action_saturation"] = self._saturated / max(self._actions, 1)
        found.update(_episode_values(self._ends))
        self._clear()
        return {tag: float(value) for tag, value in found.items()}


def _episode_values(ends: list[EpisodeEnds]) -> dict[str, float]:
    count = sum(len(part.cause) for part in ends)
    found = {"episode/count": float(count)}
    if not count:
        return found

    def mean(name: str) -> float:
        return float(np.concatenate([getattr(part, name) for part in ends]).mean(dtype=np.float64))

    found |= {
        "episode/return": mean("return_"),
        "episode/length_s": mean("length_s"),
        "episode/success": mean("success"),
        "episode/fell": mean("fell"),
        "episode/touched": mean("touched"),
        "episode/min_distance_m": mean("min_distance_m"),
        "episode/final_distance_m": mean("final_distance_m"),
    }
    found |= _after_the_touch(ends, count)
    if all(isinstance(part, CourseEnds) for part in ends):
        found |= {"episode/points": mean("points"), "episode/progress": mean("progress")}
    causes = np.bincount(np.concatenate([part.cause for part in ends]), minlength=len(CAUSES))
    return found | {metrics.end_tag(name): causes[i] / count for i, name in enumerate(CAUSES)}


def _after_the_touch(ends: list[EpisodeEnds], count: int) -> dict[str, float]:
    """What became of the episodes that had been inside the circle, as shares of all."""
    touched_fell = sum(int(np.count_nonzero(part.touched & part.fell)) for part in ends)
    left = sum(int(np.count_nonzero(part.touched & (part.final_distance_m > LEFT_M))) for part in ends)
    return {"episode/touched_fell": touched_fell / count, "episode/left": left / count}
