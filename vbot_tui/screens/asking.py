"""The questions that several screens ask: kill, and a note. Each names what it is about and obeys another key."""

from collections.abc import Sequence

from vbot_tui import text
from vbot_tui.model import TrialRow
from vbot_tui.screens.base import CockpitScreen
from vbot_tui.screens.modals import Confirm, NoteEntry

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
