from dataclasses import replace

import pytest

from automl.asha import AshaCfg
from automl.space import Choice, Factor, Range
from automl.spec import StudySpec, base_params, complete, default_spec, from_yaml, load, to_yaml
from automl.spec_parts import SeedConfig, WarmStartCfg
from vbot_rl.config import run_cfg
from vbot_sim.errors import ConfigError, SimError
from vbot_sim.settings import get


def test_a_spec_survives_its_file():
    spec = complete(
        replace(default_spec(), sets={"train.num_envs": 64}, budget_s=600.0, early_stop=AshaCfg(True, 3.0, (0.5,), 6))
    )
    assert from_yaml(to_yaml(spec)) == spec


def test_the_first_study_searches_learning_rate_entropy_and_four_reward_scales():
    keys = sorted(default_spec().space)
    assert [key for key in keys if key.startswith("ppo.")] == ["ppo.entropy_coef", "ppo.learning_rate"]
    assert len([key for key in keys if key.startswith("task.reward.scales.")]) == 4
    assert len(keys) == 6


def test_a_completed_spec_knows_the_presets_own_values():
    spec = complete(default_spec())
    cfg = run_cfg(spec.env, spec.preset).cfg
    assert base_params(spec) == {path: get(cfg, path) for path in spec.space}


def test_overrides_move_the_centre():
    spec = complete(StudySpec(sets={"ppo.learning_rate": 5e-4}, space={"ppo.clip": Range(0.1, 0.3)}))
    assert spec.space["ppo.clip"].around == 0.2
    spec = complete(StudySpec(sets={"ppo.clip": 0.25}, space={"ppo.learning_rate": Factor(0.5, 2)}))
    assert spec.space["ppo.learning_rate"].around == run_cfg(spec.env).cfg.ppo.learning_rate


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("max_trails: 3", "max_trials"),
        ("max_trials: 0", "at least 1"),
        ("seed: 1\nsets: {ppo.clip: 0.1, ppo.clip: 0.2}", "line 2, column 23: 'ppo.clip' is given twice"),
        ("seed: 1\nseed: 2", "line 2, column 1: 'seed' is given twice"),
        ("max_trials: many", "whole number"),
        ("seed: -1", "must not be negative"),
        ("sampler: tpee", "'tpe'"),
        ("mode: everything", "'hp'"),
        ("schema: 99", "schema 99"),
        ("space: {ppo.clip: 3}", "is not a mapping"),
        ("early_stop: {etaa: 3}", "eta"),
        ("label: a\nspace: {b: [", r"not valid YAML: line 2, column 13: expected"),
        ("", "it is empty"),
        ("trial_env_steps: 3Q", "trial_env_steps: '3Q' is not a whole number; write it as .*2M"),
        ("final: {env_steps: much}", "final.env_steps: 'much' is not"),
        ("- 3", "must be a table"),
        ("mode: reward\nspace: {ppo.clip: {low: 0.1, high: 0.3}}", "searches reward settings only"),
        ("sets: {ppo.clip: 0.1}\nspace: {ppo.clip: {low: 0.1, high: 0.3}}", "both searched and set"),
    ],
)
def test_a_bad_study_file_is_refused_with_where_and_what(text, words):
    with pytest.raises(ConfigError, match=words) as refused:
        from_yaml(text, "first.yaml")
    assert str(refused.value).startswith("first.yaml")
    assert "\n" not in str(refused.value)
    assert refused.value.exit_code == 2


def test_a_study_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="Cannot read the study file") as refused:
        load(tmp_path / "none.yaml")
    assert str(refused.value) == f"Cannot read the study file {tmp_path / 'none.yaml'}: No such file or directory."


def test_lengths_are_written_as_on_the_command_line():
    spec = from_yaml("trial_env_steps: 3M\nfinal: {env_steps: 500k}")
    assert (spec.trial_env_steps, spec.final.env_steps) == (3_000_000, 500_000)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (StudySpec(env="vbot_navigation_section1"), "vbot_navigation_section"),
        (StudySpec(preset="defautl"), "default"),
        (StudySpec(space={"ppo.learning_rat": Factor(0.5, 2)}), "ppo.learning_rate"),
        (StudySpec(sets={"task.reward.scales.terminatoin": 3}), "termination"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest_known_one(spec, words):
    with pytest.raises(SimError, match=words):
        complete(spec)


@pytest.mark.parametrize(
    ("path", "dimension", "words"),
    [
        (
            "ppo.epochs",
            Choice((3, "five")),
            "space.ppo.epochs: 'five' could be drawn. ppo.epochs must be a whole number",
        ),
        ("ppo.gamma", Range(0.9, 1.5), "space.ppo.gamma: 1.5 could be drawn"),
        ("ppo.clip", Range(-0.5, 0.3), "space.ppo.clip: -0.5 could be drawn"),
    ],
)
def test_a_value_that_no_trial_could_take_is_refused_before_it_is_drawn(path, dimension, words):
    with pytest.raises(ConfigError, match=words):
        complete(StudySpec(space={path: dimension}))


def test_the_presets_values_are_unknown_until_the_spec_is_completed():
    with pytest.raises(ConfigError, match="complete the spec first"):
        base_params(StudySpec(space={"ppo.clip": Range(0.1, 0.3)}))


def test_a_flag_that_does_not_exist_is_refused():
    with pytest.raises(ConfigError, match=r"there is no flag 'lazy'. Did you mean 'lazy_robot'\?"):
        StudySpec(stop_on_flags=("lazy",))


def test_halving_with_a_reference_survives_its_file():
    spec = StudySpec(
        early_stop=AshaCfg(True, 3.0, (0.5,), 5, wait=True, reference=((0.2, 0.0), (1.0, 0.6))), stop_on_flags=("nan",)
    )
    assert from_yaml(to_yaml(spec)) == spec


def test_where_trials_start_survives_its_file():
    spec = StudySpec(
        space={"ppo.clip": Range(0.1, 0.3), "ppo.schedule": Choice(("linear", "constant"))},
        sampler="gp",
        seed_configs=(SeedConfig({"ppo.clip": 0.2, "ppo.schedule": "constant"}, "study-a:3"),),
        warm_start=WarmStartCfg("run-1", 2000, ("weights",)),
        constraints={"fell": 0.05},
        try_preset=False,
        based_on="run-1@2000",
    )
    assert from_yaml(to_yaml(spec)) == spec


@pytest.mark.parametrize(
    ("parts", "sentence"), [(("wheels",), "weights, normalizer"), (("normalizer",), "must hold weights")]
)
def test_a_warm_start_takes_what_a_checkpoint_has(parts, sentence):
    with pytest.raises(ConfigError, match=sentence):
        WarmStartCfg("run-1", parts=parts)


def test_a_study_of_a_course_is_ranked_by_the_score_of_the_courses():
    assert complete(StudySpec()).score_version == 1
    assert complete(StudySpec(env="vbot_navigation_section011")).score_version == 2
    with pytest.raises(ConfigError, match="score version 3"):
        StudySpec(score_version=3)
