"""What can be done from the screen, on real files with schedulers whose trials only pretend to learn."""

import threading
import time

import pytest

from automl import queue
from automl.journal import read_journal
from automl.scheduler import Scheduler
from automl.space import Range
from automl.spec import StudySpec, to_yaml
from sessions import notes
from sessions.workspace import Workspace
from tests.vbot_tui.builders import row
from tests.vbot_tui.fake_machine import FakeMachine
from tests.vbot_tui.studies import add_run
from vbot_tui.core import Core
from vbot_tui.desk import Desk
from vbot_tui.errands import read_actions
from vbot_tui.launch_model import Draft
from vbot_tui.orders import archive_name, full_length

PATIENCE_S = 20.0
SPEC = StudySpec(
    label="tiny", space={"ppo.clip": Range(0.1, 0.3)}, max_trials=2, trial_env_steps=100_000, slots=2,
    sampler="random",
)  # fmt: skip


class Errand:
    """Commands that are only written down."""

    def __init__(self):
        self.started = []

    def start(self, words, about):
        self.started.append((tuple(words), about))


@pytest.fixture
def workspace(tmp_path):
    return Workspace.open(str(tmp_path))


@pytest.fixture
def core(workspace):
    machine = FakeMachine(workspace)
    desk = Desk(workspace, lambda ws, study: Scheduler(ws, study, machine.executor(), pass_s=0.02), lambda *_: 1)
    made = Core(workspace, spec=SPEC, desk=desk)
    made.changed = threading.Event()
    made.errand = Errand()
    made._errands.start = made.errand.start
    made.start(made.changed.set)
    until(made, lambda view: view.ready)
    yield made
    made.close()
    machine.release_all()


def until(core, true_of):
    end = time.monotonic() + PATIENCE_S
    while not true_of(core.view):
        core.changed.wait(0.05)
        core.changed.clear()
        assert time.monotonic() < end, core.view
    return core.view


def told(core, words):
    return until(core, lambda view: view.notice is not None and words in view.notice.text).notice


def events(workspace, kind):
    (study,) = workspace.study_dirs()
    return [event for event in read_journal(study / "events.jsonl").events if event["type"] == kind]


def started(core):
    core.start_study_of(to_yaml(SPEC))
    return until(core, lambda view: sum(item.state == "running" for item in view.rows) == 2)


def test_a_study_from_the_form_is_driven_here_and_written_down(core, workspace):
    view = started(core)
    assert view.study.driver == "here" and view.study.max_trials == 2
    assert [action["action"] for action in read_actions(workspace)] == ["study"]


def test_a_clone_with_searched_keys_is_a_trial_of_the_study(core, workspace):
    view = started(core)
    first = next(item for item in view.rows if item.number == 0)
    core.clone(first.key, Draft(source=first.run_id, sets=(("ppo.clip", "0.25"),)))
    told(core, "trial will start")
    (command,) = [event for event in events(workspace, "command") if event["kind"] == "start_trial"]
    assert command["params"] == {"ppo.clip": 0.25} and command["why"] == "clone of T0 with ppo.clip=0.25"


def test_a_clone_with_another_key_is_a_run_of_its_own(core):
    view = started(core)
    core.clone(view.rows[0].key, Draft(source=view.rows[0].run_id, sets=(("ppo.gamma", "0.98"),)))
    until(core, lambda view: bool(core.errand.started))
    ((words, _),) = core.errand.started
    assert words[:2] == ("train", "--config") and "ppo.gamma=0.98" in words and "--anyway" in words


def test_pausing_goes_to_the_study_and_names_who_and_why(core, workspace):
    view = started(core)
    core.order("pause_trial", [view.rows[0].key], "lunch")
    until(core, lambda view: any(item.state == "paused" for item in view.rows))
    (command,) = [event for event in events(workspace, "command") if event["kind"] == "pause_trial"]
    assert command["why"] == "lunch" and read_actions(workspace)[0]["action"] == "pause_trial"


def test_a_single_run_is_resumed_by_its_verb_and_paused_by_a_request(core, workspace):
    run = add_run(workspace, "none", 1, "run1", updates=5)
    until(core, lambda view: view.row("run1") is not None)
    core.order("restart_trial", ["run1"], "go on")
    until(core, lambda view: bool(core.errand.started))
    core.order("pause_trial", ["run1"], "wait")
    until(core, lambda view: run.stop_request() is not None)
    assert core.errand.started[0][0] == ("train", "--resume", "run1")
    assert (run.stop_request().action, run.stop_request().why) == ("pause", "wait")


def test_what_a_single_run_cannot_do_is_said(core, workspace):
    add_run(workspace, "none", 1, "run1", updates=5)
    until(core, lambda view: view.row("run1") is not None)
    core.order("exclude_trial", ["run1"], "x")
    assert told(core, "no").level == "bad"


def test_deeds_are_the_verbs_of_the_command_line(core, workspace):
    add_run(workspace, "none", 1, "run1", updates=5)
    until(core, lambda view: view.row("run1") is not None)
    core.evaluate(["run1"])
    core.export(["run1"])
    core.film(["run1"])
    core.promote("run1", 6_000_000)
    core.warm_start("run1")
    core.smoke()
    until(core, lambda view: len(core.errand.started) == 6)
    words = [words for words, _ in core.errand.started]
    assert words[0] == ("eval", "run1", "--all-checkpoints", "--threads", "1")
    assert words[1:3] == [("export", "run1"), ("render", "run1")]
    assert words[3][:3] == ("train", "--final", "--config") and words[3][4:] == ("--steps", "6000000", "--anyway")
    assert words[4][-3:] == ("--warm-start", "run1", "--anyway")
    assert words[5] == ("train", "vbot_navigation_section001", "--smoke")


def test_the_queue_is_filled_and_changed(core, workspace):
    for _ in range(2):
        core.enqueue(to_yaml(SPEC))
    until(core, lambda view: len(queue.read(workspace).items) == 2)
    core.queue("earlier", "q2", "first")
    core.queue("hold", "q1", "lunch")
    core.queue("cancel", "q1", "no")
    until(core, lambda view: queue.read(workspace).item("q1").state == "cancelled")
    known = queue.read(workspace)
    assert [item.id for item in known.items] == ["q2", "q1"] and known.paused is not None
    assert (("automl", "queue", "run"), "the queue") in core.errand.started


def test_todos_are_written_and_closed(core, workspace):
    core.todo("film it")
    until(core, lambda view: bool(notes.todos(workspace)))
    (todo,) = notes.todos(workspace)
    core.finish_todo(todo.note.id, "looks good")
    until(core, lambda view: not notes.todos(workspace)[0].open)
    assert notes.todos(workspace)[0].answers[0].text == "looks good"


def test_a_trial_is_archived_under_a_name_made_from_its_own_and_can_be_rejected(core, workspace):
    from automl import library

    add_run(workspace, "none", 1, "run1", updates=5)
    view = until(core, lambda view: view.row("run1") is not None)
    core.archive("run1", "", "")
    until(core, lambda view: bool(library.entries(workspace)))
    (found,) = library.entries(workspace)
    assert found.entry.name == archive_name(view.row("run1"))
    draft = core.library_draft(found.entry.name)
    assert dict(draft.sets)["ppo.learning_rate"] == "0.000151991"  # 10 ** (-4 + 2 / 11), what run 1 was trained with
    core.reject(found.entry.name, "too slow")
    until(core, lambda view: library.entries(workspace)[0].shelf == "rejected")


def test_names_for_the_library_are_plain():
    study = "20260223-101500-First_Try-ab12cd34"
    assert archive_name(row(3, study_id=study)) == "first_try-t3"
    assert archive_name(row(None, study_id="", label="Größe 1", run_id="x")) == "gr-e-1"


def test_a_final_run_is_never_shorter_than_the_trial():
    assert full_length(row(1, total_env_steps=1_000_000)) == 6_000_000
    assert full_length(row(1, total_env_steps=9_000_000)) == 9_000_000


def test_drafts_are_planned_and_audited_in_the_background(core):
    draft = Draft().with_value("task.reward.scales.alive_bonus", "2")
    core.draft(draft)
    view = until(core, lambda view: view.plan is not None and view.plan.draft == draft and view.plan.audit is not None)
    assert not view.plan.audit.passes and view.plan.audit.exploits[0].name == "lazy_robot"


def test_shelves_come_with_the_view_while_they_are_open(core):
    core.open_shelf("logs", "")
    assert until(core, lambda view: view.shelf is not None).shelf.name == "logs"
    core.open_shelf("", "")
    until(core, lambda view: view.shelf is None)


def checked(core, text):
    answered, found = threading.Event(), []

    def answer(findings):
        found.append((findings, threading.current_thread().name))
        answered.set()

    core.check_study(text, answer)
    assert answered.wait(PATIENCE_S)
    return found[0]


def test_a_study_is_checked_on_a_thread_of_its_own(core):
    findings, thread = checked(core, to_yaml(SPEC))
    assert not [item for item in findings if item.level == "error"]
    assert thread == "pre-flight"


def test_the_first_study_is_the_one_that_the_key_would_start(core, workspace):
    started(core)
    findings, _ = checked(core, "")
    assert [item.check for item in findings if item.level == "warning"] == ["already run"]


@pytest.mark.parametrize("text", ["label: [", "space: {ppo.nothing: {low: 0, high: 1}}", "trial_env_steps: many"])
def test_a_study_that_cannot_be_read_is_an_error_in_words(core, text):
    findings, _ = checked(core, text)
    assert [item.level for item in findings] == ["error"] and findings[0].text


def test_the_next_stage_trains_on_from_what_was_learned_with_the_changes(core, workspace):
    add_run(workspace, "no-study", 7, "run7", updates=5)
    until(core, lambda view: view.row("run7") is not None)
    core.next_stage("run7", Draft(source="run7", sets=(("ppo.clip", "0.1"),)))
    told(core, "Next stage of")
    ((words, about),) = core.errand.started
    config = str(workspace.runs / "run7" / "config.yaml")
    assert words[:6] == ("train", "--config", config, "--set", "ppo.clip=0.1", "--anyway")
    assert words[-2:] == ("--warm-start", "run7") and about.startswith("next stage of")
