import math

import pytest

from automl.mutes import mute
from sessions.event_file import Record
from sessions.runs import RunDir
from sessions.store import RunView, Store
from sessions.workspace import Workspace
from vbot_tui.flag_watch import AGAIN_S, FlagWatch


@pytest.fixture
def store():
    return Store()


@pytest.fixture
def watch(tmp_path, store):
    return FlagWatch(Workspace.open(tmp_path / "ws"), store)


def put(store, run, value, version, **changes):
    """A run whose return is this value at one more step."""
    curves = store.series(run)
    curves.extend([Record(version * 1000, 0.0, ("episode/return",), (value,))])
    fields = {"state": "running", "alive": True, "data_time": 0.0, "data_version": curves.version, **changes}
    view = RunView(id=run, label=run, **fields)
    store.put([view])
    return view


def names(watch, run):
    return [flag.name for flag in watch.flags.get(run, ())]


def test_a_live_run_is_judged_with_its_evidence(watch, store):
    put(store, "a", math.nan, 1)
    watch.update(store.snapshot().runs, "", 100.0)
    assert names(watch, "a") == ["nan"]
    assert watch.flags["a"][0].rule and watch.flags["a"][0].advice


def test_it_is_not_judged_again_before_ten_seconds(watch, store):
    put(store, "a", 1.0, 1)
    watch.update(store.snapshot().runs, "", 100.0)
    put(store, "a", math.nan, 2)
    watch.update(store.snapshot().runs, "", 100.0 + AGAIN_S - 1)
    assert names(watch, "a") == []
    watch.update(store.snapshot().runs, "", 100.0 + AGAIN_S)
    assert names(watch, "a") == ["nan"]


def test_one_run_at_a_time_the_selected_first(watch, store):
    for run in ("a", "b", "c"):
        put(store, run, math.nan, 1)
    assert watch.update(store.snapshot().runs, "b", 100.0, budget_s=0.0) is True
    assert set(watch.flags) == {"b"}
    watch.update(store.snapshot().runs, "b", 100.0, budget_s=0.0)
    assert watch.update(store.snapshot().runs, "b", 100.0) is False
    assert set(watch.flags) == {"a", "b", "c"}


def test_a_silent_run_is_judged_though_nothing_new_came(watch, store):
    put(store, "a", 1.0, 1)
    watch.update(store.snapshot().runs, "", 10.0)
    assert names(watch, "a") == []
    watch.update(store.snapshot().runs, "", 1000.0)
    assert names(watch, "a") == ["stalled"]


def test_an_ended_run_is_judged_in_full_when_it_is_selected(watch, store):
    put(store, "a", math.nan, 1, state="finished", alive=False)
    watch.update(store.snapshot().runs, "a", 100.0)
    assert names(watch, "a") == ["nan"] and watch.flags["a"][0].advice


def test_a_muted_flag_is_gone_at_the_next_look_and_not_ten_seconds_later(watch, store, tmp_path):
    put(store, "a", math.nan, 1)
    watch.update(store.snapshot().runs, "a", 100.0)
    run = RunDir(tmp_path / "ws" / "runs" / "a")
    run.path.mkdir(parents=True)
    mute(run, "nan", "ann")
    watch.update(store.snapshot().runs, "a", 101.0)
    assert names(watch, "a") == ["nan"]
    watch.forget("a")
    watch.update(store.snapshot().runs, "a", 101.0)
    assert names(watch, "a") == [] and watch.take_changed() == {"a"}
