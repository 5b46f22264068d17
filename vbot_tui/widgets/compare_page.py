"""In which settings runs differ, as text: the differing keys only, one column per run."""

from collections.abc import Sequence

from vbot_tui import text
from vbot_tui.glyphs import Glyphs
from vbot_tui.lines import Line, Span, line
from vbot_tui.model import Papers
from vbot_tui.widgets.chart_page import Shown

CELL = 8
LACKS = "-"


def differing(papers: Sequence[Papers]) -> list[tuple[str, tuple[str, ...]]]:
    """Return the keys that are not the same in all runs, with the value of each run."""
    tables = [{item.key: item.value for item in own.settings} for own in papers]
    keys = sorted({key for table in tables for key in table})
    rows = [(key, tuple(table.get(key, LACKS) for table in tables)) for key in keys]
    return [(key, values) for key, values in rows if len(set(values)) > 1]


def differences(runs: Sequence[tuple[Shown, Papers | None]], width: int, glyphs: Glyphs) -> list[Line]:
    """Return the page of differing settings; runs whose papers are not read yet are waited for."""
    known = [(item, own) for item, own in runs if own is not None]
    if len(known) < len(runs):
        return [line(("Reading the settings.", "dim"))]
    found = differing([own for _, own in known])
    same = len({item.key for _, own in known for item in own.settings}) - len(found)
    if not found:
        return [line(f"No difference: all {same} settings are the same.")]
    cell = max(CELL, min(14, (width - 30) // len(known) - 1))
    name = max(12, width - (cell + 1) * len(known))
    heads: list[Span] = [(text.fit(f"{len(found)} settings differ, {same} do not", name, "<", glyphs.more), "dim")]
    heads += [(" " + text.fit(f"{item.marker(glyphs)} {text.clean(item.name)}", cell, ">", glyphs.more), item.role)
              for item, _ in known]  # fmt: skip
    return [tuple(heads), *[_row(key, values, name, cell, glyphs) for key, values in found]]


def _row(key: str, values: tuple[str, ...], name: int, cell: int, glyphs: Glyphs) -> Line:
    label = text.clean(key)
    if text.width(label) > name:
        label = glyphs.more + label[-(name - 1) :]
    cells = "".join(" " + text.fit(text.clean(value), cell, ">", glyphs.more) for value in values)
    return line(text.fit(label, name), (cells, "accent"))
