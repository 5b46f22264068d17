import os
import signal
import subprocess
import sys
import threading

import pytest

from sessions.errors import LockedError
from sessions.locks import Lock, is_held

WAIT = "sys.stdin.read()"
HOLDER = f"""
import sys; from sessions.locks import Lock
lock = Lock.acquire(sys.argv[1], 'a test'); print('held', flush=True); {WAIT}
"""
HEIR = f"""
import sys; from sessions.locks import Lock
lock = Lock.from_fd(sys.argv[1], int(sys.argv[2])); print('heir', flush=True); {WAIT}
"""


def start(code, *words, fds=()):
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, words)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        pass_fds=fds,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    )
    assert process.stdout.readline()
    return process


def end(process):
    process.kill()
    process.wait(timeout=30)
    process.stdin.close()
    process.stdout.close()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "lock"


def test_looking_makes_no_file(path):
    assert not is_held(path)
    assert not path.exists()


def test_a_lock_is_held_until_released(path):
    lock = Lock.acquire(path)
    assert is_held(path)
    assert Lock.try_acquire(path) is None
    lock.release()
    assert not is_held(path)
    assert path.exists()


def test_a_file_left_behind_is_no_lock(path):
    path.write_text('{"pid": 1, "host": "gone", "what": "old", "since": "long ago"}\n')
    assert not is_held(path)
    Lock.acquire(path).release()


def test_the_refused_are_told_who_holds_it(path):
    holder = start(HOLDER, path)
    try:
        with pytest.raises(
            LockedError, match=rf"lock is locked by a test \(pid {holder.pid} on .*stop it or wait"
        ) as error:
            Lock.acquire(path, patience_s=0.05)
        assert error.value.exit_code == 2
        assert str(holder.pid) in error.value.holder
    finally:
        end(holder)


def test_kill_9_frees_the_lock(path):
    holder = start(HOLDER, path)
    assert is_held(path)
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait(timeout=30)
    assert not is_held(path)
    end(holder)


def test_a_lock_handed_to_a_child_is_held_without_a_gap(path):
    lock = Lock.acquire(path)
    child = start(HEIR, path, lock.fd, fds=(lock.fd,))
    try:
        lock.close()  # the launcher's share ends, the child's does not
        assert is_held(path)
        assert Lock.try_acquire(path) is None
    finally:
        end(child)
    assert not is_held(path)


def test_a_child_that_was_not_given_the_lock_does_not_keep_it(path):
    lock = Lock.acquire(path)
    child = start("import sys; print('idle', flush=True); sys.stdin.read()")
    lock.close()
    assert not is_held(path)
    end(child)


def test_looking_never_refuses_a_taker(path):
    path.touch()
    stop = threading.Event()

    def look():
        while not stop.is_set():
            is_held(path)

    lookers = [threading.Thread(target=look) for _ in range(3)]
    for looker in lookers:
        looker.start()
    try:
        for _ in range(300):
            lock = Lock.try_acquire(path)
            assert lock is not None
            lock.release()
    finally:
        stop.set()
        for looker in lookers:
            looker.join()


def test_of_many_takers_exactly_one_wins(path):
    for _ in range(20):
        gate = threading.Barrier(4)
        won = []

        def take(gate=gate, won=won):
            gate.wait()
            lock = Lock.try_acquire(path)
            if lock is not None:
                won.append(lock)

        takers = [threading.Thread(target=take) for _ in range(4)]
        for taker in takers:
            taker.start()
        for taker in takers:
            taker.join()
        assert len(won) == 1
        won[0].release()


def test_acquire_waits_for_a_holder_that_is_about_to_let_go(path):
    first = Lock.acquire(path)
    timer = threading.Timer(0.05, first.release)
    timer.start()
    Lock.acquire(path, patience_s=10.0).release()
    timer.join()


def test_a_closed_lock_has_no_descriptor(path):
    with Lock.acquire(path) as lock:
        assert lock.fd > 2
    with pytest.raises(ValueError, match="is closed"):
        _ = lock.fd
    lock.release()
