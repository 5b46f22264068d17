import time
from dataclasses import replace

import pytest

from automl.journal import read_journal
from automl.queue import Edit, Item, Queue, editing, fold, read
from sessions.errors import CorruptFileError, NotFoundError, UsageError
from sessions.files import parse_utc
from sessions.workspace import Workspace


@pytest.fixture
def workspace(tmp_path):
    return Workspace.open(tmp_path)


def add(edit: Edit, *after: str, **more) -> str:
    return edit.add("study", more.pop("label", "s"), more.pop("spec", {}), after, **more)


def words(queue: Queue) -> dict[str, str]:
    return {item.id: queue.word(item) for item in queue.items}


def test_items_are_numbered_in_order_of_their_making(workspace):
    with editing(workspace) as edit:
        assert [add(edit), add(edit)] == ["q1", "q2"]
    with editing(workspace) as edit:
        assert add(edit) == "q3"
    assert [item.id for item in read(workspace).items] == ["q1", "q2", "q3"]


def test_an_empty_workspace_has_an_empty_queue_and_reading_makes_nothing(workspace):
    assert read(workspace) == Queue()
    assert not (workspace.root / "queue").exists()


def test_what_is_next_waits_for_what_it_depends_on(workspace):
    with editing(workspace) as edit:
        first, second = add(edit), add(edit, "q1")
        third = add(edit)
        assert edit.queue.ready().id == first
        edit.started(first, "s-1")
        assert edit.queue.ready().id == first  # begun work goes on before anything else
        edit.ended(first, "done", "ok", {"score": 1.0})
        assert edit.queue.ready().id == second
        edit.cancel(second, "no")
        assert edit.queue.ready().id == third


def test_only_items_of_one_pipeline_that_may_run_side_by_side_do(workspace):
    with editing(workspace) as edit:
        first, alone = add(edit, pipeline="p"), add(edit, pipeline="p")
        beside, other = add(edit, pipeline="p", beside=True), add(edit, pipeline="r", beside=True)
        queue = edit.queue
        assert queue.ready([first]).id == beside  # before the one that wants to be alone
        assert queue.ready([first, beside]) is None
        assert queue.ready([other]) is None
        assert queue.ready([]).id == first
        edit.started(first, "s-1"), edit.started(beside, "s-2")
        assert edit.queue.ready([first]).id == beside  # begun work is taken up again, all of it
        edit.ended(first, "done", "ok"), edit.ended(beside, "done", "ok")
        assert edit.queue.ready().id == alone


def test_a_log_from_before_items_ran_side_by_side_is_read(workspace):
    with editing(workspace) as edit:
        add(edit)
    [event] = read_journal(workspace.root / "queue/events.jsonl").events
    assert not fold([{name: value for name, value in event.items() if name != "beside"}]).item("q1").beside


def test_what_depends_on_a_failure_is_blocked_all_the_way_down(workspace):
    with editing(workspace) as edit:
        add(edit), add(edit, "q1"), add(edit, "q2"), add(edit)
        edit.started("q1", "s")
        edit.ended("q1", "failed", "crashed")
    queue = read(workspace)
    assert words(queue) == {"q1": "failed", "q2": "blocked", "q3": "blocked", "q4": "waiting"}
    assert queue.blocked_by(queue.item("q3")).id == "q1"
    assert queue.ready().id == "q4"


def test_trying_again_unblocks(workspace):
    with editing(workspace) as edit:
        add(edit), add(edit, "q1")
        edit.started("q1", "s")
        edit.ended("q1", "failed", "crashed")
        edit.again("q1", "the disk was full")
    queue = read(workspace)
    assert words(queue) == {"q1": "waiting", "q2": "waiting"}
    assert (queue.ready().id, queue.ready().attempts, queue.ready().why) == ("q1", 1, "the disk was full")


def test_only_what_is_over_is_tried_again_and_only_what_waits_is_cancelled(workspace):
    with editing(workspace) as edit:
        add(edit), add(edit)
        with pytest.raises(UsageError, match="q1 is waiting"):
            edit.again("q1", "x")
        edit.started("q1", "s-7")
        with pytest.raises(UsageError, match="vbot automl stop s-7"):
            edit.cancel("q1", "x")
        edit.cancel("q2", "x")
        with pytest.raises(UsageError, match="q2 is cancelled already"):
            edit.cancel("q2", "x")


def test_what_is_done_stays_done(workspace):
    with editing(workspace) as edit:
        add(edit)
        edit.started("q1", "s")
        edit.ended("q1", "done", "good", {"score": 1.0})
        edit.ended("q1", "failed", "told twice")
    item = read(workspace).item("q1")
    assert (item.state, item.why, item.result) == ("done", "good", {"score": 1.0})


def test_the_order_can_be_changed(workspace):
    with editing(workspace) as edit:
        add(edit), add(edit), add(edit)
        edit.move("q3", "q1")
        assert [item.id for item in edit.queue.items] == ["q3", "q1", "q2"]
        edit.move("q3", None)
    assert [item.id for item in read(workspace).items] == ["q1", "q2", "q3"]


def test_a_paused_queue_lets_begun_work_go_on_and_starts_nothing(workspace):
    with editing(workspace) as edit:
        add(edit), add(edit)
        edit.started("q1", "s")
        edit.pause("night is over")
        assert edit.queue.ready().id == "q1"
        edit.ended("q1", "done", "ok")
        assert edit.queue.ready() is None
        edit.resume()
        assert edit.queue.ready().id == "q2"


def test_an_item_that_does_not_exist_is_named_with_those_that_do(workspace):
    with editing(workspace) as edit:
        add(edit)
        with pytest.raises(NotFoundError, match="no item 'q9'; its items are q1"):
            add(edit, "q9")
    assert len(read(workspace).items) == 1


def test_the_log_is_the_queue(workspace):
    with editing(workspace) as edit:
        add(edit, label="x", spec={"max_trials": 2}, start={"item": "q1"}, gate={"success": 0.9}, retries=2)
        edit.started("q1", "s-1")
        kept = edit.queue
    assert read(workspace) == kept
    item = kept.item("q1")
    made = Item("q1", "study", "x", {"max_trials": 2}, (), {"item": "q1"}, {"success": 0.9}, 2)
    assert item == replace(made, state="running", attempts=1, study="s-1", began=item.began)
    assert parse_utc(item.began) == pytest.approx(time.time(), abs=60.0)


def test_a_torn_last_line_is_forgotten_and_damage_is_refused(workspace):
    with editing(workspace) as edit:
        add(edit), add(edit)
    log = workspace.root / "queue/events.jsonl"
    whole = log.read_bytes()
    log.write_bytes(whole[:-7])
    assert [item.id for item in read(workspace).items] == ["q1"]
    with editing(workspace) as edit:
        assert add(edit) == "q2"
    log.write_bytes(whole.replace(b'"q1"', b'"q7"', 1))
    with pytest.raises(CorruptFileError, match="line 1"):
        read(workspace)


def test_events_of_a_later_version_change_nothing():
    assert fold([{"type": "item_painted", "item": "q1"}]) == Queue()
