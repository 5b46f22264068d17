"""CRC-32C (Castagnoli), the checksum of event files, in plain Python and fast where it matters.

The standard library has only the other CRC-32. A byte-wise loop would be the slowest part of reading a file, so records
whose bytes are known but for a few words are checked by linearity: a CRC register that runs over n zero bytes is a
linear function of the register, four table lookups whatever n is. `advance_tables(n)` gives those tables.
"""

from functools import lru_cache
from typing import Final

_POLYNOMIAL: Final = 0x82F63B78
MASK: Final = 0xFFFFFFFF

AdvanceTables = tuple[list[int], list[int], list[int], list[int]]


def _byte_table() -> list[int]:
    table = []
    for byte in range(256):
        register = byte
        for _ in range(8):
            register = (register >> 1) ^ (_POLYNOMIAL if register & 1 else 0)
        table.append(register)
    return table


TABLE: Final = _byte_table()


def crc32c(data: bytes) -> int:
    """The checksum of some bytes."""
    return run(MASK, data) ^ MASK


def masked_crc32c(data: bytes) -> int:
    """The checksum in the rotated form that event files store."""
    return masked(crc32c(data))


def masked(crc: int) -> int:
    """Rotate and shift a checksum, as event files do, so that a checksum over checksums stays useful."""
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & MASK


def run(register: int, data: bytes) -> int:
    """The register after some bytes."""
    table = TABLE
    for byte in data:
        register = table[(register ^ byte) & 0xFF] ^ (register >> 8)
    return register


@lru_cache(maxsize=1024)
def advance_tables(n: int) -> AdvanceTables:
    """Tables a b c d: register r, n zero bytes on, is a[r & 255] ^ b[r >> 8 & 255] ^ c[r >> 16 & 255] ^ d[r >> 24]."""
    zeros = bytes(n)
    images = [run(1 << bit, zeros) for bit in range(32)]
    first, second, third, fourth = (_span(images[start : start + 8]) for start in (0, 8, 16, 24))
    return first, second, third, fourth


def _span(images: list[int]) -> list[int]:
    """The images of all 256 combinations of eight bits."""
    table = [0]
    for image in images:
        table += [entry ^ image for entry in table]
    return table
