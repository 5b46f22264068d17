"""When the person last looked: one time in `view/looked.json`, moved by looking and by nothing else."""

import contextlib

from sessions.errors import UsageError, VbotError
from sessions.files import parse_utc, read_json, to_json, utc_now, write_atomic
from sessions.workspace import Workspace

FILE_NAME = "looked.json"


def last_look(workspace: Workspace) -> str | None:
    """The time of the last look; None when there was none, or it cannot be read."""
    try:
        data = read_json(workspace.view / FILE_NAME)
        at = data["at"]
    except (VbotError, OSError, KeyError, TypeError):
        return None
    return at if isinstance(at, str) and parse_utc(at) is not None else None


def mark_looked(workspace: Workspace, at: str) -> None:
    """Remember that the person looked; an unwritable workspace forgets it."""
    with contextlib.suppress(OSError):
        workspace.view.mkdir(exist_ok=True)
        write_atomic(workspace.view / FILE_NAME, to_json({"at": at}) + "\n")


_UNITS_S = {"m": 60.0, "min": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}


def parse_since(text: str, now_s: float) -> str:
    """A time as a person gives it: ISO-8601 (`2026-11-23`, `2026-11-23T04:35`), or how long ago (`90m`, `8h`, `2d`).

    Raises:
        UsageError: it is neither.
    """
    digits = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    unit = _UNITS_S.get(text[len(digits) :])
    if unit is not None:
        with contextlib.suppress(ValueError):
            return utc_now(lambda: now_s - float(digits) * unit)
    moment = parse_utc(text)
    if moment is None:
        raise UsageError(f"{text!r} is no time; write 2026-11-23, 2026-11-23T04:35, or how long ago: 90m, 8h, 2d")
    return utc_now(lambda: moment)
