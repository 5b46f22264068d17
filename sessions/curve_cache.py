"""The curves of a run in one file that opens without parsing: columns, the pyramid over them, where reading goes on.

A copy of what the event files say, which may be deleted at any time. It counts only while every event file still begins
with what was read: same inode, not shorter, the same bytes before the place where reading stopped. Numbers are kept as
they came; those that fit 32 bits, as event files have them, take 32.
"""

import json
import struct
import zlib
from array import array
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sessions.event_file import Place
from sessions.files import write_atomic
from sessions.series import Series, SeriesSet

_MAGIC = b"vbot curves 1\n"
_HEAD = struct.Struct("<II")  # length of the table of contents, checksum of all that follows
Part = tuple[str, int, int]
"""Type code, first byte and number of entries of a column."""


@dataclass(frozen=True)
class Kept:
    """What a cache holds."""

    curves: SeriesSet
    places: Mapping[str, Place]
    """Where reading of each event file goes on, by name."""


class _Blob:
    """Columns one after the other; equal ones are kept once, because all tags of an update share their steps."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self._size = 0
        self._known: dict[tuple[str, bytes], Part] = {}

    def add(self, column: "array[Any]") -> Part:
        """Keep a column; returns where it is."""
        data = column.tobytes()
        part = self._known.get((column.typecode, data))
        if part is None:
            part = self._known[column.typecode, data] = (column.typecode, self._size, len(column))
            self.parts.append(data)
            self._size += len(data)
        return part


def save(path: Path, curves: SeriesSet, places: Mapping[str, Place]) -> bool:
    """Write the curves of a run.

    Returns:
        Whether they could be kept; curves in which something was measured anew are not.

    Raises:
        OSError: The disk is full or failing; an older cache stays.
    """
    frozen = curves.frozen()
    if any(curve.replaced for curve in frozen.values()):
        return False
    blob = _Blob()
    tags = {
        tag: {
            "steps": blob.add(curve.steps),
            "values": blob.add(_narrow(curve.values)),
            "levels": [[blob.add(_narrow(low)), blob.add(_narrow(high))] for low, high in curve.levels()],
        }
        for tag, curve in frozen.items()
    }
    contents = {
        "tags": tags,
        "wall": curves.last_wall_time,
        "last_step": curves.newest_step,
        "files": {name: [*place[:3], b64encode(place.mark).decode(), place.bad] for name, place in places.items()},
    }
    table = json.dumps(contents).encode()
    body = b"".join([table, *blob.parts])
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, _MAGIC + _HEAD.pack(len(table), zlib.crc32(body)) + body, durable=False)
    return True


def load(path: Path) -> Kept | None:
    """Read a cache; None where there is none, or a damaged one."""
    try:
        data = path.read_bytes()
        if not data.startswith(_MAGIC):
            return None
        begin = len(_MAGIC) + _HEAD.size
        length, checksum = _HEAD.unpack_from(data, len(_MAGIC))
        body = memoryview(data)[begin:]
        if zlib.crc32(body) != checksum:
            return None
        contents = json.loads(bytes(body[:length]))
        columns = body[length:]
        curves = {tag: _curve(item, columns) for tag, item in contents["tags"].items()}
        places = {
            name: Place(device, inode, offset, b64decode(mark), bad)
            for name, (device, inode, offset, mark, bad) in contents["files"].items()
        }
        return Kept(SeriesSet.thawed(curves, contents["last_step"], contents["wall"]), places)
    except (OSError, ValueError, KeyError, TypeError, struct.error):
        return None


def _narrow(values: "array[float]") -> "array[float]":
    """The column in 32 bits, if that loses nothing (a NaN's payload apart)."""
    try:
        narrow = array("f", values)
    except OverflowError:
        return values
    return narrow if all(map(_same, narrow, values)) else values


def _same(a: float, b: float) -> bool:
    return a == b or a != a


def _column(part: list[Any], columns: memoryview) -> "array[Any]":
    code, first, count = part
    found = array(code)
    data = columns[first : first + count * found.itemsize]
    if len(data) != count * found.itemsize:
        raise ValueError("a column is cut short")
    found.frombytes(data)
    return array("d", found) if code == "f" else found


def _curve(item: dict[str, Any], columns: memoryview) -> Series:
    curve = Series()
    curve.steps = _column(item["steps"], columns)
    curve.values = _column(item["values"], columns)
    if len(curve.steps) != len(curve.values):
        raise ValueError("steps and values differ in number")
    curve.set_levels([(_column(low, columns), _column(high, columns)) for low, high in item["levels"]])
    return curve
