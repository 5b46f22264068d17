"""Shelves: lists of things that lie in the workspace, each with a page to read. Queue, library, records and logs.

Immutable pictures, made by ``vbot_tui.shelves`` and only read by widgets.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a shelf.

    Attributes:
        key: what it is asked for by.
        cells: one text per column.
        role: how it looks.
        state: a word for keys that need one, e.g. open, waiting, rejected.
        words: further text that a search looks through.
    """

    key: str
    cells: tuple[str, ...]
    role: str = ""
    state: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Shelf:
    """One shelf.

    Attributes:
        name: queue, library, records or logs.
        titles: of its columns; the last one takes what is left of the line.
        items: what lies on it, in its order.
        selected: key of the item whose page is ``page``.
        page: the text of that item, Markdown or plain.
        note: what is to be said of the whole.
        trouble: what could not be read.
    """

    name: str
    titles: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()
    selected: str = ""
    page: tuple[str, ...] = ()
    note: str = ""
    trouble: str = ""

    def item(self, key: str) -> Item | None:
        """Return the item with this key."""
        return next((item for item in self.items if item.key == key), None)


def found(shelf: Shelf, words: str) -> tuple[Item, ...]:
    """Return the items that have all the words somewhere."""
    needles = words.lower().split()
    return tuple(
        item for item in shelf.items
        if all(needle in f"{' '.join(item.cells)} {item.words}".lower() for needle in needles)
    )  # fmt: skip
