"""The training field: lanes side by side, each with one obstacle of one difficulty, all in one world.

A lane runs along +y: an approach, the obstacle from `FOOT_Y_M` on, and a landing. Walked the other way it is the same
obstacle down. A simulation changes its difficulty by starting in another lane, so all share one model.
"""

import math
from dataclasses import dataclass
from functools import cache
from typing import Literal

from vbot_sim.terrain.parts import Box, Part, Relief
from vbot_sim.terrain.relief import bumps

LaneKind = Literal["flat", "stairs", "ramp", "bumps"]
KINDS: tuple[LaneKind, ...] = ("flat", "stairs", "ramp", "bumps")

SPACING_M = 3.0
HALF_WIDTH_M = 1.4
APPROACH_Y_M, FOOT_Y_M = -2.0, 1.0
STEPS, TREAD_M = 10, 0.2
RUN_M = 3.0
LANDING_M = 2.0

RISES_M = (0.03, 0.05, 0.07, 0.08, 0.09, 0.10, 0.11, 0.12, 0.13, 0.15, 0.17)
SLOPES_DEG = (4.0, 8.0, 12.0, 15.0, 18.0, 21.0, 25.0)
BUMP_TOPS_M = (0.05, 0.10, 0.15, 0.20)
FULL_BUMPS_M = 0.277
FULL_FIELDS = 6
"""How many different fields the hardest bumps have: one would be learned by heart."""

_TINTS = ((0.52, 0.54, 0.56), (0.60, 0.56, 0.50))


@dataclass(frozen=True)
class Lane:
    """One lane of the field.

    Attributes:
        kind: its obstacle.
        level: its difficulty among the lanes of its kind, from 0.
        value: rise of a step, angle of the slope in degrees, or height of the highest bump.
        x_m: its middle.
        end_y_m: where its landing ends.
    """

    kind: LaneKind
    level: int
    value: float
    x_m: float
    end_y_m: float

    @property
    def top_m(self) -> float:
        """Height of its landing."""
        if self.kind == "stairs":
            return STEPS * self.value
        return RUN_M * math.tan(math.radians(self.value)) if self.kind == "ramp" else 0.0

    @property
    def target_y_m(self) -> float:
        """The middle of its landing."""
        return self.end_y_m - LANDING_M / 2.0


@cache
def lanes() -> tuple[Lane, ...]:
    """Return all lanes, by kind and difficulty; the hardest bumps share one level."""
    plan: list[tuple[LaneKind, int, float]] = [("flat", 0, 0.0)]
    plan += [("stairs", level, rise) for level, rise in enumerate(RISES_M)]
    plan += [("ramp", level, slope) for level, slope in enumerate(SLOPES_DEG)]
    plan += [("bumps", level, top) for level, top in enumerate(BUMP_TOPS_M)]
    plan += [("bumps", len(BUMP_TOPS_M), FULL_BUMPS_M)] * FULL_FIELDS
    run = {"flat": RUN_M, "stairs": STEPS * TREAD_M, "ramp": RUN_M, "bumps": RUN_M}
    return tuple(
        Lane(kind, level, value, SPACING_M * k, FOOT_Y_M + run[kind] + LANDING_M)
        for k, (kind, level, value) in enumerate(plan)
    )


def levels(kind: LaneKind) -> int:
    """Return how many levels a kind has."""
    return 1 + max(lane.level for lane in lanes() if lane.kind == kind)


def field_parts(seed: int) -> tuple[Part, ...]:
    """Return the obstacles of all lanes; they stand on a floor at height 0."""
    parts: list[Part] = []
    for k, lane in enumerate(lanes()):
        parts += _obstacle(lane, seed * 1000 + k, _TINTS[k % 2])
    return tuple(parts)


def _obstacle(lane: Lane, seed: int, rgb: tuple[float, float, float]) -> list[Part]:
    if lane.kind == "stairs":
        return _staircase(lane, rgb)
    if lane.kind == "ramp":
        return _slope(lane, rgb)
    if lane.kind == "bumps":
        shares = bumps(seed, HALF_WIDTH_M, RUN_M / 2.0)
        centre = (lane.x_m, FOOT_Y_M + RUN_M / 2.0, 0.0)
        return [Relief(f"field_{seed}", (HALF_WIDTH_M, RUN_M / 2.0), centre, lane.value, shares)]
    return []


def _staircase(lane: Lane, rgb: tuple[float, float, float]) -> list[Part]:
    steps = [
        Box(
            (HALF_WIDTH_M, TREAD_M / 2.0, (k + 1) * lane.value / 2.0),
            (lane.x_m, FOOT_Y_M + (k + 0.5) * TREAD_M, (k + 1) * lane.value / 2.0),
            rgb=rgb,
        )
        for k in range(STEPS)
    ]
    return [*steps, _landing(lane, rgb)]


def _slope(lane: Lane, rgb: tuple[float, float, float]) -> list[Part]:
    angle, thick = math.radians(lane.value), 0.1
    centre = (
        lane.x_m,
        FOOT_Y_M + RUN_M / 2.0 + thick * math.sin(angle),
        lane.top_m / 2.0 - thick * math.cos(angle),
    )
    return [
        Box((HALF_WIDTH_M, RUN_M / math.cos(angle) / 2.0, thick), centre, lane.value, rgb=rgb),
        _landing(lane, rgb),
    ]


def _landing(lane: Lane, rgb: tuple[float, float, float]) -> Box:
    half = lane.top_m / 2.0
    return Box((HALF_WIDTH_M, LANDING_M / 2.0, half), (lane.x_m, lane.target_y_m, half), rgb=rgb)
