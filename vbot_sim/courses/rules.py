"""What a run over a course is worth by the competition's rules: 20 + 60 + 25 points.

Points follow from where the robot was, not from the route it was asked to walk. A fall or leaving the course loses
them all; that is decided in `vbot_sim.scoring`.
"""

import math
from dataclasses import dataclass

from vbot_sim.courses.routes import BALL_ZONES, BRIDGE_PACKET, PACKETS, SMILEYS, STONE_ZONES, UNDER_BRIDGE, Zone

_INF = math.inf


@dataclass(frozen=True)
class Box:
    """A range of places of the trunk's origin, in metres."""

    x_min_m: float = -_INF
    x_max_m: float = _INF
    y_min_m: float = -_INF
    y_max_m: float = _INF
    z_min_m: float = -_INF
    z_max_m: float = _INF


@dataclass(frozen=True)
class Item:
    """Something that earns points once.

    Attributes:
        name: what it is.
        points: what it earns; 0 for what only others depend on.
        place: where the robot must be.
        after: items that must have been earned before.
        celebrating: whether the celebration must be held there.
        best_of: of items with the same word here only the best counts.
    """

    name: str
    points: float
    place: Zone | Box
    after: tuple[str, ...] = ()
    celebrating: bool = False
    best_of: str = ""


_RULES011 = (
    *(Item(goal.name, 4.0, goal.zone) for goal in SMILEYS),
    *(Item(goal.name, 2.0, goal.zone) for goal in PACKETS),
    Item("celebration on 2026", 2.0, Box(y_min_m=6.83, y_max_m=8.83, z_min_m=1.3), celebrating=True),
)
_RULES012 = (
    Item("waves to stairs", 10.0, Box(y_min_m=12.0, z_min_m=1.3)),
    Item("stair top", 5.0, Box(y_min_m=14.58, z_min_m=1.5), after=("waves to stairs",)),
    *(Item(f"stone {k}", 3.0, zone) for k, zone in enumerate(STONE_ZONES, 1)),
    *(Item(f"under the bridge {k}", 5.0, zone) for k, zone in enumerate(UNDER_BRIDGE, 1)),
    Item("bridge packet", 0.0, BRIDGE_PACKET),
    Item("over the bridge", 10.0, Box(x_max_m=-1.0, y_min_m=21.0, z_min_m=2.6), ("bridge packet",), best_of="way"),
    Item("river bed", 0.0, Box(y_min_m=17.33, y_max_m=18.33, z_max_m=2.2)),
    Item("through the river bed", 5.0, Box(x_min_m=-1.0, y_min_m=21.08, z_min_m=2.2), ("river bed",), best_of="way"),
    Item("down to the platform", 5.0, Box(y_min_m=23.33, z_min_m=1.3, z_max_m=2.0), after=("stair top",)),
    Item("celebration on the exit", 5.0, Box(y_min_m=23.33, y_max_m=25.33, z_min_m=1.3), celebrating=True),
)
_RULES013 = (
    Item("random ground", 10.0, Box(y_min_m=30.4, z_min_m=1.4)),
    *(Item(f"ball {k}", 5.0, zone, best_of="ball") for k, zone in enumerate(BALL_ZONES, 1)),
    Item("final platform", 5.0, Zone(0.0, 32.33, 0.8, z_min_m=1.2), after=("random ground",)),
    Item("celebration at the end", 5.0, Box(y_min_m=30.83, y_max_m=33.83, z_min_m=1.5), celebrating=True),
)

RULES: dict[str, tuple[Item, ...]] = {
    "section011": _RULES011,
    "section012": _RULES012,
    "section013": _RULES013,
    "long_course": (*_RULES011, *_RULES012, *_RULES013),
}


def points_max(section: str) -> float:
    """Return the points of a section when everything is earned."""
    items = RULES[section]
    words = {item.best_of for item in items if item.best_of}
    alone = sum(item.points for item in items if not item.best_of)
    return alone + sum(max(item.points for item in items if item.best_of == word) for word in words)
