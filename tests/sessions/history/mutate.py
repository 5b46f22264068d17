"""Damage as it happens to real files: cut, merged, re-encoded, hand-edited, and plain noise. Seeded."""

import random
import re
from collections.abc import Callable

VALUES = (
    b"null", b"[]", b"{}", b"''", b"true", b".nan", b".inf", b"-1e999", b"1e5", b"NaN", b"'7'", b"1:30", b"2026-99-99",
    b"99999999999999999999999999999999", b"!!python/object/apply:os.system ['true']", b"!!python/name:os.system",
    b"!!python/tuple [1, 2]", b"*nowhere", b"!!binary '====='", b"!mine {a: 1}", b"[" * 200, b"{a: " * 90,
    b"!!python/object/apply:numpy._core.multiarray.scalar [1, 2]", b"&a [*a]", b"\xff\xfe", b"0x1F", b"? [a]",
)  # fmt: skip
KEYS = (b"trial", b"score", b"metrics", b"reward_config", b"hp_config", b"automl_id", b"results", b"experiments",
        b"status", b"run_tag", b"start_time", b"completed_at", b"trial_index", b"number")  # fmt: skip

Mutation = Callable[[random.Random, bytes], bytes]


def flip_bytes(dice: random.Random, data: bytes) -> bytes:
    out = bytearray(data)
    for _ in range(dice.randint(1, 12)):
        if out:
            out[dice.randrange(len(out))] = dice.randrange(256)
    return bytes(out)


def cut_end(dice: random.Random, data: bytes) -> bytes:
    return data[: dice.randrange(len(data) + 1)]


def cut_middle(dice: random.Random, data: bytes) -> bytes:
    start = dice.randrange(len(data) + 1)
    return data[:start] + data[start + dice.randint(1, 300) :]


def shuffle_lines(dice: random.Random, data: bytes) -> bytes:
    lines = data.split(b"\n")
    for _ in range(dice.randint(1, 6)):
        one, other = dice.randrange(len(lines)), dice.randrange(len(lines))
        what = dice.randrange(4)
        if what == 0:
            lines[one], lines[other] = lines[other], lines[one]
        elif what == 1:
            lines.insert(one, lines[other])
        elif what == 2 and len(lines) > 1:
            del lines[one]
        else:
            lines[one] = b" " * dice.randint(0, 9) + lines[one].lstrip()
    return b"\n".join(lines)


def merge_conflict(dice: random.Random, data: bytes) -> bytes:
    lines = data.split(b"\n")
    for _ in range(dice.randint(1, 3)):
        start, middle, end = sorted(dice.randrange(len(lines) + 1) for _ in range(3))
        marks = [(end, b">>>>>>> 0bc9b98"), (middle, b"======="), (start, b"<<<<<<< HEAD")]
        for place, mark in marks if dice.random() < 0.8 else dice.sample(marks, 2):
            lines.insert(place, mark)
    return b"\n".join(lines)


def other_value(dice: random.Random, data: bytes) -> bytes:
    places = [match.span(1) for match in re.finditer(rb":[ ]+([^\s,{\[][^,\n]*)", data)]
    for start, end in sorted(dice.sample(places, min(len(places), dice.randint(1, 4))), reverse=True):
        data = data[:start] + dice.choice(VALUES) + data[end:]
    return data


def other_key(dice: random.Random, data: bytes) -> bytes:
    places = [match.span(1) for match in re.finditer(rb"([A-Za-z_]{3,})\"?:", data)]
    for start, end in sorted(dice.sample(places, min(len(places), dice.randint(1, 4))), reverse=True):
        data = data[:start] + dice.choice(KEYS) + data[end:]
    return data


def reencode(dice: random.Random, data: bytes) -> bytes:
    text = data.decode("utf-8", "replace")
    encoding = dice.choice(("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "gb18030", "latin-1"))
    wide = text.encode(encoding, "replace")
    return data[: len(data) // 2] + wide if dice.random() < 0.2 else wide


def noise(dice: random.Random, data: bytes) -> bytes:
    return dice.randbytes(dice.randint(0, 3000))


MUTATIONS: tuple[Mutation, ...] = (
    flip_bytes, cut_end, cut_middle, shuffle_lines, merge_conflict, other_value, other_value, other_key, reencode, noise
)  # fmt: skip


def mutate(dice: random.Random, data: bytes) -> bytes:
    """One to three kinds of damage."""
    for _ in range(dice.choice((1, 1, 2, 3))):
        data = dice.choice(MUTATIONS)(dice, data)
    return data
