"""The first minutes with the cockpit, as a person has them at an 80x24 terminal: real keys, real trials."""

import re

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.pty.cockpit import cockpit, events, live_runs
from tests.pty.terminal import eventually

TABLE_HEAD = "STATE  TRIAL"


def steps_shown(terminal, trial):
    """The steps cell of a trial's row."""
    found = re.search(rf"{trial} +([\d.]+[kM]?)", terminal.line_with(f" {trial} "))
    return found[1] if found else ""


def start_study(terminal, *trials):
    """Press the first-study key and wait until the trials have numbers."""
    terminal.wait_for("No study yet.")
    terminal.press("S")
    terminal.wait_for(TABLE_HEAD, *trials, within=40)
    for trial in trials:
        terminal.wait_until(lambda name=trial: steps_shown(terminal, name) not in ("", "0"), 40, f"steps of {trial}")


def row_state(terminal, trial):
    """The state word of a trial's row."""
    words = terminal.line_with(f" {trial} ").replace("▌", " ").split()
    return words[1] if len(words) > 1 else ""


def test_an_empty_workspace_tells_what_to_press_and_leaving_leaves_nothing_behind(workspace):
    with cockpit(workspace) as terminal:
        terminal.wait_for("No study yet.", "S", "q leave")
        assert all(len(line) <= 80 for line in terminal.lines)
        terminal.press("q")
        assert terminal.wait_exit() == 0
    assert workspace.run_dirs() == []
    assert workspace.study_dirs() == []


def test_a_study_is_started_watched_and_one_trial_killed(workspace):
    with cockpit(workspace) as terminal:
        start_study(terminal, "T0", "T1")
        for trial in ("T0", "T1"):
            before = steps_shown(terminal, trial)
            terminal.wait_until(lambda t=trial, b=before: steps_shown(terminal, t) != b, 20, f"{trial} moves")
        assert len(live_runs(workspace)) == 2
        shown = re.search(r"T\d", next(line for line in terminal.lines if line.startswith("▌")))[0]
        terminal.press("X")
        terminal.wait_for(f"Kill trial {shown}?")
        terminal.press("y")
        terminal.wait_until(lambda: row_state(terminal, shown) == "kill", 30, "the row says that it was killed")
        terminal.wait_until(lambda: "trial_finished" in [event["type"] for event in events(workspace)], 30, "logged")

    (ended,) = [event for event in events(workspace) if event["type"] == "trial_finished"]
    number = int(shown[1:])
    assert (ended["trial"], ended["state"], ended["reason"]) == (number, "killed", "user")
    assert "key" in ended["detail"]
    (run,) = [run for run in workspace.run_dirs() if run.record().trial == number]
    status = run.status()
    assert (status.state, status.end_reason) == ("killed", "user")
    assert "key" in status.end_detail
    assert not run.is_alive()


def test_no_to_the_question_kills_nothing(workspace):
    with cockpit(workspace) as terminal:
        start_study(terminal, "T0")
        terminal.press("X")
        terminal.wait_for("Kill trial")
        terminal.press("n")
        terminal.wait_gone("Kill trial")
        assert not [event for event in events(workspace) if event["type"] == "command"]


def test_the_breakdown_on_the_screen_adds_up_to_the_logged_total(workspace):
    with cockpit(workspace) as terminal:
        start_study(terminal, "T0")
        terminal.press("r")
        terminal.wait_for("terms sum to", "= logged total", within=30)
        assert "LOGGED TOTAL" not in terminal.text

    run = workspace.run_dirs()[0]
    curves = EventAccumulator(str(run.path), size_guidance={"scalars": 0}).Reload()
    tags = [tag for tag in curves.Tags()["scalars"] if tag.startswith("reward/") and tag != "reward/total"]
    totals = {item.step: item.value for item in curves.Scalars("reward/total")}
    assert len(totals) >= 3
    for step, total in totals.items():
        terms = [item.value for tag in tags for item in curves.Scalars(tag) if item.step == step]
        assert sum(terms) == pytest.approx(total, abs=1e-4)


def test_a_note_survives_a_restart(workspace):
    with cockpit(workspace) as terminal:
        start_study(terminal, "T0")
        terminal.press("n")
        terminal.wait_for("Note on T")
        terminal.type("its hind legs drag")
        terminal.press("enter")
        terminal.wait_for("Noted")
        terminal.press("q")
        assert terminal.wait_exit(30) == 0
    with cockpit(workspace) as terminal:
        terminal.wait_for("T0")
        terminal.press("N")
        terminal.wait_for("its hind legs drag")


def test_stop_all_ends_the_trials_with_a_checkpoint(workspace):
    with cockpit(workspace) as terminal:
        start_study(terminal, "T0", "T1")
        terminal.press("Q")
        terminal.wait_for("y yes")
        terminal.press("y")
        assert terminal.wait_exit(40) == 0
    eventually(lambda: not live_runs(workspace), 30, "the trials end")
    for run in workspace.run_dirs():
        assert (run.status().state, run.status().end_reason) == ("stopped", "user")
        assert run.checkpoints()
    eventually(lambda: [event["type"] for event in events(workspace)].count("study_ended") == 1, 30, "the study ends")
