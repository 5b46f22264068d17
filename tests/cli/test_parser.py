import argparse

import pytest

from tests.cli.command import vbot
from vbot_tui.cli.parser import did_you_mean, positive_int, seed_int


@pytest.mark.parametrize(("text", "number"), [("12", 12), ("500k", 500_000), ("1.5M", 1_500_000), ("2_000", 2_000)])
def test_counts_are_understood(text, number):
    assert positive_int(text) == number


@pytest.mark.parametrize("text", ["0", "-3", "many", "1.5", "", "k"])
def test_what_is_no_count_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError):
        positive_int(text)


def test_a_seed_may_be_zero_but_not_negative():
    assert seed_int("0") == 0
    with pytest.raises(argparse.ArgumentTypeError):
        seed_int("-1")


def test_the_nearest_word_is_named_and_a_strange_one_gets_the_list():
    assert did_you_mean("statsu", ["status", "train"]) == "; did you mean 'status'?"
    assert did_you_mean("xyz", ["status", "train"]) == " (there are: status, train)"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["lss"], "did you mean 'ls'?"),
        (["ls", "--stat", "running"], "--stat"),
        (["note", "ad", "x"], "did you mean 'add'?"),
        (["train", "vbot_navigation_section001", "--seed", "one"], "'one' is not a seed"),
        (["train", "vbot_navigation_section001", "--smoke", "--final"], "not allowed with argument"),
    ],
)
def test_wrong_usage_is_one_sentence_and_exit_code_two(words, sentence):
    said = vbot(*words)
    assert said.code == 2
    assert said.out == ""
    assert sentence in said.err
    assert said.err.startswith("vbot: ")
    assert said.err.count("\n") == 1


def test_wrong_usage_with_json_is_still_one_object():
    said = vbot("ls", "--json", "--nonsense")
    assert said.code == 2
    assert "--nonsense" in said.object["error"]


def test_without_a_verb_the_help_is_shown(capsys):
    with pytest.raises(SystemExit) as left:
        vbot()
    assert left.value.code == 0
