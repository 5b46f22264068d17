import gzip

import pytest
import yaml

from automl.diagnosis import FlagCache, facts_of, facts_of_run, flag_names, flags_of, read_curves, walking_pay
from sessions.runs import RunDir, RunRecord, RunStatus
from sessions.workspace import Workspace
from tests.automl.assets_dir import ASSETS
from vbot_rl.config import run_cfg
from vbot_rl.launch import create_run

ENV = "vbot_navigation_section001"
EVENTS = next(ASSETS.glob("std_collapse-*.tfevents.gz"))


def recorded(folder) -> RunDir:
    run = RunDir.create(folder, RunRecord(id="r1", kind="train", env="e"), {})
    (run.path / "events.out.tfevents.1").write_bytes(gzip.decompress(EVENTS.read_bytes()))
    return run


def made(tmp_path, **sets) -> RunDir:
    return create_run(Workspace.open(tmp_path), run_cfg(ENV, sets=sets), kind="train", label="t")


def test_where_a_resumed_run_repeats_a_step_the_later_record_counts(tmp_path):
    run = recorded(tmp_path)
    once = read_curves(run)
    (run.path / "events.out.tfevents.2").write_bytes((run.path / "events.out.tfevents.1").read_bytes())
    assert read_curves(run) == once


def test_the_config_tells_rate_terms_and_what_a_warm_start_took(tmp_path):
    run = made(tmp_path, **{"ppo.learning_rate": 0.002, "train.warm_start": ["weights", "optimizer"]})
    facts = facts_of_run(run)
    assert (facts.learning_rate, facts.loaded, facts.config_changed) == (0.002, ("weights", "optimizer"), False)
    assert facts.terms is not None
    assert "forward_velocity" in facts.terms and "alive_bonus" not in facts.terms  # of the default preset


def test_what_walking_pays_by_hand():
    scales = {"forward_velocity": 0.5, "approach": 30.0, "distance_progress": 0.2}
    # 100 Hz, one tick a step: 0.6 x 0.5 + 30 x 0.006 m + 0.5 x 0.2; at 50 Hz a step is two ticks and twice as long
    assert walking_pay(scales, 100.0) == pytest.approx(0.3 + 0.18 + 0.1)
    assert walking_pay(scales, 50.0) == pytest.approx(0.6 + 0.36 + 0.2)
    # the approach term pays at most 1 per tick
    assert walking_pay({**scales, "approach": 1000.0}, 100.0) == pytest.approx(0.3 + 1.0 + 0.1)


def test_a_config_that_was_edited_afterwards_is_drift(tmp_path):
    run = made(tmp_path)
    assert flag_names(run) == ()
    content = yaml.safe_load(run.config_path.read_text())
    content["config"]["task"]["reward"]["scales"]["alive_bonus"] = 0.5
    run.config_path.write_text(yaml.safe_dump(content))
    assert flag_names(run) == ("config_drift",)


def test_a_config_that_gains_a_key_in_a_later_version_has_not_changed(tmp_path):
    """Only the file is compared with what was recorded; today's schema may know more."""
    run = made(tmp_path)
    content = yaml.safe_load(run.config_path.read_text())
    content["a new section beside"] = 1
    run.config_path.write_text(yaml.safe_dump(content))
    assert facts_of_run(run).config_changed is False


@pytest.mark.parametrize("text", ["{", "config: 3", "[]", ""])
def test_a_config_that_cannot_be_read_hides_no_flag(tmp_path, text):
    run = recorded(tmp_path)
    run.config_path.write_text(text)
    assert "std_collapse" in flag_names(run)


def test_a_live_run_is_silent_since_its_last_word():
    status = RunStatus(state="running", updated="2026-01-01T00:00:00Z", total_env_steps=9)
    facts = facts_of(status, True, now_s=1_767_225_600.0 + 130.0)  # that moment, and 130 s
    assert (facts.state, facts.silent_s, facts.total_env_steps) == ("running", 130.0, 9)
    assert facts_of(status, False, now_s=2e9).silent_s == 0.0
    assert facts_of(None, False).state == "queued"


def test_flags_of_ended_runs_are_remembered_until_their_curves_change(tmp_path):
    workspace = Workspace.open(tmp_path)
    run = recorded(workspace.runs)
    run.lock_path.touch()
    run.write_status(RunStatus(state="finished"))
    first = FlagCache(workspace)
    names = first.names(run, "finished")
    assert "std_collapse" in names
    first.save()
    events = run.path / "events.out.tfevents.1"
    events.write_bytes(bytes(events.stat().st_size))  # same size, nothing in it: only memory can answer now
    assert FlagCache(workspace).names(run, "finished") == names
    assert FlagCache(workspace).names(run, "running") == ()
    events.write_bytes(b"")
    assert FlagCache(workspace).names(run, "finished") == ()


def test_a_broken_memory_of_flags_is_no_obstacle(tmp_path):
    workspace = Workspace.open(tmp_path)
    run = recorded(workspace.runs)
    (workspace.view / "flags.json").write_text('{"version": 2, "runs": {"x": 3}}')
    assert "std_collapse" in FlagCache(workspace).names(run, "finished")


def test_flags_of_a_run_carry_their_evidence(tmp_path):
    assert all(flag.evidence and flag.confidence >= 0.5 for flag in flags_of(recorded(tmp_path)))
