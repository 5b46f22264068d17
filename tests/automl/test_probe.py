import subprocess
import sys

import numpy as np
import pytest

from automl.presets import NAMES, reward_space, shipped
from automl.probe import ghosts, pay, random_inputs
from automl.space import Choice, Factor, Range
from automl.spec import FIRST_ENV, StudySpec, complete
from vbot_rl.config import run_cfg
from vbot_sim.config import ENV_IDS
from vbot_sim.settings import override


def found(space, preset="head", **sets):
    spec = complete(StudySpec(preset=preset, space=space, sets=sets))
    return ghosts(run_cfg(spec.env, spec.preset, sets=dict(spec.sets)).cfg, spec.space)


SHIPPED = [(name, FIRST_ENV) for name in NAMES]
SHIPPED += [("stage", env) for env in ENV_IDS if env != FIRST_ENV and reward_space(env)]


@pytest.mark.parametrize(("name", "env"), SHIPPED)
def test_no_key_of_a_shipped_study_is_a_ghost(name, env):
    spec = complete(shipped(name, env))
    assert ghosts(run_cfg(spec.env, spec.preset, sets=dict(spec.sets)).cfg, spec.space) == {}


def test_a_shape_of_a_term_without_a_scale_is_a_ghost():
    """`hold_still` has no scale in head, so the speed below which it pays decides nothing."""
    path = "task.reward.hold_speed_mps"
    assert list(found({path: Range(0.1, 0.4)})) == [path]
    assert "2048 random states" in found({path: Range(0.1, 0.4)})[path]


def test_it_is_none_as_soon_as_the_scale_is_searched_too():
    space = {
        "task.reward.hold_speed_mps": Range(0.1, 0.4),
        "task.reward.scales.hold_still": Range(0.0, 2.0),
    }
    assert found(space) == {}


def test_a_switch_that_something_else_overrides_is_a_ghost():
    """Without an alive bonus its two switches say nothing; with one they do."""
    space = {"task.reward.alive_until_reach": Choice((True, False))}
    assert list(found(space, **{"task.reward.scales.alive_bonus": 0.0})) == list(space)
    assert found(space) == {}


def test_a_cap_beyond_every_speed_is_a_ghost():
    space = {"task.reward.speed_cap_mps": Range(50.0, 90.0)}
    assert list(found(space)) == list(space)
    assert found({"task.reward.speed_cap_mps": Range(0.4, 1.2)}) == {}


@pytest.mark.parametrize(
    ("path", "dimension", "sets", "ghost"),
    [
        ("ppo.kl_target", Factor(0.5, 2.0), {}, True),  # the default schedule is linear
        ("ppo.kl_target", Factor(0.5, 2.0), {"ppo.schedule": "kl_adaptive"}, False),
        ("ppo.schedule_floor", Range(0.0, 0.2), {}, False),
        ("ppo.schedule_floor", Range(0.0, 0.2), {"ppo.schedule": "constant"}, True),
        ("train.keep_last", Range(1, 4, integer=True), {}, True),
        ("ppo.learning_rate", Factor(0.5, 2.0), {}, False),
    ],
)
def test_settings_of_the_learner_that_nobody_reads(path, dimension, sets, ghost):
    assert (path in found({path: dimension}, **sets)) == ghost


def test_a_setting_read_under_one_of_the_searched_schedules_is_none():
    space = {"ppo.kl_target": Factor(0.5, 2.0), "ppo.schedule": Choice(("linear", "kl_adaptive"))}
    assert found(space) == {}


def test_every_term_pays_somewhere_on_the_probe_states():
    task = run_cfg(FIRST_ENV, "default").cfg.task
    for term in task.reward.scales:
        alone = override(task, "reward.scales", {**dict.fromkeys(task.reward.scales, 0.0), term: 1.0})
        loose = override(override(alone, "reward.fine_requires_reach", False), "reward.alive_outside_only", False)
        assert np.any(pay(loose, random_inputs(loose)) != 0.0), term


def test_no_physics_and_no_learner_are_loaded():
    script = """
import sys
from tests.automl.test_probe import found
from automl.space import Range
found({"task.reward.hold_speed_mps": Range(0.1, 0.4)})
print(sorted({"numpy", "mujoco", "torch"} & set(sys.modules)))
"""
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "['numpy']"
