"""The one way to replace a file, to append a line, and to read both back.

Everything durable in a workspace goes through here: a reader sees the old content or the new one, never half of either,
and a line that a crash or a full disk cut short costs that line only. No knowledge of what the files mean belongs here.
"""

import json
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from sessions.errors import CorruptFileError, NotFoundError

Clock = Callable[[], float]

_serial = count()


def utc_now(clock: Clock = time.time) -> str:
    """The current time as ISO-8601 in UTC with milliseconds, so that sorting the text sorts the times."""
    return format_utc(clock())


def format_utc(epoch_s: float) -> str:
    """Seconds since 1970 as `2026-11-23T04:35:07.123Z`."""
    moment = datetime.fromtimestamp(epoch_s, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def parse_utc(text: str) -> float | None:
    """Seconds since 1970 of an ISO-8601 time, None when the text is not one; a time without a zone is taken as UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except (ValueError, TypeError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def fsync_dir(path: Path) -> None:
    """Make renames and new names in a directory survive a power cut."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def write_atomic(path: Path | str, content: str | bytes, durable: bool = True) -> None:
    """Replace a file in one step: readers see the old content or the new one.

    Args:
        path: The file; its directory must exist.
        content: Text is written as UTF-8.
        durable: Also wait until the disk has it. False for what is rewritten every second: a power cut may lose it.

    Raises:
        OSError: Nothing was changed (disk full, no permission); no temporary file is left.
    """
    path = Path(path)
    data = content.encode() if isinstance(content, str) else content
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{next(_serial)}.tmp")
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        try:
            _write_all(fd, data)
            if durable:
                os.fsync(fd)
        finally:
            os.close(fd)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        fsync_dir(path.parent)


def _write_all(fd: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


def append_line(path: Path | str, line: str, durable: bool = True) -> None:
    """Append one line with one O_APPEND write, so that several processes may append to the same file.

    A line that an earlier crash cut short is closed first, so the damage stays within it.

    Raises:
        ValueError: The text holds a line break.
        OSError: The line is not, or not wholly, in the file (disk full, no permission).
    """
    if "\n" in line or "\r" in line:
        raise ValueError("a line must not hold a line break")
    data = line.encode() + b"\n"
    fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        size = os.fstat(fd).st_size
        if size and os.pread(fd, 1, size - 1) != b"\n":
            data = b"\n" + data
        written = os.write(fd, data)
        if written < len(data):
            _write_all(fd, data[written:])
        if durable:
            os.fsync(fd)
    finally:
        os.close(fd)


def to_json(value: object, indent: int | None = None) -> str:
    """Strict JSON: NaN and infinities become null, because other readers refuse them."""
    return json.dumps(_finite(value), ensure_ascii=False, allow_nan=False, indent=indent)


def _finite(value: object) -> object:
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def read_json(path: Path | str) -> Any:  # noqa: ANN401 - JSON is anything
    """The content of a JSON file.

    Raises:
        NotFoundError: There is no such file.
        CorruptFileError: The file is not JSON.
    """
    try:
        data = Path(path).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise NotFoundError(f"there is no file {path}") from None
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise CorruptFileError(f"{path} is not valid JSON ({error}); restore it from a copy or remove it") from None


@dataclass(frozen=True)
class JsonLines:
    """What a file of one JSON object per line holds."""

    rows: tuple[dict[str, Any], ...]
    bad_lines: tuple[int, ...]  # numbers (from 1) of complete lines that are not a JSON object
    torn: bool  # the last line has no line break yet and is left out


def read_jsonl(path: Path | str) -> JsonLines:
    """Read a file of one JSON object per line; damaged lines are named, a line still being written is left out.

    A file that does not exist holds no lines.
    """
    try:
        data = Path(path).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return JsonLines((), (), False)
    *lines, tail = data.split(b"\n")
    rows: list[dict[str, Any]] = []
    bad: list[int] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        row = _object_or_none(line)
        if row is None:
            bad.append(number)
        else:
            rows.append(row)
    return JsonLines(tuple(rows), tuple(bad), bool(tail))


def _object_or_none(line: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def read_tail(path: Path | str, lines: int = 20, max_bytes: int = 16_384) -> tuple[str, ...]:
    """The last lines of a log, without control characters; empty when there is no such file."""
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            data = os.pread(file.fileno(), max_bytes, max(0, size - max_bytes))
    except OSError:
        return ()
    text = data.decode(errors="replace")
    cleaned = (
        "".join(c for c in line.rsplit("\r", 1)[-1] if c.isprintable() or c == "\t") for line in text.split("\n")
    )
    return tuple(line.rstrip() for line in cleaned if line.strip())[-lines:]
