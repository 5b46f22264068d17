"""What `vbot train` refuses, and how it builds its config; training itself is in test_training."""

import subprocess
import sys

import pytest

from sessions.runs import RunDir, RunRecord, RunStatus
from sessions.workspace import Workspace
from tests.cli.command import vbot
from vbot_rl.config import to_yaml
from vbot_tui.cli.__main__ import build_parser
from vbot_tui.cli.train import resolve

ENV = "vbot_navigation_section001"


def resolved(*words):
    return resolve(build_parser().parse_args(["train", *words]))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["vbot_navigation_section0001"], "vbot_navigation_section001"),
        (["vbot_navigation_section011", "--preset", "feild"], "field"),
        ([ENV, "--set", "task.reward.scales.alive_bonu=1"], "alive_bonus"),
        ([ENV, "--set", "ppo.learning_rat=1"], "learning_rate"),
        ([ENV, "--set", "ppo.learning_rate"], "ppo.learning_rate"),
        ([ENV, "--set", "ppo.epochs=many"], "ppo.epochs"),
        ([ENV, "--preset", "defalt"], "default"),
        ([ENV, "--smoke", "--steps", "600k"], "500000"),
        ([ENV, "--device", "abacus"], "abacus"),
        ([ENV, "--load", "weights"], "--warm-start"),
        ([ENV, "--warm-start", "x", "--load", "wights"], "--load: there is no part 'wights'; did you mean 'weights'?"),
        ([ENV, "--steps", "2Q"], "write it as 500000, 500_000, 500k or 2M"),
        ([], "name the environment"),
        (["--config", "/nowhere/config.yaml"], "/nowhere/config.yaml"),
        ([ENV, "--resume", "20260101"], "no other setting"),
        (["--resume", "20260101"], "20260101"),
    ],
)
def test_wrong_input_is_one_sentence_exit_code_two_and_changes_nothing(tmp_path, words, sentence):
    said = vbot("train", *words, "--workspace", tmp_path / "w")
    assert said.code == 2, said.err
    assert sentence in said.err
    assert said.err.startswith("vbot: ")
    assert said.err.count("\n") == 1
    runs = tmp_path / "w" / "runs"
    assert not runs.exists() or not any(runs.iterdir())


def test_a_workspace_that_is_a_file_is_refused_and_left_alone(tmp_path):
    (tmp_path / "file").write_text("mine")
    said = vbot("train", ENV, "--smoke", "--workspace", tmp_path / "file", "--json")
    assert said.code == 2
    assert str(tmp_path / "file") in said.object["error"]
    assert (tmp_path / "file").read_text() == "mine"


def test_options_and_assignments_reach_the_config():
    cfg = resolved(ENV, "--seed", "7", "--num-envs", "64", "--steps", "1M", "--set", "ppo.gamma=0.98").cfg
    assert (cfg.train.seed, cfg.train.num_envs, cfg.train.total_env_steps) == (7, 64, 1_000_000)
    assert cfg.ppo.gamma == 0.98


def test_a_final_run_is_judged_at_its_end_whatever_it_is_made_of(tmp_path):
    (tmp_path / "trial.yaml").write_text(to_yaml(resolved(ENV, "--seed", "3")))
    sources = ([ENV], ["--config", str(tmp_path / "trial.yaml")])
    assert [resolved(*words).cfg.train.judge_from for words in sources] == [0.0, 0.0]
    assert [resolved("--final", *words).cfg.train.judge_from for words in sources] == [0.85, 0.85]
    assert resolved("--final", *sources[1], "--set", "train.judge_from=0.5").cfg.train.judge_from == 0.5


def test_every_override_is_remembered_as_one():
    origins = resolved(ENV, "--seed", "7", "--set", "ppo.gamma=0.98").origins
    assert (origins["train.seed"], origins["ppo.gamma"], origins["ppo.clip"]) == ("override", "override", "default")


def test_a_config_file_can_be_changed_in_one_value(tmp_path):
    from vbot_rl.config import to_yaml

    path = tmp_path / "config.yaml"
    path.write_text(to_yaml(resolved(ENV, "--set", "ppo.epochs=3", "--set", "ppo.clip=0.1")))
    cfg = resolved("--config", str(path), "--set", "ppo.clip=0.3").cfg
    assert (cfg.ppo.epochs, cfg.ppo.clip) == (3, 0.3)


def test_a_config_file_and_a_preset_contradict_each_other(tmp_path):
    said = vbot("train", "--config", tmp_path / "c.yaml", "--preset", "head", "--workspace", tmp_path / "w")
    assert said.code == 2
    assert "leave --preset" in said.err


def test_a_long_training_with_hand_set_rewards_is_sent_to_a_study(tmp_path):
    said = vbot("train", ENV, "--set", "task.reward.scales.termination=-100", "--workspace", tmp_path / "w")
    assert said.code == 2
    assert "vbot automl run" in said.err
    assert "--anyway" in said.err
    assert not (tmp_path / "w").exists()


def test_a_device_that_is_not_there_is_refused_before_a_run_is_made(tmp_path, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    said = vbot("train", ENV, "--smoke", "--device", "cuda", "--workspace", tmp_path / "w")
    assert said.code == 2
    assert "no CUDA device" in said.err and said.err.count("\n") == 1
    assert not (tmp_path / "w").exists()


def test_a_run_on_a_device_that_is_gone_is_not_resumed(tmp_path, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    config = to_yaml(resolved(ENV, "--device", "cuda"))
    record = RunRecord(id="20260101-a", kind="train", env=ENV)
    run = RunDir.create(Workspace.open(tmp_path).runs, record, {"config.yaml": config})
    run.write_status(RunStatus(state="failed"))
    said = vbot("train", "--resume", run.id, "--workspace", tmp_path)
    assert said.code == 2 and "no CUDA device" in said.err
    assert run.status().state == "failed"


def test_the_processor_is_found_without_torch():
    code = "import sys; from vbot_rl.launch import require_device; require_device('cpu'); print('torch' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False\n"
