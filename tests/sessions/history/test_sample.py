"""The real history, counted by other means than the readers'."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from sessions.history import CRASHED, FINAL, SEARCH, import_tree, imported_trials, load_import
from sessions.history.reading import read_history
from tests.sessions.history.trees import ASSETS, LEGACY

whole_sample = pytest.mark.skipif(not LEGACY.is_dir(), reason="the whole sample is not beside this checkout")
SAMPLES = [pytest.param(ASSETS, id="part"), pytest.param(LEGACY, id="whole", marks=whole_sample)]


def raw(root: Path, pattern: str) -> dict[Path, str]:
    return {path: path.read_text(errors="replace") for path in sorted(root.rglob(pattern)) if path.is_file()}


def by_hand(root: Path) -> dict[str, int]:
    """The figures from the raw text: names, line patterns and file names only."""
    states = raw(root, "*state.yaml")
    campaigns = {path.name for path in root.glob("starter_kit_log/automl_*")}
    campaigns.update(name for text in states.values() for name in re.findall(r"^automl_id: (\S+)$", text, re.M))
    numbers = sum(len(re.findall(r"^  trial: \d+$", text, re.M)) for text in states.values())
    with_state = {path.parent for path in states}
    lone = [path for path in root.rglob("summary.yaml") if path.parents[2] not in with_state]
    blocks = [block for text in states.values() for block in re.split(r"^- hp_config:$", text, flags=re.M)[1:]]
    figures = [re.search(r"^  metrics:\n((?:    .*\n)+)", block, re.M)[1] for block in blocks]
    crashed = [text for text in figures if set(re.findall(r": (.*)$", text, re.M)) == {"0.0"}]
    return {
        "campaigns": len(campaigns),
        "trials": numbers + len(lone),
        "crashed": len(crashed),
        "configs": len(list(root.rglob("*.json"))),
    }


def imported(root, workspace):
    return import_tree(root, workspace, host="here")


@pytest.mark.parametrize("root", SAMPLES)
def test_the_figures_are_those_of_a_count_by_hand(root, tmp_path):
    counts = imported(root, tmp_path).counts
    expected = by_hand(root)
    assert {key: counts[key] for key in expected} == expected


def test_the_count_by_hand_of_the_part_is_what_the_eye_counted(tmp_path):
    # 5 folders and 3 names in the conflicted file; 15 + 2 + 8 + 4 + 20 trials; all 8 of 152659 are zero.
    assert by_hand(ASSETS) == {"campaigns": 8, "trials": 49, "crashed": 8, "configs": 29}


@whole_sample
def test_the_count_by_hand_of_the_whole_is_what_the_eye_counted(tmp_path):
    # 11 folders + 3; 15+5+2+8+12+4+20+5+11 trials in states, 20 in the conflicted file, 2 known from summaries only;
    # crashed: 8 of 152659, trials 6-11 of 225525, trials 3-4 of 211535; 121 launches + 19 hand-made files.
    assert by_hand(LEGACY) == {"campaigns": 14, "trials": 82 + 20 + 2, "crashed": 8 + 6 + 2, "configs": 121 + 19}


def test_the_learning_rate_that_numpy_wrote_is_the_one_in_the_launched_configuration(tmp_path):
    """Trials 5-7 of 152659 are stored as numpy objects; the JSON of the launch has the number in plain digits."""
    history = read_history(ASSETS)
    stored = {t.number: t.hp for t in history.trials if t.campaign == "automl_20260212_152659" and t.kind == SEARCH}
    for number in (5, 6, 7):
        (path, *_) = sorted(ASSETS.glob(f"starter_kit_log/automl_20260212_152659/configs/*_i{number}_*.json"))
        launched = json.loads(path.read_text())["rl_overrides"]
        assert stored[number]["learning_rate"] == launched["learning_rate"]
        assert stored[number]["entropy_loss_scale"] == launched["entropy_loss_scale"]


@pytest.mark.parametrize("root", SAMPLES)
def test_exactly_the_cut_off_and_the_conflicted_file_were_not_read_in_full(root, tmp_path):
    found = {Path(item.path).name: item.reason for item in read_history(root).unreadable}
    assert set(found) == {"automl_20260206_162141_stage1_flat_i0_1770366102.json", "automl_state.yaml"}
    assert "read up to there" in found["automl_20260206_162141_stage1_flat_i0_1770366102.json"]
    assert "2 places; all 3 versions were read" in found["automl_state.yaml"]


@pytest.mark.parametrize("root", SAMPLES)
def test_every_file_is_accounted_for(root):
    history = read_history(root)
    known = {file.path for file in history.files} | {item.path for item in history.unreadable}
    assert known == {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("root", SAMPLES)
def test_every_scored_trial_is_explained_by_a_formula_and_no_crashed_one_has_a_score(root):
    for trial in read_history(root).trials:
        if trial.outcome == CRASHED:
            assert trial.legacy_score is None
            assert trial.discarded_score is None if trial.kind == FINAL else trial.discarded_score >= 0.2
        elif trial.legacy_score is not None:
            assert trial.score_formula, trial.uid


def test_the_known_oddities_of_the_part_are_named():
    history = read_history(ASSETS)
    duplicates = {(item.kind, item.about) for item in history.duplicates}
    contradictions = {(item.kind, item.about) for item in history.contradictions}
    assert ("same_number", "automl_20260207_034031/14") in duplicates
    assert {
        ("shared_history", "automl_20260301_234406"),
        ("running_but_over", "automl_20260216_121537"),
        ("report_differs", "automl_20260216_121537"),
        ("completed_without_result", "automl_20260212_152659"),
        ("local_time_as_utc", "automl_20260207_034031"),
    } <= contradictions
    assert ("no_state", "automl_20260206_162141") in {(item.kind, item.about) for item in history.gaps}


def test_the_twenty_trials_of_the_conflicted_file_are_kept_once_with_both_claims():
    trials = [trial for trial in read_history(ASSETS).trials if trial.claimed_by]
    assert len(trials) == 20
    assert {trial.claimed_by for trial in trials} == {("automl_20260301_234406", "automl_20260301_002349")}


def hashes(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("root", SAMPLES)
def test_a_second_import_changes_no_byte_and_the_source_is_never_edited(root, tmp_path):
    source = hashes(root)
    first = imported(root, tmp_path)
    written = hashes(tmp_path)
    second = imported(root, tmp_path)
    assert len(first.changed) == 8
    assert second.changed == ()
    assert hashes(tmp_path) == written
    assert hashes(root) == source


def test_what_is_read_back_is_what_was_read(tmp_path):
    done = imported(ASSETS, tmp_path)
    assert load_import(done.path).history == done.history
    assert load_import(done.path).counts == done.counts


def test_a_tree_imported_from_two_places_lists_its_trials_once(tmp_path):
    import_tree(ASSETS, tmp_path, host="here")
    import_tree(ASSETS, tmp_path, host="there")
    assert len(imported_trials(tmp_path)) == len(read_history(ASSETS).trials)
