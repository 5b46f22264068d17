"""The launch form: every setting, searched while typing, checked and judged while typing; starts a run or a study."""

import os
import shlex
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual.app import ComposeResult, SuspendNotSupported

from vbot_tui import text
from vbot_tui.launch_model import STUDY, Draft, Entry, Plan
from vbot_tui.lines import Line, line
from vbot_tui.screens.ask import PENDING, Ask
from vbot_tui.screens.asking import ask_study
from vbot_tui.screens.base import PagedScreen, textual_bindings
from vbot_tui.screens.jump import LETTERS, Jump, lettered
from vbot_tui.screens.modals import Confirm
from vbot_tui.widgets import head, launch_page, panels
from vbot_tui.widgets.frame import HintLine, KeyBar, Page, PaneTitle, StatusLine
from vbot_tui.widgets.launch_page import Row

PAGES = (("form", "o", "form"), ("audit", "a", "audit"), ("command", "d", "command"))
RANGE_HINT = "1e-4..1e-2 log   0.5x..2x   a|b|c   (empty: not searched)"


class LaunchScreen(PagedScreen):
    """A form for a training or a study.

    Args:
        draft: What it starts from; the flat task's default if left out.
    """

    context = "launch"
    PAGES = PAGES
    BINDINGS = textual_bindings("launch")
    CSS = "LaunchScreen > #about { height: 2; }"

    def __init__(self, draft: Draft | None = None) -> None:
        super().__init__()
        self.draft = draft or Draft()
        self.words = ""
        self.only_changed = False
        self.chosen = ""

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield StatusLine(id="status")
        yield PaneTitle(id="title")
        yield Page(id="page")
        yield Page(id="about")
        yield HintLine(id="hint")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Ask what the draft means, and draw."""
        self.cockpit.client.draft(self.draft)
        self.show_view()

    # --- drawing

    @property
    def plan(self) -> Plan | None:
        """The newest plan, of whichever draft; None before the first."""
        return self.cockpit.client.view.plan

    @property
    def current(self) -> Plan | None:
        """The plan of exactly this draft; None while it is awaited."""
        plan = self.plan
        return plan if plan is not None and plan.draft == self.draft else None

    @property
    def found(self) -> tuple[Row, ...]:
        """The lines of the form."""
        return launch_page.rows(self.plan, self.words, changed=self.only_changed)

    @property
    def entry(self) -> Entry | None:
        """The setting under the cursor."""
        own = [row.entry for row in self.found if row.entry is not None]
        return next((entry for entry in own if entry.key == self.chosen), own[0] if own else None)

    def show_view(self) -> None:
        """Draw the newest picture; letters that wait for a key are left alone."""
        if not self.drawable or isinstance(self.app.screen, Jump):
            return
        app, view, now, width = self.cockpit, self.cockpit.client.view, self.cockpit.clock(), self.app.size.width
        with app.batch_update():
            self.set_lines("#status", [self._status(width)])
            self.set_lines("#title", [panels.title(PAGES, self.page_name, self._subject(width), width, app.glyphs)])
            self.set_lines("#page", self._lines())
            self.set_lines(
                "#about", launch_page.about(self.entry, width, app.glyphs) if self.page_name == "form" else [(), ()]
            )
            news = head.news(self.with_notice(view), now, app.glyphs, width)
            self.set_lines("#hint", [news or launch_page.verdict(self.plan, width, app.glyphs)])
            self.set_lines("#keys", [head.key_bar("launch", (), width, read_only=app.read_only)])

    def _status(self, width: int) -> Line:
        draft = self.draft
        start = f"run {draft.source}" if draft.source else f"{draft.env}, preset {draft.preset}"
        changed = sum(not key.startswith(STUDY) for key, _ in draft.sets)
        said = f"{changed} changed, {len(draft.space)} searched"
        room = width - 6 - len(said) - 2
        return (
            (" vbot ", "title"),
            (text.fit(f"launch from {text.clean(start)}", room, "<", self.cockpit.glyphs.more), ""),
            (f" {said}", "dim"),
        )

    def _subject(self, width: int) -> str:
        parts = [f"/{text.clean(self.words)}"] if self.words else []
        parts += ["only changed"] if self.only_changed else []
        return text.fit(" ".join(parts) or "settings", min(max(8, width - 44), len(" ".join(parts) or "settings")))

    def _lines(self) -> list[Line]:
        width, glyphs = self.page.size.width, self.cockpit.glyphs
        if self.page_name == "audit":
            return launch_page.audit_page(self.plan.audit if self.plan else None, width, glyphs)
        if self.page_name == "command":
            return launch_page.command_page(self.plan, width)
        if self.plan is None:
            return [line(("Reading the settings.", "dim"))]
        return launch_page.form(self.found, self.entry.key if self.entry else "", width, glyphs)

    # --- keys that look

    def action_show(self, page: str) -> None:
        """Show a page."""
        super().action_show(page)
        self._keep_in_sight()

    def action_move(self, by: int) -> None:
        """Move to another setting; on the other pages, scroll."""
        if self.page_name != "form":
            self.page.scroll_lines(by)
            return
        own = [row.entry for row in self.found if row.entry is not None]
        if own and self.entry is not None:
            at = own.index(self.entry)
            self._choose(own[min(len(own) - 1, max(0, at + by))])

    def action_page(self, by: int) -> None:
        """Move by a page."""
        self.action_move(by * max(1, self.page.size.height - 1))

    def action_end(self, by: int) -> None:
        """Move to the first or the last setting."""
        self.action_move(by * len(self.found))

    def action_group(self, by: int) -> None:
        """Move to the next group of settings, or to the one before."""
        own = [row.entry for row in self.found if row.entry is not None]
        if self.entry is None:
            return
        names = [launch_page.group_name(entry) for entry in own]
        firsts = [index for index, name in enumerate(names) if index == 0 or names[index - 1] != name]
        at = own.index(self.entry)
        later = [index for index in firsts if index > at] if by > 0 else [i for i in reversed(firsts) if i < at]
        if later:
            self._choose(own[later[0]])

    def _choose(self, entry: Entry) -> None:
        self.chosen = entry.key
        self.show_view()
        self._keep_in_sight()

    def _keep_in_sight(self) -> None:
        page = self.page
        own = self.entry
        at = next((index for index, row in enumerate(self.found) if row.entry is own), 0)
        if at == 1:
            at = 0  # the title above the first setting comes along
        top = page.scroll_offset.y
        if self.page_name == "form" and page.size.height:
            page.scroll_lines(min(0, at - top) + max(0, at + 1 - top - page.size.height))

    def action_jump(self) -> None:
        """Show a letter at every setting in sight; the next key goes there."""
        page = self.page
        top = page.scroll_offset.y
        rows = self.found
        sight = range(top, min(len(rows), top + page.size.height))
        places = [index for index in sight if rows[index].entry is not None][: len(LETTERS)]
        if self.page_name != "form" or not places:
            return
        page.set_lines(lettered(self._lines(), top, places))

        def go(place: int | None) -> None:
            entry = rows[places[place]].entry if place is not None else None
            if entry is not None:
                self._choose(entry)
            self.show_view()

        self.app.push_screen(Jump(len(places)), go)

    def action_search(self) -> None:
        """Find settings while typing."""
        before = self.words

        def typed(words: str) -> None:
            self.words, self.chosen = words, ""
            self.page.clear_lines()
            self.show_view()

        def done(words: str | None) -> None:
            typed(before if words is None else words)

        hint = "part of a name, or of what it means"
        self.app.push_screen(Ask("Find settings", before, hint, on_change=typed, meaning=self._matches), done)

    def _matches(self, words: str) -> list[Line]:
        own = [row.entry for row in self.found if row.entry is not None]
        return [line((text.counted(len(own), "setting") + (f", first {own[0].key}" if own else ""), "dim"))]

    def action_changed(self) -> None:
        """Show only what was changed or is searched, or all again."""
        self.only_changed = not self.only_changed
        self.page.clear_lines()
        self.show_view()

    def step_back(self) -> bool:
        """From what was found to everything."""
        found = self.page_name == "form" and bool(self.words or self.only_changed)
        if found:
            self.words, self.only_changed = "", False
            self.show_view()
        return found

    # --- keys that change the draft

    def _take(self, draft: Draft) -> None:
        self.draft = draft
        self.cockpit.client.draft(draft)
        self.show_view()

    def action_edit(self) -> None:
        """Type another value for the setting under the cursor; it is checked and judged while it is typed."""
        entry = self.entry
        if entry is None:
            self.refuse("No value", "No setting is found by these words; Esc shows all again, / finds others.")
            return
        before = self.draft

        def typed(words: str) -> None:
            self._take(before.with_value(entry.key, words) if words.strip() else before.without(entry.key))

        def done(words: str | None) -> None:
            typed(words) if words is not None else self._take(before)

        title = f"{entry.key} (was {text.clean(entry.before)})"
        hint = " | ".join(entry.choices) if entry.choices else entry.help
        self.app.push_screen(
            Ask(title, entry.value, hint, on_change=typed, meaning=self._meaning, complete=_completer(entry),
                refuse=lambda words: self._refused()), done,
        )  # fmt: skip

    def _meaning(self, words: str) -> list[Line]:
        """Return the verdict on what is typed."""
        width = self.app.size.width - 2
        plan = self.current
        if plan is None:
            return [line(("checking", "dim"))]
        if plan.trouble:
            return [line((part, "bad")) for part in text.wrap(text.clean(plan.trouble), width)]
        words_, role = launch_page.audit_words(plan.audit)
        return [line((part, role)) for part in text.wrap(words_, width)]

    def _refused(self) -> str:
        plan = self.current
        return plan.trouble if plan is not None else PENDING

    def action_search_range(self) -> None:
        """Type the range in which a study searches the setting under the cursor."""
        entry = self.entry
        if entry is None or entry.key.startswith(STUDY) or entry.key in ("env", "preset"):
            self.refuse("No search", _unsearchable(entry))
            return
        before = self.draft
        known = self.current.study_trouble if self.current is not None else ""

        def typed(words: str) -> None:
            self._take(before.with_range(entry.key, words))

        def done(words: str | None) -> None:
            typed(words) if words is not None else self._take(before)

        def refused(words: str) -> str:
            plan, said = self.current, ""
            if words.strip():
                said = PENDING if plan is None else plan.study_trouble
            return said if said != known or entry.key in said else ""  # what was wrong before is not the range's

        def meaning(words: str) -> list[Line]:
            plan = self.current
            if plan is None or not words.strip():
                return [line((RANGE_HINT, "dim"))]
            if plan.study_trouble:
                return [
                    line((part, "bad")) for part in text.wrap(text.clean(plan.study_trouble), self.app.size.width - 2)
                ]
            return [line((f"good; {len(plan.draft.space)} searched in all", "good"))]

        first = entry.search or suggested_range(entry)
        self._take(before.with_range(entry.key, first))
        self.app.push_screen(
            Ask(
                f"Search {entry.key} (now {entry.value})", first, RANGE_HINT,
                on_change=typed, meaning=meaning, refuse=refused,
            ),
            done,
        )  # fmt: skip

    def action_next_value(self) -> None:
        """Take the next of the few values a setting may have."""
        entry = self.entry
        if entry is None or not entry.choices:
            self.cockpit.say("info", "Enter types a value; this setting has no list of them.")
            return
        at = entry.choices.index(entry.value) if entry.value in entry.choices else -1
        self._take(self.draft.with_value(entry.key, entry.choices[(at + 1) % len(entry.choices)]))

    def action_reset(self) -> None:
        """Give the setting under the cursor its own value back, and search it no more."""
        if self.entry is not None:
            self._take(self.draft.without(self.entry.key))

    def action_editor(self) -> None:
        """Edit the whole config as YAML in $EDITOR."""
        plan = self.current
        if plan is None or not plan.yaml:
            self.cockpit.say("warn", "The settings are not ready for an editor: mend what is refused first.")
            return
        try:
            edited = self._edited(plan.yaml)
        except (SuspendNotSupported, OSError) as error:
            self.cockpit.say("bad", f"The editor could not be started: {error}; set $EDITOR to one that is installed.")
            return
        draft, trouble = self.cockpit.client.read_back(self.draft, edited)
        if trouble:
            self.cockpit.say("bad", trouble)
        else:
            self._take(draft)

    def _edited(self, yaml: str) -> str:
        """Return a text as a person leaves it in their editor; the screen waits, the work does not."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "config.yaml"
            path.write_text(yaml, encoding="utf-8")
            words = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
            with self.app.suspend():
                subprocess.run([*words, str(path)], check=False)
            return path.read_text(encoding="utf-8")

    # --- keys that act

    def action_start_run(self) -> None:
        """Start a training of the draft, after a question that shows its command and the verdict."""
        plan = self.current
        if plan is None or plan.trouble:
            self.cockpit.say("warn", plan.trouble if plan else "The settings are being checked; press again.")
            return
        sentences = [" ".join(plan.command), audit_sentence(plan), self._company()]
        question = Confirm(f"Train {text.count(plan.env_steps)} steps?", [item for item in sentences if item])
        self.app.push_screen(question, lambda yes: self._leave(self.cockpit.client.start_run, plan) if yes else None)

    def action_start_study(self) -> None:
        """Start a study that searches the marked keys, after a question that names them and what was found."""
        plan = self._plan_of_study()
        if plan is not None:
            searched = ", ".join(f"{key.rpartition('.')[2]} {range_}" for key, range_ in plan.draft.space)
            sentences = [f"It searches {searched}.", *filter(None, [self._company()])]
            ask_study(self, plan.study, lambda: self._leave(self.cockpit.client.start_study_of, plan.study), sentences)

    def action_enqueue(self) -> None:
        """Put the study into the queue: it starts when what stands before it is done."""
        plan = self._plan_of_study()
        if plan is not None:
            ask_study(self, plan.study, lambda: self.cockpit.client.enqueue(plan.study), quiet=True)

    def _plan_of_study(self) -> Plan | None:
        """Return the plan if a study can be made of it; say why if not."""
        plan = self.current
        if plan is None or plan.study_trouble:
            self.cockpit.say("warn", plan.study_trouble if plan else "The settings are being checked; press again.")
            return None
        return plan

    def _company(self) -> str:
        """Say who else uses the cores."""
        busy = [study for study in self.cockpit.client.view.studies if study.state == "running" and study.slots_busy]
        return f"{head.short_id(busy[0].id)} is running and uses the same cores." if busy else ""

    def _leave(self, start: Callable[[Any], None], what: Plan | str) -> None:
        start(what)
        self.action_room("trials")


def audit_sentence(plan: Plan) -> str:
    """Return the verdict on a plan's reward as a sentence for a question."""
    words, _ = launch_page.audit_words(plan.audit)
    return "" if plan.audit is None else f"{words[:1].upper()}{words[1:]}."


def _unsearchable(entry: Entry | None) -> str:
    """Return why no range can be typed here."""
    if entry is None:
        return "No setting is found by these words; Esc shows all again, / finds others."
    return f"{entry.key} is no setting of the training, and only those can be searched; Enter gives it another value."


def suggested_range(entry: Entry) -> str:
    """Return a first range for a setting: half to double for numbers, all choices for choices."""
    if entry.choices:
        return "|".join(entry.choices)
    try:
        value = float(entry.value)
    except ValueError:
        return ""
    if value == 0:
        return "0..1"
    return f"{max(1, round(value / 2))}..{round(value * 2)} integer" if entry.kind == "whole" else "0.5x..2x"


def _completer(entry: Entry) -> Callable[[str], str]:
    def complete(words: str) -> str:
        return next((item for item in entry.choices if item.startswith(words)), words)

    return complete
