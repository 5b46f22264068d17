"""The core of the cockpit, without a screen: it follows the workspace, drives studies, obeys keys and makes pictures.

One thread owns everything here and turns what changed into one immutable ``View``, less than five times a second.
Screens read the newest view and leave requests; no method that a screen calls ever waits. Textual must not be imported
here.
"""

import math
import queue
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from automl.spec import StudySpec, default_spec
from automl.view import StudyView
from sessions import notes, watch
from sessions.breakdown import reward_breakdown
from sessions.episode_file import Episode, EpisodeRef, read_episode, recorded
from sessions.errors import VbotError
from sessions.files import append_line, utc_now
from sessions.follower import Follower
from sessions.runs import RunDir
from sessions.series import SeriesSet
from sessions.store import RunView, Snapshot
from sessions.workspace import Workspace
from vbot_tui import rows
from vbot_tui.desk import Desk
from vbot_tui.flag_watch import FlagWatch
from vbot_tui.model import Detail, FirstStudy, NoteView, Notice, StudyHead, TrialRow, View
from vbot_tui.orders import Orders
from vbot_tui.papers import PaperDesk
from vbot_tui.row_book import RowBook
from vbot_tui.seat import FILE as SEAT_FILE
from vbot_tui.seat import Seat
from vbot_tui.seat import save as save_seat
from vbot_tui.study_desk import StudyDesk

PICTURE_S = 0.18  # shorter than the pace of hints, else a picture waits for the one before it
BEAT_S = 1.0
QUIET_BEATS = 5  # with no study and nothing new, the rest is looked at in one of so many beats
DETAIL_S = 1.0
LOG_LINES = 300
HISTORY = 48
SINGLE = "single runs"
"""The name under which runs without a study are listed."""

Job = tuple[str, Callable[[], str | None]]


class Core(Orders):
    """The work behind the screens; implements ``vbot_tui.client.Client``.

    Args:
        workspace: Everything is kept there.
        read_only: Neither drive, nor write, nor settle anything.
        spec: What the first-study key starts; the shipped first study if left out.
        clock: Seconds since 1970.
        desk: Where studies are driven.
        seat: How the cockpit was left.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        read_only: bool = False,
        spec: StudySpec | None = None,
        clock: Callable[[], float] = time.time,
        desk: Desk | None = None,
        seat: Seat | None = None,
    ) -> None:
        self._workspace = workspace
        self._read_only = read_only
        self._spec = spec or default_spec()
        self._clock = clock
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._tell: Callable[[], None] = lambda: None
        self._follower = Follower(
            workspace,
            self._wake.set,
            watch=watch.watch,
            settle_dead=not read_only,
            clock=clock,
            keep=not read_only,
        )
        self._desk = desk or Desk(workspace)
        self._desk.on_change = self._wake.set
        self._begin_orders(workspace, self._look_now)
        self._flags = FlagWatch(workspace, self._follower.store)
        self._selected = seat.selected if seat else ""
        self._opened: tuple[str, ...] = ()
        self._papers = PaperDesk(workspace)
        self._book = RowBook()
        self._study_desk = StudyDesk(workspace)
        self._shown = seat.study if seat else ""
        self._seat: tuple[Seat, tuple[TrialRow, ...]] | None = None
        self._drawn_detail: tuple[float, int, Detail] = (0.0, -1, Detail())
        self._notes: tuple[object, tuple[NoteView, ...]] = (None, ())
        self._view = View(workspace=str(workspace.root), first=self._first_study())

    # --- for the screens

    @property
    def view(self) -> View:
        """The newest picture."""
        return self._view

    def start(self, on_change: Callable[[], None]) -> None:
        """Begin to follow and to drive."""
        self._tell = on_change
        self._thread = threading.Thread(target=self._run, name="core", daemon=True)
        self._thread.start()

    def select(self, key: str) -> None:
        """Show the details of this trial."""
        self._selected = key
        self._look_now()

    def curves(self, run_id: str) -> SeriesSet:
        """Return the growing curves of a run."""
        return self._follower.store.series(run_id)

    def episodes(self, run_id: str) -> tuple[EpisodeRef, ...]:
        """Return the recorded episodes of a run."""
        return recorded(RunDir(self._workspace.runs / run_id))

    def episode(self, ref: EpisodeRef) -> tuple[Episode | None, str]:
        """Return a recorded episode, or None and what is wrong."""
        try:
            return read_episode(ref.path), ""
        except VbotError as error:
            return None, str(error)

    def remember(self, seat: Seat, rows: Sequence[TrialRow]) -> None:
        """Keep how the cockpit is looked at; written with the next picture, or at the end."""
        self._seat = seat, tuple(rows)

    def open_runs(self, keys: Sequence[str]) -> None:
        """Keep the papers of these runs in the view."""
        self._opened = tuple(keys)
        self._look_now()

    def open_study(self, study: str) -> None:
        """Keep the page of this study in the view."""
        self._study_desk.open(study)
        self._look_now()

    def next_study(self) -> None:
        """Show the next study."""
        names = [head.id for head in self._view.studies]
        if names:
            here = names.index(self._shown) if self._shown in names else -1
            self._shown = names[(here + 1) % len(names)]
        self._look_now()

    def start_study(self) -> None:
        """Create a study with the defaults and drive it here."""
        self._do("starting a study", self._start_study)

    def start_trial(self) -> None:
        """Ask the study shown for one more trial."""
        self._ask("asking for a trial", "start_trial", "asked for by key in the cockpit")

    def toggle_pause(self) -> None:
        """Pause the study shown, or resume it."""
        study = self._view.study
        resume = study is not None and study.state in ("paused", "stopped", "finished")
        if resume:
            self._ask("resuming", "resume_study", "resumed by key in the cockpit")
        else:
            self._ask("pausing", "pause_study", "paused by key in the cockpit")

    def stop_study(self, why: str) -> None:
        """Stop the study shown and its trials."""
        self._ask("stopping the study", "stop_study", why)

    def take_over(self) -> None:
        """Drive the study shown from here."""
        study = self._shown
        self._do("taking over", lambda: self._take_over(study))

    def kill(self, key: str, why: str) -> None:
        """End a trial."""
        row = self._view.row(key)
        if row is not None:
            self._do(f"killing {row.name}", lambda: self._kill(row, why))

    def note(self, text: str, key: str, step: int | None) -> None:
        """Write a note."""
        row = self._view.row(key)
        self._do("writing the note", lambda: self._note(text, row.run_id if row else "", step))

    # --- leaving

    def close(self, stop: bool = False) -> Sequence[str]:
        """End all threads of the cockpit; the work goes on without it.

        Args:
            stop: Stop the study shown on the way out.

        Returns:
            What to tell the person, one sentence each.
        """
        self._stopping.set()
        self._look_now()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
            self._guarded(self._obey_jobs)  # what was asked for by the last keys
        self._write_seat()
        self._follower.stop()
        self._study_desk.close()
        self._end_orders()
        if self._read_only:
            return []
        shown = self._view.study
        words = self._desk.close(shown.id if stop and shown is not None else "")
        self._flags.save()
        return words

    def read_once(self) -> View:
        """Read everything in this thread and return one picture, for ``--once``; nothing is written."""
        self._follower.read_once(curves=False)
        snapshot = self._follower.read_unknown()
        self._flags.update(snapshot.runs, "", self._clock(), budget_s=math.inf)
        first = self._picture(snapshot)
        self._selected = first.rows[0].key if first.rows else ""
        self._follower.read_run(self._selected)
        self._drawn_detail = (0.0, -1, Detail())  # made before its curves were read, if the index knew its row
        return self._picture(self._follower.store.snapshot())

    # --- the thread

    def _run(self) -> None:
        self._guarded(self._follower.start)
        if not self._read_only:
            self._guarded(self._desk.adopt)
        beat = 0
        while not self._stopping.is_set():
            woken = self._wake.is_set() or not self._view.ready
            self._wake.clear()
            self._hurry.clear()
            began = time.monotonic()
            beat = 0 if woken else beat + 1
            if woken or beat % QUIET_BEATS == 0 or self._view.studies or self._desk.waiting:
                self._guarded(self._work)
            self._hurry.wait(max(0.0, PICTURE_S - (time.monotonic() - began)))
            self._wake.wait(BEAT_S)

    def _work(self) -> None:
        self._obey_jobs()
        self._poll_orders()
        for study in self._desk.drop_released():
            self._say("info", f"{study} is driven by another process now; this screen goes on showing it.")
        taken, given_up = self._desk.pursue()
        for study in taken:
            self._say("good", f"This cockpit drives {study} now.")
        for study in given_up:
            self._say("warn", f"{study} was not let go of; its driver does not answer. O asks again.")
        for reply in self._desk.answers():
            self._say("good", sentence(reply))
        snapshot = self._follower.store.snapshot()
        self._publish(self._picture(snapshot))
        self._judge(snapshot)
        self._write_seat()

    def _judge(self, snapshot: Snapshot) -> None:
        """Have flags looked at, behind the picture: the first look loads what it needs, and nobody waits for it."""
        selected = self._book.row(self._selected)
        more = self._flags.update(snapshot.runs, selected.run_id if selected else "", self._clock())
        if more or self._flags.changed:
            self._wake.set()

    def _guarded(self, work: Callable[[], object]) -> None:
        """Do a piece of work; a fault becomes a sentence on the screen and a trace in the log."""
        try:
            work()
        except Exception as error:
            self._log(traceback.format_exc())
            self._say("bad", f"{type(error).__name__}: {error}")

    def _log(self, text: str) -> None:
        if self._read_only:
            return
        with suppress(OSError):
            for line in text.splitlines():
                append_line(self.log_path, f"{utc_now()} {line}", durable=False)

    @property
    def log_path(self) -> Path:
        """Where faults of the cockpit are written."""
        return self._workspace.view / "cockpit.log"

    def _publish(self, view: View) -> None:
        if view != self._view:
            self._view = replace(view, version=self._view.version + 1)
            self._tell()

    def _say(self, level: str, text: str, busy: str | None = None) -> None:
        notice = Notice(self._clock(), level, text) if text else self._view.notice
        self._publish(replace(self._view, notice=notice, busy=self._view.busy if busy is None else busy))

    def _write_seat(self) -> None:
        kept, self._seat = self._seat, None
        if kept is not None and not self._read_only:
            with suppress(OSError):  # a full disk: the next opening begins as on the first day
                save_seat(self._workspace.view / SEAT_FILE, *kept)

    # --- jobs

    def _do(self, name: str, work: Callable[[], str | None]) -> None:
        """Have the core's thread do something; its outcome becomes a notice."""
        if not self._read_only:
            self._jobs.put((name, work))
            self._look_now()

    def _look_now(self) -> None:
        """Have a picture made at once: somebody pressed a key."""
        self._hurry.set()
        self._wake.set()

    def _ask(self, name: str, kind: str, why: str) -> None:
        study = self._shown

        def work() -> str | None:
            if not study or study == SINGLE:
                return "There is no study here; S starts one."
            self._desk.send(study, kind, why)  # type: ignore[arg-type]
            return None

        self._do(name, work)

    def _obey_jobs(self) -> None:
        while True:
            try:
                name, work = self._jobs.get_nowait()
            except queue.Empty:
                return
            self._say("", "", busy=name)
            try:
                words, level = work() or "", "good"
            except VbotError as error:
                words, level = str(error), "bad"
            except Exception as error:
                self._log(traceback.format_exc())
                words, level = f"{type(error).__name__}: {error}", "bad"
            self._say(level, words, busy="")

    def _start_study(self) -> str:
        study = self._desk.create(self._spec)
        self._shown = study
        return "The study is under way: its first trials start now."

    def _take_over(self, study: str) -> str | None:
        if not study or study == SINGLE:
            return "There is no study here; S starts one."
        self._desk.want(study)
        return None

    def _kill(self, row: TrialRow, why: str) -> str | None:
        if row.study_id and row.number is not None:
            self._desk.send(row.study_id, "kill_trial", why, trial=row.number)
            return None
        self._desk.stop_single(row.run_id, why)
        return f"{row.name} is being killed."

    def _note(self, text: str, run_id: str, step: int | None) -> str:
        notes.add(self._workspace, text, run=run_id or None, step=step if run_id else None, clock=self._clock)
        self._notes = (None, ())
        self._follower.poke(run_id or None)
        return "Noted."

    # --- the picture

    def _picture(self, snapshot: Snapshot) -> View:
        heads, shown, singles = self._heads(snapshot)
        run_of, flags, flagged = self._follower.store.get, self._flags.flags, self._flags.take_changed()
        if shown is not None:
            table = self._book.of_study(shown, run_of, flags)
        else:
            table = self._book.of_runs(singles, flags, flagged)
        if table and self._book.row(self._selected) is None:
            self._selected = table[0].key
        return replace(
            self._view,
            ready=True,
            rows=table,
            studies=heads,
            study=next((head for head in heads if head.id == self._shown), None),
            notes=self._read_notes(),
            detail=self._detail(run_of(self._selected)),
            papers=tuple(self._papers.of(run_id) for run_id in self._opened if run_of(run_id) is not None),
            page=self._study_desk.opened(self._desk.view),
            plan=self.plan,
            shelf=self._shelves.opened(),
            notice=self._view.notice or self._trouble(snapshot),
        )

    def _heads(self, snapshot: Snapshot) -> tuple[tuple[StudyHead, ...], StudyView | None, tuple[RunView, ...]]:
        """Return the studies, the one that is shown, and the runs that belong to none."""
        heads: list[StudyHead] = []
        views: dict[str, StudyView] = {}
        for study in self._desk.ids():
            view = self._desk.view(study)
            if view is not None:
                views[study] = view
                heads.append(rows.head(view, self._desk.driver(study)))
            else:
                heads.append(StudyHead(study, state="damaged", driver="nobody", trouble=self._desk.damaged[study]))
        singles = tuple([run for run in snapshot.runs if run.study not in views]) if views else snapshot.runs
        if singles:
            heads.append(StudyHead(SINGLE, state="", driver="", trials=len(singles)))
        names = [head.id for head in heads]
        if self._shown not in names:
            self._shown = names[0] if names else ""
        return tuple(heads), views.get(self._shown), singles

    def _detail(self, run: RunView | None) -> Detail:
        """Return what is known of the selected trial; made anew at most once a second for the same trial."""
        if run is None:
            return Detail(self._selected)
        at, version, known = self._drawn_detail
        now = time.monotonic()
        if known.key == run.id and (now - at < DETAIL_S or (version == run.data_version and not run.alive)):
            return known
        found = self._read_detail(run)
        self._drawn_detail = (now, run.data_version, found)
        return found

    def _read_detail(self, run: RunView) -> Detail:
        curves = self._follower.store.series(run.id)
        now = reward_breakdown(curves, None, HISTORY)
        before = None
        if now is not None:
            steps = curves.get(now.terms[0].tag).steps
            if len(steps) >= 4:
                before = reward_breakdown(curves, steps[len(steps) - 1 - len(steps) // 4], 0)
        directory = RunDir(self._workspace.runs / run.id)
        return Detail(run.id, now, before, directory.log_tail(LOG_LINES), str(directory.log_path))

    def _read_notes(self) -> tuple[NoteView, ...]:
        """Return the notes of the session and of the trials shown; read again only when there are others."""
        days = notes.pages(self._workspace)
        noted = sorted(self._book.noted.items())
        mark = (
            tuple((path.name, path.stat().st_size) for path in days),
            tuple(noted),
        )
        if self._notes[0] != mark:
            files = [*days, *(RunDir(self._workspace.runs / run_id).notes_path for run_id, _ in noted)]
            found = [note for path in files for note in notes.read_file(path)]
            self._notes = (mark, tuple(rows.note_view(note) for note in sorted(found, key=lambda item: item.time)))
        return self._notes[1]

    def _trouble(self, snapshot: Snapshot) -> Notice | None:
        return Notice(self._clock(), "warn", snapshot.notices[0]) if snapshot.notices else None

    def _first_study(self) -> FirstStudy:
        from automl.local import usable_cores

        spec = self._spec
        names = tuple(path.rsplit(".", 1)[-1] for path in spec.space)
        return FirstStudy(spec.env, spec.trial_limit or 0, spec.trial_env_steps, spec.slots or usable_cores(), names)


def sentence(words: str) -> str:
    """Return words as a sentence: with a capital and a full stop."""
    return words[:1].upper() + words[1:] + ("" if words.endswith((".", "!", "?")) else ".")
