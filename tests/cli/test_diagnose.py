from automl.flags import Flag
from sessions.runs import RunDir, RunRecord
from sessions.workspace import Workspace
from tests.cli.command import vbot
from vbot_tui.cli.diagnose import as_text


def test_a_run_without_curves_has_no_flags(tmp_path):
    RunDir.create(Workspace.open(tmp_path).runs, RunRecord(id="20260101-a", kind="train", env="e"), {})
    said = vbot("diagnose", "2026", "--workspace", tmp_path, "--json")
    assert said.code == 0
    assert said.object == {"run": "20260101-a", "state": "queued", "flags": []}


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


def test_an_unknown_run_is_refused(tmp_path):
    said = vbot("diagnose", "nowhere", "--workspace", tmp_path)
    assert said.code == 2
    assert "nowhere" in said.err
