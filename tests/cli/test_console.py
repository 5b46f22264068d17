import io
import json
import math

import pytest

from vbot_tui.cli.console import Console, finite


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


def consoles(as_json=False, err=None):
    out, err = io.StringIO(), err or io.StringIO()
    return Console(out, err, as_json=as_json), out, err


def test_the_result_is_text_for_a_person_and_an_object_for_a_program():
    console, out, _ = consoles()
    console.show({"a": 1}, "one thing")
    assert out.getvalue() == "one thing\n"
    console, out, _ = consoles(as_json=True)
    console.show({"a": 1}, "one thing")
    assert out.getvalue() == '{"a": 1}\n'


def test_a_command_has_one_result():
    console, _, _ = consoles(as_json=True)
    console.show({}, "")
    with pytest.raises(RuntimeError):
        console.show({}, "")


def test_an_error_is_a_sentence_on_stderr_and_an_object_on_stdout():
    console, out, err = consoles(as_json=True)
    assert console.fail("no such thing", 2) == 2
    assert err.getvalue() == "vbot: no such thing.\n"
    assert json.loads(out.getvalue()) == {"error": "no such thing.", "exit_code": 2}


def test_an_error_after_the_result_leaves_stdout_with_one_object():
    console, out, err = consoles(as_json=True)
    console.show({"a": 1}, "")
    console.fail("too late", 1)
    assert out.getvalue() == '{"a": 1}\n'
    assert err.getvalue() == "vbot: too late.\n"


def test_progress_rewrites_its_line_on_a_terminal_and_clears_what_was_longer():
    console, _, err = consoles(err=Screen())
    console.progress("abcdef")
    console.progress("xy")
    console.tell("done")
    assert err.getvalue() == "\rabcdef\rxy    \ndone\n"


def test_progress_is_a_line_now_and_then_elsewhere_and_none_with_json():
    console, _, err = consoles()
    console.progress("first", every_s=60)
    console.progress("too soon", every_s=60)
    assert err.getvalue() == "first\n"
    console, _, err = consoles(as_json=True)
    console.progress("never")
    assert err.getvalue() == ""


def test_numbers_without_a_word_in_json_are_null():
    assert finite({"a": math.nan, "b": [math.inf, 1.5], "c": {"d": -math.inf}}) == {
        "a": None,
        "b": [None, 1.5],
        "c": {"d": None},
    }
