"""When are two crashes the same? Pure text work, used to stop a study that would only repeat an error."""

import re
from collections.abc import Sequence

from automl.state import TrialState

_NUMBER = re.compile(r"0x[0-9a-f]+|\d[\d,._]*(?:e[+-]?\d+)?", re.IGNORECASE)
_PATH = re.compile(r"(?:/[\w.+-]+){2,}")


def end_of_log(lines: Sequence[str], at_most: int = 30) -> list[str]:
    """What a log says last: its last traceback if it has one, without the lines of carets, else its last lines."""
    kept = [line for line in lines if line.strip(" ^~")]
    starts = [index for index, line in enumerate(kept) if line.startswith("Traceback (most recent call last)")]
    return list(kept[starts[-1] :] if starts else kept)[-at_most:]


def crash_signature(detail: str | None) -> str:
    """The last line of a crash with everything that differs between trials left out."""
    lines = [line.strip() for line in (detail or "").splitlines() if line.strip()]
    if not lines:
        return "no message"
    return _NUMBER.sub("#", _PATH.sub("<path>", lines[-1]))[:200]


def equal_crashes(finished: Sequence[TrialState], count: int) -> bool:
    """Whether the last `count` trials, in the order they ended, all crashed and in the same way."""
    recent = finished[-count:]
    if len(recent) < count or any(trial.state != "failed" for trial in recent):
        return False
    return len({crash_signature(trial.end_detail) for trial in recent}) == 1
