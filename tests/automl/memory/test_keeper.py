from types import SimpleNamespace

import pytest

from automl.memory.keeper import Keeper, remember
from automl.memory.report_file import entries
from tests.automl.memory.builders import make_run, make_study, make_workspace, trial


@pytest.fixture
def ws(tmp_path):
    return make_workspace(tmp_path)


def view(state, *trials):
    return SimpleNamespace(id="s", state=state, trials=[SimpleNamespace(state=word) for word in trials])


def test_the_brief_follows_trials_and_the_record_the_end_of_the_study(ws):
    keeper = Keeper(ws)
    make_study(ws, "s", trial(0, 0.5), ended="all trials ended")
    keeper(view("running", "finished"))
    keeper(view("finished", "finished"))
    keeper.close()
    assert "study finished: all trials ended" in (ws.root / "WAKE_UP.md").read_text()
    (entry,) = entries((ws.reports / "REPORT_section001.md").read_text())
    assert entry.id == "s"


def test_snapshots_that_tell_nothing_new_write_nothing(ws):
    keeper = Keeper(ws)
    keeper(view("running", "running"))
    keeper.close()
    path = ws.root / "WAKE_UP.md"
    path.unlink()
    again = Keeper(ws)
    again._seen = ("running", 0)
    again(view("running", "running"))
    again.close()
    assert not path.exists()


def test_a_run_that_ended_is_recorded_and_trouble_is_kept_to_itself(ws):
    run = make_run(ws, "r1")
    remember(ws, run)
    assert "r1" in (ws.reports / "REPORT_section001.md").read_text()
    assert "**r1**" in (ws.root / "WAKE_UP.md").read_text()
    (ws.root / "WAKE_UP.md").unlink()
    (ws.root / "WAKE_UP.md").mkdir()
    remember(ws, run)  # a brief that cannot be written stops nobody
