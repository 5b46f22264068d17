"""Arguments and answers of what makes studies and queues them; what they do is tested with their modules."""

import pytest
import yaml

from automl.journal import Journal
from automl.pipeline import PipelineSpec
from automl.queue import read
from automl.space import Choice, Range
from automl.spec import StudySpec, from_yaml
from automl.studies import create_study
from sessions.errors import UsageError
from sessions.workspace import Workspace
from tests.automl.builders import created, finished, prepared, started
from tests.cli.command import vbot
from vbot_tui.cli.__main__ import build_parser
from vbot_tui.cli.automl_spec import requested_work

ENV = "vbot_navigation_section001"
RATE = "ppo.learning_rate"


def wanted(*words):
    return requested_work(build_parser().parse_args(["automl", "run", *map(str, words)]))


@pytest.fixture
def study(tmp_path):
    workspace = Workspace.open(tmp_path)
    study = create_study(workspace, StudySpec(preset="head", space={RATE: Range(1e-4, 1e-2, log=True)}))
    journal = Journal(workspace.studies / study / "events.jsonl")
    for number, rate, score in ((0, 1e-3, 0.2), (1, 2e-3, 0.9), (2, 3e-3, 0.5)):
        for event in (created(number, {RATE: rate}), prepared(number), started(number), finished(number, score)):
            journal.append(event)
    journal.close()
    return study


def test_around_a_value_is_searched_between_half_and_twice_of_it():
    spec = wanted("--around", "ppo.learning_rate=4e-4", "--around", "ppo.schedule=constant", "--around", "ppo.epochs=6")
    assert spec.space == {
        RATE: Range(2e-4, 8e-4, log=True),
        "ppo.schedule": Choice(("constant", "linear")),
        "ppo.epochs": Range(3, 12, integer=True),
    }
    assert dict(spec.seed_configs[0].params) == {RATE: 4e-4, "ppo.schedule": "constant", "ppo.epochs": 6}


def test_values_of_a_sweep_are_numbers_however_they_are_written(tmp_path):
    from vbot_tui.cli.automl_make import swept_spec

    words = ["automl", "sweep", RATE, "5e-4", "0.001", "2e-3", "--seeds", "2", "--trial-steps", "300k"]
    spec = swept_spec(build_parser().parse_args(words))
    assert spec.space == {RATE: Choice((5e-4, 1e-3, 2e-3))}
    assert (spec.sampler, spec.repeats, spec.trial_limit, spec.trial_env_steps) == ("grid", 2, 6, 300_000)


def test_a_cost_is_searched_on_its_own_side_of_zero():
    path = "task.reward.scales.termination"
    assert wanted("--around", f"{path}=-100").space[path] == Range(-200.0, -50.0)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--around", "ppo.entropy_coef=0"], "nothing can be searched around 0"),
        (["--around", "ppo.schedule=linear"], "already"),
        (["--around", "ppo.learning_rat=1"], "learning_rate"),
        (["--around", "ppo.clip=0.1", "--preset", "hp"], "leave SPEC and --preset away"),
        (["--preset", "full", "--sampler", "gp"], "a pipeline says what its stages do"),
        (["--sampler", "cmaess"], "cmaes"),
    ],
)
def test_wrong_input_is_one_sentence_and_makes_nothing(tmp_path, words, sentence):
    said = vbot("automl", "run", *words, "--workspace", tmp_path / "w")
    assert said.code == 2, said.err
    assert sentence in said.err
    assert said.err.count("\n") == 1
    assert not (tmp_path / "w").exists()


def test_options_reach_the_study():
    spec = wanted("--preset", "ppo", "--sampler", "gp", "--final-steps", "5M", "--set", "train.num_envs=64")
    assert (spec.sampler, spec.final.env_steps, dict(spec.sets)) == ("gp", 5_000_000, {"train.num_envs": 64})
    assert wanted("--preset", "ppo", "--task-preset", "head").preset == "head"


def test_trials_of_another_study_are_tried_first(tmp_path, study):
    spec = wanted("--preset", "hp", "--from", study, "--workspace", tmp_path)
    rates = [seed.params[RATE] for seed in spec.seed_configs]
    assert rates == [2e-3, 3e-3, 1e-3]  # best first
    assert spec.seed_configs[0].source == f"{study}:1"
    one = wanted("--preset", "hp", "--from", f"{study}:2", "--workspace", tmp_path)
    assert [seed.params[RATE] for seed in one.seed_configs] == [3e-3]


def test_the_daily_line_and_a_curriculum():
    spec = wanted("--preset", "stage", "--budget-hours", "8", "--hp-trials", "15")
    assert (spec.mode, spec.budget_s, spec.max_trials) == ("stage", 28_800.0, 15)
    assert spec.confirm.top == 3
    assert spec.final.env_steps > spec.trial_env_steps
    full = wanted("--preset", "full", "--budget-hours", "6", "--hp-trials", "4")
    assert isinstance(full, PipelineSpec)
    assert [stage.study.budget_s for stage in full.stages] == [7200.0] * 3
    assert {stage.study.max_trials for stage in full.stages} == {4}


def test_a_pipeline_is_no_study():
    from vbot_tui.cli.automl_spec import requested_spec

    with pytest.raises(UsageError, match="pipeline"):
        requested_spec(build_parser().parse_args(["automl", "run", "--preset", "full"]))


def test_a_study_file_is_derived_from_a_trial_and_the_trial_stays(tmp_path, study):
    before = (tmp_path / "studies" / study / "study.yaml").read_bytes()
    said = vbot("automl", "derive", f"{study}:1", "--out", tmp_path / "next.yaml", "--workspace", tmp_path)
    assert said.code == 0, said.err
    spec = from_yaml((tmp_path / "next.yaml").read_text())
    assert (spec.preset, spec.space, spec.based_on) == ("head", {RATE: Range(1e-3, 4e-3, log=True)}, f"{study}:1")
    assert dict(spec.seed_configs[0].params) == {RATE: 2e-3}
    assert (tmp_path / "studies" / study / "study.yaml").read_bytes() == before
    again = vbot("automl", "derive", f"{study}:1", "--out", tmp_path / "next.yaml", "--workspace", tmp_path)
    assert again.code == 2


def test_a_study_with_a_ghost_key_is_refused_unless_it_is_wanted_anyway(tmp_path):
    ghost = {"preset": "head", "space": {"task.reward.hold_speed_mps": {"low": 0.1, "high": 0.4}}}
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(ghost))
    said = vbot("automl", "run", tmp_path / "s.yaml", "--workspace", tmp_path / "w", "--json")
    assert said.code == 2
    assert "hold_speed_mps changes nothing" in said.object["error"]
    assert "--anyway" in said.object["error"]
    looked = vbot("automl", "check", tmp_path / "s.yaml", "--workspace", tmp_path / "w", "--json")
    assert looked.code == 1
    assert [item["check"] for item in looked.object["findings"] if item["level"] == "error"] == ["ghost key"]
    queued = vbot("automl", "queue", "add", tmp_path / "s.yaml", "--anyway", "--workspace", tmp_path / "w", "--json")
    assert queued.code == 0, queued.err
    assert "error: ghost key" in queued.err


def test_a_pipeline_is_looked_over_with_a_line_for_each_stage(tmp_path):
    looked = vbot("automl", "check", "courses", "--workspace", tmp_path)
    assert looked.code == 0, looked.err
    head, *lines = looked.out.splitlines()
    assert head.split() == ["STAGE", "ENV", "STARTS", "FROM", "TRIALS", "STEPS", "EACH", "FINAL", "STEPS", "BESIDE"]
    stages = {line.split()[0]: line.split()[1:4] for line in lines[: lines.index("")]}
    assert stages["field"] == ["vbot_navigation_long_course", "nothing", "1"]
    assert stages["section011"] == ["vbot_navigation_section011", "section012", "1"]


def test_the_queue_is_filled_ordered_and_emptied(tmp_path):
    spec = {"label": "small", "space": {RATE: {"factor": [0.5, 2.0]}}}
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(spec))
    where = ("--workspace", tmp_path / "w")
    assert vbot("automl", "queue", "add", tmp_path / "s.yaml", *where).code == 0
    said = vbot("automl", "queue", "add", tmp_path / "s.yaml", "--after", "q1", "--retries", "2", *where, "--json")
    assert [(item["id"], item["after"], item["retries"]) for item in said.object["items"]] == [
        ("q1", [], 0),
        ("q2", ["q1"], 2),
    ]
    assert vbot("automl", "queue", "move", "q2", "--before", "q1", *where).code == 0
    assert [item.id for item in read(Workspace.open(tmp_path / "w")).items] == ["q2", "q1"]
    assert vbot("automl", "queue", "pause", "--why", "lunch", *where).code == 0
    assert "Paused: lunch" in vbot("automl", "queue", "list", *where).out
    assert vbot("automl", "queue", "resume", *where).code == 0
    said = vbot("automl", "queue", "cancel", "q1", *where, "--json")
    assert [(item["id"], item["state"]) for item in said.object["items"]] == [("q2", "blocked"), ("q1", "cancelled")]
    assert vbot("automl", "queue", "run", *where).code == 0  # nothing is ready
    assert vbot("automl", "queue", "retry", "q1", *where, "--json").object["items"][0]["state"] == "waiting"
    assert vbot("automl", "queue", "cancel", "q7", *where).code == 2


def test_the_library_from_the_command_line(tmp_path, study):
    where = ("--workspace", tmp_path)
    idea = ("--set", "task.reward.scales.stop=9", "--task-preset", "head", "--hypothesis", "it stops sooner")
    assert vbot("library", "add", "--name", "eager", *idea, *where).code == 0
    assert vbot("library", "add", "--name", "eager", *idea, *where).code == 2
    unknown = vbot("library", "add", "--name", "x", "--set", "task.reward.scales.stopp=9", *where)
    assert unknown.code == 2
    assert "stop" in unknown.err
    assert vbot("library", "reject", "eager", "--why", "falls at the touch", *where).code == 0
    listed = vbot("library", "list", *where, "--json").object["entries"]
    assert [(entry["name"], entry["shelf"], entry["verdict"]) for entry in listed] == [
        ("eager", "rejected", "falls at the touch")
    ]
    assert "verdict: falls at the touch" in vbot("library", "show", "eager", *where).out
    spec = wanted("--preset", "reward", "--from", "library:eager", "--workspace", tmp_path)
    assert spec.seed_configs[0].params["task.reward.scales.stop"] == 9.0
    said = vbot("automl", "check", "--preset", "reward", "--from", "library:eager", *where, "--json").object["findings"]
    assert any(item["check"] == "rejected idea" and "falls at the touch" in item["text"] for item in said)


def test_one_of_a_run_and_an_idea_is_archived(tmp_path):
    said = vbot("library", "add", "--name", "x", "--workspace", tmp_path)
    assert said.code == 2
    assert "one of both" in said.err
