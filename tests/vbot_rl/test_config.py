"""Where every value of a run's config comes from, and what is refused."""

import subprocess
import sys

import pytest

from tests.vbot_rl.helpers import ENV
from vbot_rl.config import PpoCfg, config_hash, load_yaml, override, run_cfg, to_yaml
from vbot_sim.errors import ConfigError, UnknownEnvError


def test_origins_tell_who_decided():
    resolved = run_cfg(
        ENV,
        sets={"ppo.learning_rate": 5e-4, "train.seed": 7, "task.control.rate_hz": 100},
        origins={"ppo.learning_rate": "search"},
    )
    assert resolved.cfg.ppo.learning_rate == 5e-4
    origins = resolved.origins
    assert origins["ppo.learning_rate"] == "search"
    assert origins["train.seed"] == origins["task.control.rate_hz"] == "override"
    assert origins["ppo.gamma"] == "default"
    assert origins["task.spawn.radius_max_m"] == "task"


def test_an_older_name_of_a_reward_term_marks_the_term():
    from vbot_sim.catalogue import ALIASES

    old, new = next(iter(ALIASES.items()))
    resolved = run_cfg(ENV, sets={f"task.reward.scales.{old}": 0.125})
    assert resolved.cfg.task.reward.scales[new] == 0.125
    assert resolved.origins[f"task.reward.scales.{new}"] == "override"


def test_a_presets_own_values_are_marked():
    origins = run_cfg(ENV, preset="head").origins
    assert origins["task.control.rate_hz"] == "preset"
    assert origins["task.physics.timestep_s"] == "task"


def test_a_smoke_run_is_short():
    assert run_cfg(ENV, smoke=True).cfg.train.total_env_steps <= 500_000
    with pytest.raises(ConfigError, match="at most 500000"):
        run_cfg(ENV, smoke=True, sets=["train.total_env_steps=600000"])


def test_texts_are_read_as_yaml():
    cfg = run_cfg(ENV, sets=["ppo.hidden=[32, 16]", "ppo.kl_stop=null", "ppo.learning_rate=3e-4"]).cfg
    assert (cfg.ppo.hidden, cfg.ppo.kl_stop, cfg.ppo.learning_rate) == ((32, 16), None, 3e-4)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ppo.learning_rat=1", "ppo.learning_rate"),
        ("ppo.schedule=linaer", "'linear'"),
        ("ppo.gamma=1.5", "between 0 and 1"),
        ("ppo.hidden=[]", "layer widths"),
        ("ppo.std_ceiling_end=2", "from ppo.std_floor to ppo.std_ceiling, got 2"),
        ("train.evaluations=2", "at least 5"),
        ("train.judge_from=1", "below 1"),
        ("train.total_env_steps=20000", "needs 5 updates"),
        ("ppo.minibatches=100000", "lower it"),
        ("env=other", "own argument"),
        ("task.reward.scales.hold_stil=1", "hold_still"),
    ],
)
def test_what_cannot_work_is_refused_with_a_hint(text, words):
    with pytest.raises(ConfigError, match=words.replace("'", ".")):
        run_cfg(ENV, sets=[text])


def test_assignments_are_judged_together():
    sets = ["train.total_env_steps=6000", "train.num_envs=16", "ppo.std_floor=2", "ppo.std_ceiling=3"]
    cfg = run_cfg(ENV, sets=sets).cfg
    assert (cfg.train.total_env_steps, cfg.ppo.std_floor) == (6000, 2.0)
    with pytest.raises(ConfigError, match="needs 5 updates"):
        run_cfg(ENV, sets=["train.total_env_steps=6000", "train.num_envs=128"])
    for first in ("train.total_env_steps=6000", "ppo.gamma=3"):
        with pytest.raises(ConfigError, match=r"learning_rate"):
            run_cfg(ENV, sets=[first, "train.num_envs=16", "ppo.learning_rat=1"])
    with pytest.raises(ConfigError, match="nowhere"):
        run_cfg(ENV, sets=["train.total_env_steps=6000", "nowhere.at.all=1"])


def test_an_unknown_environment_or_preset():
    with pytest.raises(UnknownEnvError):
        run_cfg("vbot_navigation_section01")
    with pytest.raises(ConfigError, match="phase5"):
        run_cfg(ENV, preset="phase6")


def test_yaml_round_trip(tmp_path):
    resolved = run_cfg(ENV, preset="phase5", sets={"ppo.hidden": [8], "train.seed": 3})
    (tmp_path / "c.yaml").write_text(to_yaml(resolved))
    read = load_yaml(tmp_path / "c.yaml")
    assert read.cfg == resolved.cfg and dict(read.origins) == dict(resolved.origins)
    assert config_hash(read.cfg) == config_hash(resolved.cfg) != config_hash(run_cfg(ENV).cfg)


@pytest.mark.parametrize("text", ["", "a: [", "config: 1", "schema: 99\nconfig: {}"])
def test_a_bad_file_is_refused_in_a_sentence(tmp_path, text):
    (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"c\.yaml"):
        load_yaml(tmp_path / "c.yaml")


def test_override_leaves_the_original():
    base = run_cfg(ENV)
    assert override(base, ["train.seed=9"]).cfg.train.seed == 9
    assert base.cfg.train.seed == 1 and base.origins["train.seed"] == "default"


def test_defaults_are_valid():
    assert PpoCfg().schedule == "linear"


def test_config_and_launch_are_light():
    code = (
        "import sys, vbot_rl.config, vbot_rl.launch; vbot_rl.config.run_cfg('vbot_navigation_section001');"
        "print([m for m in ('numpy', 'torch', 'mujoco', 'tensorboard', 'optuna') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
