import math
import subprocess
import sys
import time

import pytest

from automl.space import Choice, Factor, Range
from automl.suggest import suggest, telling, trial_seed
from tests.automl.builders import SPACE, created, finished, prepared, ran, rung, spec, started, study

BASE = {"ppo.learning_rate": 1e-3, "task.reward.scales.termination": -100.0}


def params(rate: float, fall: float = -100.0) -> dict[str, float]:
    return {"ppo.learning_rate": rate, "task.reward.scales.termination": fall}


def history(count: int):
    """Trials whose score is best at a learning rate of 3e-3."""
    events = []
    for number in range(count):
        rate = 1e-4 * 10 ** (2 * ((number * 0.61803) % 1))
        events += ran(number, -abs(math.log10(rate / 3e-3)), params(rate, -30.0 - 10 * number))
    return study(*events)


def test_the_first_trial_is_the_preset_itself():
    assert suggest(spec(), study(), 0) == BASE


def test_a_study_that_searches_nothing_repeats_the_preset():
    assert suggest(spec(space={}), study(ran(0)), 1) == {}


def test_the_same_question_has_the_same_answer():
    assert suggest(spec(), history(12), 12) == suggest(spec(), history(12), 12)


def test_other_seeds_and_other_numbers_have_other_answers():
    answers = {str(suggest(spec(seed=seed), history(12), number)) for seed, number in [(0, 12), (1, 12), (0, 13)]}
    assert len(answers) == 3


def test_another_process_gives_the_same_answer():
    """As after a restart: nothing is carried over but the log."""
    script = """
from tests.automl.test_suggest import history
from tests.automl.builders import spec
from automl.suggest import suggest
print(suggest(spec(), history(12), 12))
"""
    said = {
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()
        for _ in range(2)
    }
    assert said == {str(suggest(spec(), history(12), 12))}


def test_asking_for_a_trial_that_exists_already_gives_the_answer_it_got():
    events = [event for number in range(8) for event in ran(number, number / 8, params(1e-4 * (number + 1)))]
    first = suggest(spec(), study(*events), 8)
    assert suggest(spec(), study(*events, created(8, first)), 8) == first


def test_values_stay_inside_their_space_and_keep_their_sign():
    for number in range(12, 24):
        found = suggest(spec(), history(12), number)
        assert 1e-4 <= found["ppo.learning_rate"] <= 1e-2
        assert -400.0 <= found["task.reward.scales.termination"] <= -25.0


def test_it_learns_where_scores_are_high():
    """Best at 3e-3: with TPE most draws lie within a factor of 2.5 of it, at random 40 % do."""
    near = [
        abs(math.log10(suggest(spec(), history(40), number)["ppo.learning_rate"] / 3e-3)) < 0.4
        for number in range(40, 60)
    ]
    assert sum(near) >= 14


def test_a_bad_region_is_avoided_when_trials_diverged_there():
    def events(state: str):
        rows = []
        for number in range(24):
            rate = 8e-3 if number % 2 else 4e-4
            rows += ran(number, 0.3 if number % 2 == 0 else None, params(rate * (1 + number / 100)))[:3]
            rows.append(finished(number, 0.3) if number % 2 == 0 else finished(number, None, state))
        return study(*rows)

    high = sum(suggest(spec(), events("diverged"), n)["ppo.learning_rate"] > 3e-3 for n in range(24, 44))
    assert high <= 6


def test_a_crash_says_nothing_about_its_configuration():
    without = study(ran(0, 0.3), ran(1, 0.5, params(2e-3)))
    crashed = study(ran(0, 0.3), ran(1, 0.5, params(2e-3)), ran(2, None, params(9e-3), state="failed"))
    assert suggest(spec(), crashed, 3) == suggest(spec(), without, 3)


def test_a_killed_trial_without_evaluations_says_nothing():
    without = study(ran(0, 0.3), ran(1, 0.5, params(2e-3)))
    killed = study(
        ran(0, 0.3), ran(1, 0.5, params(2e-3)), created(2), started(2), finished(2, None, "killed", "ann: no")
    )
    assert suggest(spec(), killed, 3) == suggest(spec(), without, 3)


def test_a_stopped_trial_counts_with_what_it_measured():
    events = [event for n in range(12) for event in ran(n, n / 12, params(1e-4 * (n + 1)))]
    stopped = [created(12, params(9e-3)), prepared(12), started(12), rung(12, 400, -0.9, "prune")]
    without = suggest(spec(), study(*events), 13)
    assert suggest(spec(), study(*events, *stopped, finished(12, -0.9, "stopped")), 13) != without


def test_trials_that_still_run_are_seen():
    """With the place taken, the same question gets another answer."""
    events = [event for number in range(12) for event in ran(number, number / 12, params(1e-4 * (number + 1)))]
    alone = suggest(spec(), study(*events), 13)
    taken = suggest(spec(), study(*events, created(12, alone), started(12)), 13)
    assert taken != alone


def test_the_same_configuration_does_not_run_twice_while_there_are_others():
    space = {"ppo.clip": Choice((0.1, 0.2, 0.3), around=0.2)}
    here = spec(space=space, startup_trials=10)
    tried = study(ran(0, 0.1, {"ppo.clip": 0.2}), ran(1, 0.1, {"ppo.clip": 0.1}))
    for seed in range(6):
        assert suggest(spec(space=space, startup_trials=10, seed=seed), tried, 2) == {"ppo.clip": 0.3}
    everything = study(ran(0, 0.1, {"ppo.clip": 0.2}), ran(1, 0.1, {"ppo.clip": 0.1}), ran(2, 0.1, {"ppo.clip": 0.3}))
    assert suggest(here, everything, 3)["ppo.clip"] in (0.1, 0.2, 0.3)


def test_every_kind_of_dimension_is_drawn():
    space = {
        "ppo.gamma": Range(0.95, 0.999, one_minus=True, around=0.99),
        "ppo.epochs": Range(2, 8, integer=True, around=5),
        "ppo.schedule": Choice(("linear", "constant"), around="linear"),
        "ppo.clip": Factor(0.5, 2.0, around=0.2),
    }
    found = suggest(spec(space=space), study(ran(0, 0.1, {"ppo.gamma": 0.99})), 1)
    assert 0.95 <= found["ppo.gamma"] <= 0.999
    assert found["ppo.epochs"] in range(2, 9) and isinstance(found["ppo.epochs"], int)
    assert found["ppo.schedule"] in ("linear", "constant")
    assert 0.1 <= found["ppo.clip"] <= 0.4


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_random_ignores_scores_and_tpe_does_not(sampler):
    events = [event for n in range(12) for event in ran(n, n / 12, params(1e-4 * (n + 1)))]
    mirrored = [event for n in range(12) for event in ran(n, 1 - n / 12, params(1e-4 * (n + 1)))]
    here = spec(sampler=sampler)
    same = suggest(here, study(*events), 12) == suggest(here, study(*mirrored), 12)
    assert same == (sampler == "random")


def test_a_value_that_a_person_chose_outside_the_space_does_no_harm():
    wide = study(ran(0, 0.2), ran(1, 0.4, params(0.5, +3.0)), ran(2, 0.1, params(2e-3)))
    assert set(suggest(spec(), wide, 3)) == set(SPACE)


def test_seeds_differ_by_trial_and_purpose():
    seeds = {trial_seed(study, number, purpose) for study in (0, 1) for number in (0, 1) for purpose in "ab"}
    assert len(seeds) == 8
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_what_is_remembered_of_one_study_is_not_taken_for_another():
    fresh = suggest(spec(), history(12), 12)
    mirrored = study(*(event for n in range(12) for event in ran(n, n / 12, params(1e-4 * (n + 1)))))
    suggest(spec(), mirrored, 12)
    again = spec()
    suggest(again, mirrored, 12)
    assert suggest(again, history(12), 12) == suggest(spec(), history(12), 12) == fresh


def test_three_thousand_trials_do_not_keep_anyone_waiting():
    state = history(3000)
    suggest(spec(), state, 3000)
    begin = time.process_time()
    suggest(spec(), state, 3000)
    assert time.process_time() - begin < 0.15  # seconds of this process, so that a busy machine does not matter


def test_of_many_trials_the_best_quarter_and_a_spread_of_the_others_are_told():
    """Scores rise with the number: of 20 ended ones at most 8, so the last two and six of the other 18: every third."""
    ended = [event for n in range(20) for event in ran(n, n / 20)]
    trials = list(study(*ended, created(20), prepared(20), started(20)).trials.values())
    assert [trial.number for trial in telling(trials, 8)] == [0, 3, 6, 9, 12, 15, 18, 19, 20]
    assert telling(trials[::-1], 20) == trials
