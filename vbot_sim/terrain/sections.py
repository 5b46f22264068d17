"""The competition's courses, part by part, from the measured tables.

The course runs along +y; all sections share one world frame, so the long course is simply all of them. Cones and
logos are left out, because their places are not public. Heights in the comments are those of upper surfaces.
"""

from vbot_sim.terrain.parts import Ball, Box, Part, Pillar, Relief
from vbot_sim.terrain.relief import bumps, waves

BUMPS_TOP_M = 0.277056
WAVES_TOP_M = 0.1
RANDOM_TOP_M = 0.148681
MIDDLE_Y_M = 17.8296
"""The second section mirrors here, but for its entry and exit."""

STEPS = 10
TREAD_M = 0.2
RIGHT_RISE_M, LEFT_RISE_M = 0.10, 0.15

_WALL, _WOOD, _EARTH, _GOLD = (0.45, 0.50, 0.56), (0.62, 0.46, 0.30), (0.55, 0.50, 0.40), (0.80, 0.66, 0.25)
_PLATFORM = (0.42, 0.50, 0.46)

#: Bridge planks: centre y and z, half lengths in y and z.
PLANKS: tuple[tuple[float, float, float, float], ...] = (
    (15.3129, 2.7067, 0.1119, 0.0973),
    (15.5390, 2.6699, 0.1117, 0.0976),
    (15.7654, 2.6359, 0.1103, 0.0952),
    (15.9926, 2.6076, 0.1086, 0.0931),
    (16.2204, 2.5841, 0.1073, 0.0916),
    (16.4485, 2.5642, 0.1062, 0.0901),
    (16.6770, 2.5480, 0.1050, 0.0886),
    (16.9056, 2.5349, 0.1041, 0.0875),
    (17.1344, 2.5249, 0.1029, 0.0860),
    (17.3632, 2.5179, 0.1021, 0.0850),
    (17.5922, 2.5135, 0.1010, 0.0836),
    (17.8212, 2.5122, 0.1003, 0.0825),
    (18.0502, 2.5133, 0.1009, 0.0835),
    (18.2791, 2.5174, 0.1020, 0.0850),
    (18.5080, 2.5243, 0.1029, 0.0859),
    (18.7368, 2.5340, 0.1040, 0.0874),
    (18.9654, 2.5469, 0.1050, 0.0885),
    (19.1939, 2.5628, 0.1061, 0.0900),
    (19.4220, 2.5825, 0.1073, 0.0915),
    (19.6498, 2.6057, 0.1085, 0.0929),
    (19.8771, 2.6336, 0.1102, 0.0950),
    (20.1036, 2.6672, 0.1116, 0.0975),
    (20.3296, 2.7040, 0.1119, 0.0973),
)

#: Valley floor before the middle: half length along the slope, centre y and z, tilt in degrees.
_VALLEY: tuple[tuple[float, float, float, float], ...] = (
    (1.0, 15.4594, 1.8082, -23.20),
    (0.2, 16.5272, 1.3689, -18.05),
    (0.225, 16.9234, 1.2676, -11.10),
    (0.225, 17.3364, 1.2095, -4.52),
)
#: The same slabs after the middle: centre y.
_VALLEY_AFTER_Y_M = (20.1999, 19.1320, 18.7359, 18.3229)

#: Centres of the five stones in the valley.
STONES: tuple[tuple[float, float, float], ...] = (
    (3.5, 15.8399, 1.2),
    (0.3594, 15.8399, 1.2),
    (2.0, 17.8296, 0.8),
    (3.5, 19.7162, 1.2),
    (0.3594, 19.7162, 1.2),
)
#: Centres of the three gold balls, of which only the caps show.
GOLD_BALLS: tuple[tuple[float, float, float], ...] = (
    (-3.0, 31.2296, 0.8441),
    (0.0, 31.2296, 0.8441),
    (3.0, 31.2296, 0.8441),
)
BALL_RADIUS_M = 0.75


def section011(seed: int) -> tuple[Part, ...]:
    """Start, bumps, ramp and the platform "2026": from 0 up to 1.294 m."""
    return (
        Box((5, 1, 0.25), (0, -2.5, -0.25), rgb=_PLATFORM),
        Box((5, 1.5, 0.25), (0, 0, -0.25)),
        Relief("bumps", (5, 1.5), (0, 0, 0), BUMPS_TOP_M, bumps(seed, 5, 1.5)),
        Box((5, 0.25, 0.25), (0, 1.75, -0.25)),
        Box((5, 2.5, 0.25), (0, 4.47952, 0.405566), tilt_deg=15.0),
        _platform_2026(),
        Box((0.25, 3, 1.2266), (-5.25, -1, 1.2266), rgb=_WALL),
        Box((0.25, 3, 1.2266), (5.25, -1, 1.2266), rgb=_WALL),
        Box((0.25, 3.4148, 1.2266), (-5.25, 5.4148, 1.2266), rgb=_WALL),
        Box((0.25, 3.4148, 1.25), (5.25, 5.4148, 1.2266), rgb=_WALL),
        Box((5, 0.25, 1.2266), (0, -3.75, 1.2266), rgb=_WALL),
    )


def _platform_2026() -> Box:
    return Box((5, 1, 0.25), (0, 7.82963, 1.04410), rgb=_PLATFORM)


def section012() -> tuple[Part, ...]:
    """Waves, two stairs up, valley and bridge, two stairs down and the exit platform."""
    entry = (
        Box((5, 1.5, 0.25), (0, 10.3296, 1.0441)),
        Relief("waves", (5, 1.5), (0, 10.3296, 1.2941), WAVES_TOP_M, waves(5, 1.5)),
        Box((5, 0.25, 0.25), (0, 12.0796, 1.0441)),
    )
    exit_ = (
        Box((5, 1, 0.1), (0, 24.3296, 1.1941), rgb=_PLATFORM),
        Box((0.25, 1, 0.6), (-5.25, 24.3296, 1.8941), rgb=_WALL),
        Box((0.25, 1, 0.6), (5.25, 24.3296, 1.8941), rgb=_WALL),
    )
    stones = tuple(Ball(BALL_RADIUS_M, centre) for centre in STONES)
    return (*entry, *_stairs(), *_valley(), *stones, *_bridge(), *exit_)


def _stairs() -> tuple[Part, ...]:
    """Right: ten steps of 0.10 m up to 2.294; left: ten of 0.15 m up to 2.794, on a slanted slab; both down again."""
    steps: list[Part] = []
    for k in range(STEPS):
        up, down = 12.4296 + TREAD_M * k, 21.4296 + TREAD_M * k
        steps += [
            Box((3, 0.1, 0.075), (2, up, 1.3191 + RIGHT_RISE_M * k)),
            Box((3, 0.1, 0.075), (2, down, 2.2191 - RIGHT_RISE_M * k)),
            Box((2, 0.1, 0.075), (-3, up, 1.3691 + LEFT_RISE_M * k)),
            Box((2, 0.1, 0.075), (-3, down, 2.7191 - LEFT_RISE_M * k)),
        ]
    return (
        *steps,
        Box((3, 0.125, 0.1), (2, 14.4546, 2.1941)),
        Box((3, 0.125, 0.1), (2, 21.2046, 2.1941)),
        Box((2, 1.25, 0.25), (-3, 13.4796, 1.8441), tilt_deg=36.87),
        Box((2, 1.25, 0.25), (-3, 22.1796, 1.8441), tilt_deg=-36.87),
    )


def _valley() -> tuple[Part, ...]:
    """The river bed: from 2.294 down to 1.294 at 23 degrees and less, and up again."""
    before = tuple(Box((5, half, 0.1), (0, y, z), tilt, rgb=_EARTH) for half, y, z, tilt in _VALLEY)
    after = tuple(
        Box((5, half, 0.1), (0, y, z), -tilt, rgb=_EARTH)
        for (half, _, z, tilt), y in zip(_VALLEY, _VALLEY_AFTER_Y_M, strict=True)
    )
    return (*before, Box((5, 0.2944, 0.1), (0, MIDDLE_Y_M, 1.1941), rgb=_EARTH), *after)


def _bridge() -> tuple[Part, ...]:
    """Abutments at 2.794, a deck of planks that sags to 2.595, railings and posts."""
    solids: list[Part] = []
    for wide, narrow, round_ in ((14.6296, 15.1296, 14.9296), (21.0296, 20.5296, 20.7296)):
        solids += [Box((2, 0.3, 0.5), (-3, wide, 2.2941)), Box((1.6, 0.2, 0.5), (-3, narrow, 2.2941))]
        solids += [Pillar(0.4, 0.5, (x, round_, 2.2941)) for x in (-1.4, -4.6)]
    for x in (-1.6806, -4.3194):
        solids.append(Box((0.03, 2.53, 0.2905), (x, MIDDLE_Y_M, 2.8572), rgb=_WOOD, overhead=True))
        solids += [Pillar(0.2, 1.1, (x, y, 2.1411), rgb=_WOOD) for y in (15.2013, 20.4413)]
    solids += [Box((1.3194, hy, hz), (-3, y, z), rgb=_WOOD, overhead=True) for y, z, hy, hz in PLANKS]
    return tuple(solids)


def section013(seed: int) -> tuple[Part, ...]:
    """Entry, a short ramp, random ground and the final platform at 1.494 m with three low caps."""
    return (
        Box((5, 1, 0.25), (-0.0443, 26.3296, 1.0441)),
        Box((5, 0.25, 0.75), (0, 27.5796, 0.5441)),
        Box((5, 0.269259, 0.1), (0, 27.6168, 1.3012), tilt_deg=21.77),
        Box((5, 1.5, 0.5), (0, 29.3296, 0.7941)),
        Relief("random", (5, 1.5), (0, 29.3296, 1.343), RANDOM_TOP_M, bumps(seed + 1000, 5, 1.5)),
        Box((5, 1.5, 0.5), (0, 32.3296, 0.9941), rgb=_PLATFORM),
        *(Ball(BALL_RADIUS_M, centre, rgb=_GOLD) for centre in GOLD_BALLS),
        Box((1, 2.5153, 1.2698), (-5.9557, 27.8449, 2.0639), rgb=_WALL),
        Box((1, 2.5153, 1.2698), (5.9557, 27.8449, 2.0639), rgb=_WALL),
        Box((1, 1.7347, 1.2698), (-5.5199, 32.0949, 2.0639), rgb=_WALL),
        Box((1, 1.7347, 1.2698), (5.5199, 32.0949, 2.0639), rgb=_WALL),
        Box((5, 0.5, 1.2698), (-0.4801, 34.3296, 2.5639), rgb=_WALL),
    )


def course_parts(section: str, seed: int) -> tuple[Part, ...]:
    """Return the parts of a course; the second section begins on the platform that ends the first.

    Raises:
        KeyError: no such course.
    """
    return {
        "section011": lambda: section011(seed),
        "section012": lambda: (_platform_2026(), *section012()),
        "section013": lambda: section013(seed),
        "long_course": lambda: (*section011(seed), *section012(), *section013(seed)),
    }[section]()
