import pytest

from automl.repeats import repeated
from automl.report import report_text
from automl.space import Choice
from automl.spec import StudySpec
from tests.automl.builders import created, ran, started, study

LOW, HIGH = {"ppo.clip": 0.1}, {"ppo.clip": 0.3}


def test_seeds_of_one_configuration_are_taken_together_best_mean_first():
    state = study(ran(0, 0.9, LOW), ran(1, 0.5, HIGH), ran(2, 0.3, LOW), ran(3, 0.9, HIGH))
    high, low = repeated(state)
    assert (high.params, high.trials, high.scores, high.mean) == (HIGH, (1, 3), (0.5, 0.9), pytest.approx(0.7))
    assert (low.trials, low.mean) == ((0, 2), pytest.approx(0.6))
    # Two scores 0.4 apart: stdev 0.2828, t 12.706, over the root of 2.
    assert high.half_width == pytest.approx(12.706 * 0.28284 / 1.41421, rel=1e-3)


def test_a_seed_that_diverged_counts_as_nothing_and_one_that_crashed_not_at_all():
    state = study(
        ran(0, 0.8, LOW), ran(1, None, LOW, "diverged"), ran(2, None, LOW, "failed"), created(3, LOW), started(3)
    )
    (group,) = repeated(state)
    assert (group.trials, group.scores, group.mean) == ((0, 1), (0.8, 0.0), 0.4)


def test_configurations_that_were_all_tried_once_are_no_groups():
    assert repeated(study(ran(0, 0.8, LOW), ran(1, 0.9, HIGH))) == []


def test_fresh_seeds_of_a_confirmation_are_reported_elsewhere():
    again = [
        {**event, "origin": "confirm"} if event["type"] == "trial_created" else event for event in ran(1, 0.7, LOW)
    ]
    assert repeated(study(ran(0, 0.8, LOW), again)) == []


def test_the_report_of_a_sweep_compares_means():
    spec = StudySpec(space={"ppo.clip": Choice((0.1, 0.3), around=0.2)}, sampler="grid", repeats=2)
    text = report_text("s", spec, study(ran(0, 0.9, LOW), ran(1, 0.5, HIGH), ran(2, 0.3, LOW), ran(3, 0.9, HIGH)))
    table = text.split("## Same settings, several seeds")[1].split("##")[0]
    rows = [line for line in table.splitlines() if line.startswith("| 0")]
    assert [row.split("|")[1].strip() for row in rows] == ["0.3", "0.1"]
    assert "0.7000" in rows[0] and "0.5000, 0.9000" in rows[0]
