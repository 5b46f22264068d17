import math

import pytest

from tests.vbot_tui.builders import LAZY, NOW, row
from vbot_tui.glyphs import ASCII, UNICODE
from vbot_tui.lines import plain
from vbot_tui.widgets.trial_rows import columns, header, row_line


def shown(item, width=80, **options):
    return plain(row_line(item, columns(width), NOW, UNICODE, **options))


def test_a_running_trial_at_80_columns():
    # spark: four values over seven levels: 0, 7/3 = 2, 14/3 = 4 and the top
    text = shown(row(3, flags=(LAZY,), notes=2))
    assert text == " ● run  T3       250k  25% 18.4k  2m05  0.512  61%            ▁▃▅▇ L      2s  ✎2"


def test_header_and_rows_have_the_same_columns():
    assert plain(header(columns(80), UNICODE)) == (
        " STATE  TRIAL   STEPS    % STP/S   ETA  SCORE SUCC RETURN          FLAG  AGE  NT"
    )


@pytest.mark.parametrize("width", [60, 64, 72, 80, 81, 99, 100, 119, 120, 150, 200])
def test_no_row_is_wider_than_the_table(width):
    item = row(1, flags=(LAZY,) * 9, label="x" * 99, end_reason="user", end_detail="y" * 300)
    assert len(plain(row_line(item, columns(width), NOW, UNICODE))) <= width
    assert len(plain(header(columns(width), UNICODE))) <= width


def test_a_narrow_table_keeps_state_score_and_age():
    names = [column.name for column in columns(60)]
    assert "progress" not in names
    assert {"state", "trial", "steps", "score", "success", "spark", "flags", "age"} <= set(names)


def test_the_cursor_is_told_without_colour():
    assert shown(row(1), cursor=True)[0] == "▌"


def test_a_mark_and_the_cursor_are_seen_together_without_colour():
    assert shown(row(1), marked=True).startswith(" ● run *T1 ")
    assert shown(row(1), marked=True, cursor=True).startswith("▌● run *T1 ")


def test_a_row_of_nan_shows_dashes():
    item = row(
        1, score=math.nan, success=math.nan, steps_per_s=math.nan, eta_s=math.nan, updated=math.nan,
        spark=(math.nan, math.inf), interval_s=math.nan, total_env_steps=0,
    )  # fmt: skip
    assert shown(item) == " ● run  T1       250k    -     -     -      -    -".ljust(80)


def test_infinite_numbers_show_dashes_too():
    item = row(1, score=math.inf, success=-math.inf, steps_per_s=math.inf, eta_s=math.inf)
    assert "inf" not in shown(item)


def test_a_silent_trial_is_called_lost_after_three_intervals_and_at_least_thirty_seconds():
    assert " run " in shown(row(1, updated=NOW - 29, interval_s=1.0))
    assert "LOST" in shown(row(1, updated=NOW - 31, interval_s=1.0))
    assert "LOST" not in shown(row(1, updated=NOW - 31, interval_s=20.0))
    assert "LOST" not in shown(row(1, state="finished", updated=NOW - 999))


@pytest.mark.parametrize(
    ("state", "cell"),
    [("queued", "○ wait"), ("paused", "‖ paus"), ("finished", "✓ done"), ("stopped", "■ stop"), ("killed", "✗ kill"),
     ("failed", "! fail"), ("diverged", "≈ div ")],
)  # fmt: skip
def test_every_state_has_a_shape_and_letters(state, cell):
    assert shown(row(1, state=state))[1:7] == cell


def test_a_wide_table_says_why_a_trial_ended():
    item = row(1, state="killed", end_reason="user", end_detail="me: too slow")
    assert shown(item, 120).rstrip().endswith("user: me: too slow")


def test_a_wide_table_shows_what_a_living_trial_tries():
    assert "lr=3e-4" in shown(row(1, params=(("lr", "3e-4"),)), 120)


def test_foreign_text_cannot_draw():
    assert "\x1b" not in shown(row(number=None, label="a\x1b[2Jb"), 120)


def test_ascii_rows_are_ascii():
    item = row(1, flags=(LAZY,), notes=1)
    for state in ("running", "queued", "paused", "finished", "stopped", "killed", "failed", "diverged"):
        line = plain(row_line(row(1, state=state, flags=(LAZY,), notes=1), columns(80), NOW, ASCII, cursor=True))
        assert line.isascii(), line
    assert plain(row_line(item, columns(80), NOW, ASCII)).isascii()


def test_runs_without_a_study_have_room_for_their_names():
    item = row(None, label="final-cd34")
    assert " final-cd34   " in plain(row_line(item, columns(80, (item,)), NOW, UNICODE))
    assert len(plain(header(columns(80, (item,)), UNICODE))) <= 80
