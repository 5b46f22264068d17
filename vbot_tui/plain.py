"""The cockpit's picture as plain text, for ``--once``: the same lines, without a screen.

Each room can be printed, as text or as plain data; what a screen would show in pages stands here one under the other.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from vbot_tui.glyphs import Glyphs
from vbot_tui.launch_model import Plan
from vbot_tui.lines import Line, line, screen
from vbot_tui.model import View
from vbot_tui.shelf_model import Shelf
from vbot_tui.study_model import StudyPage
from vbot_tui.widgets import head, launch_page, panels, shelf_page, study_keys, study_pages
from vbot_tui.widgets.trial_rows import columns, header, row_line


def page(view: View, glyphs: Glyphs, width: int, now: float) -> str:
    """Return the whole picture: status, every trial, the reward of the first one, flags and notes."""
    if not view.rows:
        return screen([head.status(view, now, width, glyphs), *head.empty(view)]) + "\n"
    layout = columns(width, view.rows)
    lines: list[Line] = [head.status(view, now, width, glyphs), header(layout, glyphs)]
    lines += [row_line(row, layout, now, glyphs) for row in view.rows]
    row = view.rows[0]
    detail = view.detail if view.detail.key == row.key else None
    lines += [(), ((f"Reward of {row.name}", "title"),)]
    lines += panels.reward(detail.breakdown if detail else None, detail.before if detail else None, width, glyphs)
    for flagged in (item for item in view.rows if item.flags):
        lines += [(), ((f"Flags of {flagged.name}", "title"),), *panels.flags(flagged, width, glyphs)]
    if view.notes:
        names = {item.run_id: item.name for item in view.rows}
        lines += [(), (("Notes", "title"),), *panels.notes(view.notes, names, width)]
    return screen(lines) + "\n"


PARALLEL_ROWS = 18


def study(page_: StudyPage, glyphs: Glyphs, width: int) -> str:
    """Return everything that the study screen shows, page under page."""
    if page_.trouble and not page_.trials:
        return f"{page_.trouble}\n"
    chosen = page_.ranked[0].number if page_.ranked else -1
    rows = study_keys.CELL_ROWS * -(-len(page_.keys) // max(1, (width + 1) // study_keys.CELL))
    parts: list[tuple[str, list[Line]]] = [
        (page_.id, study_pages.overview(page_, width, 36, glyphs)),
        ("Every trial", study_pages.trials(page_, -1, width, glyphs)),
        ("Rungs", study_pages.rungs(page_, chosen, width, 16, glyphs)),
        ("Score over value", study_keys.slices(page_, 0, chosen, False, width, rows, glyphs)),
        ("Parallel coordinates", study_keys.parallel(page_, 0, {}, chosen, width, PARALLEL_ROWS, glyphs)),
        ("History", study_pages.history(page_, width, glyphs)),
    ]
    return _pages(parts)


def launch(plan: Plan, glyphs: Glyphs, width: int) -> str:
    """Return everything that the launch screen shows of a draft."""
    parts = [
        ("Settings", launch_page.form(launch_page.rows(plan), "", width, glyphs)),
        ("Audit", launch_page.audit_page(plan.audit, width, glyphs)),
        ("Command", launch_page.command_page(plan, width)),
    ]
    return _pages(parts)


def shelf(known: Shelf, glyphs: Glyphs, width: int) -> str:
    """Return a shelf as a list, with the page of the item that is selected."""
    lines = shelf_page.listing(known, known.items, known.selected, 0, len(known.items) + 2, width, glyphs)
    return _pages([(known.name, lines), (known.selected, shelf_page.page(known, width))])


def _pages(parts: list[tuple[str, list[Line]]]) -> str:
    out: list[Line] = []
    for title, lines in parts:
        if lines:
            out += [*([()] if out else []), line((title, "title")), *lines]
    return screen(out) + "\n"


def data(value: object) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return a picture as plain data: the same facts, numbers that are none as null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: data(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): data(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [data(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
