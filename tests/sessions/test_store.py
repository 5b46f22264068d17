import pytest

from sessions.event_file import Record
from sessions.store import RunView, Store, label_of, newest


def view(run_id, **facts):
    return RunView(id=run_id, label="x", **facts)


def test_a_snapshot_does_not_change():
    store = Store()
    store.put([view("b"), view("a")])
    before = store.snapshot()
    store.put([view("a", env_steps=5)], gone=["b"])
    assert [run.id for run in before.runs] == ["a", "b"]
    assert [(run.id, run.env_steps) for run in store.snapshot().runs] == [("a", 5)]
    assert before.get("b") is not None and store.snapshot().get("b") is None


def test_the_version_rises_only_with_a_change():
    store = Store()
    assert store.put([view("a")])
    assert not store.put([view("a")])
    assert not store.put([], gone=["nobody"])
    assert store.version == 1
    assert store.put([], notices=("polling",))
    assert store.snapshot().notices == ("polling",)
    assert store.version == 2


def test_asking_for_curves_makes_them_wanted():
    store = Store()
    store.series("quiet", wanted=False)
    assert store.series("a") is store.series("a")
    assert store.wanted() == ("a",)


def test_the_breakdown_is_of_the_runs_own_curves():
    store = Store()
    store.series("a").extend([Record(1, 0.0, ("reward/x", "reward/total"), (2.0, 2.0))])
    assert store.breakdown("a").adds_up
    assert store.breakdown("b") is None


def test_a_view_cannot_be_written():
    with pytest.raises(AttributeError):
        view("a").env_steps = 3  # type: ignore[misc]


def test_age_is_never_negative():
    assert view("a").age_s(5.0) is None
    assert view("a", data_time=10.0).age_s(12.5) == 2.5
    assert view("a", data_time=10.0).age_s(3.0) == 0.0


def test_fraction_done():
    assert view("a", env_steps=25, total_env_steps=100).fraction == 0.25
    assert view("a", env_steps=130, total_env_steps=100).fraction == 1.0
    assert view("a", env_steps=5).fraction == 0.0


def test_the_label_is_the_readable_part_of_an_id():
    assert label_of("20260101-000000-stage_1-aaaa0001") == "stage_1"
    assert label_of("20260101-000000-a-b-aaaa0001") == "a-b"
    assert label_of("by_hand") == "by_hand"


def test_the_newest_of_times_in_two_forms():
    assert newest(None, 5.0, "1970-01-01T00:00:07Z", "nonsense") == 7.0
    assert newest(None, float("nan")) is None
