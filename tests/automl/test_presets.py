import random
from dataclasses import replace
from pathlib import Path

import pytest

from automl.course_spaces import course_space
from automl.perturb import perturbed
from automl.presets import NAMES, named_work, reward_space, shipped
from automl.space import Choice, Factor, Range
from automl.spec import FIRST_ENV, StudySpec, base_params, complete
from automl.suggest import suggest
from tests.automl.builders import ran, spec, study
from vbot_sim.config import ENV_IDS, presets
from vbot_sim.errors import ConfigError, UnknownEnvError


@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_study_fits_the_config_it_searches(name):
    whole = complete(shipped(name))
    assert set(base_params(whole)) == set(whole.space)


def test_the_predecessors_eighteen_reward_keys_are_there():
    assert len(reward_space(FIRST_ENV)) == 18
    assert len(shipped("stage").space) == 20
    assert shipped("reward").space["task.reward.scales.stop"] == Range(2.0, 10.0)


def test_its_reward_lies_inside_its_own_ranges():
    whole = complete(shipped("reward"))
    for path, dimension in whole.space.items():
        value = base_params(whole)[path]
        inside = (
            value in dimension.choices if isinstance(dimension, Choice) else dimension.low <= value <= dimension.high
        )
        assert inside, path


def test_an_unknown_preset_names_the_nearest_and_an_environment_without_a_space_says_so():
    with pytest.raises(ConfigError, match="stage"):
        shipped("stages")
    with pytest.raises(ConfigError, match="Known: first, full, hp, ppo, reward, stage"):
        shipped("nope")
    with pytest.raises(UnknownEnvError, match="vbot_x"):
        shipped("stage", "vbot_x")


def test_a_pipeline_by_a_misspelt_name_is_refused_with_the_nearest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert named_work(Path("courses")).label == "courses"
    with pytest.raises(ConfigError, match=r"no shipped pipeline 'corses'\. Did you mean 'courses'"):
        named_work(Path("corses"))
    with pytest.raises(ConfigError, match=r"Cannot read the study file corses\.yaml"):
        named_work(Path("corses.yaml"))


def test_a_stage_that_confirms_nothing_is_refused():
    with pytest.raises(ConfigError, match=r"confirm\.top is 0"):
        StudySpec(mode="stage")


SPACE = {
    "ppo.learning_rate": Range(1e-4, 1e-2, log=True, around=1e-3),
    "ppo.schedule": Choice(("linear", "constant"), around="linear"),
    "task.reward.scales.stop": Range(2.0, 10.0, around=5.0),
    "task.reward.scales.termination": Factor(0.5, 2.0, around=-100.0),
    "task.reward.scales.orientation": Choice((-1.0, -2.0), around=-1.0),
}
BEST = {
    "ppo.learning_rate": 2e-3,
    "ppo.schedule": "constant",
    "task.reward.scales.stop": 6.0,
    "task.reward.scales.termination": -190.0,
    "task.reward.scales.orientation": -2.0,
}


def test_a_neighbour_stays_near_the_best_and_inside_the_ranges():
    found = [perturbed(SPACE, BEST, random.Random(seed)) for seed in range(400)]
    stops = [row["task.reward.scales.stop"] for row in found]
    assert all(4.5 <= stop <= 7.5 for stop in stops)
    assert 0.2 < sum(stop != 6.0 for stop in stops) / 400 < 0.4  # a chance of 0.3
    falls = [row["task.reward.scales.termination"] for row in found]
    assert min(falls) == -200.0 and max(falls) <= -142.5
    rates = [row["ppo.learning_rate"] for row in found]
    assert len(set(rates)) > 390
    assert 0.6 < sum(2e-3 * 0.741 < rate < 2e-3 * 1.35 for rate in rates) / 400 < 0.76  # one sigma of exp(N(0, 0.3))
    assert {row["ppo.schedule"] for row in found} == {"constant"}
    assert {row["task.reward.scales.orientation"] for row in found} == {-1.0, -2.0}


def test_perturbing_starts_at_random_and_then_follows_the_best():
    here = replace(spec(), sampler="perturb", startup_trials=3)
    fall = {"task.reward.scales.termination": -100.0}
    trials = [*ran(0, 0.1), *ran(1, 0.9, {"ppo.learning_rate": 3e-3, **fall})]
    third = ran(2, 0.2, {"ppo.learning_rate": 2e-4, **fall})
    near = [
        1e-3 < suggest(replace(here, seed=seed), study(*trials, *third), 3)["ppo.learning_rate"] < 1e-2
        for seed in range(20)
    ]
    assert all(near)
    early = [suggest(replace(here, seed=seed), study(*trials), 2)["ppo.learning_rate"] for seed in range(20)]
    assert min(early) < 1e-3


@pytest.mark.parametrize(("section", "keys"), [("section011", 27), ("section012", 21), ("section013", 28)])
def test_the_predecessors_spaces_of_the_courses_are_there(section, keys):
    """32, 27 and 31 less 5, 6 and 3 that are no settings here or were read by nothing."""
    space = course_space(section)
    assert len(space) == keys
    falls = space["task.reward.scales.termination"]
    assert isinstance(falls, Choice) and all(fall < 0 for fall in falls.choices)
    for path, dimension in space.items():
        if isinstance(dimension, Range):
            assert dimension.low < dimension.high, path
            assert dimension.low * dimension.high >= 0, path  # a term pays or costs, never both


def test_a_course_without_a_space_of_old_has_none():
    assert course_space("long_course") == {}


@pytest.mark.parametrize("env", ENV_IDS)
@pytest.mark.parametrize("name", ["first", "ppo", "hp"])
def test_every_environment_has_studies_that_can_start(name, env):
    whole = complete(shipped(name, env))
    assert set(base_params(whole)) == set(whole.space)
    assert name != "first" or len(whole.space) == 6


@pytest.mark.parametrize("env", [env for env in ENV_IDS if env != FIRST_ENV])
def test_a_course_that_is_built_can_be_searched(env):
    space = reward_space(env, "head" if "head" in presets(env) else "default")
    assert set(space) <= set(course_space(env.removeprefix("vbot_navigation_")))
    if space:
        whole = complete(shipped("stage", env))
        assert set(base_params(whole)) == set(whole.space)
