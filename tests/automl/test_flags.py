import gzip
from pathlib import Path

import pytest

from automl import exploits
from automl.diagnosis import FlagCache, flags_of, read_curves
from automl.flags import DETECTORS, Above, Below, Between, RunFacts, Window, diagnose, latest_window
from sessions.runs import RunDir, RunRecord, RunStatus
from sessions.workspace import Workspace
from vbot_rl.config import run_cfg
from vbot_sim.errors import ConfigError

ASSETS = Path(__file__).parent / "assets"
RECORDED = sorted(path.parent.name for path in ASSETS.glob("*/events.out.tfevents.gz"))


def line(value: float, count: int = 20, step: int = 10_000) -> list[tuple[int, float]]:
    """A curve that stays where it is, over 200,000 steps."""
    return [(step * (n + 1), value) for n in range(count)]


LAZY = {
    "episode/touched": line(0.05),
    "episode/fell": line(0.1),
    "task/speed_mps": line(0.1),
    "reward/alive_bonus": line(3.0),
    "reward/forward_velocity": line(1.0),
    "reward/termination": line(-0.5),
    "reward/total": line(3.5),
}


def names(curves, **more) -> list[str]:
    return [flag.name for flag in diagnose(curves, **more)]


# --- numbers


def test_the_window_is_the_latest_fifth():
    # 20 records at 10,000 .. 200,000: the fifth begins at 160,000, which leaves 160, 170, 180, 190 and 200 thousand
    window = latest_window({"a": line(1.0)})
    assert window is not None
    assert (window.first_step, window.last_step, window.records) == (160_000, 200_000, 5)


def test_too_little_is_not_judged():
    assert latest_window({"a": line(1.0, count=9, step=100_000)}) is None
    assert latest_window({"a": line(1.0, count=20, step=1_000)}) is None
    assert latest_window({}) is None


def test_means_leave_unknown_values_out():
    curve = [*line(1.0)[:-2], (190_000, float("nan")), (200_000, 5.0)]
    window = latest_window({"a": curve})
    assert window is not None
    assert window.mean("a") == 2.0  # 160, 170, 180 thousand: 1.0 each, and the last 5.0
    assert window.mean("b") is None


def test_a_fall_is_the_mean_before_less_the_mean_now():
    curve = [(step, 4.0 if step < 160_000 else 1.5) for step, _ in line(0.0)]
    window = latest_window({"a": curve})
    assert window is not None
    assert window.fall_of("a") == 2.5


def test_income_is_what_is_paid_and_penalties_are_counted_apart():
    window = latest_window(LAZY)
    assert window is not None
    assert window.income_share(["alive_bonus"]) == 0.75  # 3 of 3 + 1
    assert window.cost_share(["termination"]) == 1.0
    assert window.cost_share(["near_target_speed"]) == 0.0
    assert Window({}, 0, 1, 1).income_share(["alive_bonus"]) is None


@pytest.mark.parametrize(
    ("condition", "raised", "margin"),
    [
        (Above("a", 0.6, 0.5, 0.4), False, pytest.approx(0.2)),  # 0.1 beyond 0.5
        (Above("a", 0.45, 0.5, 0.4), False, None),
        (Above("a", 0.45, 0.5, 0.4), True, pytest.approx(0.125)),  # 0.05 beyond 0.4
        (Above("a", None, 0.5, 0.4), False, None),
        (Above("a", float("nan"), 0.5, 0.4), False, None),
        (Below("a", 0.25, 0.5, 0.6), False, pytest.approx(0.5)),
        (Below("a", 0.55, 0.5, 0.6), False, None),
        (Below("a", 0.54, 0.5, 0.6), True, pytest.approx(0.1)),
        (Between("a", 1.5, (1.0, 3.0), (0.5, 3.5)), False, pytest.approx(0.5)),  # 0.5 inside, half is 1
        (Between("a", 0.7, (1.0, 3.0), (0.5, 3.5)), False, None),
        (Between("a", 0.8, (1.0, 3.0), (0.5, 3.5)), True, pytest.approx(0.2)),
        (Between("a", None, (1.0, 3.0), (0.5, 3.5)), True, None),
    ],
)
def test_a_condition_knows_how_far_beyond_its_limit_a_number_is(condition, raised, margin):
    assert condition.margin(raised) == margin


# --- rules


def test_a_lazy_robot_is_named_with_its_evidence():
    (flag,) = diagnose(LAZY)
    assert flag.name == "lazy_robot"
    assert flag.evidence["share of income paid for being alive"] == 0.75
    assert flag.evidence["speed m/s"] == pytest.approx(0.1)
    assert flag.window == "steps 160,000 to 200,000 (5 updates)"
    # margins: touched 0.75, fell 0.8, speed 0.71, income 0.5 -> the least is 0.5, the full confidence
    assert flag.confidence == 1.0


@pytest.mark.parametrize(
    ("tag", "value"),
    [("episode/touched", 0.5), ("episode/fell", 0.8), ("task/speed_mps", 0.6), ("reward/forward_velocity", 9.0)],
)
def test_one_number_on_the_other_side_is_enough_not_to_raise_it(tag, value):
    assert names({**LAZY, tag: line(value)}) == []


def test_a_number_that_was_not_measured_is_no_evidence():
    assert names({tag: curve for tag, curve in LAZY.items() if tag != "episode/touched"}) == []


def test_a_raised_flag_stays_until_its_laxer_limit():
    between = {**LAZY, "task/speed_mps": line(0.4)}  # raised below 0.35, kept below 0.45
    assert names(between) == []
    assert names(between, raised={"lazy_robot"}) == ["lazy_robot"]
    assert names({**LAZY, "task/speed_mps": line(0.5)}, raised={"lazy_robot"}) == []


def test_a_muted_flag_is_not_heard():
    assert names(LAZY, muted={"lazy_robot"}) == []


def test_occupancy_plays_no_part():
    """Robots that stand inside the circle at the moment of measuring have not succeeded."""
    assert names({**LAZY, "task/reached": line(1.0)}) == ["lazy_robot"]


def test_a_value_that_is_no_number_is_named_with_its_first_step():
    curves = {"ppo/value_loss": [(100, 1.0), (200, float("nan")), (300, float("inf"))], "ppo/kl": [(100, 0.1)]}
    (flag,) = diagnose(curves)
    assert (flag.name, dict(flag.evidence)) == ("nan", {"ppo/value_loss": 200.0})


def test_a_diverged_run_is_flagged_even_without_a_bad_value():
    assert names({}, facts=RunFacts(state="diverged")) == ["nan"]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (RunFacts("running", silent_s=119.0), []),
        (RunFacts("running", silent_s=121.0), ["stalled"]),
        (RunFacts("finished", silent_s=9999.0), []),
    ],
)
def test_a_live_run_that_says_nothing_has_stalled(facts, expected):
    assert names({}, facts=facts) == expected


def test_every_detector_explains_itself():
    for detector in DETECTORS:
        assert len(detector.rule) > 40 and len(detector.advice) > 40 and detector.title


# --- recorded runs


def recorded(name: str, folder: Path) -> RunDir:
    run = RunDir.create(folder, RunRecord(id=name, kind="train", env="e"), {})
    (run.path / "events.out.tfevents.1").write_bytes(
        gzip.decompress((ASSETS / name / "events.out.tfevents.gz").read_bytes())
    )
    return run


def upto(curves, step):
    return {tag: [point for point in points if point[0] <= step] for tag, points in curves.items()}


def test_there_is_a_recording_of_every_exhibit_and_no_other():
    assert exploits.names() == RECORDED


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_run_raises_its_true_flags_and_no_others(name, tmp_path):
    flags = flags_of(recorded(name, tmp_path))
    assert tuple(flag.name for flag in flags) == exploits.exhibit(name).true_flags
    for flag in flags:
        assert flag.confidence >= 0.5 and flag.evidence


@pytest.mark.parametrize("name", RECORDED)
def test_at_no_time_in_a_recorded_run_is_a_false_flag_raised(name, tmp_path):
    curves = read_curves(recorded(name, tmp_path))
    last = max(points[-1][0] for points in curves.values())
    allowed = set(exploits.exhibit(name).true_flags)
    for part in range(1, 41):
        assert set(names(upto(curves, last * part // 40))) <= allowed


@pytest.mark.parametrize("name", [name for name in RECORDED if name != "healthy"])
def test_once_raised_a_true_flag_stays_up_to_the_end(name, tmp_path):
    curves = read_curves(recorded(name, tmp_path))
    last = max(points[-1][0] for points in curves.values())
    raised: tuple[str, ...] = ()
    history = []
    for part in range(1, 41):
        raised = tuple(names(upto(curves, last * part // 40), raised=raised))
        history.append(bool(raised))
    assert history == sorted(history) and history[-1]


@pytest.mark.parametrize("name", exploits.names())
def test_every_exhibit_is_a_valid_config_that_declares_known_flags(name):
    item = exploits.exhibit(name)
    run_cfg(item.env, item.preset, sets=item.sets)
    assert set(item.true_flags) <= {detector.name for detector in DETECTORS}


def test_an_unknown_exhibit_is_refused_with_the_nearest_name():
    with pytest.raises(ConfigError, match="lazy_robot"):
        exploits.exhibit("lazy_robots")


# --- files


def test_where_a_resumed_run_repeats_a_step_the_later_record_counts(tmp_path):
    run = recorded("healthy", tmp_path)
    once = read_curves(run)
    (run.path / "events.out.tfevents.2").write_bytes((run.path / "events.out.tfevents.1").read_bytes())
    assert read_curves(run) == once


def test_flags_of_ended_runs_are_remembered_until_their_curves_change(tmp_path):
    workspace = Workspace.open(tmp_path)
    run = recorded("deceleration_moat", workspace.runs)
    run.lock_path.touch()
    run.write_status(RunStatus(state="finished"))
    first = FlagCache(workspace)
    assert first.names(run, "finished") == ("deceleration_moat",)
    first.save()
    events = run.path / "events.out.tfevents.1"
    events.write_bytes(bytes(events.stat().st_size))  # same size, nothing in it: only memory can answer now
    assert FlagCache(workspace).names(run, "finished") == ("deceleration_moat",)
    assert FlagCache(workspace).names(run, "running") == ()
    events.write_bytes(b"")
    assert FlagCache(workspace).names(run, "finished") == ()


def test_a_broken_memory_of_flags_is_no_obstacle(tmp_path):
    workspace = Workspace.open(tmp_path)
    run = recorded("deceleration_moat", workspace.runs)
    (workspace.view / "flags.json").write_text('{"version": 1, "runs": {"x": 3}}')
    assert FlagCache(workspace).names(run, "finished") == ("deceleration_moat",)
