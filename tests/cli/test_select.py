import json

import pytest

from sessions.errors import NotFoundError, UsageError
from sessions.runs import RunDir, RunRecord
from sessions.workspace import Workspace
from vbot_tui.cli.select import select, split


@pytest.fixture
def workspace(tmp_path):
    return Workspace.open(tmp_path)


def make_run(workspace, steps=(), scores=()):
    run = RunDir.create(workspace.runs, RunRecord(id="20260101-train-ab12", kind="train", env="e"), {})
    for step in steps:
        (run.checkpoint_dir / f"step_{step}.pt").write_bytes(b"")
    for step, score in scores:
        (run.eval_dir / f"competition-{step}.json").write_text(json.dumps({"score": score, "episodes": []}))
    return run


@pytest.mark.parametrize(
    ("text", "parts"), [("abc", ("abc", None)), ("abc@100", ("abc", 100)), ("abc@1,000", ("abc", 1000))]
)
def test_a_step_stands_behind_the_at(text, parts):
    assert split(text) == parts


@pytest.mark.parametrize("text", ["abc@", "@100", "abc@best", "abc@-5"])
def test_what_is_no_step_is_refused(text):
    with pytest.raises(UsageError):
        split(text)


def test_without_a_step_the_best_by_score_is_meant(workspace):
    make_run(workspace, [100, 200, 300], [(100, 0.1), (200, 0.9), (300, 0.5)])
    assert select(workspace, "20260101").step == 200


def test_a_better_score_without_its_checkpoint_does_not_count(workspace):
    make_run(workspace, [200, 300], [(100, 0.99), (200, 0.2), (300, 0.5)])
    assert select(workspace, "20260101").step == 300


def test_without_scores_the_newest_is_meant(workspace):
    run = make_run(workspace, [100, 300, 200])
    assert select(workspace, "20260101").checkpoint == run.checkpoint_dir / "step_300.pt"


def test_a_step_that_is_not_there_names_the_nearest(workspace):
    make_run(workspace, [100, 300])
    with pytest.raises(NotFoundError, match="@300"):
        select(workspace, "20260101@290")


def test_a_run_without_checkpoints_is_refused(workspace):
    make_run(workspace)
    with pytest.raises(NotFoundError, match="no checkpoint yet"):
        select(workspace, "20260101")
