"""The audit on rewards of known outcome: what was cheated is named first, what cured it passes."""

import pytest
import yaml

from automl.audit import audit
from tests.automl.audit.pairs import ENV, PAIRS, task
from tests.house.tree import ROOT
from vbot_rl.config import run_cfg
from vbot_sim.config import PRESETS

GALLERY = sorted((ROOT / "automl" / "gallery").glob("*.yaml"))
#: What a flag of the gallery is called here; a sprint ends in a fall at the touch. Empty: no return decides it.
FORESEEN_AS = {
    "lazy_robot": {"lazy_robot"},
    "deceleration_moat": {"deceleration_moat"},
    "sprint_crash": {"sprint_crash", "touch_and_die"},
    **{name: {name} for name in ("hover_at_rim", "die_early", "fly_through", "touch_and_die")},
    # Where success does not end the episode, staying inside is the job itself: farming it cannot pay more than that.
}
WITHOUT_A_RETURN = {
    "conservative_hovering",
    "weak_drive",
    "exploration_collapse",
    "learning_rate_spike_or_collapse",
    "config_drift",
    "poisoned_optimizer",
    "dead_gradient",
    "observation_mismatch",
    "logging_artefact",
    "normaliser_drift",
    "value_instability",
    "warm_start_collapse",
    "contaminated_search",
    "double_step_count",
    "seed_spread",
    "backward_dragging",
    "joint_dragging",
    "bounce_farming",
    "zone_avoidance",
    "death_valley",
    "ungated_approach",
}


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_the_exploit_of_a_broken_reward_wins_and_is_named_first(pair):
    report = audit(pair.broken_task)
    assert report.exploits[0].exploit == pair.exploit
    assert report.exploits[0].verdict == "wins"
    assert report.exploits[0].cure
    assert not report.passes


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_the_cured_reward_passes(pair):
    assert [found.exploit for found in audit(pair.cured_task).winners] == []


@pytest.mark.parametrize("preset", ["default", "head", "t1_best", "speed_opt"])
def test_rewards_that_trained_pass(preset):
    cfg = run_cfg(ENV, preset).cfg
    assert audit(cfg.task, cfg.ppo.gamma).passes


def test_an_old_reward_with_several_faults_shows_them_all():
    winners = {found.exploit for found in audit(task("phase5", {})).winners}
    assert winners == {"lazy_robot", "die_early", "reach_and_farm"}


def test_every_known_failure_is_either_judged_or_listed_as_undecidable():
    report = audit(task("default", {}))
    assert {item.name for item in report.undecidable} >= WITHOUT_A_RETURN
    assert all(item.reason for item in report.undecidable)
    judged = {found.exploit for found in report.exploits} | set(report.not_applicable)
    assert {pair.exploit for pair in PAIRS} <= judged
    assert {"zig_zag", "retreat", "in_and_out", "grace_camping"} <= judged


@pytest.mark.parametrize("path", GALLERY, ids=lambda path: path.stem)
def test_runs_of_the_gallery_are_foreseen(path):
    entry = yaml.safe_load(path.read_text())
    cfg = run_cfg(entry["env"], entry["preset"], sets=entry["sets"]).cfg
    winners = {found.exploit for found in audit(cfg.task, cfg.ppo.gamma).winners}
    for flag in entry["true_flags"]:
        names = FORESEEN_AS.get(flag, set())
        assert not names or names & winners
    if not entry["true_flags"] and "warm_start" not in entry:  # a short fine-tuning finds no exploit that would pay
        assert not winners


def test_every_preset_is_judged_without_a_return_that_is_not_a_number():
    for name in PRESETS:
        for found in audit(task(name, {})).exploits:
            assert abs(found.return_ratio) < 1e6
