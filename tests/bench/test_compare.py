"""The comparison with measurements that are written down here: order, pairing, what is reported."""

from typing import Any

import pytest

from vbot_rl.bench.compare import compare, order, workloads
from vbot_rl.bench.workload import Measured, Workload

OURS_100HZ = [400.0, 800.0, 600.0]
SKRL_100HZ = [200.0, 320.0, 400.0]  # ratios 2, 2.5, 1.5: median 2
SB3_100HZ = [100.0, 320.0, 300.0]  # ratios 4, 2.5, 2: median 2.5


class Script:
    """Answers with written figures, in order, and remembers what it was asked."""

    def __init__(self, figures: dict[str, list[float]]) -> None:
        self.figures = {side: list(values) for side, values in figures.items()}
        self.settings: dict[str, str] = {}
        self.asked: list[str] = []
        self.tried: list[tuple[str, int]] = []

    def measure(self, side: str, work: Workload) -> Measured:
        self.asked.append(side)
        return Measured(side, self.figures[side].pop(0), 100.0)

    def choose_setting(self, side: str, work: Workload) -> str:
        self.tried.append((side, work.updates))
        self.settings[side] = "passive"
        return "passive"


def run(script: Script, peers: tuple[str, ...], rounds: int) -> dict[str, Any]:
    return compare(workloads(2, ("100hz",)), peers, rounds, script, lambda: 0.25)


@pytest.fixture
def result() -> dict[str, Any]:
    figures = {"ours": OURS_100HZ, "physics": [1000.0, 1600.0, 1500.0], "skrl": SKRL_100HZ, "sb3": SB3_100HZ}
    return run(Script(figures), ("skrl", "sb3"), 3)


def test_ratio_is_the_median_of_the_rounds_against_the_peer_that_comes_closest(result):
    assert (result["ratio"], result["best_peer"]) == (2.0, "skrl")
    assert {name: peer["ratio"] for name, peer in result["peers"].items()} == {"skrl": 2.0, "sb3": 2.5}


def test_spread_of_a_ratio_is_that_of_its_rounds(result):
    assert result["peers"]["skrl"]["spread"] == {"low": 1.75, "high": 2.25, "iqr": 0.5}
    assert result["spread"]["ratio"] == result["peers"]["skrl"]["spread"]


def test_speeds_are_medians_and_the_physics_limit_is_beside_them(result):
    assert (result["steps_per_s"], result["physics_steps_per_s"]) == (600.0, 1500.0)
    assert result["physics_share"] == 0.4  # at 100 Hz a control step is one physics step: 0.4, 0.5, 0.4


def test_report_says_under_which_conditions(result):
    assert (result["threads"], result["rounds"], result["num_envs"], result["horizon"]) == (2, 3, 1024, 24)
    assert result["load_average"] == [0.25] * 4  # before the first round and after each
    assert result["peers"]["sb3"]["setting"] == "passive"


def test_every_side_is_measured_once_a_round_and_each_comes_first_in_turn():
    script = Script({side: [1.0] * 3 for side in ("ours", "physics", "sb3")})
    run(script, ("sb3",), 3)
    assert script.asked == ["ours", "physics", "sb3", "physics", "sb3", "ours", "sb3", "ours", "physics"]
    assert order(["a", "b"], 3) == ["b", "a"]


def test_only_peers_are_tried_with_settings_and_on_a_short_work():
    script = Script({side: [1.0] for side in ("ours", "physics", "sb3")})
    run(script, ("sb3",), 1)
    assert script.tried == [("sb3", 2)]


def test_without_peers_there_is_no_ratio():
    result = run(Script({"ours": [5.0], "physics": [10.0]}), (), 1)
    assert (result["ratio"], result["best_peer"], result["peers"]) == (None, None, {})


def test_default_control_counts_the_physics_steps_of_a_control_step():
    script = Script({"ours": [300.0, 200.0], "physics": [600.0, 1000.0]})
    result = compare(workloads(1), (), 1, script, lambda: 0.0)
    assert result["controls"]["100hz"]["physics_share"] == 0.5
    assert result["controls"]["default"]["substeps"] == 2
    assert result["controls"]["default"]["physics_share"] == 0.4  # 200 control steps are 400 physics steps of 1000
    assert result["steps_per_s"] == 300.0  # what is on top is 100 Hz control
