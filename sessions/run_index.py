"""The rows of runs that have ended, kept between two openings: with what their files looked like when they were read.

Worth exactly as much as the stamps say: a run of which any file has changed since is read again. The file may be
deleted or damaged at any time; then everything is read once more. No file of a run is opened here.
"""

import json
import zlib
from array import array
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sessions.files import write_atomic
from sessions.store import RunView

SCHEMA = 1
Stamp = tuple[int, int, int] | None
"""Time of the last change in ns, inode and size; None where there is no such file."""

_COLUMNS = ("sparkline", "metrics")
_PLAIN = tuple(item.name for item in fields(RunView) if item.name not in _COLUMNS)


@dataclass(frozen=True)
class Known:
    """What was known of a run, and the files that it was known from."""

    stamps: Mapping[str, Stamp]
    view: RunView


def save(path: Path, known: Mapping[str, Known]) -> None:
    """Write the index.

    Raises:
        OSError: It could not be written; the old one stays.
    """
    tag_sets: dict[tuple[str, ...], int] = {}
    runs = {name: _packed(item, tag_sets) for name, item in known.items()}
    text = json.dumps({"schema": SCHEMA, "tags": [list(tags) for tags in tag_sets], "runs": runs})
    data = text.encode()
    write_atomic(path, b"%08x\n" % zlib.crc32(data) + data, durable=False)


def load(path: Path) -> dict[str, Known]:
    """Read the index; one that is missing, damaged or of another version knows nothing."""
    try:
        head, data = path.read_bytes().split(b"\n", 1)
        if int(head, 16) != zlib.crc32(data):
            return {}
        found = json.loads(data)
        if found["schema"] != SCHEMA:
            return {}
        tag_sets = [tuple(tags) for tags in found["tags"]]
        return {name: _unpacked(item, tag_sets) for name, item in found["runs"].items()}
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return {}


def _packed(known: Known, tag_sets: dict[tuple[str, ...], int]) -> dict[str, Any]:
    view = known.view
    tags = tuple(view.metrics)
    return {
        "stamps": known.stamps,
        "view": [getattr(view, name) for name in _PLAIN],
        "spark": _numbers(view.sparkline),
        "tags": tag_sets.setdefault(tags, len(tag_sets)),
        "metrics": _numbers(view.metrics[tag] for tag in tags),
    }


def _unpacked(item: dict[str, Any], tag_sets: list[tuple[str, ...]]) -> Known:
    values = dict(zip(_PLAIN, item["view"], strict=True))
    values["badges"] = tuple(values["badges"])
    values["sparkline"] = tuple(_array(item["spark"]))
    metrics = dict(zip(tag_sets[item["tags"]], _array(item["metrics"]), strict=True))
    view = object.__new__(RunView)  # a thousand at once: the checks of a frozen class cost more than the reading
    view.__dict__.update(values, metrics=MappingProxyType(metrics))
    stamps = {name: tuple(stamp) if stamp is not None else None for name, stamp in item["stamps"].items()}
    return Known(stamps, view)


def _numbers(values: Any) -> str:  # noqa: ANN401 - any iterable of numbers
    return b64encode(array("d", values).tobytes()).decode()


def _array(text: str) -> "array[float]":
    out = array("d")
    out.frombytes(b64decode(text))
    return out
