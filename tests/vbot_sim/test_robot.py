"""Physics sanity of the robot on its platform, with MuJoCo alone."""

from typing import Any

import mujoco
import numpy as np
import pytest

from tests.vbot_sim.builders import STANCE
from vbot_sim.model import build_model
from vbot_sim.robot import FOOT_GEOMS, JOINTS, STANDING_HEIGHT_M, TORQUE_LIMITS_NM, TRUNK_GEOMS
from vbot_sim.schema import ControlCfg, PhysicsCfg


def world(physics: PhysicsCfg | None = None, control: ControlCfg | None = None, height: float = 0.5) -> Any:
    """A model and its data: default pose at a height, asked to keep that pose."""
    model = build_model(physics or PhysicsCfg(), control or ControlCfg())
    data = mujoco.MjData(model)
    data.qpos[2], data.qpos[7:], data.ctrl[:] = height, STANCE, STANCE
    return model, data


def run(model: Any, data: Any, seconds: float) -> None:
    mujoco.mj_step(model, data, round(seconds / model.opt.timestep))


def test_masses_and_sizes_are_those_of_the_tables() -> None:
    model, _ = world()
    assert (model.nq, model.nv, model.nu) == (19, 18, 12)
    assert model.body_mass.sum() == pytest.approx(16.4275, abs=1e-4)
    assert model.body("base").mass[0] == pytest.approx(9.016326)
    assert np.sort(model.body("base").inertia) == pytest.approx([0.04665367, 0.13979661, 0.14434571], abs=1e-7)
    assert [model.actuator(i).name + "_joint" for i in range(12)] == list(JOINTS)
    assert model.actuator_forcerange[:, 1].tolist() == list(TORQUE_LIMITS_NM)


def test_the_fused_foot_keeps_mass_and_centre_of_the_calf() -> None:
    model, _ = world()
    calf, foot = 0.183986, 0.038792
    assert model.body("FL_calf").mass[0] == pytest.approx(calf + foot)
    centre_z = (calf * -0.125302 + foot * -0.214) / (calf + foot)
    assert model.body("FL_calf").ipos[2] == pytest.approx(centre_z, abs=1e-6)


def test_the_feet_touch_the_ground_at_the_height_of_the_tables() -> None:
    model, data = world(height=STANDING_HEIGHT_M)
    mujoco.mj_kinematics(model, data)
    front, rear = data.geom("FL_foot").xpos, data.geom("RR_foot").xpos
    assert front == pytest.approx([0.1967, 0.1485, 0.021], abs=2e-4)
    assert rear == pytest.approx([-0.1724, -0.1485, 0.021], abs=2e-4)


def test_collision_sets() -> None:
    reduced, full = world()[0], world(PhysicsCfg(collision="full"))[0]

    def robot_geoms(model: Any) -> list[str]:
        names = [model.geom(i).name for i in range(model.ngeom)]
        return [name for name in names if name not in ("ground", "platform")]

    assert set(robot_geoms(reduced)) == {*TRUNK_GEOMS, *FOOT_GEOMS}
    assert len(robot_geoms(full)) == 48


def test_no_geom_touches_another_in_the_air() -> None:
    for collision in ("reduced", "full"):
        model, data = world(PhysicsCfg(collision=collision), height=2.0)
        mujoco.mj_forward(model, data)
        assert data.ncon == 0


@pytest.mark.parametrize("noise_seed", [None, 0, 1, 2])
def test_it_settles_at_standing_height_without_chatter(noise_seed: int | None) -> None:
    model, data = world()
    if noise_seed is not None:
        data.qpos[7:] += np.random.default_rng(noise_seed).uniform(-0.2, 0.2, 12)
    run(model, data, 1.5)
    fastest, saturated = 0.0, 0.0
    for _ in range(150):
        mujoco.mj_step(model, data)
        fastest = max(fastest, np.abs(data.qvel[6:]).max())
        saturated = max(saturated, (np.abs(data.actuator_force) / TORQUE_LIMITS_NM).max())
    assert 0.259 <= data.qpos[2] <= 0.265
    assert fastest < 0.1
    assert saturated < 0.6


def test_fine_and_coarse_physics_agree_on_the_stance() -> None:
    heights = []
    for timestep in (0.002, 0.01):
        model, data = world(PhysicsCfg(timestep_s=timestep))
        run(model, data, 3.0)
        heights.append(data.qpos[2])
    assert heights[0] == pytest.approx(heights[1], abs=0.001)


def test_energy_does_not_grow_when_the_robot_falls_and_rests_without_motors() -> None:
    model, data = world(control=ControlCfg(kp=0.0, kv=0.0))
    model.opt.enableflags |= mujoco.mjtEnableBit.mjENBL_ENERGY
    mujoco.mj_forward(model, data)
    energies = [data.energy.sum()]
    for _ in range(400):
        mujoco.mj_step(model, data)
        energies.append(data.energy.sum())
    start = energies[0]
    assert max(energies) <= start + 1e-3 * start
    assert np.all(np.diff(energies[1:]) < 0.02 * start)  # no step gives back what was lost
    rest = energies[300:]
    assert max(rest) - min(rest) < 0.01 * start
    assert energies[-1] < 0.5 * start


def test_free_fall_is_gravity_s() -> None:
    model, data = world(height=5.0)
    run(model, data, 0.5)
    assert data.qvel[2] == pytest.approx(-9.81 * 0.5, rel=1e-3)


def test_torques_stay_within_their_limits_whatever_is_asked() -> None:
    model, data = world()
    rng = np.random.default_rng(3)
    largest = np.zeros(12)
    for _ in range(200):
        data.ctrl[:] = STANCE + rng.uniform(-3, 3, 12)
        mujoco.mj_step(model, data)
        largest = np.maximum(largest, np.abs(data.actuator_force))
    assert np.all(largest <= np.asarray(TORQUE_LIMITS_NM) + 1e-9)
    assert np.all(largest >= 0.9 * np.asarray(TORQUE_LIMITS_NM))  # the test did reach them


def test_the_feet_decide_the_friction_on_the_ground() -> None:
    """A robot pushed sideways slides farther on slippery feet, although the ground's friction is 1."""
    slid = []
    for friction in (1.0, 0.1):
        model, data = world()
        for name in FOOT_GEOMS:
            model.geom(name).friction[0] = friction
        run(model, data, 1.0)
        data.qvel[1], start = 1.0, data.qpos[1]
        run(model, data, 1.0)
        slid.append(abs(data.qpos[1] - start))
    assert slid[1] > 2 * slid[0]


def test_warm_start_and_islands_being_off_changes_nothing() -> None:
    plain, tuned = world(), world()
    plain[0].opt.disableflags = 0
    for model, data in (plain, tuned):
        run(model, data, 0.5)
    assert tuned[1].qpos == pytest.approx(plain[1].qpos, abs=1e-6)
