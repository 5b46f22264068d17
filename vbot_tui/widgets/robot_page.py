"""A recorded episode as text: the robot from its side and from above, its feet over time, speed, and what it is paid.

Pure functions of an episode and a moment.
"""

import math
from collections.abc import Sequence

from sessions.episode_file import Episode
from vbot_tui import robot_view, text
from vbot_tui.glyphs import Glyphs
from vbot_tui.lines import Line, Span, line
from vbot_tui.playback import feet_on_ground, term_order, usual_pay
from vbot_tui.widgets.head import clip

FEET_ROWS = len(robot_view.LEGS)
VIEW_MIN, VIEW_MAX = 6, 24
TERM_NAME, TERM_VALUE, TERM_WIDTH = 16, 8, 39
GAIT_S = 2.0
SPEED_CELLS = 12
_BRAILLE = 0x2800


def page(episode: Episode, index: int, width: int, height: int, glyphs: Glyphs) -> list[Line]:
    """Return the picture of one moment in exactly ``height`` lines.

    Args:
        episode: What was recorded.
        index: Which pose.
        width: Cells.
        height: Lines.
        glyphs: Shapes; without braille the robot is drawn in plain characters.
    """
    across = max(1, width // TERM_WIDTH)
    term_rows = min(-(-len(episode.term_names) // across), max(2, (height - VIEW_MIN - FEET_ROWS - 1) // 2))
    rows = min(VIEW_MAX, max(VIEW_MIN, height - FEET_ROWS - 1 - term_rows))
    lines = [
        *views(episode, index, width, rows, glyphs),
        *gait(episode, index, width, glyphs),
        numbers(episode, index, width, glyphs),
        *terms(episode, index, width, term_rows, glyphs),
    ]
    return [*lines, *[()] * (height - len(lines))][:height]


def views(episode: Episode, index: int, width: int, rows: int, glyphs: Glyphs) -> list[Line]:
    """Return the robot from its side, and the arena from above."""
    left = max(10, (width - 3) * 3 // 5)
    pose = episode.poses[index]
    step = max(1, round(0.1 / episode.dt_s))
    trail = [(item[0], item[1]) for item in episode.poses[: index + 1 : step]]
    side = robot_view.side_view(pose, left, rows)
    top = robot_view.top_view(pose, episode.target_m, trail, max(5, width - 3 - left), rows)
    pairs = zip(_plain(side, glyphs), _plain(top, glyphs), strict=True)
    return [((a, "accent"), (f" {glyphs.wall} ", "dim"), (b, "")) for a, b in pairs]


def _plain(lines: Sequence[str], glyphs: Glyphs) -> list[str]:
    """Return a drawing as the terminal can show it."""
    if glyphs.braille:
        return list(lines)
    return ["".join(_character(char) for char in row) for row in lines]


def _character(char: str) -> str:
    dots = (ord(char) - _BRAILLE).bit_count() if ord(char) >= _BRAILLE else 0
    return "#" if dots >= 4 else "+" if dots >= 2 else "." if dots else " "


def gait(episode: Episode, index: int, width: int, glyphs: Glyphs) -> list[Line]:
    """Return which feet were on the ground over the last two seconds, the newest at the right; one line per foot."""
    cells = min(width - 14, 60)
    steps = max(1, round(GAIT_S / episode.dt_s / cells))
    shown = [index - (cells - 1 - k) * steps for k in range(cells)]
    feet = [feet_on_ground(episode.poses[k].tobytes()) if k >= 0 else None for k in shown]
    out: list[Line] = []
    for leg, name in enumerate(robot_view.LEGS):
        strip = "".join(" " if down is None else glyphs.bar if down[leg] else glyphs.rest for down in feet)
        now = feet[-1] is not None and feet[-1][leg]
        state: Span = ("down", "good") if now else ("up  ", "dim")
        out.append(((f" {name} ", "key"), state, (" ", ""), (strip, "spark")))
    return out


def numbers(episode: Episode, index: int, width: int, glyphs: Glyphs) -> Line:
    """Return time, speed with a bar, distance, height and what is paid in this step."""
    speed, fastest = episode.speed_mps[index], max([1.0, *filter(math.isfinite, episode.speed_mps)])
    filled = round(SPEED_CELLS * min(1.0, max(0.0, speed / fastest))) if math.isfinite(speed) else 0
    paid = math.fsum(value for value in episode.terms[index] if math.isfinite(value))
    spans: list[Span] = [
        (f" {index * episode.dt_s:5.2f} of {episode.duration_s:.1f} s ", "title"),
        ("  speed ", "dim"), (glyphs.bar * filled, "spark"), (glyphs.rest * (SPEED_CELLS - filled), "dim"),
        (f" {text.number(speed, 2)} m/s", ""),
        ("  to go ", "dim"), (f"{text.number(episode.distance_m[index], 2)} m", ""),
        ("  paid ", "dim"), (text.signed(paid), "accent"),
    ]  # fmt: skip
    return clip(spans, width, glyphs)


def terms(episode: Episode, index: int, width: int, rows: int, glyphs: Glyphs) -> list[Line]:
    """Return what each term pays in this step as a bar from the middle: to the right it pays, to the left it takes."""
    across = max(1, width // TERM_WIDTH)
    usual = usual_pay(episode)
    order = term_order(episode)[: rows * across]
    cells = [_term(episode, index, term, usual, width // across - 1, glyphs) for term in order]
    out: list[Line] = []
    for row in range(rows):
        parts = cells[row::rows]
        out.append(tuple(span for part in parts for span in (*part, (" ", ""))))
    return out


def _term(episode: Episode, index: int, term: int, usual: float, width: int, glyphs: Glyphs) -> Line:
    value = episode.terms[index][term]
    half = max(2, (width - TERM_NAME - TERM_VALUE - 3) // 2)
    size = min(half, math.ceil(half * abs(value) / usual - 1e-9)) if math.isfinite(value) else 0
    left = glyphs.bar * size if value < 0 else ""
    right = glyphs.bar * size if value > 0 else ""
    return line(
        (text.fit(text.clean(episode.term_names[term]), TERM_NAME, "<", glyphs.more), ""),
        (text.fit(text.signed(value), TERM_VALUE, ">", glyphs.more) + " ", "dim" if not value else ""),
        (left.rjust(half), "bad"),
        (glyphs.wall, "dim"),
        (right.ljust(half), "good"),
    )


def scrubber(at_s: float, duration_s: float, marks: Sequence[float], width: int, glyphs: Glyphs) -> Line:
    """Return a line that shows where in the episode the picture is; moments are marked."""
    cells = max(2, width - 2)

    def place(seconds: float) -> int:
        return min(cells - 1, max(0, round(seconds / max(1e-9, duration_s) * (cells - 1))))

    row = [glyphs.rule] * cells
    for mark in marks:
        row[place(mark)] = glyphs.markers[2]
    here = place(at_s)
    return line(
        (" " + "".join(row[:here]), "dim"), (glyphs.markers[0], "accent"), ("".join(row[here + 1 :]) + " ", "dim")
    )
