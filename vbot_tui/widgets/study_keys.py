"""What the searched keys of a study did, as text: score over value for each key, and parallel coordinates.

Pure functions. A value's place, 0 to 1, lies on the scale that the study draws it from.
"""

import math
from collections.abc import Mapping, Sequence

from vbot_tui import text
from vbot_tui.glyphs import Glyphs
from vbot_tui.lines import Line, Span, line
from vbot_tui.study_model import Searched, StudyPage, Tried
from vbot_tui.widgets.canvas import Canvas
from vbot_tui.widgets.chart_page import beside
from vbot_tui.widgets.plane import Plane, ends, under

CELL, CELL_ROWS = 38, 7
AXIS = 11
"""Cells that an axis of the parallel coordinates needs for its name and its ends."""
BANDS: tuple[tuple[str, tuple[float, float]], ...] = (
    ("all", (0.0, 1.0)),
    ("upper third", (2 / 3, 1.0)),
    ("middle third", (1 / 3, 2 / 3)),
    ("lower third", (0.0, 1 / 3)),
)
SCORE = "SCORE"
EDGE = 1e-9


# --- score over value


def slices(page: StudyPage, at: int, chosen: int, big: bool, width: int, height: int, glyphs: Glyphs) -> list[Line]:
    """Return the score over the value of each searched key, or of one key in large.

    Args:
        page: the study.
        at: index of the key that is looked at.
        chosen: number of the trial that is marked.
        big: only that key.
        width: cells.
        height: lines.
        glyphs: shapes.
    """
    if not page.keys:
        return [line(("This study searches no key.", "dim"))]
    if not page.ranked:
        return [line(("No evaluation yet: each one becomes a dot here.", "dim"))]
    at = min(at, len(page.keys) - 1)
    if big:
        return _slice(page, at, chosen, width, height, glyphs, mark=False)
    across = max(1, min(len(page.keys), (width + 1) // CELL))
    down = -(-len(page.keys) // across)
    fit = max(1, min(down, height // CELL_ROWS))
    cell, tall = (width - (across - 1)) // across, min(16, height // fit)
    top = max(0, min(at // across - fit // 2, down - fit))
    out: list[Line] = []
    for row in range(top, top + fit):
        places = range(row * across, min(len(page.keys), (row + 1) * across))
        blocks = [_slice(page, index, chosen, cell, tall, glyphs, mark=index == at) for index in places]
        out += [beside([block[index] for block in blocks], cell) for index in range(tall)]
    return out


def _slice(
    page: StudyPage, index: int, chosen: int, width: int, rows: int, glyphs: Glyphs, *, mark: bool
) -> list[Line]:
    """Return one scatter in exactly ``rows`` lines: a title, dots, and the ends of the key's range."""
    key = page.keys[index]
    plane = Plane(width, rows - 2, (0.0, 1.0), ends([item.standing for item in page.ranked]), glyphs)
    if math.isfinite(key.preset_place):
        plane.rule(key.preset_place, glyphs.wall)
    for item in reversed(page.ranked):
        plane.blob(item.places[index], item.standing, "good" if item.live else "s0", "o" if item.live else "*")
    best, own = page.ranked[0], page.trial(chosen)
    plane.pin(best.places[index], best.standing, "accent", glyphs.markers[0])
    if own is not None and own is not best:
        plane.pin(own.places[index], own.standing, "key", glyphs.markers[1])
    title = slice_title(key, width - 2, glyphs)
    return [((glyphs.cursor if mark else " ", "accent"), *title), *plane.lines(), _ends(key, width)]


def slice_title(key: Searched, width: int, glyphs: Glyphs) -> Line:
    """Return the name of a key with its importance and its lean."""
    says = []
    if math.isfinite(key.importance):
        says.append(text.percent(key.importance))
    if math.isfinite(key.lean):
        says.append(f"lean {key.lean:+.2f}")
    tail = "  ".join(says)
    name = text.fit(key.name, min(len(key.name), max(8, width - len(tail) - 2)), "<", glyphs.more)
    return ((name, "title"), (f"  {tail}", "dim"))


def _ends(key: Searched, width: int) -> Line:
    middle = f"{key.how}, preset {key.preset}" if key.preset else key.how
    return under(key.low, middle, key.high, width)


# --- parallel coordinates


def shown_axes(page: StudyPage, at: int, width: int) -> range:
    """Return which keys have an axis in a page of this width: those around the one that is looked at."""
    most = max(1, width // AXIS - 1)
    first = max(0, min(at - most // 2, len(page.keys) - most))
    return range(first, min(len(page.keys), first + most))


def passing(page: StudyPage, brushes: Mapping[int, int]) -> tuple[Tried, ...]:
    """Return the trials that lie in the chosen part of every axis; the score is the axis after the last key."""
    low, high = _score_ends(page)

    def inside(item: Tried) -> bool:
        for axis, band in brushes.items():
            start, stop = BANDS[band][1]
            place = item.places[axis] if axis < len(page.keys) else _share(item.standing, low, high)
            if band and not start - EDGE <= place <= stop + EDGE:
                return False
        return True

    return tuple(item for item in page.trials if inside(item))


def _score_ends(page: StudyPage) -> tuple[float, float]:
    return ends([item.standing for item in page.trials])


def _share(value: float, low: float, high: float) -> float:
    return (value - low) / (high - low) if math.isfinite(value) else math.nan


def parallel(
    page: StudyPage, at: int, brushes: Mapping[int, int], chosen: int, width: int, height: int, glyphs: Glyphs
) -> list[Line]:
    """Return parallel coordinates: one axis per searched key and one for the score, one line per trial.

    Trials outside a brush are not drawn, so that what is left is seen without colour too.

    Args:
        page: the study.
        at: index of the axis that is looked at; the one after the last key is the score.
        brushes: part of ``BANDS`` by axis.
        chosen: number of the trial that is marked.
        width: cells.
        height: lines.
        glyphs: shapes.
    """
    if not page.keys:
        return [line(("This study searches no key.", "dim"))]
    kept = passing(page, brushes)
    axes = [*shown_axes(page, at, width), len(page.keys)]
    gap = (width - AXIS) / (len(axes) - 1)
    columns = [round(AXIS / 2 + gap * index) for index in range(len(axes))]
    low, high = _score_ends(page)
    canvas = Canvas(width, max(3, height - 5), braille=glyphs.braille)
    for column in columns:
        canvas.rule(column * canvas.columns // canvas.cells, glyphs.wall)
    for item in _by_rank(kept, chosen):
        _draw(canvas, page, item, axes, columns, (low, high), chosen, glyphs)
    return [
        _brush_line(page, at, brushes, len(kept), width, glyphs),
        _row([_name(page, axis, at, glyphs) for axis in axes], columns, width),
        _row([(_upper(page, axis, high), "dim") for axis in axes], columns, width),
        *canvas.lines(),
        _row([(_lower(page, axis, low), "dim") for axis in axes], columns, width),
        _row([(_band(brushes, axis), "warn") for axis in axes], columns, width),
    ]


def _by_rank(kept: Sequence[Tried], chosen: int) -> list[Tried]:
    """Return trials in the order of drawing: the best ones late, the marked one last."""
    return sorted(kept, key=lambda item: (item.number == chosen, math.isfinite(item.standing), item.standing))


def _draw(
    canvas: Canvas, page: StudyPage, item: Tried, axes: Sequence[int], columns: Sequence[int],
    scores: tuple[float, float], chosen: int, glyphs: Glyphs,
) -> None:  # fmt: skip
    role = "accent" if item.number == chosen else _role(page, item)
    before: tuple[int, int] | None = None
    corners: list[tuple[int, int]] = []
    for axis, column in zip(axes, columns, strict=True):
        share = item.places[axis] if axis < len(page.keys) else _share(item.standing, *scores)
        if not math.isfinite(share):
            before = None
            continue
        x = column * canvas.columns // canvas.cells
        here = (x, round(min(1.0, max(0.0, share)) * (canvas.height - 1)))
        if before is not None:
            canvas.line(before, here, role, ".")
        before = here
        corners.append(here)
    for corner in corners if item.number == chosen else ():
        canvas.pin(*corner, role, glyphs.markers[0])


def _role(page: StudyPage, item: Tried) -> str:
    """Return the role of a trial's line: the best quarter, the rest, and those without a score."""
    if not math.isfinite(item.standing):
        return "dim"
    ranked = page.ranked
    return "good" if ranked.index(item) < max(1, len(ranked) // 4) else "s0"


def _brush_line(page: StudyPage, at: int, brushes: Mapping[int, int], kept: int, width: int, glyphs: Glyphs) -> Line:
    names = [f"{_axis_name(page, axis)} {BANDS[band][0]}" for axis, band in sorted(brushes.items()) if band]
    picked = f"{kept} of {len(page.trials)} trials"
    words = f"  only: {', '.join(names)}" if names else "  b shows a third of the axis, x shows all again"
    hidden = len(page.keys) - len(shown_axes(page, at, width))
    more = f"  {hidden} more axes at the sides" if hidden > 0 else ""
    return ((picked, "title"), (text.fit(words + more, max(0, width - len(picked)), "<", glyphs.more), "dim"))


def _axis_name(page: StudyPage, axis: int) -> str:
    return page.keys[axis].name if axis < len(page.keys) else SCORE


def _name(page: StudyPage, axis: int, at: int, glyphs: Glyphs) -> Span:
    name = text.fit(_axis_name(page, axis), AXIS - 1, "<", glyphs.more).rstrip()
    return (f"{name}", "key" if axis == at else "")


def _upper(page: StudyPage, axis: int, high: float) -> str:
    return page.keys[axis].high if axis < len(page.keys) else f"{high:.3f}"


def _lower(page: StudyPage, axis: int, low: float) -> str:
    return page.keys[axis].low if axis < len(page.keys) else f"{low:.3f}"


def _band(brushes: Mapping[int, int], axis: int) -> str:
    band = brushes.get(axis, 0)
    return BANDS[band][0].split()[0] if band else ""


def _row(words: Sequence[Span], columns: Sequence[int], width: int) -> Line:
    """Return words centred on columns, cut where they would touch."""
    out: list[Span] = []
    used = 0
    for (word, role), column in zip(words, columns, strict=True):
        start = max(used, min(width - len(word), column - len(word) // 2))
        out += [(" " * (start - used), ""), (word[: max(0, width - start)], role)]
        used = start + len(word) + 1
        out.append((" ", ""))
    return tuple(out[:-1])
