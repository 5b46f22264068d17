"""A policy as an ONNX file: normaliser and actor in one graph, with what a controller needs to know beside it.

The graph takes raw observations and returns actions, clipped as the task clips them, so nothing of this package is
needed to use it. Before a file is written, it is run and compared with the same policy built from torch's own layers
and with ours.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sessions.errors import UsageError, WorkFailed
from sessions.files import write_atomic
from vbot_rl.source import Trained
from vbot_sim.courses.schema import SensingCfg
from vbot_sim.robot import DEFAULT_JOINTS_RAD, JOINTS
from vbot_sim.schema import TaskCfg

FloatArray = NDArray[np.float32]

OPSET = 17
IR_VERSION = 8
MAX_DIFFERENCE = 1e-5
"""Allowed difference of an action; of one larger than 1, relative to it: numbers of 32 bits have 7 digits."""
SAMPLES = 4096
INPUT, OUTPUT = "obs", "actions"

OBSERVATION_LAYOUT: tuple[tuple[str, int], ...] = (
    ("linear velocity of the trunk, body frame, x 2", 3),
    ("angular velocity of the trunk, body frame, x 0.25", 3),
    ("direction of gravity, body frame", 3),
    ("joint angles less the default pose, rad", 12),
    ("joint speeds, rad/s x 0.05", 12),
    ("filtered action of the step before", 12),
    ("velocity command in the heading frame (ahead, left) x 2, turning x 0.25", 3),
    ("target in the heading frame (ahead, left) / position_scale_m, clipped to 1", 2),
    ("bearing to the target / pi, fading inside the reach radius", 1),
    ("distance to the target / position_scale_m, clipped to 1", 1),
    ("1 inside the reach radius", 1),
    ("1 inside and slower than the success speed", 1),
)
"""Content and length of each part of the observation, in order (the table is in `vbot_sim.observation`)."""


@dataclass(frozen=True)
class Exported:
    """A written file and how far its answers are from what they should be."""

    file: str
    bytes: int
    opset: int
    samples: int
    max_diff: float  # the file, run by onnxruntime, against torch
    max_diff_numpy: float  # the file against the policy as it acts in training and evaluation
    metadata: dict[str, Any]


def export_onnx(trained: Trained, path: Path) -> Exported:
    """Write a policy as ONNX.

    Raises:
        UsageError: the packages of the extra 'export' are missing.
        WorkFailed: the file would act differently from the policy; nothing was written.
    """
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
    except ImportError as error:
        raise UsageError(f"export needs the package {error.name}: pip install 'vbot-tui[export]'") from None
    facts = metadata(trained)
    content = onnx_bytes(trained, facts)
    obs = random_observations(trained)
    seen = obs[:, trained.policy().net.shape.privileged :]  # what was only for the critic is no input of the file
    answers = run_onnx(content, seen)
    worst = largest_difference(answers, torch_policy(trained)(seen))
    worst_numpy = largest_difference(answers, clipped(trained.policy().act(obs), trained))
    allowed = MAX_DIFFERENCE * max(1.0, float(np.abs(answers).max()))
    if not max(worst, worst_numpy) <= allowed:
        raise WorkFailed(
            f"the exported policy differs by {max(worst, worst_numpy):.2g} from {trained.name}, more than "
            f"{allowed:.2g}: nothing was written; its weights may not be finite"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, content)
    return Exported(str(path), len(content), OPSET, SAMPLES, worst, worst_numpy, facts)


def metadata(trained: Trained) -> dict[str, Any]:
    """What a controller must know to use the actions, as plain data."""
    control, task = trained.cfg.task.control, trained.cfg.task
    return {
        "policy": trained.name,
        "env": trained.cfg.env,
        "preset": trained.cfg.preset,
        "env_steps": trained.step,
        "control_rate_hz": control.rate_hz,
        "action_scale_rad": control.action_scale_rad,
        "action_clip": control.action_clip,
        "action_filter_new_per_10ms": control.filter_new,
        "kp": control.kp,
        "kv": control.kv,
        "joints": list(JOINTS),
        "default_joints_rad": list(DEFAULT_JOINTS_RAD),
        "joint_target": "default_joints_rad + action_scale_rad * filtered(actions); actions are clipped already",
        "position_scale_m": task.observation.position_scale_m,
        "observation": _layout(task),
    }


def _layout(task: TaskCfg) -> list[dict[str, Any]]:
    found, start = [], 0
    for content, length in OBSERVATION_LAYOUT if task.course is None else course_layout(task.course.sensing):
        found.append({"first": start, "length": length, "content": content})
        start += length
    return found


def course_layout(sensing: SensingCfg) -> tuple[tuple[str, int], ...]:
    """Content and length of each part of what the actor sees on a course."""
    own = OBSERVATION_LAYOUT[:6]
    middle = (*own, *OBSERVATION_LAYOUT[6:-1], ("celebration / 3, or as on flat ground on the training field", 1))
    if sensing.layout == "section":
        middle = (*own, ("numbers 45 to 68 of the table in vbot_sim.courses.sensing", 24))
    return (*middle, *((("heights of the ground around, see vbot_sim.courses.sensing", 55),) if sensing.scan else ()))


def _parts(trained: Trained) -> tuple[FloatArray, FloatArray, float, list[tuple[FloatArray, FloatArray]]]:
    """Shift and scale of the normaliser, its clip, and weight and bias of each layer of the actor."""
    policy = trained.policy()
    layers = [
        (np.ascontiguousarray(w[:, :-1]), np.ascontiguousarray(w[:, -1])) for w in policy.net.params.actor.weights
    ]
    clip, skip = float(trained.state["net"]["observation_clip"]), policy.net.shape.privileged
    return policy.normalizer.shift[skip:], policy.normalizer.scale[skip:], clip, layers


def onnx_bytes(trained: Trained, facts: dict[str, Any]) -> bytes:
    """The policy as the bytes of an ONNX file."""
    from onnx import TensorProto, helper, numpy_helper

    shift, scale, clip, layers = _parts(trained)
    constants: dict[str, FloatArray] = {
        "shift": shift,
        "scale": scale,
        "low": np.array(-clip, np.float32),
        "high": np.array(clip, np.float32),
    }
    nodes = [
        helper.make_node("Sub", [INPUT, "shift"], ["centred"]),
        helper.make_node("Mul", ["centred", "scale"], ["scaled"]),
        helper.make_node("Clip", ["scaled", "low", "high"], ["x0"]),
    ]
    for i, (weight, bias) in enumerate(layers):
        constants |= {f"weight{i}": weight, f"bias{i}": bias}
        nodes.append(helper.make_node("Gemm", [f"x{i}", f"weight{i}", f"bias{i}"], [f"z{i}"], transB=1))
        if i < len(layers) - 1:
            nodes.append(helper.make_node("Elu", [f"z{i}"], [f"x{i + 1}"], alpha=1.0))
    limit = action_limit(trained)
    constants |= {"lowest": np.array(-limit, np.float32), "highest": np.array(limit, np.float32)}
    nodes.append(helper.make_node("Clip", [f"z{len(layers) - 1}", "lowest", "highest"], [OUTPUT]))
    graph = helper.make_graph(
        nodes,
        "vbot_policy",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["batch", len(shift)])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["batch", len(layers[-1][1])])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, producer_name="vbot", opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = IR_VERSION
    helper.set_model_props(model, {"vbot": json.dumps(facts, ensure_ascii=False)})
    content: bytes = model.SerializeToString()
    return content


def action_limit(trained: Trained) -> float:
    """The size to which the task clips actions."""
    clip = trained.cfg.task.control.action_clip
    return float(np.finfo(np.float32).max) if clip is None else clip


def clipped(actions: FloatArray, trained: Trained) -> FloatArray:
    """Actions as the task takes them."""
    limit = np.float32(action_limit(trained))
    return np.clip(actions, -limit, limit)


def random_observations(trained: Trained, samples: int = SAMPLES, seed: int = 0) -> FloatArray:
    """Observations as training saw them and beyond: half as wide, half three times as wide."""
    policy = trained.policy()
    rng = np.random.Generator(np.random.PCG64(seed))
    spread = np.where(np.arange(samples) % 2 == 0, 1.0, 3.0)[:, None]
    normal = rng.standard_normal((samples, len(policy.normalizer.shift))) * spread
    return (policy.normalizer.shift + normal / policy.normalizer.scale).astype(np.float32)


def run_onnx(content: bytes, obs: FloatArray) -> FloatArray:
    """The actions that an ONNX file gives."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    actions: FloatArray = session.run([OUTPUT], {INPUT: obs})[0]
    return actions


def torch_policy(trained: Trained) -> Callable[[FloatArray], FloatArray]:
    """The same policy built from torch's own layers."""
    import torch

    shift, scale, clip, layers = _parts(trained)
    modules: list[torch.nn.Module] = []
    for i, (weight, bias) in enumerate(layers):
        linear = torch.nn.Linear(weight.shape[1], weight.shape[0])
        linear.load_state_dict({"weight": torch.from_numpy(weight), "bias": torch.from_numpy(bias)})
        modules += [linear, torch.nn.ELU()] if i < len(layers) - 1 else [linear]
    actor = torch.nn.Sequential(*modules)

    def act(obs: FloatArray) -> FloatArray:
        with torch.no_grad():
            x = (torch.from_numpy(obs) - torch.from_numpy(shift)) * torch.from_numpy(scale)
            actions: FloatArray = actor(x.clamp(-clip, clip)).numpy()
        return clipped(actions, trained)

    return act


def largest_difference(a: FloatArray, b: FloatArray) -> float:
    """The largest difference between two sets of actions; NaN where either is not finite."""
    return float(np.abs(a.astype(np.float64) - b.astype(np.float64)).max())


def as_object(exported: Exported) -> dict[str, Any]:
    """The export as plain data for a command line's answer."""
    return asdict(exported)
