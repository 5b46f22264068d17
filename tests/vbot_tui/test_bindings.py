import re
from collections import Counter

import pytest

from vbot_tui import bindings
from vbot_tui.screens.acting import Actions
from vbot_tui.screens.ask import Ask
from vbot_tui.screens.compare import CompareScreen
from vbot_tui.screens.launch import LaunchScreen
from vbot_tui.screens.modals import Confirm, FilterEntry, Help, NoteEntry, Refused, Told
from vbot_tui.screens.robot import RobotScreen
from vbot_tui.screens.shelf import LibraryScreen, LogsScreen, QueueScreen, RecordsScreen
from vbot_tui.screens.study import StudyScreen
from vbot_tui.screens.trial import TrialScreen
from vbot_tui.screens.trials import TrialsScreen

CONTEXTS = {
    "trials": TrialsScreen,
    "trial": TrialScreen,
    "robot": RobotScreen,
    "compare": CompareScreen,
    "study": StudyScreen,
    "launch": LaunchScreen,
    "queue": QueueScreen,
    "library": LibraryScreen,
    "records": RecordsScreen,
    "logs": LogsScreen,
    "actions": Actions,
    "ask": Ask,
    "filter": FilterEntry,
    "confirm": Confirm,
    "told": Told,
    "refused": Refused,
    "note": NoteEntry,
    "help": Help,
}


def test_no_key_means_two_things_in_one_context():
    used = Counter((key.context, name) for key in bindings.KEYS for name in key.keys)
    assert [pair for pair, times in used.items() if times > 1] == []


def test_ids_are_unique():
    assert max(Counter(key.id for key in bindings.KEYS).values()) == 1


def test_no_key_needs_a_modifier_that_tmux_screen_or_the_line_owns():
    assert [key.id for key in bindings.KEYS for name in key.keys if re.search("ctrl|alt|meta|super", name)] == []


def test_every_key_is_explained():
    assert [key.id for key in bindings.KEYS if not key.help.strip() or not key.label.strip()] == []


@pytest.mark.parametrize("context", CONTEXTS)
def test_every_action_of_the_table_exists_on_its_screen(context):
    for key in bindings.of(context):
        name = key.action.split("(")[0]
        assert hasattr(CONTEXTS[context], f"action_{name}"), key.id


def test_every_action_of_a_screen_is_in_the_table():
    for context, screen in CONTEXTS.items():
        documented = {key.action.split("(")[0] for key in bindings.of(context)}
        ours = [kind for kind in screen.__mro__ if kind.__module__.startswith("vbot_tui")]
        own = {name[len("action_") :] for kind in ours for name in vars(kind) if name.startswith("action_")}
        assert own == documented


def test_what_acts_on_processes_is_a_capital_letter():
    acting = [key for key in bindings.KEYS if key.group == "Work"]
    assert acting and all(key.acts and key.keys[0].isupper() for key in acting)


def test_a_dangerous_key_is_not_its_own_confirmation():
    confirming = set(bindings.of("confirm")[0].keys)
    asking = {name for key in bindings.KEYS if key.context == "trials" and key.acts for name in key.keys}
    assert bindings.of("confirm")[0].action == "yes"
    assert not confirming & asking


def test_what_the_table_calls_acting_is_acting_on_that_screen_only():
    assert bindings.acts("trials", "deed") and bindings.acts("queue", "cancel")
    assert not bindings.acts("trials", "show") and not bindings.acts("logs", "deed")


def test_read_only_takes_away_everything_that_acts():
    left = bindings.of("trials", read_only=True)
    assert left and not any(key.acts for key in left)


def test_the_bar_shows_only_what_can_be_done_now():
    labels = [key.label for key in bindings.bar("trials", {"study"})]
    assert "kill" not in labels and "reward" not in labels
    assert "kill" in [key.label for key in bindings.bar("trials", {"study", "trial", "live"})]


def test_leave_and_help_are_in_the_bar_at_80_columns():
    from vbot_tui.lines import plain
    from vbot_tui.widgets.head import key_bar

    shown = plain(key_bar("trials", {"study", "trial", "live"}, 80))
    assert len(shown) <= 80
    for part in ("r reward", "S new study", "X kill", "f flags", "n note", "? help", "q leave"):
        assert part in shown


def test_no_letter_closes_a_refusal():
    assert {name for key in bindings.of("refused") for name in key.keys} == {"escape", "enter"}
