"""The vector task as a whole: what a learner and an evaluation rely on."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from tests.vbot_sim.builders import ENV, idle, reward, spawns, task
from vbot_sim import protocols
from vbot_sim.config import PRESETS, task_cfg
from vbot_sim.errors import ConfigError
from vbot_sim.rewards import RewardFunction, TermInputs
from vbot_sim.terminations import CAUSES
from vbot_sim.vector_task import Step, VectorTask


def cause(step: Step, index: int = 0) -> str:
    assert step.episodes is not None
    return CAUSES[step.episodes.cause[index]]


def actions(steps: int, num_envs: int, seed: int = 1, size: float = 0.5) -> Any:
    return np.random.default_rng(seed).standard_normal((steps, num_envs, 12)).astype(np.float32) * size


def snapshot(step: Step) -> list[Any]:
    return [a.copy() for a in (step.obs, step.reward, step.terminated, step.truncated, step.done_ids, step.final_obs)]


# ---------------------------------------------------------------- shape and sums


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_terms_add_up_to_the_reward_in_every_preset(preset: str) -> None:
    world = VectorTask(task_cfg(ENV, preset), 16, seed=0)
    obs = world.reset()
    assert obs.shape == (16, 54) and obs.dtype == np.float32
    for action in actions(40, 16):
        step = world.step(action)
        assert step.terms.shape == (len(world.term_names), 16)
        assert step.terms.sum(axis=0) == pytest.approx(step.reward, abs=1e-4)
        assert np.isfinite(step.obs).all() and np.isfinite(step.reward).all()
        assert step.reward.dtype == step.obs.dtype == np.float32


def test_an_episode_s_sums_are_those_of_its_steps() -> None:
    world = VectorTask(task(episode={"limit_s": 0.4}), 3, seed=0)
    world.reset(spawns((3.0, 0.0), (4.0, 0.0), (5.0, 0.0)))
    total, terms = np.zeros(3), np.zeros((len(world.term_names), 3))
    for action in actions(20, 3, size=0.2):
        step = world.step(action)
        total += step.reward
        terms += step.terms
    assert step.done_ids.tolist() == [0, 1, 2] and step.episodes is not None
    assert step.episodes.return_ == pytest.approx(total, rel=1e-5)
    assert step.episodes.terms_sum == pytest.approx(terms, rel=1e-4, abs=1e-5)
    assert step.episodes.length_s == pytest.approx([0.4] * 3)
    assert step.episodes.spawn_distance_m.tolist() == [3.0, 4.0, 5.0]


def test_threads_change_nothing() -> None:
    results = []
    for threads in (1, 2):
        world = VectorTask(task(), 32, seed=3, threads=threads)
        world.reset()
        results.append([snapshot(world.step(action)) for action in actions(15, 32)])
    for one, two in zip(*results, strict=True):
        for a, b in zip(one, two, strict=True):
            assert np.array_equal(a, b)


def test_seeds_decide_the_spawns() -> None:
    def first(seed: int) -> Any:
        return VectorTask(task(), 8, seed=seed).reset().copy()

    assert np.array_equal(first(1), first(1)) and not np.array_equal(first(1), first(2))


def test_a_standing_robot_stands() -> None:
    world = VectorTask(task(episode={"limit_s": 5.0}), 1, seed=0)
    world.reset(spawns((3.0, 1.0), height=0.5))
    for _ in range(200):
        step = world.step(idle(1))
        assert not step.terminated[0]
    assert 0.25 < world.qpos()[0, 2] < 0.27
    assert step.distance_m[0] == pytest.approx(np.hypot(3, 1), abs=0.1)


def test_the_control_rate_decides_how_long_a_step_is() -> None:
    assert VectorTask(task(), 1, 0).control_dt_s == pytest.approx(0.02)
    assert VectorTask(task(control={"rate_hz": 100.0}), 1, 0).control_dt_s == pytest.approx(0.01)


# ---------------------------------------------------------------- ends of episodes


def test_a_time_limit_truncates_and_keeps_the_final_observation() -> None:
    world = VectorTask(task(episode={"limit_s": 0.1}), 2, seed=0)
    world.reset(spawns((3.0, 0.0), (4.0, 0.0)))
    for _ in range(4):
        step = world.step(idle(2))
        assert len(step.done_ids) == 0 and step.final_obs.shape == (0, 54)
    step = world.step(idle(2))
    assert step.done_ids.tolist() == [0, 1] and step.truncated.all() and not step.terminated.any()
    assert cause(step) == "time_limit"
    # the final observation is of the moving robot, the returned one of the new episode at rest
    assert not np.array_equal(step.final_obs, step.obs)
    assert np.all(step.obs[:, 21:33] == 0.0) and np.any(step.final_obs[:, 21:33] != 0.0)


def test_the_final_observation_is_what_would_have_come_next() -> None:
    short = VectorTask(task(episode={"limit_s": 0.1}), 2, seed=0)
    long = VectorTask(task(episode={"limit_s": 5.0}), 2, seed=0)
    for world in (short, long):
        world.reset(spawns((3.0, 0.0), (4.0, 1.0)))
    for action in actions(5, 2):
        ended, going = short.step(action), long.step(action)
    assert np.array_equal(ended.final_obs, going.obs)


def test_trunk_contact_fires_when_lying_and_not_when_standing() -> None:
    world = VectorTask(task(termination={"tilt_deg": 179.0}), 2, seed=0)
    world.reset(spawns((3.0, 0.0), (3.0, 0.0)))
    world._qpos[1, 2] = 0.11
    world._qpos[1, 3:7] = (np.cos(np.pi / 4), np.sin(np.pi / 4), 0.0, 0.0)  # lying on its side
    for _ in range(10):
        step = world.step(idle(2))
        assert not step.terminated[0]
        if step.terminated[1]:
            break
    assert step.terminated[1] and cause(step) == "trunk_contact"
    assert step.episodes is not None and step.episodes.fell[0] and not step.episodes.out_of_bounds[0]


@pytest.mark.parametrize("collision", ["reduced", "full"])
def test_falling_on_the_belly_is_trunk_contact(collision: str) -> None:
    world = VectorTask(task(physics={"collision": collision}, control={"action_scale_rad": 1.0}), 1, seed=0)
    world.reset(spawns((3.0, 0.0)))
    fold = np.tile(np.asarray([0.0, 2.0, 0.0], np.float32), 4)[None]  # thighs swung up
    for _ in range(60):
        step = world.step(fold)
        if step.terminated[0]:
            break
    assert step.terminated[0] and cause(step) == "trunk_contact"


def test_an_inverted_robot_is_caught() -> None:
    world = VectorTask(task(), 1, seed=0)
    world.reset(spawns((3.0, 0.0)))
    world._qpos[0, 2] = 1.0
    world._qpos[0, 3:7] = (0.0, 1.0, 0.0, 0.0)
    step = world.step(idle(1))
    assert step.terminated[0] and cause(step) == "tilt"


def test_leaving_the_platform_is_its_own_cause() -> None:
    world = VectorTask(task(), 1, seed=0)
    world.reset(spawns((12.6, 0.0)))
    step = world.step(idle(1))
    assert cause(step) == "out_of_bounds" and step.terminated[0]
    assert step.episodes is not None and step.episodes.out_of_bounds[0] and not step.episodes.fell[0]


def test_a_failure_pays_the_termination_term_once() -> None:
    world = VectorTask(task("head"), 1, seed=0)
    world.reset(spawns((12.6, 0.0)))
    step = world.step(idle(1))
    assert step.terms[world.term_names.index("termination"), 0] == -100.0
    assert world.step(idle(1)).done_ids.tolist() == [0]  # pinned to the same spawn: it ends again


# ---------------------------------------------------------------- success


def test_standing_inside_is_success_and_a_truncation() -> None:
    world = VectorTask(task(episode={"after_success_s": 0.0}), 2, seed=0)
    world.reset(spawns((0.2, 0.0), (3.0, 0.0)))
    for _ in range(100):
        step = world.step(idle(2))
        if len(step.done_ids):
            break
    assert step.done_ids.tolist() == [0] and cause(step) == "success"
    assert step.truncated[0] and not step.terminated[0] and step.episodes is not None
    assert step.episodes.success[0] and step.episodes.touched[0] and step.episodes.fence[0]
    assert 0.5 <= step.episodes.success_time_s[0] == step.episodes.length_s[0] < 1.5


def test_an_evaluation_goes_on_after_success_and_counts_a_later_fall() -> None:
    world = VectorTask(task(episode={"after_success_s": 2.0}), 1, seed=0)
    world.reset(spawns((0.2, 0.0)))
    while not world.episode.succeeded[0]:
        assert len(world.step(idle(1)).done_ids) == 0
    world._qpos[0, 2:7] = (1.0, 0.0, 1.0, 0.0, 0.0)
    step = world.step(idle(1))
    assert cause(step) == "tilt" and step.episodes is not None
    assert step.episodes.success[0] and step.episodes.fell[0]


def test_an_evaluation_ends_its_time_after_success() -> None:
    world = VectorTask(task(episode={"after_success_s": 2.0}), 1, seed=0)
    world.reset(spawns((0.2, 0.0)))
    for _ in range(250):
        step = world.step(idle(1))
        if len(step.done_ids):
            break
    assert cause(step) == "success" and step.episodes is not None
    assert step.episodes.length_s[0] == pytest.approx(step.episodes.success_time_s[0] + 2.0)


# ---------------------------------------------------------------- nothing leaks


def test_a_second_episode_is_paid_like_the_first() -> None:
    """Fence bonus, arrival bonus and stop budget come back, and no spurious differences appear after the reset."""
    scales = {"arrival_bonus": 100.0, "inner_fence_bonus": 40.0, "stop": 5.0, "approach": 30.0, "dof_acc": -1.0}
    cfg = task(episode={"limit_s": 1.0, "success_ends": False})
    world = VectorTask(type(cfg)(reward=reward(scales), episode=cfg.episode), 1, seed=0)
    world.reset(spawns((0.45, 0.0)))
    sums = []
    for _ in range(150):
        step = world.step(idle(1))
        if step.episodes is not None:
            sums.append(dict(zip(world.term_names, step.episodes.terms_sum[:, 0].tolist(), strict=True)))
    assert len(sums) == 3
    assert sums[0]["arrival_bonus"] == 100.0 and sums[0]["inner_fence_bonus"] == 40.0 and sums[0]["stop"] > 0.0
    assert sums[1] == sums[0] and sums[2] == sums[0]


def test_pinned_episodes_repeat_exactly() -> None:
    world = VectorTask(task(episode={"limit_s": 0.3}), 2, seed=0)
    first_obs = world.reset(spawns((3.0, 0.0), (0.3, 0.1))).copy()
    runs: list[list[Any]] = [[], []]
    for k, action in enumerate(np.concatenate([actions(15, 2)] * 2)):
        runs[k // 15].append(world.step(action).reward.copy())
    assert np.array_equal(runs[0], runs[1])
    assert np.array_equal(world.obs, first_obs)


def test_the_time_in_the_engine_is_counted() -> None:
    ticks = iter(range(100))
    world = VectorTask(task(), 2, seed=0, clock=lambda: float(next(ticks)))
    world.reset()
    for action in actions(3, 2):
        world.step(action)
    assert world.physics_s == 3.0  # one tick in each step


# ---------------------------------------------------------------- parking


def first_ends(world: VectorTask, sequence: Any, park: bool) -> dict[int, list[Any]]:
    """The first end of each simulation: when, its numbers, its last observation, and the robot's pose before it."""
    found: dict[int, list[Any]] = {}
    for k, action in enumerate(sequence):
        before = world.qpos()
        step = world.step(action)
        if step.episodes is None:
            continue
        new = [(i, int(sim)) for i, sim in enumerate(step.done_ids) if int(sim) not in found]
        for i, sim in new:
            ends = [np.asarray(getattr(step.episodes, f.name))[..., i] for f in fields(step.episodes)]
            found[sim] = [k, *ends, step.final_obs[i].copy(), before[sim]]
        if park:
            world.park(np.array([sim for _, sim in new]))
    return found


@pytest.mark.parametrize("protocol", ["competition", "strict"])
def test_parking_what_is_over_changes_no_first_episode(protocol: str) -> None:
    how = protocols.protocol(protocol)
    cfg = protocols.evaluation_task(task(episode={"limit_s": 1.0}), how)
    cfg = replace(cfg, episode=replace(cfg.episode, limit_s=1.2))
    results = []
    for park in (False, True):
        world = VectorTask(cfg, 16, seed=3)
        world.reset(protocols.cases(how, task(), 16, seed=3))
        sequence = actions(75, 16, size=1.0)
        sequence[:, 8:] *= 4.0  # half of them fall at different times, the others see the time limit
        results.append(first_ends(world, sequence, park))
    plain, parked = results
    assert len(plain) == 16 and len({ends[0] for ends in plain.values()}) > 3
    assert plain.keys() == parked.keys()
    for sim, ends in plain.items():
        for one, other in zip(ends, parked[sim], strict=True):
            assert np.array_equal(one, other, equal_nan=True)


def test_a_parked_simulation_stands_still_and_ends_nothing_until_the_next_reset() -> None:
    world = VectorTask(task(episode={"limit_s": 0.1}), 3, seed=0)
    start = spawns((3.0, 0.0), (4.0, 0.0), (5.0, 0.0))
    world.reset(start)
    world.park(np.array([1]))
    pose = world.qpos()[1]
    ended = [world.step(action).done_ids.tolist() for action in actions(10, 3)]
    assert ended[4] == ended[9] == [0, 2] and np.array_equal(world.qpos()[1], pose)
    world.park(np.array([0, 2]))
    assert all(not world.step(action).done_ids.size for action in actions(10, 3))
    world.reset(start)
    assert [world.step(action).done_ids.tolist() for action in actions(5, 3)][4] == [0, 1, 2]


def test_a_saved_world_knows_what_is_parked() -> None:
    world = VectorTask(task(episode={"limit_s": 0.1}), 2, seed=0)
    world.reset()
    world.park(np.array([0]))
    other = VectorTask(task(episode={"limit_s": 0.1}), 2, seed=1)
    other.reset()
    other.load_state_dict(world.state_dict())
    assert [other.step(action).done_ids.tolist() for action in actions(5, 2)][4] == [1]


# ---------------------------------------------------------------- continuing


@pytest.mark.parametrize("varied", [False, True])
def test_a_saved_world_continues_bit_for_bit(varied: bool) -> None:
    variation = {
        "foot_friction": (0.4, 1.0),
        "mass_scale": (0.8, 1.2),
        "push_speed_mps": 0.5,
        "push_interval_s": 0.1,
        "obs_noise": 1.0,
        "latency_steps": (0, 2),
    }
    cfg = task(episode={"limit_s": 0.5}, control={"filter_new": 0.3}, randomization=variation if varied else {})
    world = VectorTask(cfg, 12, seed=4)
    world.reset()
    world.set_random_episode_phase()
    sequence = actions(60, 12, size=1.5)
    for action in sequence[:25]:
        world.step(action)
    saved = world.state_dict()
    expected = [snapshot(world.step(action)) for action in sequence[25:]]
    other = VectorTask(cfg, 12, seed=99)
    other.reset()
    other.load_state_dict(saved)
    assert np.array_equal(other.obs, saved["arrays"]["obs"])
    got = [snapshot(other.step(action)) for action in sequence[25:]]
    assert sum(len(step[4]) for step in expected) > 5  # episodes did end on the way
    for one, two in zip(expected, got, strict=True):
        for a, b in zip(one, two, strict=True):
            assert np.array_equal(a, b)


def test_a_saved_world_holds_plain_values_only() -> None:
    world = VectorTask(task(randomization={"foot_friction": (0.4, 1.0)}), 2, seed=0)
    world.reset(spawns((1.0, 0.0), (2.0, 0.0)))

    def plain(value: Any) -> bool:
        if isinstance(value, dict):
            return all(plain(v) for v in value.values())
        return isinstance(value, (np.ndarray, int, float, str))

    assert plain(world.state_dict())


def test_a_world_of_another_size_or_task_is_refused() -> None:
    saved = VectorTask(task(), 2, seed=0).state_dict()
    with pytest.raises(ConfigError, match=r"2 simulations, this one version 1 and 3; resume with the same num_envs"):
        VectorTask(task(), 3, seed=0).load_state_dict(saved)
    with pytest.raises(ConfigError, match="resume with the task config"):
        VectorTask(task("head"), 2, seed=0).load_state_dict(saved)


def test_random_phases_spread_the_time_limits() -> None:
    world = VectorTask(task(), 200, seed=0)
    world.reset()
    world.set_random_episode_phase()
    assert world.episode.steps.min() < 50 and world.episode.steps.max() > 450


# ---------------------------------------------------------------- things that blow up


@pytest.mark.parametrize("poison", ["state", "action", "speed"])
def test_a_state_that_is_not_finite_ends_only_its_own_episode(poison: str, capfd: Any) -> None:
    world, twin = (VectorTask(task(), 3, seed=0) for _ in range(2))
    for w in (world, twin):
        w.reset(spawns((3.0, 0.0), (0.2, 0.0), (5.0, 0.0)))
        w.step(idle(3))
    action = idle(3)
    if poison == "state":
        world._qpos[1, 0] = np.nan
    elif poison == "speed":
        world._qvel[1, 3] = 1e12
    else:
        action[1, 4] = np.nan
    step, plain = world.step(action), twin.step(idle(3))
    assert step.done_ids.tolist() == [1] and cause(step) == "non_finite" and step.terminated[1]
    assert step.episodes is not None and step.episodes.fell[0]
    assert np.isfinite(step.reward).all() and np.isfinite(step.obs).all() and np.isfinite(step.final_obs).all()
    assert step.reward[[0, 2]] == pytest.approx(plain.reward[[0, 2]])
    after = world.step(idle(3))
    assert len(after.done_ids) == 0 and np.isfinite(after.obs).all()
    assert capfd.readouterr().err == ""


def test_wild_actions_stay_finite() -> None:
    world = VectorTask(task("head"), 8, seed=0)
    world.reset()
    for action in actions(60, 8, size=50.0):
        step = world.step(action)
        assert np.isfinite(step.obs).all() and np.isfinite(step.reward).all()


def test_wrong_counts_are_refused() -> None:
    with pytest.raises(ConfigError, match="num_envs must be at least 1"):
        VectorTask(task(), 0, seed=0)
    with pytest.raises(ConfigError, match="1 spawns were given for 2 simulations"):
        VectorTask(task(), 2, seed=0).reset(spawns((1.0, 0.0)))


# ---------------------------------------------------------------- one place for the reward


def test_a_scripted_trajectory_is_paid_like_a_simulated_one() -> None:
    """The terms seen by the task, recomputed from its own kinematics without physics."""
    cfg = task("head")
    world = VectorTask(cfg, 4, seed=0)
    world.reset(spawns((0.7, 0.0), (0.3, 0.0), (3.0, 1.0), (10.5, 0.0)))
    function = RewardFunction(cfg.reward, world.control_dt_s)
    out = np.zeros((len(function.terms), 4), np.float32)
    for action in actions(10, 4, size=0.3):
        step = world.step(action)
        x = TermInputs.zeros(4, world.control_dt_s, cfg.episode.limit_s)
        x.take_episode(world.episode)
        x.centre_distance_m = np.hypot(*world.qpos()[:, :2].T).astype(np.float32)
        x.speed_mps = step.speed_mps
        function.compute(x, out)
        for name in ("position_tracking", "distance_progress", "approach", "arrival_bonus", "boundary_penalty"):
            row = function.names.index(name)
            assert out[row] == pytest.approx(step.terms[row], abs=1e-5), name
