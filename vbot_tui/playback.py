"""Playing a recorded episode: where it is, how fast it goes, and which moments are worth a look. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from sessions.episode_file import Episode
from vbot_tui import robot_view

RATES = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
ARRIVED_M, STILL_MPS, STILL_S = 0.5, 0.15, 0.5
STOPPED_SHORT_M = 3.5
BEFORE_END_S = 1.5
FALLS = ("crash", "fall", "die", "tumble", "sprint")
STOPS = ("moat", "hover", "rim", "decel", "stop")


@dataclass(frozen=True)
class Moment:
    """A place in an episode, and what happens there."""

    at_s: float
    what: str


@dataclass(frozen=True)
class Playback:
    """Where the playing is."""

    at_s: float = 0.0
    playing: bool = True
    rate: float = 1.0

    def passed(self, seconds: float, duration_s: float) -> "Playback":
        """Return the state after some time; at the end it stops."""
        if not self.playing:
            return self
        at_s = self.at_s + seconds * self.rate
        return replace(self, at_s=min(at_s, duration_s), playing=at_s < duration_s)

    def moved(self, seconds: float, duration_s: float) -> "Playback":
        """Return the state after a jump; who jumps wants to look, so it stands still."""
        return replace(self, at_s=min(duration_s, max(0.0, self.at_s + seconds)), playing=False)

    def toggled(self, duration_s: float) -> "Playback":
        """Return the state after pause or play; playing on at the end begins anew."""
        if not self.playing and self.at_s >= duration_s:
            return replace(self, at_s=0.0, playing=True)
        return replace(self, playing=not self.playing)

    def faster(self, by: int) -> "Playback":
        """Return the state at the next rate."""
        place = min(range(len(RATES)), key=lambda k: abs(RATES[k] - self.rate)) + by
        return replace(self, rate=RATES[min(len(RATES) - 1, max(0, place))])

    def index(self, episode: Episode) -> int:
        """Return which pose is shown."""
        return min(len(episode) - 1, max(0, int(self.at_s / episode.dt_s + 1e-6)))


def moments(episode: Episode, *, fall: bool = False) -> tuple[Moment, ...]:
    """Return what is worth a look, in the order of time."""
    found = [(_fastest(episode), f"fastest, {max(episode.speed_mps):.2f} m/s")]
    stop = stopped_short(episode)
    if stop is not None:
        found.append((stop, f"stops {episode.distance_m[stop]:.1f} m short"))
    arrival = next((k for k, distance in enumerate(episode.distance_m) if distance <= ARRIVED_M), None)
    if arrival is not None:
        found.append((arrival, "reaches the target"))
    worst = min(range(len(episode)), key=lambda k: (_paid(episode.terms[k]), k))
    found.append((worst, f"paid least, {_paid(episode.terms[worst]):+.2f}"))
    if fall:
        found.append((before_end(episode), "about to fall"))
    return tuple(Moment(k * episode.dt_s, what) for k, what in sorted(found))


def stopped_short(episode: Episode) -> int | None:
    """Return where the robot first stands still for half a second outside the target, but not far from it."""
    need, still = max(1, round(STILL_S / episode.dt_s)), 0
    for k, (speed, distance) in enumerate(zip(episode.speed_mps, episode.distance_m, strict=True)):
        short = speed < STILL_MPS and ARRIVED_M < distance < STOPPED_SHORT_M
        still = still + 1 if short else 0
        if still >= need:
            return k - need + 1
    return None


def before_end(episode: Episode) -> int:
    """Return the pose from which the end can be watched coming."""
    return max(0, len(episode) - 1 - round(BEFORE_END_S / episode.dt_s))


def flag_moment(flag: str, episode: Episode, *, fall: bool) -> Moment:
    """Return where a flag shows in an episode."""
    if any(word in flag for word in FALLS):
        return Moment(before_end(episode) * episode.dt_s, "about to fall" if fall else "shortly before the end")
    stop = stopped_short(episode) if any(word in flag for word in STOPS) else None
    if stop is not None:
        return Moment(stop * episode.dt_s, f"stops {episode.distance_m[stop]:.1f} m short")
    return Moment(0.0, "from the start")


def wants_fall(flag: str) -> bool:
    """Whether a flag shows best in an episode that ended in a fall."""
    return any(word in flag for word in FALLS)


def _fastest(episode: Episode) -> int:
    return max(range(len(episode)), key=lambda k: (episode.speed_mps[k], -k))


def _paid(terms: Sequence[float]) -> float:
    return math.fsum(value for value in terms if math.isfinite(value))


def term_order(episode: Episode) -> tuple[int, ...]:
    """Return the terms, those that pay or take most over the whole episode first, so that bars keep their places."""
    sizes = [
        math.fsum(abs(terms[k]) for terms in episode.terms if math.isfinite(terms[k]))
        for k in range(len(episode.term_names))
    ]
    return tuple(sorted(range(len(sizes)), key=lambda k: (-sizes[k], k)))


def usual_pay(episode: Episode) -> float:
    """Return what the largest contribution of a step stays below in 95 % of the steps; bars are measured by it.

    A bonus that is paid once would make all other bars too small to see; it fills its bar. Never 0.
    """
    largest = sorted(max((abs(v) for v in terms if math.isfinite(v)), default=0.0) for terms in episode.terms)
    return largest[max(0, math.ceil(0.95 * len(largest)) - 1)] or max(largest) or 1.0


@lru_cache(maxsize=4096)
def feet_on_ground(pose: bytes) -> tuple[bool, ...]:
    """Return which feet touch flat ground in a pose, in the order of ``robot_view.LEGS``."""
    from array import array

    numbers = array("f")
    numbers.frombytes(pose)
    return tuple(robot_view.contacts(numbers).values())
