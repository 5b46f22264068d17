from dataclasses import replace

import pytest

from automl import preflight as looked
from automl.journal import Journal
from automl.library import Entry, put
from automl.preflight import Finding, memory_mb, parameters, preflight, train_briefly
from automl.space import Choice, Factor, Range
from automl.spec import StudySpec, complete
from automl.spec_parts import SeedConfig, WarmStartCfg
from automl.studies import create_study
from sessions.runs import RunStatus
from sessions.workspace import Workspace
from tests.automl.builders import created, finished, prepared, started
from tests.automl.tiny import SETS, tiny_spec
from vbot_rl.config import run_cfg
from vbot_rl.launch import create_run

ENV = "vbot_navigation_section001"
RATE = "ppo.learning_rate"
SPACE = {RATE: Range(1e-4, 1e-2, log=True)}


@pytest.fixture
def workspace(tmp_path):
    return Workspace.open(tmp_path)


def found(workspace, smoke=None, **changes) -> dict[str, str]:
    """Level of each check that found something."""
    return {item.check: item.level for item in preflight(workspace, StudySpec(**{"space": SPACE, **changes}), smoke)}


def texts(workspace, **changes) -> str:
    return "\n".join(item.text for item in preflight(workspace, StudySpec(**{"space": SPACE, **changes})))


def test_a_sound_study_in_an_empty_workspace_has_nothing_against_it(workspace):
    assert found(workspace) == {}


def test_an_unknown_key_is_named_with_the_nearest(workspace):
    said = preflight(workspace, StudySpec(space={"ppo.learning_rat": Range(1e-4, 1e-2)}))
    assert [item.level for item in said] == ["error"]
    assert "ppo.learning_rate" in said[0].text


def test_a_ghost_key_is_an_error(workspace):
    space = {"task.reward.hold_speed_mps": Range(0.1, 0.4), **SPACE}
    assert found(workspace, preset="head", space=space) == {"ghost key": "error"}
    assert "take it out of space" in texts(workspace, preset="head", space=space)


def test_a_starting_reward_that_would_be_cheated_is_a_warning(workspace):
    assert found(workspace, preset="phase5") == {"audit": "warning"}
    assert "lazy_robot wins" in texts(workspace, preset="phase5")


def test_a_seed_that_would_be_cheated_is_told_apart_from_the_start(workspace):
    switch = "task.reward.fine_requires_reach"
    space = {switch: Choice((True, False))}
    said = texts(workspace, preset="head", space=space, seed_configs=(SeedConfig({switch: False}),))
    assert said.startswith("seed configuration 1 would be cheated: hover_at_rim")


def test_a_warm_start_from_nowhere_is_an_error(workspace):
    assert found(workspace, warm_start=WarmStartCfg("20260101")) == {"warm start": "error"}


def test_a_learning_rate_that_is_taken_over_is_not_searched(workspace):
    whole = WarmStartCfg(f"pretrained:{ENV}", parts=("weights", "schedule"))
    assert found(workspace, warm_start=whole) == {"ghost key": "error"}
    assert found(workspace, warm_start=WarmStartCfg(f"pretrained:{ENV}")) == {}


def test_a_disk_without_room_is_an_error(workspace, monkeypatch):
    class Full:
        free = 100e6

    monkeypatch.setattr(looked.shutil, "disk_usage", lambda path: Full)
    assert found(workspace) == {"disk": "error"}


def test_too_little_memory_is_a_warning(workspace, monkeypatch):
    monkeypatch.setattr(looked, "memory_mb", lambda: 300.0)
    assert found(workspace, slots=1) == {"memory": "warning"}
    monkeypatch.setattr(looked, "memory_mb", lambda: None)
    assert found(workspace) == {}


def test_memory_is_read_as_the_kernel_tells_it(tmp_path):
    path = tmp_path / "meminfo"
    path.write_text("MemTotal:       16000000 kB\nMemAvailable:    2500000 kB\n")
    assert memory_mb(path) == 2500.0
    path.write_text("MemTotal:       16000000 kB\n")
    assert memory_mb(path) is None
    assert memory_mb(tmp_path / "nosuch") is None


def test_the_numbers_of_a_network_are_counted():
    """128 -> 64 -> 12 with biases, for actor and critic: 2 (129 x 64 + 65 x 12)."""
    assert parameters(run_cfg(ENV, sets={"ppo.hidden": [64]})) == 2 * (129 * 64 + 65 * 12)


def ran(workspace, spec: StudySpec, *trials: tuple[dict, float]) -> str:
    study = create_study(workspace, spec)
    journal = Journal(workspace.studies / study / "events.jsonl")
    for number, (params, score) in enumerate(trials):
        for event in (created(number, params), prepared(number), started(number), finished(number, score)):
            journal.append(event)
    journal.close()
    return study


def test_the_same_question_again_is_said_with_its_answer(workspace):
    study = ran(workspace, StudySpec(space=SPACE), ({RATE: 1e-3}, 0.75))
    assert found(workspace) == {"already run": "warning"}
    assert f"already run as {study} (unattended, best score 0.750)" in texts(workspace)
    assert found(workspace, label="another name", slots=1) == {"already run": "warning"}


def test_another_seed_is_another_question_whose_first_trial_is_known(workspace):
    study = ran(workspace, StudySpec(space=SPACE), ({RATE: 1e-3}, 0.75))
    assert found(workspace, seed=1) == {"already run": "note"}
    assert texts(workspace, seed=1) == f"the preset itself was tried as trial 0 of {study}: score 0.750."


@pytest.mark.parametrize(
    "changes",
    [
        {"trial_env_steps": 3_000_000},
        {"preset": "head"},
        {"sets": {"ppo.clip": 0.1}},
        {"space": {RATE: Factor(0.1, 9.0), "ppo.clip": Range(0.1, 0.3)}},
    ],
)
def test_other_settings_are_no_repeat(workspace, changes):
    ran(workspace, StudySpec(space=SPACE), ({RATE: 1e-3}, 0.75))
    assert found(workspace, **changes) == {}


def test_a_rejected_idea_is_a_warning(workspace):
    put(workspace, "rejected", Entry("fast", ENV, settings={RATE: 5e-3}, verdict="it diverges"))
    assert found(workspace) == {"rejected idea": "warning"}
    assert "rejected as 'fast': it diverges" in texts(workspace)


def test_a_budget_that_holds_no_search_is_a_warning(workspace):
    run = create_run(workspace, run_cfg(ENV), kind="train", label="x")
    run.write_status(RunStatus(state="finished", env_steps=1000, steps_per_s=10_000.0))
    # Two million steps take 200 s.
    assert found(workspace, budget_s=500.0, slots=1) == {"budget": "warning"}
    assert "about 3.3 min" in texts(workspace, budget_s=500.0, slots=1)
    assert found(workspace, budget_s=5000.0, slots=1) == {"budget": "note"}
    assert "about 25 of them" in texts(workspace, budget_s=5000.0, slots=1)


def test_errors_come_first_and_spare_the_training(workspace):
    trained = []
    space = {"task.reward.hold_speed_mps": Range(0.1, 0.4), **SPACE}
    said = preflight(workspace, StudySpec(preset="phase5", space=space), lambda *all: trained.append(all) or "")
    assert [item.level for item in said] == ["error"] + 3 * ["warning"]  # phase5 is cheated in three ways
    assert trained == []


def test_what_the_brief_training_says_is_an_error(workspace):
    spec = StudySpec(space=SPACE)
    assert preflight(workspace, spec, lambda *all: "loss is nan") == (Finding("error", "smoke", "loss is nan"),)
    assert preflight(workspace, spec, lambda *all: "") == ()


def test_a_few_steps_are_trained_and_leave_nothing_behind(workspace):
    spec = complete(tiny_spec())
    resolved = run_cfg(spec.env, spec.preset, sets=dict(spec.sets))
    assert train_briefly(workspace, spec, resolved) == ""
    assert list(workspace.root.glob("**/*preflight*")) == []
    assert workspace.run_ids() == []


def test_a_network_that_does_not_fit_is_found(workspace):
    """The policy of the package is wider than 16."""
    spec = complete(tiny_spec(warm_start=WarmStartCfg(f"pretrained:{ENV}")))
    said = train_briefly(workspace, spec, run_cfg(spec.env, spec.preset, sets=SETS))
    assert "ppo.hidden" in said


def test_numbers_that_blow_up_are_found(workspace):
    spec = complete(replace(tiny_spec(), space=SPACE))
    sets = {**SETS, "task.reward.scales.termination": -1e38, "ppo.normalize_values": False, "train.reward_scale": 1e30}
    assert "ended as" in train_briefly(workspace, spec, run_cfg(spec.env, spec.preset, sets=sets))
