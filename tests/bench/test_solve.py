"""Time to a solution: which checkpoint counts, what is counted; and once for real on a tiny run."""

import sys

import pytest

from sessions.errors import WorkFailed
from vbot_rl.bench.solve import Criterion, Solution, first_passing, solve_seed, summary

ENV = "vbot_navigation_section001"
COMMAND = (sys.executable, "-P", "-m", "vbot_tui.cli")
TINY = [
    f"--set={item}"
    for item in (
        "train.num_envs=16", "ppo.horizon=8", "ppo.hidden=[8]", "ppo.epochs=1", "ppo.minibatches=1",
        "train.total_env_steps=1280", "train.evaluations=5", "train.evaluation_cases=2",
        "train.judge_from=0",
    )
]  # fmt: skip


class Written:
    """Judgements that are written here; remembers what was asked."""

    def __init__(self, success: dict[int, float], fell: dict[int, float]) -> None:
        self.success, self.fell = success, fell
        self.asked: list[tuple[int, int]] = []

    def __call__(self, step: int, cases: int) -> tuple[float, float]:
        self.asked.append((step, cases))
        return self.success[step], self.fell.get(step, 0.0)


def test_first_checkpoint_that_passes_counts_though_a_later_one_fails_again():
    judge = Written({1: 0.95, 2: 0.99, 3: 0.5, 4: 1.0}, {})
    assert first_passing([1, 2, 3, 4], judge, Criterion()) == (2, 0.99, 0.0)


def test_a_single_fall_fails_a_checkpoint():
    judge = Written({1: 0.998, 2: 1.0}, {1: 1 / 512})
    assert first_passing([1, 2], judge, Criterion()) == (2, 1.0, 0.0)


def test_hopeless_checkpoints_are_judged_on_few_cases_only():
    judge = Written({1: 0.2, 2: 1.0}, {})
    first_passing([1, 2], judge, Criterion())
    assert judge.asked == [(1, 64), (2, 64), (2, 512)]


def test_no_passing_checkpoint_is_no_solution():
    assert first_passing([1, 2], Written({1: 0.2, 2: 0.98}, {}), Criterion()) is None


def solution(seed: int, wall_s: float | None) -> Solution:
    return Solution(seed, f"run{seed}", wall_s, wall_s, 0.0, 1, 1.0, 0.0, 1, 100.0)


def test_median_counts_an_unsolved_seed_as_the_longest():
    result = summary([solution(1, 60.0), solution(2, None), solution(3, 90.0)], Criterion(), {"threads": 2})
    assert (result["wall_s"], result["solved"], result["threads"]) == (90.0, 2, 2)


def test_most_seeds_unsolved_is_no_median():
    result = summary([solution(1, 60.0), solution(2, None), solution(3, None)], Criterion(), {})
    assert (result["wall_s"], result["solved"]) == (None, 1)


def test_a_real_run_is_timed_to_its_checkpoint_with_evaluations_apart(tmp_path):
    anything = Criterion(cases=2, success=0.0, fell=1.0)
    found = solve_seed(COMMAND, tmp_path, ENV, 3, 1, anything, TINY)
    assert found.seed == 3
    assert found.checkpoints >= 5  # one per evaluation at least, all of them kept
    assert found.env_steps == 256  # the first evaluation: 1280 steps in 5 parts
    assert found.eval_s > 0
    assert found.wall_s == pytest.approx(found.elapsed_s - found.eval_s, abs=0.02)
    assert found.elapsed_s < found.run_s


def test_a_run_that_fails_is_said_with_its_reason(tmp_path):
    with pytest.raises(WorkFailed, match=r"seed 1 did not finish: .*no_such"):
        solve_seed(COMMAND, tmp_path, ENV, 1, 1, Criterion(), ["--set", "train.no_such=1"])
