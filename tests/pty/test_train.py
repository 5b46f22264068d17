"""`vbot train` as a person runs it: a line that says how far it is, and Ctrl-C."""

from tests.pty.cockpit import COMMANDS, environment, live_runs
from tests.pty.terminal import Terminal, eventually

ENV = "vbot_navigation_section001"
TINY = ["ppo.horizon=16", "ppo.hidden=[16, 16]", "train.num_envs=16", "train.evaluation_cases=4"]


def train(workspace):
    words = [str(COMMANDS / "vbot"), "train", ENV, "--smoke", "--steps", "500k", "--workspace", str(workspace.root)]
    return Terminal([*words, *(word for text in TINY for word in ("--set", text))], environment(), columns=120)


def test_ctrl_c_stops_the_run_with_a_checkpoint_and_says_so(workspace):
    with train(workspace) as terminal:
        terminal.wait_for("of 500,000 steps", "steps/s", within=40)
        terminal.press("ctrl+c")
        terminal.wait_for("stopping with a checkpoint")
        assert terminal.wait_exit(40) == 0
        terminal.wait_for("stopped (user")
    (run,) = workspace.run_dirs()
    assert run.checkpoints()[-1][0] == run.status().env_steps
    assert not run.is_alive()


def test_a_cut_line_leaves_the_run_training(workspace):
    with train(workspace) as terminal:
        terminal.wait_for("of 500,000 steps", within=40)
        terminal.hang_up()
        terminal.process.wait(20)
    (run,) = live_runs(workspace)
    before = run.status().env_steps
    eventually(lambda: run.status().env_steps > before, 20, "it goes on")
