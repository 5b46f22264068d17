import re

import pytest

from automl.pipeline import (
    PipelineSpec,
    Stage,
    checked,
    doubtful,
    enqueue,
    from_data,
    load_work,
    slowed,
    to_yaml,
    wall_s,
)
from automl.presets import shipped_pipeline
from automl.queue import editing, read
from automl.space import Choice, Factor, Range
from automl.spec import StudySpec, complete
from automl.spec import to_yaml as study_yaml
from automl.suggest import suggest
from sessions.workspace import Workspace
from tests.automl.builders import study
from tests.house.tree import ROOT
from vbot_sim.errors import ConfigError

RATE = "ppo.learning_rate"
SPACE = {RATE: Range(1e-4, 1e-3, log=True)}


def stage(name: str, **more) -> Stage:
    return Stage(name, more.pop("study", StudySpec(space=SPACE)), **more)


def chain(*stages: Stage, **more) -> PipelineSpec:
    return PipelineSpec("chain", stages, **more)


def queued(tmp_path, pipeline: PipelineSpec):
    workspace = Workspace.open(tmp_path)
    with editing(workspace) as edit:
        enqueue(edit, pipeline, "p-1")
    return {item.id: item for item in read(workspace).items}


def test_every_stage_is_a_study_its_verdict_and_what_the_next_one_takes_over(tmp_path):
    two = chain(
        stage("flat", promote={"success": 0.9}),
        stage("far", parts=("weights",), learning_rate_factor=0.5, seeds=2, retries=1),
    )
    items = queued(tmp_path, two)
    assert [(item.id, item.kind, item.after) for item in items.values()] == [
        ("q1", "study", ()),
        ("q2", "evaluate", ("q1",)),
        ("q3", "study", ("q2",)),
        ("q4", "evaluate", ("q3",)),
    ]
    assert (items["q2"].spec["of"], items["q2"].gate) == ("q1", {"success": 0.9})
    assert items["q3"].start == {"item": "q1", "parts": ["weights"], "learning_rate_factor": 0.5, "seeds": 2}
    assert (items["q3"].retries, items["q3"].pipeline, items["q3"].label) == (1, "p-1", "chain/far")
    assert items["q1"].start == {}


def test_a_stage_can_start_from_scratch_or_from_an_earlier_one(tmp_path):
    items = queued(tmp_path, chain(stage("a"), stage("b", start_from=""), stage("c", start_from="a")))
    assert items["q3"].start == {}
    assert items["q5"].start["item"] == "q1"
    assert items["q5"].start["learning_rate_factor"] == 0.3  # what transfers have lived best with
    assert set(items["q5"].after) == {"q4", "q2"}


def test_a_stage_beside_others_waits_for_what_it_starts_from_and_a_later_one_for_all(tmp_path):
    base = [stage("base"), stage("left", start_from="base"), stage("right", start_from="base", beside=True)]
    items = queued(tmp_path, chain(*base, stage("last", start_from="left")))
    assert {items[name].label: items[name].after for name in ("q3", "q5", "q7")} == {
        "chain/left": ("q2",),
        "chain/right": ("q2",),
        "chain/last": ("q4", "q6"),
    }
    assert [items[name].beside for name in ("q3", "q4", "q5", "q6")] == [False, True, True, True]


def test_a_pipeline_took_from_its_first_beginning_to_its_last_end(tmp_path, monkeypatch):
    times = iter(f"2026-01-01T00:00:{second:02d}.000Z" for second in range(60))
    monkeypatch.setattr("automl.queue.utc_now", lambda: next(times))
    with editing(Workspace.open(tmp_path)) as edit:
        made = enqueue(edit, chain(stage("a"), stage("b", start_from="", beside=True)), "p")  # 0 to 3 s
        assert wall_s(edit.queue, made) == 0.0
        edit.started(made[0], "s-1")  # 4
        edit.started(made[2], "s-2")  # 5
        edit.ended(made[2], "done", "yes")  # 6
        edit.ended(made[0], "done", "yes")  # 7
    assert wall_s(edit.queue, made) == 3.0


def test_the_budget_is_shared_by_stages_that_name_none():
    own = StudySpec(space=SPACE, budget_s=1000.0)
    found = checked(chain(stage("a"), stage("b", study=own), stage("c"), budget_s=4000.0))
    assert [item.study.budget_s for item in found.stages] == [1500.0, 1000.0, 1500.0]


@pytest.mark.parametrize(
    ("stages", "sentence"),
    [
        ((), "at least one stage"),
        ((stage("a"), stage("a")), "two stages are called 'a'"),
        ((stage("a", start_from="b"), stage("b")), "starts from 'b', which does not come before"),
        ((stage("a", seeds=2),), "is the first"),
    ],
)
def test_a_chain_that_hangs_in_the_air_is_refused(stages, sentence):
    with pytest.raises(ConfigError, match=sentence):
        chain(*stages)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"promote": {"sucess": 0.9}}, "success"),
        ({"parts": ("wheels",)}, "weights"),
        ({"learning_rate_factor": 0}, "above 0"),
    ],
)
def test_a_stage_that_means_nothing_is_refused(changes, sentence):
    with pytest.raises(ConfigError, match=sentence):
        stage("a", **changes)


def test_a_pipeline_survives_its_file(tmp_path):
    whole = shipped_pipeline()
    (tmp_path / "full.yaml").write_text(to_yaml(whole))
    assert load_work(tmp_path / "full.yaml") == whole


def test_a_study_file_is_a_study(tmp_path):
    spec = StudySpec(space=SPACE, label="x")
    (tmp_path / "one.yaml").write_text(study_yaml(spec))
    assert load_work(tmp_path / "one.yaml") == spec


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"stages": [{"name": "a", "study": {"max_trial": 3}}]}, "stage a: .*max_trials"),
        ({"stages": [{"name": "a", "promot": {}}]}, "stage a: .*promote"),
        ({"stages": 3}, "list of stages"),
        ({"stages": [{"name": "a"}], "bugdet_s": 3}, "budget_s"),
    ],
)
def test_a_mistake_in_a_file_is_named_with_its_stage(data, sentence):
    with pytest.raises(ConfigError, match=sentence):
        from_data(data)


def test_the_shipped_curriculum_walks_farther_stage_by_stage():
    found = checked(shipped_pipeline())
    rings = [(s.study.sets["task.spawn.radius_min_m"], s.study.sets["task.spawn.radius_max_m"]) for s in found.stages]
    assert rings == [(2.0, 5.0), (5.0, 8.0), (8.0, 12.0)]
    assert all(stage.study.confirm.top and stage.study.final.env_steps for stage in found.stages)
    assert doubtful(found) != []  # two warm starts in a row that change the task


def test_one_change_at_a_time_is_not_doubted():
    near = StudySpec(space=SPACE, sets={"task.spawn.radius_max_m": 5.0})
    assert doubtful(chain(stage("a"), stage("b", study=near), stage("c", study=near))) == []


def test_stages_that_start_from_the_same_one_are_no_chain():
    near, far = (StudySpec(space=SPACE, sets={"task.spawn.radius_max_m": far}) for far in (5.0, 9.0))
    assert doubtful(chain(stage("a"), stage("b", study=near), stage("c", study=far))) != []
    assert doubtful(chain(stage("a"), stage("b", study=near), stage("c", study=far, start_from="a"))) == []


class TestLearningRatesOfATransfer:
    def test_one_that_is_not_searched_is_set(self):
        assert slowed(StudySpec(), 0.3).sets == {RATE: 3e-4}  # the default is 1e-3

    def test_one_that_is_set_is_multiplied(self):
        assert slowed(StudySpec(sets={RATE: 4e-4}), 0.5).sets == {RATE: 2e-4}

    def test_a_range_moves_and_the_first_trial_is_slow_too(self):
        found = slowed(StudySpec(space=SPACE, preset="head"), 0.1)
        assert found.space[RATE] == Range(1e-5, 1e-4, log=True)
        first = suggest(complete(found), study(), 0)
        assert first[RATE] == pytest.approx(1e-4)  # 1e-3 of the preset times 0.1

    def test_a_factor_becomes_a_range_around_the_slow_rate(self):
        found = slowed(StudySpec(space={RATE: Factor(0.5, 2.0)}), 0.3)
        assert found.space[RATE].low == pytest.approx(1.5e-4)
        assert found.space[RATE].high == pytest.approx(6e-4)
        assert suggest(complete(found), study(), 0)[RATE] == pytest.approx(3e-4)

    def test_choices_cannot_be_slowed(self):
        with pytest.raises(ConfigError, match="choices"):
            slowed(StudySpec(space={RATE: Choice((1e-4, 1e-3))}), 0.3)

    def test_one_changes_nothing(self):
        spec = StudySpec(space=SPACE)
        assert slowed(spec, 1.0) is spec


def test_pipelines_in_papers_are_pipelines_that_could_run(tmp_path):
    text = (ROOT / "docs/pipelines.md").read_text()
    blocks = re.findall(r"^```yaml\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    assert blocks
    for number, block in enumerate(blocks):
        path = tmp_path / f"{number}.yaml"
        path.write_text(block)
        assert isinstance(checked(load_work(path)), PipelineSpec)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("stages: [{name: a", "is not valid YAML: line 1, column"),
        ("", "it is empty"),
        ("stages: [{name: a, study: {stop_on_flags: [lazy]}}]", "Did you mean 'lazy_robot'?"),
    ],
)
def test_a_bad_file_is_refused_in_one_sentence(tmp_path, text, words):
    path = tmp_path / "work.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as refused:
        load_work(path)
    assert str(refused.value).startswith(str(path))
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_lengths_of_a_stage_are_written_as_on_the_command_line(tmp_path):
    path = tmp_path / "work.yaml"
    path.write_text("stages: [{name: a, study: {trial_env_steps: 500k}}]")
    work = load_work(path)
    assert isinstance(work, PipelineSpec)
    assert work.stages[0].study.trial_env_steps == 500_000
