import pytest

from sessions.runs import RunDir, RunRecord, RunStatus
from sessions.workspace import Workspace
from tests.cli.command import vbot


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
    assert vbot("ls", "--workspace", tmp_path / "none").out == "No runs.\n"
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
