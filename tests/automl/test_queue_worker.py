"""Working through a queue whose studies are played: what they train is written down instead of trained."""

from collections.abc import Callable
from threading import Barrier
from typing import Any

import pytest

from automl import queue_worker
from automl.headless import Leave
from automl.journal import Journal
from automl.pipeline import PipelineSpec, Stage, checked, enqueue
from automl.queue import editing, read
from automl.queue_worker import missed, resolved_spec, work
from automl.space import Range
from automl.spec import StudySpec, load, spec_to_dict
from automl.studies import create_study, study_view
from sessions.errors import LockedError
from sessions.files import to_json, write_atomic
from sessions.locks import Lock
from sessions.workspace import Workspace
from tests.automl.builders import command, created, finished, prepared, rung, started
from vbot_rl.config import run_cfg
from vbot_rl.launch import create_run

RATE = "ppo.learning_rate"
SPEC = StudySpec(label="s", space={RATE: Range(1e-4, 1e-2, log=True)}, max_trials=2)
GOOD = ((0, 0.2, 0.3), (1, 0.9, 0.95))  # trial, score, success


@pytest.fixture
def workspace(tmp_path):
    return Workspace.open(tmp_path)


class Played:
    """Takes the place of `run_study`: each call plays the next script and says which study it was."""

    def __init__(self, *scripts: Callable[[Workspace, str], None]) -> None:
        self.scripts = list(scripts)
        self.studies: list[str] = []

    def __call__(self, workspace: Workspace, study: str, leave: Leave) -> Any:
        self.studies.append(study)
        self.scripts.pop(0)(workspace, study)
        return study_view(workspace, study)


def ends(*trials: tuple[int, float, float]) -> Callable[[Workspace, str], None]:
    """A study whose trials end with these scores, each with two judged checkpoints, the first one better."""

    def play(workspace: Workspace, study: str) -> None:
        events: list[dict[str, Any]] = []
        for number, score, success in trials:
            resolved = run_cfg(SPEC.env, sets={RATE: 1e-3 * (number + 1)})
            run = create_run(workspace, resolved, kind="trial", label=f"t{number}", study=study, trial=number)
            for step, worth in ((1000, score), (2000, score - 0.1)):
                (run.path / f"checkpoints/step_{step}.pt").touch()
                judged = {"protocol": "competition", "step": step, "score": worth, "success": success, "fell": 0.02}
                write_atomic(run.path / f"evals/competition-{step}.json", to_json({**judged, "episodes": 256}))
            events += [created(number, {RATE: 1e-3 * (number + 1)}), {**prepared(number), "run": run.id}]
            events += [started(number), rung(number, 1000, score), finished(number, score)]
        write(workspace, study, [*events, {"type": "study_ended", "why": "played"}])

    return play


def crashes(workspace: Workspace, study: str) -> None:
    """A study whose only trial crashes."""
    ended = finished(0, None, "failed", "boom")
    write(workspace, study, [created(0), prepared(0), started(0), ended, {"type": "study_ended", "why": "played"}])


def is_left(workspace: Workspace, study: str) -> None:
    """Somebody asked the process to leave while the study ran."""


def is_stopped(workspace: Workspace, study: str) -> None:
    write(workspace, study, [command("stop_study"), {"type": "study_ended", "why": "stopped"}])


def write(workspace: Workspace, study: str, events: list[dict[str, Any]]) -> None:
    journal = Journal(workspace.studies / study / "events.jsonl")
    for event in events:
        journal.append(event)
    journal.close()


def play(monkeypatch, *scripts) -> Played:
    played = Played(*scripts)
    monkeypatch.setattr(queue_worker, "run_study", played)
    return played


def add(workspace, *after: str, **more) -> str:
    with editing(workspace) as edit:
        return edit.add("study", "s", spec_to_dict(SPEC), after, **more)


def states(workspace) -> dict[str, str]:
    queue = read(workspace)
    return {item.id: queue.word(item) for item in queue.items}


def said() -> tuple[list[str], Callable[[str], None]]:
    lines: list[str] = []
    return lines, lines.append


def quiet(line: str) -> None:
    pass


def test_studies_are_done_in_order_and_remembered_with_what_they_trained(workspace, monkeypatch):
    add(workspace), add(workspace)
    played = play(monkeypatch, ends(*GOOD), ends((0, 0.5, 0.5)))
    lines, tell = said()
    work(workspace, tell)
    assert states(workspace) == {"q1": "done", "q2": "done"}
    first = read(workspace).item("q1")
    assert (first.study, first.result["trial"], first.result["score"]) == (played.studies[0], 1, 0.9)
    assert "best is trial 1 with score 0.900" in first.why
    assert [line for line in lines if "begun" in line] == ["q1 s: begun", "q2 s: begun"]


def test_what_fails_is_tried_again_as_a_new_study_so_often_as_asked(workspace, monkeypatch):
    add(workspace, retries=1)
    played = play(monkeypatch, crashes, ends(*GOOD))
    work(workspace, quiet)
    assert states(workspace) == {"q1": "done"}
    assert len(set(played.studies)) == 2
    assert read(workspace).item("q1").attempts == 2


def test_without_retries_a_failure_stays_and_blocks(workspace, monkeypatch):
    add(workspace), add(workspace, "q1")
    play(monkeypatch, crashes)
    work(workspace, quiet)
    assert states(workspace) == {"q1": "failed", "q2": "blocked"}
    assert "no trial of the study came to its end" in read(workspace).item("q1").why


def test_a_study_that_a_person_stopped_is_not_what_was_wanted(workspace, monkeypatch):
    add(workspace)
    play(monkeypatch, is_stopped)
    work(workspace, quiet)
    assert states(workspace) == {"q1": "failed"}
    assert "stopped by ann" in read(workspace).item("q1").why


def test_a_worker_that_is_asked_to_leave_leaves_the_item_to_the_next_one(workspace, monkeypatch):
    add(workspace), add(workspace)
    play(monkeypatch, is_left)
    work(workspace, quiet)
    assert states(workspace) == {"q1": "running", "q2": "waiting"}
    begun = read(workspace).item("q1").study
    played = play(monkeypatch, ends(*GOOD), ends(*GOOD))
    work(workspace, quiet)
    assert states(workspace) == {"q1": "done", "q2": "done"}
    assert played.studies[0] == begun
    assert read(workspace).item("q1").attempts == 1


def test_a_worker_whose_study_is_wanted_elsewhere_waits_until_it_has_ended(workspace, monkeypatch):
    """The cockpit takes it over and goes away again; then the worker goes on."""

    def is_wanted(workspace: Workspace, study: str) -> None:
        write(workspace, study, [{"type": "scheduler_stopped", "why": "handed over"}])

    monkeypatch.setattr(queue_worker, "POLL_S", 0.0)
    add(workspace)
    played = play(monkeypatch, is_wanted, ends(*GOOD))
    work(workspace, quiet)
    assert states(workspace) == {"q1": "done"}
    assert len(played.studies) == 2
    assert read(workspace).item("q1").attempts == 1


def test_a_worker_killed_before_it_made_the_study_makes_it_under_the_noted_id(workspace, monkeypatch):
    item = add(workspace)
    with editing(workspace) as edit:
        edit.started(item, "20260101-000000-s-0001")
    played = play(monkeypatch, ends(*GOOD))
    work(workspace, quiet)
    assert played.studies == ["20260101-000000-s-0001"]
    assert [path.name for path in workspace.study_dirs()] == ["20260101-000000-s-0001"]


def test_a_study_that_ended_while_nobody_looked_is_only_concluded(workspace, monkeypatch):
    study = create_study(workspace, SPEC)
    ends(*GOOD)(workspace, study)
    item = add(workspace)
    with editing(workspace) as edit:
        edit.started(item, study)
    played = play(monkeypatch)
    work(workspace, quiet)
    assert (states(workspace), played.studies) == ({"q1": "done"}, [])


def test_two_workers_on_one_queue_are_one_too_many(workspace):
    add(workspace)
    lock = workspace.root / "queue/lock"
    with Lock.acquire(lock, "the other worker"), pytest.raises(LockedError, match="the other worker"):
        work(workspace, quiet)


def test_a_worker_for_some_items_leaves_the_others(workspace, monkeypatch):
    first = add(workspace)
    add(workspace)
    play(monkeypatch, ends(*GOOD))
    work(workspace, quiet, only=[first])
    assert states(workspace) == {"q1": "done", "q2": "waiting"}


def two_side_by_side(workspace, monkeypatch) -> Barrier:
    """Queue two items that may run side by side on two cores, and return where both can meet."""
    monkeypatch.setattr(queue_worker, "usable_cores", lambda: 2)
    add(workspace, pipeline="p", beside=True), add(workspace, pipeline="p", beside=True)
    return Barrier(2)


def test_items_that_may_run_beside_others_do(workspace, monkeypatch):
    both = two_side_by_side(workspace, monkeypatch)

    def meets(workspace: Workspace, study: str) -> None:
        both.wait(timeout=20.0)
        ends(*GOOD)(workspace, study)

    play(monkeypatch, meets, meets)
    work(workspace, quiet)
    assert states(workspace) == {"q1": "done", "q2": "done"}


def test_a_worker_that_is_asked_to_leave_leaves_all_that_runs(workspace, monkeypatch):
    both = two_side_by_side(workspace, monkeypatch)

    def waits(workspace: Workspace, study: str) -> None:
        both.wait(timeout=20.0)

    play(monkeypatch, waits, waits)
    work(workspace, quiet)  # both studies come back unattended
    assert states(workspace) == {"q1": "running", "q2": "running"}
    play(monkeypatch, ends(*GOOD), ends(*GOOD))
    work(workspace, quiet)  # the next worker goes on with both
    assert states(workspace) == {"q1": "done", "q2": "done"}


def test_what_breaks_the_worker_does_not_keep_it_from_ending(workspace, monkeypatch):
    both = two_side_by_side(workspace, monkeypatch)

    def breaks(workspace: Workspace, study: str) -> None:
        both.wait(timeout=20.0)
        raise OSError("no space left")

    def stays(workspace: Workspace, study: str, leave: Leave) -> Any:
        both.wait(timeout=20.0)
        assert leave.wait(20.0)
        return study_view(workspace, study)

    scripts = [Played(breaks), stays]
    monkeypatch.setattr(queue_worker, "run_study", lambda *asked, leave: scripts.pop()(*asked, leave))
    with pytest.raises(OSError, match="no space left"):
        work(workspace, quiet)


def test_a_broken_spec_is_a_failure_in_words(workspace):
    with editing(workspace) as edit:
        edit.add("study", "s", {"env": "vbot_nowhere"})
    work(workspace, quiet)
    assert states(workspace) == {"q1": "failed"}
    assert "vbot_nowhere" in read(workspace).item("q1").why


def curriculum(workspace, **gate: float) -> None:
    stages = (
        Stage("near", SPEC, promote=gate),
        Stage("far", SPEC, parts=("weights",), learning_rate_factor=0.5, seeds=1),
    )
    with editing(workspace) as edit:
        enqueue(edit, PipelineSpec("chain", stages), "p-1")


def test_the_next_stage_starts_from_the_best_checkpoint_and_the_best_trial(workspace, monkeypatch):
    curriculum(workspace, success=0.9)
    played = play(monkeypatch, ends(*GOOD), ends(*GOOD))
    work(workspace, quiet)
    assert states(workspace) == dict.fromkeys(("q1", "q2", "q3", "q4"), "done")
    judged = read(workspace).item("q2").result
    assert (judged["step"], judged["score"], judged["success"]) == (1000, 0.9, 0.95)
    spec = load(workspace.studies / played.studies[1] / "study.yaml")
    assert spec.warm_start is not None
    assert (spec.warm_start.run, spec.warm_start.step, spec.warm_start.parts) == (judged["run"], 1000, ("weights",))
    assert spec.based_on == f"{judged['run']}@1000"
    assert spec.space[RATE] == Range(5e-5, 5e-3, log=True, around=1e-3)
    assert [dict(seed.params) for seed in spec.seed_configs] == [{RATE: 5e-4}, {RATE: 1e-3}]  # halved
    assert spec.seed_configs[1].source == f"{played.studies[0]}:1"


def test_a_stage_that_is_not_promoted_ends_the_chain_with_the_numbers(workspace, monkeypatch):
    curriculum(workspace, success=0.97, fell=0.01)
    play(monkeypatch, ends(*GOOD))
    work(workspace, quiet)
    assert states(workspace) == {"q1": "done", "q2": "failed", "q3": "blocked", "q4": "blocked"}
    why = read(workspace).item("q2").why
    assert "success is 0.950, at least 0.97 is asked for; fell is 0.020, at most 0.01 is asked for" in why


def test_a_gate_on_what_was_not_measured_does_not_open(workspace, monkeypatch):
    class Unknown:
        success, fell, score = None, 0.0, 0.5

    assert missed(Unknown(), {"success": 0.5}) == "success is not measured, at least 0.5 is asked for"
    assert missed(Unknown(), {"score": 0.5, "fell": 0.0}) == ""


def test_a_start_from_something_untrained_says_so(workspace):
    from sessions.errors import WorkFailed

    with editing(workspace) as edit:
        edit.add("study", "a", spec_to_dict(SPEC))
        edit.add("study", "b", spec_to_dict(SPEC), start={"item": "q1", "parts": ["weights"]})
    queue = read(workspace)
    with pytest.raises(WorkFailed, match=r"q1 \(a\) has trained nothing"):
        resolved_spec(workspace, queue, queue.item("q2"))


def test_what_a_stage_leaves_of_the_budget_is_shared_by_those_after_it(workspace):
    """900 s, 300 each: 100 used leaves 200 for two, so 400; all of these used leaves 100 for the last one, so 400."""
    stages = tuple(Stage(name, SPEC, start_from="") for name in "abc")
    own = Stage("own", StudySpec(label="own", space=SPEC.space, budget_s=50.0), start_from="")
    with editing(workspace) as edit:
        made = enqueue(edit, checked(PipelineSpec("p", (*stages, own), budget_s=950.0)), "p")
    given = []
    for item_id, used_s in zip(made[::2], (100.0, 400.0, 400.0, 50.0), strict=True):
        spec = resolved_spec(workspace, read(workspace), read(workspace).item(item_id))
        given.append(spec.budget_s)
        study = create_study(workspace, spec)
        write(workspace, study, [{"type": "study_ended", "why": "played", "t": used_s}])
        with editing(workspace) as edit:
            edit.started(item_id, study)
            edit.ended(item_id, "done", "played")
    assert given == [300.0, 400.0, 400.0, 50.0]
