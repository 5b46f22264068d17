"""AutoML first: which long trainings are answered with a study, and how a run is marked that was wanted anyway."""

import shlex

import pytest

from automl.journal import Journal
from automl.space import Range
from automl.spec import StudySpec
from automl.studies import create_study
from sessions.workspace import Workspace
from tests.automl.builders import created, finished, prepared, started
from tests.cli.command import vbot
from vbot_rl.config import run_cfg, to_yaml
from vbot_rl.launch import create_run
from vbot_tui.cli.__main__ import build_parser
from vbot_tui.cli.automl_spec import requested_spec
from vbot_tui.cli.hand_set import guard
from vbot_tui.cli.train import new_run, resolve_with_base

ENV = "vbot_navigation_section001"
RATE = "ppo.learning_rate"


def judged(*words):
    """The mark of a run, or the sentence with which it is refused."""
    arguments = build_parser().parse_args(["train", *map(str, words)])
    return guard(*resolve_with_base(arguments), arguments.anyway)


def refused(*words):
    from sessions.errors import UsageError

    with pytest.raises(UsageError) as error:
        judged(*words)
    return str(error.value)


@pytest.mark.parametrize(
    "words",
    [
        ("--set", "ppo.learning_rate=5e-4"),
        ("--set", "task.reward.scales.stop=3"),
        ("--set", "task.reward={'speed_cap_mps': 1.0}"),  # a whole section is no way round
        ("--set", "ppo.hidden=[64, 64]"),
        ("--steps", "501k", "--set", "ppo.clip=0.1"),
    ],
)
def test_settings_made_up_for_a_long_training_are_refused(words):
    said = refused(ENV, *words)
    assert "set by hand" in said
    assert "vbot automl run --env" in said
    assert "--anyway" in said


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--set", "ppo.learning_rate=0.001"),  # what it is anyway
        ("--set", "train.num_envs=64"),
        ("--set", "task.spawn.radius_max_m=5"),
        ("--preset", "head"),
        ("--steps", "500k", "--set", "ppo.clip=0.1"),
    ],
)
def test_everything_else_is_trained(words):
    assert judged(ENV, *words) == ""


def test_the_study_in_the_sentence_is_understood_and_begins_with_the_values():
    said = refused(
        ENV, "--preset", "head", "--steps", "2M", "--set", "ppo.learning_rate=5e-4", "--set", "ppo.hidden=[32]"
    )
    command = said.split("'")[1]
    spec = requested_spec(build_parser().parse_args(shlex.split(command)[1:]))
    assert spec.preset == "head"
    assert spec.trial_env_steps == 2_000_000
    assert spec.space == {RATE: Range(2.5e-4, 1e-3, log=True)}
    assert [dict(seed.params) for seed in spec.seed_configs] == [{RATE: 5e-4}]
    assert dict(spec.sets) == {"ppo.hidden": [32]}


def test_anyway_marks_the_run_for_good(tmp_path):
    words = ("train", ENV, "--anyway", "--set", "ppo.learning_rate=5e-4", "--set", "task.reward.scales.stop=3")
    arguments = build_parser().parse_args(words)
    resolved, base = resolve_with_base(arguments)
    run = new_run(Workspace.open(tmp_path), resolved, arguments, guard(resolved, base, True))
    assert run.record().hand_set == "task.reward.scales.stop=3.0, ppo.learning_rate=0.0005"
    plain = new_run(Workspace.open(tmp_path), base, arguments)
    assert plain.record().hand_set == ""


def write(path, resolved):
    path.write_text(to_yaml(resolved))
    return path


def test_a_config_file_made_by_hand_is_no_way_round(tmp_path):
    resolved = run_cfg(ENV, sets={RATE: 5e-4}, origins={RATE: "search"})  # origins are only text
    assert RATE in refused("--config", write(tmp_path / "mine.yaml", resolved))


def test_the_config_of_a_trial_can_be_trained_again_until_somebody_edits_it(tmp_path):
    resolved = run_cfg(ENV, sets={RATE: 5e-4}, origins={RATE: "search"})
    run = create_run(Workspace.open(tmp_path), resolved, kind="trial", label="t", study="s-1", trial=0)
    assert judged("--config", run.config_path) == ""
    assert "ppo.clip" in refused("--config", run.config_path, "--set", "ppo.clip=0.1")
    write(run.config_path, run_cfg(ENV, sets={RATE: 6e-4}, origins={RATE: "search"}))
    assert RATE in refused("--config", run.config_path)


def test_the_config_of_a_run_that_was_set_by_hand_stays_set_by_hand(tmp_path):
    run = create_run(Workspace.open(tmp_path), run_cfg(ENV, sets={RATE: 5e-4}), kind="train", label="t")
    assert RATE in refused("--config", run.config_path)


@pytest.fixture
def study(tmp_path):
    workspace = Workspace.open(tmp_path)
    spec = StudySpec(preset="head", space={RATE: Range(1e-4, 1e-2, log=True)}, sets={"train.num_envs": 64})
    study = create_study(workspace, spec)
    run = create_run(workspace, run_cfg(ENV, "head"), kind="trial", label="t", study=study, trial=1)
    journal = Journal(workspace.studies / study / "events.jsonl")
    for number, rate, score in ((0, 1e-3, 0.2), (1, 2e-3, 0.9)):
        for event in (created(number, {RATE: rate}), prepared(number), started(number), finished(number, score)):
            journal.append({**event, **({"run": run.id} if event["type"] == "trial_prepared" else {})})
    journal.close()
    return study


def test_what_a_study_found_is_trained_in_full_length(tmp_path, study):
    words = ("train", "--final", "--from", study[:20], "--workspace", str(tmp_path))
    arguments = build_parser().parse_args(words)
    resolved, base = resolve_with_base(arguments)
    assert guard(resolved, base, False) == ""
    assert (resolved.cfg.ppo.learning_rate, resolved.cfg.preset) == (2e-3, "head")
    assert (resolved.origins[RATE], resolved.cfg.train.num_envs) == ("search", 64)
    run = new_run(Workspace.open(tmp_path), resolved, arguments)
    assert run.record().kind == "final"
    assert "-t-" in (run.record().parent or "")  # the trial's own run
    assert judged("--config", run.config_path) == ""


def test_a_trial_is_named_with_its_number_and_stays_searched_as_long_as_nothing_is_changed(tmp_path, study):
    where = ("--workspace", tmp_path)
    first = build_parser().parse_args(["train", "--from", f"{study}:T0", *map(str, where)])
    assert resolve_with_base(first)[0].cfg.ppo.learning_rate == 1e-3
    assert RATE in refused("--from", f"{study}:1", "--set", "ppo.learning_rate=1e-4", *where)
    said = vbot("train", "--from", f"{study}:7", *where)
    assert said.code == 2
    assert "has no trial '7'; its trials are 0 to 1" in said.err


def test_another_environment_is_refused(tmp_path, study):
    said = vbot("train", "vbot_navigation_section012", "--from", study, "--workspace", tmp_path)
    assert said.code == 2
    assert f"was tried on {ENV}" in said.err
