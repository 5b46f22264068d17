import json
import math
import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from sessions.errors import CorruptFileError, NotFoundError
from sessions.locks import Lock
from sessions.runs import RunDir, RunRecord, RunStatus, StopRequest, best_score, effective_state, settle, state_now
from tests.sessions.builders import make_run, make_workspace

AT = "1970-01-01T00:01:00.000Z"


def minute():
    return 60.0


@pytest.fixture
def run(tmp_path):
    return make_run(make_workspace(tmp_path), study="s1", trial=3)


def launch_and_die(run, status=None, log=""):
    """What a launched process leaves behind that is killed."""
    if status is not None:
        run.write_status(status, minute)
    run.log_path.write_text(log)
    Lock.acquire(run.lock_path).release()


def write_eval(run, name, **content):
    (run.eval_dir / name).write_text(json.dumps(content))


def test_a_run_appears_whole(run):
    assert sorted(os.listdir(run.path)) == ["checkpoints", "config.yaml", "control", "evals", "poses", "run.json"]
    assert os.listdir(run.path.parent) == [run.id]


def test_a_try_that_was_cut_short_is_no_obstacle(run):
    half = run.path.parent / ".new-other"
    (half / "control").mkdir(parents=True)
    made = RunDir.create(run.path.parent, RunRecord(id="other", kind="trial", env="e"), {})
    assert sorted(os.listdir(run.path.parent)) == sorted([run.id, "other"])
    assert made.record().id == "other"


def test_the_record_comes_back(run):
    assert run.record().trial == 3
    assert run.record() == RunRecord(**json.loads((run.path / "run.json").read_text()))


def test_an_id_cannot_be_used_twice(run):
    with pytest.raises(OSError):
        RunDir.create(run.path.parent, run.record(), {})


def test_a_record_with_unknown_fields_of_a_newer_version_is_read(run):
    data = json.loads((run.path / "run.json").read_text()) | {"schema": 2, "mood": "good"}
    (run.path / "run.json").write_text(json.dumps(data))
    assert run.record().schema == 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("[]", "run.json holds no JSON object"),
        ('{"id": "x", "kind": "trial"}', "run.json lacks a field .*env"),
        ('{"id": "x", "kind": "trial", "env": 5}', "env is 5, expected str"),
        ('{"id": "x", "kind": "trial", "env": "e", "trial": "3"}', "trial is '3', expected int . None"),
    ],
)
def test_a_damaged_record_is_named(run, content, sentence):
    (run.path / "run.json").write_text(content)
    with pytest.raises(CorruptFileError, match=sentence):
        run.record()


def test_a_run_without_a_record_does_not_exist(tmp_path):
    with pytest.raises(NotFoundError):
        RunDir(tmp_path).record()


def test_the_status_comes_back_with_its_time(run):
    run.write_status(RunStatus(state="running", env_steps=5, metrics={"a": 1.5}, checkpoints=(1, 2)), minute)
    status = run.status()
    assert status == RunStatus(state="running", env_steps=5, metrics={"a": 1.5}, checkpoints=(1, 2), updated=AT)


def test_a_status_file_is_strict_json_and_nan_comes_back_as_nan(run):
    run.write_status(RunStatus(state="running", metrics={"a": math.nan}), minute)
    assert json.loads((run.path / "status.json").read_text())["metrics"] == {"a": None}
    assert math.isnan(run.status().metrics["a"])


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"state": 7}', '{"state": "running", "env_steps": "x"}'])
def test_an_unreadable_status_is_no_status(run, content):
    (run.path / "status.json").write_text(content)
    assert run.status() is None


@pytest.mark.parametrize(
    ("said", "alive", "launched", "true"),
    [
        (None, False, False, "queued"),
        (None, True, True, "running"),
        (None, False, True, "failed"),
        ("running", True, True, "running"),
        ("running", False, True, "failed"),
        ("queued", False, True, "queued"),
        ("paused", False, True, "paused"),
        ("paused", True, True, "running"),
        ("finished", False, True, "finished"),
        ("diverged", False, True, "diverged"),
        ("dancing", False, True, "failed"),
    ],
)
def test_running_only_while_the_lock_is_held(said, alive, launched, true):
    assert state_now(RunStatus(state=said) if said else None, alive, launched) == true


def test_a_live_run_is_left_alone(run):
    run.write_status(RunStatus(state="running"), minute)
    with Lock.acquire(run.lock_path):
        assert settle(run).state == "running"
        assert effective_state(run) == "running"
        assert run.is_alive()


def test_a_run_that_was_never_launched_is_left_alone(run):
    assert settle(run) is None
    assert effective_state(run) == "queued"
    assert not run.lock_path.exists()


@pytest.mark.parametrize("state", ["finished", "stopped", "killed", "failed", "diverged", "paused", "queued"])
def test_a_run_at_rest_is_left_alone(run, state):
    launch_and_die(run, RunStatus(state=state))
    before = (run.path / "status.json").read_bytes()
    settle(run)
    assert (run.path / "status.json").read_bytes() == before


def test_a_crash_is_recorded_with_the_last_line_of_the_log(run):
    (run.checkpoint_dir / "step_1000.pt").write_bytes(b"x")
    last = RunStatus(state="running", phase="rollout", env_steps=1234, eta_s=9.0, pid=7, steps_per_s=80.0, score=0.5)
    launch_and_die(run, last, "Traceback ...\nValueError: bad shape\n")
    ended = settle(run, minute)
    detail = "the process died at step 1,234; the last line of its log is: ValueError: bad shape"
    assert ended == RunStatus(
        state="failed",
        env_steps=1234,
        updated=AT,
        checkpoints=(1000,),
        score=0.5,
        end_reason="crashed",
        end_detail=detail,
    )
    assert effective_state(run) == "failed"


def test_a_process_that_died_before_its_first_word_is_a_crash(run):
    launch_and_die(run, None, "ImportError: no module\n")
    assert settle(run, minute).end_detail == (
        "the process died at step 0; the last line of its log is: ImportError: no module"
    )


@pytest.mark.parametrize(
    ("action", "reason", "state"),
    [("stop", "early_stop", "stopped"), ("kill", "user", "killed"), ("pause", None, "paused")],
)
def test_a_death_that_was_asked_for_is_no_crash(run, action, reason, state):
    launch_and_die(run, RunStatus(state="running", env_steps=10))
    run.request_stop("ada", "it stands still", action, reason or "user", minute)
    ended = settle(run, minute)
    assert (ended.state, ended.end_reason) == (state, reason)
    assert ended.end_detail == "it stands still (asked by ada; the process ended before it could say so itself)"


def test_kill_9_of_a_real_process_is_settled_once(run):
    code = (
        "import sys; from sessions.locks import Lock; from sessions.runs import *; run = RunDir(sys.argv[1])\n"
        "lock = Lock.acquire(run.lock_path); run.write_status(RunStatus(state='running', env_steps=77))\n"
        "print('up', flush=True)\n"
        "sys.stdin.read()"
    )
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code, str(run.path)], env=environment, **pipes) as process:
        process.stdout.readline()
        assert effective_state(run) == "running"
        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=30)
    assert effective_state(run) == "failed"
    first = settle(run, minute)
    assert first.end_reason == "crashed"
    assert settle(run, lambda: 999.0) == first


def test_a_stop_request_is_read_and_put_aside(run):
    asked = run.request_stop("ada", "enough", clock=minute)
    assert run.stop_request() == asked == StopRequest(who="ada", why="enough", action="stop", reason="user", at=AT)
    run.clear_stop_request()
    assert run.stop_request() is None
    assert os.listdir(run.stop_path.parent) == ["stop-19700101T000100000Z.json"]
    run.clear_stop_request()


def test_an_unreadable_stop_request_still_means_stop(run):
    run.stop_path.write_text("{")
    assert run.stop_request().action == "stop"


def test_an_unknown_action_means_stop(run):
    run.stop_path.write_text('{"who": "ada", "why": "x", "action": "dance"}')
    assert run.stop_request().action == "stop"
    launch_and_die(run, RunStatus(state="running"))
    assert settle(run).state == "stopped"


def test_evaluations_by_step_and_only_canonical_competition_cases_rank(run):
    write_eval(run, "competition-200.json", score=0.4, success=0.5, episodes=[{}] * 256, score_version="1")
    write_eval(run, "competition-100.json", score=0.6, success=0.7)
    write_eval(run, "competition-300-n64-s1.json", score=0.9)
    write_eval(run, "strict-300.json", score=1.0)
    write_eval(run, "half-written.json.tmp", score=2.0)
    (run.eval_dir / "competition-400.json").write_text("{")
    found = run.evals()
    assert [(e.protocol, e.step, e.canonical) for e in found] == [
        ("competition", 100, True),
        ("competition", 200, True),
        ("competition", 300, False),
        ("strict", 300, True),
    ]
    assert found[1].episodes == 256
    assert best_score(found).step == 100
    assert best_score([]) is None


def test_of_equal_scores_the_earlier_is_best(run):
    write_eval(run, "competition-100.json", score=0.6)
    write_eval(run, "competition-200.json", score=0.6)
    assert best_score(run.evals()).step == 100


def test_checkpoints_by_step(run):
    for name in ("step_900.pt", "step_10000.pt", "step_1.pt.tmp", "best.pt"):
        (run.checkpoint_dir / name).write_bytes(b"")
    assert [step for step, _ in run.checkpoints()] == [900, 10000]


def test_event_files_by_the_time_in_their_names(run):
    for name in ("events.out.tfevents.1000.b", "events.out.tfevents.999.a", "events.txt"):
        (run.path / name).write_bytes(b"")
    assert [path.name for path in run.event_files()] == ["events.out.tfevents.999.a", "events.out.tfevents.1000.b"]


def test_a_status_cannot_be_changed_in_passing():
    status = RunStatus(state="running")
    assert replace(status, env_steps=5).env_steps == 5
    with pytest.raises(AttributeError):
        status.env_steps = 5  # type: ignore[misc]


def test_the_way_covered_is_known_where_the_score_does_not_know_it(run):
    """Half of 8 m, none of 10 m, and 2 m farther away than at first, which is no less than none: (0.5 + 0 + 0) / 3."""
    ways = [(8.0, 4.0), (10.0, 10.0), (9.0, 11.0)]
    episodes = [{"spawn_distance_m": whole, "final_distance_m": left} for whole, left in ways]
    unknown = [{"spawn_distance_m": 0.0, "final_distance_m": 1.0}, {"spawn_distance_m": 3.0}, "torn"]
    write_eval(run, "competition-100.json", score=0.0, episodes=[*episodes, *unknown], score_version=1)
    write_eval(run, "competition-200.json", score=0.0, episodes=episodes, score_version=2)
    write_eval(run, "competition-300.json", score=0.0, episodes=[], score_version=1)
    first, second, third = run.evals()
    assert first.progress == pytest.approx(1 / 6)
    assert (second.progress, third.progress) == (None, None)
