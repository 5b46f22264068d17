from automl import exploits
from sessions.runs import RunDir, RunRecord, RunStatus
from tests.automl.assets_dir import ASSETS
from tests.cli.command import vbot


def test_the_recorded_runs_of_one_config_are_judged():
    said = vbot("bench", "flags", "--recordings", ASSETS, "--part", "all", "--only", "lr_spike", "--json")
    assert said.code == 0
    result = said.object
    assert result["modes"] == ["lr_spike"] and result["confusion"]["lr_spike"]["runs"] == result["runs"] >= 2
    assert {"recall", "precision", "confusion", "delay"} <= set(result)


def test_the_figures_are_told_in_words():
    text = vbot("bench", "flags", "--recordings", ASSETS, "--only", "lr_spike").out
    assert text.startswith("1 runs, 0 of them healthy, 1 modes\nrecall 1.000")


def test_an_unknown_config_is_refused_with_the_nearest_name():
    said = vbot("bench", "flags", "--only", "lr_spikes")
    assert said.code == 2 and "did you mean 'lr_spike'?" in said.err


def test_a_folder_without_recordings_is_refused(tmp_path):
    said = vbot("bench", "flags", "--recordings", tmp_path)
    assert said.code == 2 and "--fresh" in said.err


def test_fresh_runs_are_trained_recorded_and_judged(tmp_path, monkeypatch):
    trained = []

    def diverge(workspace, name, seed):
        run = RunDir.create(workspace.runs, RunRecord(id=f"r-{name}", kind="train", env="e"), {})
        run.lock_path.touch()
        run.write_status(RunStatus(state="diverged"))
        trained.append((name, seed))
        return run, 1

    monkeypatch.setattr(exploits, "train", diverge)
    asked = ["--fresh", "--only", "nan,healthy", "--seed", "7", "--workspace", tmp_path / "ws", "--json"]
    said = vbot("bench", "flags", *asked)
    assert sorted(trained) == [("healthy", 7), ("nan", 7)]
    assert (said.object["recall"], said.object["precision"]) == (1.0, 0.5)  # a healthy config that diverged is false
    assert (tmp_path / "ws" / "recordings" / "nan-7.tfevents.gz").is_file()
    again = vbot("bench", "flags", *asked)  # nothing is trained twice
    assert len(trained) == 2 and again.object == said.object
