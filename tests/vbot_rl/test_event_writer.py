"""What is written is read by TensorBoard itself, byte for byte what its protocol buffers say."""

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event

from vbot_rl.event_writer import EventWriter, encode_header, encode_scalars

VALUES = {"reward/total": 0.25, "ppo/kl": -1e-9, "eval/score": float("nan"), "ä" * 100: 1e30}


def at(seconds: float = 1_700_000_000.5):
    return lambda: seconds


def test_the_encoding_is_the_protocol_buffers_own():
    event = Event.FromString(encode_scalars(12.5, 3_000_000_000, VALUES))
    assert (event.wall_time, event.step) == (12.5, 3_000_000_000)
    found = {value.tag: value.simple_value for value in event.summary.value}
    assert list(found) == list(VALUES)
    np.testing.assert_array_equal(list(found.values()), np.array(list(VALUES.values()), np.float32))
    assert Event.FromString(encode_header(1.0)).file_version == "brain.Event:2"


def test_tensorboard_reads_it_at_once_without_a_close(tmp_path):
    writer = EventWriter(tmp_path, clock=at())
    for step in (10, 20):
        writer.write(step, {"a": step / 2, "b": 1.0})
    reader = EventAccumulator(str(tmp_path))
    reader.Reload()
    assert [(e.step, e.value) for e in reader.Scalars("a")] == [(10, 5.0), (20, 10.0)]
    writer.close()


def test_a_resume_cuts_off_what_came_after_the_checkpoint(tmp_path):
    writer = EventWriter(tmp_path, clock=at())
    writer.write(10, {"a": 1.0})
    name, length = writer.path.name, writer.length
    writer.write(20, {"a": 2.0})
    writer.close()
    with open(tmp_path / name, "ab") as file:
        file.write(b"torn")
    writer = EventWriter(tmp_path, (name, length), at())
    writer.write(20, {"a": 3.0})
    writer.close()
    reader = EventAccumulator(str(tmp_path))
    reader.Reload()
    assert [(e.step, e.value) for e in reader.Scalars("a")] == [(10, 1.0), (20, 3.0)]


def test_a_file_that_got_lost_is_begun_anew(tmp_path):
    writer = EventWriter(tmp_path, ("events.out.tfevents.1.gone", 100), at())
    writer.write(10, {"a": 1.0})
    writer.close()
    assert writer.path.name.startswith("events.out.tfevents.1700000000.")


@pytest.mark.parametrize("count", [3])
def test_files_of_the_same_second_do_not_collide(tmp_path, count):
    writers = [EventWriter(tmp_path, clock=at()) for _ in range(count)]
    assert len({writer.path for writer in writers}) == count
    for writer in writers:
        writer.close()
