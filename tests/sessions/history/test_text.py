"""Bytes of any encoding become text, and what was lost is said."""

import os

import pytest

from sessions.history.text import decode, read_text

LINE = "State saved to D:\\Lab ⏳\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_encodings_are_found_out(encoding):
    found = decode((LINE * 3).encode(encoding))
    assert (found.text, found.problem) == (LINE * 3, None)


def test_the_chinese_code_page_is_found_out():
    text = "奖励函数：机器人停在目标附近\n"
    found = decode(text.encode("gbk"))
    assert (found.text, found.encoding, found.problem) == (text, "gb18030", None)


def test_damaged_utf8_stays_utf8_and_says_how_many_places_are_lost():
    data = "⏳ stage1 ⏳ stage2\n".encode().replace(b"stage2", b"st\xffge\xfe")
    found = decode(data)
    assert found.text == "⏳ stage1 ⏳ st\ufffdge\ufffd\n"
    assert found.problem == "2 places are not utf-8 and were replaced"


def test_utf16_appended_to_a_narrow_file_is_read_on():
    found = decode(b"first line of a log\n" * 8 + "score: 1\n".encode("utf-16-le"))
    assert found.text == "first line of a log\n" * 8 + "score: 1\n"
    assert found.problem == "9 NUL bytes were dropped"


def test_binary_data_is_not_text():
    found = decode(bytes(range(256)) * 8)
    assert (found.text, found.problem) == ("", "binary data, not text")


def test_windows_line_ends_become_newlines():
    assert decode(b"a\r\nb\rc\n").text == "a\nb\nc\n"


def test_a_huge_file_is_read_up_to_the_limit_and_hashed_whole(tmp_path):
    path = tmp_path / "huge.log"
    path.write_bytes(b"x" * 1000)
    whole = read_text(path)
    part = read_text(path, limit=10)
    assert part.text == "x" * 10
    assert part.problem == "only the first 10 of 1000 bytes were read"
    assert part.sha256 == whole.sha256
    assert whole.problem is None


def test_a_pipe_is_refused_because_it_could_block(tmp_path):
    path = tmp_path / "state.yaml"
    os.mkfifo(path)
    with pytest.raises(OSError, match="not a regular file"):
        read_text(path)
