"""Reading a growing TensorBoard event file: each call returns the records that were added since the last one.

The file is never trusted. A record counts only when both of its checksums hold; a torn tail is waited for; damage in
the middle is stepped over to the next sound record and counted; a file that was truncated or replaced is read anew
under a new generation number. Nothing here raises on what a file holds. What records mean, and where their numbers are
kept, belongs to `sessions.series`.

Training writes the same set of tags again and again, so the second record of a kind is not parsed: its layout is
remembered, one `struct` call takes it apart, the fixed bytes are compared with the remembered ones, and its checksum is
computed from the numbers alone (`sessions.crc32c`).
"""

import os
import re
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from sessions.crc32c import MASK, AdvanceTables, advance_tables, masked, masked_crc32c, run
from sessions.event_proto import Malformed, ParsedEvent, Plugins, parse_event

CHUNK_BYTES: Final = 1 << 20
MAX_RECORD_BYTES: Final = 64 << 20
_HEADER: Final = struct.Struct("<QI")
_WORD: Final = struct.Struct("<I")
_DOUBLE: Final = struct.Struct("<d")
_ZEROS: Final = re.compile(rb"\0{4,}")
_MARK_BYTES: Final = 32
_MAX_SHAPES: Final = 2048
_LONG_PAYLOAD: Final = 16_384


class Record(NamedTuple):
    """The scalars of one event."""

    step: int
    wall_time: float
    tags: tuple[str, ...]  # records of one kind share this tuple
    numbers: tuple[float, ...]

    @property
    def values(self) -> dict[str, float]:
        """Numbers by tag; the last one where a tag repeats."""
        return dict(zip(self.tags, self.numbers, strict=True))


class Place(NamedTuple):
    """Where the reading of a file stopped, and how to tell that it is still the same file."""

    device: int
    inode: int
    offset: int
    mark: bytes  # the bytes before the offset
    bad: int  # damaged records so far


@dataclass(frozen=True)
class _Shape:
    """What is always the same in records of one kind."""

    tags: tuple[str, ...]
    fixed_register: int  # CRC register, from 0, over the body with its numbers set to zero
    gaps: tuple[
        AdvanceTables, ...
    ]  # over the bytes before the first number, then over each number and the bytes after it


class _Layout:
    """Where the numbers of a body are; several shapes can share it."""

    def __init__(self, offsets: tuple[int, ...], length: int) -> None:
        gaps = [end - start for start, end in zip((0, *(o + 4 for o in offsets)), (*offsets, length), strict=True)]
        self.gaps = gaps
        self.split = struct.Struct("<" + "f".join(f"{gap}s" for gap in gaps)).unpack_from
        self.words = struct.Struct("<" + "I".join(f"{gap}x" for gap in gaps)).unpack_from
        self.shapes: dict[tuple[bytes, ...], _Shape] = {}

    def learn(self, body: bytes, tags: tuple[str, ...]) -> None:
        fixed = self.split(body, 0)[0::2]
        zeroed = b"\0\0\0\0".join(fixed)
        tables = tuple(advance_tables(gap + (4 if index else 0)) for index, gap in enumerate(self.gaps))
        self.shapes[fixed] = _Shape(tags, run(0, zeroed), tables)


class _Decoder:
    """Turns payloads into records, and remembers the shapes it has seen."""

    def __init__(self) -> None:
        self._layouts: dict[tuple[int, int], list[_Layout]] = {}
        self._count = 0
        self._plugins: Plugins = {}

    def decode(self, payload: bytes, stored_crc: int) -> Record | None:
        """The record of a payload, without scalars perhaps.

        Returns:
            None when the checksum does not hold.

        Raises:
            Malformed: The checksum holds but the payload is not an event.
        """
        start = _body_start(payload)
        if start:
            for layout in self._layouts.get((len(payload), start), ()):
                parts = layout.split(payload, start)
                shape = layout.shapes.get(parts[0::2])
                if shape is not None:
                    words = layout.words(payload, start)
                    if masked(_register(payload[:start], words, shape) ^ MASK) != stored_crc:
                        return None
                    return Record(
                        _short_varint(payload, start), _DOUBLE.unpack_from(payload, 1)[0], shape.tags, parts[1::2]
                    )
        if len(payload) > _LONG_PAYLOAD and not self._has_scalars(payload):
            return Record(0, 0.0, (), ())
        if masked_crc32c(payload) != stored_crc:
            return None
        event = parse_event(payload, self._plugins)
        tags = tuple(scalar.tag for scalar in event.scalars)
        if start and event.simple and tags and len(payload) <= _LONG_PAYLOAD:
            self._learn(payload, start, tags, event)
        return Record(event.step, event.wall_time, tags, tuple(scalar.value for scalar in event.scalars))

    def _has_scalars(self, payload: bytes) -> bool:
        """Whether a long payload is worth its checksum; pictures and histograms are passed over by length."""
        try:
            return bool(parse_event(payload, dict(self._plugins)).scalars)
        except Malformed:
            return True

    def _learn(self, payload: bytes, start: int, tags: tuple[str, ...], event: ParsedEvent) -> None:
        if self._count >= _MAX_SHAPES:
            self._layouts.clear()
            self._count = 0
        layout = _Layout(tuple(scalar.offset - start for scalar in event.scalars), len(payload) - start)
        layouts = self._layouts.setdefault((len(payload), start), [])
        layout = next((known for known in layouts if known.gaps == layout.gaps), layout)
        if layout not in layouts:
            layouts.append(layout)
        layout.learn(payload[start:], tags)
        self._count += 1


def _body_start(payload: bytes) -> int:
    """Where the body begins in a payload that starts with a wall time and a step below 2**35, 0 for any other."""
    if len(payload) < 12 or payload[0] != 0x09 or payload[9] != 0x10:
        return 0
    for position in range(10, min(15, len(payload))):
        if payload[position] < 0x80:
            return position + 1
    return 0


def _short_varint(payload: bytes, end: int) -> int:
    """The step of a payload whose body starts at `end`."""
    value = 0
    for byte in reversed(payload[10:end]):
        value = value << 7 | byte & 0x7F
    return value


def _register(head: bytes, words: tuple[int, ...], shape: _Shape) -> int:
    register = run(MASK, head)
    gaps = iter(shape.gaps)
    a, b, c, d = next(gaps)
    register = a[register & 255] ^ b[register >> 8 & 255] ^ c[register >> 16 & 255] ^ d[register >> 24]
    for word, (a, b, c, d) in zip(words, gaps, strict=True):
        register ^= word
        register = a[register & 255] ^ b[register >> 8 & 255] ^ c[register >> 16 & 255] ^ d[register >> 24]
    return register ^ shape.fixed_register


class EventFileReader:
    """Follows one event file."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.generation = 0  # raised when the file turned out to be another one: forget what came before
        self.bad_records = 0
        self.backlog_bytes = 0  # what is known to be in the file and was not looked at yet
        self._identity: tuple[int, int] | None = None
        self._offset = 0
        self._seen_size = 0
        self._mark = b""  # the bytes before the offset, to notice a file that was cut and has grown again
        self._suspect = False  # the tail looks damaged, or is still being written
        self._decoder = _Decoder()
        self._length_crcs: dict[int, int] = {}

    @property
    def badge(self) -> str | None:
        """One phrase about damage, None for a sound file."""
        count = self.bad_records + self._suspect
        return f"{count} damaged record{'s' if count > 1 else ''} in {self.path.name}" if count else None

    @property
    def has_backlog(self) -> bool:
        """Whether the last call stopped for lack of time."""
        return self.backlog_bytes > 0

    @property
    def place(self) -> Place | None:
        """Where reading goes on; None before the first look, and behind a tail that looks damaged."""
        if self._identity is None or self._suspect:
            return None
        return Place(*self._identity, self._offset, self._mark, self.bad_records)

    def resume(self, place: Place) -> bool:
        """Go on from a place where another reader of this file stopped.

        Returns:
            Whether the file still is that one; if not, nothing has happened.
        """
        try:
            with open(self.path, "rb") as file:
                info = os.fstat(file.fileno())
                self._offset, self._mark = place.offset, place.mark
                before, self._identity = self._identity, (place.device, place.inode)
                same = self._continues(file.fileno(), (info.st_dev, info.st_ino), info.st_size)
        except OSError:
            return False
        if not same:
            self._offset, self._mark, self._identity = 0, b"", before
            return False
        self.bad_records = place.bad
        return True

    def read_new(self, budget_s: float | None = None, clock: Callable[[], float] = time.perf_counter) -> list[Record]:
        """The records added since the last call; empty when there are none, or the file is gone.

        Args:
            budget_s: Stop after about this time; `has_backlog` then says to call again.
            clock: Source of seconds for the budget.
        """
        deadline = None if budget_s is None else clock() + budget_s
        try:
            fd = self._open_if_grown()
        except OSError:
            self.backlog_bytes = 0
            return []
        if fd is None:
            return []
        try:
            return self._read(fd, deadline, clock)
        except OSError:
            return []
        finally:
            os.close(fd)

    def _open_if_grown(self) -> int | None:
        info = os.stat(self.path)
        same = self._identity == (info.st_dev, info.st_ino)
        if same and info.st_size == self._seen_size and not self.backlog_bytes:
            return None
        fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        info = os.fstat(fd)
        identity = (info.st_dev, info.st_ino)
        if self._identity is not None and not self._continues(fd, identity, info.st_size):
            self._start_over()
        self._identity = identity
        self._seen_size = info.st_size
        return fd

    def _continues(self, fd: int, identity: tuple[int, int], size: int) -> bool:
        if identity != self._identity or size < self._offset:
            return False
        return os.pread(fd, len(self._mark), self._offset - len(self._mark)) == self._mark

    def _start_over(self) -> None:
        self.generation += 1
        self.bad_records = 0
        self._offset = 0
        self._mark = b""
        self._suspect = False
        self._decoder = _Decoder()

    def _read(self, fd: int, deadline: float | None, clock: Callable[[], float]) -> list[Record]:
        records: list[Record] = []
        want = CHUNK_BYTES
        while True:
            data = os.pread(fd, want, self._offset)
            at_end = len(data) < want or self._offset + len(data) >= self._seen_size
            used, need, in_time = self._scan(data, at_end, records, deadline, clock)
            self._advance(fd, data, used)
            in_time = in_time and (at_end or deadline is None or clock() < deadline)
            self.backlog_bytes = 0 if at_end and in_time else max(0, self._seen_size - self._offset)
            if at_end or not in_time or not data:
                return records
            want = max(CHUNK_BYTES, need)

    def _advance(self, fd: int, data: bytes, used: int) -> None:
        if used >= _MARK_BYTES:
            self._mark = data[used - _MARK_BYTES : used]
        elif used:
            begin = max(0, self._offset + used - _MARK_BYTES)
            self._mark = os.pread(fd, self._offset + used - begin, begin)
        self._offset += used

    def _scan(
        self, data: bytes, at_end: bool, records: list[Record], deadline: float | None, clock: Callable[[], float]
    ) -> tuple[int, int, bool]:
        """Take whole records off the front of the data.

        Returns:
            How many bytes are dealt with, how many the next look needs to see, and whether time was left.
        """
        position = 0
        self._suspect = False
        decode = self._decoder.decode
        for count in range(1, len(data) // 16 + 2):
            length = self._record_length(data, position)
            if length is None:
                return position, 0, True
            end = position + 16 + length
            record: Record | None = None
            if length >= 0:
                if end > len(data):
                    following = self._sound_record(data, position + 1, len(data)) if at_end else None
                    if following is None:
                        return position, end - position, True
                    self.bad_records += 1  # it was never finished, and the writer went on behind it
                    position = following
                    continue
                payload = data[position + 12 : end - 4]
                try:
                    record = decode(payload, _WORD.unpack_from(data, end - 4)[0])
                except Malformed:
                    self.bad_records += 1
                    position = end
                    continue
            if record is None:
                following = self._after_damage(data, position, end if length >= 0 else None)
                if following is None:
                    return self._give_up_or_wait(data, position, at_end)
                self.bad_records += 1
                position = following
                continue
            if record.tags:
                records.append(record)
            position = end
            if deadline is not None and count % 16 == 0 and clock() >= deadline:
                return position, 0, position >= len(data) and at_end
        return position, 0, True

    def _record_length(self, data: bytes, position: int) -> int | None:
        """Payload length of the record that starts here, None when its header is incomplete, -1 when it is damaged."""
        if len(data) - position < 12:
            return None
        length, stored = _HEADER.unpack_from(data, position)
        if length > MAX_RECORD_BYTES:
            return -1
        known = self._length_crcs.get(length)
        if known is None:
            if len(self._length_crcs) > 10_000:
                self._length_crcs.clear()
            known = self._length_crcs[length] = masked_crc32c(data[position : position + 8])
        return length if stored == known else -1

    def _sound_record(self, data: bytes, start: int, limit: int) -> int | None:
        """Where a complete record with sound checksums starts, from one place to before another."""
        candidate = self._next_header(data, start)
        while candidate is not None and candidate < limit:
            end = candidate + 16 + _HEADER.unpack_from(data, candidate)[0]
            if end <= len(data):
                payload = data[candidate + 12 : end - 4]
                if masked_crc32c(payload) == _WORD.unpack_from(data, end - 4)[0]:
                    return candidate
            candidate = self._next_header(data, candidate + 1)
        return None

    def _after_damage(self, data: bytes, position: int, end: int | None) -> int | None:
        """Where reading goes on: at a sound record within the damaged one, else right after it, else further behind."""
        if end is not None:
            within = self._sound_record(data, position + 1, end)
            if within is not None:
                return within
            length = self._record_length(data, end)
            if length is not None and length >= 0:
                return end
        return self._next_header(data, position + 1)

    def _next_header(self, data: bytes, start: int) -> int | None:
        """Where the next sound header of a record that is not empty starts, at or after a place."""
        for zeros in _ZEROS.finditer(data, start + 4):  # the upper half of a sound length is zero, the lower is not
            begin, end = zeros.span()
            for candidate in range(begin - 4, min(begin - 1, end - 8) + 1):
                length = self._record_length(data, candidate)
                if length is not None and length > 0:
                    return candidate
        return None

    def _give_up_or_wait(self, data: bytes, position: int, at_end: bool) -> tuple[int, int, bool]:
        """Damage, and nothing sound behind it in sight: look further, or wait for the file to grow."""
        if len(data) - position >= CHUNK_BYTES:
            self.bad_records += 1
            return len(data) - 11, 0, True
        self._suspect = at_end
        return position, CHUNK_BYTES + 16, True
