import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from automl.journal import Journal, JournalWriteError, decode_line, encode_line, read_journal
from sessions.errors import CorruptFileError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


def filled(path: Path, count: int = 3) -> Journal:
    journal = Journal(path)
    for number in range(count):
        journal.append({"type": "rung", "step": number})
    return journal


def test_a_line_is_the_crc32_of_its_json_a_blank_and_the_json():
    # crc32 of the 7 bytes {"a":1} is 0x561d5b67 (zlib.crc32, and the same from any other CRC-32 tool)
    import zlib

    assert encode_line({"a": 1}) == b"%08x " % zlib.crc32(b'{"a":1}') + b'{"a":1}\n'
    assert decode_line(encode_line({"a": 1})) == {"a": 1}


def test_a_number_that_json_cannot_hold_is_refused():
    with pytest.raises(ValueError, match="JSON"):
        encode_line({"score": float("nan")})


def test_events_come_back_in_order_with_their_numbers(path):
    filled(path).close()
    assert [(event["seq"], event["step"]) for event in read_journal(path).events] == [(0, 0), (1, 1), (2, 2)]


def test_a_log_that_does_not_exist_is_empty(path):
    assert read_journal(path).events == ()


@pytest.mark.parametrize("missing", range(1, 30))
def test_a_torn_last_line_is_cut_wherever_it_was_torn(path, missing):
    filled(path).close()
    whole = path.read_bytes()
    os.truncate(path, len(whole) - missing)
    journal = Journal(path)
    assert [event["step"] for event in journal.read()] == [0, 1]
    assert journal.cut_bytes == len(whole.splitlines(keepends=True)[2]) - missing
    journal.append({"type": "rung", "step": 9})
    journal.close()
    assert [event["step"] for event in read_journal(path).events] == [0, 1, 9]


def test_reading_does_not_cut(path):
    filled(path).close()
    os.truncate(path, path.stat().st_size - 3)
    size = path.stat().st_size
    assert read_journal(path).torn_bytes > 0
    assert path.stat().st_size == size


def test_a_tail_of_zeros_after_a_power_loss_is_torn(path):
    filled(path).close()
    with path.open("ab") as file:
        file.write(b"\0" * 40 + b"\n")
    journal = Journal(path)
    assert (len(journal.read()), journal.cut_bytes) == (3, 41)
    journal.close()


@pytest.mark.parametrize("line", [0, 1, 2])
def test_a_changed_byte_in_an_accepted_event_is_refused_with_its_place(path, line):
    filled(path).close()
    lines = path.read_bytes().splitlines(keepends=True)
    offset = sum(map(len, lines[:line]))
    raw = bytearray(b"".join(lines))
    raw[offset + 20] ^= 1
    path.write_bytes(raw)
    before = path.read_bytes()
    with pytest.raises(CorruptFileError, match=rf"line {line + 1} \(byte {offset}\)"):
        Journal(path)
    assert path.read_bytes() == before


def test_a_missing_line_in_the_middle_is_refused(path):
    filled(path).close()
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[2])
    with pytest.raises(CorruptFileError, match="has number 2 instead of 1"):
        read_journal(path)


def test_a_carriage_return_is_damage_and_not_the_end_of_a_line(path):
    filled(path).close()
    raw = path.read_bytes()
    path.write_bytes(raw[:12] + b"\r" + raw[13:])
    with pytest.raises(CorruptFileError, match="line 1"):
        read_journal(path)


def test_a_full_disk_loses_nothing_and_writing_goes_on_when_there_is_room(path):
    """The limit on the file's size stands for the disk: the write is cut in the middle of the line."""
    script = """
import json, resource, signal, sys
from pathlib import Path
from automl.journal import Journal, JournalWriteError
journal = Journal(Path(sys.argv[1]))
accepted = 0
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
refusals = []
for number in range(40):
    try:
        journal.append({"type": "rung", "step": number})
        accepted += 1
    except JournalWriteError as error:
        refusals.append(str(error))
size_when_full = Path(sys.argv[1]).stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
journal.append({"type": "rung", "step": 99})
print(json.dumps([accepted, refusals[0], len(refusals), size_when_full]))
"""
    import json

    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    accepted, sentence, refused, size_when_full = json.loads(done.stdout)
    assert 0 < accepted < 40
    assert refused == 40 - accepted
    assert "was not saved in" in sentence and "free some space" in sentence
    events = read_journal(path).events
    assert [event["step"] for event in events] == [*range(accepted), 99]
    assert size_when_full == sum(len(encode_line(event)) for event in events[:-1])


def test_a_disk_with_no_room_at_all_refuses_and_recovers(tmp_path):
    path = tmp_path / "events.jsonl"
    filled(path).close()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    journal = Journal(path)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, hard))
        with pytest.raises(JournalWriteError, match="'rung' was not saved"):
            journal.append({"type": "rung", "step": 3})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    journal.append({"type": "rung", "step": 4})
    journal.close()
    assert [event["step"] for event in read_journal(path).events] == [0, 1, 2, 4]
