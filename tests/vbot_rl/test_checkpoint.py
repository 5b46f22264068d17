"""Which checkpoints stay, how one is found, and starting from another run's."""

import numpy as np
import pytest

from sessions.errors import CorruptFileError, NotFoundError, UsageError
from sessions.files import to_json
from tests.vbot_rl.helpers import new_run, newest_state, small
from vbot_rl import checkpoint
from vbot_rl.checkpoint import superseded
from vbot_rl.launch import WarmStart
from vbot_rl.ppo import Ppo
from vbot_rl.schedules import learning_rate
from vbot_rl.trainer import Trainer
from vbot_sim.symmetry import MIRROR


@pytest.mark.parametrize(
    ("steps", "best", "pinned", "gone"),
    [
        ([10, 20], None, [], []),
        ([10, 20, 30], None, [], [10]),
        ([30, 10, 20, 40], 10, [], [20]),
        ([10, 20, 30, 40], 10, [20], []),
        ([10, 20, 30, 40], 40, [], [10, 20]),
    ],
)
def test_the_last_two_the_best_and_the_pinned_stay(steps, best, pinned, gone):
    assert superseded(steps, 2, best, pinned) == gone


def judged(run, step, score):
    path = run.eval_dir / f"competition-{step}.json"
    path.write_text(to_json({"score": score, "success": score, "episodes": []}))


def test_thinning_out_on_disk(tmp_path):
    run = new_run(tmp_path)
    for step in (10, 20, 30, 40, 50):
        checkpoint.save(run, step, {})
    judged(run, 20, 0.9)
    judged(run, 40, 0.8)
    checkpoint.pin_path(run, 10).touch()
    (run.checkpoint_dir / ".step_60.pt.123-4.tmp").write_bytes(b"half")
    assert checkpoint.thin_out(run, 2) == (10, 20, 40, 50)
    assert [step for step, _ in run.checkpoints()] == [10, 20, 40, 50]
    assert not list(run.checkpoint_dir.glob(".*"))


def test_without_a_step_the_best_is_found(tmp_path):
    run = new_run(tmp_path)
    with pytest.raises(NotFoundError, match="no checkpoint yet"):
        checkpoint.find(run, None)
    for step in (10, 20, 30):
        checkpoint.save(run, step, {})
    assert checkpoint.find(run, None).step == 30  # nothing was judged
    judged(run, 20, 0.9)
    assert checkpoint.find(run, None).step == 20
    assert checkpoint.find(run, 10).step == 10
    with pytest.raises(NotFoundError, match="10, 20, 30"):
        checkpoint.find(run, 15)


def test_damage_is_told_and_the_one_before_is_used(tmp_path):
    run = new_run(tmp_path)
    checkpoint.save(run, 10, {"a": 1})
    checkpoint.save(run, 20, {"a": 2}).write_bytes(b"PK nonsense")
    found, problems = checkpoint.newest(run)
    assert found.step == 10 and found.state["a"] == 1
    assert len(problems) == 1 and "step_20.pt is damaged" in problems[0]
    with pytest.raises(CorruptFileError, match="use an earlier one"):
        checkpoint.find(run, 20)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    run = new_run(tmp_path_factory.mktemp("teacher"), small(ppo__learning_rate=4e-4))
    Trainer(run, small(ppo__learning_rate=4e-4).cfg, say=lambda _: None).train()
    return run


def student(hidden=(16, 16), **changes) -> Ppo:
    return Ppo(small(**changes, ppo__hidden=list(hidden)).cfg.ppo, 54, 12, 16, seed=9, mirror=MIRROR)


def test_only_the_named_parts_are_taken_and_all_are_told(teacher):
    state = newest_state(teacher)
    ppo = student()
    fresh = ppo.net.params.flat.copy()
    told = checkpoint.warm_start(ppo, state, ["normalizer"], "x")
    assert len(told) == 1 and told[0].startswith("normalizer")
    assert np.array_equal(ppo.net.params.flat, fresh)
    assert ppo.obs_norm.moments.count == state["ppo"]["obs_norm"]["count"] > 0
    assert ppo.adam.steps == 0
    told = checkpoint.warm_start(ppo, state, ["weights", "optimizer", "schedule"], "x")
    assert [line.split(":")[0] for line in told] == ["weights", "optimizer", "schedule"]
    assert np.array_equal(ppo.net.params.flat, state["ppo"]["weights"])
    assert ppo.adam.steps == state["ppo"]["optimizer"]["steps"]
    assert ppo.learning_rate == state["ppo"]["learning_rate"]


def test_other_shapes_are_refused_with_what_to_set(teacher):
    ppo = student(hidden=(8, 8))
    before = ppo.net.params.flat.copy()
    with pytest.raises(UsageError, match=r"ppo\.hidden=\[16, 16\]"):
        checkpoint.warm_start(ppo, newest_state(teacher), ["normalizer", "weights"], "x")
    assert np.array_equal(ppo.net.params.flat, before) and ppo.obs_norm.moments.count == 0
    with pytest.raises(UsageError, match="the parts are weights"):
        checkpoint.warm_start(ppo, newest_state(teacher), ["wieghts"], "x")


@pytest.mark.parametrize("schedule", ["constant", "linear", "cosine", "kl_adaptive"])
@pytest.mark.parametrize("parts", [("weights", "normalizer"), ("weights", "optimizer", "schedule")])
def test_a_warm_started_run_learns_at_the_rate_its_schedule_asks_for(tmp_path, teacher, schedule, parts):
    resolved = small(ppo__schedule=schedule, ppo__learning_rate=2e-4)
    source = teacher.checkpoints()[-1][1]
    run = new_run(tmp_path, resolved, warm_start=WarmStart(source, parts), parent=teacher.id)
    lines: list[str] = []
    from vbot_rl.config import load_yaml

    trainer = Trainer(run, load_yaml(run.config_path).cfg, say=lines.append)
    assert [line for line in lines if line.startswith("loaded ")] and len(lines) == len(parts)
    weights = newest_state(teacher)["ppo"]["weights"]
    assert np.array_equal(trainer.ppo.net.params.flat, weights)
    values = trainer._update()
    carried = newest_state(teacher)["ppo"]["learning_rate"] if "schedule" in parts else 2e-4
    assert values["ppo/learning_rate"] == learning_rate(resolved.cfg.ppo, 0.0, carried)
    assert values["ppo/learning_rate"] == (carried if schedule == "kl_adaptive" else 2e-4)


def test_a_warm_start_from_nothing_is_refused(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        new_run(tmp_path, warm_start=WarmStart(tmp_path / "none.pt"))
    assert not list((tmp_path / "runs").iterdir())
