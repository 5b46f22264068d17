import json

import pytest

from automl.flags import Flag
from sessions.runs import RunDir, RunRecord, RunStatus
from sessions.workspace import Workspace
from tests.automl.flags.curves import lazy_run
from tests.cli.command import vbot
from vbot_rl.evaluate import FALLS_DIR
from vbot_tui.cli.diagnose import as_text, shown

FALL = {
    "cause": "tilt",
    "success": False,
    "reached": False,
    "length_s": 4.0,
    "spawn_distance_m": 10.0,
    "final_distance_m": 5.0,
    "speed_before_mps": 1.5,
}


@pytest.fixture
def run(tmp_path) -> RunDir:
    return lazy_run(Workspace.open(tmp_path), "20260101-a")


def diagnosed(tmp_path, *more):
    return vbot("diagnose", "2026", "--workspace", tmp_path, *more)


def test_a_run_without_curves_has_no_flags(tmp_path):
    RunDir.create(Workspace.open(tmp_path).runs, RunRecord(id="20260101-a", kind="train", env="e"), {})
    said = diagnosed(tmp_path, "--json")
    assert said.code == 0
    end = {"end_reason": None, "end_detail": None, "last_words": None}
    assert said.object == {"run": "20260101-a", "state": "queued", **end, "flags": [], "muted": {}, "failures": None}


def test_a_run_that_crashed_says_so_and_with_what_words(tmp_path):
    record = RunRecord(id="20260101-a", kind="train", env="e")
    crashed = RunDir.create(Workspace.open(tmp_path).runs, record, {})
    crashed.write_status(RunStatus(state="failed", end_reason="crashed", end_detail="the process died at step 7"))
    crashed.log_path.write_text("Traceback (most recent call last):\n  File x\nValueError: 3 is not 4\n\n")
    found = diagnosed(tmp_path, "--json").object
    assert (found["end_reason"], found["end_detail"]) == ("crashed", "the process died at step 7")
    assert found["last_words"] == "ValueError: 3 is not 4"
    assert diagnosed(tmp_path).out.splitlines() == [
        "20260101-a: failed (crashed): the process died at step 7",
        "  its log ends with: ValueError: 3 is not 4",
        "",
        "20260101-a: no flags.",
    ]


def test_a_flag_is_told_with_its_evidence_and_what_to_do():
    flag = Flag("lazy_robot", "lazy robot", "it hardly moves", "steps 1 to 2", {"speed m/s": 0.0312345}, 0.75, "walk")
    assert as_text("r1", [flag]).splitlines() == [
        "r1: 1 flag",
        "",
        "  lazy robot (confidence 75%): it hardly moves",
        "    in steps 1 to 2",
        "    speed m/s  0.03123",
        "    -> walk",
    ]


@pytest.mark.parametrize(
    ("value", "text"), [(0.0312345, "0.03123"), (204_800.0, "204,800"), (-7.4e17, "-7.4e+17"), (0.0, "0")]
)
def test_numbers_of_evidence_are_short_and_steps_in_full(value, text):
    assert shown(value) == text


def test_a_notice_says_that_it_is_none_and_a_flag_which_evaluation_to_see():
    flag = Flag("x", "in step", "r", "w", {}, 0.75, "a", step=9, evaluation=5000, alarm=False)
    text = as_text("r1", [flag])
    assert "in step (notice, no alarm): r" in text and "see the evaluation at step 5,000" in text


def test_a_muted_flag_is_silent_and_told_as_muted(run, tmp_path):
    assert [flag["name"] for flag in diagnosed(tmp_path, "--json").object["flags"]] == ["lazy_robot"]
    said = diagnosed(tmp_path, "--mute", "lazy_robot", "--why", "on purpose", "--json").object
    assert said["flags"] == [] and said["muted"]["lazy_robot"]["why"] == "on purpose"
    assert "muted: lazy_robot by" in diagnosed(tmp_path).out
    again = diagnosed(tmp_path, "--unmute", "lazy_robot", "--json").object
    assert [flag["name"] for flag in again["flags"]] == ["lazy_robot"] and again["muted"] == {}


def test_an_unknown_flag_cannot_be_muted(run, tmp_path):
    said = diagnosed(tmp_path, "--mute", "lazy_robots")
    assert said.code == 2 and "lazy_robot" in said.err


def test_why_episodes_failed_is_a_table_and_an_object(run, tmp_path):
    episodes = [FALL, {**FALL, "success": True, "cause": "success"}]
    (run.eval_dir / "competition-200000.json").write_text(json.dumps({"episodes": episodes}))
    text = diagnosed(tmp_path).out
    assert "competition at step 200,000: 1 of 2 episodes did not succeed" in text
    row = next(line for line in text.splitlines() if line.startswith("tipped over"))
    assert row.split() == ["tipped", "over", "on", "the", "way", "1", "50.0%", "4.0", "s", "5.00", "1.50", "0"]
    (run.pose_dir / "200000.npz").touch()
    assert "see an episode: vbot play 20260101-a@200000 --poses" in diagnosed(tmp_path).out
    (run.pose_dir / FALLS_DIR).mkdir()
    (run.pose_dir / FALLS_DIR / "200000.npz").touch()
    assert "see a fall: vbot play 20260101-a@200000 --fall" in diagnosed(tmp_path).out
    failures = diagnosed(tmp_path, "--at", "200000", "--json").object["failures"]
    assert (failures["failed"], failures["groups"][0]["cause"]) == (1, "tilt")


def test_an_evaluation_that_is_not_there_is_refused(run, tmp_path):
    said = diagnosed(tmp_path, "--at", "7")
    assert said.code == 2 and "no competition evaluation" in said.err


def test_an_unknown_run_is_refused(tmp_path):
    said = vbot("diagnose", "nowhere", "--workspace", tmp_path)
    assert said.code == 2
    assert "nowhere" in said.err
