import mujoco
import numpy as np
import pytest

from vbot_sim.kinematics import trunk_motion


def _random_state(count: int = 50) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    qpos, qvel = rng.standard_normal((count, 19)), rng.standard_normal((count, 18))
    qpos[:, 3:7] /= np.linalg.norm(qpos[:, 3:7], axis=1, keepdims=True)
    return qpos.astype(np.float32), qvel.astype(np.float32), rng.standard_normal((count, 2)).astype(np.float32)


def test_body_frame_quantities_agree_with_mujoco_s_rotations() -> None:
    qpos, qvel, target = _random_state()
    motion = trunk_motion(qpos, qvel, target)
    for k in range(len(qpos)):
        matrix = np.zeros(9)
        mujoco.mju_quat2Mat(matrix, qpos[k, 3:7].astype(np.float64))
        rotation = matrix.reshape(3, 3)
        assert [v[k] for v in motion.velocity_b] == pytest.approx(rotation.T @ qvel[k, :3], abs=1e-5)
        assert [g[k] for g in motion.gravity_b] == pytest.approx(rotation.T @ [0, 0, -1], abs=1e-5)


def test_a_target_to_the_left_by_hand() -> None:
    qpos = np.zeros((1, 19), np.float32)
    qpos[0, :2], qpos[0, 3], qpos[0, 6] = (1.0, 2.0), np.cos(np.pi / 4), np.sin(np.pi / 4)  # facing +y
    qvel = np.zeros((1, 18), np.float32)
    qvel[0, :3] = (0.3, 0.4, 0.1)
    motion = trunk_motion(qpos, qvel, np.asarray([[-2.0, 6.0]], np.float32))
    # to the target: (-3, 4) in the world; ahead is +y: 4, left is -x: 3
    assert motion.target_forward_m[0] == pytest.approx(4.0, abs=1e-5)
    assert motion.target_left_m[0] == pytest.approx(3.0, abs=1e-5)
    assert motion.distance_m[0] == pytest.approx(5.0)
    assert motion.bearing_error_rad[0] == pytest.approx(np.arctan2(3, 4), abs=1e-6)
    assert motion.speed_mps[0] == pytest.approx(0.5)
    assert motion.approach_speed_mps[0] == pytest.approx(-0.3 * 0.6 + 0.4 * 0.8, abs=1e-6)
    assert motion.centre_distance_m[0] == pytest.approx(np.sqrt(5.0))
    # body velocity: ahead 0.4, left -0.3
    assert [v[0] for v in motion.velocity_b] == pytest.approx([0.4, -0.3, 0.1], abs=1e-6)


def test_gravity_tells_upright_from_upside_down() -> None:
    qpos = np.zeros((2, 19), np.float32)
    qpos[0, 3], qpos[1, 4] = 1.0, 1.0  # upright; rolled by 180 degrees
    motion = trunk_motion(qpos, np.zeros((2, 18), np.float32), np.zeros((2, 2), np.float32))
    assert motion.gravity_b[2].tolist() == [-1.0, 1.0]
