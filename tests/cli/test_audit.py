import pytest

from sessions.runs import RunDir, RunRecord
from sessions.workspace import Workspace
from tests.cli.command import vbot
from vbot_rl.config import run_cfg, to_yaml

ENV = "vbot_navigation_section001"
LAZY = ("--set", "task.reward.scales.alive_bonus=1.5", "--set", "task.reward.scales.arrival_bonus=50")


def test_the_shipped_default_passes():
    said = vbot("audit", ENV, "--json")
    assert said.code == 0
    assert said.object["passes"] is True
    assert said.object["env"] == ENV
    assert said.object["preset"] == "default"


def test_a_reward_that_will_be_cheated_is_exit_1():
    said = vbot("audit", ENV, "--preset", "t1_best", *LAZY, "--set", "task.episode.limit_s=30", "--json")
    assert said.code == 1
    first = said.object["exploits"][0]
    assert first["exploit"] == "lazy_robot"
    assert first["verdict"] == "wins"
    assert first["return_ratio"] > 1.0
    assert {term["term"] for term in first["terms"]} >= {"alive_bonus"}


def test_a_person_reads_what_wins_and_what_helps():
    said = vbot("audit", ENV, "--preset", "phase5")
    assert said.code == 1
    assert "reach_and_farm wins" in said.out
    assert "task.reward.stop_budget_s" in said.out
    assert said.out.rstrip().endswith("win.")


@pytest.mark.parametrize("as_folder", [False, True])
def test_a_config_file_is_audited_with_its_own_settings(tmp_path, as_folder):
    path = tmp_path / "config.yaml"
    path.write_text(to_yaml(run_cfg(ENV, sets={"ppo.gamma": 0.97})))
    said = vbot("audit", tmp_path if as_folder else path, "--json")
    assert said.code == 0
    assert said.object["gamma"] == 0.97


def test_settings_change_a_config_file(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(to_yaml(run_cfg(ENV, "t1_best")))
    said = vbot("audit", path, "--set", "task.reward.fine_requires_reach=false", "--json")
    assert said.object["exploits"][0]["exploit"] == "hover_at_rim"


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("vbot_navigation_section0001",), "vbot_navigation_section001"),
        (("nowhere.yaml",), "nowhere.yaml"),
        ((ENV, "--preset", "hed"), "head"),
        ((ENV, "--set", "task.reward.scales.alive=x"), "alive"),
        ((ENV, "--set", "task.reward.scale.alive_bonus=1"), "reward"),
    ],
)
def test_bad_input_is_exit_2_and_one_sentence(words, hint):
    said = vbot("audit", *words, "--json")
    assert said.code == 2
    assert hint in said.object["error"]


def test_a_preset_does_not_go_with_a_file(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(to_yaml(run_cfg(ENV)))
    assert vbot("audit", path, "--preset", "head").code == 2


@pytest.mark.parametrize("verb", ["audit", "config"])
def test_a_run_of_the_workspace_is_named_by_a_part_of_its_id(tmp_path, verb):
    config = to_yaml(run_cfg(ENV, sets={"ppo.gamma": 0.97}))
    for name in ("20260101-one", "20260102-two"):
        record = RunRecord(id=name, kind="train", env=ENV)
        RunDir.create(Workspace.open(tmp_path).runs, record, {"config.yaml": config})
    found = vbot(verb, "two", "--workspace", tmp_path, "--json").object
    assert found["gamma"] == 0.97 if verb == "audit" else {"key": "ppo.gamma", "value": 0.97}.items() <= gamma(found)
    several = vbot(verb, "2026", "--workspace", tmp_path)
    assert several.code == 2 and "fits 2 run ids" in several.err
    none = vbot(verb, "three", "--workspace", tmp_path)
    assert none.code == 2 and "Unknown environment 'three'" in none.err
    assert vbot(verb, "two", "--preset", "head", "--workspace", tmp_path).code == 2


def gamma(found):
    return next(row for row in found["settings"] if row["key"] == "ppo.gamma").items()
