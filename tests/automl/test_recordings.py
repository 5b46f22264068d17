import gzip
import math

import pytest

from automl import exploits
from automl.diagnosis import read_curves
from automl.flagbench import measure
from automl.recordings import TAGS, load, load_all, rounded, save
from sessions.errors import CorruptFileError
from sessions.runs import RunDir, RunRecord, RunStatus
from tests.automl.assets_dir import ASSETS
from vbot_rl.config import run_cfg, to_yaml
from vbot_rl.event_writer import EventWriter


@pytest.fixture
def run(tmp_path) -> RunDir:
    sets = {"ppo.learning_rate": 0.002, "train.warm_start": ["weights"]}
    config = to_yaml(run_cfg("vbot_navigation_section001", sets=sets))
    found = RunDir.create(tmp_path / "runs", RunRecord(id="r1", kind="train", env="e"), {"config.yaml": config})
    events = EventWriter(found.path, clock=lambda: 1000.04)
    for n in range(1, 4):
        events.write(10 * n, {"ppo/kl": n / 3, "perf/steps_per_s": 5.0, "reward/total": -n / 7, "task/reached": 1.0})
    events.close()
    found.lock_path.touch()
    found.write_status(RunStatus(state="diverged", total_env_steps=500))
    return found


def test_a_recording_keeps_the_curves_that_detectors_look_at_and_the_facts(run, tmp_path):
    item = load(save(run, tmp_path / "assets", "nan", 7, "report"))
    assert (item.exhibit, item.seed, item.part) == ("nan", 7, "report")
    assert (item.facts.state, item.facts.total_env_steps) == ("diverged", 500)
    assert (item.facts.learning_rate, item.facts.loaded) == (0.002, ("weights",))
    assert item.facts.terms is not None and "forward_velocity" in item.facts.terms
    assert set(item.curves) == {"ppo/kl", "reward/total"}
    assert [step for step, _ in item.curves["ppo/kl"]] == [10, 20, 30]
    assert [value for _, value in item.curves["ppo/kl"]] == pytest.approx([1 / 3, 2 / 3, 1.0], rel=1e-3)


def test_what_is_kept_is_a_standard_event_file(run, tmp_path):
    path = save(run, tmp_path / "assets", "nan", 7, "report")
    copy = RunDir.create(tmp_path / "copies", RunRecord(id="c", kind="train", env="e"), {})
    (copy.path / "events.out.tfevents.1").write_bytes(gzip.decompress(path.read_bytes()))
    assert read_curves(copy) == load(path).curves


def test_the_same_run_gives_the_same_bytes(run, tmp_path):
    first = save(run, tmp_path / "a", "nan", 7, "report").read_bytes()
    assert save(run, tmp_path / "b", "nan", 7, "report").read_bytes() == first


@pytest.mark.parametrize("value", [1 / 3, -2.7e-5, 1e6, 0.0, -0.0, 1.9999])
def test_rounding_keeps_three_digits(value):
    assert rounded(value) == pytest.approx(value, rel=1e-3)


def test_what_is_no_number_stays_none():
    assert math.isnan(rounded(float("nan"))) and rounded(float("inf")) == math.inf


def test_recordings_are_chosen_by_part(run, tmp_path):
    save(run, tmp_path / "assets", "nan", 1, "tuning")
    save(run, tmp_path / "assets", "nan", 2, "report")
    assert [item.seed for item in load_all(tmp_path / "assets")] == [1, 2]
    assert [item.seed for item in load_all(tmp_path / "assets", "report")] == [2]


def test_a_recording_without_its_description_is_refused(run, tmp_path):
    path = save(run, tmp_path / "assets", "nan", 1, "tuning")
    path.with_name("nan-1.json").write_text('{"exhibit": "nan"}')
    with pytest.raises(CorruptFileError, match=r"nan-1\.json"):
        load(path)


# --- the recordings of the gallery


def test_every_exhibit_was_recorded_with_a_seed_of_its_own_for_each_part():
    parts = {part: {(item.exhibit, item.seed) for item in load_all(ASSETS, part)} for part in ("tuning", "report")}
    assert {name for name, _ in parts["report"]} == set(exploits.names())
    assert {name for name, _ in parts["tuning"]} <= set(exploits.names())
    assert not parts["tuning"] & parts["report"]


def test_recordings_are_small_and_hold_only_what_is_looked_at():
    for path in ASSETS.glob("*.tfevents.gz"):
        assert path.stat().st_size < (32_000 if path.name == "healthy-1.tfevents.gz" else 16_000), (
            path
        )  # that one is 2 M steps long
    assert all("perf/" not in tag for tag in TAGS)


def test_flags_are_right_on_runs_whose_seeds_nobody_looked_at():
    result = measure(load_all(ASSETS, "report"))
    assert len(result["modes"]) >= 10 and result["healthy"] >= 10
    assert result["recall"] >= 0.9 and result["precision"] >= 0.95
    assert result["delay"] <= 0.1


def test_the_thresholds_fit_the_runs_they_were_set_on():
    result = measure(load_all(ASSETS, "tuning"))
    assert (result["missed"], result["false"]) == ([], [])
