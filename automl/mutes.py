"""Flags that somebody has seen and does not want to hear of again, for one run: `muted.json` in its directory."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from automl.flags import FLAG_NAMES
from sessions.errors import CorruptFileError, NotFoundError, UsageError
from sessions.files import read_json, to_json, utc_now, write_atomic
from sessions.runs import RunDir

MUTED_NAME = "muted.json"
SCHEMA = 1


@dataclass(frozen=True)
class Mute:
    """One silenced flag: who did it, when, and why."""

    who: str
    at: str
    why: str = ""


def mutes(run: RunDir) -> dict[str, Mute]:
    """The silenced flags of a run; none when the file cannot be read, so that a flag is rather heard than lost."""
    try:
        rows: Mapping[str, Mapping[str, str]] = read_json(run.path / MUTED_NAME)["muted"]
        return {str(flag): Mute(str(row["who"]), str(row["at"]), str(row.get("why", ""))) for flag, row in rows.items()}
    except (NotFoundError, CorruptFileError, OSError, KeyError, TypeError, AttributeError):
        return {}


def muted(run: RunDir) -> frozenset[str]:
    """The names of the silenced flags of a run."""
    return frozenset(mutes(run))


def mute(run: RunDir, flag: str, who: str, why: str = "") -> None:
    """Silence a flag of a run.

    Raises:
        UsageError: there is no such flag.
        OSError: it could not be written.
    """
    _write(run, {**mutes(run), _known(flag): Mute(who, utc_now(), why)})


def unmute(run: RunDir, flag: str) -> bool:
    """Let a flag be heard again; whether it had been silenced.

    Raises:
        UsageError: there is no such flag.
        OSError: it could not be written.
    """
    rows = mutes(run)
    found = rows.pop(_known(flag), None) is not None
    if found:
        _write(run, rows)
    return found


def _write(run: RunDir, rows: Mapping[str, Mute]) -> None:
    content = {"schema": SCHEMA, "muted": {flag: asdict(row) for flag, row in sorted(rows.items())}}
    write_atomic(run.path / MUTED_NAME, to_json(content, indent=1) + "\n")


def _known(flag: str) -> str:
    from vbot_sim.settings import nearest

    if flag not in FLAG_NAMES:
        raise UsageError(f"there is no flag '{flag}'.{nearest(flag, FLAG_NAMES)}")
    return flag
