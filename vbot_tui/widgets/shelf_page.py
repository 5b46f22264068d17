"""A shelf as text: its list, and the page of one item, Markdown drawn plainly. Pure functions."""

from collections.abc import Sequence

from vbot_tui import text
from vbot_tui.glyphs import Glyphs
from vbot_tui.lines import Line, Span, line
from vbot_tui.shelf_model import Item, Shelf

CELL_MAX = 24
EMPTY = {
    "queue": "Nothing is queued. 'vbot automl queue add SPEC' puts a study or a pipeline here.",
    "library": "The library is empty. b in a trial's menu (A) archives its settings.",
    "records": "Nothing is noted yet. n writes a note, t something to be done.",
    "logs": "No log yet.",
}


def listing(
    shelf: Shelf, items: Sequence[Item], chosen: str, top: int, rows: int, width: int, glyphs: Glyphs
) -> list[Line]:
    """Return the titles and the items from ``top`` on, in exactly ``rows`` lines."""
    if shelf.trouble:
        return [line((part, "bad")) for part in text.wrap(text.clean(shelf.trouble), width - 1)][:rows]
    if not items:
        said = EMPTY[shelf.name] if not shelf.items else "Nothing here has that."
        return [line((part, "dim")) for part in text.wrap(said, width - 1)][:rows]
    widths = column_widths(shelf, width)
    head = " ".join(text.fit(title, cells) for title, cells in zip(shelf.titles, widths, strict=True))
    shown = items[top : top + rows - 1]
    return [
        line((text.fit(f" {head}", width), "dim")),
        *[_item(item, item.key == chosen, widths, glyphs) for item in shown],
    ]


def column_widths(shelf: Shelf, width: int) -> list[int]:
    """Return the cells of each column: as many as its longest text needs, the last one takes the rest."""
    needed = [
        min(CELL_MAX, max([len(title), *(text.width(text.clean(item.cells[place])) for item in shelf.items)]))
        for place, title in enumerate(shelf.titles[:-1])
    ]
    least = max(12, width // 4)
    while sum(needed) + len(needed) + 1 + least > width and max(needed) > 4:
        needed[needed.index(max(needed))] -= 1
    return [*needed, max(1, width - 1 - sum(needed) - len(needed))]


def _item(item: Item, chosen: bool, widths: Sequence[int], glyphs: Glyphs) -> Line:
    cells = [text.fit(text.clean(cell), room, "<", glyphs.more) for cell, room in zip(item.cells, widths, strict=True)]
    mark = glyphs.cursor if chosen else " "
    return line((mark, "accent"), (" ".join(cells), "key" if chosen else item.role))


def page(shelf: Shelf, width: int, words: str = "") -> list[Line]:
    """Return the text of the selected item; on the logs, only the lines that have what is searched."""
    rows = shelf.page
    if shelf.name == "logs":
        return [line(part) for row in rows for part in _folded(text.clean(row), width)]
    return markdown(rows, width)


def _folded(row: str, width: int) -> list[str]:
    """Return a line in pieces of a width, indentation kept; at most four of them."""
    return [row[start : start + width] for start in range(0, max(1, min(len(row), 4 * width)), width)]


def markdown(rows: Sequence[str], width: int) -> list[Line]:
    """Return Markdown as lines: headings stand out, lists hang, tables and code keep their columns."""
    out: list[Line] = []
    code = False
    for raw in rows:
        row = text.clean(raw).rstrip()
        if row.startswith("```"):
            code = not code
        elif code or row.startswith("|"):
            out.append(line((text.fit(row, min(width, max(1, text.width(row)))), "dim" if _is_rule(row) else "")))
        elif row.startswith("#"):
            out += [line((part, "title")) for part in text.wrap(row.lstrip("# "), width)]
        elif row.startswith(("- ", "* ")):
            out += _hanging(row[2:], width)
        elif not row:
            out.append(())
        else:
            out += [line(part) for part in text.wrap(row, width)]
    return out


def _is_rule(row: str) -> bool:
    return set(row) <= set("|-: ")


def _hanging(words: str, width: int) -> list[Line]:
    parts = text.wrap(words, max(8, width - 2))
    first: list[Span] = [("- ", "dim"), (parts[0], "")]
    return [tuple(first), *[line("  " + part) for part in parts[1:]]]
