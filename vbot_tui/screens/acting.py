"""What can be done with trials, from any screen and with one or many: a menu, and a question before what matters.

The menu is a page of the key table, so footer, help and tests know it too.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import get_args

from textual.app import ComposeResult
from textual.containers import Vertical

from automl.commands import Kind
from vbot_tui import bindings, text
from vbot_tui.launch_model import Draft, Plan, resolve_key
from vbot_tui.lines import Line, line
from vbot_tui.model import TrialRow
from vbot_tui.orders import full_length
from vbot_tui.screens.ask import PENDING, Ask
from vbot_tui.screens.asking import ask_kill, named
from vbot_tui.screens.base import CockpitModal, CockpitScreen, textual_bindings
from vbot_tui.screens.modals import Confirm
from vbot_tui.widgets import head, launch_page
from vbot_tui.widgets.frame import KeyBar, Page

ENDED = ("finished", "stopped", "killed", "failed", "diverged")


@dataclass(frozen=True)
class Deed:
    """One thing that can be done with trials.

    Attributes:
        states: of the trials that it can be done with.
        kind: the command to a study that does it, where one does.
        question: what is asked first; empty when nothing is lost by it.
        loses: what it costs, in a sentence.
        one: only one trial at a time.
    """

    states: tuple[str, ...]
    kind: str = ""
    question: str = ""
    loses: str = ""
    one: bool = False


DEEDS: dict[str, Deed] = {
    "pause": Deed(("running", "queued"), "pause_trial"),
    "resume": Deed(("paused", "stopped", "killed", "failed"), "restart_trial"),
    "stop": Deed(("running",), "stop_trial", "Stop {}?", "It finishes its update, writes a checkpoint and ends."),
    "kill": Deed(("running", "queued", "paused")),
    "exclude": Deed(ENDED, "exclude_trial", "Leave {} out?", "It counts neither in the ranking nor in the search."),
    "promote": Deed(ENDED, "", "Train {} in full length?", "", one=True),
    "evaluate": Deed((*ENDED, "running", "paused")),
    "export": Deed((*ENDED, "running", "paused")),
    "film": Deed((*ENDED, "running", "paused")),
    "mute": Deed((*ENDED, "running", "paused")),
    "warm": Deed((*ENDED, "paused"), one=True),
    "archive": Deed((*ENDED, "running", "paused"), one=True),
    "clone": Deed((*ENDED, "running", "paused"), one=True),
    "stage": Deed((*ENDED, "paused"), one=True),
    "form": Deed((*ENDED, "running", "paused"), one=True),
}


def possible(name: str, rows: Sequence[TrialRow]) -> list[TrialRow]:
    """Return the trials that something can be done with; none where this version cannot do it at all."""
    deed = DEEDS[name]
    if deed.kind and deed.kind not in get_args(Kind):
        return []
    fit = [row for row in rows if row.state in deed.states and (row.run_id or deed.kind)]
    return fit if len(rows) == 1 or not deed.one else []


def why_not(name: str, rows: Sequence[TrialRow]) -> str:
    """Return in one sentence why something cannot be done with these trials; empty where it can."""
    if possible(name, rows):
        return ""
    deed, label = DEEDS[name], next(key.label for key in bindings.of("actions") if key.id == f"actions.{name}")
    if not rows:
        return f"There is no trial here; {label} takes one."
    if deed.one and len(rows) > 1:
        return f"{len(rows)} trials are marked; {label} takes one: Space unmarks."
    if deed.kind and deed.kind not in get_args(Kind):
        return f"This version has no way to {label} a trial."
    about = text.clean(rows[0].name) if len(rows) == 1 else f"None of the {len(rows)} marked trials"
    if any(row.state in deed.states for row in rows):
        return f"{about} has no run yet; {label} takes one that has."
    if set(ENDED) <= set(deed.states):
        rest = [state for state in deed.states if state not in ENDED]
        kind = "has run" if "running" in rest else " or is ".join(["has ended", *rest])
    else:
        kind = f"is {' or '.join(deed.states)}"
    if len(rows) > 1:
        return f"{about} {kind}; {label} takes only such."
    state = rows[0].state
    now = "has not ended" if state == "running" and kind.startswith("has ended") else f"is {state}"
    return f"{about} {now}; {label} takes one that {kind}."


class Actions(CockpitModal[str]):
    """The menu: what can be done with these trials, one key each."""

    BINDINGS = textual_bindings("actions")
    CSS = """
    Actions { align: center middle; background: $background 60%; }
    Actions > Vertical { width: 70; max-width: 96%; height: auto; padding: 0 1; }
    Actions > Vertical { background: $surface; border: round $primary; }
    Actions Page { background: $surface; }
    Actions KeyBar { background: $surface; }
    """

    def __init__(self, rows: Sequence[TrialRow]) -> None:
        super().__init__()
        self.rows = tuple(rows)

    def compose(self) -> ComposeResult:
        """Lay out the menu."""
        with Vertical():
            yield Page(id="menu")
            yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Fill in what can be done."""
        width = min(64, self.app.size.width - 8)
        body: list[Line] = [line((text.fit(named(self.rows), width).rstrip(), "title"))]
        for key in bindings.of("actions"):
            if key.group != "Do":
                continue
            fit = possible(key.id.partition(".")[2], self.rows)
            if not fit:
                continue
            count = f" ({len(fit)})" if len(self.rows) > 1 else ""
            words = text.fit(f"{key.help}{count}", width - 4, "<", self.cockpit.glyphs.more).rstrip()
            body.append(line((f" {key.shown}  ", "key"), words))
        if len(body) == 1:
            body.append(line((" Nothing can be done with it now.", "dim")))
        page = self.query_one("#menu", Page)
        page.styles.height = len(body)
        page.set_lines(body)
        self.query_one(KeyBar).set_lines([head.key_bar("actions", (), 60)])

    def action_choose(self, name: str) -> None:
        """Hand back what is to be done."""
        if possible(name, self.rows):
            self.dismiss(name)

    def action_close(self) -> None:
        """Do nothing."""
        self.dismiss(None)


class Acting(CockpitScreen):
    """A screen from which something can be done with trials."""

    def targets(self) -> list[TrialRow]:
        """Return the trials that are meant: the marked ones, else the selected one."""
        raise NotImplementedError

    def action_act(self) -> None:
        """Show what can be done with the trials that are meant."""
        rows = self.targets()
        if not rows:
            self.cockpit.say("info", "There is no trial to do anything with.")
            return
        self.app.push_screen(Actions(rows), lambda name: self.act(name, rows) if name else None)

    def act(self, name: str, rows: Sequence[TrialRow]) -> None:
        """Do something with trials, after a question where something is lost."""
        client, fit = self.cockpit.client, possible(name, rows)
        keys = [row.key for row in fit]
        simple: dict[str, Callable[[], None]] = {
            "kill": lambda: ask_kill(self, rows),
            "clone": lambda: self.clone(fit[0]),
            "stage": lambda: self.stage(fit[0]),
            "archive": lambda: self.archive(fit[0]),
            "warm": lambda: client.warm_start(keys[0]),
            "form": lambda: self.open_form(fit[0]),
            "evaluate": lambda: client.evaluate(keys),
            "export": lambda: client.export(keys),
            "film": lambda: client.film(keys),
            "mute": lambda: client.mute(keys),
        }
        if name in simple:
            simple[name]()
        elif name == "promote":
            self._ask(name, fit, lambda: client.promote(keys[0], full_length(fit[0])))
        else:
            self._ask(name, fit, lambda: client.order(DEEDS[name].kind, keys, f"{name} by key in the cockpit"))

    def _ask(self, name: str, rows: Sequence[TrialRow], do: Callable[[], None]) -> None:
        deed = DEEDS[name]
        if not deed.question:
            do()
            return
        sentences = [deed.loses] if deed.loses else []
        if name == "promote":
            row = rows[0]
            steps = text.count(full_length(row))
            sentences = [f"A new run with the settings of {row.name}, {steps} steps, recorded as final."]
        question = Confirm(deed.question.format(named(rows)), sentences)
        self.app.push_screen(question, lambda yes: do() if yes else None)

    def archive(self, row: TrialRow) -> None:
        """Ask under which name a trial's settings are kept, and what they were expected to do."""

        def done(words: str | None) -> None:
            name, _, hypothesis = (words or "").strip().partition(" ")
            if name:
                self.cockpit.client.archive(row.key, name, hypothesis.strip())

        hint = "name-of-it what it was expected to do"
        self.app.push_screen(Ask(f"Archive {text.clean(row.name)} as", "", hint), done)

    # --- deeds with a key of their own

    def action_deed(self, name: str) -> None:
        """Do one of the things of the menu at once, with the trials that are meant."""
        rows = self.targets()
        why = why_not(name, rows)
        if not why:
            self.act(name, rows)
        elif name == "stage":  # what is typed after it is for the line that does not open
            self.refuse("No next stage", why)
        else:
            self.cockpit.say("info", why)

    def action_keep(self) -> None:
        """Archive the settings of the trial under a name made from its own."""
        rows = self.targets()
        why = why_not("archive", rows)
        if why:
            self.cockpit.say("info", why)
        else:
            self.cockpit.client.archive(rows[0].key, "", "")

    # --- cloning

    def action_clone(self) -> None:
        """Train the selected trial's settings again with one change or more, typed in one line."""
        rows = self.targets()
        why = why_not("clone", rows)
        if why:
            self.refuse("No clone", why)
        else:
            self.clone(rows[0])

    def action_form(self) -> None:
        """Open the form with the selected trial's settings."""
        rows = self.targets()
        why = why_not("form", rows)
        if why:
            self.refuse("No form", why)
        else:
            self.open_form(rows[0])

    def open_form(self, row: TrialRow) -> None:
        """Show the form with a trial's settings."""
        from vbot_tui.screens.launch import LaunchScreen

        self.app.push_screen(LaunchScreen(Draft(source=row.run_id)))

    def clone(self, row: TrialRow) -> None:
        """Train a trial's settings again with changes."""
        client = self.cockpit.client
        self._ask_changes(f"Clone {text.clean(row.name)} with", row, lambda draft: client.clone(row.key, draft))

    def stage(self, row: TrialRow) -> None:
        """Train on from what a trial has learned, with changes: the next stage."""
        client = self.cockpit.client
        title = f"Next stage: train on from {text.clean(row.name)} with"
        self._ask_changes(title, row, lambda draft: client.next_stage(row.key, draft))

    def _ask_changes(self, title: str, row: TrialRow, do: Callable[[Draft], None]) -> None:
        """Ask for changes of a trial's settings, checked and judged while they are typed."""
        base = Draft(source=row.run_id)
        client = self.cockpit.client
        client.draft(base)

        def draft(words: str) -> Draft:
            return cloned(base, words, self._setting_names())

        def done(words: str | None) -> None:
            if words:
                do(draft(words))

        self.app.push_screen(
            Ask(
                title, "", "learning_rate=3e-4 termination=-150",
                on_change=lambda words: client.draft(draft(words)),
                meaning=lambda words: self._clone_meaning(draft(words), words),
                complete=lambda words: completed(words, self._setting_names()),
                refuse=lambda words: self._clone_trouble(draft(words), words),
            ),
            done,
        )  # fmt: skip

    def _setting_names(self) -> tuple[str, ...]:
        plan = self.cockpit.client.view.plan
        return tuple(entry.key for entry in plan.entries if not entry.key.startswith("study.")) if plan else ()

    def _plan_of(self, draft: Draft) -> Plan | None:
        plan = self.cockpit.client.view.plan
        return plan if plan is not None and plan.draft == draft else None

    def _clone_trouble(self, draft: Draft, words: str) -> str:
        plan = self._plan_of(draft)
        if not words.strip():
            return ""
        if not draft.sets:
            return "nothing is changed"
        return PENDING if plan is None else plan.trouble

    def _clone_meaning(self, draft: Draft, words: str) -> list[Line]:
        width, keys = self.app.size.width - 2, self._setting_names()
        last = words.split()[-1] if words and not words.endswith(" ") else ""
        if last and "=" not in last:
            near = ", ".join(resolve_key(last, keys)[:6])
            return [line((text.fit(near or "no setting has that in its name", width).rstrip(), "dim"))]
        plan = self._plan_of(draft)
        if plan is None or not draft.sets:
            return [line(("setting=value, several with blanks between; Tab completes a name", "dim"))]
        if plan.trouble:
            return [line((part, "bad")) for part in text.wrap(text.clean(plan.trouble), width)]
        changes = [f"{key} {e.before} -> {e.value}" for key, _ in draft.sets if (e := plan.entry(key)) is not None]
        said, role = launch_page.audit_words(plan.audit)
        rows = text.wrap(", ".join(changes), width)
        return [line((part, "accent")) for part in rows[:2]] + [line((part, role)) for part in text.wrap(said, width)]


def cloned(base: Draft, words: str, keys: tuple[str, ...]) -> Draft:
    """Return the draft with what was typed: ``name=value`` pairs, each name as far as it is unmistakable."""
    out = base
    for word in words.split():
        name, sign, value = word.partition("=")
        if not sign or not value:
            continue
        found = resolve_key(name, keys)
        out = out.with_value(found[0] if len(found) == 1 else name, value)
    return out


def completed(words: str, keys: tuple[str, ...]) -> str:
    """Return the text with the name that is being typed completed, as far as that is unmistakable."""
    start, _, last = words.rpartition(" ")
    if not last or "=" in last:
        return words
    found = resolve_key(last, keys)
    if len(found) != 1:
        return words
    short = found[0].rpartition(".")[2]
    name = short if len(resolve_key(short, keys)) == 1 else found[0]
    return f"{start} {name}=".lstrip()
