import pytest

from automl.memory import records
from automl.memory.search import search, snippet
from automl.memory.tried import render, tried
from automl.space import Range
from automl.spec import StudySpec
from sessions import notes
from sessions.errors import UsageError
from sessions.history import import_tree
from tests.automl.memory.builders import ENV, make_config, make_run, make_study, make_workspace, trial

KEY = "task.reward.scales.near_target_speed"
SPACE = {KEY: {"low": -2.0, "high": -0.1}}


@pytest.fixture
def ws(tmp_path):
    return make_workspace(tmp_path / "ws")


def study_with_key(ws):
    make_run(ws, "run-best", study="s", scores={10: 0.75}, kind="trial")
    make_study(
        ws,
        "s",
        [
            *trial(0, 0.25, run="run-moat", params={KEY: -2.0}, flags=["deceleration_moat"]),
            *trial(1, 0.75, run="run-best", params={KEY: -0.5}),
            *trial(2, None, run="run-broken", params={KEY: -1.0}, state="failed", reason="crashed", detail="no"),
        ],
        space=SPACE,
        ended="all trials ended",
    )


def import_old_trials(ws, folder):
    """One campaign of the older tools: two scored trials and one whose launch crashed at once."""
    path = folder / "automl_logs" / "automl_20260201_101010"
    path.mkdir(parents=True)
    (path / "notes.md").write_text("# Thoughts\nnear_target_speed was too strong\n")
    import_tree(folder, ws.root)


def test_every_shelf_answers_with_the_place_of_each_hit(ws, tmp_path):
    study_with_key(ws)
    run = make_run(ws, "own", scores={10: 0.5})
    scales = {"reward": {"scales": {"near_target_speed": -3.0, "other": 1.0}}}
    make_config(run, {"env": ENV, "preset": "default", "task": scales}, {KEY: "override"})
    note = notes.add(ws, "Near_Target_Speed makes a moat", run="own")
    todo = notes.add(ws, "halve near_target_speed", kind=notes.TODO)
    records.add(ws, "s")
    shelf = ws.root / "reward_library" / "rejected"
    shelf.mkdir(parents=True)
    (shelf / "hard_brake.yaml").write_text("name: hard brake\nwhy: near_target_speed at -5 stops it outside\n")
    import_old_trials(ws, tmp_path / "old")

    found = search(ws, "near_target_speed")
    places = {(hit.kind, hit.place) for hit in found.hits}
    assert ("note", f"runs/own/notes.jsonl:{note.id}") in places
    assert any(kind == "todo" and place.endswith(f":{todo.id}") for kind, place in places)
    assert ("study", "studies/s/study.yaml") in places
    assert ("run", "runs/own/config.yaml") in places
    assert ("library", "reward_library/rejected/hard_brake.yaml:2") in places
    assert any(kind == "imported" and place.endswith("notes.md:2") for kind, place in places)
    record = next(hit for hit in found.hits if hit.kind == "record")
    number = int(record.place.rpartition(":")[2])
    line = (ws.reports / "REPORT_section001.md").read_text().splitlines()[number - 1]
    assert KEY in line and record.about == "s"


def test_a_study_says_what_was_tried_and_a_run_what_it_set(ws):
    study_with_key(ws)
    run = make_run(ws, "own", scores={10: 0.5})
    scales = {"reward": {"scales": {"near_target_speed": -3.0}}}
    make_config(run, {"env": ENV, "preset": "default", "task": scales}, {KEY: "override"})
    texts = {hit.kind: hit.text for hit in search(ws, KEY).hits}
    assert texts["study"] == f"searched {KEY}: -2 to -0.5 in 3 trials; best trial 1 has -0.5"
    assert texts["run"] == f"{KEY} = -3 (override), score 0.500"


def test_a_value_that_nobody_chose_is_no_hit(ws):
    run = make_run(ws, "own")
    scales = {"reward": {"scales": {"near_target_speed": -3.0}}}
    make_config(run, {"env": ENV, "preset": "default", "task": scales}, {KEY: "task"})
    assert search(ws, "near_target_speed").hits == ()


def test_a_search_for_nothing_is_refused(ws):
    with pytest.raises(UsageError, match="a search needs words"):
        search(ws, "  ")


def test_a_snippet_shows_the_words_around():
    assert snippet("a  b\nneedle", "needle") == "a b needle"
    cut = snippet("x" * 300 + " needle " + "y" * 300, "needle")
    assert cut.startswith("... ") and cut.endswith(" ...") and "needle" in cut and len(cut) == 168


def spec(*keys):
    return StudySpec(env=ENV, space={key: Range(0.1, 1.0) for key in keys})


def test_before_a_study_it_is_known_what_its_keys_did(ws):
    study_with_key(ws)
    found = tried(ws, spec(KEY))
    (key,) = found.keys
    assert (key.trials, key.studies, key.low, key.high, key.broken) == (3, 1, -2.0, -0.5, 1)
    assert key.best == (-0.5, 0.75, "run-best")
    assert key.flags == (("deceleration_moat", 1),)
    assert (found.same_keys, found.best) == (("s",), ("run-best", 0.75))
    assert "3 trials in 1 study, -2 to -0.5; best 0.750 with -0.5 (`run-best`)" in render(found)


def test_a_new_key_and_another_environment_have_no_past(ws):
    study_with_key(ws)
    found = tried(ws, spec(KEY, "ppo.clip"))
    assert (found.keys[1].trials, found.same_keys) == (0, ())
    assert "- `ppo.clip`: never searched here" in render(found)
    other = tried(ws, StudySpec(env="vbot_navigation_section011", space={KEY: Range(0.1, 1.0)}))
    assert (other.keys[0].trials, other.best) == (0, None)


def test_rejected_ideas_notes_and_open_todos_are_remembered(ws):
    shelf = ws.root / "reward_library" / "rejected"
    shelf.mkdir(parents=True)
    (shelf / "hard_brake.yaml").write_text("scales: {near_target_speed: -5}\n")
    (shelf / "unrelated.yaml").write_text("scales: {alive: 5}\n")
    notes.add(ws, "near_target_speed drags")
    notes.add(ws, "nice weather")
    todo = notes.add(ws, "sleep", kind=notes.TODO)
    found = tried(ws, spec(KEY))
    assert found.rejected == ("hard_brake",)
    assert [note.text for note in found.notes] == ["near_target_speed drags"]
    assert found.todos == (todo,)
