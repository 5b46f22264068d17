"""What is known of an episode on a course when it ends."""

from dataclasses import dataclass

from vbot_sim.episode import BoolArray
from vbot_sim.vector_task import EpisodeEnds, FloatArray


@dataclass(frozen=True)
class CourseEnds(EpisodeEnds):
    """The episodes on a course that ended in a step; arrays are [K]."""

    points: FloatArray  # by the rules, before a fall takes them
    progress: FloatArray  # share of the route's legs that are complete
    place_m: FloatArray  # [K, 3] where the trunk was at the end
    farthest_y_m: FloatArray
    stagnant: BoolArray  # ended because the robot did not get away
