import math

import pytest

from automl.asha import AshaCfg, decide, rung_of, rung_scores
from tests.automl.builders import created, rung, started, study

CFG = AshaCfg(True, 2.0, (0.4, 0.7), 4)


@pytest.mark.parametrize(
    ("step", "seen", "expected"),
    [
        (399, [], None),
        (400, [], 0),
        (500, [400], None),
        (700, [400], 1),
        (800, [400, 700], None),
        (900, [], 1),
    ],
)
def test_the_highest_rung_reached_for_the_first_time_decides(step, seen, expected):
    assert rung_of(CFG, step, seen, 1000) == expected


def test_nobody_is_stopped_before_enough_trials_were_there():
    assert decide(CFG, -1.0, [0.5, 0.6]) == "continue"
    assert decide(CFG, -1.0, [0.5, 0.6, 0.7]) == "prune"


@pytest.mark.parametrize(("score", "decision"), [(0.9, "continue"), (0.6, "continue"), (0.59, "prune"), (0.2, "prune")])
def test_the_better_half_goes_on(score, decision):
    # with 0.9: 0.9 0.8 0.6 0.4 0.2 -> the best floor(5/2) = 2 go on, so 0.6 must be in a field where it is second
    peers = {0.9: [0.8, 0.6, 0.4, 0.2], 0.6: [0.8, 0.5, 0.4, 0.2]}.get(score, [0.8, 0.6, 0.4, 0.3])
    assert decide(CFG, score, peers) == decision


def test_of_three_a_third_goes_on():
    assert decide(AshaCfg(True, 3.0, (0.5,), 3), 0.5, [0.4, 0.3]) == "continue"
    assert decide(AshaCfg(True, 3.0, (0.5,), 3), 0.4, [0.5, 0.3]) == "prune"


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf, None])
def test_what_is_no_number_never_goes_on(score):
    assert decide(CFG, score, []) == "prune"


def test_a_trials_first_evaluation_past_the_rung_counts_for_it():
    trials = study(
        *(event for number in range(3) for event in (created(number), started(number))),
        rung(0, 300, 0.1),
        rung(0, 450, 0.2),
        rung(0, 900, 0.9),
        rung(1, 300, 0.5),
        rung(2, 400, None),
    ).trials.values()
    assert rung_scores(CFG, trials, 0, 1000) == [0.2]
