"""The launch form by keys; drafts are answered by the real planning and the real audit."""

import os

import pytest

from sessions.workspace import Workspace
from tests.vbot_tui.builders import head, row, view
from tests.vbot_tui.planning_client import planned
from tests.vbot_tui.studies import add_run
from tests.vbot_tui.test_app import SMALL, WIDE, seen, settled
from vbot_tui.glyphs import ASCII
from vbot_tui.launch_model import Audit, Draft
from vbot_tui.screens.acting import cloned, completed
from vbot_tui.screens.ask import Ask
from vbot_tui.screens.launch import LaunchScreen, suggested_range
from vbot_tui.screens.modals import Confirm, Refused
from vbot_tui.screens.trials import TrialsScreen

PASSES = Audit()
SIZES = [SMALL, (100, 30), WIDE, (200, 50), (60, 20)]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    found = Workspace.open(str(tmp_path_factory.mktemp("launch")))
    add_run(found, "no-study", 7, "run7", updates=5)
    return found


def opened(workspace, *rows, judged=PASSES, **options):
    return planned(view(*rows, study=head() if rows else None), workspace, judged=judged, **options)


async def press(pilot, *words):
    """Press keys; a word that begins with ' is typed letter by letter."""
    names = {" ": "space", "=": "equals_sign", ".": "full_stop", "-": "minus", "_": "underscore", "|": "vertical_line"}
    await settled(pilot)
    for word in words:
        for key in word[1:] if word.startswith("'") else [word]:
            await pilot.press(names.get(key, key))
        await settled(pilot)


def said(app):
    """What is on the screen as one line of words, frames left out."""
    return " ".join("\n".join(seen(app)).replace("│", " ").split())


async def clear(pilot, letters):
    await press(pilot, *["backspace"] * letters)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("page", ["o", "a", "d"])
async def test_every_page_fills_every_size_and_is_cut_nowhere(workspace, size, page):
    _client, app = planned(view(study=None), workspace)
    async with app.run_test(size=size) as pilot:
        await press(pilot, "3", page)
        lines, drawn = seen(app), app.screen.query_one("#page").lines
    assert len(lines) == size[1] and {len(line) for line in lines} == {size[0]}
    assert max(sum(len(part) for part, _ in line) for line in drawn) <= size[0]


@pytest.mark.parametrize("page", ["o", "a", "d"])
async def test_every_page_can_be_drawn_in_ascii(workspace, page):
    _client, app = opened(workspace, glyphs=ASCII)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "3", page)
        assert all(line.isascii() for line in seen(app))


async def test_settings_show_their_group_value_origin_and_meaning(workspace):
    _client, app = opened(workspace)
    async with app.run_test(size=WIDE) as pilot:
        await press(pilot, "3", "slash", "'kl_stop", "enter")
        lines = seen(app)
    assert lines[2].strip() == "learner"
    assert lines[3].split()[:4] == ["▌", "kl_stop", "null", "default"]
    assert "no further epoch once the mean KL of one exceeds this" in lines[3]


async def test_search_finds_names_before_meanings(workspace):
    _client, app = opened(workspace)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "3", "slash", "'heading")
        assert isinstance(app.screen, Ask)
        await press(pilot, "enter")
        own = [entry.entry.key for entry in app.screen.found if entry.entry]
    assert own[0] == "task.reward.scales.heading_tracking" and "task.reward.heading_inside" in own
    assert all("heading" in f"{key}" for key in own)


async def test_a_value_is_checked_while_it_is_typed_and_refused_with_the_reason(workspace):
    _client, app = opened(workspace)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "3", "slash", "'learning_rate", "enter", "enter", "'-3", "enter")
        assert isinstance(app.screen, Ask)
        assert "ppo.learning_rate must be greater than 0, got -3.0." in "\n".join(seen(app))
        await clear(pilot, 2)
        assert app.screen.query_one("#line").value == ""
        await press(pilot, "'3e-4", "enter")
        assert isinstance(app.screen, LaunchScreen) and app.screen.draft.sets == (("ppo.learning_rate", "3e-4"),)
        assert any("*" in line[:2] or "was 0.001" in line for line in seen(app))


async def test_escape_while_typing_leaves_the_setting_as_it_was(workspace):
    _client, app = opened(workspace)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "3", "slash", "'gamma", "enter", "enter", "'9", "escape")
        assert app.screen.draft == Draft()


async def test_the_audit_names_the_exploit_that_wins_while_the_scale_is_typed(workspace):
    _client, app = planned(view(study=None), workspace)
    async with app.run_test(size=WIDE) as pilot:
        await press(pilot, "3", "slash", "'alive_bonus", "enter", "enter")
        assert "audit passes" in "\n".join(seen(app))
        await clear(pilot, 1)
        await press(pilot, "'2")
        assert "AUDIT: lazy_robot WINS" in "\n".join(seen(app))
        await press(pilot, "enter", "a")
        lines = seen(app)
    assert any(line.startswith("lazy_robot           wins ") for line in lines)
    assert any("alive_bonus 2 (tips at" in line for line in lines)


async def test_a_choice_goes_on_to_its_next_value_and_undo_gives_it_back(workspace):
    _client, app = opened(workspace)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "3", "slash", "'ppo.symmetry", "enter", "space")
        changed = app.screen.draft.sets
        await press(pilot, "u")
        assert changed[0][0] == "ppo.symmetry" and changed[0][1] != "augment" and app.screen.draft == Draft()


async def test_a_run_is_started_after_a_question_that_shows_its_command(workspace):
    client, app = opened(workspace)
    async with app.run_test(size=WIDE) as pilot:
        await press(pilot, "3", "slash", "'total_env_steps", "enter", "enter")
        await clear(pilot, 7)
        await press(pilot, "'200k", "enter", "R")
        assert "Train 200k steps?" in said(app) and "train.total_env_steps=200000" in said(app)
        await press(pilot, "R", "enter")
        assert isinstance(app.screen, Confirm) and not [item for item in client.asked if item[0] == "start_run"]
        await press(pilot, "y")
        assert isinstance(app.screen, TrialsScreen)
    (started,) = [item for item in client.asked if item[0] == "start_run"]
    assert started[1].command[:4] == ("vbot", "train", "vbot_navigation_section001", "--set")


async def test_a_study_needs_a_searched_key_and_its_range(workspace):
    client, app = opened(workspace)
    async with app.run_test(size=WIDE) as pilot:
        await press(pilot, "3", "S")
        assert isinstance(app.screen, LaunchScreen) and "No key is searched" in "\n".join(seen(app))
        await press(pilot, "slash", "'entropy_coef", "enter", "s")
        assert app.screen.query_one("#line").value == "0.5x..2x"
        await press(pilot, "'1e-4..1e-2 log", "enter", "S")
        assert "It searches entropy_coef 1e-4..1e-2 log." in said(app)
        await press(pilot, "y")
    (started,) = [item for item in client.asked if item[0] == "start_study_of"]
    assert "low: 0.0001" in started[1] and "log: true" in started[1] and "around: 0.001" in started[1]


async def test_a_range_that_is_none_is_refused_in_words(workspace):
    _client, app = opened(workspace)
    async with app.run_test(size=WIDE) as pilot:
        await press(pilot, "3", "slash", "'entropy_coef", "enter", "s")
        await press(pilot, "'what", "enter")
        assert isinstance(app.screen, Ask)
        assert "'what' is no range for ppo.entropy_coef" in "\n".join(seen(app))
        await clear(pilot, 4)
        await press(pilot, "enter")  # no range at all: it is not searched
        assert isinstance(app.screen, LaunchScreen) and app.screen.draft.space == ()


async def test_a_range_is_not_refused_for_what_is_wrong_elsewhere(workspace):
    _client, app = opened(workspace)
    async with app.run_test(size=WIDE) as pilot:
        await press(pilot, "3", "slash", "'entropy_coef", "enter")
        app.screen._take(Draft(sets=(("ppo.clip", "-1"),)))
        await press(pilot, "s", "'1e-4..1e-2 log", "enter")
        assert isinstance(app.screen, LaunchScreen)
        assert app.screen.draft.space == (("ppo.entropy_coef", "1e-4..1e-2 log"),)


async def test_letters_typed_for_a_range_that_cannot_be_typed_do_nothing(workspace):
    client, app = opened(workspace)
    async with app.run_test(size=WIDE) as pilot:
        await press(pilot, "3", "g", "s", "'1e-4..1e-2 log")
        assert isinstance(app.screen, Refused) and "env is no setting of the training" in said(app)
        await press(pilot, "enter")
        assert isinstance(app.screen, LaunchScreen) and app.screen.draft == Draft()
    assert not [item for item in client.asked if item[0] not in ("remember", "draft")]


async def test_a_value_of_no_setting_is_refused_and_its_letters_do_nothing(workspace):
    _client, app = opened(workspace)
    async with app.run_test(size=WIDE) as pilot:
        await press(pilot, "3", "slash", "'xyzzy", "enter", "enter", "'5e-4")
        assert isinstance(app.screen, Refused) and "No setting is found by these words" in said(app)
        await press(pilot, "enter")
        assert isinstance(app.screen, LaunchScreen)


async def test_the_whole_config_can_be_edited(workspace, tmp_path, monkeypatch):
    _client, app = opened(workspace)
    script = tmp_path / "editor"
    script.write_text("#!/bin/sh\nsed -i 's/learning_rate: 0.001/learning_rate: 0.002/' \"$1\"\n")
    script.chmod(0o755)
    monkeypatch.setenv("EDITOR", str(script))
    monkeypatch.delenv("VISUAL", raising=False)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "3")
        app.screen._edited = lambda yaml: edited(app.screen, yaml, os.environ["EDITOR"], tmp_path)
        await press(pilot, "e")
        assert app.screen.draft.sets == (("ppo.learning_rate", "0.002"),)


def edited(_screen, yaml, editor, folder):
    """The editor without a terminal to hand over: a test has none."""
    import subprocess

    path = folder / "config.yaml"
    path.write_text(yaml)
    subprocess.run([editor, str(path)], check=True)
    return path.read_text()


async def test_without_a_terminal_to_hand_over_the_editor_says_so(workspace):
    _client, app = opened(workspace)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "3", "e")
        assert "The editor could not be started" in seen(app)[-2]


async def test_where_only_looking_is_allowed_nothing_starts(workspace):
    client, app = opened(workspace, read_only=True)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "3", "R", "S")
        assert isinstance(app.screen, LaunchScreen) and "R train" not in seen(app)[-1]
    assert not [item for item in client.asked if item[0] != "remember"]


# --- cloning


async def test_a_clone_with_one_change_is_one_key_one_line_and_enter(workspace):
    client, app = opened(workspace, row(7))
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "C", "'kl_target=0.03")
        assert "ppo.kl_target 0.02 -> 0.03" in "\n".join(seen(app))
        await press(pilot, "enter")
    (asked,) = [item for item in client.asked if item[0] == "clone"]
    assert asked[1:] == ("run7", Draft(source="run7", sets=(("ppo.kl_target", "0.03"),)))


async def test_a_clone_is_refused_while_it_makes_no_sense(workspace):
    client, app = opened(workspace, row(7))
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "C", "'clip=-1", "enter")
        assert isinstance(app.screen, Ask) and "ppo.clip must be greater than 0" in "\n".join(seen(app))
        await press(pilot, "escape")
    assert not [item for item in client.asked if item[0] == "clone"]


async def test_tab_completes_a_name_that_is_unmistakable(workspace):
    _client, app = opened(workspace, row(7))
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "C", "'forw", "tab")
        assert app.screen.query_one("#line").value == "forward_velocity="


def test_names_are_taken_as_far_as_they_are_unmistakable():
    keys = ("ppo.clip", "ppo.kl_stop", "ppo.kl_target", "task.reward.scales.stop")
    base = Draft(source="x")
    assert cloned(base, "clip=0.1 stop=3", keys).sets == (("ppo.clip", "0.1"), ("task.reward.scales.stop", "3"))
    assert cloned(base, "kl=1", keys).sets == (("kl", "1"),)  # two begin so: left as it is, and refused with a reason
    assert cloned(base, "clip", keys) == base
    assert completed("clip=1 kl_t", keys) == "clip=1 kl_target="
    assert completed("kl_", keys) == "kl_"


async def test_the_form_of_a_trial_starts_from_its_own_settings(workspace):
    _client, app = opened(workspace, row(7))
    async with app.run_test(size=WIDE) as pilot:
        await press(pilot, "e", "slash", "'ppo.learning_rate", "enter")
        own = app.screen.entry
        assert (own.key, own.value, own.origin) == ("ppo.learning_rate", "0.00187382", "search")
        assert "launch from run run7" in seen(app)[0]


def test_first_ranges_go_from_half_to_double():
    from vbot_tui.launch_model import Entry

    assert suggested_range(Entry("a.b", "0.2", "0.2", "default", "number")) == "0.5x..2x"
    assert suggested_range(Entry("a.b", "4", "4", "default", "whole")) == "2..8 integer"
    assert suggested_range(Entry("a.b", "x", "x", "default", "choice", ("x", "y"))) == "x|y"
    assert suggested_range(Entry("a.b", "0", "0", "default", "number")) == "0..1"
