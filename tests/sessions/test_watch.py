import os
import queue
import shutil
import time
from contextlib import suppress

import pytest

from sessions import watch
from tests.sessions.builders import append, make_run, make_workspace, record

RUN = "20260101-000000-alpha-aaaa0001"
PATIENCE_S = 10.0


@pytest.fixture
def ws(tmp_path):
    return make_workspace(tmp_path)


@pytest.fixture
def heard(ws):
    names = queue.Queue()
    end = watch.watch_with_inotify(str(ws.runs), names.put)
    yield names
    end()
    end()  # the second time nothing happens


def hears(names, name):
    """Whether a name comes in soon; those before it are taken out with it."""
    with suppress(queue.Empty):
        while names.get(timeout=PATIENCE_S) != name:
            pass
        return True
    return False


def test_a_new_run_and_what_is_written_into_it_are_heard(ws, heard):
    run = make_run(ws, RUN)
    assert hears(heard, RUN)
    append(run.path / "events.out.tfevents.1.h", record(1, {"a": 1.0}))
    assert hears(heard, RUN)


def test_runs_that_were_there_are_heard_of_when_they_change_or_vanish(ws):
    run = make_run(ws, RUN)
    names = queue.Queue()
    end = watch.watch_with_inotify(str(ws.runs), names.put)
    try:
        os.replace(run.path / "run.json", run.path / "other.json")
        assert hears(names, RUN)
        shutil.rmtree(run.path)
        assert hears(names, RUN)
    finally:
        end()


def test_one_update_is_told_once(ws, heard):
    run = make_run(ws, RUN)
    assert hears(heard, RUN)
    with open(run.path / "events.out.tfevents.1.h", "ab", buffering=0) as file:
        for _ in range(2000):
            file.write(b"x")
    assert hears(heard, RUN)
    append(run.path / "last", b"x")
    assert heard.qsize() < 100


def test_half_made_runs_are_not_told(ws, heard):
    (ws.runs / ".new-x").mkdir()
    make_run(ws, RUN)
    assert heard.get(timeout=PATIENCE_S) == RUN


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        watch.watch_with_inotify(str(tmp_path / "nowhere"), print)


def test_watchdog_gives_the_same_hints_where_there_is_no_inotify(ws):
    run = make_run(ws, RUN)
    names = queue.Queue()
    end = watch.watch_with_watchdog(str(ws.runs), names.put)
    try:
        append(run.path / "events.out.tfevents.1.h", record(1, {"a": 1.0}))
        assert hears(names, RUN)
    finally:
        end()


def test_while_a_run_goes_on_writing_its_hints_come_at_a_pace(ws, heard):
    run = make_run(ws, RUN)
    assert hears(heard, RUN)
    began = time.monotonic()
    for _ in range(30):
        append(run.path / "events.out.tfevents.1.h", b"x")
        time.sleep(0.02)
    append(run.path / "last", b"x")
    assert hears(heard, RUN)
    assert heard.qsize() <= (time.monotonic() - began) / watch.PACE_S + 2
