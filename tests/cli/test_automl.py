"""Arguments and answers of `vbot automl`; that studies are scheduled well is tested with the scheduler."""

import pytest

from automl.spec import default_spec, load
from automl.studies import create_study
from sessions.locks import Lock
from sessions.workspace import Workspace
from tests.cli.command import vbot
from vbot_tui.cli.__main__ import build_parser
from vbot_tui.cli.automl_spec import requested_spec

ENV = "vbot_navigation_section001"


def spec(*words):
    return requested_spec(build_parser().parse_args(["automl", "run", *words]))


@pytest.fixture
def study(tmp_path):
    return create_study(Workspace.open(tmp_path), default_spec(ENV))


def test_without_a_file_it_is_the_first_study():
    assert spec() == default_spec(ENV)


def test_options_change_the_study():
    found = spec("--hp-trials", "3", "--trial-steps", "200k", "--budget-hours", "0.5", "--slots", "1", "--seed", "9")
    assert (found.max_trials, found.trial_env_steps, found.budget_s) == (3, 200_000, 1800.0)
    assert (found.slots, found.seed) == (1, 9)


def test_the_old_daily_line_still_means_what_it_meant():
    found = spec("--preset", "stage", "--budget-hours", "8", "--hp-trials", "15")
    assert (found.mode, found.preset, found.budget_s, found.max_trials) == ("stage", "head", 28_800.0, 15)
    assert len(found.space) == 20


def test_a_file_and_a_preset_are_not_both_given(tmp_path):
    said = vbot("automl", "run", tmp_path / "spec.yaml", "--preset", "hp", "--workspace", tmp_path)
    assert said.code == 2
    assert "leave --env and --preset away" in said.err


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: [", "YAML"),
        ("- a\n", "table"),
        ("max_trial: 3\n", "max_trials"),
        ("env: vbot_navigation_section0001\n", "vbot_navigation_section001"),
        ("space: {ppo.learning_rte: {low: 1, high: 2}}\n", "learning_rate"),
        ("max_trials: 0\n", "at least 1"),
    ],
)
def test_a_bad_study_file_is_one_sentence_and_nothing_is_made(tmp_path, text, sentence):
    (tmp_path / "spec.yaml").write_text(text)
    said = vbot("automl", "run", tmp_path / "spec.yaml", "--workspace", tmp_path / "w", "--json")
    assert said.code == 2, said.err
    assert sentence in said.object["error"]
    assert said.err.count("\n") == 1
    assert not (tmp_path / "w").exists()


def test_a_second_scheduler_is_refused_and_told_who_has_the_study(tmp_path, study):
    directory = tmp_path / "studies" / study
    log = (directory / "events.jsonl").read_bytes()
    with Lock.acquire(directory / "lock", "scheduler of a test"):
        said = vbot("automl", "resume", study, "--workspace", tmp_path)
    assert said.code == 2
    assert study in said.err
    assert said.err.count("\n") == 1
    assert (directory / "events.jsonl").read_bytes() == log


def test_an_unknown_study_is_refused(tmp_path):
    said = vbot("automl", "resume", "nosuch", "--workspace", tmp_path)
    assert said.code == 2
    assert "nosuch" in said.err


def test_status_without_a_study_says_how_to_start_one(tmp_path):
    said = vbot("automl", "status", "--workspace", tmp_path)
    assert said.code == 2
    assert "vbot automl run" in said.err


def test_a_study_that_nobody_schedules_says_so(tmp_path, study):
    found = vbot("automl", "status", "--workspace", tmp_path, "--json").object
    assert (found["study"], found["state"], found["trials"]) == (study, "unattended", [])
    assert [row["id"] for row in vbot("automl", "list", "--workspace", tmp_path, "--json").object["studies"]] == [study]


def test_a_study_that_nobody_schedules_can_be_stopped(tmp_path, study):
    said = vbot("automl", "stop", study[:15], "--workspace", tmp_path, "--json", "--why", "enough")
    assert said.code == 0, said.err
    view = vbot("automl", "status", study, "--workspace", tmp_path, "--json").object
    assert view["state"] == "stopped"
    assert "enough" in (tmp_path / "studies" / study / "events.jsonl").read_text()
    assert vbot("automl", "stop", study, "--workspace", tmp_path).code == 2


def test_the_report_is_shown_and_written(tmp_path, study):
    said = vbot("automl", "report", "--workspace", tmp_path, "--json")
    assert said.code == 0, said.err
    assert said.object["text"].startswith(f"# {study}\n")
    assert (tmp_path / "studies" / study / "report.md").read_text() == said.object["text"]


def test_the_study_file_of_a_study_can_be_run_again(tmp_path, study):
    path = tmp_path / "studies" / study / "study.yaml"
    again = spec(str(path))
    assert again == load(path)


TINY = """\
trial_env_steps: 4000
max_trials: 2
sets:
  ppo.horizon: 16
  ppo.hidden: [16, 16]
  train.num_envs: 16
  train.evaluation_cases: 4
space:
  ppo.learning_rate: {factor: [0.5, 2.0]}
"""


def test_a_whole_study_runs_to_its_end_without_a_screen(tmp_path):
    (tmp_path / "tiny.yaml").write_text(TINY)
    said = vbot("automl", "run", tmp_path / "tiny.yaml", "--workspace", tmp_path / "w", "--json")
    assert said.code == 0, said.err
    found = said.object
    assert found["state"] == "finished"
    assert [(trial["number"], trial["state"]) for trial in found["trials"]] == [(0, "finished"), (1, "finished")]
    assert all(trial["env_steps"] >= 4000 for trial in found["trials"])
    first, second = (trial["params"]["ppo.learning_rate"] for trial in found["trials"])
    assert first != second
    assert "trial 1: finished" in said.err
    assert vbot("status", "--workspace", tmp_path / "w", "--json").object["studies"][0]["state"] == "finished"


def test_a_study_whose_trials_all_crash_has_failed(tmp_path, monkeypatch):
    (tmp_path / "tiny.yaml").write_text(TINY + "max_attempts: 1\n")
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "mujoco.py").write_text("raise ImportError('the physics is gone')\n")
    monkeypatch.setenv("PYTHONPATH", str(broken))  # what a trial process inherits
    words = ("automl", "run", tmp_path / "tiny.yaml", "--workspace", tmp_path / "w", "--json", "--hp-trials", "1")
    refused = vbot(*words)
    assert refused.code == 1
    assert "the physics is gone" in refused.object["error"]
    assert list((tmp_path / "w/studies").iterdir()) == []
    said = vbot(*words, "--anyway")
    assert said.code == 1
    assert said.object["trials"][0]["state"] == "failed"
    assert said.object["trials"][0]["end_reason"] == "crashed"
