import os
import shutil

import pytest

from automl.memory.index import Index
from automl.mutes import mute
from sessions.locks import Lock
from sessions.runs import RunDir
from tests.automl.memory.builders import HOUR, make_eval, make_run, make_study, make_workspace, trial


@pytest.fixture
def ws(tmp_path):
    return make_workspace(tmp_path / "ws")


def looked(ws):
    index = Index(ws)
    assert index.runs is not None and index.studies is not None
    index.save()
    return index


def test_a_second_look_at_ended_runs_reads_none_of_them(ws):
    for number in range(100):
        make_run(ws, f"r{number:04d}", scores={100: number / 100})
    first = looked(ws)
    assert first.reads["run"] == 100
    second = looked(ws)
    assert dict(second.reads) == {}
    assert [run.digest.score for run in second.runs] == [number / 100 for number in range(100)]


def test_only_what_changed_is_read_again(ws):
    run, _ = make_run(ws, "a", scores={100: 0.5}), make_run(ws, "b")
    looked(ws)
    make_eval(run, 200, 0.75)
    again = looked(ws)
    assert again.reads["run"] == 1
    assert (again.by_id["a"].digest.score, again.by_id["a"].digest.best_step) == (0.75, 200)


def test_a_living_run_is_read_each_time_and_runs_only_while_its_lock_is_held(ws):
    run = make_run(ws, "a", state="running")
    with Lock.acquire(run.lock_path):
        assert looked(ws).by_id["a"].state == "running"
    again = looked(ws)
    assert again.by_id["a"].state == "failed"
    assert (again.reads["run"], again.reads["lock"]) == (1, 1)


def test_the_best_score_is_canonical_and_its_earliest_step_wins_a_tie(ws):
    run = make_run(ws, "a", scores={100: 0.5, 200: 0.9, 300: 0.9, 400: 0.7})
    make_eval(run, 500, 5.0, name="competition-500-n8-s1.json")
    make_eval(run, 500, 6.0, name="strict-500.json")
    (run.eval_dir / "competition-600.json").write_text("{")
    digest = looked(ws).by_id["a"].digest
    assert (digest.score, digest.best_step, digest.last_score, digest.last_step, digest.evals) == (
        0.9,
        200,
        0.7,
        400,
        4,
    )


def test_a_score_behind_the_episodes_is_found_too(ws):
    run = make_run(ws, "a")
    (run.eval_dir / "competition-7.json").write_text('{"episodes": [{"score": 9}], "score": 0.25}')
    assert looked(ws).by_id["a"].digest.score == 0.25


def test_a_study_is_read_again_when_its_log_grew_only(ws):
    path = make_study(ws, "s", trial(0, 0.5, run="a"))
    assert looked(ws).reads["study"] == 1
    assert looked(ws).reads["study"] == 0
    shutil.rmtree(path)
    make_study(ws, "s", trial(0, 0.5, run="a"), ended="all trials ended")
    (study,) = looked(ws).studies
    assert (study.state, study.digest.ended, study.digest.champion.score) == ("finished", "all trials ended", 0.5)
    assert study.digest.updated == HOUR.format(5)


def test_a_damaged_study_and_a_damaged_index_are_no_obstacle(ws):
    path = make_study(ws, "s")
    log = path / "events.jsonl"
    log.write_bytes(b"garbage\n" + log.read_bytes())
    make_run(ws, "a")
    (ws.view / "memory.json").write_text('{"version": 1, "runs": 5}')
    index = looked(ws)
    assert index.studies[0].state == "damaged"
    assert "events.jsonl" in index.studies[0].digest.damage
    assert index.by_id["a"].state == "finished"


def test_flags_come_from_the_log_of_the_study_without_opening_a_curve(ws):
    make_run(ws, "a", study="s", trial=0)
    make_study(ws, "s", trial(0, 0.1, run="a", flags=["lazy_robot"]))
    index = looked(ws)
    assert index.by_id["a"].flags == ("lazy_robot",)
    assert index.reads["curves"] == 0


def test_flags_of_an_ended_run_are_computed_once(ws):
    make_run(ws, "a", curves={100: {"reward/total": float("nan")}})
    first = Index(ws)
    assert first.by_id["a"].flags is None
    (note,) = first.flag_notes("a")
    first.save()
    second = Index(ws)
    assert second.by_id["a"].flags == (note.name,)
    assert second.flag_notes("a") == (note,)
    assert (first.reads["curves"], second.reads["curves"]) == (1, 0)


def test_a_run_that_is_gone_is_forgotten(ws):
    run = make_run(ws, "a")
    looked(ws)
    shutil.rmtree(run.path)
    looked(ws)
    assert '"a"' not in (ws.view / "memory.json").read_text()


def test_a_workspace_that_cannot_be_written_is_read_all_the_same(ws):
    make_run(ws, "a")
    os.rmdir(ws.view)
    assert looked(ws).by_id["a"].state == "finished"
    assert not ws.view.exists()


def test_two_workspaces_copied_over_one_another_hold_everything_of_both(ws, tmp_path):
    other = make_workspace(tmp_path / "other")
    make_run(ws, "here", host="one", scores={1: 0.5})
    make_run(other, "there", host="two", scores={1: 0.75})
    make_study(other, "s", trial(0, 0.75, run="there"))
    looked(ws), looked(other)
    shutil.copytree(other.root, ws.root, dirs_exist_ok=True)
    index = looked(ws)
    assert {run.id: (run.digest.host, run.digest.score) for run in index.runs} == {
        "here": ("one", 0.5),
        "there": ("two", 0.75),
    }
    assert [study.id for study in index.studies] == ["s"]


def test_a_muted_flag_is_not_told_wherever_its_name_was_remembered(ws):
    run = make_run(ws, "a", curves={100: {"reward/total": float("nan")}})
    first = Index(ws)
    assert [note.name for note in first.flag_notes("a") or ()] == ["nan"]
    first.save()
    mute(run, "nan", "ann")
    assert Index(ws).flag_notes("a") == ()
    make_run(ws, "b", study="s", trial=0)
    make_study(ws, "s", trial(0, 0.1, run="b", flags=["lazy_robot"]))
    mute(RunDir(ws.runs / "b"), "lazy_robot", "ann")
    assert looked(ws).by_id["b"].flags == ()
