import re

import pytest

from automl.space import Choice, Factor, Range, centred, decode, dimension_to_dict, encode, parse_dimension
from vbot_sim.errors import ConfigError

FORMS = [
    ({"low": 1e-4, "high": 1e-2, "log": True}, Range(1e-4, 1e-2, log=True)),
    ({"low": 2, "high": 8, "integer": True}, Range(2, 8, integer=True)),
    ({"low": 0.9, "high": 0.999, "one_minus": True}, Range(0.9, 0.999, one_minus=True)),
    ({"factor": [0.25, 4]}, Factor(0.25, 4)),
    ({"choices": [0.1, 0.2, 0.3]}, Choice((0.1, 0.2, 0.3))),
    ({"choices": ["linear", "constant"], "around": "linear"}, Choice(("linear", "constant"), around="linear")),
]


@pytest.mark.parametrize(("form", "dimension"), FORMS)
def test_each_form_is_read_and_written_back(form, dimension):
    assert parse_dimension("a.b", form) == dimension
    assert dimension_to_dict(dimension) == form


def test_numbers_that_yaml_reads_as_text_are_numbers():
    assert parse_dimension("a", {"low": "1e-4", "high": "1e-2"}) == Range(1e-4, 1e-2)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        (3, "is not a mapping"),
        ({"low": 1}, "has none of the three forms"),
        ({"low": 1, "hihg": 3}, "unknown key 'hihg'. Did you mean 'high'?"),
        ({"choices": []}, "has none of the three forms"),
        ({"low": 2, "high": 1}, "lower end that is not below"),
        ({"low": 0, "high": 1, "log": True}, "must be above 0"),
        ({"factor": [-1, 1]}, "must be above 0"),
        ({"low": 0.5, "high": 1, "one_minus": True}, "must stay below 1"),
        ({"low": True, "high": 2}, "is no number"),
    ],
)
def test_a_form_that_makes_no_sense_is_refused_with_the_reason_and_the_key(form, words):
    with pytest.raises(ConfigError, match=re.escape(words)) as refused:
        parse_dimension("ppo.clip", form)
    assert "space.ppo.clip" in str(refused.value)


@pytest.mark.parametrize("around", [True, "linear"])
def test_what_is_no_number_has_no_range(around):
    with pytest.raises(ConfigError, match=r"use \{choices"):
        centred(Range(0, 1), "ppo.schedule", around)


def test_no_factor_changes_a_zero():
    with pytest.raises(ConfigError, match="no factor changes"):
        centred(Factor(0.5, 2), "task.reward.scales.alive_bonus", 0.0)


def test_a_factor_is_drawn_as_a_ratio_and_keeps_the_sign():
    dimension = Factor(0.5, 2.0, around=-100.0)
    assert encode(dimension, -150.0) == 1.5
    assert decode(dimension, 1.5) == -150.0


def test_one_minus_is_drawn_as_the_distance_to_one():
    dimension = Range(0.9, 0.999, one_minus=True)
    assert encode(dimension, 0.99) == pytest.approx(0.01)
    assert decode(dimension, 0.01) == 0.99


def test_a_value_outside_is_seen_at_the_nearest_end():
    assert encode(Range(1.0, 2.0), 5.0) == 2.0
    assert encode(Factor(0.5, 2.0, around=10.0), 1.0) == 0.5
    assert encode(Range(0.9, 0.99, one_minus=True), 0.9999) == pytest.approx(0.01)


def test_a_value_that_is_no_choice_cannot_be_seen():
    assert encode(Choice((1, 2)), 3) is None
    assert encode(Range(1.0, 2.0), None) is None


def test_integers_stay_integers():
    assert decode(Range(2, 8, integer=True), 5) == 5
    assert encode(Range(2, 8, integer=True), 4.6) == 5
