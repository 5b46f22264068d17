"""What an episode is worth: success, points, score v1 and their uncertainty. Pure functions; no reward enters here."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

SCORE_VERSION = 1
COURSE_SCORE_VERSION = 2
POINTS_MAX = 20.0
"""Ten dogs, two points each."""
POINTS_PER_DOG = 2.0
TIME_WEIGHT = 0.2
PROGRESS_WEIGHT = 0.2


@dataclass(frozen=True)
class Outcome:
    """What one evaluation episode came to.

    Attributes:
        cause: why it ended, one of `vbot_sim.terminations.CAUSES`.
        success_time_s: when the success test was passed, None if never.
        fence: was inside the inner fence at some time.
        fell: a fall (trunk contact, tilt, joint speed, blown-up state) at any time.
        out_of_bounds: left the platform at any time.
        earned: on a course, the points by its rules if nothing is lost; None on flat ground.
        progress: on a course, the share of the route that was covered, whatever came after.
    """

    cause: str
    success_time_s: float | None
    fence: bool
    fell: bool
    out_of_bounds: bool
    earned: float | None = None
    progress: float = 0.0

    @property
    def lost(self) -> bool:
        """A fall or leaving the platform loses the dog's points, even after success."""
        return self.fell or self.out_of_bounds

    @property
    def success(self) -> bool:
        """Passed the success test and kept it."""
        return self.success_time_s is not None and not self.lost

    @property
    def points(self) -> float:
        """Points of this dog: those of its course, or 1 for the inner fence and 1 for success; 0 when lost."""
        if self.lost:
            return 0
        return int(self.fence) + int(self.success) if self.earned is None else self.earned


@dataclass(frozen=True)
class Summary:
    """What a set of episodes came to; fractions of all episodes."""

    episodes: int
    success: float
    success_low: float
    success_high: float
    fell: float
    fell_low: float
    fell_high: float
    out_of_bounds: float
    points_mean: float
    points_max: float
    time_mean_s: float | None
    score: float
    score_version: int
    causes: dict[str, float]


def points_mean(outcomes: Sequence[Outcome]) -> float:
    """Return the competition points: 20 times the mean share of points per dog; on a course the mean of its points."""
    if outcomes and outcomes[0].earned is not None:
        return _mean([o.points for o in outcomes])
    return POINTS_MAX * _mean([o.points / POINTS_PER_DOG for o in outcomes])


def score_v1(outcomes: Sequence[Outcome], limit_s: float) -> float:
    """Return success - fell + 0.2 x mean(1 - t_success / limit, 0 without success)."""
    success = _mean([float(o.success) for o in outcomes])
    fell = _mean([float(o.fell) for o in outcomes])
    speed = _mean([1.0 - (o.success_time_s or 0.0) / limit_s if o.success else 0.0 for o in outcomes])
    return success - fell + TIME_WEIGHT * speed


def score_v2(outcomes: Sequence[Outcome], limit_s: float, points_max: float) -> float:
    """Return the score of a course: share of points + 0.2 x mean progress + 0.2 x mean(1 - t_success / limit).

    A fall has no weight of its own, because it loses the points; progress counts also then, so that two policies that
    do not get far yet can be told apart.
    """
    progress = _mean([o.progress for o in outcomes])
    speed = _mean([1.0 - (o.success_time_s or 0.0) / limit_s if o.success else 0.0 for o in outcomes])
    return points_mean(outcomes) / points_max + PROGRESS_WEIGHT * progress + TIME_WEIGHT * speed


def wilson(hits: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """Return the Wilson interval of a fraction (95 % at the default z); (0, 1) of nothing."""
    if total == 0:
        return 0.0, 1.0
    share = hits / total
    centre = share + z * z / (2 * total)
    spread = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def summarize(outcomes: Sequence[Outcome], limit_s: float, course_points: float | None = None) -> Summary:
    """Return everything one wants to know about a set of episodes.

    Args:
        outcomes: what each came to.
        limit_s: time limit.
        course_points: the most points of a course; None on flat ground.
    """
    count = len(outcomes)
    score = score_v1(outcomes, limit_s) if course_points is None else score_v2(outcomes, limit_s, course_points)
    successes, falls = sum(o.success for o in outcomes), sum(o.fell for o in outcomes)
    times = [o.success_time_s for o in outcomes if o.success and o.success_time_s is not None]
    causes = sorted({o.cause for o in outcomes})
    success_low, success_high = wilson(successes, count)
    fell_low, fell_high = wilson(falls, count)
    return Summary(
        episodes=count,
        success=_mean([float(o.success) for o in outcomes]),
        success_low=success_low,
        success_high=success_high,
        fell=_mean([float(o.fell) for o in outcomes]),
        fell_low=fell_low,
        fell_high=fell_high,
        out_of_bounds=_mean([float(o.out_of_bounds) for o in outcomes]),
        points_mean=points_mean(outcomes),
        points_max=POINTS_MAX if course_points is None else course_points,
        time_mean_s=sum(times) / len(times) if times else None,
        score=score,
        score_version=SCORE_VERSION if course_points is None else COURSE_SCORE_VERSION,
        causes={cause: sum(o.cause == cause for o in outcomes) / count for cause in causes},
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
