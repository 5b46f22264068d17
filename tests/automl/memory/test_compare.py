import pytest

from automl.memory.compare import Row, as_object, compare
from automl.memory.config_diff import changes, differences, read_config
from sessions.errors import UsageError
from tests.automl.memory.builders import make_config, make_run, make_workspace


@pytest.fixture
def ws(tmp_path):
    return make_workspace(tmp_path)


def config(rate, **scales):
    return {"env": "e", "preset": "p", "ppo": {"learning_rate": rate, "hidden": [64, 64]}, "task": {"scales": scales}}


def test_only_keys_that_differ_are_listed_with_value_and_origin(ws):
    a, b = make_run(ws, "a"), make_run(ws, "b")
    make_config(a, config(1e-3, alive=1.0), {"ppo.learning_rate": "default"})
    make_config(b, config(1e-4, alive=1.0, extra=2.0), {"ppo.learning_rate": "search", "task.scales.extra": "override"})
    found = differences([read_config(a), read_config(b)])
    assert [(item.key, item.values, item.origins) for item in found] == [
        ("ppo.learning_rate", (1e-3, 1e-4), ("default", "search")),
        ("task.scales.extra", ("-", 2.0), ("default", "override")),
    ]


def test_a_config_against_its_preset_tells_what_was_chosen_and_what_the_preset_was_then(ws):
    run = make_run(ws, "a")
    make_config(run, config(1e-4, alive=1.0), {"ppo.learning_rate": "search", "task.scales.alive": "task"})
    base = {"env": "e", "ppo.learning_rate": 1e-3, "ppo.hidden": [64, 64], "task.scales.alive": 3.0, "train.new": 5}
    found = changes(read_config(run), base)
    assert [(item.key, item.before, item.value, item.origin) for item in found] == [
        ("ppo.learning_rate", 1e-3, 1e-4, "search"),
        ("task.scales.alive", 3.0, 1.0, "task of then"),
        ("train.new", 5, "-", "older version"),
    ]


def test_a_preset_that_is_gone_leaves_what_was_chosen(ws):
    run = make_run(ws, "a")
    make_config(run, config(1e-4), {"ppo.learning_rate": "override", "ppo.hidden": "default"})
    assert [item.key for item in changes(read_config(run), {})] == ["ppo.learning_rate"]


def test_scores_curves_and_reward_stand_side_by_side(ws):
    make_run(
        ws,
        "a",
        scores={10: 0.5, 20: 0.25},
        curves={10: {"reward/walk": 1.0, "ppo/std": 0.5}, 20: {"reward/walk": 3.0, "ppo/std": 0.25}},
    )
    make_run(ws, "b", scores={10: 0.75}, curves={10: {"reward/walk": 2.0, "reward/stand": 4.0, "ppo/std": 0.75}})
    found = compare([ws.run("a"), ws.run("b")])
    evals = {row.name: row.values for row in found.evals}
    assert (evals["best score"], evals["last score"], evals["at step"]) == ((0.5, 0.75), (0.25, 0.75), (10, 10))
    assert [(row.name, row.values) for row in found.reward] == [("stand", (None, 4.0)), ("walk", (3.0, 2.0))]
    assert found.common_step == 10
    assert {row.name: row.values for row in found.metrics}["ppo/std"] == (0.25, 0.75)
    assert {row.name: row.values for row in found.metrics_common}["ppo/std"] == (0.5, 0.75)
    row = next(row for row in as_object(found)["reward"] if row["name"] == "walk")
    assert row["deltas"] == (0.0, -1.0)


def test_a_difference_to_nothing_is_nothing():
    assert Row("x", "", (None, 2.0)).deltas == (None, None)
    assert Row("x", "", (1.0, None, 3.5)).deltas == (0.0, None, 2.5)


def test_one_run_cannot_be_compared(ws):
    make_run(ws, "a")
    with pytest.raises(UsageError, match="at least two different runs"):
        compare([ws.run("a"), ws.run("a")])
