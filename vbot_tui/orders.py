"""What a person can have done from the screen, beyond looking: plan, start, clone, and act on trials.

The core inherits this. Everything that acts runs on the core's thread, is written down in ``actions/``, and does what
a ``vbot`` verb or a command to a study does.
"""

import re
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, get_args

from automl.commands import Kind
from automl.spec import StudySpec
from sessions import notes
from sessions.errors import UsageError, VbotError
from sessions.runs import RunDir
from sessions.workspace import Workspace
from vbot_sim.errors import SimError
from vbot_tui.desk import Desk
from vbot_tui.errands import Errands
from vbot_tui.flag_watch import FlagWatch
from vbot_tui.launch_model import HOME, Draft, Plan
from vbot_tui.model import TrialRow, View
from vbot_tui.planner import Planner
from vbot_tui.shelves import ShelfDesk
from vbot_tui.widgets.head import short_id

if TYPE_CHECKING:
    from automl.preflight import Finding

Work = Callable[[], str | None]


class Orders:
    """Plans and orders; the core supplies its desk, its thread and its picture."""

    _workspace: Workspace
    _desk: Desk
    _view: View
    _shown: str
    _spec: StudySpec
    _flags: FlagWatch

    def _begin_orders(self, workspace: Workspace, changed: Callable[[], None]) -> None:
        self._planner = Planner(workspace, changed)
        self._errands = Errands(workspace, self._desk.who)
        self._shelves = ShelfDesk(workspace)

    def _end_orders(self) -> None:
        self._planner.close()

    def _poll_orders(self) -> None:
        """Say how commands ended."""
        for item in self._errands.ended():
            self._say("good" if item.ok else "bad", item.text if item.text.endswith(".") else item.text + ".")

    def _do(self, name: str, work: Work) -> None:
        raise NotImplementedError

    def _look_now(self) -> None:
        raise NotImplementedError

    def _say(self, level: str, text: str, busy: str | None = None) -> None:
        raise NotImplementedError

    # --- planning

    @property
    def plan(self) -> Plan | None:
        """The plan of the newest draft."""
        return self._planner.plan

    def draft(self, draft: Draft) -> None:
        """Have a draft answered; its plan comes in a later view."""
        self._planner.ask(draft)

    def read_back(self, draft: Draft, text: str) -> tuple[Draft, str]:
        """Return the draft whose config is an edited text, and what is wrong with that, if anything."""
        return self._planner.read_back(draft, text)

    def check_study(self, text: str, answer: Callable[[tuple["Finding", ...]], object]) -> None:
        """Have the study of a study file's text checked, the first study if there is none; takes about a second."""
        checking = threading.Thread(target=lambda: answer(self._checked(text)), name="pre-flight", daemon=True)
        checking.start()

    def _checked(self, text: str) -> tuple["Finding", ...]:
        """Return what is found about a study, without a training; a study that cannot be checked is an error."""
        from automl.preflight import Finding, preflight
        from automl.spec import from_yaml

        try:
            return preflight(self._workspace, from_yaml(text, "the form") if text else self._spec)
        except (VbotError, SimError, OSError) as error:
            return (Finding("error", "study", str(error)),)
        except Exception as error:  # a defect of a check is told, not passed over
            return (Finding("error", "pre-flight", f"{type(error).__name__}: {error}"),)

    # --- shelves

    def open_shelf(self, name: str, selected: str) -> None:
        """Keep a shelf and the page of one item in the view."""
        self._shelves.open(name, selected)
        self._look_now()

    def queue(self, what: str, item: str, why: str) -> None:
        """Change the queue."""
        self._do(f"{what} {item}", lambda: self._queue(what, item, why))

    def _queue(self, what: str, item: str, why: str) -> str:
        from automl import queue

        with queue.editing(self._workspace) as edit:
            names = [known.id for known in edit.queue.items]
            if what == "cancel":
                edit.cancel(item, f"{self._desk.who}: {why}")
            elif what == "again":
                edit.again(item, f"{self._desk.who}: {why}")
            elif what == "hold":
                edit.resume() if edit.queue.paused is not None else edit.pause(f"{self._desk.who}: {why}")
            else:
                at = names.index(item) + (-1 if what == "earlier" else 2)
                if 0 <= at <= len(names):
                    edit.move(item, names[at] if at < len(names) else None)
        self._errands.record(f"queue {what}", item, why=why)
        return f"Queue: {what} {item}."

    def todo(self, text: str) -> None:
        """Write down something to be done."""
        self._do("writing it down", lambda: self._written(notes.add(self._workspace, text, kind=notes.TODO)))

    def finish_todo(self, todo: str, text: str) -> None:
        """Close a TODO."""
        self._do("closing the TODO", lambda: self._written(notes.finish(self._workspace, todo, text)))

    def _written(self, note: notes.Note) -> str:
        return f"Noted: {note.text[:60]}."

    def reject(self, name: str, why: str) -> None:
        """Reject an entry of the library."""

        def work() -> str:
            from automl.library import reject

            reject(self._workspace, name, why)
            self._errands.record("reject", name, why=why)
            return f"{name} lies with the rejected ideas now."

        self._do(f"rejecting {name}", work)

    def archive(self, key: str, name: str, hypothesis: str) -> None:
        """Archive the settings of a trial, under a name made from its own if none is given."""
        row = self._view.row(key)

        def work() -> str:
            from automl.library import archive

            assert row is not None
            called = name or archive_name(row)
            archive(self._workspace, RunDir(self._workspace.runs / row.run_id), called, hypothesis)
            self._errands.record("archive", row.name, name=called)
            return f"{row.name} is archived as {called}; 5 shows the library."

        if row is not None and row.run_id:
            self._do(f"archiving {row.name}", work)

    def library_draft(self, name: str) -> Draft:
        """Return a draft with the settings of an entry; an empty one where it cannot be read."""
        from automl.library import find
        from vbot_tui.cli.config import plain

        try:
            entry = find(self._workspace, name).entry
        except (VbotError, SimError):
            return Draft()
        return Draft(entry.env, entry.preset, sets=tuple((key, plain(value)) for key, value in entry.settings.items()))

    # --- starting

    def start_run(self, plan: Plan) -> None:
        """Train what a plan says, as the command line would."""
        self._do("starting a training", lambda: self._errand(plan.command[1:], "training"))

    def start_study_of(self, text: str) -> None:
        """Create the study of a study file's text and drive it here."""

        def work() -> str:
            from automl.spec import from_yaml

            self._shown = self._desk.create(from_yaml(text, "the form"))
            self._errands.record("study", self._shown)
            return "The study is under way: its first trials start now."

        self._do("starting a study", work)

    def enqueue(self, text: str) -> None:
        """Put the study of a study file's text at the end of the queue, and have the queue worked off."""

        def work() -> str:
            from automl import queue
            from automl.spec import from_yaml, spec_to_dict
            from sessions.locks import is_held

            spec = from_yaml(text, "the form")
            with queue.editing(self._workspace) as edit:
                item = edit.add("study", spec.label, spec_to_dict(spec))
            self._errands.record("queue add", item)
            if not is_held(self._workspace.root / queue.FOLDER / "lock"):
                self._errands.start(("automl", "queue", "run"), "the queue")
            return f"Queued as {item}; 4 shows the queue."

        self._do("queueing the study", work)

    def smoke(self) -> None:
        """Run the whole line shortly, to see that everything works."""
        study = self._view.study
        env = study.env if study is not None and study.env else HOME
        self._do("starting a smoke run", lambda: self._errand(("train", env, "--smoke"), "smoke run"))

    def warm_start(self, key: str) -> None:
        """Train a trial's settings again, starting from what it has learned."""
        row = self._view.row(key)
        if row is not None and row.run_id:
            config = str(self._workspace.runs / row.run_id / "config.yaml")
            words = ("train", "--config", config, "--warm-start", row.run_id, "--anyway")
            self._do(f"going on from {row.name}", lambda: self._errand(words, f"warm start from {row.name}"))

    def next_stage(self, key: str, draft: Draft) -> None:
        """Train on from what a trial has learned, with changes."""
        from vbot_tui.cli.planning import command

        row = self._view.row(key)
        if row is not None and row.run_id:
            words = (*command(self._workspace, draft)[1:], "--warm-start", row.run_id)
            self._do(f"the next stage of {row.name}", lambda: self._errand(words, f"next stage of {row.name}"))

    def clone(self, key: str, draft: Draft) -> None:
        """Train a trial's settings again with changes: in its study where that searches the keys, else on its own."""
        row = self._view.row(key)
        if row is not None:
            self._do(f"cloning {row.name}", lambda: self._clone(row, draft))

    def _clone(self, row: TrialRow, draft: Draft) -> str | None:
        from vbot_tui.cli.planning import command, own_sets

        sets = own_sets(draft)
        searched = self._searched(row.study_id)
        if row.study_id and row.number is not None and set(sets) <= set(searched):
            params = {**searched_values(self._workspace, row), **sets}
            why = f"clone of {row.name} with {', '.join(f'{name}={value}' for name, value in draft.sets)}"
            self._desk.send(row.study_id, "start_trial", why, params=params)
            self._errands.record("clone", row.name, study=row.study_id, params=params)
            return None
        return self._errand(command(self._workspace, draft)[1:], f"clone of {row.name}")

    def _searched(self, study: str) -> tuple[str, ...]:
        view = self._desk.view(study) if study else None
        return view.searched if view is not None else ()

    # --- acting on trials

    def order(self, kind: str, keys: Sequence[str], why: str) -> None:
        """Ask the studies of these trials for something: one of the kinds that end in ``_trial``."""
        rows = [row for row in map(self._view.row, keys) if row is not None]
        names = ", ".join(row.name for row in rows)
        self._do(f"{kind.split('_')[0]} {names}", lambda: self._order(kind, rows, why))

    def _order(self, kind: str, rows: Sequence[TrialRow], why: str) -> str | None:
        if kind not in get_args(Kind):
            raise UsageError(f"this version has no '{kind}'")
        for row in rows:
            if row.study_id and row.number is not None:
                self._desk.send(row.study_id, kind, why, trial=row.number)  # type: ignore[arg-type]
                self._errands.record(kind, row.name, study=row.study_id, why=why)
            else:
                self._order_single(kind, row, why)
        return None

    def _order_single(self, kind: str, row: TrialRow, why: str) -> None:
        """Do the same to a run that belongs to no study."""
        if kind == "restart_trial":
            self._errand(("train", "--resume", row.run_id), f"resuming {row.name}")
        elif kind in ("pause_trial", "stop_trial"):
            action = "pause" if kind == "pause_trial" else "stop"
            RunDir(self._workspace.runs / row.run_id).request_stop(self._desk.who, why, action=action)  # type: ignore[arg-type]
            self._errands.record(kind, row.name, why=why)
        else:
            raise UsageError(f"{row.name} belongs to no study, so there is nothing to {kind.split('_')[0]} it from")

    def promote(self, key: str, env_steps: int) -> None:
        """Train a trial's settings in full length, as a final run."""
        row = self._view.row(key)
        if row is not None:
            config = self._workspace.runs / row.run_id / "config.yaml"
            words = ("train", "--final", "--config", str(config), "--steps", str(env_steps), "--anyway")
            self._do(f"promoting {row.name}", lambda: self._errand(words, f"final run of {row.name}"))

    def evaluate(self, keys: Sequence[str]) -> None:
        """Judge every checkpoint of these trials."""
        self._each(keys, lambda row: ("eval", row.run_id, "--all-checkpoints", "--threads", "1"), "evaluation of")

    def export(self, keys: Sequence[str]) -> None:
        """Write the best policy of these trials as ONNX."""
        self._each(keys, lambda row: ("export", row.run_id), "export of")

    def film(self, keys: Sequence[str]) -> None:
        """Write a film of the best policy of these trials."""
        self._each(keys, lambda row: ("render", row.run_id), "film of")

    def mute(self, keys: Sequence[str]) -> None:
        """Silence the flags that are up on these trials; a trial that has silenced ones lets them be heard again."""
        for row in [row for row in map(self._view.row, keys) if row is not None and row.run_id]:
            self._do(f"muting {row.name}", lambda row=row: self._mute(row))  # type: ignore[misc]

    def _mute(self, row: TrialRow) -> str:
        from automl.mutes import mute, mutes, unmute

        run = RunDir(self._workspace.runs / row.run_id)
        silent, up = mutes(run), [flag.name for flag in row.flags]
        if not silent and not up:
            return f"No flag is up on {row.name}."
        for flag in silent:
            unmute(run, flag)
        for flag in [] if silent else up:
            mute(run, flag, self._desk.who, "by key in the cockpit")
        self._flags.forget(row.run_id)
        done = f"{'heard again' if silent else 'silent'} on {row.name}: {', '.join(silent or up)}"
        self._errands.record("unmute" if silent else "mute", row.name, why=done)
        return f"Now {done}."

    def _each(self, keys: Sequence[str], words: Callable[[TrialRow], tuple[str, ...]], about: str) -> None:
        for row in [row for row in map(self._view.row, keys) if row is not None and row.run_id]:
            self._do(f"{about} {row.name}", lambda row=row: self._errand(words(row), f"{about} {row.name}"))  # type: ignore[misc]

    def _errand(self, words: Sequence[str], about: str) -> str:
        self._errands.start(words, about)
        where = "; Tab shows it, among the single runs" if words[0] == "train" and self._in_study else ""
        return f"{about[:1].upper()}{about[1:]} is under way{where}."

    @property
    def _in_study(self) -> bool:
        """Whether a study is shown, and not the runs that belong to none."""
        return self._view.study is not None and bool(self._view.study.state)


def searched_values(workspace: Workspace, row: TrialRow) -> dict[str, object]:
    """Return the searched values of a trial by their full path, as its study's log has them."""
    from automl.studies import study_state

    trial = study_state(workspace, row.study_id).trials[row.number if row.number is not None else -1]
    return dict(trial.params)


def archive_name(row: TrialRow) -> str:
    """Return a name for the library made from a trial's own: its study's label and its number."""
    words = f"{short_id(row.study_id)}-{row.name}" if row.study_id else row.name
    return re.sub(r"[^a-z0-9_.-]+", "-", words.lower()).strip("-_.")[:64] or "run"


def full_length(row: TrialRow) -> int:
    """Return how long a final run of a trial is: as long as a training is by default, and never shorter than it was."""
    from automl import phases

    return phases.full_length(row.total_env_steps)
