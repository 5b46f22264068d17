"""A day's work in a real tmux session at 80x24: every row of the table in docs/cockpit.md, walked and counted.

The trainings are real, with networks so small that their first numbers come within seconds; what a key starts is ended
as soon as it is seen. Keys that only lead back to where a row begins are not counted.
"""

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from automl.library import entries
from automl.queue import editing
from automl.queue import read as read_queue
from sessions import notes
from sessions.locks import Lock, is_held
from sessions.runs import RunDir, RunRecord, RunStatus
from sessions.workspace import Workspace
from tests.pty.cockpit import COMMANDS, TINY_STUDY, end_everything, environment, events, live_runs, only_study
from tests.pty.terminal import eventually
from tests.tmux.session import Tmux, needs_tmux
from tests.vbot_tui.day import TEXT, activities
from vbot_rl.event_writer import EventWriter
from vbot_tui import text

pytestmark = needs_tmux()

ENV = "vbot_navigation_section001"
TINY = ("ppo.horizon=16", "ppo.hidden=[16, 16]", "train.num_envs=16", "train.evaluation_cases=4")
DAY = activities()
WALKED: set[str] = set()
TABLE = "STATE  TRIAL"
STARTS_S = 90.0
"""What a key starts is a Python process that loads a learner: that takes its time on two busy cores."""


def walk(tmux, name, *texts):
    """Press the keys of a row and count what was sent; typed texts come in their order."""
    row, words = DAY[name], iter(texts)
    before = tmux.counted
    for key in row.keys:
        tmux.type(next(words)) if key == TEXT else tmux.press(key)
    WALKED.add(name)
    assert tmux.counted - before == row.count <= row.target


# --- the two workspaces of the day


def shell(folder, workspace):
    path = f"{COMMANDS}{os.pathsep}{os.environ['PATH']}"
    return Tmux(folder, {**environment(), "PATH": path, "VBOT_WORKSPACE": str(workspace.root)})


def train(workspace, *words):
    sets = [word for text in TINY for word in ("--set", text)]
    command = [COMMANDS / "vbot", "train", ENV, *sets, *words, "--workspace", workspace.root]
    subprocess.run(command, check=True, capture_output=True, timeout=300)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A workspace with a short training and its checkpoints, and a second one that began where it ended."""
    workspace = Workspace.open(tmp_path_factory.mktemp("trained"))
    train(workspace, "--steps", "20480", "--seed", "1")
    train(workspace, "--steps", "5120", "--seed", "2")
    yield workspace
    end_everything(workspace)


@pytest.fixture(scope="module")
def day(trained, tmp_path_factory):
    """An open cockpit over finished runs, its table in sight."""
    with shell(tmp_path_factory.mktemp("tmux"), trained) as tmux:
        tmux.wait_for("$")
        tmux.type("vbot-tui")
        tmux.wait_for(TABLE, "done", "single runs")
        yield tmux
        leave(tmux)


@pytest.fixture
def table(day, trained):
    """The cockpit with its table before it and the longest finished run selected; nothing trains afterwards."""
    home(day)
    yield day
    end_everything(trained)
    home(day)


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """A workspace for a study, and the study file that the key S starts."""
    workspace = Workspace.open(tmp_path_factory.mktemp("searched"))
    (workspace.root / "tiny.yaml").write_text(TINY_STUDY)
    yield workspace
    end_everything(workspace)


@pytest.fixture(scope="module")
def study(searched, tmp_path_factory):
    """An open cockpit over a study that trains; the study is started by the row for it."""
    with shell(tmp_path_factory.mktemp("tmux"), searched) as tmux:
        tmux.wait_for("$")
        tmux.type(f"vbot-tui --study {searched.root / 'tiny.yaml'}")
        tmux.wait_for("No study yet.")
        walk(tmux, "start a study")
        tmux.wait_until(lambda screen: steps_of(screen, "T0") and steps_of(screen, "T1"), "both trials move", STARTS_S)
        yield tmux


def home(tmux):
    tmux.press("Esc", "1", "Esc", "Esc", "Esc", "Esc")
    tmux.wait_until(lambda screen: TABLE in screen and "marked" not in screen and "[reward]" in screen, "the table")
    tmux.press("/")
    tmux.wait_for("Enter keep")
    tmux.type("steps>=20000")
    tmux.wait_until(lambda screen: " 20.5k " in marked(screen), "the longest run is selected")
    tmux.press("Esc")
    tmux.wait_until(lambda screen: " 20.5k " in marked(screen) and "/steps" not in screen, "the whole table again")


def marked(screen):
    """The row under the cursor."""
    return next((line for line in screen.splitlines() if line.startswith("▌")), "")


def leave(tmux):
    tmux.press("Esc", "1", "q")
    tmux.wait_until(lambda screen: screen.rstrip().endswith("$"), "the shell again")


def steps_of(screen, trial):
    """The steps of a trial's row as they are shown, or nothing while there are none."""
    words = next((line for line in screen.splitlines() if f" {trial} " in line), "").split()
    shown = words[words.index(trial) + 1] if trial in words[:-1] else ""
    return shown if shown not in ("", "0", "-", "–") else ""


def longest(workspace):
    return max(workspace.run_dirs(), key=lambda run: len(run.evals()))


def newcomer(workspace, before):
    """The run that lives and was not there before."""
    return next((run for run in live_runs(workspace) if run.id not in before), None)


def known(workspace):
    return {run.id for run in workspace.run_dirs()}


def record_of(workspace, before):
    eventually(lambda: newcomer(workspace, before) is not None, STARTS_S, "a new run lives")
    return newcomer(workspace, before).record()


# --- the rows on finished runs


def test_morning_catch_up(trained, tmp_path):
    with shell(tmp_path, trained) as tmux:
        tmux.wait_for("$")
        walk(tmux, "morning catch-up", "vbot-tui")
        screen = tmux.wait_for(TABLE, "done")
        assert screen.count(" done ") >= 2
        leave(tmux)


def test_smoke_test(table, trained):
    before = known(trained)
    walk(table, "smoke test")
    assert record_of(trained, before).kind == "smoke"


def test_full_run(table, trained):
    before, source = known(trained), longest(trained)
    walk(table, "full run from a trial")
    record = record_of(trained, before)
    assert record.kind == "final"
    config = (trained.runs / record.id / "config.yaml").read_text()
    assert "total_env_steps: 6000000" in config and "num_envs: 16" in config
    assert "total_env_steps: 20480" in source.config_path.read_text()


def test_warm_start(table, trained):
    before, source = known(trained), longest(trained)
    walk(table, "warm start")
    assert record_of(trained, before).parent.startswith(f"{source.id}@")


def test_next_stage(table, trained):
    before, source = known(trained), longest(trained)
    walk(table, "promote to the next stage", "learning_rate=7e-5")
    record = record_of(trained, before)
    assert record.parent.startswith(f"{source.id}@")
    assert "learning_rate: 7.0e-05" in (trained.runs / record.id / "config.yaml").read_text()


def test_compare(table):
    walk(table, "compare two runs")
    assert table.wait_for("c [charts]", "o config")


def test_evaluation(table, trained):
    run = longest(trained)
    walk(table, "evaluate all checkpoints")
    table.wait_for("checkpoints judged", within=3 * STARTS_S)
    assert {item.step for item in run.evals() if item.canonical} == {step for step, _ in run.checkpoints()}


def test_best_checkpoint(table, trained):
    walk(table, "find the best checkpoint")
    screen = table.wait_for("e [evals]", "PROTOCOL", "checkpoints")
    judged = [item for item in longest(trained).evals() if item.canonical]
    best = max(judged, key=lambda item: (item.score, -item.step))
    (line,) = [row for row in screen.splitlines() if row.endswith("best")]
    assert line.split()[0] == text.count(best.step)


def test_diagnosis(table):
    walk(table, "diagnose failures")
    assert table.wait_for("f [flags]")


def test_the_robot(table):
    walk(table, "see the robot")
    assert table.wait_for("evaluation at step", "Space play")
    assert table.wait_until(drawn_in_braille, "a robot in braille")


def drawn_in_braille(screen):
    return any(0x2800 < ord(char) < 0x2900 for char in screen)


def test_annotation(table, trained):
    walk(table, "annotate", "its hind legs drag")
    table.wait_for("Noted.")
    (note,) = [note for note in notes.read(trained) if note.text == "its hind legs drag"]
    assert note.run == longest(trained).id


def test_archive(table, trained):
    walk(table, "archive a reward")
    table.wait_for("is archived as")
    assert len(list(entries(trained))) == 1


def test_checkpoints_are_thinned_out_by_themselves(table, trained):
    walk(table, "clean checkpoints")
    run = longest(trained)
    evaluated = sorted(item.step for item in run.evals() if not item.canonical)
    kept = {step for step, _ in run.checkpoints()}
    assert len(evaluated) >= 5
    assert set(evaluated[-2:]) <= kept and len(kept) <= 3


def test_the_form_and_the_queue(table, trained):
    with editing(trained) as edit:
        edit.pause("nothing is to start in a test")
    walk(table, "set search space and trial length")
    table.wait_for("launch from", "total_env_steps", "R train")
    table.press("/")
    table.wait_for("Find settings")
    table.type("ppo.learning_rate")
    table.press("s")
    table.wait_for("1 searched in all")
    table.press("Enter")
    table.wait_for("1 searched")
    walk(table, "queue a search from the form")
    table.wait_for("Queued as q1")
    assert [item.state for item in read_queue(trained).items] == ["waiting"]


def test_another_machines_work(table, trained, tmp_path):
    other, source = Workspace.open(tmp_path / "other"), longest(trained)
    afar = shutil.copytree(source.path, other.runs / f"{source.id[:-4]}afar")
    (afar / "run.json").write_text((afar / "run.json").read_text().replace(source.id, afar.name))
    before = table.screen.count(" done ")
    with shell(tmp_path, trained) as second:
        second.wait_for("$")
        walk(second, "bring in another machine's work", f"cp -a {other.runs}/. {trained.runs}/")
        table.wait_until(lambda screen: screen.count(" done ") == before + 1, "the run of the other machine")
    shutil.rmtree(trained.runs / afar.name)


def test_a_decline_is_told(table, trained):
    run = RunDir.create(
        trained.runs, RunRecord(id=trained.new_run_id("fallen"), kind="train", env=ENV), {"config.yaml": "schema: 1\n"}
    )
    with Lock.acquire(run.lock_path, "a run of a test"):
        writer = EventWriter(run.path)
        for update in range(1, 61):
            success = update / 30 if update <= 30 else max(0.0, 1.0 - (update - 30) / 20)
            writer.write(update * 10_000, {"episode/success": success, "task/speed_mps": 0.5, "episode/length_s": 8.0})
        writer.close()
        run.write_status(
            RunStatus(state="running", phase="training", env_steps=600_000, total_env_steps=4_000_000, pid=os.getpid())
        )
        walk(table, "notice a peak or a decline")
        table.wait_for("peak, then decline")
    shutil.rmtree(run.path)


# --- the rows on a study


def test_watching(study):
    walk(study, "watch")
    seen = steps_of(study.screen, "T0")
    later = study.wait_until(lambda screen: steps_of(screen, "T0") not in ("", seen), "the steps move by themselves")
    assert steps_of(later, "T0") != seen


def test_deciding(study):
    walk(study, "decide the next experiment")
    assert study.wait_for("o [study]", "learning_rate")
    study.press("1")
    study.wait_for(TABLE)


def test_recovery(study, searched):
    victim = next(run for run in live_runs(searched) if run.record().trial == 1)
    attempts = launches(searched, 1)
    os.killpg(victim.status().pid, signal.SIGKILL)
    walk(study, "recover after a crash")
    eventually(lambda: launches(searched, 1) > attempts, STARTS_S, "the trial is started again")
    eventually(lambda: any(run.record().trial == 1 for run in live_runs(searched)), STARTS_S, "it lives again")
    study.wait_until(lambda screen: " run " in next(row for row in screen.splitlines() if " T1 " in row), "T1 runs")
    assert launches(searched, 1) == attempts + 1


def launches(workspace, trial):
    return sum(event["type"] == "trial_launched" and event["trial"] == trial for event in events(workspace))


def test_killing(study, searched):
    study.press("g")
    walk(study, "kill a run")
    eventually(lambda: bool(endings(searched)), STARTS_S, "the end of the trial is logged")
    study.wait_until(lambda screen: "✗ kill" in screen, "its row says so")
    (ended,) = endings(searched)
    assert (ended["state"], ended["reason"]) == ("killed", "user")
    assert "key" in ended["detail"]


def endings(workspace):
    return [event for event in events(workspace) if event["type"] == "trial_finished"]


def test_leaving_for_the_night(study, searched):
    assert live_runs(searched)
    walk(study, "leave for the night")
    study.wait_for("goes on without a screen", within=STARTS_S)
    assert live_runs(searched) and is_held(only_study(searched) / "lock")
    pid = json.loads((only_study(searched) / "lock").read_text())["pid"]
    assert "resume" in Path(f"/proc/{pid}/cmdline").read_text()


def test_every_row_of_the_table_was_walked(request):
    tests = [item for item in request.session.items if item.path == request.path]
    if len(tests) < len([name for name in globals() if name.startswith("test_")]):
        pytest.skip("only some rows were asked for")
    assert set(DAY) == WALKED and len(DAY) == 23
