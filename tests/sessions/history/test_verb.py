"""`vbot import` on the command line."""

import io
import json

import pytest

from sessions.errors import NotFoundError
from tests.sessions.history.trees import ASSETS, write
from vbot_tui.cli.console import Console
from vbot_tui.cli.import_history import add_verbs
from vbot_tui.cli.parser import Parser, Verbs


def run(*words, as_json=False):
    out = io.StringIO()
    parser = Parser(prog="vbot")
    add_verbs(Verbs(parser))
    arguments = parser.parse_args(list(map(str, words)))
    code = arguments.run(arguments, Console(out, io.StringIO(), as_json=as_json))
    return code, out.getvalue()


def test_the_object_has_the_figures_and_the_lists(tmp_path):
    code, text = run("import", ASSETS, "--workspace", tmp_path, "--json", as_json=True)
    found = json.loads(text)
    assert code == 0
    assert (found["campaigns"], found["trials"], found["crashed"], found["configs"]) == (8, 49, 8, 29)
    assert [sorted(item) for item in found["unreadable"]] == [["path", "read", "reason"]] * 2
    assert {"duplicates", "contradictions", "gaps", "empty"} <= found.keys()
    assert len(found["changed"]) == 8


def test_the_second_import_says_that_nothing_changed(tmp_path):
    run("import", ASSETS, "--workspace", tmp_path)
    assert "Nothing changed" in run("import", ASSETS, "--workspace", tmp_path)[1]
    assert json.loads(run("import", ASSETS, "--workspace", tmp_path, "--json", as_json=True)[1])["changed"] == []


def test_a_person_sees_campaigns_what_was_not_read_and_what_contradicts(tmp_path):
    text = run("import", ASSETS, "--workspace", tmp_path)[1]
    assert text.startswith("8 campaigns, 49 trials (8 crashed: not scored)")
    assert "automl_20260216_121537  abandoned  running" in text
    assert "Not read in full: 2" in text
    assert "Contradictions: " in text


def test_a_folder_without_history_is_imported_as_nothing(tmp_path):
    source = write(tmp_path / "src", {"a.bin": b"\0"})
    code, text = run("import", source, "--workspace", tmp_path / "ws")
    assert (code, text.split(",")[0]) == (0, "0 campaigns")


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(NotFoundError):
        run("import", tmp_path / "nothing", "--workspace", tmp_path / "ws")
