import math
from dataclasses import replace

import pytest

from automl.asha import AshaCfg, decide, forgiven, promotable, reference_at, rung_of, rung_scores
from automl.phases import Job, next_job
from automl.space import Range
from automl.spec import StudySpec
from tests.automl.builders import created, finished, rung, started, study
from vbot_sim.errors import ConfigError

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
    assert decide(CFG, -1.0, [0.5, 0.6, 0.7]) == "pause"


@pytest.mark.parametrize(("score", "decision"), [(0.9, "continue"), (0.6, "continue"), (0.59, "pause"), (0.2, "pause")])
def test_the_better_half_goes_on(score, decision):
    # with 0.9: 0.9 0.8 0.6 0.4 0.2 -> the best floor(5/2) = 2 go on, so 0.6 must be in a field where it is second
    peers = {0.9: [0.8, 0.6, 0.4, 0.2], 0.6: [0.8, 0.5, 0.4, 0.2]}.get(score, [0.8, 0.6, 0.4, 0.3])
    assert decide(CFG, score, peers) == decision


def test_of_three_a_third_goes_on():
    assert decide(AshaCfg(True, 3.0, (0.5,), 3), 0.5, [0.4, 0.3]) == "continue"
    assert decide(AshaCfg(True, 3.0, (0.5,), 3), 0.4, [0.5, 0.3]) == "pause"


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


def went(number: int, at_rung: float, final: float | None = None, decision: str = "continue") -> list:
    """A trial with a score at step 400; finished if it has a final score, else paused there if the decision says so."""
    life = [created(number), started(number), {**rung(number, 400, at_rung, decision), "rung": 0}]
    if final is not None:
        return [*life, rung(number, 1000, final), finished(number, final)]
    return [*life, {"type": "trial_paused", "trial": number, "env_steps": 400}] if decision == "pause" else life


ONE = AshaCfg(True, 2.0, (0.4,), 3)


def test_who_stands_where_a_late_learner_stood_goes_on():
    # the documented run: 0.3 % at a third of its length, 58 % at its end, better than one that began well
    state = study(went(0, 0.003, 0.58), went(1, 0.3, 0.35), went(2, 0.25, 0.3))
    limit = forgiven(ONE, state.trials.values(), 0, 1000)
    assert limit == 0.003
    assert decide(ONE, 0.003, [0.3, 0.25], limit) == "continue"
    assert decide(ONE, 0.002, [0.3, 0.25], limit) == "pause"


def test_of_eight_finished_trials_the_best_two_are_references():
    # 8 / 2^2 = 2: the finals 0.9 and 0.8, which had 0.5 and 0.2 at the rung
    finals = [(0.5, 0.9), (0.2, 0.8), (0.1, 0.7), (0.0, 0.6), (0.1, 0.5), (0.1, 0.4), (0.1, 0.3), (0.1, 0.2)]
    trials = [event for number, (at_rung, final) in enumerate(finals) for event in went(number, at_rung, final)]
    assert forgiven(ONE, study(*trials).trials.values(), 0, 1000) == 0.2


def test_one_finished_trial_is_no_reference():
    assert forgiven(ONE, study(went(0, 0.1, 0.2)).trials.values(), 0, 1000) == math.inf


def test_a_reference_curve_is_read_on_a_straight_line():
    # a quarter of the way from (0.2, 0.0) to (1.0, 0.8): 0.4 -> 0.2
    cfg = AshaCfg(True, 2.0, (0.4, 0.9), 3, reference=((1.0, 0.8), (0.2, 0.0)))
    assert reference_at(cfg, 0) == pytest.approx(0.2)
    assert forgiven(cfg, [], 0, 1000) == pytest.approx(0.2)
    assert reference_at(ONE, 0) == math.inf


def test_a_paused_trial_is_promoted_when_it_is_among_the_best_by_now():
    # 0.4 was third of three; with two worse ones it is third of five: still not. With three worse: third of six.
    paused = [went(0, 0.6), went(1, 0.5), went(2, 0.4, decision="pause")]
    worse = [went(3, 0.1), went(4, 0.2), went(5, 0.3)]
    assert promotable(ONE, study(*paused).trials, 1000) is None
    assert promotable(ONE, study(*paused, *worse[:2]).trials, 1000) is None
    assert promotable(ONE, study(*paused, *worse).trials, 1000).number == 2


def test_of_two_the_better_one_is_promoted_first_and_the_higher_rung_before_both():
    cfg = AshaCfg(True, 2.0, (0.4, 0.7), 2)
    base = [went(9, 0.1), went(8, 0.1), went(7, 0.1), went(6, 0.1)]
    lower = [went(0, 0.5, decision="pause"), went(1, 0.6, decision="pause")]
    assert promotable(cfg, study(*base, *lower).trials, 1000).number == 1
    high = [created(2), started(2), rung(2, 400, 0.2), {**rung(2, 700, 0.3, "pause"), "rung": 1}]
    high.append({"type": "trial_paused", "trial": 2, "env_steps": 700})
    assert promotable(cfg, study(*base, *lower, high).trials, 1000).number == 2


def test_a_trial_that_a_person_paused_is_not_promoted():
    mine = [created(2), started(2), rung(2, 400, 0.9), {"type": "trial_paused", "trial": 2, "env_steps": 400}]
    assert promotable(ONE, study(went(0, 0.1), went(1, 0.1), mine).trials, 1000) is None


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"eta": 1.0}, "eta must be greater than 1"),
        ({"rungs": (0.7, 0.4)}, "must rise"),
        ({"rungs": (0.5, 1.0)}, "between 0 and 1"),
        ({"min_peers": 1}, "at least 2"),
    ],
)
def test_settings_that_cannot_halve_are_refused(values, words):
    with pytest.raises(ConfigError, match=words):
        AshaCfg(**values)


def test_who_walks_and_falls_is_more_promising_than_who_stands():
    # by score -0.2 stands behind 0.0; with half of the way covered it is 0.3
    walks = {**rung(0, 400, -0.2), "progress": 0.5}
    state = study(created(0), started(0), walks, created(1), started(1), {**rung(1, 400, 0.0), "progress": 0.01})
    assert rung_scores(CFG, state.trials.values(), 0, 1000) == [0.3, 0.01]
    assert decide(AshaCfg(True, 2.0, (0.4,), 2), 0.3, [0.01]) == "continue"


WAIT = AshaCfg(True, 2.0, (0.4, 0.7), 2, wait=True)


@pytest.mark.parametrize(("peers", "at", "decision"), [([], 0, "pause"), ([], 1, "continue"), ([0.1], 0, "continue")])
def test_the_first_at_the_first_rung_may_have_to_wait_for_another(peers, at, decision):
    assert decide(WAIT, 0.3, peers, rung=at) == decision


def test_who_waited_is_promoted_when_another_came_and_was_worse():
    alone = study(went(0, 0.3, decision="pause"))
    assert promotable(WAIT, alone.trials, 1000) is None
    both = study(went(0, 0.3, decision="pause"), went(1, 0.1, decision="pause"))
    promoted = promotable(WAIT, both.trials, 1000)
    assert promoted is not None and promoted.number == 0


def test_where_nobody_else_will_come_nobody_waits():
    spec = StudySpec(space={"ppo.clip": Range(0.1, 0.3)}, max_trials=1, trial_env_steps=1000, early_stop=WAIT)
    alone = study(went(0, 0.3, decision="pause"))
    assert next_job(spec, alone, slots=1) == Job("promote", 0)
    another_may_come = replace(spec, max_trials=2)
    assert next_job(another_may_come, alone, slots=1) == Job("search")
    another_is_on_its_way = study(went(0, 0.3, decision="pause"), created(1), started(1))
    assert next_job(another_may_come, another_is_on_its_way, slots=2) is None
