import pytest

from automl.exploits import Exhibit
from automl.flagbench import confusion, measure, onset, replay, upto
from automl.flags import RunFacts
from automl.recordings import Recording
from tests.automl.flags.curves import bend, flat, line


def exhibit_of(*flags: str, **more) -> Exhibit:
    return Exhibit("t", "e", "default", flags, "w", {}, **more)


LAZY = {
    **flat(episode__touched=0.05, episode__fell=0.1, reward__alive_bonus=3.0, reward__total=3.0),
    "task/speed_mps": bend(0.6, 0.1, at=110_000),
}
# speed is 0.6 up to 100,000 and 0.1 from 110,000 on; the mean of the last fifth (two to five records) is below 0.4 once
# more than two fifths of it are slow


def recording(curves=LAZY, exhibit="lazy_robot", **facts) -> Recording:
    return Recording(exhibit, 1, "report", RunFacts(state="finished", total_env_steps=200_000, **facts), curves)


def test_a_run_is_judged_as_it_was_at_every_update():
    found = replay(recording(), exhibit_of("lazy_robot", onset={"lazy_robot": {"step": 110_000}}))
    # at 110,000 the window is 90, 100, 110 thousand: mean 0.433; at 120,000 it is 100, 110, 120: mean 0.267
    assert found.raised == {"lazy_robot": 120_000}
    assert found.final == ("lazy_robot",)
    assert found.delays == {"lazy_robot": pytest.approx(0.05)}  # 10,000 of 200,000
    assert (found.missed, found.false) == ((), ())


def test_what_was_not_declared_is_false_and_what_was_not_raised_is_missed():
    found = replay(recording(), exhibit_of("die_early"))
    assert (found.missed, found.false) == (("die_early",), ("lazy_robot",))


def test_a_flag_that_was_up_for_a_while_counts_as_raised():
    moved = {**LAZY, "task/speed_mps": [*LAZY["task/speed_mps"][:14], *line(2.0)[14:]]}
    found = replay(recording(moved), exhibit_of())
    assert found.false == ("lazy_robot",) and found.final == ()


def test_the_curves_are_cut_at_a_step():
    curves = {"a": [(1, 1.0), (2, 2.0), (3, 3.0)], "b": [(3, 1.0)]}
    assert upto(curves, 2) == {"a": [(1, 1.0), (2, 2.0)]}


@pytest.mark.parametrize(
    ("rule", "step"),
    [
        ({"step": 5}, 5),
        ({}, 0),
        # running means of three: 0.6 up to 100,000, then 0.43, 0.27, 0.1
        ({"tag": "task/speed_mps", "below": 0.3}, 120_000),
        ({"tag": "task/speed_mps", "above": 0.5}, 0),  # met at first, but not for good
        ({"tag": "none", "above": 0.5}, 0),
    ],
)
def test_the_onset_is_where_a_rule_is_met_for_good(rule, step):
    assert onset(LAZY, rule) == step


def test_the_figures_by_hand(monkeypatch):
    # two lazy runs of which one is found, and a healthy one that raises a flag which is not true
    monkeypatch.setattr(
        "automl.flagbench.exhibit", lambda name: exhibit_of(*(["lazy_robot"] if name == "lazy" else []))
    )
    quiet = {**LAZY, "task/speed_mps": line(2.0)}
    result = measure([recording(exhibit="lazy"), recording(quiet, "lazy"), recording(exhibit="fine")])
    assert (result["runs"], result["healthy"], result["modes"]) == (3, 1, ["lazy_robot"])
    assert (result["recall"], result["recall_at_end"], result["precision"]) == (0.5, 0.5, 0.5)
    assert result["delay"] == 0.6 and result["delays"] == {"lazy_robot": 0.6}  # 120,000 of 200,000, from the start
    assert result["confusion"] == {"fine": {"runs": 1, "lazy_robot": 1}, "lazy": {"runs": 2, "lazy_robot": 1}}
    assert result["missed"] == [{"exhibit": "lazy", "seed": 1, "flags": ["lazy_robot"]}]
    assert result["false"] == [{"exhibit": "fine", "seed": 1, "flags": ["lazy_robot"]}]


def test_of_nothing_nothing_is_known():
    result = measure([])
    assert (result["recall"], result["precision"], result["delay"]) == (None, None, None)
    assert confusion([]) == {}
