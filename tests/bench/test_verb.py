from tests.cli.command import vbot
from vbot_tui.cli.bench import solve_text


def test_an_unknown_peer_is_refused_with_the_nearest_name():
    said = vbot("bench", "train", "--peers", "sb3,rslrl")
    assert said.code == 2
    assert "there is no peer 'rslrl'; did you mean 'rsl_rl'?" in said.err


def test_an_unknown_environment_is_refused_before_anything_is_trained(tmp_path):
    said = vbot("bench", "solve", "vbot_navigation_section00l", "--workspace", str(tmp_path / "w"))
    assert said.code == 2
    assert "Unknown environment" in said.err and "vbot_navigation_section001" in said.err
    assert not (tmp_path / "w").exists()


def test_an_unsolved_seed_is_shown_as_such():
    seed = {"seed": 1, "wall_s": None, "eval_s": None, "env_steps": None, "success": None, "run_s": 12.5}
    text = solve_text({"env": "E", "wall_s": None, "solved": 0, "seeds": [seed]})
    assert text.splitlines()[0] == "E: 0 of 1 seeds solved, median -"
    assert text.splitlines()[2].split() == ["1", "-", "-", "-", "-", "12.5", "s"]
