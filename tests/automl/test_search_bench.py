import pytest

from automl.search_bench import (
    ARMS,
    STANDARD,
    Outcome,
    Plan,
    claims,
    evaluations,
    first_good_s,
    median,
    spec_of,
    summary,
)
from automl.spec import complete


def rung(t: float, trial: int, step: int, score: float | None, success: float | None):
    return {"type": "rung", "t": t, "trial": trial, "step": step, "score": score, "success": success}


EVENTS = [
    {"type": "trial_prepared", "trial": 0, "run": "run-a", "t": 0.0},
    {"type": "trial_prepared", "trial": 1, "run": "run-b", "t": 0.0},
    rung(60.0, 0, 1000, 0.2, 0.3),
    rung(90.0, 1, 1000, None, None),
    rung(120.0, 1, 2000, 1.0, 0.92),
    rung(180.0, 0, 2000, 1.1, 0.95),
]


def test_evaluations_are_named_as_a_person_names_a_checkpoint():
    assert evaluations(EVENTS) == [
        (60.0, "run-a@1000", 0.2, 0.3),
        (120.0, "run-b@2000", 1.0, 0.92),
        (180.0, "run-a@2000", 1.1, 0.95),
    ]


def test_the_clock_ends_with_the_first_checkpoint_that_is_good_on_fresh_cases_too():
    asked = []

    def fresh(name: str) -> float:
        asked.append(name)
        return {"run-b@2000": 0.88, "run-a@2000": 0.93}[name]

    assert first_good_s(evaluations(EVENTS), fresh) == 180.0
    assert asked == ["run-b@2000", "run-a@2000"]
    assert first_good_s(evaluations(EVENTS), lambda name: 0.9) == 120.0
    assert first_good_s(evaluations(EVENTS), lambda name: 0.5) is None


def outcome(arm: str, repeat: int, success: float | None, good_s: float | None) -> Outcome:
    return Outcome(arm, repeat, "s", 5, success=success, good_s=good_s)


TABLE = [
    outcome("tpe+asha", 1, 0.995, 100.0),
    outcome("tpe+asha", 2, 1.0, 140.0),
    outcome("tpe+asha", 3, 0.99, None),
    outcome("random", 1, 0.97, 300.0),
    outcome("random", 2, None, None),
    outcome("random", 3, 1.0, 280.0),
    outcome("perturb", 1, 0.9, 400.0),
]


def test_the_table_has_medians_in_which_never_is_the_latest():
    found = summary(Plan(), TABLE, {"load_average": []})
    assert {name: arm["good_s_median"] for name, arm in found["arms"].items()} == {
        "tpe+asha": 140.0,  # of 100, 140, never
        "random": 300.0,  # of 280, 300, never
        "perturb": 400.0,
    }
    assert found["arms"]["random"]["success_median"] == 0.97  # of 0.97, nothing, 1.0
    assert found["arms"]["tpe+asha"]["success_lowest"] == 0.99
    assert (found["solved"], found["fastest"], found["half"]) == (True, True, True)
    assert found["minutes"] == 10.0


@pytest.mark.parametrize(
    ("mine", "others", "fastest", "half"),
    [
        (140.0, (300.0, 400.0), True, True),
        (160.0, (300.0, 400.0), True, False),
        (310.0, (300.0, 400.0), False, False),
        (300.0, (300.0, None), False, False),
        (500.0, (None, None), True, True),
        (None, (None, None), False, False),
    ],
)
def test_what_the_table_shows(mine, others, fastest, half):
    arms = {"tpe+asha": mine, "random": others[0], "perturb": others[1]}
    rows = {name: {"good_s_median": seconds, "success_lowest": 1.0} for name, seconds in arms.items()}
    found = claims(rows)
    assert (found["fastest"], found["half"]) == (fastest, half)


def test_one_lucky_repeat_does_not_solve_it():
    rows = {"tpe+asha": {"good_s_median": 1.0, "success_lowest": 0.98}, "random": {"good_s_median": 2.0}}
    assert claims(rows)["solved"] is False


def test_without_a_baseline_nothing_is_claimed():
    rows = {"tpe+asha": {"good_s_median": 1.0, "success_lowest": 1.0}}
    assert claims(rows) == {"solved": None, "fastest": None, "half": None}


def test_never_is_no_number():
    assert median([None, None, 3.0], float("inf")) is None
    assert median([None, 2.0, 3.0], float("inf")) == 3.0


def test_arms_differ_in_the_search_and_in_nothing_else():
    """The predecessor's 18 reward keys, seven of the learner."""
    specs = {arm.name: complete(spec_of(Plan(), arm, 2)) for arm in ARMS if arm.name in STANDARD}
    assert {len(spec.space) for spec in specs.values()} == {25}
    assert [spec.early_stop.enabled for spec in specs.values()] == [True, False, False]
    first, *rest = specs.values()
    for spec in rest:
        same = (
            "space",
            "sets",
            "seed",
            "preset",
            "budget_s",
            "trial_env_steps",
            "slots",
            "startup_trials",
            "max_trials",
        )
        assert [getattr(spec, name) for name in same] == [getattr(first, name) for name in same]
    assert first.max_trials is None  # time alone ends it
