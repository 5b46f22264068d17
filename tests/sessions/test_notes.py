import os
import shutil
import signal
import subprocess
import sys

import pytest

from sessions import notes
from sessions.errors import NotFoundError, UsageError
from sessions.workspace import Workspace
from tests.sessions.builders import make_run, make_workspace

DAY = 86_400.0


@pytest.fixture
def ws(tmp_path):
    return make_workspace(tmp_path)


def texts(found):
    return [note.text for note in found]


def test_a_session_note_goes_to_the_page_of_its_day(ws):
    note = notes.add(ws, " hello\nworld ", author="ada", clock=lambda: DAY)
    assert os.listdir(ws.notebook) == [f"1970-01-02-{notes.page_tag(ws)}.jsonl"]
    assert notes.read(ws) == [note]
    assert (note.text, note.author, note.time, note.run) == ("hello\nworld", "ada", "1970-01-02T00:00:00.000Z", None)


def test_a_note_about_a_run_lies_beside_it_with_its_anchor(ws):
    run = make_run(ws)
    note = notes.add(ws, "the moat begins", run="alpha", step=4096, tag="task/distance_m", clock=lambda: 0.0)
    assert notes.read(ws, run=run.id) == [note]
    assert (note.run, note.step, note.tag) == (run.id, 4096, "task/distance_m")
    assert os.listdir(ws.notebook) == []


def test_reading_merges_by_time(ws):
    make_run(ws)
    notes.add(ws, "second", clock=lambda: 2.0)
    notes.add(ws, "third", run="alpha", clock=lambda: 3.0)
    notes.add(ws, "first", clock=lambda: 1.0)
    notes.add(ws, "tomorrow", clock=lambda: DAY)
    assert texts(notes.read(ws)) == ["first", "second", "third", "tomorrow"]
    assert texts(notes.read(ws, day="1970-01-01")) == ["first", "second", "third"]
    assert notes.days(ws) == ["1970-01-01", "1970-01-02"]


def test_wrong_notes_write_nothing(ws):
    with pytest.raises(UsageError, match="a note needs words"):
        notes.add(ws, "  \n")
    with pytest.raises(NotFoundError):
        notes.add(ws, "x", run="nobody")
    assert os.listdir(ws.notebook) == []


def test_a_torn_note_costs_itself_only(ws):
    notes.add(ws, "kept", clock=lambda: 1.0)
    (page,) = notes.pages(ws)
    page.write_bytes(page.read_bytes() + b'{"id": "x", "time": "1970-01-01T00:00:02.000Z", "te')
    assert texts(notes.read(ws)) == ["kept"]
    notes.add(ws, "after", clock=lambda: 3.0)
    assert texts(notes.read(ws)) == ["kept", "after"]


def test_lines_that_are_no_notes_are_left_out(ws):
    (ws.notebook / "1970-01-01.jsonl").write_text(
        '{"text": 5, "time": "x"}\n{"text": "a"}\n{"text": "b", "time": "t", "step": "x"}\n'
    )
    (note,) = notes.read(ws)
    assert (note.text, note.step) == ("b", None)


def test_a_note_survives_kill_9_right_after_it_was_written(ws):
    code = (
        "import os, signal, sys; from sessions import notes; from sessions.workspace import Workspace\n"
        "notes.add(Workspace.open(sys.argv[1]), 'last words'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    done = subprocess.run([sys.executable, "-c", code, str(ws.root)], env=environment, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert texts(notes.read(Workspace.open(ws.root))) == ["last words"]


def test_workspaces_merged_by_copying_show_a_note_once(ws, tmp_path):
    make_run(ws)
    notes.add(ws, "mine", run="alpha", clock=lambda: 1.0)
    page = ws.run("alpha").notes_path
    page.write_text(page.read_text() * 2)
    shutil.copytree(ws.root, tmp_path / "other")
    assert texts(notes.read(Workspace.open(tmp_path / "other"))) == ["mine"]


def test_a_todo_is_open_until_a_note_answers_it_and_names_the_run(ws):
    run = make_run(ws)
    todo = notes.add(ws, "try the moat with radius 1 m", kind=notes.TODO, clock=lambda: 1.0)
    notes.add(ws, "a plain note", clock=lambda: 2.0)
    (waiting,) = notes.todos(ws)
    assert (waiting.note, waiting.open) == (todo, True)
    answer = notes.finish(ws, todo.id[:5], "it is gone", run="alpha", clock=lambda: 3.0)
    (closed,) = notes.todos(ws)
    assert (closed.open, closed.answers) == (False, (answer,))
    assert (answer.run, answer.answers, answer.text) == (run.id, todo.id, "it is gone")
    assert notes.read(ws, run="alpha") == [answer]


def test_a_todo_that_does_not_exist_is_named_with_the_open_ones(ws):
    todo = notes.add(ws, "sleep", kind=notes.TODO)
    with pytest.raises(NotFoundError, match=f"no TODO id begins with 'zz'; open ones: {todo.id}"):
        notes.finish(ws, "zz")
    with pytest.raises(NotFoundError):
        notes.finish(ws, "")


def test_copying_a_workspace_over_another_loses_no_session_note(tmp_path):
    here, there = make_workspace(tmp_path / "here"), make_workspace(tmp_path / "there")
    notes.add(here, "mine", clock=lambda: 1.0)
    notes.add(there, "yours", clock=lambda: 2.0)
    shutil.copytree(there.root, here.root, dirs_exist_ok=True)
    assert texts(notes.read(here)) == ["mine", "yours"]
    notes.add(here, "again mine", clock=lambda: 3.0)
    assert texts(notes.read(here, day="1970-01-01")) == ["mine", "yours", "again mine"]
    assert notes.days(here) == ["1970-01-01"]
