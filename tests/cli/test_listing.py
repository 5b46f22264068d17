import io
from contextlib import redirect_stdout

import pytest

from sessions.runs import RunDir, RunRecord, RunStatus
from sessions.workspace import Workspace
from tests.cli.command import vbot
from vbot_tui.cli.__main__ import main
from vbot_tui.cli.listing import status_text


@pytest.fixture
def workspace(tmp_path):
    return Workspace.open(tmp_path)


def make_run(workspace, name, *, state="finished", study=None, env="vbot_navigation_section001", **status):
    record = RunRecord(
        id=name, kind="trial" if study else "train", env=env, study=study, created="2026-01-01T00:00:00Z"
    )
    run = RunDir.create(workspace.runs, record, {})
    run.write_status(RunStatus(state=state, **status))
    return run


def listed(workspace, *words):
    return [row["id"] for row in vbot("ls", "--workspace", workspace.root, "--json", *words).object["runs"]]


def test_runs_are_listed_newest_first(workspace):
    make_run(workspace, "20260101-a")
    make_run(workspace, "20260102-b")
    assert listed(workspace) == ["20260102-b", "20260101-a"]


def test_runs_are_filtered_by_state_environment_and_study(workspace):
    make_run(workspace, "r1", state="failed")
    make_run(workspace, "r2", study="20260101-first-abcd")
    make_run(workspace, "r3", env="vbot_navigation_section011")
    assert listed(workspace, "--state", "failed") == ["r1"]
    assert listed(workspace, "--study", "20260101") == ["r2"]
    assert listed(workspace, "--env", "vbot_navigation_section011") == ["r3"]


def test_a_run_that_says_running_without_holding_its_lock_has_failed(workspace):
    make_run(workspace, "dead", state="running")
    assert vbot("ls", "--workspace", workspace.root, "--json").object["runs"][0]["state"] == "failed"


def test_a_row_tells_the_numbers_of_the_run(workspace):
    run = make_run(workspace, "r1", env_steps=123_456, end_reason="budget", end_detail="time is up")
    (run.eval_dir / "competition-123456.json").write_text('{"score": 0.75, "success": 0.8, "episodes": []}')
    row = vbot("ls", "--workspace", workspace.root, "--json").object["runs"][0]
    assert row["env_steps"] == 123_456
    assert (row["score"], row["success"]) == (0.75, 0.8)
    assert (row["end_reason"], row["end_detail"]) == ("budget", "time is up")
    text = vbot("ls", "--workspace", workspace.root).out
    assert "123,456" in text
    assert "80.0%" in text


def test_a_run_with_a_damaged_record_is_listed_all_the_same(workspace):
    run = make_run(workspace, "r1")
    (run.path / "run.json").write_text("{")
    assert listed(workspace) == ["r1"]


def test_looking_at_a_workspace_that_does_not_exist_makes_nothing(tmp_path):
    said = vbot("ls", "--workspace", tmp_path / "none")
    assert (said.code, said.out) == (0, "No runs.\n")
    assert said.err.startswith(f"vbot: the workspace {tmp_path / 'none'} does not exist yet")
    assert said.err.count("\n") == 1
    assert not (tmp_path / "none").exists()


def test_status_lists_studies_and_runs_with_what_everybody_asks_for(workspace):
    from automl.spec import default_spec
    from automl.studies import create_study

    study = create_study(workspace, default_spec())
    make_run(workspace, "r1", state="stopped", env_steps=500)
    said = vbot("status", "--workspace", workspace.root, "--json")
    assert said.code == 0
    assert set(said.object) == {"studies", "runs"}
    (seen,) = said.object["studies"]
    assert {"id", "state", "env_steps", "score", "flags"} <= set(seen)
    assert (seen["id"], seen["state"], seen["env_steps"]) == (study, "unattended", 0)
    (run,) = said.object["runs"]
    assert (run["id"], run["state"], run["env_steps"], run["score"], run["flags"]) == ("r1", "stopped", 500, None, [])
    text = vbot("status", "--workspace", workspace.root).out
    assert study in text
    assert "r1" in text


def test_status_of_an_empty_workspace_says_what_to_do_and_makes_nothing(tmp_path):
    said = vbot("status", "--workspace", tmp_path / "none")
    assert said.code == 0
    assert "vbot-tui" in said.out
    assert not (tmp_path / "none").exists()
    assert vbot("status", "--workspace", tmp_path / "none", "--json").object == {"studies": [], "runs": []}


def test_status_shows_a_crash_with_its_traceback_and_why_a_study_is_paused():
    trial = {"number": 2, "state": "failed", "run": "r2", "end_detail": "died\nTraceback ...\nValueError: 3 is not 4"}
    study = {"id": "s1", "state": "paused", "reason": "scheduler: 3 trials in a row ended with the same error"}
    known = {"env_steps": 0, "score": None, "flags": []}
    single = {"id": "r9", "state": "failed", "study": None, "end_detail": "the disk is full", **known}
    of_trial = {"id": "r2", "state": "failed", "study": "s1", "end_detail": "ValueError", **known}
    text = status_text({"studies": [{**study, **known, "trials": [trial]}], "runs": [of_trial, single]})
    assert "s1 is paused: scheduler: 3 trials in a row ended with the same error" in text
    assert "T2 of s1 crashed:\n  died\n  Traceback ...\n  ValueError: 3 is not 4" in text
    assert "r9 crashed:\n  the disk is full" in text
    assert "r2 crashed" not in text


def test_status_shows_the_newest_crashes_and_counts_the_others():
    runs = [
        {"id": f"r{n}", "state": "failed", "study": None, "end_detail": f"e{n}"}
        | {"env_steps": 0, "score": None, "flags": []}
        for n in range(5)
    ]
    text = status_text({"studies": [], "runs": runs})
    assert "e4" in text and "e2" in text and "e1" not in text
    assert "2 older crashes: vbot ls state:failed" in text


@pytest.mark.parametrize(
    "words", [["status"], ["note", "list"], ["note", "todo"], ["library", "list"], ["automl", "list"]]
)
def test_every_list_says_that_its_workspace_does_not_exist(tmp_path, words):
    said = vbot(*words, "--workspace", tmp_path / "none")
    assert said.code == 0
    assert "none does not exist yet" in said.err
    assert not vbot(*words, "--workspace", tmp_path).err


def test_a_brief_says_that_it_makes_a_workspace(tmp_path):
    words = ("brief", "--keep", "--workspace", tmp_path / "none")
    assert "none does not exist yet" in vbot(*words).err
    assert vbot(*words).err == ""


def test_what_the_question_mark_means_is_in_the_help():
    out = io.StringIO()
    with redirect_stdout(out), pytest.raises(SystemExit):
        main(["ls", "--help"])
    assert "FLAGS is '?' while nobody has judged the curves" in out.getvalue()
