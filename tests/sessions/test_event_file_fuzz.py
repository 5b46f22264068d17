"""Seeded damage to an event file: what is returned is exactly what the damage did not touch."""

import random
from functools import lru_cache

import pytest

from sessions.event_file import EventFileReader
from tests.sessions.builders import record, version_record


@lru_cache(maxsize=64)
def original_records(seed):
    rng = random.Random(seed)
    frames = [version_record()]
    for _ in range(rng.randrange(3, 12)):
        values = {f"reward/term_{k}": rng.uniform(-5, 5) for k in range(rng.choice([1, 1, 3, 8]))}
        frames.append(record(rng.randrange(1, 10**9), values, wall_time=rng.uniform(0, 2e9)))
    return tuple(frames)


def spans(frames):
    start, found = 0, []
    for item in frames:
        found.append((start, start + len(item)))
        start += len(item)
    return found


def flip(data, rng):
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :], (at, at + 1)


def overwrite(data, rng):
    at = rng.randrange(len(data))
    stop = min(len(data), at + rng.randrange(1, 400))
    noise = rng.choice([bytes(stop - at), rng.randbytes(stop - at), b"\xff" * (stop - at)])
    return data[:at] + noise + data[stop:], (at, stop)


def delete(data, rng):
    at = rng.randrange(len(data))
    stop = min(len(data), at + rng.randrange(1, 400))
    return data[:at] + data[stop:], (at, stop)


def insert(data, rng):
    at = rng.randrange(len(data) + 1)
    noise = rng.choice([bytes(rng.randrange(1, 300)), rng.randbytes(rng.randrange(1, 300))])
    return data[:at] + noise + data[at:], (at, at)


def truncate(data, rng):
    at = rng.randrange(len(data))
    return data[:at], (at, len(data))


def untouched(frames, damage):
    begin, end = damage
    kept = []
    for (start, stop), item in zip(spans(frames), frames, strict=True):
        hit = start < begin < stop if begin == end else start < end and begin < stop
        if not hit:
            kept.append(item)
    return kept


@lru_cache(maxsize=4096)
def decoded(item, folder):
    return tuple(read_plain(folder, item, "single"))


def expected(frames, damage, folder):
    return [row for item in untouched(frames, damage) for row in decoded(item, folder)]


def in_order(part, whole):
    rest = iter(whole)
    return all(any(row == other for other in rest) for row in part)


def read_plain(tmp_path, data, name="plain"):
    path = tmp_path / name
    path.write_bytes(data)
    return [(r.step, r.wall_time, r.tags, r.numbers) for r in EventFileReader(path).read_new()]


@pytest.mark.parametrize("kind", [flip, overwrite, delete, insert, truncate])
def test_only_sound_records_come_out_and_all_of_them(tmp_path, kind):
    for seed in range(400):
        rng = random.Random(f"{kind.__name__}-{seed}")
        frames = original_records(seed % 40)
        data, damage = kind(b"".join(frames), rng)
        found, sure = read_plain(tmp_path, data), expected(frames, damage, tmp_path)
        if kind is flip:
            assert found == sure, seed
        # A cut can by chance leave a whole record: what comes out is original, in order, the untouched all there.
        assert in_order(sure, found), (kind.__name__, seed)
        assert in_order(found, expected(frames, (0, 0), tmp_path)), (kind.__name__, seed)


def test_a_damaged_file_that_grows_in_pieces_gives_the_same_records(tmp_path):
    for seed in range(150):
        rng = random.Random(f"pieces-{seed}")
        frames = original_records(seed % 40)
        data, damage = rng.choice([flip, overwrite, insert])(b"".join(frames), rng)
        path = tmp_path / "growing"
        path.write_bytes(b"")
        reader, found = EventFileReader(path), []
        cuts = sorted(rng.randrange(len(data)) for _ in range(5))
        for start, stop in zip([0, *cuts], [*cuts, len(data)], strict=True):
            with open(path, "ab") as file:
                file.write(data[start:stop])
            found += [(r.step, r.wall_time, r.tags, r.numbers) for r in reader.read_new()]
        assert found == expected(frames, damage, tmp_path), seed
        path.unlink()


def test_noise_with_sound_checksums_never_raises(tmp_path):
    from tests.sessions.builders import frame

    for seed in range(300):
        rng = random.Random(f"noise-{seed}")
        payloads = [rng.randbytes(rng.randrange(80)) for _ in range(5)]
        (tmp_path / "noise").write_bytes(b"".join(frame(item) for item in payloads) + record(3, {"a": 1.0}))
        assert EventFileReader(tmp_path / "noise").read_new()[-1].values == {"a": 1.0}
