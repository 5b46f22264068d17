"""Measurements of a tiny work: that they do it, never how fast."""

import json
import os

import numpy as np
import pytest

from vbot_rl.bench import measure, ours
from vbot_rl.bench.sides import PEER_SETTINGS, Sides, environment
from vbot_rl.bench.workload import Workload

TINY = Workload(num_envs=8, horizon=4, epochs=1, minibatches=2, hidden=(8,), warmup=1, updates=2)


def test_our_side_stops_after_the_updates_that_were_asked_for():
    times = ours.train(TINY)
    assert len(times) == TINY.all_updates
    assert min(times) > 0


def test_speed_is_the_batch_over_the_median_update():
    found = measure.measure("ours", TINY)
    assert len(found.update_s) == 2
    assert found.steps_per_s == pytest.approx(32 / np.median(found.update_s))


def test_physics_counts_engine_steps():
    speed, times = ours.physics(Workload(control="default", num_envs=8, warmup=0, updates=3))
    assert speed == pytest.approx(8 * ours.PHYSICS_STEPS * 2 / np.median(times))  # two physics steps per control step


def test_a_measurement_in_a_process_of_its_own_comes_back_whole():
    found = Sides().measure("ours", TINY)
    assert (found.side, len(found.update_s)) == ("ours", 2)
    assert found.rss_mb > 20


def test_one_object_on_stdout(capsys):
    assert measure.main(["ours", json.dumps(TINY.to_json())]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    assert json.loads(lines[0])["side"] == "ours"


def test_our_process_gets_the_environment_of_a_trial():
    found = environment("ours", 2, "passive", {"OPENBLAS_CORETYPE": "Haswell", "HOME": "/h"})
    assert "OPENBLAS_CORETYPE" not in found and "OMP_WAIT_POLICY" not in found
    assert (found["OPENBLAS_NUM_THREADS"], found["OMP_NUM_THREADS"], found["HOME"]) == ("1", "1", "/h")


def test_a_peer_gets_all_threads_and_the_setting_that_was_best_for_it():
    found = environment("sb3", 2, "passive", dict(os.environ))
    assert (found["OMP_NUM_THREADS"], found["MKL_NUM_THREADS"], found["OMP_WAIT_POLICY"]) == ("2", "2", "PASSIVE")


def test_the_fastest_setting_of_a_peer_is_kept():
    sides = Sides()
    speeds = dict(zip(PEER_SETTINGS, (1.0, 5.0, 2.0, 3.0), strict=True))

    def measured(side, work):
        return measure.Measured(side, speeds[sides.settings[side]], 1.0)

    sides.measure = measured
    assert sides.choose_setting("sb3", TINY) == "passive"
    assert sides.settings == {"sb3": "passive"}
