import numpy as np
import pytest

from sessions.errors import CorruptFileError, NotFoundError
from tests.vbot_rl.helpers import ENV, new_run, small
from vbot_rl import checkpoint, source
from vbot_rl.policy import net_description
from vbot_rl.ppo import Ppo
from vbot_sim.errors import UnknownEnvError
from vbot_sim.symmetry import MIRROR


@pytest.fixture
def run(tmp_path):
    """A run with one checkpoint of a policy that learned nothing."""
    run = new_run(tmp_path)
    ppo = Ppo(small().cfg.ppo, 54, 12, 4, 1, mirror=MIRROR)
    ppo.net.params.actor.weights[-1][...] *= 100.0  # actions that differ from zero
    checkpoint.save(run, 640, {"net": net_description(ppo), "ppo": ppo.state_dict(), "task": {"big": np.zeros(9)}})
    return run


def observations():
    return np.random.default_rng(0).standard_normal((5, 54)).astype(np.float32)


def test_a_policy_file_acts_as_its_run_does(run, tmp_path):
    trained = source.from_run(run)
    path = tmp_path / "policy.pt"
    source.write_policy_file(trained, path)
    found = source.from_file(path, "mine")
    assert np.array_equal(found.policy().act(observations()), trained.policy().act(observations()))
    assert np.abs(trained.policy().act(observations())).max() > 0.1
    assert (found.name, found.step, found.cfg) == ("mine", 640, trained.cfg)


def test_a_policy_file_leaves_out_what_only_a_resume_needs(run, tmp_path):
    path = tmp_path / "policy.pt"
    source.write_policy_file(source.from_run(run), path)
    state = checkpoint.load(path)
    assert set(state["ppo"]) == {"weights", "obs_norm", "value_norm"}
    assert "task" not in state
    assert state["source"] == f"{run.id}@640"


def test_a_policy_file_of_a_policy_file_names_the_first_source(run, tmp_path):
    one, two = tmp_path / "one.pt", tmp_path / "two.pt"
    source.write_policy_file(source.from_run(run), one)
    source.write_policy_file(source.from_file(one, "one"), two)
    assert checkpoint.load(two)["source"] == f"{run.id}@640"


def test_torch_reads_a_policy_file_without_running_code(run, tmp_path):
    import torch

    path = tmp_path / "policy.pt"
    source.write_policy_file(source.from_run(run), path)
    assert torch.load(path, weights_only=True)["env"] == ENV


def test_a_checkpoint_is_no_policy_file(run):
    with pytest.raises(CorruptFileError, match="holds no config"):
        source.from_file(checkpoint.path_of(run, 640), "x")


def test_a_policy_comes_with_the_flat_environment():
    trained = source.from_file(source.pretrained_path(ENV), "pretrained")
    assert trained.cfg.env == ENV
    assert trained.policy().act(observations()).shape == (5, 12)


def test_an_unknown_environment_is_refused_with_the_nearest_name():
    with pytest.raises(UnknownEnvError, match="section001"):
        source.pretrained_path("vbot_navigation_section0001")


def test_an_empty_package_says_how_to_get_a_policy(tmp_path):
    with pytest.raises(NotFoundError, match=f"vbot train {ENV}"):
        source.pretrained_path(ENV, tmp_path)
