"""Small recorded episodes for tests: a robot that stands at a place, with numbers chosen by hand."""

from array import array

from sessions.episode_file import Episode
from vbot_sim.robot import DEFAULT_JOINTS_RAD, STANDING_HEIGHT_M

STANDING = (0.0, 0.0, STANDING_HEIGHT_M, 1.0, 0.0, 0.0, 0.0, *DEFAULT_JOINTS_RAD)
DT_S = 0.1


def episode(speeds, distances, paid, names=("approach", "fall")):
    """An episode of ``len(speeds)`` steps of 0.1 s; ``paid`` has one tuple of terms per step."""
    poses = tuple(array("f", (0.1 * k, *STANDING[1:])) for k in range(len(speeds)))
    return Episode(
        poses, tuple(array("f", terms) for terms in paid), tuple(names), array("f", distances), array("f", speeds),
        (5.0, 0.0), DT_S,
    )  # fmt: skip


def walk():
    """Two seconds: it runs, stands still 2 m short of the target from 0.8 s on, and is paid least at 1.5 s."""
    speeds = [0.5, 1.0, 1.5, 1.0, 0.5, 0.5, 0.5, 0.5] + [0.0] * 12
    distances = [4.0 - 0.25 * k for k in range(8)] + [2.0] * 12
    paid = [(0.5, 0.0)] * 20
    paid[15] = (0.25, -2.0)
    return episode(speeds, distances, paid)
