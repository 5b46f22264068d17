import json
import os

import pytest

from sessions import notes
from sessions.locks import Lock
from sessions.run_follow import RunFollow
from sessions.runs import RunStatus
from sessions.series import SeriesSet
from tests.sessions.builders import append, make_run, make_workspace, record


def minute():
    return 60.0


@pytest.fixture
def ws(tmp_path):
    return make_workspace(tmp_path)


@pytest.fixture
def run(ws):
    return make_run(ws, study="s1", trial=4)


def follow(run, **options):
    return RunFollow(run, SeriesSet(), **options)


def seen(followed):
    """The row after one look and reading everything."""
    followed.look(minute)
    while followed.has_backlog():
        followed.read_curves(None, minute)
    return followed.view()


def test_a_fresh_run_is_queued(run):
    row = seen(follow(run))
    assert (row.state, row.label, row.env, row.study, row.trial) == (
        "queued",
        "alpha",
        "vbot_navigation_section001",
        "s1",
        4,
    )


def test_a_live_run_shows_what_it_says(run):
    run.write_status(
        RunStatus(state="running", phase="rollout", env_steps=50, total_env_steps=200, steps_per_s=9.0, eta_s=16.7,
                  metrics={"ppo/kl": 0.01}, success=0.25), minute,
    )  # fmt: skip
    with Lock.acquire(run.lock_path):
        row = seen(follow(run))
    assert (row.state, row.alive, row.phase, row.fraction, row.steps_per_s, row.eta_s) == (
        "running", True, "rollout", 0.25, 9.0, 16.7,
    )  # fmt: skip
    assert (row.metrics["ppo/kl"], row.success, row.data_time) == (0.01, 0.25, 60.0)


def test_a_dead_run_is_settled_and_shows_why(run):
    run.write_status(RunStatus(state="running", env_steps=50, steps_per_s=9.0, eta_s=5.0), minute)
    followed = follow(run)
    lock = Lock.acquire(run.lock_path)
    assert seen(followed).state == "running"
    run.log_path.write_text("ValueError: x\n")
    lock.release()
    assert followed.look(minute).changed
    row = followed.view()
    assert (row.state, row.end_reason, row.steps_per_s, row.eta_s) == ("failed", "crashed", 0.0, None)
    assert "ValueError: x" in row.end_detail
    assert run.status().state == "failed"
    assert followed.at_rest


def test_the_last_word_of_a_process_that_just_ended_is_not_missed(run):
    run.write_status(RunStatus(state="running"), minute)
    followed = follow(run)
    lock = Lock.acquire(run.lock_path)
    seen(followed)
    run.write_status(RunStatus(state="finished", end_reason="finished", end_detail="all steps done"), minute)
    lock.release()
    assert (seen(followed).state, seen(followed).end_detail) == ("finished", "all steps done")


def test_without_settling_the_row_tells_and_the_disk_stays(run):
    run.write_status(RunStatus(state="running"), minute)
    Lock.acquire(run.lock_path).release()
    row = seen(follow(run, settle_dead=False))
    assert (row.state, row.end_reason) == ("failed", "crashed")
    assert run.status().state == "running"


def test_a_run_copied_from_another_machine_while_it_ran_is_not_called_crashed(ws):
    run = make_run(ws, "20260101-000000-far-bbbb0001", host="elsewhere")
    run.write_status(RunStatus(state="running"), minute)
    run.lock_path.touch()
    row = seen(follow(run))
    assert (row.state, row.end_reason) == ("failed", None)
    assert row.end_detail == "it was running on elsewhere when this copy was made"
    assert run.status().state == "running"


def test_curves_feed_the_row(run):
    append(
        run.path / "events.out.tfevents.1.h", *(record(i, {"episode/return": i / 10}, wall_time=70.0) for i in (1, 2))
    )
    row = seen(follow(run))
    assert row.sparkline == pytest.approx((0.1, 0.2))
    assert row.sparkline_tag == "episode/return"
    assert row.metrics["episode/return"] == pytest.approx(0.2)
    assert (row.data_time, row.loading) == (70.0, False)


def test_nothing_new_is_no_change(run):
    append(run.path / "events.out.tfevents.1.h", record(1, {"a": 1.0}))
    followed = follow(run)
    seen(followed)
    found = followed.look(minute)
    assert (found.changed, found.written, followed.has_backlog()) == (False, False, False)


def test_several_event_files_are_one_curve_in_the_order_of_their_times(run):
    append(run.path / "events.out.tfevents.1000.h", record(30, {"a": 3.0}))
    append(run.path / "events.out.tfevents.999.h", record(10, {"a": 1.0}), record(20, {"a": 2.0}))
    followed = follow(run)
    seen(followed)
    assert followed.series.points("a") == [(10, 1.0), (20, 2.0), (30, 3.0)]
    append(run.path / "events.out.tfevents.1001.h", record(25, {"a": 9.0}))
    seen(followed)
    assert followed.series.points("a") == [(10, 1.0), (20, 2.0), (25, 9.0)]
    assert followed.series.seams == [25]


def test_a_file_cut_back_by_a_resume_repeats_no_point(run):
    path = run.path / "events.out.tfevents.1.h"
    append(path, record(10, {"a": 1.0}))
    keep = path.stat().st_size
    append(path, record(20, {"a": 2.0}))
    followed = follow(run)
    seen(followed)
    os.truncate(path, keep)
    append(path, record(15, {"a": 5.0}), record(25, {"a": 6.0}))
    seen(followed)
    assert followed.series.points("a") == [(10, 1.0), (15, 5.0), (25, 6.0)]
    assert followed.series.seams == []


def test_a_deleted_event_file_takes_its_points_along(run):
    first, second = run.path / "events.out.tfevents.1.h", run.path / "events.out.tfevents.2.h"
    append(first, record(10, {"a": 1.0}))
    append(second, record(20, {"a": 2.0}))
    followed = follow(run)
    seen(followed)
    first.unlink()
    seen(followed)
    assert followed.series.points("a") == [(20, 2.0)]


def test_the_best_canonical_score_wins_over_the_status(run):
    run.write_status(RunStatus(state="running", score=0.1), minute)
    followed = follow(run, settle_dead=False)
    assert seen(followed).score == 0.1
    (run.eval_dir / "competition-500.json").write_text(json.dumps({"score": 0.7, "success": 0.8}))
    row = seen(followed)
    assert (row.score, row.score_step, row.success) == (0.7, 500, 0.8)


def test_notes_are_counted(ws, run):
    followed = follow(run)
    assert seen(followed).note_count == 0
    notes.add(ws, "look here", run=run.id)
    assert seen(followed).note_count == 1


def test_damage_is_a_badge(run):
    append(run.path / "events.out.tfevents.1.h", record(1, {"a": 1.0}), b"garbage" * 9, record(2, {"a": 2.0}))
    (run.path / "run.json").write_text("{")
    row = seen(follow(run))
    assert len(row.badges) == 2
    assert "run.json is not valid JSON" in row.badges[0]
    assert row.badges[1] == "1 damaged record in events.out.tfevents.1.h"


def test_a_record_that_arrives_late_is_read(run):
    moved = run.path / "run.json.later"
    os.rename(run.path / "run.json", moved)
    followed = follow(run)
    assert seen(followed).env == ""
    os.rename(moved, run.path / "run.json")
    assert seen(followed).env == "vbot_navigation_section001"


def test_a_budget_leaves_a_backlog(run):
    append(run.path / "events.out.tfevents.1.h", *(record(i, {"a": 1.0}) for i in range(300)))
    ticks = iter(range(100_000))
    followed = follow(run)
    followed.look(minute)
    assert followed.read_curves(2.0, lambda: float(next(ticks)))
    assert followed.has_backlog()
    assert followed.view().loading
    seen(followed)
    assert len(followed.series.get("a")) == 300
