"""The kind of a document follows from its content, its keys have aliases."""

import pytest

from sessions.history.documents import records_of
from sessions.history.names import params_of, parse_tag

REWARD = {"alive_bonus": 0.5, "termination": -50}
HP = {"learning_rate": 0.001, "rollouts": 24, "learning_epochs": 6}


def one(data, path="configs/x.json"):
    kind, records = records_of(path, data)
    assert len(records) == 1
    return kind, records[0]


@pytest.mark.parametrize(
    "layout",
    [
        {"reward_scales": REWARD, "rl_overrides": HP},
        {"reward_config": REWARD, "hp_config": HP},
        {"reward_weights": REWARD, "hyperparameters": HP},
        {**REWARD, **HP, "_source": "S4_T4"},
    ],
)
def test_every_seed_layout_gives_the_same_configuration(layout):
    kind, config = one(layout)
    assert kind == "config"
    assert (config.reward, config.hp) == (REWARD, HP)


def test_a_list_of_seeds_gives_one_configuration_per_entry():
    kind, configs = records_of("seeds.json", [{**REWARD, **HP}, {"reward_config": REWARD, "hp_config": HP}])
    assert kind == "config"
    assert [(config.entry, config.reward) for config in configs] == [(0, REWARD), (1, REWARD)]


@pytest.mark.parametrize("wrapped", [{"seeds": [{"hp_config": HP}]}, {"T7": {"hp_config": HP}}])
def test_wrapped_configurations_are_found(wrapped):
    assert one(wrapped)[1].hp == HP


def test_values_stored_as_text_become_values():
    stored = {"learning_rate": "0.0003", "nets": "(256, 128, 64)", "flag": "True", "word": "adaptive", "bad": "nan"}
    assert params_of(stored) == {
        "learning_rate": 0.0003,
        "nets": [256, 128, 64],
        "flag": True,
        "word": "adaptive",
        "bad": "nan",
    }


def test_the_parts_of_a_launch_name():
    tag = parse_tag("automl_20260207_034031_vbot_navigation_section001_i14_1770414452")
    assert (tag.campaign, tag.stage, tag.number, tag.stamp) == (
        "automl_20260207_034031",
        "vbot_navigation_section001",
        14,
        1770414452,
    )
    assert parse_tag("stage3_relaxed_A_T4") is None


def test_the_meta_file_of_a_run_is_a_summary_with_hours():
    meta = {"run_tag": "r13", "env_name": "e", "reward_scales": REWARD, "rl_overrides": {"rollouts": "24"},
            "run_dir": "runs/e/1_PPO", "elapsed_seconds": 5400.0, "start_time": "2026-02-20T10:00:00"}  # fmt: skip
    kind, summary = one(meta, "runs/e/1_PPO/experiment_meta.json")
    assert (kind, summary.duration_h, summary.hp, summary.env) == ("summary", 1.5, {"rollouts": 24}, "e")


def test_a_library_entry_knows_its_shelf():
    data = {"name": "height", "type": "reward", "hypothesis": "taller is better", "status": "rejected"}
    kind, entry = one(data, "a/reward_library/rejected/height.yaml")
    assert (kind, entry.shelf, entry.status, entry.description) == (
        "library",
        "rejected",
        "rejected",
        "taller is better",
    )


@pytest.mark.parametrize(
    "data", [None, 3, "text", [], [1, 2], {}, {"a": {"b": 1}}, {"experiments": ["x"]}, {"experiments": 3}]
)
def test_anything_else_is_data_without_records(data):
    assert records_of("x.yaml", data) == ("data", [])
