import numpy as np
import pytest

from tests.vbot_sim.builders import idle, spawns, task
from vbot_sim.config import SpawnCfg, task_cfg
from vbot_sim.errors import ConfigError
from vbot_sim.randomization import ActionPipeline, Pushes
from vbot_sim.schema import RandomizationCfg
from vbot_sim.spawns import draw_spawns
from vbot_sim.vector_task import VectorTask


def ones(value: float, num_envs: int = 1) -> np.ndarray:
    return np.full((num_envs, 12), value, np.float32)


def test_the_filter_takes_up_its_share() -> None:
    pipeline = ActionPipeline(1, None, 0.3, (0, 0))
    assert pipeline.push(ones(1.0))[0, 0] == pytest.approx(0.3)
    assert pipeline.push(ones(1.0))[0, 0] == pytest.approx(0.51)  # 0.3 + 0.7 x 0.3
    assert pipeline.change_sq[0] == pytest.approx(12 * 0.21**2, rel=1e-5)


def test_one_step_at_50_hz_filters_like_two_at_100_hz() -> None:
    slow = VectorTask(task("head", control={"rate_hz": 50.0}), 1, 0)
    slow.reset()
    slow.step(ones(1.0))
    assert slow.obs[0, 33] == pytest.approx(0.51, abs=1e-6)


def test_actions_are_clipped_where_asked() -> None:
    assert ActionPipeline(1, 2.0, 1.0, (0, 0)).push(ones(9.0))[0, 0] == 2.0
    assert ActionPipeline(1, None, 1.0, (0, 0)).push(ones(9.0))[0, 0] == 9.0


def test_latency_delays_by_whole_steps() -> None:
    pipeline = ActionPipeline(2, None, 1.0, (2, 2))
    pipeline.begin(np.arange(2), np.random.default_rng(0))
    applied = [pipeline.push(ones(value, 2))[0, 0] for value in (1.0, 2.0, 3.0, 4.0)]
    assert applied == [0.0, 0.0, 1.0, 2.0]
    pipeline.forget(np.asarray([1]))
    after = pipeline.push(ones(5.0, 2))
    assert after[0, 0] == 3.0 and after[1, 0] == 0.0


def test_a_push_changes_the_planar_speed_by_its_size() -> None:
    pushes = Pushes(RandomizationCfg(push_speed_mps=0.5, push_interval_s=4.0), 0.02)
    qvel = np.zeros((3, 18))
    pushes.apply(qvel, np.asarray([0, 199, 200], np.int32), np.random.default_rng(0))
    assert np.hypot(qvel[:, 0], qvel[:, 1]) == pytest.approx([0.0, 0.0, 0.5])
    assert np.all(qvel[:, 2:] == 0.0)


def test_pushes_may_come_at_another_time_in_each_simulation() -> None:
    pushes = Pushes(RandomizationCfg(push_speed_mps=0.5, push_interval_s=4.0, push_spread=True), 0.02)
    pushed = []
    for step in range(1, 201):  # one interval of 200 steps; simulations are 50 steps ahead of one another
        qvel = np.zeros((4, 18))
        pushes.apply(qvel, np.full(4, step, np.int32), np.random.default_rng(0))
        pushed += [(step, sim) for sim in np.flatnonzero(qvel[:, 0]).tolist()]
    assert pushed == [(50, 3), (100, 2), (150, 1), (200, 0)]


def test_friction_and_masses_are_drawn_in_their_ranges_for_every_episode() -> None:
    world = VectorTask(
        task(randomization={"foot_friction": (0.4, 1.0), "mass_scale": (0.8, 1.2)}, episode={"limit_s": 0.02}), 50, 0
    )
    world.reset()
    friction = world.variation.foot_friction()
    masses = world._batch.expanded("body_mass").copy()
    base = world._batch.model.body_mass
    assert 0.4 <= friction.min() < 0.5 and 0.9 < friction.max() <= 1.0
    factors = masses[:, 1:] / base[1:]
    assert 0.8 <= factors.min() < 0.85 and 1.15 < factors.max() <= 1.2
    assert len(np.unique(factors)) == factors.size  # each body of each simulation has its own
    world.step(idle(50))
    assert not np.array_equal(world.variation.foot_friction(), friction)


def test_heavier_robots_sink_deeper() -> None:
    heights = []
    for scale in ((0.8, 0.8), (1.2, 1.2)):
        world = VectorTask(task(randomization={"mass_scale": scale}), 1, seed=0)
        world.reset(spawns((3.0, 0.0)))
        for _ in range(100):
            world.step(idle(1))
        heights.append(world.qpos()[0, 2])
    assert heights[0] > heights[1] + 0.003


def test_noise_is_bounded_and_touches_measured_numbers_only() -> None:
    plain, noisy = VectorTask(task(), 40, 0), VectorTask(task(randomization={"obs_noise": 1.0}), 40, 0)
    where = spawns(*[(3.0, 0.0)] * 40)
    difference = noisy.reset(where) - plain.reset(where)
    assert np.all(difference[:, 33:] == 0.0)
    largest = np.abs(difference[:, :33]).max(axis=0)
    assert largest[0] <= 0.2 + 1e-6 and largest[21] <= 0.075 + 1e-6
    assert np.all(largest > 0.5 * np.asarray([0.2] * 3 + [0.05] * 3 + [0.05] * 3 + [0.03] * 12 + [0.075] * 12))


def test_nothing_varies_unless_a_preset_says_so() -> None:
    nothing = RandomizationCfg()
    assert nothing.foot_friction is None and nothing.mass_scale is None
    assert nothing.push_speed_mps == nothing.obs_noise == 0.0
    assert task_cfg("vbot_navigation_section001", "head").randomization == nothing


def test_head_s_spawns_lie_on_the_edge_about_half_of_the_time() -> None:
    """Known figure: clipping spawns of 10-12 m to 11 m puts 52 % of them exactly there: (144 - 121) / (144 - 100)."""
    cfg = task_cfg("vbot_navigation_section001", "head").spawn
    distance = draw_spawns(np.random.default_rng(0), 20_000, cfg).distance_m()
    assert np.mean(np.isclose(distance, 11.0)) == pytest.approx(23 / 44, abs=0.012)


def test_spawns_keep_their_distance_from_a_wandering_target() -> None:
    cfg = SpawnCfg(radius_min_m=2.0, radius_max_m=5.0, distribution="radius", target_radius_m=3.0)
    drawn = draw_spawns(np.random.default_rng(0), 5000, cfg)
    assert np.hypot(*drawn.target_m.T).max() <= 3.0
    assert drawn.distance_m().min() >= 2.0 - 1e-9 and drawn.distance_m().max() <= 5.0 + 1e-9
    assert np.mean(drawn.distance_m() < 3.5) == pytest.approx(0.5, abs=0.03)


def test_the_feet_of_each_simulation_can_be_stiff_or_soft() -> None:
    fine = {"timestep_s": 0.0025}
    cfg = task(physics=fine, randomization={"contact_time_s": (0.005, 0.05)})
    world = VectorTask(cfg, 16, seed=1)
    world.reset()
    times = world.variation.state_dict()["contact"][:, world.variation._feet, 0]
    assert times.min() >= 0.005 and times.max() <= 0.05 and len(np.unique(times)) == 16
    other = VectorTask(cfg, 16, seed=2)
    other.load_state_dict(world.state_dict())
    assert np.array_equal(other.variation.state_dict()["contact"], world.variation.state_dict()["contact"])


def test_contacts_stiffer_than_the_steps_allow_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"contact_time_s begins at 0\.005 s, below twice physics\.timestep_s"):
        task(randomization={"contact_time_s": (0.005, 0.05)})
