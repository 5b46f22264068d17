"""Each detector on curves made by hand: a textbook case raises it alone, and one number on the other side lowers it."""

import pytest

from automl.flags import RunFacts, diagnose
from automl.flags.behaviour import DETECTORS
from tests.automl.flags.curves import bend, flat, line, names

FAR_AWAY = {"episode__touched": 0.0, "episode__fell": 0.0, "episode__min_distance_m": 6.0}
LEARNING = {"task__speed_mps": 0.3, "ppo__kl": 0.01}

TEXTBOOK = {
    "lazy_robot": flat(
        episode__touched=0.05,
        episode__fell=0.1,
        task__speed_mps=0.1,
        reward__alive_bonus=3.0,
        reward__forward_velocity=1.0,
        reward__termination=-0.5,
        reward__total=3.5,
    ),
    "standing_dominance": flat(
        **FAR_AWAY,
        task__speed_mps=0.1,
        reward__position_tracking=1.0,
        reward__heading_tracking=1.0,
        reward__alive_bonus=0.2,
        reward__forward_velocity=0.1,
        reward__action_rate=-0.2,
        reward__total=2.1,
    ),
    "weak_drive": flat(
        **FAR_AWAY,
        **LEARNING,
        reward__forward_velocity=0.01,
        reward__action_rate=-0.1,
        reward__dof_acc=-0.1,
        reward__time_cost=-0.2,
        reward__total=-0.39,
    ),
    "dead_gradient": flat(
        **FAR_AWAY,
        **LEARNING,
        reward__position_tracking=1e-6,
        reward__action_rate=-0.2,
        reward__total=-0.2,
    ),
    "sprint_crash": flat(
        episode__touched=0.6,
        episode__fell=0.6,
        episode__touched_fell=0.1,
        episode__success=0.0,
        task__speed_mps=1.4,
        reward__forward_velocity=4.0,
        reward__termination=-0.1,
        reward__total=3.9,
    ),
    "touch_and_die": flat(
        episode__count=10.0,
        episode__touched=0.9,
        episode__fell=0.8,
        episode__touched_fell=0.75,
        episode__success=0.1,
        task__speed_mps=0.7,
        reward__arrival_bonus=0.5,
        reward__forward_velocity=1.0,
        reward__time_cost=-1.0,
        reward__total=0.5,
    ),
    "die_early": flat(
        episode__count=300.0,
        episode__touched=0.0,
        episode__fell=1.0,
        episode__success=0.0,
        task__speed_mps=0.1,
        reward__time_cost=-4.0,
        reward__heading_tracking=0.1,
        reward__total=-3.9,
    ),
    "fly_through": flat(
        episode__touched=0.9,
        episode__left=0.7,
        episode__fell=0.1,
        episode__success=0.1,
        task__speed_mps=0.9,
        task__speed_inside_mps=0.9,
        reward__stop=0.5,
        reward__forward_velocity=2.0,
        reward__total=2.5,
    ),
    "reach_and_farm": flat(
        episode__touched=0.3,
        episode__fell=0.0,
        episode__success=0.3,
        episode__min_distance_m=2.0,
        task__speed_mps=0.3,
        task__speed_inside_mps=0.1,
        reward__stop=3.0,
        reward__forward_velocity=0.1,
        reward__total=3.1,
    ),
    "celebration_farm": flat(
        episode__touched=0.9,
        episode__fell=0.2,
        episode__success=0.5,
        task__speed_mps=0.8,
        reward__celeb_sit_reward=0.2,
        reward__celebration_bonus=0.05,
        reward__forward_velocity=0.4,
        reward__waypoint_bonus=0.2,
        reward__total=0.85,
    ),
    "hover_at_rim": flat(
        episode__touched=0.05,
        episode__fell=0.0,
        episode__success=0.0,
        episode__min_distance_m=0.55,
        episode__final_distance_m=0.6,
        task__speed_mps=0.5,
        reward__fine_position_tracking=4.24,
        reward__heading_tracking=1.0,
        reward__total=5.24,
    ),
    "conservative_hovering": flat(
        episode__count=10.0,
        episode__touched=0.07,
        episode__fell=0.05,
        episode__success=0.0,
        episode__min_distance_m=0.9,
        episode__final_distance_m=1.0,
        task__speed_mps=0.3,
        reward__forward_velocity=0.05,
        reward__heading_tracking=0.05,
        # 10,000 control steps at -0.0125 for half a fall: 250 a fall, 2,500 steps of an income of 0.1
        reward__termination=-0.0125,
        reward__total=0.0875,
    ),
    "deceleration_moat": flat(
        episode__touched=0.1,
        episode__fell=0.1,
        episode__min_distance_m=1.0,
        episode__final_distance_m=1.05,
        task__speed_mps=0.5,
        reward__position_tracking=0.3,
        reward__forward_velocity=0.4,
        reward__near_target_speed=-0.3,
        reward__action_rate=-0.1,
        reward__total=0.3,
    ),
}

COUNTER_EXAMPLES = [
    ("lazy_robot", "episode/touched", 0.5),
    ("lazy_robot", "episode/fell", 0.8),
    ("lazy_robot", "task/speed_mps", 0.6),
    ("lazy_robot", "reward/forward_velocity", 9.0),
    ("standing_dominance", "episode/min_distance_m", 1.0),
    ("standing_dominance", "reward/total", -0.1),
    ("standing_dominance", "reward/forward_velocity", 2.0),
    ("weak_drive", "reward/dof_acc", 0.0),  # 0.05 against 0.1: half of what moving costs
    ("weak_drive", "ppo/kl", 1e-5),
    ("weak_drive", "episode/fell", 0.5),
    ("dead_gradient", "reward/position_tracking", 0.05),
    ("dead_gradient", "reward/forward_velocity", 0.3),  # there is something to feel
    ("dead_gradient", "episode/touched", 0.3),
    ("sprint_crash", "episode/success", 0.7),
    ("sprint_crash", "task/speed_mps", 0.5),
    ("sprint_crash", "reward/heading_tracking", 6.0),
    ("sprint_crash", "reward/time_cost", -3.0),  # (4 - 3) of 4: living costs most of what speed pays
    ("touch_and_die", "episode/touched_fell", 0.2),
    ("touch_and_die", "reward/hold_still", 1.0),  # staying pays: 1 of 2.5
    ("touch_and_die", "reward/time_cost", -0.1),  # (1 - 0.1) of 1.5: speed is what pays, and living costs little
    ("touch_and_die", "reward/termination", -0.5),  # 5,000 for 8 falls: 625 each, 417 steps of an income of 1.5
    ("die_early", "reward/termination", -40.0),  # 400,000 for 300 falls: dearer than the 390 that 2 s of living cost
    ("die_early", "reward/heading_tracking", 5.0),
    ("die_early", "episode/success", 0.6),
    ("fly_through", "task/speed_inside_mps", 0.1),
    ("fly_through", "episode/success", 0.8),
    ("fly_through", "reward/stop", -0.5),
    ("reach_and_farm", "episode/success", 0.9),
    ("reach_and_farm", "reward/forward_velocity", 5.0),
    ("celebration_farm", "episode/success", 0.95),
    ("celebration_farm", "reward/celebration_bonus", 0.3),  # 0.2 of 0.5 are for the pose
    ("celebration_farm", "reward/waypoint_bonus", 3.0),  # 0.2 of 3.65
    ("hover_at_rim", "episode/min_distance_m", 0.2),
    ("hover_at_rim", "episode/final_distance_m", 3.0),
    ("hover_at_rim", "reward/heading_tracking", 9.0),
    ("conservative_hovering", "reward/termination", -0.001),
    ("conservative_hovering", "episode/success", 0.5),
    ("deceleration_moat", "reward/near_target_speed", -0.001),
    ("deceleration_moat", "episode/min_distance_m", 4.0),
]


FACTS = RunFacts(walking_pay=0.05)  # against 0.2 that moving costs in the case of the weak drive


def test_there_is_a_textbook_case_and_a_counter_example_of_every_detector():
    known = {detector.name for detector in DETECTORS}
    assert set(TEXTBOOK) == known == {name for name, _, _ in COUNTER_EXAMPLES}


@pytest.mark.parametrize("name", TEXTBOOK)
def test_a_textbook_case_raises_its_flag_and_no_other(name):
    assert names(TEXTBOOK[name], facts=FACTS) == [name]


@pytest.mark.parametrize(("name", "tag", "value"), COUNTER_EXAMPLES)
def test_one_number_on_the_other_side_is_enough_not_to_raise_it(name, tag, value):
    assert name not in names({**TEXTBOOK[name], tag: line(value)}, facts=FACTS)


@pytest.mark.parametrize("name", TEXTBOOK)
def test_a_number_that_was_not_measured_is_no_evidence(name):
    for tag in TEXTBOOK[name]:
        if not tag.startswith("reward/"):
            found = names({other: curve for other, curve in TEXTBOOK[name].items() if other != tag}, facts=FACTS)
            assert set(found) <= {name}


@pytest.mark.parametrize("name", TEXTBOOK)
def test_before_a_robot_has_learned_anything_nothing_is_said(name):
    early = {tag: [(step // 3, value) for step, value in curve] for tag, curve in TEXTBOOK[name].items()}
    assert names(early, facts=FACTS) == []  # the same, 67,000 steps long


@pytest.mark.parametrize("name", TEXTBOOK)
def test_occupancy_plays_no_part(name):
    """Robots that stand inside the circle at the moment of measuring have not succeeded."""
    assert names({**TEXTBOOK[name], "task/reached": line(1.0)}, facts=FACTS) == [name]


def test_a_flag_carries_its_evidence_and_how_sure_it_is():
    (flag,) = diagnose(TEXTBOOK["lazy_robot"])
    assert flag.evidence["share of income paid for being alive"] == 0.75
    assert flag.evidence["speed m/s"] == pytest.approx(0.1)
    assert flag.window == "steps 160,000 to 200,000 (5 updates)"
    # margins: touched 0.75, fell 0.8, speed 0.75, income (0.75 - 0.5) / 0.5 = 0.5 -> the least is the full confidence
    assert flag.confidence == 1.0


def test_confidence_is_half_where_a_condition_is_just_met():
    (flag,) = diagnose({**TEXTBOOK["lazy_robot"], "task/speed_mps": line(0.4 - 0.004)})
    assert flag.confidence == pytest.approx(0.5 + 0.5 * 0.01 / 0.5, abs=0.005)  # 0.004 of 0.4 inside


def test_a_raised_flag_stays_until_its_laxer_limit():
    between = {**TEXTBOOK["lazy_robot"], "task/speed_mps": line(0.45)}  # raised below 0.4, kept below 0.5
    assert names(between) == []
    assert names(between, raised={"lazy_robot"}) == ["lazy_robot"]
    assert names({**TEXTBOOK["lazy_robot"], "task/speed_mps": line(0.55)}, raised={"lazy_robot"}) == []


def test_a_muted_flag_is_not_heard():
    assert names(TEXTBOOK["lazy_robot"], muted={"lazy_robot"}) == []


def test_a_flag_names_the_evaluation_to_look_at():
    curves = {**TEXTBOOK["lazy_robot"], "eval/success": [(50_000, 0.0), (150_000, 0.0)]}
    (flag,) = diagnose(curves)
    assert (flag.step, flag.evaluation) == (200_000, 150_000)
    assert diagnose(TEXTBOOK["lazy_robot"])[0].evaluation is None


def test_a_robot_that_is_still_coming_nearer_is_not_called_weak():
    nearer = bend(8.0, 6.0, at=160_000)  # 2 m won since a fifth of the run ago
    assert names({**TEXTBOOK["weak_drive"], "episode/min_distance_m": nearer}, facts=FACTS) == []


def test_without_a_config_nobody_knows_what_walking_would_pay():
    assert names(TEXTBOOK["weak_drive"]) == []


def test_a_policy_that_is_thrown_about_does_not_choose_to_die():
    assert names({**TEXTBOOK["die_early"], "ppo/kl": line(18.0)}) == []
