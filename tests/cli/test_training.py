"""`vbot train` for real, as a process of its own: tiny runs, the object it prints, and what an interruption leaves."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from sessions.runs import RunDir

ENV = "vbot_navigation_section001"
COMMAND = [str(Path(sys.executable).parent / "vbot"), "train", ENV]
TINY = ["num_envs=16", "evaluation_cases=4"]
SIZE = [word for text in TINY for word in ("--set", f"train.{text}")]
SIZE += ["--set", "ppo.horizon=16", "--set", "ppo.hidden=[16, 16]"]
LONG = 60_000
"""Several seconds of work of this size: whoever waits for the first steps sees them long before the last."""


def train(workspace, *words):
    done = subprocess.run(
        [*COMMAND, *words, *SIZE, "--workspace", str(workspace), "--json"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="module")
def smoke(workspace):
    return train(workspace, "--smoke", "--steps", "6k", "--seed", "3")


def test_a_smoke_run_prints_one_object_with_what_came_of_it(smoke):
    assert smoke["state"] == "finished"
    assert smoke["end_reason"] == "finished"
    assert smoke["env_steps"] == 6144  # 24 updates of 256: the first whole number of updates that reaches 6,000
    assert smoke["steps_per_s"] == pytest.approx(smoke["env_steps"] / smoke["wall_s"], rel=1e-3)


def test_the_run_is_recorded_as_what_it_was(smoke):
    record = RunDir(smoke["dir"]).record()
    assert (record.kind, record.env, record.id) == ("smoke", ENV, smoke["run"])
    assert record.command.startswith(f"vbot train {ENV} --smoke --steps 6k")


def test_tensorboard_reads_at_least_forty_tags(smoke):
    curves = EventAccumulator(smoke["dir"], size_guidance={"scalars": 0}).Reload()
    tags = curves.Tags()["scalars"]
    assert len(tags) >= 40
    steps = [item.step for item in curves.Scalars("reward/total")]
    assert steps == sorted(set(steps))
    assert steps[-1] == smoke["env_steps"]


def test_at_least_five_evaluations_however_short_the_run(smoke):
    assert len(RunDir(smoke["dir"]).evals()) >= 5


def test_another_run_starts_from_what_this_one_has_learned(workspace, smoke):
    step = RunDir(smoke["dir"]).checkpoints()[-1][0]
    words = ("--smoke", "--steps", "2k", "--warm-start", f"{smoke['run']}@{step}", "--load", "weights")
    warm = RunDir(train(workspace, *words)["dir"])
    assert warm.record().parent == f"{smoke['run']}@{step}"
    assert "weights" in warm.log_path.read_text()


def evaluate(workspace, *words):
    done = subprocess.run(
        [COMMAND[0], "eval", *words, "--workspace", str(workspace), "--json"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    return done.returncode, json.loads(done.stdout), done.stderr


def test_a_policy_is_judged_on_other_cases_and_the_result_is_kept_without_ranking(workspace, smoke):
    code, found, _ = evaluate(workspace, smoke["run"], "--episodes", "8", "--seed", "5")
    assert code == 0
    assert (found["protocol"], found["n"], found["seed"], found["canonical"]) == ("competition", 8, 5, False)
    assert found["points_max"] == 20.0
    assert 0.0 <= found["success"] <= 1.0
    episodes = json.loads(Path(found["file"]).read_text())["episodes"]
    assert sum(episode["success"] for episode in episodes) == pytest.approx(found["success"] * 8)
    assert Path(found["file"]).name.endswith("-n8-s5.json")


def test_every_checkpoint_is_judged_best_first(workspace, smoke):
    words = (smoke["run"], "--all-checkpoints", "--episodes", "4", "--seed", "5", "--protocol", "training")
    _, found, _ = evaluate(workspace, *words)
    steps = [step for step, _ in RunDir(smoke["dir"]).checkpoints()]
    assert sorted(row["step"] for row in found["checkpoints"]) == steps
    scores = [row["score"] for row in found["checkpoints"]]
    assert scores == sorted(scores, reverse=True)
    assert found["score"] == scores[0]


def test_each_checkpoint_is_named_while_it_is_judged(workspace, smoke):
    words = [COMMAND[0], "eval", smoke["run"], "--all-checkpoints", "--episodes", "2", "--workspace", str(workspace)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=True)
    first = RunDir(smoke["dir"]).checkpoints()[0][0]
    count = len(RunDir(smoke["dir"]).checkpoints())
    assert done.stderr.splitlines()[0] == f"{smoke['run']}@{first}: competition (1 of {count})"


def test_a_checkpoint_that_is_not_there_is_refused_with_the_nearest(workspace, smoke):
    code, found, err = evaluate(workspace, f"{smoke['run']}@17")
    assert code == 2
    assert "no checkpoint at step 17" in found["error"]
    assert err.startswith("vbot: ")


def test_a_finished_run_is_not_resumed(workspace, smoke):
    words = [COMMAND[0], "train", "--resume", smoke["run"], "--workspace", str(workspace)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "is finished" in done.stderr


def test_an_interrupted_run_stops_with_a_checkpoint_and_is_resumed_to_its_end(workspace):
    words = [*COMMAND, "--smoke", "--steps", str(LONG), *SIZE, "--workspace", str(workspace)]
    running = subprocess.Popen([*words, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    before = {run.name for run in (workspace / "runs").iterdir()} if (workspace / "runs").exists() else set()
    run = wait_for_steps(running, workspace, before)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    stopped = json.loads(out)
    assert running.returncode == 0, err
    assert (stopped["run"], stopped["state"], stopped["end_reason"]) == (run.id, "stopped", "user")
    assert 0 < stopped["env_steps"] < LONG
    assert run.checkpoints()[-1][0] == stopped["env_steps"]
    assert not run.is_alive()

    resume = [COMMAND[0], "train", "--resume", run.id, "--workspace", str(workspace), "--json"]
    done = subprocess.run(resume, capture_output=True, text=True, timeout=120, check=False)
    finished = json.loads(done.stdout)
    assert (finished["run"], finished["state"]) == (run.id, "finished")
    assert finished["env_steps"] >= LONG
    steps = [item.step for item in EventAccumulator(str(run.path)).Reload().Scalars("reward/total")]
    assert len(steps) == len(set(steps))


def wait_for_steps(running, workspace, before):
    """The run that has appeared, once it has trained a little; found by its own files."""
    import select
    import time

    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert running.poll() is None, f"it ended before it could be interrupted: {running.communicate()[1]}"
        new = [path for path in (workspace / "runs").glob("2*") if path.name not in before]
        status = RunDir(new[0]).status() if new else None
        if status is not None and status.env_steps > 0:
            return RunDir(new[0])
        select.select([], [], [], 0.02)
    raise AssertionError("no steps within a minute")


def test_nothing_but_the_object_is_on_stdout_even_when_it_fails(tmp_path):
    tmp_path.chmod(0o500)
    words = [*COMMAND, "--smoke", "--workspace", str(tmp_path / "w"), "--json"]
    if os.geteuid() == 0:
        words[-2] = "/proc/no/such/place"
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert list(json.loads(done.stdout)) == ["error", "exit_code"]
    assert done.stderr.startswith("vbot: ")
    assert done.stderr.count("\n") == 1
