"""`vbot analyze`: curves in numbers, worked out by hand."""

import pytest

from sessions.metrics import describe
from tests.cli.command import vbot
from tests.vbot_rl.helpers import new_run
from vbot_rl.event_writer import EventWriter
from vbot_tui.cli.analyze import analyze, brief, running_means, summarize

STEPS = (100, 200, 300, 400)


def curve(*values: float) -> list[tuple[int, float]]:
    return list(zip(STEPS, values, strict=True))


def test_peak_of_a_metric_that_should_rise_is_its_highest_value():
    found = summarize(curve(0.1, 0.9, 0.5, 0.8), describe("eval/success"))
    assert (found.first, found.peak, found.peak_step, found.final, found.final_step) == (0.1, 0.9, 200, 0.8, 400)
    assert found.drop == pytest.approx(0.1)
    assert found.drop_points == pytest.approx(10.0)


def test_peak_of_a_metric_that_should_fall_is_its_lowest_value():
    found = summarize(curve(0.9, 0.1, 0.2, 0.4), describe("eval/fell"))
    assert (found.peak, found.peak_step) == (0.1, 200)
    assert found.drop == pytest.approx(0.3)


def test_a_metric_that_ends_at_its_best_lost_nothing():
    assert summarize(curve(0.1, 0.2, 0.3, 0.4), describe("eval/score")).drop_points == 0.0
    down = summarize(curve(0.4, 0.3, 0.2, 0.1), describe("eval/fell"))
    assert brief(down.drop) == "0"  # not -0


def test_a_metric_without_a_better_way_has_no_peak():
    found = summarize(curve(1.0, 5.0, 2.0, 3.0), describe("ppo/kl"))
    assert (found.peak, found.peak_step, found.drop, found.drop_points) == (None, None, None, None)
    assert (found.lowest, found.highest, found.first, found.final) == (1.0, 5.0, 1.0, 3.0)


def test_only_fractions_and_scores_are_told_in_points():
    found = summarize(curve(1.0, 5.0, 2.0, 3.0), describe("episode/return"))
    assert (found.drop, found.drop_points) == (2.0, None)


def test_a_peak_is_a_mean_of_neighbours():
    found = summarize(curve(0.0, 1.0, 0.0, 0.4), describe("eval/success"), window=2)
    assert (found.first, found.peak, found.peak_step) == (0.5, 0.5, 200)  # means .5 .5 .2; the first peak, at its end
    assert (found.final, found.drop) == (pytest.approx(0.2), pytest.approx(0.3))


def test_window_is_a_twentieth_of_the_curve():
    points = [(step, float(step == 20)) for step in range(1, 41)]
    assert summarize(points, describe("eval/success")).peak == 0.5  # 40 points: means of two


def test_running_means_of_fewer_values_than_the_window_is_one_mean():
    assert running_means([1.0, 2.0, 6.0], 5) == [3.0]
    assert running_means([1.0, 2.0, 6.0], 2) == [1.5, 4.0]


def test_values_that_are_no_numbers_are_passed_over():
    found = summarize(curve(0.1, float("nan"), 0.3, 0.2), describe("eval/success"))
    assert (found.points, found.peak_step) == (3, 300)
    assert summarize([(1, float("nan"))], describe("eval/success")) is None


def test_what_lost_more_than_two_points_is_named_worst_first():
    found = analyze(
        {
            "eval/success": curve(0.1, 1.0, 0.9, 0.97),
            "episode/success": curve(0.1, 0.99, 0.98, 0.9),
            "eval/reached": curve(0.1, 1.0, 1.0, 0.985),
        }
    )
    assert found["lost"] == {"episode/success": pytest.approx(9.0), "eval/success": pytest.approx(3.0)}
    assert found["env_steps"] == 400


def test_the_command_reads_a_runs_event_files(tmp_path):
    run = new_run(tmp_path)
    events = EventWriter(run.path)
    for step, value in curve(0.25, 0.75, 0.5, 0.5):
        events.write(step, {"eval/success": value})
    events.close()
    said = vbot("analyze", run.id, "--workspace", str(tmp_path), "--json")
    assert said.code == 0
    found = said.object["metrics"]["eval/success"]
    assert (found["peak"], found["final"], found["peak_step"]) == (0.75, 0.5, 200)
    text = vbot("analyze", run.id, "--workspace", str(tmp_path)).out
    assert "lost between peak and end, in points: eval/success 25.0" in text


def test_a_run_without_curves_is_told_as_such(tmp_path):
    run = new_run(tmp_path)
    said = vbot("analyze", run.id, "--workspace", str(tmp_path))
    assert (said.code, said.out) == (0, f"{run.id}: 0 curves over 0 steps\n")
