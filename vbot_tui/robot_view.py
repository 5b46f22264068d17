"""The robot as lines of text: seen from its side, and from above with its way to the target, in braille dots.

Pure functions of a pose (19 generalised positions): numbers in, lines out. No widget, no colour, no file, no numpy. The
lengths are those of the robot's model; a test holds them together.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

Point = tuple[float, float, float]
Flat = tuple[float, float]
Turn = Callable[[Point], Point]

LEGS = ("FR", "FL", "RR", "RL")
HIP_X_M, HIP_Y_M, THIGH_Y_M = 0.18453, 0.051, 0.0975
THIGH_M, CALF_M, FOOT_RADIUS_M = 0.1985, 0.214, 0.021
TRUNK_HALF_M = (0.25, 0.10, 0.069)
HEAD_M, HEAD_HALF_M = (0.184, 0.0, 0.1655), (0.085, 0.079, 0.042)
CONTACT_M = 0.004
"""A foot whose lowest point is below this is on flat ground."""

SIDE_HEIGHT_M = 0.62
TARGET_RADIUS_M = 0.5
_BRAILLE = 0x2800
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


@dataclass(frozen=True)
class Leg:
    """The joints of one leg in the world."""

    name: str
    hip: Point
    knee: Point
    foot: Point

    @property
    def on_ground(self) -> bool:
        """Whether the foot touches flat ground."""
        return self.foot[2] - FOOT_RADIUS_M < CONTACT_M


def body_frame(qpos: Sequence[float]) -> Turn:
    """The map from the trunk's frame to the world."""
    px, py, pz, w, x, y, z = (float(value) for value in qpos[:7])
    size = math.sqrt(w * w + x * x + y * y + z * z) or 1.0
    w, x, y, z = w / size, x / size, y / size, z / size

    def turn(point: Point) -> Point:
        a, b, c = point
        tx, ty, tz = 2 * (y * c - z * b), 2 * (z * a - x * c), 2 * (x * b - y * a)
        return (
            px + a + w * tx + y * tz - z * ty,
            py + b + w * ty + z * tx - x * tz,
            pz + c + w * tz + x * ty - y * tx,
        )

    return turn


def heading_rad(qpos: Sequence[float]) -> float:
    """Where the robot faces, from the x axis."""
    w, x, y, z = (float(value) for value in qpos[3:7])
    return math.atan2(2 * (x * y + w * z), 1 - 2 * (y * y + z * z))


def legs(qpos: Sequence[float]) -> tuple[Leg, ...]:
    """The four legs of a pose, by forward kinematics."""
    turn = body_frame(qpos)
    found = []
    for k, name in enumerate(LEGS):
        front, side = (1.0 if name[0] == "F" else -1.0), (1.0 if name[1] == "L" else -1.0)
        abduction, thigh, calf = (float(angle) for angle in qpos[7 + 3 * k : 10 + 3 * k])

        def rolled(forward: float, down: float, *, hip: Flat = (front, side), roll: float = abduction) -> Point:
            """A point of the leg's plane in the trunk's frame."""
            across = hip[1] * THIGH_Y_M
            return (
                hip[0] * HIP_X_M + forward,
                hip[1] * HIP_Y_M + across * math.cos(roll) + down * math.sin(roll),
                across * math.sin(roll) - down * math.cos(roll),
            )

        knee = (-THIGH_M * math.sin(thigh), THIGH_M * math.cos(thigh))
        foot = (knee[0] - CALF_M * math.sin(thigh + calf), knee[1] + CALF_M * math.cos(thigh + calf))
        found.append(Leg(name, turn(rolled(0.0, 0.0)), turn(rolled(*knee)), turn(rolled(*foot))))
    return tuple(found)


def contacts(qpos: Sequence[float]) -> dict[str, bool]:
    """Which feet are on flat ground."""
    return {leg.name: leg.on_ground for leg in legs(qpos)}


class Dots:
    """A field of braille cells, two dots wide and four high each; (0, 0) is the upper left dot."""

    def __init__(self, columns: int, rows: int) -> None:
        self.width, self.height = 2 * columns, 4 * rows
        self._cells = [[0] * columns for _ in range(rows)]

    def dot(self, x: float, y: float) -> None:
        """Set one dot; outside the field nothing happens."""
        column, row = math.floor(x), math.floor(y)
        if 0 <= column < self.width and 0 <= row < self.height:
            self._cells[row // 4][column // 2] |= _DOTS[row % 4][column % 2]

    def line(self, start: Flat, end: Flat) -> None:
        """Set the dots of a straight line."""
        steps = max(1, math.ceil(max(abs(end[0] - start[0]), abs(end[1] - start[1]))))
        if steps > 8 * (self.width + self.height):
            return
        for k in range(steps + 1):
            share = k / steps
            self.dot(start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1]))

    def outline(self, corners: Sequence[Flat]) -> None:
        """Draw a closed polygon."""
        for start, end in zip(corners, [*corners[1:], corners[0]], strict=True):
            self.line(start, end)

    def lines(self) -> list[str]:
        """The field as text; empty cells are blanks."""
        return ["".join(chr(_BRAILLE + cell) if cell else " " for cell in row) for row in self._cells]


def side_view(qpos: Sequence[float], columns: int, rows: int) -> list[str]:
    """The robot from its right side, standing on the ground; its heading is to the right.

    The camera goes along with the robot, so it shows posture, gait and height, not where the robot is.
    """
    dots = Dots(columns, rows)
    scale = min((dots.height - 2) / SIDE_HEIGHT_M, dots.width / 0.9)
    yaw = heading_rad(qpos)
    cos_yaw, sin_yaw = math.cos(yaw), math.sin(yaw)
    floor = dots.height - 2

    def flat(point: Point) -> Flat:
        along = (point[0] - qpos[0]) * cos_yaw + (point[1] - qpos[1]) * sin_yaw
        return dots.width / 2 + scale * along, floor - scale * point[2]

    turn = body_frame(qpos)
    for centre, half in (((0.0, 0.0, 0.0), TRUNK_HALF_M), (HEAD_M, HEAD_HALF_M)):
        corners = ((-1, -1), (1, -1), (1, 1), (-1, 1))
        box = [turn((centre[0] + i * half[0], 0.0, centre[2] + k * half[2])) for i, k in corners]
        dots.outline([flat(corner) for corner in box])
    for leg in legs(qpos):
        dots.line(flat(leg.hip), flat(leg.knee))
        dots.line(flat(leg.knee), flat(leg.foot))
        if leg.on_ground:
            x, _ = flat(leg.foot)
            dots.line((x - 2, floor), (x + 2, floor))
    shift = (qpos[0] * cos_yaw + qpos[1] * sin_yaw) * scale
    for x in range(dots.width):  # a ground that moves by shows speed
        if math.floor(x + shift) % 8 == 0:
            dots.dot(x, floor + 1)
    return dots.lines()


def top_view(
    qpos: Sequence[float], target_m: Sequence[float], trail: Iterable[Sequence[float]], columns: int, rows: int
) -> list[str]:
    """The arena from above, x to the right: target circle, the way so far, and the robot with its heading.

    Args:
        qpos: the pose now.
        target_m: the target's position.
        trail: earlier positions (x, y).
        columns: width in characters.
        rows: height in characters.
    """
    dots = Dots(columns, rows)
    way = [(float(point[0]), float(point[1])) for point in trail]
    here = (float(qpos[0]), float(qpos[1]))
    goal = (float(target_m[0]), float(target_m[1]))
    reach = max([0.8, *(max(abs(x - goal[0]), abs(y - goal[1])) for x, y in [*way, here])]) * 1.1
    scale = min(dots.width, dots.height) / 2 / reach

    def flat(point: Flat) -> Flat:
        return dots.width / 2 + scale * (point[0] - goal[0]), dots.height / 2 - scale * (point[1] - goal[1])

    around = [2 * math.pi * k / 24 for k in range(24)]
    dots.outline(
        [flat((goal[0] + TARGET_RADIUS_M * math.cos(a), goal[1] + TARGET_RADIUS_M * math.sin(a))) for a in around]
    )
    for start, end in pairwise(way):
        dots.line(flat(start), flat(end))
    yaw = heading_rad(qpos)
    size = max(0.35, 3.0 / scale)
    tip, left, right = (
        (here[0] + r * math.cos(yaw + a), here[1] + r * math.sin(yaw + a))
        for r, a in ((size, 0.0), (size * 0.6, 2.5), (size * 0.6, -2.5))
    )
    dots.outline([flat(tip), flat(left), flat(right)])
    return dots.lines()


def feet_line(qpos: Sequence[float]) -> str:
    """The feet in one line: a filled circle is on the ground."""
    return "  ".join(f"{name} {'●' if down else '○'}" for name, down in contacts(qpos).items())


def beside(left: Sequence[str], right: Sequence[str], gap: str = " │ ") -> list[str]:
    """Two views of one height side by side."""
    return [a + gap + b for a, b in zip(left, right, strict=True)]
