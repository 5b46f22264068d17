"""The progress of an episode on a course: success is the end of its route, and standing still can end it."""

import numpy as np

from vbot_sim.episode import BoolArray, EpisodeState, FloatArray
from vbot_sim.schema import EpisodeCfg


class CourseEpisode(EpisodeState):
    """`EpisodeState` judged by a journey instead of by one target."""

    def __init__(self, cfg: EpisodeCfg, num_envs: int, dt_s: float) -> None:
        super().__init__(cfg, num_envs, dt_s)
        self.stagnant: BoolArray = np.zeros(num_envs, np.bool_)  # who has given up in this step

    def follow(self, distance_m: FloatArray, inside: BoolArray, arrived: BoolArray, finished: BoolArray) -> None:
        """Take in one control step along a route.

        Args:
            distance_m: [N] to the goal that was the next one during the step.
            inside: [N] reached a goal in this step, or is where the celebration is.
            arrived: [N] all goals are reached.
            finished: [N] and the celebration is complete.
        """
        self.steps += 1
        self.previous_distance_m[:] = self.distance_m
        self.distance_m[:] = distance_m
        np.minimum(self.min_distance_m, distance_m, out=self.min_distance_m)
        self.inside[:] = inside
        self._take(arrived, finished)

    def rebase(self, who: BoolArray, distance_m: FloatArray) -> None:
        """Let distances start anew where the target is another one now; `distance_m` is [N]."""
        for distance in (self.distance_m, self.previous_distance_m, self.spawn_distance_m, self.min_distance_m):
            np.copyto(distance, distance_m, where=who)
        self.still_steps *= ~who

    def time_over(self) -> BoolArray:
        """Return which episodes end now by the time limit, or because their robot does not get away."""
        return super().time_over() | self.stagnant
