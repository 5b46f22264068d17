"""The event log of a study: append-only JSON lines with a checksum, the only truth about what was decided.

Nothing here knows what an event means (see `automl.state`). Three promises are kept: an event that `append` returned
for is on disk, a write that was cut short by a crash disappears without a trace, and damage to an accepted event is
refused with its place instead of being guessed around.
"""

import json
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sessions.errors import CorruptFileError, WorkFailed

Event = Mapping[str, Any]


class JournalWriteError(WorkFailed):
    """An event could not be put on disk; the log is as it was before."""


@dataclass(frozen=True)
class JournalContent:
    """What a log holds: its events, and how many bytes of an unfinished write stand behind them."""

    events: tuple[dict[str, Any], ...]
    good_bytes: int
    torn_bytes: int


def encode_line(event: Event) -> bytes:
    """One line of the log: checksum, blank, strict JSON, newline."""
    body = json.dumps(event, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    return b"%08x " % zlib.crc32(body) + body + b"\n"


def decode_line(line: bytes) -> dict[str, Any] | None:
    """The event of one line with its newline, or None when the line is not one that `encode_line` made."""
    checksum, _, body = line.rstrip(b"\n").partition(b" ")
    if checksum != b"%08x" % zlib.crc32(body):
        return None
    event = json.loads(str(body, "utf-8"))  # bytes would be searched for their encoding first
    return event if isinstance(event, dict) else None


def read_journal(path: Path) -> JournalContent:
    """Read a log without changing it.

    Raises:
        CorruptFileError: an event that had been accepted is damaged or missing.
    """
    raw = path.read_bytes() if path.exists() else b""
    events: list[dict[str, Any]] = []
    offset = 0
    for line in _split_lines(raw):
        event = decode_line(line) if line.endswith(b"\n") else None
        if event is None:
            if offset + len(line) == len(raw) and _is_torn(line):
                return JournalContent(tuple(events), offset, len(line))
            raise _damage(path, len(events) + 1, offset, "does not match its checksum")
        if event.get("seq") != len(events):
            raise _damage(path, len(events) + 1, offset, f"has number {event.get('seq')} instead of {len(events)}")
        events.append(event)
        offset += len(line)
    return JournalContent(tuple(events), offset, 0)


class Journal:
    """The one writer of a log. Opening it cuts off an unfinished last write; `cut_bytes` says how much that was."""

    def __init__(self, path: Path) -> None:
        content = read_journal(path)
        self.path = path
        self.cut_bytes = content.torn_bytes
        self._events = list(content.events)
        self._end = content.good_bytes
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        if content.torn_bytes:
            self._restore_end()

    def read(self) -> tuple[dict[str, Any], ...]:
        """All events, oldest first."""
        return tuple(self._events)

    def append(self, event: Event) -> dict[str, Any]:
        """Put one event on disk, numbered, and return it as stored.

        Raises:
            JournalWriteError: the disk refused it; the log still ends with the event before.
        """
        stored = {"seq": len(self._events), **event}
        line = encode_line(stored)
        try:
            if os.fstat(self._fd).st_size != self._end:
                self._restore_end()
            if os.pwrite(self._fd, line, self._end) != len(line):
                raise OSError("the disk took only part of it")
            os.fsync(self._fd)
        except OSError as error:
            self._drop_partial_write()
            reason = error.strerror or str(error)
            raise JournalWriteError(
                f"event '{event.get('type')}' was not saved in {self.path}: {reason}; "
                "free some space there, nothing that was saved before is lost"
            ) from error
        self._end += len(line)
        self._events.append(stored)
        return stored

    def close(self) -> None:
        """Close the file; the log stays readable by `read`."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _restore_end(self) -> None:
        os.ftruncate(self._fd, self._end)
        os.fsync(self._fd)

    def _drop_partial_write(self) -> None:
        try:
            self._restore_end()
        except OSError:
            # The next append compares the size first and tries again, so nothing can be written behind a torn line.
            return


def _split_lines(raw: bytes) -> list[bytes]:
    """Lines by newline only: a carriage return inside a line is data or damage, never an end."""
    parts = raw.split(b"\n")
    lines = [part + b"\n" for part in parts[:-1]]
    return [*lines, parts[-1]] if parts[-1] else lines


def _is_torn(line: bytes) -> bool:
    """A write that was cut short has no newline; after a power loss its blocks may also read as zeros."""
    return not line.endswith(b"\n") or b"\0" in line


def _damage(path: Path, line: int, offset: int, what: str) -> CorruptFileError:
    return CorruptFileError(
        f"{path} is damaged: line {line} (byte {offset}) {what}, "
        "so the decisions after it cannot be trusted; restore the file from a copy"
    )
