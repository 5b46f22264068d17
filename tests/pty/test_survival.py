"""What a terminal can do to the cockpit: the line drops, stalls, or the process is shot. Training goes on each time."""

import os
import signal

from automl.commands import Command
from automl.studies import send, study_state
from sessions.locks import is_held
from sessions.workspace import Workspace
from tests.pty.cockpit import cockpit, events, live_runs, only_study
from tests.pty.terminal import eventually
from tests.pty.test_cockpit import start_study, steps_shown
from vbot_tui.bench import lost
from vbot_tui.bench.stage import Stage


def steps_on_disk(runs):
    return [run.status().env_steps for run in runs]


def test_a_cut_line_leaves_the_trials_training_and_a_new_cockpit_shows_them(workspace):
    with cockpit(workspace) as terminal:
        start_study(terminal, "T0", "T1")
        running = live_runs(workspace)
        assert len(running) == 2
        terminal.hang_up()
        assert terminal.process.wait(30) in (0, -signal.SIGHUP)
    assert live_runs(workspace) == running
    assert is_held(only_study(workspace) / "lock")
    before = steps_on_disk(running)
    with cockpit(workspace) as terminal:
        terminal.wait_for("T0", "T1", "driven elsewhere")
        first = steps_shown(terminal, "T0")
        terminal.wait_until(lambda: steps_shown(terminal, "T0") != first, 20, "T0 still moves")
        assert all(now > then for now, then in zip(steps_on_disk(running), before, strict=True))


def test_a_left_study_can_be_taken_over_and_its_trial_killed_there(workspace):
    with cockpit(workspace) as terminal:
        start_study(terminal, "T0", "T1")
        terminal.press("q")
        assert terminal.wait_exit(30) == 0
        assert "goes on without a screen" in terminal.text
    assert len(live_runs(workspace)) == 2
    with cockpit(workspace) as terminal:
        terminal.wait_for("driven elsewhere", "T1")
        terminal.press("O")
        terminal.wait_for("driven here", within=30)
    assert len(live_runs(workspace)) >= 2


def test_a_shot_cockpit_is_replaced_by_the_next_one(workspace):
    with cockpit(workspace) as terminal:
        start_study(terminal, "T0", "T1")
        running = live_runs(workspace)
        os.kill(terminal.process.pid, signal.SIGKILL)
        terminal.process.wait(10)
    assert live_runs(workspace) == running
    assert not is_held(only_study(workspace) / "lock")
    with cockpit(workspace) as terminal:
        terminal.wait_for("T0", "T1")
        terminal.wait_for("driven here", within=30)
        assert set(running) <= set(live_runs(workspace))
    started = [event["trial"] for event in events(workspace) if event["type"] == "trial_launched"]
    assert sorted(started) == [0, 1]


def test_ctrl_z_leaves_like_any_other_way_out(workspace):
    with cockpit(workspace) as terminal:
        start_study(terminal, "T0")
        terminal.press("ctrl+z")
        assert terminal.wait_exit(30) == 0
    assert is_held(only_study(workspace) / "lock")


def test_a_stalled_terminal_stops_neither_scheduler_nor_screen_for_good(workspace):
    with cockpit(workspace) as terminal:
        start_study(terminal, "T0", "T1")
        study = only_study(workspace).name
        # Nobody reads; each new size makes the cockpit repaint, until the line is full and takes no more.
        for width in range(100, 220):
            terminal.resize(width, 50)
        eventually(lambda: terminal.unread == 4095, 10, "the line is full")
        command = send(workspace, study, Command("kill_trial", "somebody", "while the line was stalled", trial=0))

        def answered():
            return study_state(workspace, study).commands.get(command) is not None

        eventually(answered, 20, "the scheduler answers while nobody reads the terminal")
        assert terminal.unread == 4095
        terminal.resize(80, 24)
        terminal.wait_until(lambda: "kill" in terminal.line_with(" T0 "), 30, "the screen heals")


def test_a_hang_up_takes_the_screen_away_at_once_and_loses_no_trial(workspace):
    with cockpit(workspace) as terminal:
        start_study(terminal, "T0", "T1")
        running = live_runs(workspace)
        os.kill(terminal.process.pid, signal.SIGHUP)
        assert terminal.process.wait(30) == 0
    assert live_runs(workspace) == running
    assert is_held(only_study(workspace) / "lock")


def test_the_scheduler_does_not_notice_a_line_that_nobody_reads(tmp_path):
    found = lost.stall_once(Stage(tmp_path), seconds=6.0)
    assert found.gap_s < 3.0  # far from the six seconds that a scheduler behind the line would wait
    assert found.healed_s < 5.0
    assert not live_runs(Workspace.open(tmp_path / "stall"))
