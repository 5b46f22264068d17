"""The shipped curriculum of the courses, as far as it can be known without training it."""

from pathlib import Path

import pytest

from automl.course_curriculum import courses
from automl.pipeline import checked, enqueue, load_work, stage_rows, to_yaml
from automl.presets import named_work
from automl.queue import editing, read
from sessions.workspace import Workspace
from vbot_rl.config import run_cfg
from vbot_sim.config import ENV_IDS
from vbot_sim.errors import ConfigError
from vbot_sim.tasks import observation_size

STAGES = ("field", "section012", "long_course", "section011", "section013")


def configs():
    return {
        stage.name: run_cfg(stage.study.env, stage.study.preset, sets=dict(stage.study.sets)).cfg
        for stage in courses(2).stages
    }


def test_it_is_found_by_its_name_and_can_run():
    pipeline = checked(named_work(Path("courses")))
    assert tuple(stage.name for stage in pipeline.stages) == STAGES
    assert {stage.study.env for stage in pipeline.stages} == {env for env in ENV_IDS if not env.endswith("section001")}


def test_a_file_of_its_name_comes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="no shipped pipeline 'cours'"):
        named_work(Path("cours"))
    Path("courses").write_text("label: mine\n")
    assert named_work(Path("courses")).label == "mine"


def test_it_survives_its_file(tmp_path):
    (tmp_path / "courses.yaml").write_text(to_yaml(courses(2)))
    assert load_work(tmp_path / "courses.yaml") == courses(2)


def test_stairs_and_bridge_start_from_what_the_field_taught_and_the_rest_from_the_section_of_the_stairs():
    starts = {stage.name: stage.start_from for stage in courses(2).stages[1:]}
    assert starts == {
        "section012": "field",
        "long_course": "section012",
        "section011": "section012",
        "section013": "field",
    }
    assert {stage.parts for stage in courses(2).stages[1:]} == {("weights", "normalizer")}


def test_all_stages_see_and_think_alike_so_that_weights_fit():
    cfgs = configs().values()
    assert {observation_size(cfg.task) for cfg in cfgs} == {116}
    assert {tuple(cfg.ppo.hidden) for cfg in cfgs} == {(256, 128, 64)}


def test_what_follows_the_field_shares_the_cores():
    stages = courses(2).stages
    assert [stage.beside for stage in stages] == [False, True, True, True, True]
    assert [stage.study.sets["train.threads"] for stage in stages] == [2, 1, 1, 1, 1]
    assert courses(1).stages[1].study.sets["train.threads"] == 1


def test_the_field_is_a_field_and_the_sections_are_walked_themselves():
    grounds = {name: cfg.task.course.ground for name, cfg in configs().items()}
    assert grounds == {"field": "field", **dict.fromkeys(STAGES[1:], "course")}


def test_a_row_says_what_came_of_a_stage(tmp_path):
    workspace = Workspace.open(tmp_path)
    with editing(workspace) as edit:
        made = enqueue(edit, courses(2), "p-1")
        edit.started("q1", "study-1")
        edit.ended("q1", "done", "trained", {})
        edit.started("q2", None)
        edit.ended("q2", "done", "judged", {"run": "r1", "step": 7, "points_mean": 40.0, "success": 0.5, "fell": 0.25})
    rows = stage_rows(read(workspace), made)
    assert [row["stage"] for row in rows] == list(STAGES)
    first, second = rows[:2]
    assert (first["study"], first["env"], first["state"]) == ("study-1", "vbot_navigation_long_course", "done")
    assert (first["run"], first["points_mean"], first["success"], first["fell"]) == ("r1", 40.0, 0.5, 0.25)
    assert 0.0 <= first["wall_s"] < 60.0
    assert (second["state"], second["wall_s"], second["points_mean"]) == ("waiting", 0.0, None)


def test_an_item_took_as_long_as_its_last_attempt(tmp_path, monkeypatch):
    times = iter(f"2026-01-01T00:00:{second:02d}.000Z" for second in range(0, 60, 10))
    monkeypatch.setattr("automl.queue.utc_now", lambda: next(times))
    with editing(Workspace.open(tmp_path)) as edit:
        edit.add("study", "s", {})  # at 0 s
        edit.started("q1", "s-1")  # 10
        assert edit.queue.item("q1").wall_s is None
        edit.ended("q1", "failed", "no")  # 20
        edit.again("q1", "once more")  # 30
        edit.started("q1", "s-2")  # 40
        edit.ended("q1", "done", "yes")  # 50
    assert edit.queue.item("q1").wall_s == 10.0
