"""The cockpit's picture as plain text, for ``--once``: the same lines, without a screen."""

from vbot_tui.glyphs import Glyphs
from vbot_tui.lines import Line, screen
from vbot_tui.model import View
from vbot_tui.widgets import head, panels
from vbot_tui.widgets.trial_rows import columns, header, row_line


def page(view: View, glyphs: Glyphs, width: int, now: float) -> str:
    """Return the whole picture: status, every trial, the reward of the first one, flags and notes."""
    if not view.rows:
        return screen([head.status(view, now, width, glyphs), *head.empty(view)]) + "\n"
    layout = columns(width)
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
