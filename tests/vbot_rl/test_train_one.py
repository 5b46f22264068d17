"""The trial process: killed, stopped, paused, locked out, out of disk; whatever happens, its files tell the truth."""

import json
import os
import random
import resource
import signal
import time
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from sessions.locks import Lock, is_held
from sessions.runs import settle
from tests.vbot_rl.helpers import (
    assert_same,
    decided,
    finish,
    kill,
    new_run,
    newest_state,
    records,
    small,
    start,
    wait_for_steps,
)  # fmt: skip
from vbot_rl.launch import launch

LONG = {"train__total_env_steps": 16 * 8 * 4000}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    run = new_run(tmp_path_factory.mktemp("ws"), small(train__total_env_steps=16 * 8 * 60))
    finish(run, start(run))
    return run


def test_a_run_finishes_and_says_so(undisturbed):
    status = undisturbed.status()
    assert (status.state, status.end_reason) == ("finished", "finished")
    assert status.env_steps == 16 * 8 * 60
    assert status.checkpoints[-1] == status.env_steps
    assert not is_held(undisturbed.lock_path)


def test_every_run_has_five_evaluations_and_their_poses(undisturbed):
    steps = [item.step for item in undisturbed.evals()]
    assert len(steps) == 5 and steps[-1] == 16 * 8 * 60
    assert sorted(int(path.stem) for path in undisturbed.pose_dir.iterdir()) == steps


def test_tensorboard_reads_at_least_forty_scalars_at_every_update(undisturbed):
    reader = EventAccumulator(str(undisturbed.path))
    reader.Reload()
    tags = reader.Tags()["scalars"]
    assert len(tags) >= 40
    assert [event.step for event in reader.Scalars("reward/total")] == [16 * 8 * (i + 1) for i in range(60)]


def test_the_terms_add_up_to_the_total(undisturbed):
    for record in records(undisturbed):
        terms = sum(v for k, v in record.values.items() if k.startswith("reward/") and k != "reward/total")
        assert abs(terms - record.values["reward/total"]) < 1e-4


def test_checkpoints_open_in_torchs_safe_mode(undisturbed):
    for _, path in undisturbed.checkpoints():
        state = torch.load(path, weights_only=True)
        assert state["ppo"]["weights"].dtype == torch.float32
        assert state["task"]["arrays"]["physics"].dtype == torch.float64


@pytest.mark.parametrize("seed", [0, 1])
def test_killed_at_random_moments_and_resumed_it_is_bitwise_the_undisturbed_run(undisturbed, tmp_path, seed):
    rng = random.Random(seed)
    run = new_run(tmp_path, small(train__total_env_steps=16 * 8 * 60))
    for target in sorted(rng.sample(range(1, 16 * 8 * 55), 3)):
        process = start(run)
        wait_for_steps(run, process, target)
        time.sleep(rng.uniform(0.0, 0.05))  # any moment of an update, a write or an evaluation
        kill(process)
    finish(run, start(run))
    assert decided(run) == decided(undisturbed)
    one, other = newest_state(run), newest_state(undisturbed)
    for state in (one, other):
        del state["events"], state["metrics"]
    assert_same(one, other)


def test_sigterm_finishes_the_update_writes_a_checkpoint_and_exits_0(tmp_path):
    run = new_run(tmp_path, small(**LONG, train__checkpoint_interval_s=1e6))
    process = start(run)
    wait_for_steps(run, process, 1000)
    process.send_signal(signal.SIGHUP)  # the terminal closes: nothing to us
    wait_for_steps(run, process, run.status().env_steps + 1000)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    status = run.status()
    assert (status.state, status.end_reason) == ("stopped", "user")
    assert "SIGTERM" in status.end_detail
    assert status.checkpoints[-1] == status.env_steps == records(run)[-1].step


@pytest.mark.parametrize(("action", "state"), [("stop", "stopped"), ("kill", "killed"), ("pause", "paused")])
def test_a_request_in_control_is_obeyed_and_recorded(tmp_path, action, state):
    run = new_run(tmp_path, small(**LONG))
    process = start(run)
    wait_for_steps(run, process, 500)
    run.request_stop("a person", "it only spins in place", action=action, reason="early_stop")
    assert process.wait(20) == 0
    status = run.status()
    assert status.state == state
    assert status.end_reason == (None if action == "pause" else "early_stop")
    assert "it only spins in place" in status.end_detail and "a person" in status.end_detail


def test_a_paused_run_goes_on_where_it_was_and_forgets_the_request(tmp_path):
    run = new_run(tmp_path, small(train__total_env_steps=16 * 8 * 150))
    process = start(run)
    wait_for_steps(run, process, 500)
    run.request_stop("a person", "lunch", action="pause")
    assert process.wait(20) == 0
    finish(run, start(run))
    assert run.status().state == "finished"
    steps = [record.step for record in records(run)]
    assert steps == [16 * 8 * (i + 1) for i in range(150)]


def test_a_second_process_on_the_same_run_exits_75_and_changes_nothing(tmp_path):
    run = new_run(tmp_path)
    with Lock.acquire(run.lock_path):
        before = sorted(path.name for path in run.path.iterdir())
        assert start(run).wait(20) == 75
    assert sorted(set(path.name for path in run.path.iterdir()) - {"train.log"}) == before
    assert "stop that one first" in run.log_path.read_text()


def test_launch_hands_lock_and_slot_over_and_keeps_neither(tmp_path):
    run = new_run(tmp_path, small(**LONG))
    slot = Lock.acquire(tmp_path / "slot")
    launched = launch(run, slot, nice=1)
    try:
        assert run.is_alive() and is_held(tmp_path / "slot")
        wait_for_steps(run, launched.popen, 200)
        assert run.status().pid == launched.pid
        assert os.getpriority(os.PRIO_PROCESS, launched.pid) == os.getpriority(os.PRIO_PROCESS, 0) + 1
        autogroup = Path(f"/proc/{launched.pid}/autogroup")  # there is none on kernels without scheduling groups
        assert not autogroup.exists() or autogroup.read_text().endswith(" nice 1\n")
    finally:
        kill(launched.popen)
    assert not run.is_alive() and not is_held(tmp_path / "slot")
    assert settle(run).state == "failed"


def test_a_crash_leaves_a_traceback_and_the_last_line(tmp_path):
    run = new_run(tmp_path)
    (run.path / "config.yaml").write_text("schema: 1\nconfig: {env: nowhere, preset: default, task: {}}\n")
    (run.path / "events.out.tfevents.0.x").mkdir()  # something unforeseen: a folder where a file is expected
    assert start(run).wait(30) == 1
    status = run.status()
    assert (status.state, status.end_reason) == ("failed", "crashed")
    assert "Traceback" in run.log_path.read_text()


def test_a_broken_config_is_one_sentence(tmp_path):
    run = new_run(tmp_path)
    run.config_path.write_text("schema: 1\nconfig: {env: a, preset: b, task: {}, ppo: {learning_rat: 1}}\n")
    assert start(run).wait(30) == 1
    assert "Did you mean 'learning_rate'" in run.status().end_detail
    assert "Traceback" not in run.log_path.read_text()


def test_numbers_that_are_not_finite_end_the_run_as_diverged_with_a_dump(tmp_path):
    run = new_run(tmp_path, small(ppo__learning_rate=1e35, ppo__schedule="constant"))
    assert start(run).wait(30) == 1
    status = run.status()
    assert (status.state, status.end_reason) == ("diverged", "diverged")
    assert "learning_rate" in status.end_detail
    assert torch.load(run.path / "diverged.pt", weights_only=True)["rollout"]["rewards"].shape == (8, 16)


def test_a_full_disk_is_a_clear_sentence_and_leaves_no_half_file(tmp_path):
    run = new_run(tmp_path, small(**LONG))

    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    assert start(run, preexec_fn=little_room).wait(30) == 1
    status = run.status()
    assert (status.state, status.end_reason) == ("failed", "crashed")
    assert "the disk is full" in status.end_detail and "resume" in status.end_detail
    records(run)  # the event file is whole
    assert not list(run.checkpoint_dir.iterdir())


def test_a_damaged_newest_checkpoint_is_passed_over(tmp_path):
    run = new_run(tmp_path)
    finish(run, start(run))
    expected, newest = decided(run), run.checkpoints()[-1][1]
    newest.write_bytes(newest.read_bytes()[:-100])
    finish(run, start(run))
    assert "is damaged" in run.log_path.read_text()
    assert decided(run) == expected


def test_wrong_arguments_exit_2(tmp_path):
    run = new_run(tmp_path)
    (run.path / "run.json").unlink()
    assert start(run).wait(20) == 2
    assert "vbot train" in run.log_path.read_text()


def test_status_is_there_before_the_first_update(tmp_path):
    run = new_run(tmp_path, small(**LONG))
    process = start(run)
    try:
        wait_for_steps(run, process, 0)
        data = json.loads((run.path / "status.json").read_text())
        assert data["state"] == "running" and data["total_env_steps"] in (0, 16 * 8 * 4000)
    finally:
        kill(process)
