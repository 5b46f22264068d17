"""The trial table as text: which columns fit a width, and what each cell of a row says. No Textual."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from vbot_tui import text
from vbot_tui.glyphs import STATE_ROLES, STATE_WORDS, Glyphs, flag_letter
from vbot_tui.lines import Line, Span
from vbot_tui.model import TrialRow
from vbot_tui.widgets.sparkline import sparkline


@dataclass(frozen=True, slots=True)
class Column:
    """One column with its width in cells."""

    name: str
    title: str
    cells: int
    align: str = "<"


_FIXED = (
    Column("state", "STATE", 6),
    Column("trial", "TRIAL", 6),
    Column("steps", "STEPS", 6, ">"),
    Column("progress", "%", 4, ">"),
    Column("speed", "STP/S", 5, ">"),
    Column("eta", "ETA", 5, ">"),
    Column("score", "SCORE", 6, ">"),
    Column("success", "SUCC", 4, ">"),
)
_TAIL = (
    Column("flags", "FLAG", 4),
    Column("age", "AGE", 4, ">"),
    Column("notes", "NT", 3, ">"),
)
SPARK_MIN, SPARK_MAX = 8, 24
NAME = 12
"""Cells for the names of runs that belong to no study."""
WHY_MIN = 16
SPARE = ("progress", "speed", "notes", "eta")
"""Columns that a narrow terminal goes without, first to go first."""


def columns(width: int, rows: Sequence[TrialRow] = ()) -> tuple[Column, ...]:
    """Return the columns for a table this wide: the sparkline takes what is left, then the reason of the end.

    Args:
        width: Cells.
        rows: What is listed: runs without a study have longer names than its trials, T0 and so on.
    """
    named = bool(rows) and rows[0].number is None
    head = [replace(column, cells=NAME) if named and column.name == "trial" else column for column in _FIXED]
    tail = list(_TAIL)
    for name in SPARE:
        if _left(head, tail, width) >= SPARK_MIN:
            break
        head = [column for column in head if column.name != name]
        tail = [column for column in tail if column.name != name]
    left = _left(head, tail, width)
    spark = min(SPARK_MAX, left)
    why_cells = left - spark - 1
    if 0 <= why_cells < WHY_MIN and left - WHY_MIN - 1 >= 2 * SPARK_MIN:
        spark, why_cells = left - WHY_MIN - 1, WHY_MIN
    middle = [Column("spark", "RETURN", spark)] if spark >= SPARK_MIN else []
    last = [Column("why", "SETTINGS OR END", why_cells)] if why_cells >= WHY_MIN else []
    return (*head, *middle, *tail, *last)


def _left(head: list[Column], tail: list[Column], width: int) -> int:
    """Return the cells that a sparkline could take: all but the columns, the gaps between and the cursor's edge."""
    return width - 1 - sum(column.cells + 1 for column in (*head, *tail))


def header(layout: tuple[Column, ...], glyphs: Glyphs) -> Line:
    """Return the line of column titles."""
    titles = " ".join(text.fit(column.title, column.cells, column.align, glyphs.more) for column in layout)
    return ((" " + titles, "dim"),)


def row_line(
    row: TrialRow, layout: tuple[Column, ...], now: float, glyphs: Glyphs, *, cursor: bool = False, marked: bool = False
) -> Line:
    """Return one row; without colour the cell at the left edge shows the cursor, a star before the name the mark."""
    spans: list[Span] = [(glyphs.cursor if cursor else " ", "accent" if cursor else "")]
    for index, column in enumerate(layout):
        content, role = _cell(row, column, now, glyphs)
        spans.append((text.fit(content, column.cells, column.align, glyphs.more), role))
        if index == 0 and marked:
            spans.append(("*", "accent"))
        elif index < len(layout) - 1:
            spans.append((" ", ""))
    return _joined(spans)


def _joined(spans: list[Span]) -> Line:
    """Return the spans with neighbours of one role joined: fewer segments on the wire."""
    out: list[Span] = []
    for content, role in spans:
        if out and (out[-1][1] == role or not content.strip(" ")):
            out[-1] = (out[-1][0] + content, out[-1][1])
        else:
            out.append((content, role))
    return tuple(out)


def _cell(row: TrialRow, column: Column, now: float, glyphs: Glyphs) -> Span:
    match column.name:
        case "state":
            word = "LOST" if row.stale(now) else STATE_WORDS.get(row.state, text.clean(row.state[:4]))
            role = "bad" if row.stale(now) else STATE_ROLES.get(row.state, "")
            return f"{glyphs.state(row.state)} {word}", role
        case "trial":
            return text.clean(row.name), ""
        case "steps":
            return (text.count(row.env_steps) if row.env_steps else text.MISSING), ""
        case "progress":
            return text.percent(row.progress), "dim"
        case "speed":
            return (text.count(row.steps_per_s) if row.state == "running" else ""), ""
        case "eta":
            return (text.span(row.eta_s) if row.state == "running" else ""), ""
        case "score":
            return text.number(row.score), "" if math.isfinite(row.score) else "dim"
        case "success":
            return text.percent(row.success), "" if math.isfinite(row.success) else "dim"
        case "spark":
            return _spark(row, column.cells, glyphs), "spark"
        case "flags":
            return "".join(flag_letter(flag.name) for flag in row.flags), "warn"
        case "age":
            age = text.age(row.age_s(now)) if math.isfinite(row.updated) else ""
            return age, "bad" if row.stale(now) else "dim"
        case "notes":
            return (f"{glyphs.note}{row.notes}" if row.notes else ""), "accent"
        case _:
            return why(row), "dim"


def _spark(row: TrialRow, cells: int, glyphs: Glyphs) -> str:
    return sparkline(row.spark, cells, glyphs.ramp, glyphs.gap)


def why(row: TrialRow) -> str:
    """Return why a trial ended, or what a living one tries."""
    if row.end_reason:
        return text.clean(f"{row.end_reason}: {row.end_detail}" if row.end_detail else row.end_reason)
    return text.clean(" ".join(f"{name}={value}" for name, value in row.params))
