"""`vbot automl`: studies without a screen: resume, stop, look.

Making studies is in `automl_make`, working through many in `automl_queue`; `automl.scheduler` decides, as in the
cockpit. Here are only arguments and words.
"""

import argparse
import getpass
from typing import TYPE_CHECKING, Any

from sessions.errors import UsageError
from vbot_tui.cli import automl_make, automl_queue
from vbot_tui.cli.console import Console
from vbot_tui.cli.parser import Verbs
from vbot_tui.cli.select import look_into
from vbot_tui.cli.tables import number, percent, table

if TYPE_CHECKING:
    from automl.view import StudyView, TrialView
    from sessions.workspace import Workspace

CRASH_LINES = 14
PHASES = {"search": "searching", "confirm": "confirming the best", "final": "final run"}


def add_verbs(verbs: Verbs) -> None:
    """Enter `automl` with its actions."""
    actions = Verbs(verbs.add("automl", "search for what trains best: studies without a screen"), metavar="ACTION")
    automl_make.add_actions(actions)
    resumer = actions.add("resume", "take up a study that nobody schedules", resume)
    resumer.add_argument("study", metavar="STUDY", help="id of the study or its beginning")
    automl_make.add_detach(resumer)
    stopper = actions.add("stop", "end a study; running trials stop with a checkpoint", stop)
    stopper.add_argument("study", metavar="STUDY", help="id of the study or its beginning")
    stopper.add_argument("--why", default="stopped from the command line", help="kept in the study's log")
    looker = actions.add("status", "one study with its trials", status)
    looker.add_argument("study", metavar="STUDY", nargs="?", help="id or its beginning (default: the newest)")
    reporter = actions.add("report", "what a study found, written from its log", report)
    reporter.add_argument("study", metavar="STUDY", nargs="?", help="id or its beginning (default: the newest)")
    actions.add("list", "all studies", list_all)
    automl_queue.add_actions(actions)


def resume(arguments: argparse.Namespace, console: Console) -> int:
    """Schedule a study that exists."""
    workspace = _existing(arguments)
    return schedule(workspace, workspace.study(arguments.study).name, arguments.detach, console)


def schedule(workspace: "Workspace", study: str, detach: bool, console: Console) -> int:
    """Schedule a study here, or in the background; exit 1 if it ended and not one trial came to its end."""
    if detach:
        from automl.handover import hand_over

        pid = hand_over(workspace, study)
        console.show({"study": study, "pid": pid}, f"scheduled in the background (process {pid}).")
        return 0
    from automl.headless import run_study

    teller = _Teller(console)
    view = run_study(workspace, study, on_view=teller.tell_changes)
    console.show(as_object(view), as_text(view))
    if view.state == "unattended":
        left = sum(trial.state == "running" for trial in view.trials)
        console.tell(f"left; {left} running trials go on. 'vbot automl resume {study}' takes the study up again.")
    return 1 if view.state == "finished" and not any(trial.state == "finished" for trial in view.trials) else 0


class _Teller:
    """Says what changed from one snapshot to the next: the log of a scheduler without a screen."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._said: dict[int, str] = {}
        self._trouble = ""

    def tell_changes(self, view: "StudyView") -> None:
        """Compare with what was said before; called on the scheduler's thread."""
        if view.trouble != self._trouble:
            self._trouble = view.trouble
            self._console.tell(f"trouble: {view.trouble}" if view.trouble else "trouble is over")
        for trial in view.trials:
            if self._said.get(trial.number) != trial.state:
                self._said[trial.number] = trial.state
                self._console.tell(trial_line(trial))


def trial_line(trial: "TrialView") -> str:
    """A trial's state in one line."""
    words = f"trial {trial.number}: {trial.state}"
    if trial.end_reason:
        first = (trial.end_detail or "").split("\n", 1)[0]
        words += f" ({trial.end_reason}{f': {first}' if first else ''})"
    if trial.score is not None:
        words += f"  score {trial.score:.3f}"
    return words


def stop(arguments: argparse.Namespace, console: Console) -> int:
    """Ask the study's scheduler to stop it; without one, do it here."""
    from automl.commands import Command
    from automl.headless import run_study
    from automl.studies import is_attended, send, study_view, wait_for_answer

    workspace = _existing(arguments)
    study = workspace.study(arguments.study).name
    view = study_view(workspace, study)
    if view.state in ("finished", "stopped"):
        raise UsageError(f"{study} has ended already: {view.reason}.")
    command = send(workspace, study, Command("stop_study", getpass.getuser(), arguments.why))
    if is_attended(workspace, study):
        answer = wait_for_answer(workspace, study, command)
    else:
        run_study(workspace, study, on_view=_Teller(console).tell_changes)
        answer = "stopped"
    console.show({"study": study, "answer": answer}, f"{study}: {answer}.")
    return 0


def status(arguments: argparse.Namespace, console: Console) -> int:
    """One study in full."""
    from automl.studies import study_view

    workspace = _existing(arguments)
    view = study_view(workspace, named_or_newest(workspace, arguments.study))
    console.show(as_object(view), as_text(view))
    return 0


def named_or_newest(workspace: "Workspace", study: str | None) -> str:
    """The id of the study that was named, else of the newest one."""
    from automl.studies import list_studies

    if study is not None:
        return workspace.study(study).name
    known = list_studies(workspace)
    if not known:
        raise UsageError("there is no study yet; 'vbot automl run' starts the first one.")
    return known[-1]


def report(arguments: argparse.Namespace, console: Console) -> int:
    """Write state.yaml and report.md of a study anew and show the report."""
    from automl.report import report_text
    from automl.spec import load
    from automl.statefile import REPORT_FILE, STATE_FILE, write_papers
    from automl.studies import SPEC_FILE, study_state

    workspace = _existing(arguments)
    study = named_or_newest(workspace, arguments.study)
    directory = workspace.study(study)
    spec, state = load(directory / SPEC_FILE), study_state(workspace, study)
    write_papers(directory, study, spec, state)
    text = report_text(study, spec, state)
    files = {"report": str(directory / REPORT_FILE), "state": str(directory / STATE_FILE)}
    console.show({"study": study, **files, "text": text}, text)
    return 0


def list_all(arguments: argparse.Namespace, console: Console) -> int:
    """All studies, oldest first."""
    from automl.studies import list_studies, study_view

    workspace = look_into(arguments, console)
    views = [study_view(workspace, study) for study in list_studies(workspace)]
    rows = [
        [v.id, v.state, f"{len(v.trials)}/{v.max_trials or '-'}", number(v.env_steps), number(v.score, 3)]
        for v in views
    ]
    text = table(["STUDY", "STATE", "TRIALS", "STEPS", "SCORE"], rows)
    console.show({"studies": [as_object(view) for view in views]}, text if views else "No studies.")
    return 0


def _existing(arguments: argparse.Namespace) -> "Workspace":
    from sessions.workspace import Workspace

    return Workspace.open(arguments.workspace, create=False)


def as_object(view: "StudyView") -> dict[str, Any]:
    """A study as JSON."""
    trials = [{**vars(trial), "rungs": [vars(rung) for rung in trial.rungs]} for trial in view.trials]
    return {**vars(view), "trials": trials, "study": view.id, "env_steps": view.env_steps, "score": view.score}


def as_text(view: "StudyView") -> str:
    """A study for a person: a headline, its time, a table of its trials, and the newest crash in full."""
    head = f"{view.id}  {view.env}: {view.state}{f' ({view.reason})' if view.reason else ''}\n{time_text(view)}"
    rows = [
        [f"T{t.number}", t.state, number(t.env_steps), number(t.score, 3), percent(t.success), _marks(t)]
        for t in view.trials
    ]
    if not rows:
        return f"{head}\nNo trials yet."
    parts = [head, table(["TRIAL", "STATE", "STEPS", "SCORE", "SUCCESS", "FLAGS"], rows)]
    crashed = [trial for trial in view.trials if trial.state == "failed"]
    for trial in crashed[-1:]:
        lines = (trial.end_detail or "no words").splitlines()[-CRASH_LINES:]
        parts.append("\n".join([f"T{trial.number} crashed:", *(f"  {line}" for line in lines)]))
    return "\n".join(parts)


def time_text(view: "StudyView") -> str:
    """The time that a study has had and will need."""
    words = f"{duration(view.elapsed_s)}{f' of {duration(view.budget_s)}' if view.budget_s else ''} of scheduling"
    if view.phase:
        words += f", {PHASES[view.phase]}"
    if view.phase and view.ends_in_s is not None:
        words += f", ends in about {duration(view.ends_in_s)}"
    return words


def duration(seconds: float) -> str:
    """Seconds in the unit that suits them."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _marks(trial: "TrialView") -> str:
    return " ".join([*trial.flags, *(["code_changed"] if trial.code_changed else [])])
