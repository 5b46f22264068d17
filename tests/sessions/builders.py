"""Small builders for the tests of `sessions`: event files encoded by hand, and runs."""

import struct
from collections.abc import Iterable, Mapping
from pathlib import Path

from sessions.runs import RunDir, RunRecord, this_host
from sessions.workspace import Workspace


def slow_crc32c(data: bytes) -> int:
    """Bit by bit, after the definition (reflected polynomial 0x82F63B78); independent of the code under test."""
    register = 0xFFFFFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0x82F63B78 if register & 1 else 0)
    return register ^ 0xFFFFFFFF


def slow_masked(data: bytes) -> int:
    crc = slow_crc32c(data)
    return ((crc >> 15 | crc << 17 & 0xFFFFFFFF) + 0xA282EAD8) & 0xFFFFFFFF


def frame(payload: bytes) -> bytes:
    header = struct.pack("<Q", len(payload))
    return header + struct.pack("<I", slow_masked(header)) + payload + struct.pack("<I", slow_masked(payload))


def varint(value: int) -> bytes:
    value &= 0xFFFFFFFFFFFFFFFF
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def field(number: int, wire: int, content: bytes) -> bytes:
    length = varint(len(content)) if wire == 2 else b""
    return varint(number << 3 | wire) + length + content


def scalar(tag: str, value: float) -> bytes:
    return field(1, 2, field(1, 2, tag.encode()) + field(2, 5, struct.pack("<f", value)))


def event(step: int, values: Iterable[bytes], wall_time: float = 1000.0) -> bytes:
    return field(1, 1, struct.pack("<d", wall_time)) + field(2, 0, varint(step)) + field(5, 2, b"".join(values))


def record(step: int, values: Mapping[str, float], wall_time: float = 1000.0) -> bytes:
    """One framed event with all the values packed."""
    return frame(event(step, [scalar(tag, value) for tag, value in values.items()], wall_time))


def version_record() -> bytes:
    return frame(field(1, 1, struct.pack("<d", 999.0)) + field(3, 2, b"brain.Event:2"))


def append(path: Path, *chunks: bytes) -> None:
    with open(path, "ab") as file:
        file.write(b"".join(chunks))


def make_workspace(tmp_path: Path) -> Workspace:
    return Workspace.open(tmp_path / "ws")


def make_run(ws: Workspace, run_id: str = "20260101-000000-alpha-aaaa0001", **facts: object) -> RunDir:
    known = {"kind": "trial", "env": "vbot_navigation_section001", "host": this_host(), **facts}
    return RunDir.create(ws.runs, RunRecord(id=run_id, **known), {"config.yaml": "schema: 1\n"})  # type: ignore[arg-type]
