"""The core without a screen: real files, real locks, real schedulers, and trials that only pretend to learn."""

import math
import threading
import time

import pytest

from automl.journal import read_journal
from automl.scheduler import Scheduler
from automl.spec import StudySpec
from sessions import notes, run_index
from sessions.follower import Follower
from sessions.locks import is_held
from sessions.runs import RunDir, RunRecord
from sessions.workspace import Workspace
from tests.vbot_tui.fake_machine import FakeMachine
from tests.vbot_tui.studies import add_run
from vbot_tui.core import SINGLE, Core
from vbot_tui.desk import Desk

PATIENCE_S = 20.0
SPEC = StudySpec(label="tiny", max_trials=3, trial_env_steps=100_000, slots=2)


class Bench:
    """A workspace, a machine, and cockpits over them."""

    def __init__(self, root):
        self.workspace = Workspace.open(root)
        self.machine = FakeMachine(self.workspace)
        self.handed_over = []
        self.cores = []

    def scheduler(self, workspace, study):
        return Scheduler(workspace, study, self.machine.executor(), pass_s=0.02)

    def hand_over(self, workspace, study):
        self.handed_over.append((study, is_held(workspace.studies / study / "lock")))
        return 4711

    def core(self, **options):
        desk = Desk(self.workspace, self.scheduler, self.hand_over)
        core = Core(self.workspace, spec=SPEC, desk=desk, **options)
        core.changed = threading.Event()
        core.start(core.changed.set)
        self.cores.append(core)
        return core


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path / "ws")
    yield made
    for core in made.cores:
        core.close()
    made.machine.release_all()


def until(core, true_of, what="the expected picture"):
    """Wait for a picture of which something is true."""
    end = time.monotonic() + PATIENCE_S
    while not true_of(core.view):
        core.changed.clear()
        if true_of(core.view):
            break
        assert core.changed.wait(max(0.0, end - time.monotonic())), f"no picture with {what}: {core.view}"
    return core.view


def running(count):
    return lambda view: sum(row.state == "running" for row in view.rows) == count


def started(bench):
    core = bench.core()
    until(core, lambda view: view.ready)
    core.start_study()
    return core, until(core, running(2), "two running trials")


def test_an_empty_workspace_says_what_the_first_key_would_start(bench):
    core = bench.core()
    view = until(core, lambda view: view.ready)
    assert view.rows == () and view.study is None
    assert (view.first.trials, view.first.trial_env_steps, view.first.slots) == (3, 100_000, 2)


def test_starting_a_study_shows_its_trials_and_their_numbers(bench):
    core, _ = started(bench)
    view = until(
        core, lambda view: all(row.steps_per_s > 0 and math.isfinite(row.eta_s) for row in view.rows), "two speeds"
    )
    assert view.study.driver == "here" and view.study.state == "running"
    assert sorted(row.number for row in view.rows) == [0, 1]
    assert {(row.env_steps, row.total_env_steps, row.steps_per_s, row.eta_s) for row in view.rows} == {
        (8000, 100_000, 500.0, 184.0)
    }


def test_the_selected_trial_comes_with_its_reward_and_log(bench):
    core, view = started(bench)
    core.select(view.rows[1].key)
    view = until(core, lambda view: view.detail.key == view.rows[1].key and view.detail.breakdown is not None)
    # the fake trial logs a = 8, b = -1 and the total 7 at step 8000; a quarter of eight updates earlier a was 6
    assert [(part.term, part.value) for part in view.detail.breakdown.terms] == [("a", 8.0), ("b", -1.0)]
    assert view.detail.breakdown.adds_up and view.detail.breakdown.total == 7.0
    assert (view.detail.before.step, view.detail.before.terms[0].value) == (6000, 6.0)
    assert view.detail.log == ("begun",)


def test_a_killed_trial_gives_who_and_why_in_row_status_and_log(bench):
    core, view = started(bench)
    row = view.rows[0]
    core.kill(row.key, "too slow")
    view = until(core, lambda view: any(item.state == "killed" for item in view.rows), "a killed trial")
    dead = view.row(row.key)
    assert dead.end_reason == "user" and "too slow" in dead.end_detail
    assert bench.machine.run(row.run_id).status().state == "killed"
    events = read_journal(bench.workspace.studies / row.study_id / "events.jsonl").events
    killed = [event for event in events if event["type"] == "command" and event["kind"] == "kill_trial"]
    assert [(event["trial"], event["why"], event["accepted"]) for event in killed] == [(row.number, "too slow", True)]


def test_a_refused_command_is_answered_in_a_sentence(bench):
    core, view = started(bench)
    row = view.rows[0]
    core.kill(row.key, "once")
    until(core, lambda view: view.row(row.key).state == "killed")
    core.kill(row.key, "twice")
    view = until(core, lambda view: view.notice is not None and "only a trial that is" in view.notice.text)
    assert view.busy == ""


def test_a_note_is_kept_and_counted(bench):
    core, view = started(bench)
    row = view.rows[0]
    core.note("looks lazy", row.key, row.env_steps)
    view = until(core, lambda view: view.notes and view.row(row.key).notes == 1, "the note")
    assert [(item.text, item.run_id, item.step) for item in view.notes] == [("looks lazy", row.run_id, 8000)]
    assert [item.text for item in notes.read(bench.workspace)] == ["looks lazy"]


def test_a_note_without_a_trial_belongs_to_the_session(bench):
    core = bench.core()
    until(core, lambda view: view.ready)
    core.note("good morning", "", None)
    view = until(core, lambda view: view.notes)
    assert view.notes[0].run_id == "" and view.notes[0].text == "good morning"


def test_one_more_trial_can_be_asked_for_and_the_study_paused(bench):
    core, view = started(bench)
    core.toggle_pause()
    until(core, lambda view: view.study.state == "paused")
    core.toggle_pause()
    until(core, lambda view: view.study.state == "running")
    core.start_trial()
    until(core, lambda view: view.notice is not None and "A trial will start" in view.notice.text)
    bench.machine.end(view.rows[0].run_id, "finished", "finished", "done")
    assert len(until(core, lambda view: len(view.rows) == 3, "a third trial").rows) == 3


def test_a_finished_trial_sinks_below_the_living_and_keeps_its_score(bench):
    core, view = started(bench)
    first = view.rows[0]
    bench.machine.end(first.run_id, "finished", "finished", "all steps done")
    view = until(core, lambda view: view.row(first.key).state == "finished")
    assert view.rows[-1].key == first.key and view.rows[-1].score == 0.25


def test_leaving_lets_go_first_and_then_hands_over(bench):
    core, view = started(bench)
    study = view.study.id
    words = core.close()
    assert bench.handed_over == [(study, False)]
    assert any("goes on without a screen (pid 4711)" in item for item in words)
    assert all(bench.machine.run(row.run_id).is_alive() for row in view.rows)


def test_leaving_an_ended_study_hands_nothing_over(bench):
    core, _view = started(bench)
    core.stop_study("enough")
    until(core, lambda view: view.study.state == "stopped")
    core.close()
    assert bench.handed_over == []


def test_stopping_on_the_way_out_is_journalled_before_the_study_is_let_go(bench):
    core, view = started(bench)
    core.close(stop=True)
    log = read_journal(bench.workspace.studies / view.study.id / "events.jsonl").events
    kinds = [event["kind"] if event["type"] == "command" else event["type"] for event in log]
    assert kinds.index("stop_study") < kinds.index("scheduler_stopped")


def test_a_kill_asked_for_just_before_leaving_is_not_lost(bench):
    core, view = started(bench)
    core.kill(view.rows[0].key, "last word")
    core.close()
    log = read_journal(bench.workspace.studies / view.study.id / "events.jsonl").events
    assert [event["why"] for event in log if event["type"] == "command"] == ["last word"]


def test_a_note_written_just_before_leaving_is_not_lost(bench):
    core, view = started(bench)
    core.note("last thought", view.rows[0].key, 8000)
    core.close()
    assert [item.text for item in notes.read(bench.workspace)] == ["last thought"]


def test_closing_twice_is_harmless(bench):
    core, _ = started(bench)
    core.close()
    assert core.close() == []


def test_a_study_that_nobody_drives_is_adopted_with_its_living_trials(bench):
    first, view = started(bench)
    runs = {row.run_id for row in view.rows}
    first.close()  # lets go; the fake hand-over starts nobody
    second = bench.core()
    view = until(second, lambda view: view.study is not None and view.study.driver == "here" and len(view.rows) == 2)
    assert {row.run_id for row in view.rows} == runs
    assert {row.state for row in view.rows} == {"running"}


def test_a_second_cockpit_shows_the_study_and_commands_it_by_letter(bench):
    _, _view = started(bench)
    second = bench.core()
    seen = until(second, running(2), "the other's trials")
    assert seen.study.driver == "elsewhere"
    row = seen.rows[0]
    second.kill(row.key, "seen from elsewhere")
    until(second, lambda view: view.row(row.key).state == "killed", "the kill")
    until(second, lambda view: view.notice is not None and "is being killed" in view.notice.text, "the answer")


def test_taking_over_moves_the_study_to_the_second_cockpit(bench):
    first, _ = started(bench)
    second = bench.core()
    until(second, lambda view: view.study is not None and view.study.driver == "elsewhere")
    second.take_over()
    until(second, lambda view: view.study.driver == "here", "taking over")
    until(first, lambda view: view.study.driver == "elsewhere", "letting go")
    first.close()
    assert bench.handed_over == []


def test_read_only_neither_drives_nor_writes(bench):
    first, _ = started(bench)
    first.close()
    files = {path: path.stat().st_mtime_ns for path in bench.workspace.root.rglob("*") if path.is_file()}
    core = bench.core(read_only=True)
    view = until(core, lambda view: len(view.rows) == 2)
    assert view.study.driver == "nobody"
    for ask in (core.start_study, core.start_trial, core.toggle_pause, core.take_over):
        ask()
    core.kill(view.rows[0].key, "no")
    core.note("no", "", None)
    core.close()
    assert files == {path: path.stat().st_mtime_ns for path in bench.workspace.root.rglob("*") if path.is_file()}


def test_runs_without_a_study_have_a_list_of_their_own(bench):
    record = RunRecord(id="20260101-000000-smoke-aaaabbbb", kind="smoke", env="vbot_navigation_section001")
    RunDir.create(bench.workspace.runs, record, {})
    core, _ = started(bench)
    view = until(core, lambda view: len(view.studies) == 2)
    assert view.studies[-1].id == SINGLE
    core.next_study()
    view = until(core, lambda view: view.study is not None and view.study.id == SINGLE)
    assert [row.name for row in view.rows] == ["smoke"]


def test_a_damaged_study_is_shown_as_such_and_spoils_nothing(bench):
    core, _ = started(bench)
    bad = bench.workspace.studies / "20990101-000000-bad-00000000"
    bad.mkdir()
    (bad / "study.yaml").write_text("nonsense: [")
    view = until(core, lambda view: len(view.studies) == 2)
    assert [head.state for head in view.studies] == ["damaged", "running"]
    assert view.studies[0].trouble


def test_one_picture_without_a_thread(bench):
    first, _ = started(bench)
    first.close()
    view = Core(bench.workspace, read_only=True).read_once()
    assert len(view.rows) == 2 and view.detail.breakdown is not None


def test_one_picture_has_the_terms_of_a_run_that_the_index_knows(tmp_path):
    workspace = Workspace.open(str(tmp_path))
    add_run(workspace, "no-study", 1, "run1")
    follower = Follower(workspace, keep=True, watch=None)
    follower.start()
    end = time.monotonic() + PATIENCE_S
    while not (workspace.view / "runs.index").exists() and time.monotonic() < end:
        time.sleep(0.02)
        follower.poke()
    follower.stop()
    assert run_index.load(workspace.view / "runs.index").keys() == {"run1"}
    view = Core(workspace, read_only=True).read_once()
    assert len(view.detail.breakdown.terms) == 4  # as many as the run was paid for
