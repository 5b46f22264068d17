"""How the cockpit was left: which study and trial, filter, order, page, draft; and the rows that were in sight.

Kept in the workspace's ``view`` folder, which may be deleted: then everything is as on the first day. Nothing here is
believed blindly; what does not fit is left out. No Textual, and light: it is read before the first paint.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vbot_tui.model import TrialRow

FILE = "seat.json"
SCHEMA = 1
ROWS = 120
_ROW_FIELDS = (
    "run_id", "study_id", "number", "label", "state", "phase", "env_steps", "total_env_steps", "steps_per_s", "eta_s",
    "score", "success", "spark", "updated", "interval_s", "notes", "end_reason", "end_detail", "params",
)  # fmt: skip


@dataclass(frozen=True)
class Seat:
    """What a person had before them."""

    study: str = ""
    selected: str = ""
    filter: str = ""
    sort: str = ""
    reverse: bool = False
    marked: tuple[str, ...] = ()
    pane: str = ""
    large: bool = False
    trial: str = ""  # the trial on a screen of its own, and its page
    page: str = ""
    draft: str = ""


def save(path: Path, seat: Seat, rows: Sequence["TrialRow"]) -> None:
    """Keep how the cockpit is now; ``rows`` are those from the top of the table on, in their order.

    Raises:
        OSError: It could not be written; what was kept before stays.
    """
    from sessions.files import write_atomic

    kept = [{name: getattr(row, name) for name in _ROW_FIELDS} | {"flags": _names(row)} for row in rows[:ROWS]]
    values = {item.name: getattr(seat, item.name) for item in fields(Seat)}
    write_atomic(path, json.dumps({"schema": SCHEMA, "seat": values, "rows": kept}) + "\n", durable=False)


def _names(row: "TrialRow") -> list[str]:
    return [flag.name for flag in row.flags]


def load(path: Path) -> tuple[Seat, list[dict[str, Any]]]:
    """Return how the cockpit was left, and the rows as plain values; the defaults where nothing fits."""
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        found = json.loads(path.read_bytes())
        if found["schema"] == SCHEMA:
            rows = [row for row in found["rows"] if isinstance(row, dict)]
            return _seat(found["seat"]), rows
    return Seat(), []


def _seat(values: Mapping[str, Any]) -> Seat:
    good: dict[str, Any] = {}
    for item in fields(Seat):
        value = values.get(item.name)
        if item.name == "marked":
            if isinstance(value, list) and all(isinstance(key, str) for key in value):
                good["marked"] = tuple(value)
        elif type(value) is type(item.default):
            good[item.name] = value
    return Seat(**good)


def rows_of(kept: Sequence[Mapping[str, Any]]) -> "list[TrialRow]":
    """Return kept rows as the table draws them; what is no row is left out."""
    from vbot_tui.model import FlagView, TrialRow

    out = []
    for item in kept:
        with suppress(KeyError, TypeError, ValueError):
            values = {name: item[name] for name in _ROW_FIELDS}
            values["spark"] = tuple(float(value) for value in item["spark"])
            values["params"] = tuple((str(key), str(value)) for key, value in item["params"])
            for name in ("steps_per_s", "eta_s", "score", "success", "updated", "interval_s"):
                values[name] = float(item[name])
            for name in ("env_steps", "total_env_steps", "notes"):
                values[name] = int(item[name])
            flags = tuple(FlagView(str(name), str(name), "", "", (), 0.0, "") for name in item["flags"])
            out.append(TrialRow(**values, flags=flags))
    return out
