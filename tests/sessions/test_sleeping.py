"""Runs that have ended sleep: one row and the stamps of their files, until something changes or somebody asks."""

import shutil
from dataclasses import replace

import pytest

from sessions import notes, run_index
from sessions.follower import Follower
from sessions.locks import Lock
from sessions.run_follow import RunFollow
from sessions.runs import RunStatus
from sessions.series import SeriesSet
from tests.sessions.builders import append, make_run, make_workspace, record
from tests.sessions.test_follower import Watched


def minute():
    return 60.0


@pytest.fixture
def ws(tmp_path):
    return make_workspace(tmp_path)


def ended(ws, name="20260101-000000-a-aaaa0001", value=1.0):
    run = make_run(ws, name)
    append(run.path / "events.out.tfevents.1.h", record(10, {"episode/return": value}, wall_time=50.0))
    run.write_status(RunStatus(state="finished", env_steps=10, end_reason="finished"), minute)
    run.lock_path.touch()
    return run


def awake(run, **options):
    followed = RunFollow(run, SeriesSet(), **options)
    followed.look(minute)
    while followed.has_backlog():
        followed.read_curves(None, minute)
    return followed


def test_a_sleeping_run_shows_the_same_row_without_its_curves(ws):
    followed = awake(ended(ws))
    before = followed.view()
    known = followed.sleep()
    assert followed.asleep and followed.view() is known.view
    assert known.view == replace(before, data_version=0)  # no curves in memory: those that are read later are news
    assert followed.series.tags() == ()
    assert not followed.look(minute).changed and followed.asleep


def test_a_known_run_sleeps_from_the_start_without_opening_a_file(ws, monkeypatch):
    run = ended(ws)
    known = awake(run).sleep()

    def never(*_):
        raise AssertionError("a file was read")

    monkeypatch.setattr("sessions.runs.read_json", never)
    again = RunFollow(run, SeriesSet(), known=known)
    assert not again.look(minute).changed
    assert again.view() == known.view and again.at_rest and not again.has_backlog()


def test_a_known_run_whose_file_has_changed_is_read_again(ws):
    run = ended(ws)
    known = awake(run).sleep()
    notes.add(ws, "look here", run=run.id)
    again = RunFollow(run, SeriesSet(), known=known)
    assert again.look(minute).changed
    assert not again.asleep
    view = again.view()
    assert (view.note_count, view.state) == (1, "finished")
    assert view.sparkline == (1.0,)  # what was known of its curves stays until they are read
    again.read_curves(None, minute)
    assert again.view().sparkline == (1.0,)


def test_a_known_run_that_was_taken_up_again_lives(ws):
    run = ended(ws)
    known = awake(run).sleep()
    with Lock.acquire(run.lock_path):
        again = RunFollow(run, SeriesSet(), known=known)
        again.look(minute)
        assert again.view().state == "running"


def test_a_live_run_does_not_sleep(ws):
    run = ended(ws)
    with Lock.acquire(run.lock_path):
        followed = awake(run)
        assert followed.sleep() is None
        assert followed.known is None


def test_the_index_is_shown_at_once_and_corrected_after(ws):
    run, gone = ended(ws), ended(ws, "20260101-000001-b-aaaa0001")
    first = Watched(ws, watch=None, poll_s=0.05, keep=True)
    first.until(lambda s: [row.loading for row in s.runs] == [False, False])
    assert first.follower.stop()
    shutil.rmtree(gone.path)
    run.write_status(RunStatus(state="finished", env_steps=99, end_reason="finished"), minute)
    again = Watched(ws, watch=None, poll_s=0.05, keep=True)
    again.until(lambda s: [row.env_steps for row in s.runs] == [99])
    assert again.follower.stop()
    assert list(run_index.load(ws.view / "runs.index")) == [run.id]


def test_asking_for_the_curves_of_a_sleeping_run_wakes_it(ws):
    run = ended(ws)
    first = Watched(ws, watch=None, poll_s=0.05, keep=True)
    first.until(lambda s: s.runs and not s.runs[0].loading)
    assert first.follower.stop()
    again = Watched(ws, watch=None, poll_s=3600.0, keep=True)
    again.until(lambda s: len(s.runs) == 1)
    assert again.store.series(run.id, wanted=False).tags() == ()
    again.store.series(run.id)
    again.until(lambda s: again.store.series(run.id).tags() == ("episode/return",))
    assert again.follower.stop()


def test_without_leave_to_keep_nothing_is_written(ws):
    ended(ws)
    watched = Watched(ws, watch=None, poll_s=0.05)
    watched.until(lambda s: s.runs and not s.runs[0].loading)
    assert watched.follower.stop()
    assert list(ws.view.iterdir()) == []


def test_a_picture_for_print_leaves_known_runs_asleep(ws):
    run = ended(ws)
    first = Watched(ws, watch=None, poll_s=0.05, keep=True)
    first.until(lambda s: s.runs and not s.runs[0].loading)
    assert first.follower.stop()
    printing = Follower(ws, settle_dead=False)
    new = ended(ws, "20260101-000009-new-aaaa0001", value=2.0)
    snapshot = printing.read_once(curves=False)
    assert (snapshot.get(run.id).sparkline, snapshot.get(new.id).sparkline) == ((1.0,), ())
    snapshot = printing.read_unknown()
    assert (snapshot.get(run.id).sparkline, snapshot.get(new.id).sparkline) == ((1.0,), (2.0,))
    assert printing.store.series(run.id, wanted=False).tags() == ()
    printing.read_run(run.id)
    assert printing.store.series(run.id).points("episode/return") == [(10, 1.0)]
