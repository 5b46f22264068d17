import json
import os
import subprocess
import sys

import pytest

from automl import library, queue
from automl.memory import records
from sessions import notes
from sessions.runs import RunDir
from sessions.workspace import Workspace
from tests.vbot_tui.studies import add_run
from vbot_tui.errands import Errand, Errands, done, read_actions
from vbot_tui.shelf_model import found
from vbot_tui.shelves import SHELVES, TAIL_BYTES, ShelfDesk, read, tail


@pytest.fixture
def workspace(tmp_path):
    return Workspace.open(str(tmp_path))


@pytest.mark.parametrize("name", SHELVES)
def test_every_shelf_of_an_empty_workspace_is_empty_and_well(workspace, name):
    shelf = read(workspace, name)
    assert (shelf.items, shelf.trouble, shelf.page) == ((), "", ())


def test_the_queue_lies_in_its_order_with_what_each_item_waits_for(workspace):
    with queue.editing(workspace) as edit:
        first = edit.add("study", "one", {"label": "one"})
        edit.add("evaluate", "two", {"of": first}, after=[first])
        edit.cancel(first, "me: no")
        edit.pause("me: lunch")
    shelf = read(workspace, "queue")
    assert [item.cells[:5] for item in shelf.items] == [
        ("q1", "cancelled", "study", "one", "-"),
        ("q2", "blocked", "evaluate", "two", "q1"),
    ]
    assert shelf.note == "paused: me: lunch" and shelf.page[0] == "# q1 one" and "label: one" in shelf.page


def test_the_library_shows_ideas_and_why_one_was_rejected(workspace):
    idea = library.Entry("no-alive", "vbot_navigation_section001", settings={"task.reward.scales.alive_bonus": 0.0})
    library.put(workspace, "components", idea)
    library.reject(workspace, "no-alive", "falls at once")
    (item,) = read(workspace, "library").items
    assert item.cells == ("no-alive", "rejected", "rejected", "-", "1", "falls at once")
    assert (
        found(read(workspace, "library"), "ALIVE_bonus") == (item,) and found(read(workspace, "library"), "x y") == ()
    )


def test_open_todos_come_first_then_done_ones_notes_and_records(workspace):
    run = add_run(workspace, "no-study", 7, "run7", updates=5)
    clock = iter(range(1_770_000_000, 1_770_001_000, 60))
    say = lambda words, **more: notes.add(workspace, words, clock=lambda: next(clock), **more)  # noqa: E731
    old = say("film it", kind=notes.TODO)
    say("try less noise", kind=notes.TODO)
    say("hind legs drag", run="run7", step=5000)
    notes.finish(workspace, old.id, "looks good")
    records.add_run(workspace, RunDir(run.path))
    shelf = read(workspace, "records", old.id)
    assert [item.cells[0] for item in shelf.items] == ["TODO", "done", "note", "run"]
    assert shelf.items[2].cells[2:] == ("run7", "hind legs drag")
    assert shelf.page[-1].endswith(": looks good")
    assert any("run7" in row for row in read(workspace, "records", shelf.items[3].key).page)


def test_logs_are_listed_newest_first_with_what_was_asked_for_on_top(workspace):
    for age, name in ((100, "old"), (50, "new")):
        run = add_run(workspace, "no-study", 1, name, updates=5)
        os.utime(run.log_path, (1_770_000_000 - age, 1_770_000_000 - age))
    Errands(workspace, "me").record("kill_trial", "T3", why="too slow")
    shelf = read(workspace, "logs")
    assert [item.cells[0] for item in shelf.items] == ["actions", "training", "training"]
    assert [item.cells[3] for item in shelf.items[1:]] == ["new", "old"]
    assert shelf.page[0].endswith("me kill_trial T3 too slow")
    assert read(workspace, "logs", shelf.items[1].key).page == ("trial 1", "begun")


def test_the_end_of_a_log_folds_progress_and_colours(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"one\r\n\x1b[31mred\x1b[0m\n10%\r50%\r100%\n\n")
    assert tail(path) == ["one", "red", "100%"]


def test_only_the_end_of_a_long_log_is_read(tmp_path):
    path = tmp_path / "log"
    path.write_text("".join(f"line {number}\n" for number in range(100_000)))
    end = tail(path, 3)
    assert end == ["line 99997", "line 99998", "line 99999"]
    assert path.stat().st_size > 5 * TAIL_BYTES and len(tail(path, 10**6)) < TAIL_BYTES // 10


def test_a_damaged_shelf_says_so(workspace):
    folder = workspace.root / library.FOLDER / "configs"
    folder.mkdir(parents=True)
    (folder / "x.yaml").write_text("{")
    assert "x.yaml" in read(workspace, "library").trouble


def test_actions_survive_damaged_lines_and_come_newest_first(workspace):
    errands = Errands(workspace, "me")
    errands.record("kill_trial", "T1")
    page = next((workspace.root / "actions").glob("*.jsonl"))
    page.write_text(page.read_text() + "{torn\n")
    errands.record("export", "T2")
    assert [row["about"] for row in read_actions(workspace)] == ["T2", "T1"]


def test_a_shelf_is_read_only_while_it_is_open(workspace):
    desk = ShelfDesk(workspace)
    assert desk.opened() is None
    desk.open("logs", "")
    assert desk.opened().name == "logs"
    desk.open("", "")
    assert desk.opened() is None


def test_a_command_that_is_refused_ends_with_its_own_words(workspace):
    errands = Errands(workspace, "me")
    errands.start(("export", "nothing"), "export of nothing")
    (running,) = errands._running
    running.process.wait()
    (end,) = errands.ended()
    assert not end.ok and end.text.startswith("export of nothing: ") and "nothing" in end.text[19:]
    assert read_actions(workspace)[0]["command"] == "vbot export nothing" and errands.running == 0


@pytest.mark.parametrize(
    ("result", "told"),
    [
        ({"file": "evals/x.json", "checkpoints": [{}, {}, {}], "score": 0.5}, "3 checkpoints judged"),
        ({"file": "evals/x.json", "score": 0.5}, "score 0.5"),
        ({"file": "policy.onnx"}, "written to policy.onnx"),
    ],
)
def test_an_errand_tells_what_was_found_before_where_it_lies(workspace, result, told):
    script = f"print({json.dumps(json.dumps(result))})"
    out = workspace.root / "said.json"
    with out.open("wb") as said:
        process = subprocess.Popen([sys.executable, "-c", script], stdout=said)
    process.wait()
    assert done(Errand("it", process, out, out)).text == f"it: {told}"
