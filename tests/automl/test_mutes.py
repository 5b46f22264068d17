import pytest

from automl.diagnosis import FlagCache, flag_names, flags_of
from automl.mutes import MUTED_NAME, mute, muted, mutes, unmute
from sessions.errors import UsageError
from sessions.runs import RunDir, RunStatus
from sessions.workspace import Workspace
from tests.automl.flags.curves import lazy_run


@pytest.fixture
def run(tmp_path) -> RunDir:
    found = lazy_run(Workspace.open(tmp_path), "r1")
    found.lock_path.touch()
    found.write_status(RunStatus(state="finished"))
    return found


def test_a_muted_flag_is_not_raised_until_it_is_let_be_heard_again(run):
    assert flag_names(run) == ("lazy_robot",)
    mute(run, "lazy_robot", "ann", "a test of standing")
    assert flag_names(run) == () and flags_of(run) == ()
    assert unmute(run, "lazy_robot")
    assert flag_names(run) == ("lazy_robot",)
    assert not unmute(run, "lazy_robot")


def test_who_silenced_a_flag_and_why_is_kept_with_the_run(run):
    mute(run, "lazy_robot", "ann", "a test of standing")
    mute(run, "nan", "bob")
    assert {flag: (item.who, item.why) for flag, item in mutes(run).items()} == {
        "lazy_robot": ("ann", "a test of standing"),
        "nan": ("bob", ""),
    }
    assert (run.path / MUTED_NAME).is_file()


def test_muting_reaches_what_lists_remember_of_ended_runs(run, tmp_path):
    workspace = Workspace.open(tmp_path)
    first = FlagCache(workspace)
    assert first.names(run, "finished") == ("lazy_robot",)
    first.save()
    mute(run, "lazy_robot", "ann")
    assert FlagCache(workspace).names(run, "finished") == ()
    unmute(run, "lazy_robot")
    assert FlagCache(workspace).names(run, "finished") == ("lazy_robot",)


def test_an_unknown_flag_is_refused_with_the_nearest_name(run):
    with pytest.raises(UsageError, match="lazy_robot"):
        mute(run, "lazy_robots", "ann")
    with pytest.raises(UsageError, match="lazy_robot"):
        unmute(run, "lazy_robots")


def test_a_broken_file_mutes_nothing(run):
    (run.path / MUTED_NAME).write_text('{"muted": 3}')
    assert muted(run) == frozenset()
    (run.path / MUTED_NAME).write_text("{")
    assert muted(run) == frozenset()
