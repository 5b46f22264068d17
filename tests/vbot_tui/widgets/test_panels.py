import math
from dataclasses import replace
from datetime import UTC

from tests.vbot_tui.builders import LAZY, NOW, note, paid, row
from vbot_tui.glyphs import UNICODE
from vbot_tui.lines import plain, screen
from vbot_tui.widgets import panels

POINTS = {
    "reward/approach": [1.0, 1.0, 2.0, 3.0],
    "reward/termination": [-4.0, -3.0, -2.0, -1.0],
    "reward/total": [-3.0, -2.0, 0.0, 2.0],
}


def reward(points, width=80, before=None):
    return [plain(item) for item in panels.reward(paid(points), before, width, UNICODE)]


def test_terms_are_listed_by_size_with_value_share_and_history():
    lines = reward(POINTS)
    assert lines[0] == "2 terms sum to +2.0000 = logged total  at step 4.00k"
    assert lines[1].split() == ["TERM", "PER", "STEP", "SHARE", "HISTORY", "Δ", "-"]
    # 3 of 4 in sum: 75 % of 16 cells = 12
    assert lines[2].startswith("approach        +3.00  75% ▇▇▇▇▇▇▇▇▇▇▇▇····")
    assert lines[3].startswith("termination     -1.00  25% ▇▇▇▇············")
    assert lines[2].rstrip().endswith("▁▁▄▇         -")


def test_a_total_that_does_not_fit_is_shouted():
    points = {**POINTS, "reward/total": [0.0, 0.0, 0.0, 2.5]}
    assert reward(points)[0] == "2 terms sum to +2.0000  LOGGED TOTAL +2.5000, gap +0.50  at step 4.00k"


def test_a_missing_total_is_said():
    points = {name: values for name, values in POINTS.items() if name != "reward/total"}
    assert reward(points)[0] == "2 terms sum to +2.0000  no total logged  at step 4.00k"


def test_changes_are_against_the_step_named_in_the_title():
    from sessions.breakdown import reward_breakdown
    from tests.vbot_tui.builders import curves

    before = reward_breakdown(curves(POINTS), 2000, 0)
    lines = reward(POINTS, before=before)
    assert lines[1].endswith("Δ 2.00k")
    assert lines[2].endswith("+2.0") and lines[3].endswith("+2.0")


def test_nan_terms_are_shown_as_such_and_nothing_breaks():
    points = {"reward/a": [math.nan], "reward/b": [math.inf], "reward/c": [0.5], "reward/total": [math.nan]}
    lines = reward(points)
    cells = {line.split()[0]: line.split()[1] for line in lines[2:]}
    assert cells == {"a": "NaN", "b": "+inf", "c": "+0.500"}


def test_no_line_of_the_breakdown_is_wider_than_its_panel():
    points = {f"reward/{'long_name_' * 4}{n}": [10.0**n, -(10.0**n)] for n in range(-8, 9)}
    for width in (58, 60, 70, 80, 120):
        assert max(len(line) for line in reward(points, width)) <= width


def test_before_the_first_update_the_panel_says_so():
    assert "No update yet" in screen(panels.reward(None, None, 80, UNICODE))


def test_a_flag_shows_rule_evidence_and_advice():
    assert screen(panels.flags(row(1, flags=(LAZY,)), 80, UNICODE)).splitlines() == [
        "L lazy robot  90% sure  steps 400,000 to 500,000 (20 updates)",
        "rule pay for being alive exceeds pay for moving",
        "seen alive share 0.620, speed m/s 0.031",
        "do   halve alive_bonus",
    ]


def test_a_flag_names_the_evaluation_to_look_at():
    flag = replace(LAZY, evaluation=500_000)
    assert screen(panels.flags(row(1, flags=(flag,)), 80, UNICODE)).splitlines()[-1] == (
        "look at the evaluation of step 500,000"
    )


def test_no_flag_names_what_was_watched():
    first, *more = screen(panels.flags(row(1), 80, UNICODE)).splitlines()
    assert first == "No flag on T1."
    assert " ".join(more).startswith("Watched: lazy robot, standing dominance,") and "stalled" in more[-1]


def test_notes_are_newest_first_with_trial_and_step():
    items = (note("older", 1, age=7200), note("newer", 2, step=12_000))
    names = {"run1": "T1", "run2": "T2"}
    assert screen(panels.notes(items, names, 60, UTC)).splitlines() == [
        "02-02 02:39  T2@12.0k    newer",
        "02-02 00:40  T1@1.00k    older",
    ]
    assert NOW == 1_770_000_000.0  # 2026-02-02 02:40:00 UTC


def test_a_long_note_is_folded_under_itself():
    lines = screen(panels.notes((note("one two three four"),), {}, 40, UTC)).splitlines()
    assert lines == ["02-02 02:39  run0@1.00k  one two three", " " * 25 + "four"]


def test_a_note_cannot_draw():
    assert "\x1b" not in screen(panels.notes((note("\x1b]0;evil\x07"),), {}, 80, UTC))


def test_no_notes_tell_the_key():
    assert "Press n" in screen(panels.notes((), {}, 80))


def test_a_log_keeps_its_order_and_disarms_escapes():
    assert screen(panels.log(("one", "\x1b[1mtwo"), "x")).splitlines() == ["one", "?[1mtwo"]
    assert "Nothing in x yet" in screen(panels.log((), "x"))


def test_info_names_run_end_and_settings():
    item = row(1, state="killed", end_reason="user", end_detail="too slow (asked by me)", params=(("approach", "4.2"),))
    assert screen(panels.info(item, 60, UNICODE)).splitlines() == [
        "run    run1",
        "state  ✗ killed",
        "ended  user: too slow (asked by me)",
        "steps  250,000 of 1,000,000",
        "",
        "Settings searched",
        "approach 4.2",
    ]


def test_no_line_of_a_flag_is_wider_than_its_panel():
    for width in (30, 48, 80):
        assert max(len(plain(item)) for item in panels.flags(row(3, flags=(LAZY,)), width, UNICODE)) <= width
    narrow = "\n".join(plain(item) for item in panels.flags(row(3, flags=(LAZY,)), 48, UNICODE))
    assert "when steps 400,000 to 500,000 (20 updates)" in narrow
