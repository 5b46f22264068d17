import math
import subprocess
import sys
from dataclasses import replace

import pytest

from automl.confirm import best_number, candidates
from automl.samplers import from_cmaes, points, size
from automl.space import Choice, Factor, Range, at_share, share_of_range
from automl.spec import ConfirmCfg, StudySpec, complete
from automl.spec_parts import SeedConfig
from automl.suggest import origin, suggest, worth
from tests.automl.builders import created, finished, prepared, ran, rung, spec, started, study
from vbot_sim.errors import ConfigError

RATE, FALL = "ppo.learning_rate", "task.reward.scales.termination"


def params(rate: float, fall: float = -100.0) -> dict[str, float]:
    return {RATE: rate, FALL: fall}


def hill(count: int):
    """Trials whose score is best at a learning rate of 3e-3 and a fall of -200."""
    events = []
    for number in range(count):
        rate = 1e-4 * 10 ** (2 * ((number * 0.61803) % 1))
        fall = -25.0 * 16 ** ((number * 0.75488) % 1)
        score = -abs(math.log10(rate / 3e-3)) - abs(math.log10(fall / -200.0))
        events += ran(number, score, params(rate, fall))
    return study(*events)


@pytest.mark.parametrize(("sampler", "trials", "draws"), [("gp", 24, 4), ("cmaes", 60, 12)])
def test_every_model_leans_towards_what_scored_well(sampler, trials, draws):
    """Best at 3e-3: at random 40 % of the draws lie within a factor of 2.5 of it."""
    here, tried = spec(sampler=sampler), hill(trials)
    found = [suggest(here, tried, number)[RATE] for number in range(trials, trials + draws)]
    assert sum(abs(math.log10(rate / 3e-3)) < 0.4 for rate in found) >= 0.75 * draws


@pytest.mark.parametrize("sampler", ["gp", "cmaes"])
def test_another_process_gives_the_same_answer(sampler):
    script = f"""
from tests.automl.test_samplers import hill
from tests.automl.builders import spec
from automl.suggest import suggest
print(suggest(spec(sampler={sampler!r}), hill(14), 14))
"""
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()
    assert said == str(suggest(spec(sampler=sampler), hill(14), 14))


@pytest.mark.parametrize("sampler", ["gp", "cmaes", "tpe", "perturb"])
def test_a_trial_that_breaks_a_limit_is_not_what_others_are_drawn_around(sampler):
    """High rates score best, but the robot falls there."""

    def life(number: int, rate: float):
        fast = rate > 1e-3
        score, fell = (0.9, 0.5) if fast else (0.4 + 0.1 * math.log10(rate / 1e-4), 0.0)
        judged = {**rung(number, 1000, score), "fell": fell}
        ended = {**finished(number, score), "fell": fell}
        return [created(number, params(rate, -50.0 - number)), prepared(number), started(number), judged, ended]

    rates = [1e-4 * 10 ** (2 * ((number * 0.61803) % 1)) for number in range(30)]
    tried = study(*(life(number, rate) for number, rate in enumerate(rates)))
    free, held = spec(sampler=sampler), spec(sampler=sampler, constraints={"fell": 0.05})
    fast = [sum(suggest(here, tried, n)[RATE] > 1e-3 for n in range(30, 34)) for here in (free, held)]
    assert fast[1] < fast[0], fast


def test_a_trial_that_breaks_a_limit_is_worth_less_than_any_other():
    held = spec(constraints={"fell": 0.1})
    bad = {**finished(0, 1.1), "fell": 0.3}
    state = study(created(0), prepared(0), started(0), bad, *ran(1, -0.9, params(2e-3)))
    assert worth(held, state.trials[0]) == pytest.approx(1.1 - 2.0 - 0.2)  # by 0.3 - 0.1 over the limit
    assert worth(held, state.trials[1]) == -0.9
    assert worth(spec(), state.trials[0]) == 1.1
    assert (held.admits(state.trials[0]), held.admits(state.trials[1])) == (False, True)


def test_a_trial_that_diverged_exceeds_every_limit():
    state = study(created(0), started(0), {**finished(0, None, "diverged"), "fell": None})
    assert spec(constraints={"fell": 0.25}).excess(state.trials[0]) == {"fell": 0.75}


@pytest.mark.parametrize(
    ("limits", "sentence"), [({"fel": 0.1}, "fell"), ({"fell": 1.0}, "share"), ({"fell": -1}, "share")]
)
def test_a_limit_that_means_nothing_is_refused(limits, sentence):
    with pytest.raises(ConfigError, match=sentence):
        StudySpec(constraints=limits)


def test_cmaes_needs_a_full_generation_before_it_moves():
    """Two keys: a generation is 4 + floor(3 ln 2) = 6 trials."""
    space = spec().space
    base = params(1e-3)

    def draw(count: int):
        state = hill(count)
        rated = [(trial, trial.score) for trial in state.trials.values()]
        return from_cmaes(space, base, rated, {}, seed=3)

    assert draw(0) == draw(5)
    assert draw(6) != draw(5)
    assert draw(6) == draw(11)


def test_cmaes_leaves_keys_without_order_to_chance_and_needs_two_that_have_one():
    space = {**spec().space, "ppo.schedule": Choice(("linear", "constant"), around="linear")}
    drawn = {**params(5e-4), "ppo.schedule": "constant"}
    moved = from_cmaes(space, {**params(1e-3), "ppo.schedule": "linear"}, [], drawn, seed=1)
    assert moved["ppo.schedule"] == "constant"
    assert moved[RATE] != 5e-4
    alone = {RATE: space[RATE]}
    assert from_cmaes(alone, {RATE: 1e-3}, [], {RATE: 7e-4}, seed=1) == {RATE: 7e-4}


def test_seed_configurations_come_right_after_the_preset_and_know_where_they_are_from():
    seeds = (SeedConfig(params(2e-3, -30.0), "study a:3"), SeedConfig({RATE: 4e-3}))
    here = spec(seed_configs=seeds)
    first = suggest(here, study(), 0)
    second = suggest(here, study(ran(0, 0.1, first)), 1)
    third = suggest(here, study(ran(0, 0.1, first), ran(1, 0.1, second)), 2)
    assert (second, third) == (params(2e-3, -30.0), params(4e-3, -100.0))
    assert origin(here, 0, first) == ("preset", {})
    assert origin(here, 1, second) == ("seed", {"seed": "study a:3"})
    assert origin(here, 2, third) == ("seed", {})
    fourth = suggest(here, study(ran(0, 0.1, first), ran(1, 0.1, second), ran(2, 0.1, third)), 3)
    assert fourth not in (first, second, third)
    assert origin(here, 3, fourth) == ("tpe", {})


def test_a_seed_that_equals_the_preset_is_not_run_a_second_time():
    here = spec(seed_configs=(SeedConfig(params(1e-3)), SeedConfig({RATE: 4e-3})))
    assert suggest(here, study(ran(0, 0.1)), 1)[RATE] == 4e-3


def test_a_seed_of_a_key_that_is_not_searched_is_refused():
    with pytest.raises(ConfigError, match=r"seed configuration sets \['ppo.clip'\]"):
        spec(seed_configs=(SeedConfig({"ppo.clip": 0.1}),))


GRID = {"ppo.clip": Choice((0.1, 0.3), around=0.2), "ppo.epochs": Range(3, 5, integer=True, around=5)}


def test_a_grid_tries_every_point_and_then_every_point_again():
    here = StudySpec(space=GRID, sampler="grid", repeats=2)
    assert (size(GRID), here.trial_limit) == (6, 12)
    tried = [suggest(here, study(), number) for number in range(12)]
    assert tried[:3] == [{"ppo.clip": 0.1, "ppo.epochs": n} for n in (3, 4, 5)]
    assert tried[:6] == tried[6:] == list(points(GRID))
    assert origin(here, 0, tried[0]) == ("grid", {})


def test_a_grid_over_a_line_is_refused():
    with pytest.raises(ConfigError, match="grid"):
        StudySpec(space={"ppo.clip": Range(0.1, 0.3)}, sampler="grid")


def test_a_search_ends_with_the_last_point_of_a_finite_space():
    assert complete(StudySpec(space={"ppo.clip": Choice((0.1, 0.3))}, max_trials=9)).max_trials == 2
    assert complete(StudySpec(space={"ppo.clip": Choice((0.1, 0.3))}, max_trials=1)).max_trials == 1
    assert StudySpec(space={"ppo.clip": Range(0.1, 0.3)}).trial_limit == 12
    assert StudySpec(max_trials=3).trial_limit == 3  # nothing is searched: the same settings with three seeds


def test_the_last_untried_point_of_a_finite_space_is_found():
    here = StudySpec(space=complete(StudySpec(space=GRID)).space, startup_trials=1)
    rest = [point for point in points(GRID) if point != {"ppo.clip": 0.3, "ppo.epochs": 3}]
    tried = study(*(ran(number, 1.0 - number, dict(point)) for number, point in enumerate(rest)))
    for seed in range(4):
        assert suggest(replace(here, seed=seed), tried, 5) == {"ppo.clip": 0.3, "ppo.epochs": 3}


@pytest.mark.parametrize(
    ("dimension", "share", "value"),
    [
        (Range(1.0, 100.0, log=True), 0.5, 10.0),
        (Range(0.0, 8.0), 0.25, 2.0),
        (Range(2, 8, integer=True), 0.5, 5),
        (Range(0.9, 0.999, one_minus=True), 0.5, 0.99),  # 1 - x: 0.1 to 0.001, middle 0.01
        (Factor(0.25, 4.0, around=-100.0), 1.0, -400.0),
    ],
)
def test_a_share_of_a_range_and_its_value_are_one(dimension, share, value):
    assert at_share(dimension, share) == pytest.approx(value)
    assert share_of_range(dimension, value) == pytest.approx(share)


def test_a_choice_has_no_shares():
    with pytest.raises(ConfigError, match="no order"):
        at_share(Choice((1, 2)), 0.5)


def test_the_best_and_what_is_confirmed_keep_the_limits_while_any_trial_does():
    held = spec(constraints={"fell": 0.1}, confirm=ConfirmCfg(2, 1))
    wild = [created(0), prepared(0), started(0), {**rung(0, 1000, 1.1), "fell": 0.4}, {**finished(0, 1.1), "fell": 0.4}]
    state = study(wild, ran(1, 0.5, params(2e-3)), ran(2, 0.7, params(4e-3)))
    assert (best_number(state), best_number(state, held)) == (0, 2)
    assert candidates(held, state) == (2, 1)
    assert best_number(study(wild), held) == 0  # where all break one, the best of them
