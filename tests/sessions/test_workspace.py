import os

import pytest

from sessions.errors import NotFoundError, WorkspaceError
from sessions.workspace import FOLDERS, Workspace, clean_label, host_tag, new_id
from tests.sessions.builders import make_run, make_workspace


def test_opening_makes_the_folders(tmp_path):
    ws = Workspace.open(tmp_path / "a" / "b")
    assert sorted(os.listdir(ws.root)) == sorted(FOLDERS)


def test_the_argument_wins_over_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("VBOT_WORKSPACE", str(tmp_path / "env"))
    assert Workspace.open(None, create=False).root == tmp_path / "env"
    assert Workspace.open(str(tmp_path / "arg"), create=False).root == tmp_path / "arg"


def test_without_a_name_it_is_the_users_data_directory(tmp_path, monkeypatch):
    monkeypatch.delenv("VBOT_WORKSPACE", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert Workspace.open(None, create=False).root == tmp_path / "vbot"


def test_looking_at_a_missing_workspace_writes_nothing_and_finds_nothing(tmp_path):
    ws = Workspace.open(tmp_path / "none", create=False)
    assert ws.run_dirs() == []
    assert ws.study_dirs() == []
    assert not ws.root.exists()


def test_a_file_in_the_place_of_the_workspace_is_one_sentence(tmp_path):
    (tmp_path / "f").write_text("")
    with pytest.raises(WorkspaceError, match=r"the workspace .*/f is not a directory; name another one"):
        Workspace.open(tmp_path / "f")
    with pytest.raises(WorkspaceError, match=r"the workspace .*/f/ws cannot be made: .*/f is not a directory"):
        Workspace.open(tmp_path / "f" / "ws")


def test_a_workspace_that_cannot_be_written_is_one_sentence(tmp_path):
    with pytest.raises(
        WorkspaceError, match=r"^the workspace /proc/nowhere/ws cannot be written \([A-Za-z ]+\); name another"
    ):
        Workspace.open("/proc/nowhere/ws")


def test_nothing_is_left_when_making_the_folders_fails_half_way(tmp_path):
    (tmp_path / "notebook").symlink_to(tmp_path / "nowhere")  # in the way of the fifth folder
    with pytest.raises(WorkspaceError, match=r"cannot be written \(File exists\)"):
        Workspace.open(tmp_path)
    assert os.listdir(tmp_path) == ["notebook"]


def test_a_file_in_the_place_of_a_folder_is_one_sentence(tmp_path):
    (tmp_path / "runs").write_text("")
    with pytest.raises(WorkspaceError, match=r"/runs is not a directory; move it away"):
        Workspace.open(tmp_path)


def test_ids_sort_by_time_and_name_the_host():
    early, late = new_id("Stage 1/flat!", lambda: 0.0), new_id("a", lambda: 1.0)
    assert early.startswith(f"19700101-000000-stage_1_flat-{host_tag()}")
    assert early < late


def test_ids_of_one_second_differ():
    assert len({new_id("a", lambda: 0.0) for _ in range(50)}) > 45  # 65,536 random endings


def test_labels_fit_a_directory_name():
    assert clean_label("../../etc") == "etc"
    assert clean_label("") == "run"
    assert clean_label("x" * 100) == "x" * 24


def test_a_run_is_found_by_a_unique_beginning_or_part(tmp_path):
    ws = make_workspace(tmp_path)
    first, second = make_run(ws, "20260101-000000-alpha-aaaa0001"), make_run(ws, "20260102-000000-beta-aaaa0002")
    assert ws.run("20260102") == second
    assert ws.run("alpha") == first
    assert ws.run(first.id) == first
    assert [run.id for run in ws.run_dirs()] == [first.id, second.id]


def test_a_name_that_fits_several_or_none_says_so(tmp_path):
    ws = make_workspace(tmp_path)
    with pytest.raises(NotFoundError, match="no run id begins with or contains 'x'; there is none yet"):
        ws.run("x")
    make_run(ws, "20260101-000000-alpha-aaaa0001")
    make_run(ws, "20260102-000000-beta-aaaa0002")
    with pytest.raises(NotFoundError, match=r"'2026' fits 2 run ids \(2026.*, 2026.*\); give more of the id"):
        ws.run("2026")
    with pytest.raises(NotFoundError, match="the newest is 20260102-000000-beta-aaaa0002"):
        ws.run("")


def test_an_exact_id_wins_over_longer_ones(tmp_path):
    ws = make_workspace(tmp_path)
    make_run(ws, "a-b"), make_run(ws, "a-b-c")
    assert ws.run("a-b").id == "a-b"


def test_studies_are_found_alike(tmp_path):
    ws = make_workspace(tmp_path)
    (ws.studies / "20260101-000000-first-aaaa0001").mkdir()
    assert ws.study("first").name == "20260101-000000-first-aaaa0001"
    with pytest.raises(NotFoundError, match="no study id"):
        ws.study("second")


def test_slots_are_taken_once_each(tmp_path):
    ws = make_workspace(tmp_path)
    first, second = ws.take_slot(2), ws.take_slot(2)
    assert first is not None and second is not None
    assert ws.take_slot(2) is None
    assert ws.slots_taken(2) == 2
    first.release()
    assert ws.slots_taken(2) == 1
    again = ws.take_slot(2)
    assert again is not None and again.path == first.path
    again.release(), second.release()
