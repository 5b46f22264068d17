"""What `vbot bench audit` asks and how it counts; the searches themselves are run by a person."""

from dataclasses import replace

import pytest

from automl.audit_bench import ARMS, EXPLOITS, SETS, SPACE, Outcome, Plan, spec_of, summary
from automl.flags import FLAG_NAMES
from automl.spec import complete
from automl.suggest import suggest
from automl.veto import WINS, temptation
from tests.automl.builders import study
from vbot_tui.cli.bench_audit import as_text


def outcome(arm: str, trial: int, temptation: float, *flags: str, success: float | None = 0.5) -> Outcome:
    return Outcome(arm, trial, f"run-{trial}", "finished", temptation, flags, success, 0.0)


TABLE = [
    outcome("without", 0, 1.4, "lazy_robot", success=0.0),
    outcome("without", 1, 2.0, success=0.9),
    outcome("without", 2, 0.5, "sprint_crash", "touch_and_die", success=0.1),
    outcome("without", 3, 1.1, "hover_at_rim", success=0.2),
    outcome("with", 0, 0.4, success=1.0),
    outcome("with", 1, 0.9, "lazy_robot", success=0.0),
    outcome("with", 2, 0.3, success=None),
    outcome("with", 3, 0.3, success=0.8),
]


def test_the_searches_differ_in_the_audit_alone():
    free, watched = (spec_of(Plan(), arm) for arm in ARMS)
    assert (free.audited, watched.audited) == (False, True)
    assert replace(free, audited=True, label="") == replace(watched, label="")
    assert complete(free).max_trials == complete(watched).max_trials == 8


def test_a_draw_that_passes_the_audit_is_the_same_in_both_and_any_other_is_drawn_anew():
    free, watched = (complete(spec_of(Plan(seed=1), arm)) for arm in ARMS)
    ours = [suggest(free, study(), number) for number in range(4)]
    theirs = [suggest(watched, study(), number) for number in range(4)]
    sound = [temptation(free, params) < WINS for params in ours]
    assert [mine == other for mine, other in zip(ours, theirs, strict=True)] == sound
    assert set(sound) == {True, False}
    assert all(temptation(free, params) < WINS for params in theirs)


def test_exploits_are_flags_and_the_searched_keys_are_of_the_reward_or_the_episode():
    assert set(EXPLOITS) < set(FLAG_NAMES)
    assert all(path.startswith(("task.reward.", "task.episode.")) for path in SPACE)
    assert not set(SPACE) & set(SETS)


def test_the_shares_by_hand():
    found = summary(Plan(trials=4), TABLE, {"load_average": 0.0})
    free, watched = found["arms"]["without"], found["arms"]["with"]
    assert (free["exploited"], free["share"], free["success_mean"]) == (3, 0.75, 0.3)
    assert (watched["exploited"], watched["share"], watched["success_mean"]) == (1, 0.25, 0.6)  # 1, 0 and 0.8
    assert found["foreseen"] == pytest.approx(2 / 3, abs=1e-4)  # trials 0 and 3 of 0, 2 and 3
    assert found["refused_rightly"] == pytest.approx(2 / 3, abs=1e-4)  # trials 0 and 3 of 0, 1 and 3


def test_nothing_tried_is_no_share():
    found = summary(Plan(), [], {})
    assert found["arms"]["with"]["share"] is None and found["foreseen"] is None


def test_both_shares_are_told_in_words():
    text = as_text(summary(Plan(trials=4), TABLE, {}))
    assert "without the audit: 3 of 4 trials end in an exploit (75.0%), mean success 30.0%" in text
    assert "with the audit: 1 of 4 trials end in an exploit (25.0%), mean success 60.0%" in text
