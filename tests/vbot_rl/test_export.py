import json
from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest

from sessions.errors import WorkFailed
from tests.vbot_rl.helpers import SMALL, small
from vbot_rl import export
from vbot_rl.config import run_cfg
from vbot_rl.policy import net_description
from vbot_rl.ppo import Ppo
from vbot_rl.source import Trained
from vbot_sim.symmetry import MIRROR
from vbot_sim.tasks import build_task, mirror_of
from vbot_sim.vector_task import VectorTask


@pytest.fixture
def trained():
    """A policy with lively actions and a normaliser that does something."""
    cfg = small().cfg
    ppo = Ppo(cfg.ppo, 54, 12, 4, 1, mirror=MIRROR)
    rng = np.random.default_rng(2)
    ppo.net.params.actor.weights[-1][...] = 0.3 * rng.standard_normal(ppo.net.params.actor.weights[-1].shape)
    ppo.obs_norm.update((3.0 + 2.0 * rng.standard_normal((500, 54))).astype(np.float32))
    return Trained("test@7", 7, cfg, {"net": net_description(ppo), "ppo": ppo.state_dict()})


def test_the_file_acts_as_torch_and_as_the_policy_do(trained, tmp_path):
    path = tmp_path / "new" / "policy.onnx"
    done = export.export_onnx(trained, path)
    assert done.max_diff <= 1e-5
    assert done.max_diff_numpy <= 1e-5
    obs = VectorTask(trained.cfg.task, 8, seed=0).reset().copy()
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    actions = session.run(None, {"obs": obs})[0]
    assert np.abs(actions).max() > 0.1
    assert actions == pytest.approx(np.clip(trained.policy().act(obs), -4.0, 4.0), abs=1e-5)


def test_actions_come_clipped_as_the_task_clips_them(trained):
    obs = 100.0 * np.random.default_rng(0).standard_normal((200, 54)).astype(np.float32)
    assert np.abs(trained.policy().act(obs)).max() > 4.0
    assert np.abs(export.run_onnx(export.onnx_bytes(trained, {}), obs)).max() == 4.0


def test_raw_observations_go_in_because_the_normaliser_is_inside(trained):
    content = export.onnx_bytes(trained, {})
    mean = trained.policy().normalizer.shift
    obs = np.stack([mean, mean + 1e6]).astype(np.float32)
    centre, far = export.run_onnx(content, obs)
    layers = trained.policy().net.params.actor.weights
    x = np.zeros(54)
    for i, weight in enumerate(layers):  # by hand: x = 0 in the middle
        z = weight[:, :-1] @ x + weight[:, -1]
        x = np.where(z > 0, z, np.expm1(z)) if i < len(layers) - 1 else z
    assert centre == pytest.approx(x, abs=1e-5)
    assert np.isfinite(far).all()  # clipped


def test_onnx_itself_finds_nothing_wrong(trained):
    model = onnx.load_from_string(export.onnx_bytes(trained, {}))
    onnx.checker.check_model(model, full_check=True)
    widths = [value.type.tensor_type.shape.dim[1].dim_value for value in (*model.graph.input, *model.graph.output)]
    assert widths == [54, 12]


def test_what_a_controller_must_know_is_in_the_file(trained):
    model = onnx.load_from_string(export.onnx_bytes(trained, export.metadata(trained)))
    facts = json.loads({item.key: item.value for item in model.metadata_props}["vbot"])
    assert facts["control_rate_hz"] == trained.cfg.task.control.rate_hz
    assert facts["action_scale_rad"] == 0.25
    assert len(facts["joints"]) == len(facts["default_joints_rad"]) == 12
    assert facts["policy"] == "test@7"


def test_the_layout_covers_the_observation_without_gaps():
    end = 0
    for part in export.metadata(Trained("x@0", 0, small().cfg, {}))["observation"]:
        assert part["first"] == end
        end += part["length"]
    assert end == VectorTask.obs_dim


def test_a_policy_that_is_not_finite_is_not_exported(trained, tmp_path):
    weights = trained.state["ppo"]["weights"].copy()
    weights[0] = np.nan
    broken = replace(trained, state={**trained.state, "ppo": {**trained.state["ppo"], "weights": weights}})
    with pytest.raises(WorkFailed, match="nothing was written"):
        export.export_onnx(broken, tmp_path / "policy.onnx")
    assert list(tmp_path.iterdir()) == []


def test_what_only_the_critic_of_a_course_saw_is_no_input_of_the_file(tmp_path):
    cfg = run_cfg("vbot_navigation_section013", sets=SMALL).cfg
    world = build_task(cfg.task, 4, seed=0)
    ppo = Ppo(cfg.ppo, world.obs_dim, 12, 4, 1, mirror=mirror_of(cfg.task), privileged=world.privileged_dim)
    rng = np.random.default_rng(2)
    ppo.net.params.actor.weights[-1][...] = 0.3 * rng.standard_normal(ppo.net.params.actor.weights[-1].shape)
    course = Trained("test@7", 7, cfg, {"net": net_description(ppo), "ppo": ppo.state_dict()})
    done = export.export_onnx(course, tmp_path / "course.onnx")
    obs = world.reset().copy()
    session = onnxruntime.InferenceSession(tmp_path / "course.onnx", providers=["CPUExecutionProvider"])
    assert session.get_inputs()[0].shape == ["batch", 54 + 55]
    actions = session.run(None, {"obs": obs[:, 7:]})[0]
    assert actions == pytest.approx(np.clip(course.policy().act(obs), -4.0, 4.0), abs=1e-5)
    layout = done.metadata["observation"]
    assert layout[-1]["first"] + layout[-1]["length"] == 54 + 55
