from dataclasses import replace

import pytest

from automl.library import Entry, archive, entries, find, put, reject, repeated, source_of, text_of
from automl.space import Choice, Factor, Range
from automl.spec import StudySpec, complete
from automl.spec_parts import SeedConfig
from sessions.errors import CorruptFileError, NotFoundError, UsageError
from sessions.files import to_json, write_atomic
from sessions.workspace import Workspace
from vbot_rl.config import run_cfg
from vbot_rl.launch import create_run

ENV = "vbot_navigation_section001"
STOP = "task.reward.scales.stop"
RATE = "ppo.learning_rate"


@pytest.fixture
def workspace(tmp_path):
    return Workspace.open(tmp_path)


def a_run(workspace, **sets):
    resolved = run_cfg(ENV, "head", sets={STOP: 7.0, RATE: 3e-4, "train.seed": 9, **sets})
    run = create_run(workspace, resolved, kind="trial", label="x", study="s-1", trial=4)
    judged = {"protocol": "competition", "step": 2000, "score": 1.05, "success": 0.97, "fell": 0.01, "canonical": True}
    write_atomic(run.path / "evals/competition-2000.json", to_json({**judged, "episodes": 256, "score_version": "1"}))
    return run


def test_a_run_is_archived_with_its_changes_and_its_evidence(workspace):
    run = a_run(workspace)
    archive(workspace, run, "calm_stop", hypothesis="a higher stop pay ends the drifting")
    entry = find(workspace, "calm_stop").entry
    assert entry.settings == {STOP: 7.0, RATE: 3e-4}
    assert (entry.env, entry.preset, entry.status, entry.based_on) == (ENV, "head", "tested", "s-1:4")
    measured = entry.evidence[0]
    assert (measured.run, measured.step, measured.score, measured.success) == (run.id, 2000, 1.05, 0.97)
    assert (measured.fell, measured.seed) == (0.01, 9)


def test_a_run_without_an_evaluation_is_untested(workspace):
    run = create_run(workspace, run_cfg(ENV, "head"), kind="train", label="x")
    assert archive(workspace, run, "plain").status == "untested"


def test_the_archived_run_is_not_touched(workspace):
    run = a_run(workspace)
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    archive(workspace, run, "kept")
    assert {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()} == before


def test_an_entry_is_a_start_whose_settings_are_marked_as_searched(workspace):
    archive(workspace, a_run(workspace), "calm_stop")
    source = source_of(workspace, "calm_stop")
    resolved = source.resolved()
    assert resolved.cfg.task.reward.scales["stop"] == 7.0
    assert resolved.origins[STOP] == "search"
    assert (source.name, source.score) == ("library:calm_stop", 1.05)
    spec = StudySpec(preset="head", space={STOP: Range(2.0, 10.0)})
    assert source.seed_for(spec) == SeedConfig({STOP: 7.0}, "library:calm_stop")


def test_rejecting_moves_an_entry_with_the_reason(workspace):
    archive(workspace, a_run(workspace), "calm_stop")
    reject(workspace, "calm_stop", "it hovers at the rim")
    found = find(workspace, "calm_stop")
    assert (found.shelf, found.entry.status, found.entry.verdict) == ("rejected", "rejected", "it hovers at the rim")
    assert [item.shelf for item in entries(workspace)] == ["rejected"]
    with pytest.raises(UsageError, match="rejected already"):
        reject(workspace, "calm_stop", "again")


def test_a_reason_is_needed(workspace):
    archive(workspace, a_run(workspace), "calm_stop")
    with pytest.raises(UsageError, match="why"):
        reject(workspace, "calm_stop", "  ")


@pytest.mark.parametrize("name", ["", "Big", "../out", "a b", "x" * 65])
def test_a_name_is_a_file_name(workspace, name):
    with pytest.raises(UsageError, match="no name"):
        put(workspace, "configs", Entry(name, ENV))


def test_a_name_is_given_once_on_all_shelves(workspace):
    put(workspace, "components", Entry("idea", ENV))
    with pytest.raises(UsageError, match="components/idea"):
        put(workspace, "configs", Entry("idea", ENV))


def test_an_unknown_name_is_answered_with_the_nearest(workspace):
    put(workspace, "components", Entry("slow_walk", ENV))
    with pytest.raises(NotFoundError, match="slow_walk"):
        find(workspace, "slow_wlak")


def test_a_damaged_entry_is_named(workspace):
    path = put(workspace, "components", Entry("idea", ENV))
    path.write_text("envv: x\n")
    with pytest.raises(CorruptFileError, match=r"idea\.yaml .*env"):
        entries(workspace)


def test_an_entry_survives_its_file(workspace):
    entry = Entry("idea", ENV, "head", "promising", "brakes earlier", {STOP: 3.0, "ppo.hidden": [64, 64]}, notes="x")
    put(workspace, "components", entry)
    assert find(workspace, "idea").entry == entry
    assert text_of(find(workspace, "idea").entry) == text_of(entry)


REJECTED = Entry("eager", ENV, settings={STOP: 9.0}, verdict="falls at the touch")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sets": {STOP: 9.05}}, "every trial has task.reward.scales.stop = 9.0"),
        ({"sets": {STOP: 8.0}}, None),
        ({"space": {STOP: Range(2.0, 10.0)}}, "the search reaches"),
        ({"space": {STOP: Range(2.0, 8.0)}}, None),
        ({"space": {STOP: Factor(0.5, 2.0)}}, "the search reaches"),  # head has 5: 2.5 to 10
        ({"space": {STOP: Choice((5.0, 9.0))}}, "the search reaches"),
        ({"space": {RATE: Range(1e-4, 1e-3)}}, None),
    ],
)
def test_a_rejected_idea_is_recognised(workspace, changes, words):
    put(workspace, "rejected", REJECTED)
    said = repeated(workspace, complete(StudySpec(preset="head", **changes)))
    assert len(said) == (words is not None)
    if words:
        assert words in said[0]
        assert "rejected as 'eager': falls at the touch" in said[0]


def test_a_seed_that_was_rejected_is_recognised(workspace):
    put(workspace, "rejected", replace(REJECTED, settings={STOP: 9.0, RATE: 1e-3, "ppo.clip": 0.3, "ppo.epochs": 9}))
    space = {STOP: Range(2.0, 10.0), RATE: Range(1e-4, 1e-2)}
    spec = StudySpec(preset="head", space=space, seed_configs=(SeedConfig({STOP: 9.0, RATE: 1e-3}),))
    assert [text.split(" has ")[0] for text in repeated(workspace, complete(spec))] == ["seed configuration 1"]
    other = replace(spec, seed_configs=(SeedConfig({STOP: 9.0, RATE: 2e-3}),))
    assert repeated(workspace, complete(other)) == []


def test_what_was_rejected_elsewhere_does_not_count(workspace):
    put(workspace, "rejected", replace(REJECTED, env="vbot_navigation_section011"))
    assert repeated(workspace, complete(StudySpec(preset="head", sets={STOP: 9.0}))) == []
