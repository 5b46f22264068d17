"""What a study decides, with real processes: the same whatever becomes of its scheduler, and halving in full."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from automl.asha import AshaCfg
from automl.commands import Command
from automl.space import Factor, Range
from automl.spec import ConfirmCfg, FinalCfg
from automl.studies import send
from sessions.event_file import EventFileReader
from sessions.runs import RunDir
from tests.automl.tiny import SETS
from tests.fault.cases_scheduler import decisions
from tests.fault.lab import Lab

KP = "task.control.kp"  # legs too weak to stand: how weak decides who falls, and soon
REAL = {name: value for name, value in SETS.items() if name != KP}


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    made = Lab(tmp_path / "workspace")
    yield made
    made.close()


def repeated(run: RunDir) -> list[int]:
    """Steps that a run's curves hold more than once."""
    steps = [record.step for path in run.event_files() for record in EventFileReader(path).read_new()]
    return [step for step in set(steps) if step and steps.count(step) > 1]


def test_a_scheduler_killed_five_times_decides_as_an_undisturbed_one(tmp_path):
    """One worker, a budget of steps, real trainings, suggestions by TPE, halving: everything but the times is equal."""
    asked: dict[str, Any] = {
        "space": {"ppo.learning_rate": Factor(0.5, 2.0), KP: Range(2.0, 30.0)},
        "sets": {**REAL, "train.evaluations": 5},
        "max_trials": 4,
        "startup_trials": 1,
        "trial_env_steps": 2_560,
        "early_stop": AshaCfg(True, 2.0, (0.4,), 2),
        "seed": 3,
    }
    points = ("after:trial_launched:1", "before:rung:3", "after:rung:2", "before:trial_finished:1", "after:launch:1")
    told = []
    for name, deaths in (("undisturbed", ()), ("killed", points)):
        here = Lab(tmp_path / name)
        try:
            here.create(**asked)
            for point in deaths:
                assert here.schedule("--real", "--tpe", "--die", point).wait(120) == -9
            assert here.schedule("--real", "--tpe").wait(240) == 0, here.said()
            here.hold()
            told.append(decisions(here.content().events))
            assert not any(repeated(run) for run in here.workspace.run_dirs())
        finally:
            here.close()
    assert told[0] == told[1]
    assert len([row for row in told[0] if row[0] == "rung"]) >= 12
    assert len({row[3] for row in told[0] if row[0] == "rung"}) > 1  # the scores tell trials apart
    assert "pause" in {row[4] for row in told[0] if row[0] == "rung"}


def test_halving_pauses_a_trial_at_its_rung_and_promotes_it_when_it_is_among_the_best_after_all(lab):
    """The best half goes on. Of three that is the one that stands; of four also the best of those that fall.

    All of them fall at once; the stiffer the legs, the further they come: 2.5 beats 2 and what TPE draws.
    """
    lab.create(
        space={KP: Range(1.0, 3.0)},
        sets={**REAL, "train.evaluations": 5},
        max_trials=1,
        trial_env_steps=2_560,
        early_stop=AshaCfg(True, 2.0, (0.4,), 2),
    )
    for kp in (80.0, 2.0, 2.5):
        send(lab.workspace, lab.study, Command("start_trial", "ann", "to compare", params={KP: kp}))
    assert lab.schedule("--real", "--tpe").wait(240) == 0, lab.said()
    lab.hold()
    kinds = [(event["type"], event["trial"]) for event in lab.content().events if event.get("trial") is not None]
    paused, promoted = kinds.index(("trial_paused", 2)), kinds.index(("trial_promoted", 2))
    assert paused < kinds.index(("trial_created", 3)) < promoted < kinds.index(("trial_finished", 2))
    states = [(trial.state, trial.attempts) for _, trial in sorted(lab.state().trials.items())]
    assert states == [("finished", 1), ("stopped", 1), ("finished", 2), ("stopped", 1)]
    run = lab.run(2)
    assert not repeated(run)
    assert any("resumed from" in line for line in run.log_tail(200))


def test_search_confirmation_and_final_run_end_with_the_budget_though_the_scheduler_is_killed(lab):
    """A budget of 25 s with stand-ins; the seconds in which a scheduler was on are counted, from outside."""
    lab.create(
        {"*": {"seconds": 1.5, "steps": 30}},
        slots=2,
        max_trials=None,
        budget_s=25.0,
        confirm=ConfirmCfg(2, 1),
        final=FinalCfg(10_000_000),
    )
    for point in ("after:trial_finished:3", "after:trial_launched:3"):
        assert lab.schedule("--die", point).wait(60) == -9
    assert lab.schedule().wait(60) == 0, lab.said()
    lab.hold()
    state = lab.state()
    assert state.ended == "the budget of 25 s is spent" or state.ended.endswith("trials are done")
    assert {trial.origin for trial in state.trials.values()} == {"preset", "tpe", "confirm", "final"}
    assert lab.events("study_ended")[-1]["t"] == pytest.approx(25.0, abs=1.5)
