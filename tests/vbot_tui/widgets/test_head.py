import math

import pytest

from tests.vbot_tui.builders import LAZY, NOW, head, row, view
from vbot_tui.glyphs import ASCII, UNICODE
from vbot_tui.lines import plain, screen
from vbot_tui.model import Notice, View
from vbot_tui.widgets import head as frame


def status(shown, width=80):
    return plain(frame.status(shown, NOW, width, UNICODE))


def step(shown, item, **options):
    return plain(frame.next_step(shown, item, NOW, **options))


def test_the_status_line_names_study_driver_slots_trials_and_the_age_of_the_data():
    text = status(view(row(1)))
    assert text.startswith(" vbot first · running driven here · slots 2/2 · trials 3/12")
    assert text.endswith("data 2s old ")
    assert len(text) == 80


def test_the_best_trial_is_shown_where_there_is_room():
    assert "best T4 0.700" in status(view(row(1), study=head(best_trial=4, best_score=0.7)), 120)


def test_a_study_without_driver_is_shouted():
    assert "DRIVEN BY NOBODY" in status(view(row(1), study=head(driver="nobody")))


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_status_line_fills_its_width_whatever_the_names(width):
    long = head(id="20260223-101500-" + "x" * 200 + "-ab12cd34")
    assert len(status(view(row(1), study=long), width)) == width
    assert len(status(View(workspace="/y" * 200), width)) <= width


def test_short_ids_keep_the_readable_part():
    assert frame.short_id("20260223-101500-first-ab12cd34") == "first"
    assert frame.short_id("other") == "other"


def test_an_empty_workspace_offers_one_key():
    text = screen(frame.empty(view(study=None)))
    assert "No study yet." in text
    assert "Press  S  to start the first one" in text
    assert "up to 12 trials of 3.00M steps, 2 at a time" in text
    assert max(len(line) for line in text.splitlines()) <= 80


def test_read_only_offers_nothing_that_acts():
    assert "Press" not in screen(frame.empty(view(study=None), read_only=True))
    assert step(view(study=None), None, read_only=True) == ""


def test_the_hint_follows_the_work():
    fresh, scored, flagged = row(1, score=math.nan), row(2), row(3, flags=(LAZY,))
    assert step(view(), None) == "The first trial appears within seconds."
    assert step(view(fresh), None) == "No trial fits the filter: Esc shows all, / changes it."
    assert step(view(fresh), fresh).startswith("Learning; the first evaluation fills SCORE.")
    assert "q leaves it running" in step(view(scored), scored)
    assert step(view(scored, flagged), flagged) == "T3: lazy robot. f shows the evidence and what to do."
    assert step(view(scored, flagged), scored) == "T3: lazy robot. F goes there."
    assert step(view(row(4, state="finished"), study=head(state="finished")), row(4, state="finished")).startswith(
        "All done. T tries one more"
    )


def test_a_silent_trial_points_to_its_log():
    lost = row(1, updated=NOW - 100)
    assert step(view(lost), lost) == "T1 is silent for 1m: l shows its log."


def test_a_study_that_nobody_drives_points_to_the_key():
    shown = view(row(1), study=head(driver="nobody"))
    assert step(shown, row(1)) == "Nobody decides for this study: O takes it over."


def test_a_study_that_cannot_go_on_says_why():
    paused = view(row(1), study=head(state="paused", reason="scheduler: 3 trials ended with the same error"))
    assert step(paused, row(1)) == "P resumes; paused by scheduler: 3 trials ended with the same error"
    trouble = view(row(1), study=head(trouble="the disk is full"))
    assert step(trouble, row(1)) == "The study is in trouble: the disk is full"


def test_a_failed_trial_points_to_its_log():
    assert step(view(row(1, state="failed")), row(1, state="failed")) == "T1 failed. l its log, i why."


def test_what_just_happened_comes_first_and_passes():
    shown = view(row(1), notice=Notice(NOW - 1, "good", "Noted."))
    assert plain(frame.hint(shown, row(1), NOW, UNICODE, 80)) == " Noted."
    assert "Noted" not in plain(frame.hint(shown, row(1), NOW + 60, UNICODE, 80))


def test_work_in_progress_is_named():
    assert plain(frame.hint(view(row(1), busy="starting a study"), None, NOW, ASCII, 80)) == " starting a study~"


def test_the_help_page_has_every_key_and_fits_80_columns():
    from vbot_tui import bindings

    text = screen(frame.help_page(UNICODE))
    for key in bindings.of("trials"):
        assert key.help in text
    assert max(len(line) for line in text.splitlines()) <= 80


def test_the_read_only_help_page_has_no_acting_key():
    assert "start a study" not in screen(frame.help_page(UNICODE, read_only=True))


def test_that_nobody_drives_a_study_is_said_only_while_something_is_left_to_decide():
    assert "running DRIVEN BY NOBODY" in status(view(row(1), study=head(driver="nobody")), 120)
    ended = status(view(row(1), study=head(driver="nobody", state="stopped")), 120)
    assert "stopped · slots" in ended and "NOBODY" not in ended


def test_no_entry_of_a_help_page_is_cut_or_runs_into_its_keys():
    from vbot_tui import bindings

    for context in ("trials", "trial", "robot", "compare", "study", "launch", "queue", "library", "records", "logs"):
        lines = [plain(item) for item in frame.help_page(UNICODE, context, 78)]
        assert max(map(len, lines)) <= 78
        joined = " ".join(" ".join(lines).split())
        for key in bindings.of(context):
            names = " ".join(map(bindings.pretty, key.keys))
            assert f"{names} {' '.join(key.help.split())}" in joined, key.id


def test_one_run_is_not_runs():
    assert "1 run " in status(view(row(1), study=head(id="single runs", state="", driver="", trials=1)))
    assert "2 runs" in status(view(row(1), study=head(id="single runs", state="", driver="", trials=2)))
