import pytest

from automl.confirm import (
    at_the_edge,
    best_number,
    candidates,
    confirmed,
    half_width,
    next_repeat,
    share_of_range,
    told_apart,
)
from automl.importance import correlation, importances, ranks, tendency
from automl.report import report_text
from automl.space import Choice, Factor, Range
from automl.spec import ConfirmCfg
from tests.automl.builders import created, finished, prepared, ran, rung, spec, started, study
from tests.automl.fake import Script
from tests.automl.test_engine import World
from tests.automl.test_suggest import history
from vbot_sim.errors import ConfigError

SPEC = spec(confirm=ConfirmCfg(2, 3))
SEARCH = [*ran(0, 0.5), *ran(1, 0.9), *ran(2, 0.8), *ran(3, 0.95, state="stopped")]
CHOSEN = {"type": "confirm_started", "trials": [1, 2], "seeds": 3}


def repeat(number: int, source: int, index: int, score: float | None, state: str = "finished") -> list:
    made = {**created(number, origin="confirm"), "lineage": {"confirms": source, "repeat": index}}
    return [made, prepared(number), started(number), rung(number, 1000, score), finished(number, score, state)]


LUCKY = study(
    *SEARCH,
    CHOSEN,
    repeat(4, 1, 0, 0.5),
    repeat(5, 2, 0, 0.8),
    repeat(6, 1, 1, 0.7),
    repeat(7, 2, 1, 0.75),
    repeat(8, 1, 2, 0.6),
    repeat(9, 2, 2, 0.85),
)


def test_the_best_finished_trials_are_candidates():
    assert candidates(SPEC, study(*SEARCH)) == (1, 2)  # trial 3 scored more but was stopped


def test_every_candidate_gets_its_first_repeat_before_any_gets_its_second():
    made = [CHOSEN]
    order = []
    for number in range(4, 10):
        pair = next_repeat(SPEC, study(*SEARCH, *made))
        order.append(pair)
        made += repeat(number, *pair, 0.5)
    assert order == [(1, 0), (2, 0), (1, 1), (2, 1), (1, 2), (2, 2)]
    assert next_repeat(SPEC, study(*SEARCH, *made)) is None


def test_before_the_choice_there_is_nothing_to_repeat():
    assert next_repeat(SPEC, study(*SEARCH)) is None


def test_means_leave_the_lucky_score_out():
    first, second = confirmed(LUCKY)
    # trial 2: (0.8 + 0.75 + 0.85) / 3 = 0.8 with a deviation of 0.05; trial 1: (0.5 + 0.7 + 0.6) / 3 = 0.6, of 0.1
    assert (first.source, first.mean, first.luck) == (2, pytest.approx(0.8), pytest.approx(0.0))
    assert (second.source, second.mean, second.luck) == (1, pytest.approx(0.6), pytest.approx(0.3))
    # 4.303 * 0.1 / sqrt(3) = 0.24843
    assert second.half_width == pytest.approx(0.24843, abs=1e-5)
    assert not told_apart(first, second)  # 0.8 - 0.124 < 0.6 + 0.248


def test_the_best_is_the_best_of_the_confirmed_and_not_the_luckiest():
    assert best_number(study(*SEARCH)) == 3
    assert best_number(LUCKY) == 2


def test_a_seed_that_diverged_counts_as_nothing_and_one_seed_has_no_interval():
    only = confirmed(study(*SEARCH, CHOSEN, repeat(4, 1, 0, 0.8), repeat(5, 1, 1, None, "diverged")))[0]
    assert (only.scores, only.diverged, only.mean) == ((0.8, 0.0), 1, pytest.approx(0.4))
    assert half_width([0.8]) is None


def test_intervals_that_do_not_overlap_are_told_apart():
    # half widths: two seeds 12.706 * 0.000707 / 1.414 = 0.00635
    apart = [repeat(4, 1, 0, 0.5), repeat(5, 2, 0, 0.8), repeat(6, 1, 1, 0.501), repeat(7, 2, 1, 0.801)]
    first, second = confirmed(study(*SEARCH, CHOSEN, *apart))
    assert first.half_width == pytest.approx(0.00635, abs=1e-5)
    assert told_apart(first, second)


def test_the_report_says_what_is_confirmed_and_what_was_luck():
    text = report_text("s", SPEC, LUCKY)
    assert "The best settings are those of trial 2: 0.8000 on 3 fresh seeds" in text
    assert "| T1    | 0.5000, 0.7000, 0.6000 | 0.6000 | ± 0.2484      | 0.9000     | +0.3000 |" in text
    assert "T2 and T1 are not told apart by these seeds." in text
    assert "nothing is confirmed yet" in report_text("s", SPEC, study(*SEARCH))


@pytest.mark.parametrize(
    ("dimension", "value", "share"),
    [
        (Range(0.0, 10.0), 2.5, 0.25),
        (Range(1e-4, 1e-2, log=True), 1e-3, 0.5),
        (Factor(0.25, 4.0, around=-100.0), -100.0, 0.5),
        (Factor(0.25, 4.0, around=-100.0), -400.0, 1.0),
        (Range(0.9, 0.999, one_minus=True), 0.99, 0.5),  # 1 - x: 0.1 .. 0.001, the middle in magnitude is 0.01
        (Range(0.9, 0.999, one_minus=True), 0.9, 0.0),
        (Range(1, 5, integer=True), 4, 0.75),
        (Choice(("a", "b")), "a", None),
    ],
)
def test_a_value_has_its_place_in_its_range(dimension, value, share):
    found = share_of_range(dimension, value)
    assert found == (None if share is None else pytest.approx(share))


def test_a_winner_at_the_edge_of_a_range_is_said():
    edgy = study(ran(0, 0.9, {"ppo.learning_rate": 9.9e-3, "task.reward.scales.termination": -100.0}))
    assert at_the_edge(spec(), edgy.trials[0]) == [("ppo.learning_rate", "upper")]
    assert "`ppo.learning_rate` of T0 lies at the upper end of its range" in report_text("s", spec(), edgy)
    assert "end of its range" not in report_text("s", spec(), study(ran(0, 0.9)))


def test_the_key_that_made_the_score_is_the_important_one():
    found = importances(spec(), history(40))  # its scores depend on the learning rate only
    assert found["ppo.learning_rate"] > 0.8
    assert sum(found.values()) == pytest.approx(1.0)
    assert importances(spec(), history(7)) == {}


def test_ranks_share_the_mean_of_equals_and_correlation_is_pearsons():
    assert ranks([3.0, 1.0, 3.0, 2.0]) == [3.5, 1.0, 3.5, 2.0]
    # (1,2,3) against (1,3,2): sums of products 1, of squares 2 and 2 -> 0.5
    assert correlation([1, 2, 3], [1, 3, 2]) == pytest.approx(0.5)
    assert correlation([1, 1], [1, 2]) is None


def test_more_of_a_key_that_always_helps_leans_to_one():
    rows = [
        ran(n, n / 10, {"ppo.learning_rate": 1e-4 * (n + 1), "task.reward.scales.termination": -50.0}) for n in range(9)
    ]
    state = study(*rows)
    assert tendency(spec(), state, "ppo.learning_rate") == pytest.approx(1.0)
    assert tendency(spec(), state, "task.reward.scales.termination") is None


def test_settings_that_cannot_confirm_are_refused():
    with pytest.raises(ConfigError, match="top must not be negative"):
        ConfirmCfg(-1)
    with pytest.raises(ConfigError, match="seeds must be at least 1"):
        ConfirmCfg(1, 0)


def test_a_study_confirms_its_best_with_fresh_seeds_before_it_ends(tmp_path):
    scripts = {
        0: Script(0.2),
        1: Script(0.9),
        2: Script(0.8),
        3: Script(0.3),
        4: Script(0.7),
        5: Script(0.3),
        6: Script(0.7),
    }
    here = World(tmp_path, slots=2, scripts=scripts, max_trials=3, confirm=ConfirmCfg(2, 2))
    state = here.run(60)
    assert [trial.origin for trial in state.trials.values()] == ["preset", "tpe", "tpe", *["confirm"] * 4]
    assert [dict(trial.lineage) for trial in list(state.trials.values())[3:]] == [
        {"confirms": 1, "repeat": 0},
        {"confirms": 2, "repeat": 0},
        {"confirms": 1, "repeat": 1},
        {"confirms": 2, "repeat": 1},
    ]
    assert state.trials[3].params == state.trials[1].params
    assert len({trial.seed for trial in state.trials.values()}) == 7
    assert best_number(state) == 2
    assert state.ended == "all 7 trials are done"


def test_the_choice_stands_though_the_scheduler_dies(tmp_path):
    here = World(tmp_path, slots=1, max_trials=2, confirm=ConfirmCfg(1, 2))
    here.run(35)
    here.die()
    here.machine.advance(5.0)
    here.begin()
    state = here.run(40)
    assert len(here.events("confirm_started")) == 1
    assert [trial.lineage.get("repeat") for trial in state.trials.values()] == [None, None, 0, 1]
    assert state.ended == "all 4 trials are done"


def test_a_study_in_which_nothing_finished_confirms_nothing(tmp_path):
    here = World(tmp_path, slots=1, max_trials=1, scripts={0: Script(diverges_at=100)}, confirm=ConfirmCfg(1, 1))
    assert here.run(10).ended == "the only trial is done"
