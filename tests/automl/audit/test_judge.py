"""Verdicts, break-even weights and advice."""

import json
import subprocess
import sys
import time

import pytest

from automl.audit import audit
from automl.audit.report import verdict
from tests.automl.audit.pairs import ENV, task
from vbot_sim.catalogue import scales
from vbot_sim.config import PRESETS, task_cfg
from vbot_sim.errors import ConfigError

FOUR_METRES = {"spawn.radius_min_m": 4.0, "spawn.radius_max_m": 4.0}


def found(report, exploit):
    return next(item for item in report.exploits if item.exploit == exploit)


def view(item, name):
    return next(pair for pair in item.views if pair.view == name)


def alive_and_arrival(alive, arrival):
    settings = FOUR_METRES | {"reward.scales": scales(alive_bonus=alive, arrival_bonus=arrival)}
    return task("default", settings | {"reward.alive_outside_only": True})


def test_standing_against_arriving_by_hand():
    # Alive 0.1 per 10 ms while outside: standing earns 100 in 10 s. The walk-in is outside for 127 steps of 20 ms
    # (see test_returns), 25.4, and arrives for 50: 75.4.
    lazy = view(found(audit(alive_and_arrival(0.1, 50.0)), "lazy_robot"), "episode")
    assert lazy.exploit == pytest.approx(100.0, rel=1e-4)
    assert lazy.job == pytest.approx(75.4, rel=1e-4)
    assert lazy.ratio == pytest.approx(100.0 / 75.4, rel=1e-4)


def test_the_break_even_weight_by_hand():
    # Arriving has to make up for 100 - 25.4; being alive may earn 50 / 746 per 10 ms.
    terms = {t.term: t for t in found(audit(alive_and_arrival(0.1, 50.0)), "lazy_robot").terms}
    assert terms["arrival_bonus"].break_even == pytest.approx(74.6, rel=1e-3)
    assert terms["alive_bonus"].break_even == pytest.approx(0.1 * 50.0 / 74.6, rel=1e-3)


MOAT = {"reward.near_target_radius_m": 2.0, "reward.near_target_slope_per_s": 0.0}


@pytest.mark.parametrize(
    ("base", "broken", "exploit", "term"),
    [
        ("t1_best", {"reward.fine_requires_reach": False}, "hover_at_rim", "distance_progress"),
        ("head", MOAT, "deceleration_moat", "near_target_speed"),
        ("head", MOAT | {"reward.scales.near_target_speed": -1.4}, "deceleration_moat", "approach"),
        ("head", {"reward.stop_speed_gate_mps": None}, "fly_through", "near_target_speed"),
    ],
)
def test_at_the_break_even_weight_the_verdict_changes(base, broken, exploit, term):
    before = found(audit(task(base, broken)), exploit)
    weight = next(t.break_even for t in before.terms if t.term == term)
    assert weight is not None
    after = found(audit(task(base, broken | {f"reward.scales.{term}": weight})), exploit)
    assert view(after, before.view).ratio == pytest.approx(before.wins_at, rel=2e-3)


def test_the_terms_that_tell_most_come_first():
    for item in audit(task("head", {})).exploits:
        push = [abs(t.exploit - item.wins_at * t.job) for t in item.terms]
        assert push == sorted(push, reverse=True)


def test_exploits_are_sorted_by_how_near_they_are_to_winning():
    strengths = [item.strength for item in audit(task("phase5", {})).exploits]
    assert strengths == sorted(strengths, reverse=True)


def test_where_the_job_itself_costs_the_dearest_detour_is_first():
    fined = {"reward.scales.near_target_speed": -20.0, "reward.near_target_radius_m": 2.0}
    report = audit(task("default", fined | {"reward.near_target_cap_mps": 0.1, "reward.near_target_slope_per_s": 0.1}))
    assert report.exploits[0].exploit == "deceleration_moat"
    assert report.exploits[0].return_ratio == 10.0


@pytest.mark.parametrize(
    ("ratio", "wins_at", "expected"),
    [(1.0, 1.0, "wins"), (0.99, 1.0, "close"), (0.79, 1.0, "loses"), (0.95, 0.95, "wins"), (2.5, 3.0, "close")],
)
def test_verdicts(ratio, wins_at, expected):
    assert verdict(ratio, wins_at) == expected


def test_what_loses_needs_no_cure():
    for item in audit(task("default", {})).exploits:
        assert bool(item.cure) == (item.verdict != "loses")


def test_the_cure_names_the_switch_that_stands_wrong():
    report = audit(task("t1_best", {"reward.stop_budget_s": None}))
    assert "stop_budget_s" in found(report, "reach_and_farm").cure


def test_farming_cannot_be_told_from_the_job_where_success_ends_nothing():
    report = audit(task("default", {"episode.success_ends": False}))
    assert "reach_and_farm" in report.not_applicable


def test_a_reward_that_pays_nothing_does_not_pass():
    assert not audit(task("default", {"reward.scales": scales()})).passes


def test_an_episode_too_short_for_the_job_is_said_so():
    report = audit(task("default", {"episode.limit_s": 1.0}))
    assert any("not reached within 1 s" in remark for remark in report.remarks)
    assert "hover_at_rim" in report.not_applicable


def test_how_likely_a_fall_must_be_for_hovering():
    # The dearer the fall, the smaller the risk that makes hovering worth more.
    def risk(price):
        listed = audit(task("head", {"reward.scales.termination": price})).undecidable
        return next(item for item in listed if item.name == "conservative_hovering").evidence["fall_risk_break_even"]

    assert 0.0 < risk(-250.0) < risk(-75.0) < 1.0


def test_a_report_is_plain_data():
    report = audit(task("head", {}))
    again = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert again["passes"] is True
    assert {"exploit", "return_ratio", "verdict", "terms"} <= set(again["exploits"][0])


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_an_audit_takes_less_than_200_ms_of_computing(preset):
    cfg = task(preset, {})
    assert min(computing_time_s(cfg) for _ in range(3)) < 0.2


def computing_time_s(cfg):
    started = time.process_time()
    audit(cfg)
    return time.process_time() - started


def test_the_package_is_light_and_an_audit_runs_no_physics():
    script = f"""
import sys
import automl.audit
assert "numpy" not in sys.modules
from vbot_sim.config import task_cfg
assert automl.audit.audit(task_cfg({ENV!r})).passes
print(sorted({{"mujoco", "torch", "optuna"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_course_is_not_audited_and_that_is_said() -> None:
    with pytest.raises(ConfigError, match="flat task only, not section012"):
        audit(task_cfg("vbot_navigation_section012"))
