import json

import pytest

from tests.automl.memory.builders import make_config, make_run, make_study, make_workspace, trial
from tests.cli.command import vbot


@pytest.fixture
def ws(tmp_path):
    ws = make_workspace(tmp_path / "ws")
    for name, rate, score in (("a", 1e-3, 0.5), ("b", 1e-4, 0.75)):
        run = make_run(
            ws,
            name,
            updated="2026-11-21T08:00:00.000Z",
            scores={10: score},
            curves={10: {"reward/walk": score, "reward/total": score}},
        )
        make_config(run, {"env": "e", "preset": "p", "ppo": {"learning_rate": rate}})
    return ws


def say(ws, *words):
    return vbot(*words, "--workspace", ws.root)


def test_a_brief_is_printed_written_and_counts_as_a_look(ws):
    first = say(ws, "brief")
    assert first.code == 0
    assert first.out == (ws.root / "WAKE_UP.md").read_text()
    assert "**a**" in first.out
    assert "**a**" not in say(ws, "brief").out.partition("What runs now")[0].partition("What happened")[2]
    assert "**a**" in say(ws, "brief", "--since", "2026-11-20").out


def test_a_program_that_asks_is_not_the_person_looking(ws):
    found = say(ws, "brief", "--json").object
    assert [line["about"] for line in found["happened"]] == ["b", "a"]
    assert [lead["run"] for lead in found["leads"]] == ["b", "a"]
    assert not (ws.view / "looked.json").exists()
    say(ws, "brief", "--keep")
    assert not (ws.view / "looked.json").exists()
    say(ws, "brief")
    assert json.loads((ws.view / "looked.json").read_text())["at"]


def test_a_wrong_time_is_wrong_usage(ws):
    said = say(ws, "brief", "--since", "soon")
    assert (said.code, said.err.count("\n")) == (2, 1)


def test_what_was_tried_is_asked_before_a_study(ws, tmp_path):
    make_study(ws, "s", trial(0, 0.5, run="a"))
    path = tmp_path / "spec.yaml"
    path.write_text("space: {ppo.learning_rate: {low: 1e-4, high: 1e-2, log: true}}\n")
    found = say(ws, "brief", "--for", path, "--json").object
    assert [(key["key"], key["trials"]) for key in found["keys"]] == [("ppo.learning_rate", 1)]
    assert say(ws, "brief", "--for", tmp_path / "no.yaml").code == 2


def test_a_todo_goes_from_the_note_to_the_run_that_answers_it(ws):
    todo = say(ws, "note", "add", "--todo", "try", "radius", "1", "--json").object
    assert todo["kind"] == "todo"
    assert todo["id"] in say(ws, "brief", "--keep").out
    assert say(ws, "note", "todo").out.startswith(f"[ ] {todo['id']}")
    closed = say(ws, "note", "done", todo["id"][:4], "it helped", "--run", "b", "--json").object
    assert (closed["answers"], closed["run"]) == (todo["id"], "b")
    assert say(ws, "note", "todo").out == "Nothing to do.\n"
    (kept,) = say(ws, "note", "todo", "--all", "--json").object["todos"]
    assert (kept["open"], kept["answered_by"][0]["run"]) == (False, "b")
    assert say(ws, "note", "done", "zzzz").code == 2


def test_two_runs_side_by_side(ws):
    found = say(ws, "compare", "a", "b", "--json").object
    assert found["config"] == [{"key": "ppo.learning_rate", "values": [1e-3, 1e-4], "origins": ["default", "default"]}]
    assert found["reward"] == [{"name": "walk", "unit": "/step", "values": [0.5, 0.75], "deltas": [0.0, 0.25]}]
    text = say(ws, "compare", "a", "b").out
    assert "0.001 (default)" in text and "+0.25" in text
    assert say(ws, "compare", "a").code == 2


def test_records_are_added_shown_and_searched(ws):
    added = say(ws, "report", "add", "a", "--json").object
    assert added["entries"][0]["added"] is True
    assert say(ws, "report", "add", "a", "--json").object["entries"][0]["added"] is False
    missing = say(ws, "report", "add", "--missing", "--json").object
    assert [item["id"] for item in missing["entries"]] == ["b"]
    assert say(ws, "report", "show", "section001").out.count("<!-- vbot:entry") == 2
    assert say(ws, "report", "show", "b", "--json").object["text"].startswith("<!-- vbot:entry run=b -->")
    hits = say(ws, "report", "search", "score 0.750", "--json").object["hits"]
    assert [hit["about"] for hit in hits if hit["kind"] == "record"] == ["b"]
    assert say(ws, "report", "show", "nothing").code == 2
    assert say(ws, "report", "add").code == 2


def test_runs_are_listed_by_condition_and_order(ws):
    def ids(*words):
        return [row["id"] for row in say(ws, "ls", *words, "--json").object["runs"]]

    assert ids("score>0.6") == ["b"]
    assert ids("where", "score>0.6", "or", "ppo.learning_rate>5e-4") == ["b", "a"]
    assert ids("--where", "score<0.6") == ["a"]
    assert ids("--sort", "score", "--reverse") == ["a", "b"]
    assert say(ws, "ls", "scoer>1").code == 2
    assert "vm" in say(ws, "ls").out
