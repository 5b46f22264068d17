"""Where a course leads: goals, the order they are reached in, lines that are passed, starts and bounds.

Tables only, in metres and in the world frame; z is the height of the trunk's origin.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from vbot_sim.errors import ConfigError
from vbot_sim.settings import nearest
from vbot_sim.terrain.sections import GOLD_BALLS, STONES

FOOTPRINT_M = (0.25, 0.15)
"""Half length and half width of the robot: a zone without a radius is reached when its centre is beneath these."""

_INF = math.inf


@dataclass(frozen=True)
class Zone:
    """A place to be at: within a radius, or with the footprint over its centre where the radius is 0."""

    x_m: float
    y_m: float
    radius_m: float = 0.0
    z_min_m: float = -_INF
    z_max_m: float = _INF


@dataclass(frozen=True)
class Goal:
    """A zone that a route leads to; `weight` multiplies the bonus for it."""

    name: str
    zone: Zone
    weight: float = 1.0


@dataclass(frozen=True)
class Leg:
    """Goals that may be reached in any order; the next target is the first open one of the list.

    Attributes:
        goals: the goals.
        need: how many of them complete the leg; 0 means all.
        own_side: the target is the open goal nearest in x instead.
    """

    goals: tuple[Goal, ...]
    need: int = 0
    own_side: bool = False

    @property
    def needed(self) -> int:
        """How many goals complete the leg."""
        return self.need or len(self.goals)


@dataclass(frozen=True)
class Line:
    """A line across the course, passed beyond `y_m` above `z_min_m`; pays a phase or a milestone."""

    y_m: float
    z_min_m: float = -_INF
    weight: float = 1.0
    phase: bool = False


@dataclass(frozen=True)
class Start:
    """Where episodes officially start: uniform in a rectangle, with a heading uniform about `yaw_rad`."""

    x_m: tuple[float, float]
    y_m: tuple[float, float]
    yaw_rad: float = math.pi / 2
    yaw_spread_rad: float = 0.0
    z_m: float = 0.0


@dataclass(frozen=True)
class Section:
    """Everything about a course that is not its ground.

    Attributes:
        start: the official start.
        bounds_m: x_min, x_max, y_min, y_max; outside is out of bounds.
        floor_m: lower than this is out of bounds.
        limit_s: official time limit.
        routes: ways through it; the last leg of each ends on the platform where the celebration is.
        lines: lines that pay once.
        phases: whether completing a leg is a new phase.
        aside_m: the old place of the celebration.
    """

    start: Start
    bounds_m: tuple[float, float, float, float]
    floor_m: float
    limit_s: float
    routes: Mapping[str, tuple[Leg, ...]]
    lines: tuple[Line, ...] = ()
    phases: bool = True
    aside_m: tuple[float, float] = field(default=(0.0, 0.0))


def _goal(name: str, x: float, y: float, radius: float = 0.0, weight: float = 1.0, **height: float) -> Goal:
    return Goal(name, Zone(x, y, radius, **height), weight)


def _each(*goals: Goal) -> tuple[Leg, ...]:
    """Goals strictly one after the other."""
    return tuple(Leg((goal,)) for goal in goals)


SMILEYS = tuple(_goal(f"smiley {side}", x, 0.0) for side, x in (("left", -3), ("middle", 0), ("right", 3)))
PACKETS = tuple(_goal(f"packet {side}", x, 4.4) for side, x in (("left", -3), ("middle", 0), ("right", 3)))
_PLATFORM_011 = _goal("platform", 0.0, 7.83, 0.5, z_min_m=1.0)

_SECTION011 = Section(
    start=Start((-2.0, 2.0), (-3.0, -2.0), yaw_spread_rad=math.pi),
    bounds_m=(-5.2, 5.2, -4.0, 9.5),
    floor_m=-0.5,
    limit_s=120.0,
    routes={
        "official": (Leg(SMILEYS), Leg(PACKETS), Leg((_PLATFORM_011,))),
        "snake": _each(*SMILEYS, *reversed(PACKETS), _PLATFORM_011),
        "straight": _each(_goal("bumps", 0.0, 1.8, 0.5), _PLATFORM_011),
    },
    lines=(Line(-1.5, phase=True), Line(4.0, 0.3, 15.0), Line(6.5, 0.8, 15.0)),
    aside_m=(4.0, 7.83),
)

_BRIDGE_Z, _BELOW_Z = 2.3, 2.2
STONE_ZONES = tuple(Zone(round(x, 2), round(y, 2)) for x, y, _ in STONES)
UNDER_BRIDGE = (Zone(-3.0, 16.0, z_max_m=_BELOW_Z), Zone(-3.0, 19.5, z_max_m=_BELOW_Z))
BRIDGE_PACKET = Zone(-3.0, 17.83, z_min_m=_BRIDGE_Z)
_STAIR_FOOT, _STAIR_TOP = _goal("stair foot", 1.2, 12.1, 0.5), _goal("stair top", 1.2, 14.5, 0.5)
_EXIT = _goal("exit platform", 0.0, 24.33, 0.8, 30.0)

_SECTION012 = Section(
    start=Start((-2.0, 2.0), (7.33, 8.33), yaw_spread_rad=0.5, z_m=1.294),
    bounds_m=(-5.2, 5.2, 6.5, 25.5),
    floor_m=0.5,
    limit_s=120.0,
    routes={
        "official": _each(
            _goal("stair foot", -0.25, 12.0, 1.5, 10.0),
            _goal("stair top", -0.25, 14.5, 1.2, 20.0),
            _goal("stone 1", 0.36, 15.84, weight=10.0),
            _goal("stone 2", 3.5, 15.84, weight=10.0),
            _goal("stone 3", 2.0, 17.83, weight=10.0),
            Goal("under the bridge 1", UNDER_BRIDGE[0], 15.0),
            Goal("under the bridge 2", UNDER_BRIDGE[1], 15.0),
            _goal("stone 4", 0.36, 19.72, weight=10.0),
            _goal("stone 5", 3.5, 19.72, weight=10.0),
            _goal("left stairs", -3.0, 22.5, 1.5, 10.0),
            _goal("far bridge head", -3.0, 20.0, 1.5, 20.0, z_min_m=_BRIDGE_Z),
            Goal("bridge packet", BRIDGE_PACKET, 30.0),
            _goal("far bridge head again", -3.0, 20.0, 1.5, 5.0, z_min_m=_BRIDGE_Z),
            _goal("left stairs again", -3.0, 22.5, 1.5, 10.0),
            _EXIT,
        ),
        "river": _each(
            _STAIR_FOOT,
            _STAIR_TOP,
            _goal("stone 2", 3.5, 15.84),
            _goal("stone 3", 2.0, 17.83),
            _goal("stone 1", 0.36, 15.84),
            Goal("under the bridge 1", UNDER_BRIDGE[0]),
            Goal("under the bridge 2", UNDER_BRIDGE[1]),
            _goal("stone 4", 0.36, 19.72),
            _goal("stone 5", 3.5, 19.72),
            _goal("valley end", 1.2, 21.2, 0.5),
            _goal("stairs down", 1.2, 23.5, 0.5),
            Goal("exit platform", _EXIT.zone),
        ),
        "right": _each(
            _STAIR_FOOT,
            _STAIR_TOP,
            _goal("valley", 0.3, 17.83, 0.5),
            _goal("valley end", 1.2, 21.2, 0.5),
            _EXIT,
        ),
        "left": _each(
            _goal("stair foot", -3.0, 12.1, 0.5),
            _goal("stair top", -3.0, 14.6, 0.5),
            Goal("bridge packet", BRIDGE_PACKET),
            _goal("bridge end", -3.0, 21.0, 0.5),
            _EXIT,
        ),
        "stairs": _each(
            _goal("stair foot", -0.25, 12.0, 1.5, 5.0),
            _goal("stair top", -0.25, 14.5, 1.2, 30.0),
            _goal("stone 1", 0.36, 15.84, weight=20.0),
        ),
    },
    lines=(Line(12.0, weight=20.0), Line(15.0, 1.5, 20.0), Line(18.0, 2.0, 20.0), Line(21.0, weight=20.0)),
    phases=False,
    aside_m=(4.0, 24.33),
)

BALL_ZONES = tuple(Zone(x, round(y, 2)) for x, y, _ in GOLD_BALLS)
_FINAL = _goal("final platform", 0.0, 32.33, 0.8, z_min_m=1.2)

_SECTION013 = Section(
    start=Start((-2.0, 2.0), (25.7, 26.5), z_m=1.294),
    bounds_m=(-5.2, 5.2, 24.5, 34.5),
    floor_m=0.0,
    limit_s=120.0,
    routes={
        "official": (
            Leg(tuple(Goal(f"ball {k}", zone) for k, zone in enumerate(BALL_ZONES, 1)), need=1, own_side=True),
            Leg((_FINAL,)),
        ),
        "straight": _each(_goal("gap", 1.5, 30.5, 0.5), _FINAL),
    },
    lines=(Line(30.0, phase=True), Line(29.0, 1.0, 15.0), Line(31.5, 0.8, 15.0)),
    aside_m=(4.0, 32.33),
)

_LONG_COURSE = Section(
    start=Start((-0.1, 0.1), (-2.6, -2.4), yaw_rad=0.0),
    bounds_m=(-5.2, 5.2, -4.0, 34.5),
    floor_m=-0.5,
    limit_s=180.0,
    routes={
        "official": _each(
            _goal("ramp", 0.0, 6.0, 1.5),
            _goal("left stair foot", -3.0, 12.0, 1.5),
            _goal("left stair top", -3.0, 15.0, 1.5, z_min_m=_BRIDGE_Z),
            _goal("bridge end", -3.0, 20.5, 1.5, z_min_m=_BRIDGE_Z),
            _goal("left stairs down", -3.0, 23.0, 1.5),
            _goal("exit platform", 0.0, 24.5, 1.5),
            _goal("final platform", 0.0, 32.3, 0.8),
        ),
        "right": (
            Leg((_goal("ramp", 0.0, 6.0, 1.5),)),
            *_SECTION012.routes["right"][:-1],
            *_each(_goal("exit platform", 0.0, 24.5, 1.5), _goal("final platform", 0.0, 32.3, 0.8)),
        ),
        "all": (
            *_SECTION011.routes["official"],
            *_SECTION012.routes["official"],
            *_SECTION013.routes["official"],
        ),
    },
    lines=(*_SECTION011.lines[1:], *_SECTION012.lines, *_SECTION013.lines[1:]),
    phases=False,
    aside_m=(4.0, 32.33),
)

SECTIONS: dict[str, Section] = {
    "section011": _SECTION011,
    "section012": _SECTION012,
    "section013": _SECTION013,
    "long_course": _LONG_COURSE,
}


def route(section: str, name: str) -> tuple[Leg, ...]:
    """Return a route of a section.

    Raises:
        ConfigError: the section has no such route.
    """
    routes = SECTIONS[section].routes
    if name not in routes:
        raise ConfigError(f"Unknown course.route '{name}' of {section}.{nearest(name, routes)}")
    return routes[name]
