"""The workspace that `vbot bench brief` measures on is one that a brief can say something about."""

from automl.memory.index import Index
from sessions.workspace import Workspace
from tests.cli.command import vbot
from vbot_tui.bench.briefing import EVALUATIONS, fill


def test_the_made_up_runs_are_read_like_real_ones(tmp_path):
    workspace = Workspace.open(tmp_path)
    fill(workspace, 3, "schema: 1\n")
    found = Index(workspace).runs
    assert [(run.state, run.digest.evals) for run in found] == [("finished", EVALUATIONS)] * 3
    # success is run x part in hundredths: 0; at most 1 x 5; at most 2 x 5
    assert [run.digest.score for run in found] == [0.0, 0.05, 0.1]


def test_the_times_of_whole_processes_are_told():
    said = vbot("bench", "brief", "--runs", "3", "--rounds", "1", "--json")
    result = said.object
    assert said.code == (0 if result["holds"] else 1)
    assert result["runs"] == 3 and result["limit_s"] == 1.0
    assert all(0.0 < result[name]["cpu_s"] < 20.0 for name in ("first", "again"))
