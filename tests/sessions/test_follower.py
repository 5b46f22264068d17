import os
import shutil
import subprocess
import sys
import threading
import time

import pytest

from sessions.follower import Follower, read_workspace
from sessions.locks import Lock
from sessions.runs import RunStatus
from tests.sessions.builders import append, make_run, make_workspace, record

RUN = "20260101-000000-alpha-aaaa0001"
PATIENCE_S = 20.0  # only ever used up by a failing test


class Watched:
    """A started follower, and a way to wait until its store shows something."""

    def __init__(self, ws, **options):
        self.changed = threading.Condition()
        self.calls = 0
        self.follower = Follower(ws, self.on_change, **options)
        self.store = self.follower.store
        self.follower.start()

    def on_change(self):
        with self.changed:
            self.calls += 1
            self.changed.notify_all()

    def until(self, holds):
        with self.changed:
            assert self.changed.wait_for(lambda: holds(self.store.snapshot()), PATIENCE_S), self.store.snapshot()


@pytest.fixture
def ws(tmp_path):
    return make_workspace(tmp_path)


@pytest.fixture
def watched(ws):
    made = []

    def start(**options):
        made.append(Watched(ws, **options))
        return made[-1]

    yield start
    assert all(item.follower.stop() for item in made)


def no_events(folder, hint):
    raise OSError(28, "No space left on device")


def deaf(folder, hint):
    return lambda: None


def value_of(tag):
    def get(snapshot):
        row = snapshot.get(RUN)
        return None if row is None else row.metrics.get(tag)

    return get


@pytest.mark.parametrize("poll_s", [0.05, 3600.0], ids=["by polling", "by events"])
def test_a_run_is_followed_from_birth_to_death(ws, watched, poll_s):
    follower = watched(poll_s=poll_s) if poll_s > 1 else watched(poll_s=poll_s, watch=None)
    run = make_run(ws, RUN)
    follower.until(lambda s: s.get(RUN) is not None)
    lock = Lock.acquire(run.lock_path)
    run.write_status(RunStatus(state="running", env_steps=1))
    follower.until(lambda s: s.get(RUN).state == "running" and s.get(RUN).env_steps == 1)
    events = run.path / "events.out.tfevents.1.h"
    for i in range(1, 4):
        append(events, record(i * 100, {"ppo/kl": i / 4}))
        follower.until(lambda s, i=i: value_of("ppo/kl")(s) == i / 4)
    run.write_status(RunStatus(state="finished", end_reason="finished", env_steps=300))
    lock.release()
    run.write_status(RunStatus(state="finished", end_reason="finished", env_steps=301))
    follower.until(lambda s: s.get(RUN).state == "finished")
    shutil.rmtree(run.path)
    follower.until(lambda s: s.get(RUN) is None)


def test_a_process_killed_without_a_word_is_noticed_and_settled(ws, watched):
    run = make_run(ws, RUN)
    code = (
        "import sys; from sessions.locks import Lock; from sessions.runs import *; run = RunDir(sys.argv[1])\n"
        "lock = Lock.acquire(run.lock_path); run.write_status(RunStatus(state='running', env_steps=7))\n"
        "sys.stdin.read()"
    )
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    follower = watched(poll_s=0.05)
    with subprocess.Popen([sys.executable, "-c", code, run.path], env=environment, stdin=subprocess.PIPE) as process:
        follower.until(lambda s: s.get(RUN) is not None and s.get(RUN).env_steps == 7)
        process.kill()
    follower.until(lambda s: s.get(RUN).state == "failed" and s.get(RUN).end_reason == "crashed")
    assert run.status().end_detail.startswith("the process died at step 7;")


def test_without_events_polling_does_it_and_a_notice_says_so(ws, watched):
    follower = watched(watch=no_events, poll_s=0.05)
    make_run(ws, RUN)
    follower.until(lambda s: s.get(RUN) is not None)
    notice = "no file-system events (No space left on device); looking every 0.05 s instead"
    follower.until(lambda s: s.notices == (notice,))


def test_events_that_do_not_arrive_are_noticed(ws, watched):
    run = make_run(ws, RUN)
    follower = watched(watch=deaf, poll_s=0.05)
    follower.until(lambda s: s.get(RUN) is not None)
    for i in range(1, 5):
        append(run.path / "events.out.tfevents.1.h", record(i, {"a": float(i)}))
        follower.until(lambda s, i=i: value_of("a")(s) == i)
    follower.until(lambda s: any("do not arrive" in notice for notice in s.notices))


def test_reading_does_not_feed_itself(ws, watched):
    run = make_run(ws, RUN)
    follower = watched(poll_s=3600.0)
    follower.until(lambda s: s.get(RUN) is not None)
    append(run.path / "events.out.tfevents.1.h", record(1, {"a": 1.0}))
    follower.until(lambda s: value_of("a")(s) == 1.0)
    settled = follower.calls
    append(run.path / "events.out.tfevents.1.h", record(2, {"a": 2.0}))
    follower.until(lambda s: value_of("a")(s) == 2.0)
    assert follower.calls - settled <= 3


def test_a_listener_that_fails_does_not_end_the_following(ws):
    heard = threading.Semaphore(0)

    def fail():
        heard.release()
        raise RuntimeError("closing down")

    follower = Follower(ws, fail, watch=None, poll_s=0.02)
    follower.start()
    make_run(ws, "20260101-000000-one-aaaa0001")
    assert heard.acquire(timeout=PATIENCE_S)
    make_run(ws, "20260101-000000-two-aaaa0002")
    assert heard.acquire(timeout=PATIENCE_S)
    assert follower.stop()


def test_stopping_while_a_writer_floods_does_not_hang(ws):
    run = make_run(ws, RUN)
    flooding = threading.Event()

    def flood():
        with open(run.path / "events.out.tfevents.1.h", "ab", buffering=0) as file:
            while not flooding.is_set():
                file.write(b"x" * 60)

    writer = threading.Thread(target=flood)
    follower = Follower(ws, lambda: None)
    follower.start()
    writer.start()
    try:
        assert follower.stop(timeout_s=PATIENCE_S)
        assert follower.stop()
    finally:
        flooding.set()
        writer.join()


def test_stop_from_the_listener_itself_does_not_wait_for_itself(ws):
    made = []
    done = threading.Event()

    def leave():
        made[0].stop()
        done.set()

    made.append(Follower(ws, leave, watch=None, poll_s=0.02))
    make_run(ws, RUN)
    made[0].start()
    assert done.wait(PATIENCE_S)
    assert made[0].stop()


def test_a_follower_starts_once(ws):
    follower = Follower(ws, watch=None)
    follower.start()
    with pytest.raises(RuntimeError, match="started already"):
        follower.start()
    assert follower.stop()


def test_a_poke_makes_it_look_now(ws, watched):
    follower = watched(watch=None, poll_s=3600.0)
    deadline = time.monotonic() + PATIENCE_S
    while follower.follower._round == 0:  # the first look at everything is over
        assert time.monotonic() < deadline
    make_run(ws, RUN)
    follower.follower.poke()
    follower.until(lambda s: s.get(RUN) is not None)


def test_hidden_and_half_made_runs_are_not_shown(ws):
    (ws.runs / ".new-20260101-000000-x-aaaa0001").mkdir()
    snapshot, _ = read_workspace(ws)
    assert snapshot.runs == ()


def test_reading_once_writes_nothing(ws):
    run = make_run(ws, RUN)
    run.write_status(RunStatus(state="running"))
    append(run.path / "events.out.tfevents.1.h", record(1, {"reward/a": 2.0, "reward/total": 2.0}))
    run.lock_path.touch()
    before = sorted((path, path.stat().st_mtime_ns) for path in ws.root.rglob("*"))
    snapshot, store = read_workspace(ws, curves=True)
    assert snapshot.get(RUN).state == "failed"
    assert store.breakdown(RUN).adds_up
    assert sorted((path, path.stat().st_mtime_ns) for path in ws.root.rglob("*")) == before


def test_many_runs_are_all_shown_and_the_old_ones_read_when_asked_for(ws, watched):
    for i in range(8):
        run = make_run(ws, f"20260101-{i:06d}-r-aaaa0001")
        append(run.path / "events.out.tfevents.1.h", record(1, {"a": float(i)}))
    oldest = "20260101-000000-r-aaaa0001"
    follower = watched(watch=None, eager_runs=5)
    follower.until(lambda s: [row.loading for row in s.runs] == [True] * 3 + [False] * 5)
    follower.store.series(oldest)
    follower.follower.poke(oldest)
    follower.until(lambda s: s.get(oldest).metrics.get("a") == 0.0)


def test_a_workspace_without_a_runs_folder_is_followed_by_polling(tmp_path):
    from sessions.workspace import Workspace

    ws = Workspace.open(tmp_path / "later", create=False)
    follower = Watched(ws, poll_s=0.05)
    try:
        follower.until(lambda s: any("no file-system events" in notice for notice in s.notices))
        make_run(Workspace.open(tmp_path / "later"), RUN)
        follower.until(lambda s: s.get(RUN) is not None)
    finally:
        assert follower.follower.stop()
