"""The audit as a constraint of a search."""

import pytest

from automl import veto
from automl.space import Choice, Range
from automl.suggest import suggest
from tests.automl.builders import spec, study
from vbot_sim.errors import ConfigError

ALIVE = "task.reward.scales.alive_bonus"
# 3.0 per 10 ms, less 0.12 for time and facing, is 2880 for standing still for 10 s; with 0.001 it costs 119
STANDING_PAYS = {ALIVE: 3.0}
STANDING_IS_FREE = {ALIVE: 0.001}
SPACE = {ALIVE: Range(1e-3, 4.0, log=True, around=3.0)}


def test_a_reward_under_which_standing_still_pays_tempts_and_one_under_which_it_does_not_does_not():
    asked = spec(space=SPACE)
    assert veto.temptation(asked, STANDING_PAYS) >= 1.0
    assert veto.temptation(asked, STANDING_IS_FREE) < 1.0


def test_settings_that_no_task_accepts_are_left_to_the_trial():
    assert veto.temptation(spec(space=SPACE), {ALIVE: "much"}) == 0.0


def test_courses_are_not_audited():
    asked = spec(space={}, env="vbot_navigation_section012")
    assert veto.temptation(asked, {}) == 0.0


def by_hand(tempted):
    return lambda spec, params: tempted[params["x"]]


def drawn(*names):
    return [{"x": name} for name in names]


def test_the_first_that_passes_is_taken(monkeypatch):
    monkeypatch.setattr(veto, "temptation", by_hand({"a": 1.0, "b": 0.99, "c": 0.1}))
    assert veto.least_tempting(spec(), drawn("a", "b", "c")) == {"x": "b"}


def test_where_none_passes_the_least_tempting_is_taken(monkeypatch):
    monkeypatch.setattr(veto, "temptation", by_hand({"a": 3.0, "b": 1.2, "c": 2.0}))
    assert veto.least_tempting(spec(), drawn("a", "b", "c")) == {"x": "b"}
    assert veto.least_tempting(spec(), []) is None


def test_an_audited_study_draws_only_rewards_that_pass():
    space = {ALIVE: Choice((0.001, 3.0), around=3.0)}
    free = spec(space=space, sampler="random", try_preset=False)
    watched = spec(space=space, sampler="random", try_preset=False, audited=True)
    plain = {suggest(free, study(), number)[ALIVE] for number in range(8)}
    assert plain == {0.001, 3.0}
    assert {suggest(watched, study(), number)[ALIVE] for number in range(8)} == {0.001}


def test_what_a_person_asked_for_is_trained_whatever_the_audit_says():
    watched = spec(space=SPACE, audited=True)
    assert suggest(watched, study(), 0) == {ALIVE: 3.0}  # the preset itself


def test_a_grid_leaves_nothing_out():
    with pytest.raises(ConfigError, match="audited"):
        spec(space={ALIVE: Choice((0.001, 3.0))}, sampler="grid", audited=True)
