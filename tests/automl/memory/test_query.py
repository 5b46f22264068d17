import pytest

from automl.memory.index import Index
from automl.memory.query import parse
from automl.memory.table import rows
from sessions import notes
from sessions.errors import UsageError
from tests.automl.memory.builders import make_config, make_run, make_study, make_workspace, trial


@pytest.fixture
def ws(tmp_path):
    ws = make_workspace(tmp_path)
    make_run(ws, "a-good", scores={10: 0.95}, host="one", study="s")
    make_run(ws, "b-lazy", scores={10: 0.25}, host="two", study="s")
    make_run(ws, "c-crashed", state="failed", end_reason="crashed", host="two")
    make_study(ws, "s", [*trial(0, 0.95, run="a-good"), *trial(1, 0.25, run="b-lazy", flags=["lazy_robot"])])
    notes.add(ws, "look at the hind legs", run="b-lazy")
    for name, rate in (("a-good", 1e-3), ("b-lazy", 1e-4)):
        make_config(ws.run(name), {"env": "e", "preset": "p", "ppo": {"learning_rate": rate}})
    return ws


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["c-crashed", "b-lazy", "a-good"]),
        ("score>0.9", ["a-good"]),
        ("score<=0.25", ["b-lazy"]),
        ("flag:lazy_robot", ["b-lazy"]),
        ("!flag:lazy", ["c-crashed", "a-good"]),
        ("score>0.1 flag:lazy", ["b-lazy"]),
        ("score>0.9 or state:failed", ["c-crashed", "a-good"]),
        ("host=two !end:crashed", ["b-lazy"]),
        ("has:note", ["b-lazy"]),
        ("has:score", ["b-lazy", "a-good"]),
        ("ppo.learning_rate<5e-4", ["b-lazy"]),
        ("/^[ab]-/", ["b-lazy", "a-good"]),
        ("crash", ["c-crashed"]),
        ("steps>=1_000 and study:s", ["b-lazy", "a-good"]),
    ],
)
def test_the_filter_keeps_what_fits(ws, text, expected):
    assert [row["id"] for row in rows(Index(ws), parse(text))] == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("scoer>1", "'scoer' is not known to the filter"),
        ("score>high", "which is no number"),
        ("/[/", "the pattern"),
        ("score>1 or", "without a condition on each side"),
        ("score>", "is no condition"),
        ("'open", "close the quotation marks"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(text, words):
    with pytest.raises(UsageError, match=words):
        parse(text)


def test_rows_are_sorted_and_those_without_a_value_come_last(ws):
    def order(name):
        return [row["id"] for row in rows(Index(ws), parse(""), name)]

    assert order("score") == ["a-good", "b-lazy", "c-crashed"]
    assert order("-score") == ["b-lazy", "a-good", "c-crashed"]
    assert order("host")[0] == "a-good"
    with pytest.raises(UsageError, match="there is no order 'beauty'"):
        order("beauty")
