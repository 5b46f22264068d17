import math
import os
import subprocess
import sys
import textwrap

import pytest

from sessions.errors import CorruptFileError, NotFoundError
from sessions.files import (
    append_line,
    format_utc,
    parse_utc,
    read_json,
    read_jsonl,
    read_tail,
    to_json,
    utc_now,
    write_atomic,
)


def run_with_small_files(code, cwd, limit=4096):
    """Run code in a process whose files may not grow beyond a limit: what a full disk does to a write."""
    prelude = f"""
        import resource, signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
    """
    program = textwrap.dedent(prelude) + textwrap.dedent(code)
    return subprocess.run([sys.executable, "-c", program], cwd=cwd, capture_output=True, text=True, timeout=60)


@pytest.fixture
def in_repo(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.getcwd())


def test_a_file_is_replaced_whole_and_leaves_no_temporary(tmp_path):
    path = tmp_path / "status.json"
    write_atomic(path, "old")
    write_atomic(path, "größer".encode())
    assert path.read_text() == "größer"
    assert os.listdir(tmp_path) == ["status.json"]


def test_a_reader_keeps_the_version_it_opened(tmp_path):
    path = tmp_path / "f"
    write_atomic(path, "one")
    with open(path) as reader:
        write_atomic(path, "two", durable=False)
        assert reader.read() == "one"
    assert path.read_text() == "two"


def test_a_failed_replacement_changes_nothing(tmp_path, in_repo):
    (tmp_path / "f").write_text("old")
    done = run_with_small_files(
        """
        from sessions.files import write_atomic
        try:
            write_atomic("f", "x" * 10_000)
        except OSError as error:
            print(error.errno)
        """,
        tmp_path,
    )
    assert done.stdout.strip() == "27"  # EFBIG
    assert (tmp_path / "f").read_text() == "old"
    assert os.listdir(tmp_path) == ["f"]


def test_a_line_cut_short_by_a_full_disk_costs_that_line_only(tmp_path, in_repo):
    done = run_with_small_files(
        """
        from sessions.files import append_line
        written = 0
        try:
            while True:
                append_line("n.jsonl", '{"text": "' + "x" * 980 + '"}')
                written += 1
        except OSError:
            print(written)
        """,
        tmp_path,
    )
    assert done.stdout.strip() == "4"  # 4096 // 993
    torn = read_jsonl(tmp_path / "n.jsonl")
    assert (len(torn.rows), torn.bad_lines, torn.torn) == (4, (), True)
    append_line(tmp_path / "n.jsonl", '{"text": "after"}')
    mended = read_jsonl(tmp_path / "n.jsonl")
    assert [len(mended.rows), mended.rows[-1], mended.bad_lines, mended.torn] == [5, {"text": "after"}, (5,), False]


def test_lines_of_several_processes_do_not_mix(tmp_path, in_repo):
    code = "import sys; from sessions.files import append_line\n"
    code += "for i in range(100): append_line('n', '{\"who\": \"' + sys.argv[1] * 500 + '\"}', durable=False)"
    writers = [subprocess.Popen([sys.executable, "-c", code, who], cwd=tmp_path) for who in "abc"]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0]
    lines = read_jsonl(tmp_path / "n")
    assert lines.bad_lines == ()
    assert sorted(row["who"] for row in lines.rows) == ["a" * 500] * 100 + ["b" * 500] * 100 + ["c" * 500] * 100


def test_a_line_must_be_one_line(tmp_path):
    with pytest.raises(ValueError, match="line break"):
        append_line(tmp_path / "n", "a\nb")
    assert not (tmp_path / "n").exists()


def test_damaged_lines_are_named_and_the_rest_is_read(tmp_path):
    path = tmp_path / "n"
    path.write_bytes(b'{"a": 1}\n\xff\xfe\n\n[1]\n{"a": 2}\n{"a": ')
    lines = read_jsonl(path)
    assert lines.rows == ({"a": 1}, {"a": 2})
    assert lines.bad_lines == (2, 4)
    assert lines.torn


def test_no_file_no_lines(tmp_path):
    assert read_jsonl(tmp_path / "none").rows == ()


def test_json_is_strict():
    text = to_json({"a": math.nan, "b": [math.inf, 1.5], "c": (1, "ü"), 2: None})
    assert text == '{"a": null, "b": [null, 1.5], "c": [1, "ü"], "2": null}'


def test_reading_json_says_what_is_wrong(tmp_path):
    with pytest.raises(NotFoundError, match=r"there is no file .*x\.json"):
        read_json(tmp_path / "x.json")
    (tmp_path / "x.json").write_bytes(b'{"a": \xff')
    with pytest.raises(CorruptFileError, match=r"x\.json is not valid JSON"):
        read_json(tmp_path / "x.json")


def test_times_are_utc_with_milliseconds_and_come_back():
    assert utc_now(lambda: 0.0) == "1970-01-01T00:00:00.000Z"
    assert format_utc(1795409863.7079) == "2026-11-23T04:57:43.707Z"
    assert parse_utc("2026-11-23T04:57:43.707Z") == pytest.approx(1795409863.707)
    assert parse_utc("1970-01-01T01:00:00+01:00") == 0.0
    assert parse_utc("1970-01-01T00:00:10") == 10.0
    assert parse_utc("yesterday") is None


def test_the_tail_of_a_log_is_readable(tmp_path):
    path = tmp_path / "train.log"
    path.write_bytes(b"x" * 50_000 + b"\nstep 1\rstep 2\n\n\x1b[31mValueError\x1b[0m: b\xc3\xb6se\xff\n")
    assert read_tail(path, 2) == ("step 2", "[31mValueError[0m: böse\ufffd")
    assert read_tail(tmp_path / "none") == ()
