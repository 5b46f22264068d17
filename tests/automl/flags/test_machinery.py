import pytest

from automl.flags import ALARMS, DETECTORS, FLAG_NAMES, RunFacts, diagnose
from tests.automl.flags.curves import bend, flat, line, names

TERMS = {"reward/alive_bonus": line(0.1), "reward/termination": line(-0.1), "reward/total": line(0.0)}


def test_a_value_that_is_no_number_is_named_with_its_first_step():
    curves = {"ppo/value_loss": [(100, 1.0), (200, float("nan")), (300, float("inf"))], "ppo/kl": [(100, 0.1)]}
    (flag,) = diagnose(curves)
    assert (flag.name, dict(flag.evidence), flag.step) == ("nan", {"ppo/value_loss": 200.0}, 200)


def test_a_diverged_run_is_flagged_even_without_a_bad_value():
    assert names({}, facts=RunFacts(state="diverged")) == ["nan"]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (RunFacts("running", silent_s=119.0), []),
        (RunFacts("running", silent_s=121.0), ["stalled"]),
        (RunFacts("finished", silent_s=9999.0), []),
    ],
)
def test_a_live_run_that_says_nothing_has_stalled(facts, expected):
    assert names({}, facts=facts) == expected


def test_a_third_of_the_usual_speed_is_a_drop():
    # the upper quartile of 20 records, 14 of them at 15,000, is 15,000; the window is at 4,000
    drop = {"perf/steps_per_s": bend(15_000.0, 4_000.0, at=150_000)}
    (flag,) = diagnose(drop)
    assert flag.name == "throughput_drop"
    assert flag.evidence["speed, as a share of the run's upper quartile"] == pytest.approx(4 / 15)


def test_half_of_the_usual_speed_is_none_unless_it_was_raised_before():
    half = {"perf/steps_per_s": bend(15_000.0, 6_500.0, at=150_000)}
    assert names(half) == []
    assert names(half, raised={"throughput_drop"}) == ["throughput_drop"]


def waves(every: int, count: int = 40) -> list[tuple[int, float]]:
    """Ends of episodes: 256 in one update, none in the others."""
    return [(10_000 * (n + 1), 256.0 if n % every == every - 1 else 0.0) for n in range(count)]


def test_episodes_that_end_in_step_are_a_notice_and_no_alarm():
    curves = {"episode/count": waves(8), "end/time_limit": line(1.0, 40), "episode/success": line(0.0, 40)}
    assert names(curves) == []
    (flag,) = diagnose(curves, notices=True)
    assert flag.name == "synchronised_episodes" and not flag.alarm
    # five waves of 256 in 40 updates: all ends lie in the fullest fifth, which is eight updates
    assert flag.evidence["share of all ends in the fullest fifth of the updates"] == 1.0


@pytest.mark.parametrize(
    "curves",
    [
        {"episode/count": line(30.0, 40), "end/time_limit": line(1.0, 40)},
        {"episode/count": waves(8), "end/time_limit": line(0.1, 40)},
        {"episode/count": waves(40), "end/time_limit": line(1.0, 40)},
    ],
)
def test_ends_that_are_spread_out_or_not_by_time_or_came_once_are_no_rhythm(curves):
    assert names(curves, notices=True) == []


def test_a_changed_config_is_drift():
    (flag,) = diagnose({}, RunFacts(config_changed=True))
    assert flag.name == "config_drift"


@pytest.mark.parametrize(
    ("terms", "evidence"),
    [
        (("alive_bonus",), "termination is paid, the config has no scale for it"),
        (("alive_bonus", "termination", "stop"), "stop has a scale and is not paid"),
    ],
)
def test_other_reward_terms_than_the_config_has_are_drift(terms, evidence):
    (flag,) = diagnose(TERMS, RunFacts(terms=terms))
    assert flag.name == "config_drift" and list(flag.evidence) == [evidence]


@pytest.mark.parametrize(
    ("curves", "facts"),
    [
        (TERMS, RunFacts(terms=("alive_bonus", "termination"))),
        (TERMS, RunFacts()),
        (flat(loss=1.0), RunFacts(terms=("alive_bonus",))),  # another tool's run, or one that has logged nothing yet
    ],
)
def test_what_agrees_or_cannot_be_compared_is_no_drift(curves, facts):
    assert names(curves, facts=facts) == []


def test_every_detector_explains_itself():
    for detector in DETECTORS:
        assert len(detector.rule) > 40 and len(detector.advice) > 40 and detector.title


def test_all_flags_but_notices_are_alarms():
    assert set(FLAG_NAMES) - set(ALARMS) == {"synchronised_episodes"}
    assert len(FLAG_NAMES) == len(set(FLAG_NAMES)) == 24
