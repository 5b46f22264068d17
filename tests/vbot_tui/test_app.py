"""The app driven by keys at real sizes, over a client that only records."""

import math
from dataclasses import replace

import pytest

from tests.vbot_tui.builders import LAZY, NOW, FakeClient, head, row, view
from vbot_tui.app import Leaving, VbotApp
from vbot_tui.lines import screen as as_text
from vbot_tui.model import Notice
from vbot_tui.screens.modals import Confirm, FilterEntry, Help, NoteEntry
from vbot_tui.screens.trials import TrialsScreen

SMALL, WIDE = (80, 24), (120, 40)


def start(shown, **options):
    client = FakeClient(shown)
    return client, VbotApp(client, clock=lambda: NOW, **options)


def seen(app):
    """What is on the screen, row by row."""
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip) for strip in strips]


async def settled(pilot):
    await pilot.pause()
    await pilot.pause()


@pytest.mark.parametrize("size", [SMALL, WIDE, (100, 30), (200, 50), (60, 20)])
async def test_the_whole_screen_is_there_at_every_size(size):
    _client, app = start(view(row(1), row(2, state="finished"), row(3, state="queued", env_steps=0)))
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        lines = seen(app)
    assert len(lines) == size[1] and {len(line) for line in lines} == {size[0]}
    assert lines[0].startswith(" vbot first · running driven here")
    assert lines[1].startswith(" STATE  TRIAL")
    assert lines[2].startswith("▌● run  T1")
    assert lines[-1].startswith(" r reward  S new study")
    assert any(line.startswith("1 terms sum to +2.0000 = logged total") for line in lines)


async def test_wide_screens_show_flags_settings_and_notes_beside_the_reward():
    _client, app = start(view(row(1, flags=(LAZY,), params=(("lr", "3e-4"),))))
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        text = "\n".join(seen(app))
    assert (
        "L lazy robot" in text
        and "halve alive_bonus" in text
        and "lr 3e-4" in text
        and "Settings searched" in text
        and "No note yet" in text
    )


async def test_an_empty_workspace_offers_the_first_study_and_S_starts_it():
    client, app = start(view(study=None))
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        text = "\n".join(seen(app))
        assert "No study yet." in text and "Press  S  to start the first one" in text
        await pilot.press("S")
    assert ("start_study",) in client.asked


async def test_a_second_study_is_asked_about():
    client, app = start(view(row(1)))
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("S")
        assert isinstance(app.screen, Confirm) and ("start_study",) not in client.asked
        await pilot.press("y")
        await settled(pilot)
    assert ("start_study",) in client.asked


async def test_the_cursor_follows_its_trial_when_rows_move():
    client, app = start(view(row(1), row(2), row(3)))
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("j")
        assert app.screen.table.selected.number == 2
        client.show(view(row(4), row(3), row(2), row(1)))
        await settled(pilot)
        assert (app.screen.table.selected.number, app.screen.table.cursor) == (2, 2)
        assert seen(app)[4].startswith("▌")


async def test_the_cursor_stays_in_place_when_its_trial_vanishes():
    client, app = start(view(row(1), row(2), row(3)))
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("G")
        client.show(view(row(1), row(2)))
        await settled(pilot)
        assert app.screen.table.selected.number == 2


async def test_moving_reaches_every_row_and_the_window_follows():
    client, app = start(view(*[row(number) for number in range(100)]))
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("G")
        await settled(pilot)
        assert any(line.startswith("▌") and " T99 " in line for line in seen(app))
        await pilot.press("g", "j", "j")
        await settled(pilot)
        assert any(line.startswith("▌") and " T2 " in line for line in seen(app))
        await pilot.press("pagedown")
        assert app.screen.table.cursor > 5
    assert ("select", "run99") in client.asked


async def test_kill_asks_with_the_name_and_obeys_only_y():
    client, app = start(view(row(7)))
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("X")
        await settled(pilot)
        assert "Kill trial T7?" in "\n".join(seen(app))
        await pilot.press("X", "enter", "space")
        assert isinstance(app.screen, Confirm)
        await pilot.press("n")
        await settled(pilot)
        assert not [item for item in client.asked if item[0] == "kill"]
        await pilot.press("X", "y")
        await settled(pilot)
    assert [item[:2] for item in client.asked if item[0] == "kill"] == [("kill", "run7")]


async def test_a_dead_trial_is_not_killed_again():
    _client, app = start(view(row(7, state="finished")))
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("X")
        await settled(pilot)
        assert isinstance(app.screen, TrialsScreen)
        assert "Only a running, paused or waiting trial" in seen(app)[-2]


async def test_a_note_is_anchored_to_trial_and_step_and_its_draft_survives_escape():
    client, app = start(view(row(3)))
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("n", *"try")
        assert isinstance(app.screen, NoteEntry)
        assert any("Note on T3 at step 250k" in line for line in seen(app))
        await pilot.press("escape", "n", *"!", "enter")
        await settled(pilot)
    assert ("note", "try!", "run3", 250_000) in client.asked


async def test_an_empty_note_is_not_written():
    client, app = start(view(row(3)))
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("n", "enter")
        await settled(pilot)
        assert isinstance(app.screen, TrialsScreen)
    assert not [item for item in client.asked if item[0] == "note"]


async def test_the_panes_are_one_key_away():
    _client, app = start(view(row(3, flags=(LAZY,))))
    async with app.run_test(size=SMALL) as pilot:
        for key, text in (
            ("f", "L lazy robot"),
            ("N", "No note yet"),
            ("l", "a line"),
            ("i", "run    run3"),
            ("r", "1 terms sum to"),
        ):
            await pilot.press(key)
            await settled(pilot)
            assert any(line.startswith(text) for line in seen(app)), key


async def test_a_log_is_shown_from_its_end_and_stays_where_it_is_scrolled():
    client, app = start(view(row(3)))
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        lines = tuple(f"line {number}" for number in range(100))
        client.show(replace(client.view, detail=replace(client.view.detail, log=lines)))
        await pilot.press("l")
        await settled(pilot)
        assert any(line.startswith("line 99") for line in seen(app))
        await pilot.press("K", "K")
        client.show(replace(client.view, detail=replace(client.view.detail, log=(*lines, "line 100"))))
        await settled(pilot)
        assert not any(line.startswith("line 100") for line in seen(app))


async def test_F_goes_to_the_next_flagged_trial():
    _client, app = start(view(row(1), row(2), row(3, flags=(LAZY,))))
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("F")
        await settled(pilot)
        assert app.screen.table.selected.number == 3 and app.screen.pane == "flags"


async def test_the_same_key_twice_makes_the_pane_large_and_escape_small():
    _client, app = start(view(*[row(number) for number in range(30)]))
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        before = app.screen.table.size.height
        await pilot.press("r")
        await settled(pilot)
        assert app.screen.table.size.height < before
        await pilot.press("escape")
        await settled(pilot)
        assert app.screen.table.size.height == before


async def test_other_keys_reach_the_core():
    client, app = start(view(row(1)))
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("T", "P", "O", "tab")
    assert {item[0] for item in client.asked} >= {"start_trial", "toggle_pause", "take_over", "next_study"}


async def test_help_lists_every_key_and_closes():
    _client, app = start(view(row(1)))
    async with app.run_test(size=(80, 72)) as pilot:
        await pilot.press("question_mark")
        await settled(pilot)
        assert isinstance(app.screen, Help)
        text = "\n".join(seen(app))
        assert "start one more trial" in text and "SCORE" in text
        await pilot.press("q")
        await settled(pilot)
        assert isinstance(app.screen, TrialsScreen)


@pytest.mark.parametrize("key", ["q", "ctrl+c", "ctrl+q", "ctrl+z"])
async def test_leaving_never_stops_the_work(key):
    client, app = start(view(row(1)))
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press(key)
    assert app.return_value == Leaving("key", stop=False)
    assert not [item for item in client.asked if item[0] in ("stop_study", "kill")]


async def test_stopping_all_asks_and_then_leaves():
    _client, app = start(view(row(1)))
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("Q")
        await settled(pilot)
        assert any("Stop study first and leave?" in line for line in seen(app))
        await pilot.press("y")
    assert app.return_value == Leaving("key", stop=True)


async def test_read_only_has_no_acting_keys():
    client, app = start(view(row(1)), read_only=True)
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("S", "T", "X", "P", "O", "n", "Q")
        await settled(pilot)
        assert isinstance(app.screen, TrialsScreen)
        assert "kill" not in seen(app)[-1]
    assert {item[0] for item in client.asked} <= {"select"}


async def test_a_terminal_that_is_too_small_says_so_and_recovers():
    _client, app = start(view(row(1)))
    async with app.run_test(size=(40, 10)) as pilot:
        await settled(pilot)
        assert any("40x10 is too small" in line for line in seen(app))
        await pilot.resize_terminal(80, 24)
        await settled(pilot)
        assert seen(app)[1].startswith(" STATE  TRIAL")


async def test_new_pictures_appear_without_a_key():
    client, app = start(view(row(1, env_steps=1_000)))
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        client.show(view(row(1, env_steps=2_000), notice=Notice(NOW, "good", "Noted.")))
        await settled(pilot)
        lines = seen(app)
    assert "2.00k" in lines[2] and lines[-2].startswith(" Noted.")


async def test_only_changed_rows_are_painted_again():
    client, app = start(view(*[row(number) for number in range(8)]))
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        painted = []
        table = app.screen.table
        original = table.render_line
        table.render_line = lambda y: painted.append(y) or original(y)
        rows = list(client.view.rows)
        rows[3] = replace(rows[3], env_steps=999_000)
        client.show(replace(client.view, rows=tuple(rows)))
        await settled(pilot)
    assert set(painted) == {4}


async def test_a_picture_full_of_nan_is_drawn():
    nan, inf = math.nan, math.inf
    bad = row(1, score=nan, success=inf, steps_per_s=nan, eta_s=-inf, updated=nan, spark=(nan, inf, -inf),
              interval_s=nan, flags=(replace(LAZY, evidence=(("x", nan), ("y", inf)), confidence=nan),))  # fmt: skip
    _client, app = start(view(bad, study=head(best_trial=1, best_score=nan)))
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("f", "N", "l", "r", "z")
        await settled(pilot)
        assert any("T1" in line for line in seen(app))


async def test_a_plain_ascii_screen_has_only_ascii():
    from vbot_tui.glyphs import ASCII

    _client, app = start(view(row(1, flags=(LAZY,), notes=1)), glyphs=ASCII)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert all(line.isascii() for line in seen(app))


async def test_the_sixteen_colour_theme_works():
    _client, app = start(view(row(1)), theme_name="ansi")
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert seen(app)[2].startswith("▌● run")


def test_one_picture_as_text():
    from vbot_tui.glyphs import UNICODE
    from vbot_tui.plain import page

    text = page(view(row(1, flags=(LAZY,))), UNICODE, 80, NOW)
    assert text.splitlines()[1].startswith(" STATE  TRIAL") and "L lazy robot" in text
    assert as_text([]) == ""


async def test_the_table_follows_a_filter_letter_by_letter_and_keeps_the_last_good_one():
    _client, app = start(view(row(1, score=0.9), row(2, score=0.1)))
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("slash", *"score", "greater_than_sign", *"0.5")
        await settled(pilot)
        trials = app.screen_stack[-2]
        assert [item.number for item in trials.table.rows] == [1]
        await pilot.press("x")
        await settled(pilot)
        assert "needs a number" in "\n".join(seen(app)) and len(trials.table.rows) == 1
        await pilot.press("backspace", "enter")
        await settled(pilot)
        assert "/score>0.5" in "\n".join(seen(app))
        await pilot.press("slash", "escape")
        await settled(pilot)
        assert len(app.screen.table.rows) == 2


async def test_sorting_keeps_the_cursor_on_its_trial():
    _client, app = start(view(row(1, score=0.1), row(2, score=0.9), row(3, score=0.5)))
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        while app.screen.sort != "score":
            await pilot.press("s")
        await settled(pilot)
        assert [item.number for item in app.screen.table.rows] == [2, 3, 1]
        assert (app.screen.table.selected.number, app.screen.table.cursor) == (1, 2)
        await pilot.press("R")
        assert [item.number for item in app.screen.table.rows] == [1, 3, 2]


async def test_marked_trials_are_killed_at_once_after_one_question():
    client, app = start(view(row(1), row(2), row(3), row(4, state="finished")))
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("space", "j", "space", "space", "X")
        await settled(pilot)
        text = "\n".join(seen(app))
        assert "Kill 2 trials?" in text and "T1, T3." in text and "1 of the marked trials have ended" in text
        await pilot.press("y")
        await settled(pilot)
    assert [item[1] for item in client.asked if item[0] == "kill"] == ["run1", "run3"]


async def test_escape_takes_away_marks_and_then_the_filter():
    _client, app = start(view(row(1), row(2), row(3)))
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("slash", *"T1", "enter", "space")
        await settled(pilot)
        assert app.screen.marked == {"run1"} and len(app.screen.table.rows) == 1
        await pilot.press("escape")
        assert not app.screen.marked and len(app.screen.table.rows) == 1
        await pilot.press("escape")
        assert len(app.screen.table.rows) == 3


async def test_one_mark_is_compared_with_the_selected_trial_else_with_the_first():
    _client, app = start(view(row(1), row(2), row(3)))
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("G", "space", "c")  # the last row: the cursor has nowhere to go on to
        await settled(pilot)
        assert app.screen.keys == ("run3", "run1")


async def test_a_filter_that_shows_nothing_says_so_and_how_to_go_on():
    _client, app = start(view(row(1, score=0.9), study=head(state="running")))
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("slash", *"T9", "enter")
        await settled(pilot)
        assert seen(app)[-2].startswith(" No trial fits the filter: Esc shows all, / changes it.")
        await pilot.press("escape")
        await settled(pilot)
        assert len(app.screen.table.rows) == 1


async def test_a_misspelt_number_is_refused_and_the_filter_stays_open():
    _client, app = start(view(row(1, score=0.9)))
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await pilot.press("slash", *"scor", "greater_than_sign", *"0.8", "enter")
        await settled(pilot)
        assert isinstance(app.screen, FilterEntry)
        assert "'scor' is not known to the filter; there are trial, steps," in "\n".join(seen(app))


async def test_a_filter_typed_anew_replaces_the_one_before():
    _client, app = start(view(row(1), row(2)))
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("slash", *"T1", "enter", "slash", *"T2", "enter")
        await settled(pilot)
        assert [item.number for item in app.screen.table.rows] == [2]


async def test_page_and_end_keys_scroll_the_help():
    _client, app = start(view(row(1)))
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("question_mark")
        await settled(pilot)
        page = app.screen.query_one("#help")
        tops = []
        for key in ("pagedown", "pageup", "end", "home"):
            await pilot.press(key)
            await settled(pilot)
            tops.append(page.scroll_offset.y)
        height = page.size.height
    assert tops == [height - 1, 0, len(page.lines) - height, 0]
