"""The questions that several screens ask: kill, start, a note. Each names what it is about and obeys another key."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from vbot_tui import text
from vbot_tui.lines import Line, line
from vbot_tui.model import TrialRow
from vbot_tui.screens.base import CockpitScreen
from vbot_tui.screens.modals import Confirm, NoteEntry, Told

if TYPE_CHECKING:
    from automl.preflight import Finding

NAMED = 6
"""So many trials are named in a question about many."""


def ask_kill(screen: CockpitScreen, rows: Sequence[TrialRow]) -> None:
    """Ask whether these trials are to be ended, all at once, and have them ended."""
    app = screen.cockpit
    living = [row for row in rows if row.live]
    if not living:
        app.say("warn", "Only a running, paused or waiting trial can be killed.")
        return
    keys = [row.key for row in living]

    def answered(yes: bool | None) -> None:
        if yes:
            for key in keys:
                app.client.kill(key, "killed by key in the cockpit")

    screen.app.push_screen(Confirm(*_kill_question(living, len(rows) - len(living))), answered)


def named(rows: Sequence[TrialRow]) -> str:
    """Return the names of trials, the first few of many."""
    names = ", ".join(text.clean(row.name) for row in rows[:NAMED])
    return names + (f" and {len(rows) - NAMED} more" if len(rows) > NAMED else "")


def _kill_question(living: Sequence[TrialRow], ended: int) -> tuple[str, list[str]]:
    stays = "Its last checkpoint and its curves stay; it will not be tried again by itself."
    if len(living) == 1 and not ended:
        row = living[0]
        where = f"It is {row.state} at step {text.count(row.env_steps)} of {text.count(row.total_env_steps)}."
        return f"Kill trial {row.name}?", [where, stays]
    sentences = [
        f"{named(living)}.",
        stays.replace("Its", "Their", 1).replace("its", "their").replace("it will", "they will"),
    ]
    if ended:
        sentences.insert(1, f"{ended} of the marked trials have ended already and are left alone.")
    return f"Kill {len(living)} trials?", sentences


def ask_note(screen: CockpitScreen, row: TrialRow | None, step: int | None = None) -> None:
    """Have a note written at a trial and step, or at the session."""
    app = screen.cockpit
    key, at = (row.key, row.env_steps if step is None else step) if row else ("", None)
    subject = f"{row.name} at step {text.count(at)}" if row else "this session"

    def written(words: str | None) -> None:
        if words:
            app.client.note(words, key, at)

    screen.app.push_screen(NoteEntry(subject, app.note_draft), written)


LEVEL_ROLES = {"error": "bad", "warning": "warn", "note": "dim"}


def ask_study(
    screen: CockpitScreen, study: str, start: Callable[[], None], sentences: Sequence[str] = (), *, quiet: bool = False
) -> None:
    """Have a study checked, then started: at once where nothing speaks against it, else after a question.

    Args:
        screen: Where it was asked for; if another one is shown when the answer comes, nothing is done.
        study: The text of its file; empty for the first study.
        start: Starts it.
        sentences: What else is to be said before it starts.
        quiet: Ask nothing; an error still refuses it.
    """
    app = screen.cockpit
    if screen.checking:
        return
    screen.checking = True
    app.say("info", "Checking it before it starts: keys, reward, room, and whether it was run before.")

    def found(findings: tuple["Finding", ...]) -> None:
        screen.checking = False
        if app.screen is not screen:
            app.say("info", "The study was checked but not started: you had gone on; press the key again.")
            return
        app.own_notice = None
        app.redraw()
        asked: list[str | Line] = [*sentences, *finding_lines(findings, min(62, app.size.width - 8))]
        if any(item.level == "error" for item in findings):
            screen.app.push_screen(Told("This study is not started: it would fail", asked))
        elif not quiet and (sentences or any(item.level == "warning" for item in findings)):
            screen.app.push_screen(Confirm("Start this study?", asked), lambda yes: start() if yes else None)
        else:
            start()

    app.client.check_study(study, lambda findings: app.call_later(found, findings))


def finding_lines(findings: Sequence["Finding"], width: int) -> list[Line]:
    """Return what the pre-flight found, errors first, each after its level."""
    out: list[Line] = []
    for item in findings:
        role = LEVEL_ROLES[item.level]
        rows = text.wrap(text.clean(f"{item.level}: {item.check}: {item.text}"), width)
        out += [line((row, role)) for row in rows]
    return out
