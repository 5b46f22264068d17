import json
import subprocess
import sys
from dataclasses import replace

import pytest

from automl import studies
from automl.commands import Command
from automl.journal import Journal
from automl.spec import load
from sessions.locks import Lock
from sessions.runs import RunDir, RunRecord, RunStatus
from sessions.workspace import Workspace
from tests.automl.builders import created, finished, prepared, rung, started
from tests.automl.tiny import tiny_spec
from vbot_sim.errors import SimError


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    return Workspace.open(tmp_path)


def log(workspace: Workspace, study: str, *events) -> None:
    journal = Journal(workspace.study(study) / "events.jsonl")
    for event in events:
        journal.append({"time": "2026-11-23T00:00:00.000Z", "t": 1.0, **event})
    journal.close()


def make_run(workspace: Workspace, name: str, status: RunStatus | None = None, **record) -> RunDir:
    run = RunDir.create(workspace.runs, RunRecord(id=name, kind="trial", env="e", **record), {"config.yaml": ""})
    if status is not None:
        run.lock_path.touch()
        run.write_status(status)
    return run


def evaluation(run: RunDir, step: int, score: float) -> None:
    (run.eval_dir / f"competition-{step}.json").write_text(json.dumps({"score": score, "success": score, "fell": 0.0}))


def test_a_new_study_has_its_whole_spec_a_log_and_an_inbox(workspace):
    study = studies.create_study(workspace, tiny_spec())
    folder = workspace.study(study)
    assert load(folder / "study.yaml").space["ppo.learning_rate"].around is not None
    assert [path.name for path in sorted(folder.iterdir())] == ["events.jsonl", "inbox", "study.yaml"]
    assert studies.list_studies(workspace) == [study]


def test_a_refused_spec_leaves_nothing_behind(workspace):
    with pytest.raises(SimError):
        studies.create_study(workspace, replace(tiny_spec(), preset="nonsense"))
    assert list(workspace.studies.iterdir()) == []


def test_an_empty_workspace_has_no_studies_and_no_runs(workspace):
    assert studies.status(workspace) == {"studies": [], "runs": []}


def test_status_tells_of_every_study_and_run_what_is_known(workspace):
    study = studies.create_study(workspace, tiny_spec())
    steps = [{**event, "run": "20260101-000000-a-1"} if event["type"] == "trial_prepared" else event for event in (
        created(0, origin="preset"), prepared(0), started(0), rung(0, 500, 0.25), rung(0, 1000, 0.5), finished(0, 0.5)
    )]  # fmt: skip
    log(workspace, study, *steps)
    run = make_run(
        workspace,
        "20260101-000000-a-1",
        RunStatus(state="finished", env_steps=1000, total_env_steps=1000, end_reason="finished", end_detail="done"),
        study=study,
        trial=0,
    )
    evaluation(run, 500, 0.25)
    evaluation(run, 1000, 0.5)
    told = studies.status(workspace)
    assert json.loads(json.dumps(told)) == told
    (one,) = told["studies"]
    assert {key: one[key] for key in ("id", "state", "env_steps", "score", "best", "flags")} == {
        "id": study,
        "state": "unattended",
        "env_steps": 1000,
        "score": 0.5,
        "best": 0,
        "flags": [],
    }
    assert [(row["step"], row["score"]) for row in one["trials"][0]["rungs"]] == [(500, 0.25), (1000, 0.5)]
    (row,) = told["runs"]
    wanted = ("id", "kind", "study", "trial", "state", "env_steps", "score", "success", "flags", "end_reason")
    assert [row[key] for key in wanted] == [run.id, "trial", study, 0, "finished", 1000, 0.5, 0.5, [], "finished"]


def test_a_crashed_run_has_no_score(workspace):
    run = make_run(workspace, "r", RunStatus(state="running", env_steps=10))
    evaluation(run, 10, 0.9)
    (row,) = studies.status(workspace)["runs"]
    assert (row["state"], row["score"]) == ("failed", None)


def test_a_run_is_running_only_while_its_lock_is_held(workspace):
    run = make_run(workspace, "r", RunStatus(state="running", env_steps=10, steps_per_s=5.0))
    with Lock.acquire(run.lock_path):
        (row,) = studies.status(workspace)["runs"]
        assert (row["state"], row["steps_per_s"]) == ("running", 5.0)
    assert studies.status(workspace)["runs"][0]["state"] == "failed"


def test_a_study_with_a_damaged_log_is_listed_as_such(workspace):
    study = studies.create_study(workspace, tiny_spec())
    path = workspace.study(study) / "events.jsonl"
    path.write_bytes(b"00000000 {}\n" + path.read_bytes())
    (row,) = studies.status(workspace)["studies"]
    assert (row["id"], row["state"], row["score"]) == (study, "damaged", None)
    assert "line 1" in row["reason"]


def test_a_viewer_reads_the_log_again_when_it_has_grown(workspace):
    study = studies.create_study(workspace, tiny_spec())
    viewer = studies.StudyViewer(workspace)
    assert viewer.view(study).trials == ()
    log(workspace, study, created(0))
    assert [trial.state for trial in viewer.view(study).trials] == ["queued"]


def test_a_held_study_is_running(workspace):
    study = studies.create_study(workspace, tiny_spec())
    with Lock.acquire(workspace.study(study) / "lock"):
        view = studies.study_view(workspace, study)
        assert (view.state, view.attended, studies.is_attended(workspace, study)) == ("running", True, True)


def test_two_commands_sent_at_once_are_two_files(workspace):
    study = studies.create_study(workspace, tiny_spec())
    names = [studies.send(workspace, study, Command("pause_study")) for _ in range(2)]
    assert sorted(path.stem for path in (workspace.study(study) / "inbox").iterdir()) == sorted(names)


def test_what_the_cockpit_imports_at_start_loads_nothing_heavy():
    modules = "studies scheduler handover headless flags diagnosis spec view commands suggest local exploits"
    script = f"""
import sys
for name in {modules.split()!r}:
    __import__("automl." + name)
heavy = {{"numpy", "optuna", "torch", "mujoco", "tensorboard", "pandas", "yaml"}} & set(sys.modules)
print(sorted(heavy))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
