"""What a draft means, and `vbot config`, which describes the same settings."""

import pytest

from sessions.workspace import Workspace
from tests.cli.command import vbot
from tests.vbot_tui.studies import add_run
from vbot_sim.errors import ConfigError
from vbot_tui.cli import planning
from vbot_tui.cli.describe import describe, explained
from vbot_tui.launch_model import Draft

ENV = "vbot_navigation_section001"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    found = Workspace.open(str(tmp_path_factory.mktemp("plans")))
    add_run(found, "no-study", 7, "run7", updates=5)
    return found


def test_ranges_are_written_as_a_person_thinks_of_them():
    assert planning.parse_range("a", "1e-4..1e-2 log") == {"low": 1e-4, "high": 1e-2, "log": True}
    assert planning.parse_range("a", "2 .. 8 integer") == {"low": 2.0, "high": 8.0, "integer": True}
    assert planning.parse_range("a", "0.9..0.999 1-x") == {"low": 0.9, "high": 0.999, "one_minus": True}
    assert planning.parse_range("a", "0.5x..2x") == {"factor": [0.5, 2.0]}
    assert planning.parse_range("a", "true|false") == {"choices": [True, False]}


@pytest.mark.parametrize("text", ["", "1", "1-2", "a..b", "1x..2"])
def test_what_is_no_range_is_refused(text):
    with pytest.raises(ConfigError, match=r"range|number"):
        planning.parse_range("ppo.clip", text)


def test_short_numbers_are_understood():
    assert planning.value_of("a", "200k") == 200_000 and planning.value_of("a", "1.5M") == 1_500_000
    assert planning.value_of("a", "[1, 2]") == [1, 2] and planning.value_of("a", "null") is None


def test_a_plan_has_the_command_the_entries_and_the_origin_of_each(workspace):
    plan = planning.plan(workspace, Draft().with_value("ppo.clip", "0.1"))
    entry = plan.entry("ppo.clip")
    assert (entry.value, entry.before, entry.origin, entry.changed) == ("0.1", "0.2", "override", True)
    assert plan.command == (
        "vbot", "train", ENV, "--set", "ppo.clip=0.1", "--anyway", "--workspace", str(workspace.root),
    )  # fmt: skip
    assert plan.entry("task.physics.cone").choices == ("pyramidal", "elliptic")


def test_a_plan_from_a_run_keeps_its_settings_and_a_study_of_it_sets_them(workspace):
    draft = Draft(source="run7").with_range("ppo.clip", "0.1..0.3").with_value("study.max_trials", "5")
    plan = planning.plan(workspace, draft)
    assert plan.entry("ppo.learning_rate").origin == "search" and plan.entry("env") is None
    assert plan.command[:3] == ("vbot", "train", "--config")
    assert "ppo.learning_rate: 0.001873817422860383" in plan.study and "max_trials: 5" in plan.study
    assert "train.seed" not in plan.study


def test_the_length_of_a_training_is_that_of_the_trials_of_its_study(workspace):
    draft = Draft().with_value("train.total_env_steps", "300k").with_range("ppo.clip", "0.1..0.3")
    assert "trial_env_steps: 300000" in planning.plan(workspace, draft).study


@pytest.mark.parametrize(
    ("draft", "words"),
    [
        (Draft(env="nowhere"), "Unknown environment 'nowhere'"),
        (Draft(preset="nothing"), "Unknown preset 'nothing'"),
        (Draft(source="no-run"), "cannot be read"),
        (Draft().with_value("ppo.clop", "1"), "Did you mean 'ppo.clip'?"),
        (Draft().with_value("ppo.hidden", "[8"), "not valid YAML"),
    ],
)
def test_what_is_wrong_with_a_draft_is_said(workspace, draft, words):
    plan = planning.plan(workspace, draft)
    assert words in plan.trouble and words in plan.study_trouble


def test_an_edited_text_becomes_the_changes_it_makes(workspace):
    text = planning.plan(workspace, Draft()).yaml.replace("clip: 0.2", "clip: 0.1").replace("kp: 80.0", "kp: 60.0")
    back = planning.read_back(workspace, Draft().with_value("study.label", "x"), text)
    assert sorted(back.sets) == [("ppo.clip", "0.1"), ("study.label", "x"), ("task.control.kp", "60")]


@pytest.mark.parametrize("text", ["a: [", "just words", "config: {env: x}"])
def test_a_text_that_is_no_config_is_refused(workspace, text):
    with pytest.raises(ConfigError):
        planning.read_back(workspace, Draft(), text)


def test_every_setting_is_described_with_kind_choices_and_meaning():
    from vbot_rl.config import PpoCfg

    found = {item.key: item for item in describe(PpoCfg())}
    assert (found["clip"].kind, found["epochs"].kind, found["normalize_values"].kind) == ("number", "whole", "yes/no")
    assert found["kl_stop"].optional and found["schedule"].choices[0] == "constant" and found["hidden"].kind == "list"
    assert explained(PpoCfg)["horizon"] == "control steps per simulation and update"


def test_the_verb_prints_settings_with_their_origins():
    said = vbot("config", ENV, "--set", "ppo.clip=0.1", "--json").object
    found = {row["key"]: row for row in said["settings"]}
    assert (found["ppo.clip"]["value"], found["ppo.clip"]["origin"]) == (0.1, "override")
    assert "Speed towards the target" in found["task.reward.scales.forward_velocity"]["help"]
    changed = vbot("config", ENV, "--set", "ppo.clip=0.1", "--changed", "--json").object["settings"]
    assert [row["key"] for row in changed] == ["ppo.clip"]
    assert vbot("config", ENV, "--only", "learning_rate").out.count("\n") >= 4
    assert vbot("config", "nowhere").code == 2
