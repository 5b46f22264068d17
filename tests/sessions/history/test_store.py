"""Imports in a workspace: stable, whole, and honest about damage."""

import json

import pytest

from sessions.errors import CorruptFileError, LockedError, NotFoundError, UsageError
from sessions.history import import_tree, imported_trials, load_import
from sessions.locks import Lock
from tests.sessions.history.trees import CAMPAIGN, ENV, METRICS, NO_METRICS, state, trial, write


@pytest.fixture
def source(tmp_path):
    crashed = trial(1, NO_METRICS, 0.3)
    return write(tmp_path / "My Lab", {f"{CAMPAIGN}/state.yaml": state(trial(0), crashed)})


@pytest.fixture
def workspace(tmp_path):
    return tmp_path / "ws"


def test_the_id_is_the_folders_name_and_a_hash_of_place_and_machine(source, workspace):
    first = import_tree(source, workspace, host="a")
    assert first.id.startswith("my-lab-")
    assert import_tree(source, workspace, host="a").id == first.id
    assert import_tree(source, workspace, host="b").id != first.id


def test_a_source_that_grew_changes_only_what_it_must(source, workspace):
    import_tree(source, workspace)
    write(source, {"notes.md": "# New\nwords\n"})
    assert set(import_tree(source, workspace).changed) == {"documents.jsonl", "files.jsonl", "import.json"}


def test_a_missing_table_is_written_again(source, workspace):
    done = import_tree(source, workspace)
    (done.path / "trials.jsonl").unlink()
    assert import_tree(source, workspace).changed == ("trials.jsonl",)


def test_an_import_that_was_touched_is_refused_and_does_not_spoil_the_others(source, workspace, tmp_path):
    done = import_tree(source, workspace)
    other = import_tree(write(tmp_path / "other", {"state.yaml": state(trial(7))}), workspace)
    (done.path / "trials.jsonl").write_text("{}\n")
    with pytest.raises(CorruptFileError, match="import its source again"):
        load_import(done.path)
    told = []
    assert [t.imported for t in imported_trials(workspace, on_damage=told.append)] == [other.id]
    assert len(told) == 1


@pytest.mark.parametrize("content", ["", "[]", '{"schema": 99}', "{"])
def test_a_damaged_manifest_is_refused(source, workspace, content):
    done = import_tree(source, workspace)
    (done.path / "import.json").write_text(content)
    with pytest.raises(CorruptFileError):
        load_import(done.path)


def test_trials_are_listed_by_environment_and_outcome(workspace, tmp_path):
    index = f"experiments:\n- experiment_id: {CAMPAIGN}_x_i9_1770700000\n  environment: {ENV}\n  final_reward: 1.5\n"
    import_tree(
        write(tmp_path / "a", {f"{CAMPAIGN}/state.yaml": state(trial(0)), f"{CAMPAIGN}/index.yaml": index}), workspace
    )
    import_tree(
        write(tmp_path / "b", {"s.yaml": state(trial(1, NO_METRICS, 0.3), campaign="automl_20260101_000000")}),
        workspace,
    )
    assert len(imported_trials(workspace)) == 3
    assert [t.number for t in imported_trials(workspace, env=ENV)] == [0, 9]
    assert [t.number for t in imported_trials(workspace, outcomes=["crashed"])] == [1]
    assert imported_trials(tmp_path / "nowhere") == ()


def test_a_source_that_is_not_there_is_refused(workspace, tmp_path):
    with pytest.raises(NotFoundError, match="there is no folder"):
        import_tree(tmp_path / "nothing", workspace)


def test_a_source_that_holds_the_workspace_is_refused(source):
    with pytest.raises(UsageError, match="lies inside"):
        import_tree(source, source / "ws")


def test_two_imports_do_not_write_at_once(source, workspace):
    import_tree(source, workspace)
    with Lock.acquire(workspace / "imported" / "lock"), pytest.raises(LockedError):
        import_tree(source, workspace)


def test_links_pipes_and_foreign_files_are_named_and_not_opened(tmp_path, workspace):
    import os

    root = write(
        tmp_path / "src", {"a.pt": b"PK", "b.py": "x", "=": "x", "events.out.tfevents.1.host": b"", "c.pkl": b""}
    )
    write(root, {".git/config": "x"})
    os.mkfifo(root / "state.yaml")
    (root / "link.yaml").symlink_to(root / "b.py")
    (root / "loop").symlink_to(root)
    found = {item.path: item.reason for item in import_tree(root, workspace).history.unreadable}
    assert set(found) == {
        "a.pt",
        "b.py",
        "=",
        "c.pkl",
        "events.out.tfevents.1.host",
        ".git",
        "state.yaml",
        "link.yaml",
        "loop",
    }
    assert found["c.pkl"] == "a pickle: reading it would run code"
    assert found["state.yaml"] == "not a regular file"


def test_names_that_are_not_utf8_are_written_as_escapes(tmp_path, workspace):
    root = tmp_path / "src"
    root.mkdir()
    (root / b"caf\xe9.md".decode("utf-8", "surrogateescape")).write_text("# x\n")
    assert import_tree(root, workspace).history.documents[0].path == "caf\\xe9.md"


def test_values_that_are_not_finite_stay_readable(tmp_path, workspace):
    text = state(trial(0, {**METRICS, "wp_idx_mean": ".nan"}))
    done = import_tree(write(tmp_path / "src", {"s.yaml": text}), workspace)
    row = json.loads((done.path / "trials.jsonl").read_text())
    assert row["metrics"]["wp_idx_mean"] == "nan"
    assert load_import(done.path).history == done.history
