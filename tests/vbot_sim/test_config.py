import subprocess
import sys
from dataclasses import replace

import pytest

from tests.vbot_sim.builders import ENV
from vbot_sim.catalogue import ALIASES, COURSE_TERMS, TERMS, scales
from vbot_sim.config import (
    ENV_IDS,
    PRESETS,
    ControlCfg,
    PhysicsCfg,
    RandomizationCfg,
    RewardCfg,
    SpawnCfg,
    TaskCfg,
    presets,
    task_cfg,
)
from vbot_sim.errors import ConfigError, SimError, UnknownEnvError
from vbot_sim.settings import from_dict, override, to_dict


def test_the_presets_history_needs_are_there() -> None:
    assert set(PRESETS) == {"default", "head", "t1_best", "speed_opt", "phase5", "base_class"}


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_every_preset_survives_a_file(preset: str) -> None:
    cfg = task_cfg(ENV, preset)
    assert from_dict(TaskCfg, to_dict(cfg)) == cfg


@pytest.mark.parametrize(
    ("preset", "term", "scale"),
    [
        ("head", "approach", 30.0),
        ("head", "termination", -100.0),
        ("t1_best", "approach", 40.4576),
        ("t1_best", "departure_penalty", -5.0),  # unlisted keys keep the HEAD value
        ("t1_best", "ang_vel_xy", -0.03),
        ("speed_opt", "forward_velocity", 3.5),
        ("speed_opt", "position_tracking", 1.7334),
        ("base_class", "alive_bonus", 0.5),
        ("base_class", "inner_fence_bonus", 0.0),
        ("phase5", "termination", -200.0),
        ("phase5", "forward_velocity", 0.8),
        ("phase5", "near_target_speed", -0.5),
    ],
)
def test_preset_scales(preset: str, term: str, scale: float) -> None:
    assert task_cfg(ENV, preset).reward.scales[term] == scale


def test_the_old_presets_bring_their_settings_along() -> None:
    head, phase5 = task_cfg(ENV, "head"), task_cfg(ENV, "phase5")
    assert (head.control.rate_hz, head.control.filter_new, head.reward.speed_cap_mps) == (100.0, 0.3, 0.6)
    assert (head.reward.stop_budget_s, head.reward.fine_requires_reach, head.reward.time_decay) == (0.5, True, None)
    assert (phase5.reward.time_decay, phase5.reward.alive_until_reach) == ((1.0, 0.5), True)
    assert (phase5.reward.near_target_radius_m, phase5.reward.stop_budget_s) == (0.5, None)


def test_every_environment_is_there_and_an_unknown_one_is_corrected() -> None:
    for env in ENV_IDS:
        assert "default" in presets(env) and "head" in presets(env)
    with pytest.raises(UnknownEnvError, match="Did you mean 'vbot_navigation_section001'"):
        task_cfg("vbot_navigation_section0001")
    assert len(ENV_IDS) == 5


def test_an_unknown_preset_is_corrected() -> None:
    with pytest.raises(ConfigError, match=r"Unknown preset 't1_bset' .*Did you mean 't1_best'"):
        task_cfg(ENV, "t1_bset")


def test_errors_are_usage_errors() -> None:
    assert issubclass(UnknownEnvError, SimError) and SimError.exit_code == 2


def test_an_unknown_reward_key_names_the_nearest_term() -> None:
    with pytest.raises(ConfigError, match=r"Did you mean 'reward\.scales\.arrival_bonus'"):
        override(task_cfg(ENV), "reward.scales.arival_bonus", 3)
    with pytest.raises(ConfigError, match=r"Unknown reward term 'arival_bonus' .* Did you mean 'arrival_bonus'"):
        RewardCfg(scales=scales(arival_bonus=3))


def test_a_term_without_a_scale_is_an_error() -> None:
    table = scales()
    del table["stop"]
    with pytest.raises(ConfigError, match=r"reward\.scales has no scale for stop; give 0"):
        RewardCfg(scales=table)


def test_a_term_of_the_courses_is_no_pay_on_flat_ground() -> None:
    with pytest.raises(ConfigError, match=r"reward\.scales\.crouch_penalty is paid on courses only"):
        replace(task_cfg(ENV), reward=RewardCfg(scales=scales(crouch_penalty=-1.0)))
    assert replace(task_cfg(ENV), reward=RewardCfg(scales=scales(crouch_penalty=0.0))).course is None


def test_a_file_from_before_the_courses_still_loads() -> None:
    old = to_dict(task_cfg(ENV))
    del old["course"], old["physics"]["contact_time_s"]
    assert from_dict(TaskCfg, old) == task_cfg(ENV)


def test_names_of_older_tools_reach_today_s_terms() -> None:
    assert set(ALIASES.values()) <= {*TERMS, *COURSE_TERMS}
    assert override(task_cfg(ENV), "reward.scales.stop_scale", 4).reward.scales["stop"] == 4.0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TaskCfg(control=ControlCfg(rate_hz=30)), r"control step at control\.rate_hz = 30 is 3\.333 physics"),
        (lambda: SpawnCfg(radius_min_m=5, radius_max_m=2), "radius_min_m"),
        (lambda: SpawnCfg(height_m=0.1), "feet on the ground"),
        (lambda: PhysicsCfg(iterations=1), "at least 4"),
        (lambda: RandomizationCfg(foot_friction=(1.0, 0.5)), "foot_friction must be a range"),
        (lambda: RandomizationCfg(latency_steps=(3, 1)), "latency_steps must be a range"),
    ],
)
def test_values_out_of_range_are_refused(make: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make()  # type: ignore[operator]


def test_a_control_step_is_a_whole_number_of_physics_steps() -> None:
    cfg = TaskCfg(physics=PhysicsCfg(timestep_s=0.002), control=ControlCfg(rate_hz=100))
    assert (cfg.substeps, cfg.control_dt_s) == (5, pytest.approx(0.01))
    assert task_cfg(ENV).substeps == 2


def test_config_loads_neither_numpy_nor_mujoco() -> None:
    code = (
        "import sys, vbot_sim.config, vbot_sim.protocols, vbot_sim.scoring\n"
        "from vbot_sim.config import task_cfg\n"
        "from vbot_sim.settings import override\n"
        f"override(task_cfg({ENV!r}), 'reward.scales.stop', 1)\n"
        "print([m for m in ('numpy', 'mujoco', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_rewards_and_terminations_load_no_mujoco() -> None:
    code = "import sys, vbot_sim.rewards, vbot_sim.terminations, vbot_sim.spawns\nprint('mujoco' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
