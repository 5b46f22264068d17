"""Writes standard TensorBoard event files: one Event per update with all tags, on disk as soon as it is written.

The encoding is written out (thirty lines) because TensorBoard's own writer buffers for minutes and costs an import. A
resumed run cuts its file back to the length its checkpoint knows, so that no record appears twice.
"""

import os
import struct
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from sessions.crc32c import masked_crc32c

Clock = Callable[[], float]


def encode_scalars(wall_time: float, step: int, values: Mapping[str, float]) -> bytes:
    """The bytes of ``Event{wall_time, step, summary{value{tag, simple_value}...}}``."""
    summary = b"".join(_value(tag, value) for tag, value in values.items())
    return b"\x09" + struct.pack("<d", wall_time) + b"\x10" + _varint(step) + b"\x2a" + _varint(len(summary)) + summary


def encode_header(wall_time: float) -> bytes:
    """The bytes of the event that every file begins with."""
    version = b"brain.Event:2"
    return b"\x09" + struct.pack("<d", wall_time) + b"\x1a" + _varint(len(version)) + version


def frame(payload: bytes) -> bytes:
    """A record: length, its checksum, payload, its checksum."""
    length = struct.pack("<Q", len(payload))
    return b"".join(
        (length, struct.pack("<I", masked_crc32c(length)), payload, struct.pack("<I", masked_crc32c(payload)))
    )


def _value(tag: str, value: float) -> bytes:
    name = tag.encode()
    body = b"\x0a" + _varint(len(name)) + name + b"\x15" + struct.pack("<f", value)
    return b"\x0a" + _varint(len(body)) + body


def _varint(number: int) -> bytes:
    out = bytearray()
    while number >= 128:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


class EventWriter:
    """Appends records to one event file; a record is wholly in the file or not at all."""

    def __init__(self, folder: Path, resume: tuple[str, int] | None = None, clock: Clock = time.time) -> None:
        """Start a new file in ``folder``, or continue one.

        Args:
            folder: the run's directory.
            resume: name and length of the file to continue, as a checkpoint remembers them.
            clock: seconds since 1970.
        """
        self._clock = clock
        if resume is not None and (folder / resume[0]).is_file() and (folder / resume[0]).stat().st_size >= resume[1]:
            self.path, self.length = folder / resume[0], resume[1]
            self._fd = os.open(self.path, os.O_WRONLY | os.O_CLOEXEC)
            os.ftruncate(self._fd, self.length)
            return
        self.path, self.length = _new_path(folder, int(clock())), 0
        self._fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        self._append(frame(encode_header(clock())))

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Append one record.

        Raises:
            OSError: the disk is full or failing; the file is as before.
        """
        self._append(frame(encode_scalars(self._clock(), step, values)))

    def _append(self, record: bytes) -> None:
        try:
            done = 0
            while done < len(record):
                done += os.pwrite(self._fd, record[done:], self.length + done)
        except OSError:
            os.ftruncate(self._fd, self.length)
            raise
        self.length += len(record)

    def sync(self) -> None:
        """Wait until the disk has everything."""
        os.fsync(self._fd)

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)


def _new_path(folder: Path, start: int) -> Path:
    host, pid = os.uname().nodename, os.getpid()
    serial = 0
    while True:
        path = folder / f"events.out.tfevents.{start}.{host}.{pid}.{serial}"
        if not path.exists():
            return path
        serial += 1
