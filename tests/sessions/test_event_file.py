import math
import os
import struct
from array import array

import pytest

from sessions.event_file import EventFileReader
from tests.sessions.builders import append, event, field, frame, record, scalar, varint, version_record


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events.out.tfevents.1.host"


def steps(records):
    return [item.step for item in records]


def test_a_missing_file_has_no_records(path):
    reader = EventFileReader(path)
    assert reader.read_new() == []
    assert reader.badge is None


def test_packed_values_come_back_as_written(path):
    append(path, version_record(), record(4096, {"reward/total": 1.5, "ppo/kl": -0.25}, wall_time=12.5))
    (item,) = EventFileReader(path).read_new()
    assert item.step == 4096
    assert item.wall_time == 12.5
    assert item.values == {"reward/total": 1.5, "ppo/kl": -0.25}


def test_only_new_records_are_returned(path):
    append(path, version_record(), record(1, {"a": 1.0}))
    reader = EventFileReader(path)
    assert steps(reader.read_new()) == [1]
    assert reader.read_new() == []
    append(path, record(2, {"a": 2.0}), record(3, {"a": 3.0}))
    assert steps(reader.read_new()) == [2, 3]


def test_records_of_a_known_shape_keep_their_own_numbers(path):
    append(path, *(record(100 + i, {"x": i, "yy": -i / 2}, wall_time=float(i)) for i in range(50)))
    records = EventFileReader(path).read_new()
    assert [(r.step, r.wall_time, r.numbers) for r in records] == [(100 + i, float(i), (i, -i / 2)) for i in range(50)]
    assert records[30].tags is records[49].tags


def test_tags_of_equal_length_are_not_mixed_up(path):
    append(path, *(record(step, {tag: ord(tag) * step}) for step in (1, 2, 3) for tag in "abc"))
    got = [(r.step, r.tags[0], r.numbers[0]) for r in EventFileReader(path).read_new()]
    assert got == [(step, tag, ord(tag) * step) for step in (1, 2, 3) for tag in "abc"]


def test_nan_and_infinities_are_kept(path):
    append(path, record(1, {"a": math.inf}), record(2, {"a": -math.inf}), record(3, {"a": math.nan}))
    numbers = [r.numbers[0] for r in EventFileReader(path).read_new()]
    assert numbers[:2] == [math.inf, -math.inf]
    assert math.isnan(numbers[2])


@pytest.mark.parametrize("step", [0, 1, 127, 128, 16383, 16384, 2**34, 2**35, 2**62, -5])
def test_any_step_is_read(path, step):
    append(path, record(step, {"a": 1.0}), record(step, {"a": 2.0}))
    assert [(r.step, r.numbers) for r in EventFileReader(path).read_new()] == [(step, (1.0,)), (step, (2.0,))]


def test_a_step_of_zero_may_be_left_out_by_the_writer(path):
    payload = field(1, 1, struct.pack("<d", 5.0)) + field(5, 2, scalar("a", 1.0))
    append(path, frame(payload))
    assert [(r.step, r.values) for r in EventFileReader(path).read_new()] == [(0, {"a": 1.0})]


def test_tags_longer_than_127_bytes_and_beyond_ascii(path):
    tag = "belohnung/größe/" + "x" * 300
    append(path, record(1, {tag: 1.0}), record(2, {tag: 2.0}))
    assert [r.values for r in EventFileReader(path).read_new()] == [{tag: 1.0}, {tag: 2.0}]


def test_a_torn_tail_is_waited_for(path):
    whole = record(2, {"a": 2.0})
    for cut in range(1, len(whole)):
        path.unlink(missing_ok=True)
        append(path, record(1, {"a": 1.0}), whole[:cut])
        reader = EventFileReader(path)
        assert steps(reader.read_new()) == [1]
        assert reader.badge is None
        append(path, whole[cut:])
        assert steps(reader.read_new()) == [2]


def test_a_record_never_finished_is_left_behind_when_the_writer_goes_on(path):
    append(path, record(1, {"a": 1.0}), record(2, {"a": 2.0, "b": 1.0, "c": 1.0})[:-30])
    reader = EventFileReader(path)
    assert steps(reader.read_new()) == [1]
    append(path, record(3, {"a": 3.0}))
    assert steps(reader.read_new()) == [3]
    assert reader.bad_records == 1


def test_a_flipped_value_is_not_shown_and_is_counted(path):
    damaged = bytearray(record(2, {"a": 2.0}))
    damaged[-6] ^= 1
    append(path, record(1, {"a": 1.0}), bytes(damaged), record(3, {"a": 3.0}))
    reader = EventFileReader(path)
    assert steps(reader.read_new()) == [1, 3]
    assert reader.badge == f"1 damaged record in {path.name}"


def test_damage_at_the_end_is_judged_only_when_the_file_grows(path):
    damaged = bytearray(record(2, {"a": 2.0}))
    damaged[-6] ^= 1
    append(path, record(1, {"a": 1.0}), bytes(damaged))
    reader = EventFileReader(path)
    assert steps(reader.read_new()) == [1]
    assert reader.badge
    with open(path, "r+b") as file:  # the writer's bytes arrive late
        file.seek(-len(damaged), os.SEEK_END)
        file.write(record(2, {"a": 2.0}))
        file.seek(0, os.SEEK_END)
        file.write(record(3, {"a": 3.0}))
    assert steps(reader.read_new()) == [2, 3]
    assert reader.badge is None


def test_garbage_between_records_is_stepped_over(path):
    append(path, record(1, {"a": 1.0}), b"\0" * 500 + b"garbage" * 30, record(2, {"a": 2.0}))
    assert steps(EventFileReader(path).read_new()) == [1, 2]


def test_megabytes_of_zeros_are_stepped_over_in_slices(path):
    append(path, record(1, {"a": 1.0}), bytes(3_500_000), record(2, {"a": 2.0}))
    reader = EventFileReader(path)
    found = reader.read_new(budget_s=0.0)
    calls = 1
    while reader.has_backlog:
        found += reader.read_new(budget_s=0.0)
        calls += 1
    assert steps(found) == [1, 2]
    assert 1 < calls < 20


def test_a_file_that_is_no_event_file_gives_nothing(path):
    path.write_bytes(b"hello, this is a log\n" * 1000)
    reader = EventFileReader(path)
    assert reader.read_new() == []
    assert reader.badge


def test_a_record_of_another_kind_is_passed_over(path):
    graph = frame(field(1, 1, struct.pack("<d", 1.0)) + field(4, 2, bytes(100_000)))
    append(path, graph, record(1, {"a": 1.0}))
    reader = EventFileReader(path)
    assert steps(reader.read_new()) == [1]
    assert reader.badge is None


def test_a_truncated_file_is_read_anew_under_a_new_generation(path):
    append(path, record(1, {"a": 1.0}), record(2, {"a": 2.0}))
    keep = len(record(1, {"a": 1.0}))
    reader = EventFileReader(path)
    reader.read_new()
    os.truncate(path, keep)
    assert steps(reader.read_new()) == [1]
    assert reader.generation == 1


def test_a_file_cut_and_grown_beyond_its_old_end_between_two_looks_is_noticed(path):
    append(path, record(1, {"a": 1.0}), record(2, {"a": 2.0}))
    reader = EventFileReader(path)
    reader.read_new()
    os.truncate(path, len(record(1, {"a": 1.0})))
    append(path, record(5, {"a": 5.0}), record(6, {"a": 6.0}))
    assert steps(reader.read_new()) == [1, 5, 6]
    assert reader.generation == 1


def test_a_replaced_file_is_read_anew(path):
    append(path, record(1, {"a": 1.0}))
    reader = EventFileReader(path)
    reader.read_new()
    other = path.with_name("other")
    append(other, record(7, {"a": 7.0}), record(8, {"a": 8.0}))
    os.replace(other, path)
    assert steps(reader.read_new()) == [7, 8]
    assert reader.generation == 1


def test_a_budget_stops_between_records_and_nothing_is_lost(path):
    append(path, *(record(i, {"a": float(i)}) for i in range(1, 201)))
    ticks = iter(range(10_000))
    reader = EventFileReader(path)
    found, calls = [], 0
    while not calls or reader.has_backlog:
        found += reader.read_new(budget_s=1.5, clock=lambda: float(next(ticks)))
        calls += 1
    assert steps(found) == list(range(1, 201))
    assert calls > 3


def test_records_larger_than_a_chunk_are_read(path):
    values = {f"tag/{i:04d}" + "x" * 1000: float(i) for i in range(1200)}  # about 1.2 MB
    payload = record(1, {"a": 1.0}) + frame_of(values) + record(3, {"a": 3.0})
    append(path, payload)
    found = EventFileReader(path).read_new()
    assert steps(found) == [1, 2, 3]
    assert found[1].values == values


def frame_of(values):
    from sessions.crc32c import masked_crc32c  # the bitwise checksum of the builders would take seconds here

    payload = event(2, [scalar(tag, value) for tag, value in values.items()])
    header = struct.pack("<Q", len(payload))
    return header + struct.pack("<I", masked_crc32c(header)) + payload + struct.pack("<I", masked_crc32c(payload))


def test_tensor_scalars_of_newer_writers(path):
    single = field(8, 2, field(1, 0, varint(1)) + field(2, 2, b"") + field(5, 2, struct.pack("<f", 0.5)))
    double = field(8, 2, field(1, 0, varint(2)) + field(2, 2, b"") + field(4, 2, struct.pack("<d", 0.1)))
    vector = field(8, 2, field(1, 0, varint(1)) + field(5, 2, struct.pack("<2f", 1.0, 2.0)))
    values = [field(1, 2, field(1, 2, tag) + body) for tag, body in ((b"f", single), (b"d", double), (b"v", vector))]
    append(path, frame(event(9, values)))
    assert [r.values for r in EventFileReader(path).read_new()] == [{"f": 0.5, "d": 0.1}]


def test_the_plugin_of_a_tag_is_remembered(path):
    tensor = field(8, 2, field(1, 0, varint(1)) + field(5, 2, struct.pack("<f", 0.5)))
    text_plugin = field(9, 2, field(1, 2, field(1, 2, b"text")))
    first = field(1, 2, field(1, 2, b"note") + text_plugin + tensor)
    later = field(1, 2, field(1, 2, b"note") + tensor)
    append(path, frame(event(1, [first])), frame(event(2, [later])))
    assert EventFileReader(path).read_new() == []


def test_every_value_equals_what_tensorboard_reads(path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    append(path, version_record())
    for i in range(300):
        values = {"reward/total": math.sin(i), "ppo/kl": 1e-3 / (i + 1), "value/mean": -1e30 * i}
        if i % 7 == 0:
            values["episode/success"] = i / 300
        append(path, record(i * 4096, values, wall_time=1.7e9 + i * 0.25))
    append(path, record(10**7, {"reward/total": math.inf, "ppo/kl": math.nan})[:-3])
    theirs = accumulator.EventAccumulator(str(path), size_guidance={"scalars": 0})
    theirs.Reload()
    ours = {}
    for item in EventFileReader(path).read_new():
        for tag, value in item.values.items():
            ours.setdefault(tag, []).append((item.wall_time, item.step, value))
    assert set(ours) == set(theirs.Tags()["scalars"])
    for tag, points in ours.items():
        assert points == [(p.wall_time, p.step, p.value) for p in theirs.Scalars(tag)]
        assert array("d", [p[2] for p in points]) == array("d", [p.value for p in theirs.Scalars(tag)])
