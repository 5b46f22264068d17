from tests.cli.command import vbot


def test_a_note_is_read_back(tmp_path):
    written = vbot("note", "add", "the", "robot", "stands", "--step", "40k", "--workspace", tmp_path, "--json")
    assert written.code == 0
    assert (written.object["text"], written.object["step"]) == ("the robot stands", 40_000)
    found = vbot("note", "list", "--workspace", tmp_path, "--json").object["notes"]
    assert found == [written.object]


def test_a_note_on_an_unknown_run_is_refused_and_nothing_is_written(tmp_path):
    said = vbot("note", "add", "x", "--run", "nowhere", "--workspace", tmp_path)
    assert said.code == 2
    assert "nowhere" in said.err
    assert vbot("note", "list", "--workspace", tmp_path).out == "No notes.\n"


def test_an_empty_note_is_refused(tmp_path):
    said = vbot("note", "add", " ", "--workspace", tmp_path)
    assert said.code == 2
    assert "needs words" in said.err
