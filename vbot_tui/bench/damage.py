"""Ways to hurt bytes, numbers and texts; seeded, so that a case can be played again."""

import math
import random

HOSTILE = (
    math.nan, math.inf, -math.inf, 0.0, -0.0, 1e38, -1e38, 3.4028234663852886e38, 1e-45, -1e-45, 1.0, -1.0, 1e-12, 1e12,
)  # fmt: skip
"""Numbers that a 32-bit float can be."""
_LETTERS = "abc/._-é漢字🤖\x1b[31m\x00\n\r\t\u202e\u0301 "


def hurt(data: bytes, chance: random.Random) -> tuple[bytes, int]:
    """Return damaged bytes, and how many of the first are as they were."""
    if not data:
        return data, 0
    at = chance.randrange(len(data))
    stop = min(len(data), at + chance.randrange(1, 300))
    match chance.randrange(5):
        case 0:
            return data[:at], at
        case 1:
            return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :], at
        case 2:
            return data[:at] + chance.randbytes(stop - at) + data[stop:], at
        case 3:
            return data[:at] + data[stop:], at
        case _:
            return data[:at] + chance.choice([bytes(stop - at), chance.randbytes(stop - at)]) + data[at:], at


def numbers(chance: random.Random, most: int = 400) -> list[float]:
    """Return a curve of ordinary and hostile numbers."""
    count = chance.choice([0, 1, 2, 3, chance.randrange(most)])
    bad = chance.choice([0.0, 0.05, 0.5, 1.0])
    return [chance.choice(HOSTILE) if chance.random() < bad else chance.gauss(0, 10) for _ in range(count)]


def word(chance: random.Random, most: int = 30) -> str:
    """Return a text that somebody may have put into a file."""
    length = chance.choice([0, 1, chance.randrange(1, most), 5000 if chance.random() < 0.05 else 3])
    return "".join(chance.choice(_LETTERS) for _ in range(length))


def document(chance: random.Random, depth: int = 0) -> object:
    """Return anything that JSON can say."""
    kind = chance.randrange(8 if depth < 3 else 6)
    if kind == 6:
        return [document(chance, depth + 1) for _ in range(chance.randrange(4))]
    if kind == 7:
        return {word(chance, 8): document(chance, depth + 1) for _ in range(chance.randrange(4))}
    return (None, True, chance.randrange(-(10**18), 10**18), chance.choice(HOSTILE), word(chance), "")[kind]
